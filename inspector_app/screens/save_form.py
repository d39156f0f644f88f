"""Saving a message in a collection: under which name, in which file, and whether a secret would be in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import ValidationError
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Button, Input, Static

from inspector_app.display.highlighting import InertHighlighter
from inspector_app.display.inert import inert
from inspector_app.intents import SendMessage
from inspector_app.messages.collection import Message, read_collection, save_message
from inspector_app.messages.secrets import referring, warning_for
from inspector_app.screens.base import Dialog, notify
from inspector_app.toml_file import TomlError
from inspector_app.viewer.shelf import Shelf, told_path

if TYPE_CHECKING:
    from inspector_app.screens.message_desk import MessageDesk

FIRST_COLLECTION = "messages"


def save(desk: MessageDesk, typed: SendMessage, *, items_json: tuple[str, ...] = ()) -> None:
    """Ask where to, and save it there; `items_json` is what this side sends on a bidirectional stream."""
    shelf = Shelf(desk.session.folder)
    shelf.read()

    def saved(where: tuple[Path, str] | None) -> None:
        if where is not None:
            desk.session.editing = where
            notify(desk.main.app, f"Saved as {where[1]} in {told_path(where[0])}.")

    desk.main.app.push_screen(SaveForm(shelf, typed, items_json, desk.session.editing), saved)


class SaveForm(Dialog[tuple[Path, str]]):
    """Gives the file and the name that a message was saved under."""

    CSS = """
    SaveForm { align: center middle; }
    SaveForm #save {
        width: 90%; max-width: 84; height: auto; background: $background; border: round $border;
        border-title-color: $emphasis; border-subtitle-color: $text-muted; padding: 0 1;
    }
    SaveForm Input {
        border: round $border-blurred; border-title-color: $text-muted; height: 3; padding: 0 1;
    }
    SaveForm Input:focus { border: round $border; }
    SaveForm #told { height: auto; color: $text-muted; margin: 0 1; }
    SaveForm #told.-refused { color: $text-error; }
    SaveForm #told.-warned { color: $text-warning; }
    SaveForm Horizontal { height: 1; align-horizontal: right; }
    SaveForm .-for-secrets { display: none; }
    SaveForm.-secret .-for-secrets { display: block; }
    SaveForm.-secret #go { display: none; }
    """

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(
        self, shelf: Shelf, typed: SendMessage, items_json: tuple[str, ...], editing: tuple[Path, str] | None
    ) -> None:
        super().__init__()
        self._shelf = shelf
        self._typed = typed
        self._items_json = items_json
        self._editing = editing

    def compose(self) -> ComposeResult:
        """Give two fields, a line to tell, buttons."""
        files = [each.stem for each in self._shelf.files]
        first = files[0] if files else FIRST_COLLECTION
        collection, name = first, self._typed.operation
        if self._editing is not None:
            collection, name = self._editing[0].stem, self._editing[1]
        with Vertical(id="save"):
            yield Input(
                inert(collection),
                suggester=SuggestFromList(files, case_sensitive=False) if files else None,
                highlighter=InertHighlighter(),
                select_on_focus=False,
                id="collection",
            )
            yield Input(inert(name), highlighter=InertHighlighter(), select_on_focus=False, id="name")
            yield Static(id="told", markup=False)
            with Horizontal():
                yield Button("Write a reference", id="reference", classes="-for-secrets", variant="primary")
                yield Button("Save it so", id="anyway", classes="-for-secrets")
                yield Button("Save", id="go", variant="primary")

    def on_mount(self) -> None:
        """Begin at the name."""
        box = self.query_one("#save")
        box.border_title, box.border_subtitle = "Save the message", "Enter saves, Esc leaves"
        self.query_one("#collection").border_title = Content(
            inert(f"Collection, in {told_path(self._shelf.folder)}")
        )
        self.query_one("#name").border_title = "Name"
        self.set_focus(self.query_one("#name"))
        self._judge()

    # -- what would be saved ------------------------------------------------------------------------------

    @property
    def _typed_name(self) -> str:
        return self.query_one("#name", Input).value.strip()

    def _path(self) -> Path:
        return self._shelf.path_of(self.query_one("#collection", Input).value)

    def _there(self, path: Path) -> Message | None:
        """What is saved there under that name already."""
        return next(
            (
                each.message
                for each in self._shelf.entries
                if each.path == path and each.message is not None and each.message.name == self._typed_name
            ),
            None,
        )

    def _message(self, path: Path) -> Message:
        """Make it; raises `ValueError` with one sentence."""
        typed = self._typed
        fields: dict[str, object] = {
            "name": self._typed_name,
            "operation": typed.operation,
            "kind": typed.kind,
            "data": typed.data_json,
            "timeout": typed.timeout_s,
        }
        if self._items_json:
            fields["items"] = self._items_json
        there = self._there(path)
        if there is not None:  # what is expected of it, and what it says, stays
            fields = {**there.model_dump(), **fields}
            if typed.kind != there.kind:
                fields |= {"items": self._items_json, "take": None, "save": {}, "expect": ()}
        try:
            return Message.model_validate(fields)
        except ValidationError as error:
            first = error.errors()[0]
            if first["loc"][:1] == ("name",):
                raise ValueError("Give it a name of 1 to 200 characters.") from None
            text = str(first["ctx"]["error"]) if "ctx" in first and "error" in first["ctx"] else first["msg"]
            raise ValueError(f"{text[:1].upper()}{text[1:]}") from None

    def _judge(self) -> None:
        """Say what saving would do."""
        self.remove_class("-secret")
        try:
            path = self._path()
        except ValueError as error:
            self._tell(str(error), "-refused")
            return
        if self._there(path) is not None:
            self._tell(f"{path.name} has a message of that name: saving replaces it.", "-warned")
        else:
            self._tell(f"A new file {path.name}." if not path.exists() else "", "")

    def _tell(self, text: str, style: str) -> None:
        told = self.query_one("#told", Static)
        told.display = bool(text)
        told.update(Content(inert(text)))
        told.set_class(style == "-refused", "-refused")
        told.set_class(style == "-warned", "-warned")

    # -- saving -------------------------------------------------------------------------------------------

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what saving would do now."""
        event.stop()
        self._judge()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Save it."""
        event.stop()
        self._save(secrets="ask")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Save it."""
        event.stop()
        self._save(secrets={"reference": "reference", "anyway": "keep"}.get(event.button.id or "", "ask"))

    def _save(self, *, secrets: str) -> None:
        try:
            path = self._path()
            message = self._message(path)
        except ValueError as error:
            self._tell(str(error), "-refused")
            return
        names: Sequence[str] = ()
        warning = warning_for(message)
        if warning and secrets == "ask":
            self.add_class("-secret")
            self._tell(f"Nothing is written yet: {warning}", "-warned")
            self.query_one("#reference").focus()
            return
        if warning and secrets == "reference":
            message, names = referring(message)
        try:
            if path.exists():
                read_collection(path)  # one that is wrong is not made worse
            save_message(path, message, replaces=message.name)
        except TomlError as error:
            self._tell(str(error.problems[0]), "-refused")
            return
        if names:
            told = ", ".join(names)
            notify(self.app, f"To send it, set {told} in the environment and start again.", "warning")
        self.dismiss((path, message.name))
