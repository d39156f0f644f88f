"""How the rows of a list are drawn: its header, a row with or without the cursor, the hint of an empty list.

Owns the drawn rows, which are kept for as long as columns, width and colours stay. It does not know where the
list is scrolled to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.segment import Segment
from textual.strip import Strip

from inspector_app.display.painting import strip_of, width_of
from inspector_app.display.table import Grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inspector_app.display.painting import Palette
    from inspector_app.display.table import Column, Row

CURSOR_GLYPH: Final = "▌"
_KEPT: Final = 2048


class RowPainter:
    """Draws rows of cells fitted to a width. Looks are `background`, `row-cursor`, `row-cursor-resting`."""

    def __init__(self) -> None:
        self.grid = Grid((), 0)
        self._width = 0
        self._kept: dict[tuple[Row, str, str, int | None], Strip] = {}

    def fit(self, columns: Sequence[Column], width: int, cell: int | None) -> None:
        """Fit columns to a width, so that the one of index `cell` is seen, and forget what was drawn."""
        self._kept.clear()
        self._width = width
        self.grid = Grid(columns, width, cell)

    def header(self, palette: Palette) -> Strip:
        """Draw the titles of the columns."""
        titles = [(f" {self.grid.titles}", "row-header")]
        return strip_of(titles, self._width, palette, "row-header-background")

    def hint(self, text: str, y: int, height: int, palette: Palette) -> Strip:
        """Draw line `y` of a list of `height` lines that is empty."""
        lines = text.split("\n")
        place = y - max(0, (height - len(lines)) // 3)
        if not 0 <= place < len(lines):
            return Strip.blank(self._width, palette.style(""))
        parts = [(lines[place], "muted")]
        indent = max(2, (self._width - width_of(parts, self._width)) // 2)
        return strip_of([(" " * indent, ""), *parts], self._width, palette)

    def row(self, row: Row, look: str, bar: Segment, chosen: int | None, palette: Palette) -> Strip:
        """Draw a row; the cell of column `chosen` is told from the others.

        The strip is kept whole, the scrollbar's cell and all, since it remembers what it was turned into.
        """
        key = row, look, bar.text, chosen
        if (strip := self._kept.get(key)) is None:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            strip = self._kept[key] = self._draw(row, look, bar, chosen, palette)
        return strip

    def _draw(self, row: Row, look: str, bar: Segment, chosen: int | None, palette: Palette) -> Strip:
        style = palette.style
        edge = CURSOR_GLYPH if look != "background" else " "
        parts = [Segment(edge, style("row-cursor-edge" if look == "row-cursor" else "muted", look))]
        parts += [Segment(text, style(name, look)) for text, name in self.grid.parts(row, chosen)]
        spare = self._width - 2 - self.grid.cells
        if spare > 0:
            parts.append(Segment(" " * spare, style("", look)))
        elif spare < 0:
            parts = list(Strip(parts).crop(0, self._width - 1))
        return Strip([*parts, bar], self._width)
