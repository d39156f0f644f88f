"""The form that says what is kept: for how many days, and how many bytes in all."""

from __future__ import annotations

import re

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from inspector_app.capture.keeping import Keep
from inspector_app.display.inert import inert
from inspector_app.screens.base import Dialog

_MOST_DAYS = 36_500
_UNITS = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*(MB|GB|TB)", re.IGNORECASE)


class KeepForm(Dialog[Keep]):
    """Asks for both limits; an empty field is none."""

    CSS = """
    KeepForm { align: center middle; }
    KeepForm #keep {
        width: 90%; max-width: 76; height: auto; background: $background; border: round $border;
        border-title-color: $emphasis; border-subtitle-color: $text-muted; padding: 0 1;
    }
    KeepForm Input {
        border: round $border-blurred; border-title-color: $text-muted; height: 3; padding: 0 1;
    }
    KeepForm Input:focus { border: round $border; }
    KeepForm #why { height: auto; min-height: 1; color: $text-error; }
    KeepForm Horizontal { height: 1; align-horizontal: right; }
    """

    def __init__(self, now: Keep) -> None:
        super().__init__()
        self._now = now

    def compose(self) -> ComposeResult:
        """Give two fields and a line for what is wrong."""
        days, size = self._now.days, self._now.size_bytes
        with Vertical(id="keep"):
            yield Input(str(days) if days else "", placeholder="for ever", id="days")
            yield Input(_typed(size) if size else "", placeholder="all of them", id="size")
            yield Static(id="why", markup=False)
            with Horizontal():
                yield Button("Keep so", id="go", variant="primary")
                yield Button("Close", id="close")

    def on_mount(self) -> None:
        """Say what is asked."""
        box = self.query_one("#keep")
        box.border_title = "Captures in the data folder: what is kept"
        box.border_subtitle = "Enter goes on, Esc leaves"
        self.query_one("#days", Input).border_title = "Remove what is older than so many days"
        self.query_one("#size", Input).border_title = "Remove the oldest beyond, as 500 MB or 5 GB"
        self.query_one("#days").focus()

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
        try:
            keep = read_keep(self.query_one("#days", Input).value, self.query_one("#size", Input).value)
        except ValueError as error:
            self.query_one("#why", Static).update(Content(inert(str(error))))
        else:
            self.dismiss(keep)


def _typed(size_bytes: int) -> str:
    unit = next(name for name in reversed(_UNITS) if not size_bytes % _UNITS[name] or name == "MB")
    return f"{size_bytes // _UNITS[unit]} {unit}"


def read_keep(days: str, size: str) -> Keep:
    """Read both limits as they are typed; `ValueError` with a sentence for what is none."""
    days, size = days.strip(), size.strip()
    if days and not (days.isascii() and days.isdigit() and len(days) < 9 and int(days) <= _MOST_DAYS):
        raise ValueError(f"Type a number of days up to {_MOST_DAYS}, or nothing.")
    match = _SIZE.fullmatch(size)
    if size and size != "0" and match is None:
        raise ValueError("Type a size as 500 MB or 5 GB, or nothing.")
    size_bytes = round(float(match[1]) * _UNITS[match[2].upper()]) if match else 0
    return Keep(days=int(days or 0), size_bytes=size_bytes)
