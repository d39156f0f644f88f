"""The cell of a row that is chosen, and what is in sight of columns that do not fit."""

from __future__ import annotations

from collections.abc import Sequence

from inspector_app.widgets.row_list import Cell, Column, RowList
from tests.inspector_app.widgets.stage import Stage, lines, strips

COLUMNS = (Column("one", 6), Column("two", 6), Column("three", 6, min_width_to_show=60), Column("four", 6))


class Letters:
    """Rows whose cells say where they are."""

    count = 5

    def rows(self, first: int, count: int) -> Sequence[Sequence[Cell]]:
        return [
            tuple((f"{name}{row}", "") for name in "abcd")
            for row in range(first, min(first + count, self.count))
        ]


def _reversed(row_list: RowList) -> list[str]:
    return [
        part.text
        for strip in strips(row_list)
        for part in strip
        if part.style is not None and part.style.reverse
    ]


async def test_left_and_right_choose_a_cell_and_left_of_the_first_the_row() -> None:
    row_list = RowList(COLUMNS, cells=True)
    async with Stage(row_list).run_test(size=(70, 8)) as pilot:
        row_list.set_source(Letters(), cursor=1)
        row_list.focus()
        assert _reversed(row_list) == []
        await pilot.press("right", "right")
        assert (row_list.cell, row_list.cell_width) == (1, 6)
        assert _reversed(row_list) == ["b1    "]
        await pilot.press("down")
        assert _reversed(row_list) == ["b2    "]
        await pilot.press("right", "right", "right")
        assert _reversed(row_list) == ["d2    "]
        await pilot.press(*["left"] * 4)
        assert row_list.cell is None
        assert _reversed(row_list) == []


async def test_a_hidden_column_is_passed_by() -> None:
    row_list = RowList(COLUMNS, cells=True)
    async with Stage(row_list).run_test(size=(40, 8)) as pilot:
        row_list.set_source(Letters(), cursor=0)
        row_list.focus()
        await pilot.press("right", "right", "right")
        assert row_list.cell == 3
        row_list.choose_cell(2)
        assert row_list.cell in (1, 3)


async def test_a_column_that_does_not_fit_is_brought_into_sight_by_choosing_it() -> None:
    row_list = RowList(COLUMNS, cells=True)
    async with Stage(row_list).run_test(size=(14, 8)) as pilot:
        row_list.set_source(Letters(), cursor=0)
        row_list.focus()
        assert "d0" not in lines(row_list)[1]
        await pilot.press("right", "right", "right")
        assert "d0" in lines(row_list)[1]
        assert "four" in lines(row_list)[0]
        assert "a0" not in lines(row_list)[1]
        await pilot.press("left", "left")
        assert "a0" in lines(row_list)[1]


async def test_a_list_without_cells_has_none_to_choose() -> None:
    row_list = RowList(COLUMNS)
    async with Stage(row_list).run_test(size=(70, 8)) as pilot:
        row_list.set_source(Letters(), cursor=0)
        row_list.focus()
        await pilot.press("right")
        assert row_list.cell is None


async def test_fewer_columns_leave_the_last_one_chosen() -> None:
    row_list = RowList(COLUMNS, cells=True)
    async with Stage(row_list).run_test(size=(70, 8)) as pilot:
        row_list.set_source(Letters(), cursor=0)
        row_list.focus()
        await pilot.press(*["right"] * 4)
        row_list.set_columns(COLUMNS[:2])
        assert row_list.cell == 1


async def test_rows_that_come_where_there_were_none_begin_at_the_row_that_is_meant() -> None:
    row_list, rows = RowList(COLUMNS), Letters()
    async with Stage(row_list).run_test(size=(70, 8)):
        rows.count = 0
        row_list.set_source(rows, cursor=0)
        rows.count = 100
        row_list.refresh_rows(cursor=60)
        assert row_list.cursor == 60
        assert row_list.top <= 60 < row_list.top + row_list.page
