"""Told while a file becomes a capture: how far it is; Escape gives it up."""

from __future__ import annotations

from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from inspector_app.capture.taking import Cancelled
from inspector_app.display import formats
from inspector_app.display.inert import inert
from inspector_app.screens.base import Dialog

_TICK_S = 1 / 10
_BAR = 40
_AT_ONCE_BYTES = 4 * 1024 * 1024
"""A file no larger than this is imported before anybody could read how far it is."""


class Importing(Dialog[None]):
    """The progress of one import. `heard` is called in its thread, all else by the app."""

    CSS = """
    Importing { align: center middle; }
    Importing #importing {
        width: 90%; max-width: 76; height: auto; background: $background; border: round $border;
        border-title-color: $emphasis; border-subtitle-color: $text-muted; padding: 1;
    }
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._done = self._total = 0
        self._cancelled = self._ended = self._asked = False

    def heard(self, done: int, total: int) -> bool:
        """Take how far it is; True once, when this should be shown. Raises `Cancelled` when given up."""
        if self._cancelled:
            raise Cancelled
        self._done, self._total = done, total
        if self._asked or max(done, total) <= _AT_ONCE_BYTES:
            return False
        self._asked = True
        return True

    def end(self) -> None:
        """Go away; nothing more is to be told."""
        self._ended = True
        if self.is_attached and self.is_current:
            self.dismiss(None)

    def compose(self) -> ComposeResult:
        """Give a line."""
        with Vertical(id="importing"):
            yield Static(id="progress", markup=False)

    def on_mount(self) -> None:
        """Begin to tell."""
        box = self.query_one("#importing")
        box.border_title = Content(inert(f"Importing {self._path.name}"))
        box.border_subtitle = "Esc gives it up"
        self._draw()
        self.set_interval(_TICK_S, self._draw)

    def _draw(self) -> None:
        if self._ended:
            self.dismiss(None)
            return
        share = self._done / self._total if self._total else 0.0
        full = int(share * _BAR)
        bar = "█" * full + "·" * (_BAR - full)
        text = f"{bar} {share:4.0%}   {formats.size(self._done)}"
        self.query_one("#progress", Static).update(Content(text))

    def action_leave(self) -> None:
        """Give it up."""
        self._cancelled = True
