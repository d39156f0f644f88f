"""Copy as: the ways to write a message as a program or a command, each with what it would be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical

from inspector_app.copying.message import CopiedMessage
from inspector_app.copying.texts import COPIES
from inspector_app.display.document import bytes_of
from inspector_app.display.lines import TextLines
from inspector_app.screens.base import Dialog
from inspector_app.screens.copying import Copy, take, write_copy
from inspector_app.widgets.detail_view import DetailView
from inspector_app.widgets.row_list import Column, RowList

if TYPE_CHECKING:
    from inspector_app.screens.main import MainScreen

_ENDINGS: Final = {
    "python": "py",
    "websockets": "py",
    "javascript": "mjs",
    "websocat": "sh",
    "json": "json",
}


class _Ways:
    """The ways, as rows."""

    count = len(COPIES)

    def rows(self, first: int, count: int) -> Sequence[Sequence[tuple[str, str]]]:
        return [((title, "emphasis"),) for title, _ in list(COPIES.values())[first : first + count]]


class CopyAs(Dialog[None]):
    """Shows a message each way, and copies it."""

    CSS = """
    CopyAs { align: center middle; }
    CopyAs #copy-as {
        width: 96%; max-width: 130; height: 94%; max-height: 40; background: $background;
        border: round $border; border-title-color: $emphasis; border-subtitle-color: $text-muted;
        padding: 0 1;
    }
    CopyAs #ways { height: 6; }
    CopyAs #text-box { border-top: hkey $bar-track; }
    CopyAs.-wide #ways { width: 42; height: 1fr; }
    CopyAs.-wide #text-box { border-top: none; border-left: vkey $bar-track; padding: 0 1; }
    CopyAs #parts { layout: vertical; height: 1fr; }
    CopyAs.-wide #parts { layout: horizontal; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "write", "Write to a file", show=False),
        Binding("a,q", "leave", "Close", show=False),
    ]

    def __init__(self, main: MainScreen, message: CopiedMessage) -> None:
        super().__init__()
        self._main = main
        self._message = message

    def compose(self) -> ComposeResult:
        """Give the ways and the text."""
        with Vertical(id="copy-as"), Horizontal(id="parts"):
            yield RowList((Column("As"),), header=False, id="ways")
            with Container(id="text-box"):
                yield DetailView(wrap=True, id="text")

    def on_mount(self) -> None:
        """Begin at the first."""
        box = self.query_one("#copy-as")
        box.border_title = "Copy as"
        box.border_subtitle = "Enter copies, w writes a file, Esc leaves"
        ways = self.query_one("#ways", RowList)
        ways.set_source(_Ways(), cursor=0)
        ways.focus()

    def _copy(self) -> Copy:
        names = list(COPIES)
        name = names[self.query_one("#ways", RowList).cursor or 0]
        title, write = COPIES[name]
        data = bytes_of(write(self._message))
        file = f"{_file_stem(self._message.operation)}.{_ENDINGS.get(name, 'txt')}"
        return Copy(title, file, len(data), lambda: iter([data]))

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Show the text."""
        event.stop()
        text = b"".join(self._copy().parts()).decode("utf-8", "replace")
        self.query_one("#text", DetailView).show(TextLines.plain(text.rstrip("\n")))

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Copy it."""
        event.stop()
        copy = self._copy()
        self.dismiss(None)
        take(self._main, copy)

    def action_write(self) -> None:
        """Write it to a file."""
        copy = self._copy()
        self.dismiss(None)
        write_copy(self._main, copy)


def _file_stem(operation: str) -> str:
    kept = "".join(each if each.isascii() and (each.isalnum() or each in "-_") else "-" for each in operation)
    return kept[:60].strip("-") or "message"
