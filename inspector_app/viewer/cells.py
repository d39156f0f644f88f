"""What every list of the view state has in common: rows of cells, fetched from a capture, never failing.

Owns the turning of a failed query into a row that says so. Cells are not inert yet; whoever draws does that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from inspector_app.capture.errors import CaptureError

Cell = tuple[str, str]
"""Text as it came, and the name of a style."""

Row = TypeVar("Row")

EMPTY: Cell = ("", "")


class Rows(Protocol):
    """A list as a widget sees it."""

    @property
    def count(self) -> int:
        """How many rows there are."""
        ...

    def rows(self, first: int, count: int) -> Sequence[Sequence[Cell]]:
        """Give the cells of at most `count` rows from index `first` on."""
        ...


class CaptureRows(Generic[Row]):
    """Base of the lists: a subclass says how many rows there are, fetches them and draws each as cells."""

    @property
    def columns(self) -> int:
        """Cells in a row."""
        return 1

    @property
    def count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def fetch(self, first: int, count: int) -> Sequence[Row]:
        """Fetch rows from the capture; may raise `CaptureError`."""
        raise NotImplementedError

    def cells(self, row: Row) -> Sequence[Cell]:
        """Draw one row."""
        raise NotImplementedError

    def rows(self, first: int, count: int) -> Sequence[Sequence[Cell]]:
        """Give the cells of at most `count` rows; one row that says so when the capture cannot be read."""
        try:
            return [self.cells(row) for row in self.fetch(first, count)]
        except CaptureError as error:
            return [(*(EMPTY,) * (self.columns - 1), (str(error), "severity-problem"))]

    def row(self, index: int | None) -> Row | None:
        """Give one row as a record; None when there is none or it cannot be read."""
        if index is None or not 0 <= index < self.count:
            return None
        try:
            found = self.fetch(index, 1)
        except CaptureError:
            return None
        return found[0] if found else None
