"""KeyBar: the line at the bottom that names the keys most useful now, to be clicked as well.

Draws what it is told; which keys those are, and what they do, is not its matter.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from rich.cells import cell_len
from textual import events
from textual.message import Message
from textual.strip import Strip

from inspector_app.display.inert import inert
from inspector_app.display.painting import Painted, Part, segments


class KeyHint(Struct, frozen=True):
    """One key: the command's name, the key as a person writes it, and the command's title.

    One that is not `available` keeps its place and is drawn dim; a click on it is told as any other.
    """

    name: str
    key: str
    title: str
    available: bool = True


class KeyBar(Painted):
    """One line of keys, as many as there is room for, and a word at the right end."""

    DEFAULT_CSS = """
    KeyBar { width: 1fr; height: 1; dock: bottom; }
    """

    class Pressed(Message):
        """A key was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # the name every widget uses
        super().__init__(id=id)
        self._hints: tuple[KeyHint, ...] = ()
        self._word: Part = ("", "")

    def show(self, hints: Sequence[KeyHint], word: Part = ("", "")) -> None:
        """Draw these keys, in this order; costs nothing when they are drawn already."""
        if (tuple(hints), word) != (self._hints, self._word):
            self._hints, self._word = tuple(hints), word
            self.refresh()

    def _laid_out(self, width: int) -> list[tuple[KeyHint, list[Part]]]:
        room = width - self._word_width()
        shown = []
        for hint in self._hints:
            key, title = ("primary bold", "") if hint.available else ("muted", "muted")
            parts = [(f" {hint.key}", key), (f" {hint.title} ", title)]
            room -= sum(cell_len(text) for text, _ in parts)
            if room < 0:
                break
            shown.append((hint, parts))
        return shown

    def _word_width(self) -> int:
        return cell_len(inert(self._word[0])) + 2 if self._word[0] else 0

    def paint(self, y: int, width: int) -> Strip:
        """Return the line."""
        if y:
            return self.blank(width, "bar-background")
        parts = [part for _, parts in self._laid_out(width) for part in parts]
        left = Strip(segments(parts, self.palette, "bar-background")).adjust_cell_length(
            max(0, width - self._word_width()), self.palette.style("", "bar-background")
        )
        if not self._word[0]:
            return left
        text, style = self._word
        return Strip([*left, *segments([(f" {text} ", style)], self.palette, "bar-background")]).crop(
            0, width
        )

    def on_click(self, event: events.Click) -> None:
        """Tell which key was clicked."""
        left = 0
        for hint, parts in self._laid_out(self.size.width):
            left += sum(cell_len(text) for text, _ in parts)
            if event.x < left:
                self.post_message(self.Pressed(hint.name))
                return
