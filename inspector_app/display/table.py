"""Columns and rows of a list: where rows come from, and how their cells are fitted to a width.

Owns which columns a width has room for and the text of a row as parts. It draws nothing and knows no theme.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Protocol

from msgspec import Struct

from inspector_app.display.painting import fitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inspector_app.display.painting import Part

Cell = tuple[str, str]
"""Text, not yet inert, and a style name."""

Row = tuple[Cell, ...]

ROOMY: Final = 120
"""Width in cells from which columns take their `roomy` width."""


CHOSEN: Final = "reverse"
"""What the style of the chosen cell has besides its own."""


class RowSource(Protocol):
    """Where a list's rows come from. It must not raise: what cannot be read is a row that says so."""

    @property
    def count(self) -> int:
        """How many rows there are now."""
        ...

    def rows(self, first: int, count: int) -> Sequence[Sequence[Cell]]:
        """Return the cells of at most `count` rows from index `first` on, a cell for each column."""
        ...


class NoRows:
    """A source without rows."""

    count = 0

    def rows(self, first: int, count: int) -> Sequence[Sequence[Cell]]:  # noqa: ARG002  # as RowSource has it
        """Return nothing."""
        return ()


class Column(Struct, frozen=True):
    """One column, `width` cells wide; 0 shares what is left."""

    title: str
    width: int = 0
    align: Literal["left", "right"] = "left"
    min_width_to_show: int = 0
    """Hidden while the list is narrower than this."""
    roomy: int = 0
    """Width in a list of at least `ROOMY` cells; 0: the same."""


class Grid:
    """Columns fitted to a list of `width` cells, the first of them its cursor's, the last its scrollbar's.

    Without room for all, those at the end are cut off; with `seen`, so many at the front are left out that
    the column of that index can be seen.
    """

    def __init__(self, columns: Sequence[Column], width: int, seen: int | None = None) -> None:
        shown = {
            index: (column.roomy if width >= ROOMY else 0) or column.width
            for index, column in enumerate(columns)
            if width >= column.min_width_to_show
        }
        # One blank cell stands behind each column.
        rest = width - 2 - sum(cells + 1 for cells in shown.values())
        flexible = [index for index, cells in shown.items() if not cells]
        for place, index in enumerate(flexible):
            shown[index] = max(1, (rest + place) // len(flexible))
        self.indices = tuple(shown)
        """Indices of the columns that a list of this width has."""
        for index in _left_out(shown, width - 2, seen):
            del shown[index]
        self._places = [(index, cells, columns[index].align == "right") for index, cells in shown.items()]
        self.cells = sum(cells + 1 for cells in shown.values())
        """Cells that a row takes, without cursor and scrollbar."""
        self.titles = "".join(
            self._text(columns[index].title, cells, right) for index, cells, right in self._places
        )
        """The titles of the columns, made inert, each in its place."""

    def parts(self, row: Row, chosen: int | None = None) -> list[Part]:
        """Return a row as inert parts that take `cells` cells; neighbours of one style are one part.

        The cell of column `chosen` is told from the others.
        """
        parts: list[Part] = []
        for index, cells, right in self._places:
            text, name = row[index] if index < len(row) else ("", "")
            text = self._text(text, cells, right)
            if index == chosen:
                # The blank behind it belongs to no cell.
                parts += [(text[:-1], f"{name} {CHOSEN}"), (" ", "")]
            elif parts and parts[-1][1] == name:
                parts[-1] = parts[-1][0] + text, name
            else:
                parts.append((text, name))
        return parts

    def width_of(self, index: int) -> int:
        """Return how many cells column `index` has; 0 when it is left out."""
        return next((cells for place, cells, _ in self._places if place == index), 0)

    @staticmethod
    def _text(text: str, cells: int, right: bool) -> str:
        return f"{fitted(text, cells, right=right)} "


def _left_out(shown: dict[int, int], room: int, seen: int | None) -> list[int]:
    """Return the columns at the front that have to go for column `seen` to be in sight."""
    before = [index for index in shown if seen is not None and index <= seen]
    taken = sum(shown[index] + 1 for index in before)
    left_out = []
    for index in before[:-1]:
        if taken <= room:
            break
        left_out.append(index)
        taken -= shown[index] + 1
    return left_out
