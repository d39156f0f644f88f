"""What would be sent: the form with the values of its variables, secrets masked."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from inspector_app.display.json_view import JsonLines
from inspector_app.screens.base import Dialog
from inspector_app.widgets.detail_view import DetailView


class Preview(Dialog[None]):
    """A text to look at."""

    CSS = """
    Preview { align: center middle; }
    Preview #preview {
        width: 90%; max-width: 100; height: 80%; max-height: 32; background: $background;
        border: round $border; border-title-color: $emphasis; border-subtitle-color: $text-muted;
        padding: 0 1;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+g,q,enter", "leave", "Close", show=False)]

    def __init__(self, operation: str, data: str) -> None:
        super().__init__()
        self._operation = operation
        self._data = data

    def compose(self) -> ComposeResult:
        """Give the text."""
        with Vertical(id="preview"):
            yield DetailView(id="preview-text")

    def on_mount(self) -> None:
        """Show it."""
        from inspector_app.display.inert import inert

        box = self.query_one("#preview")
        title = f"Would be sent: {self._operation}" if self._operation else "Would be sent"
        box.border_title = Content(inert(title))
        box.border_subtitle = "Secrets are masked. Esc leaves"
        view = self.query_one(DetailView)
        view.show(JsonLines(self._data))
        view.focus()
