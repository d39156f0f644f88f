"""DensityStrip: a column of one cell that shows where in the whole something is, and which part is in view.

Draws the figures it is told; what they count is not its matter. It stands for the whole capture, not for the
list beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip

from inspector_app.display.painting import Painted

MARKED = "◆"
WRONG = "!"
_SHADES = "·░▒▓█"


class Density(Struct, frozen=True):
    """What is in each equal share of the whole, from its beginning: matches, errors, and whether a mark.

    Empty sequences stand for nothing. `view`: the first share that is in view, and the one behind the last.
    """

    matches: Sequence[int] = ()
    errors: Sequence[int] = ()
    marks: frozenset[int] = frozenset()
    view: tuple[int, int] = (0, 0)


class DensityStrip(Painted):
    """One cell wide. The first `head` lines stay blank, beside the header of a list."""

    DEFAULT_CSS = """
    DensityStrip { width: 1; height: 1fr; }
    """

    class Pointed(Message):
        """A share of the whole, from 0 to 1, was clicked."""

        def __init__(self, share: float) -> None:
            super().__init__()
            self.share = share

    def __init__(self, *, head: int = 1, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._head = head
        self._density = Density()
        self._most = 1
        self._height = 0

    @property
    def buckets(self) -> int:
        """How many shares there is room for."""
        return max(0, self._height - self._head)

    def on_resize(self, event: events.Resize) -> None:
        """Take over how much room there is; asking a widget for it is too slow to do for each line."""
        self._height = event.size.height

    def show(self, density: Density) -> None:
        """Draw these figures; costs nothing when they are drawn already."""
        if density != self._density:
            self._density = density
            self._most = max(density.matches, default=1) or 1
            self.refresh()

    def paint(self, y: int, width: int) -> Strip:
        """Return line `y`: the mark, else the error, else how many matches are in its share."""
        place = y - self._head
        if place < 0 or width < 1 or not self.buckets:
            return self.blank(width)
        first, behind = self._density.view
        ground = "row-cursor" if first <= place < behind else "background"
        glyph, style = self._sign(place)
        return Strip([Segment(glyph, self.palette.style(style, ground))], 1).adjust_cell_length(width)

    def _sign(self, place: int) -> tuple[str, str]:
        density = self._density
        if place in density.marks:
            return MARKED, "warning bold"
        if place < len(density.errors) and density.errors[place]:
            return WRONG, "severity-problem bold"
        matches = density.matches[place] if place < len(density.matches) else 0
        if not matches:
            return " ", ""
        return _SHADES[(matches * len(_SHADES) - 1) // self._most], "accent"

    def on_click(self, event: events.Click) -> None:
        """Tell which share was clicked."""
        event.stop()
        if event.y >= self._head and self.buckets:
            self.post_message(self.Pointed((event.y - self._head) / self.buckets))
