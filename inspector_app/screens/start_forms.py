"""The forms on the home screen: connect to a server, host a handler.

Owns the fields and what makes a source of them. Whether it can be started is the engine's matter; its
sentence is shown on the form when it cannot.
"""

from __future__ import annotations

import re
import shlex
from typing import Generic, TypeVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Checkbox, Input, Static

from inspector_app.display.inert import inert
from inspector_app.intents import ClientSpec, ServerSpec, SourceSpec
from inspector_app.screens.base import Dialog
from inspector_app.sources.address import token_of
from inspector_app.typed_path import typed_path

_ROWS_BESIDE_FIELDS = 5
"""Border, buttons, and two lines for what is wrong."""

Spec = TypeVar("Spec", ClientSpec, ServerSpec)


class FormError(ValueError):
    """What was typed will not do; the text is one sentence, `field` the id of the field."""

    def __init__(self, text: str, field_id: str) -> None:
        super().__init__(text)
        self.field = field_id


class Tick(Checkbox):
    """A checkbox that is empty when it is off."""

    BUTTON_INNER = " "

    def __init__(self, label: str, value: bool, *, id: str) -> None:  # noqa: A002  # Textual's name
        super().__init__(label, value, id=id)
        self._mark()

    def watch_value(self) -> None:
        """Draw what it is now, and tell."""
        self._mark()
        super().watch_value()

    def _mark(self) -> None:
        self.BUTTON_INNER = "✓" if self.value else " "


class StartForm(Dialog[SourceSpec], Generic[Spec]):
    """Base of both forms: labelled fields, a line for what is wrong, a button."""

    DEFAULT_CSS = """
    StartForm { align: center middle; }
    StartForm #start {
        width: 96%; max-width: 84; height: auto; max-height: 100%;
        background: $background; border: round $border; padding: 0 1;
        border-title-color: $emphasis; border-subtitle-color: $text-muted;
    }
    StartForm .field {
        border: round $border-blurred; border-title-color: $text-muted; height: 3; padding: 0 1; width: 1fr;
    }
    StartForm .field:focus { border: round $border; }
    StartForm Horizontal { height: auto; }
    StartForm #fields { height: auto; }
    StartForm #port, StartForm #seed, StartForm #peers { width: 16; }
    StartForm #bad_frames { width: 20; }
    StartForm #insecure { margin: 0 1; }
    StartForm #why { height: auto; min-height: 1; color: $text-error; padding: 0 1; }
    """

    TITLE_TEXT = ""
    GO = ""

    def __init__(self, values: dict[str, str], problem: str = "") -> None:
        super().__init__()
        self._values = values
        self._problem = problem

    def compose(self) -> ComposeResult:
        """Give the fields."""
        with Vertical(id="start"):
            with VerticalScroll(id="fields"):
                yield from self.fields()
            yield Static(Content(inert(self._problem)), id="why")
            with Horizontal():
                yield Button(self.GO, id="go", variant="primary")
                yield Button("Close", id="close")

    def fields(self) -> ComposeResult:
        """Give the fields of the form."""
        raise NotImplementedError

    def spec(self, values: dict[str, str]) -> Spec:
        """Make a source of what was typed; raises `FormError`."""
        raise NotImplementedError

    def input(self, name: str, title: str, placeholder: str = "", *, password: bool = False) -> Input:
        """Make a field that holds what was typed last time."""
        made = Input(
            self._values.get(name, ""),
            placeholder=placeholder,
            password=password,
            id=name,
            classes="field",
        )
        made.border_title = Content(title)
        return made

    def on_mount(self) -> None:
        """Begin at the first field."""
        box = self.query_one("#start")
        box.border_title, box.border_subtitle = self.TITLE_TEXT, "Enter goes on, Esc leaves"
        # At once, not when the app comes round to it: whoever sees the form may type.
        self.set_focus(self.query(Input).first())

    def on_resize(self) -> None:
        """Have fields scroll, rather than what is wrong and the buttons, where there is no room for all."""
        self.query_one("#fields").styles.max_height = max(3, self.size.height - _ROWS_BESIDE_FIELDS)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on with what was typed."""
        event.stop()
        self._go_on()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Go on or leave."""
        event.stop()
        if event.button.id == "go":
            self._go_on()
        else:
            self.dismiss(None)

    def _go_on(self) -> None:
        self._values.update({each.id: each.value.strip() for each in self.query(Input) if each.id})
        self._values.update(
            {each.id: "yes" if each.value else "" for each in self.query(Checkbox) if each.id}
        )
        try:
            spec = self.spec(self._values)
        except FormError as error:
            self.query_one("#why", Static).update(Content(inert(str(error))))
            self.query_one(f"#{error.field}").focus()
            return
        self.dismiss(spec)


class ConnectForm(StartForm[ClientSpec]):
    """Where to connect to, and how to be let in."""

    TITLE_TEXT = "Connect to a server"
    GO = "Connect"

    def fields(self) -> ComposeResult:
        """Give URL, token, headers, subprotocols, handler, certificates."""
        yield self.input("url", "URL", "ws://host:port/path or wss://…")
        yield self.input("token", "Token, sent as Authorization: Bearer", "none", password=True)
        yield self.input("headers", "Headers", "'X-Tenant: blue' 'X-Trace: 1'")
        with Horizontal():
            yield self.input("subprotocols", "Subprotocols", "none")
            yield self.input("handler", "Handler for its calls", "FILE.py[:Class]")
        with Horizontal():
            yield self.input("ca_file", "CA file", "the system's")
            yield self.input("cert_file", "Certificate", "none")
            yield self.input("key_file", "Its key", "in the same file")
        yield Tick("Do not check the certificate (wss)", bool(self._values.get("insecure")), id="insecure")

    def spec(self, values: dict[str, str]) -> ClientSpec:
        """Make a client of what was typed."""
        url = values["url"]
        if values["key_file"] and not values["cert_file"]:
            raise FormError("A key is of no use without its certificate: name that, too.", "cert_file")
        if not url:
            raise FormError("Give the URL of the server, such as ws://127.0.0.1:8765.", "url")
        if "://" not in url:
            url = f"ws://{url}"
        return ClientSpec(
            url=url,
            headers=parse_headers(values["headers"]),
            token=values["token"] or None,
            subprotocols=tuple(values["subprotocols"].replace(",", " ").split()),
            ca_file=_path(values["ca_file"]),
            cert_file=_path(values["cert_file"]),
            key_file=_path(values["key_file"]),
            insecure=bool(values.get("insecure")),
            handler=_path(values["handler"]),
        )


class HostForm(StartForm[ServerSpec]):
    """What to host, where, and for whom."""

    TITLE_TEXT = "Host a handler"
    GO = "Host"

    def fields(self) -> ComposeResult:
        """Give handler, faults, seed, address, who is let in."""
        yield self.input(
            "handler",
            "Handler; empty: that of the demo",
            "FILE.py[:Class], package.module:Class or mock.toml",
        )
        with Horizontal():
            yield self.input("faults", "Faults besides, on the wire", "FILE.toml; empty: none")
            yield self.input("seed", "Seed", "any number")
        with Horizontal():
            yield self.input("host", "Address", "127.0.0.1")
            yield self.input("port", "Port", "8765")
        with Horizontal():
            yield self.input("token", "Token", "auto makes one up; empty: none", password=True)
            yield self.input("peers", "Most peers", "100")
            yield self.input("bad_frames", "Bad frames", "any number")
        yield self.input("origins", "Allowed origins, for web pages", "http://localhost:3000")

    def spec(self, values: dict[str, str]) -> ServerSpec:
        """Make a server of what was typed."""
        port = _number(values, "port", "The port is a number up to 65535; 0 takes any free one.", 0, 65535)
        return ServerSpec(
            handler=_path(values["handler"]),
            host=values["host"] or "127.0.0.1",
            port=8765 if port is None else port,
            allow_origins=tuple(values["origins"].replace(",", " ").split()),
            token=token_of(values["token"]),
            max_peers=_number(values, "peers", "How many peers at most: a number from 1.", 1) or 100,
            bad_frames=_number(values, "bad_frames", "So many bad frames end a connection: from 1.", 1),
            seed=_number(values, "seed", "The seed is a whole number.", -_MOST),
            faults=_path(values["faults"]),
        )


_MOST = 10**18


def _number(values: dict[str, str], name: str, wrong: str, least: int, most: int = _MOST) -> int | None:
    """Read a whole number; None where none is typed. Raises `FormError` with what is `wrong` otherwise."""
    typed = values[name]
    if not typed:
        return None
    if re.fullmatch(r"-?[0-9]{1,18}", typed) is None or not least <= int(typed) <= most:
        raise FormError(wrong, name)
    return int(typed)


def _path(typed: str) -> str | None:
    return str(typed_path(typed)) if typed else None


def parse_headers(text: str) -> tuple[tuple[str, str], ...]:
    """Read headers as they are written on a command line: `'Name: value' 'Name: value'`, or a single one."""
    if not text:
        return ()
    try:
        parts = shlex.split(text) if text[0] in "'\"" else [text]
    except ValueError:
        raise FormError(
            "A quotation mark is not closed: write headers as 'Name: value'.", "headers"
        ) from None
    headers = []
    for part in parts:
        name, colon, value = part.partition(":")
        name = name.strip()
        plain = name.isascii() and all(each.isalnum() or each in "!#$%&'*+-.^_`|~" for each in name)
        if not colon or not name or not plain or any(ord(each) < 32 for each in value.strip()):
            raise FormError(f"{part!r} is no header: write it as 'Name: value'.", "headers")
        headers.append((name, value.strip()))
    return tuple(headers)
