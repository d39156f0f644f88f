"""An app with a list that grows by a key, for a real terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from inspector_app.widgets.row_list import Column, RowList
from tests.inspector_app.widgets.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inspector_app.widgets.row_list import Cell


class Numbers:
    """Rows that say their number."""

    count = 100

    def rows(self, first: int, count: int) -> Sequence[Sequence[Cell]]:
        return [[(f"row {index}", "")] for index in range(first, min(first + count, self.count))]


class Growing(Stage):
    """`x` makes the list eight times as long."""

    BINDINGS: ClassVar = [("x", "grow", "Grow")]

    def on_mount(self) -> None:
        self.source = Numbers()
        self.query_one(RowList).set_source(self.source)

    def action_grow(self) -> None:
        self.source.count *= 8
        self.query_one(RowList).refresh_rows()


if __name__ == "__main__":
    Growing(RowList([Column("title")])).run()
