"""The list: what it draws, what it fetches, how it moves, and that it never jumps."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from rich.color import Color as RichColor

from inspector_app.display.table import ROOMY
from inspector_app.widgets.row_list import Column, RowList
from tests.inspector_app.widgets.stage import Stage, lines, strips

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from textual.pilot import Pilot

    from inspector_app.widgets.row_list import Cell

COLUMNS = (Column("#", 4, "right"), Column("text"))
HEIGHT = 11
BODY = HEIGHT - 1


class Numbers:
    """Rows that say their number, counting what is asked of it."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.fetched: list[int] = []
        self.word = "row"

    def rows(self, first: int, count: int) -> Sequence[Sequence[Cell]]:
        last = min(first + count, self.count)
        self.fetched.append(last - first)
        return [((str(index), "muted"), (f"{self.word} {index}", "")) for index in range(first, last)]


@asynccontextmanager
async def shown(row_list: RowList, source: Numbers, width: int = 30) -> AsyncIterator[Pilot[None]]:
    stage = Stage(row_list, keep=(RowList.Highlighted, RowList.Chosen, RowList.FollowChanged))
    async with stage.run_test(size=(width, HEIGHT)) as pilot:
        row_list.set_source(source)
        row_list.focus()
        await pilot.pause()
        stage.kept.clear()
        yield pilot


def kept(pilot: Pilot[None]) -> list[tuple[str, object]]:
    app = pilot.app
    assert isinstance(app, Stage)
    told: list[tuple[str, object]] = []
    for message in app.kept:
        if isinstance(message, RowList.Highlighted | RowList.Chosen):
            told.append((type(message).__name__, message.index))
        elif isinstance(message, RowList.FollowChanged):
            told.append(("FollowChanged", message.follow))
    app.kept.clear()
    return told


def body(row_list: RowList) -> list[str]:
    return [line.strip("▌│┃ ") for line in lines(row_list)[1:]]


# -- drawing and fetching ---------------------------------------------------------------------------------


async def test_it_draws_a_header_and_the_rows_on_screen() -> None:
    row_list = RowList(COLUMNS)
    async with shown(row_list, Numbers(3)):
        assert lines(row_list)[:5] == ["    # text", "▌   0 row 0", "    1 row 1", "    2 row 2", ""]


async def test_a_million_rows_are_fetched_only_where_they_are_seen() -> None:
    source = Numbers(1_000_000)
    row_list = RowList(COLUMNS, tails=True)
    async with shown(row_list, source) as pilot:
        assert body(row_list)[-1] == "999… row 999999"
        await pilot.press("home", "pagedown", "end", "pageup", "down")
        source.count += 5_000
        row_list.refresh_rows()
        assert max(source.fetched) <= BODY
        assert len(source.fetched) < 20


async def test_an_unchanged_row_keeps_its_strip_and_so_its_terminal_codes() -> None:
    row_list = RowList(COLUMNS)
    async with shown(row_list, Numbers(5)):
        before = strips(row_list)[3]
        row_list.refresh_rows()
        assert strips(row_list)[3] is before


async def test_changed_rows_are_drawn_anew_on_refresh() -> None:
    source = Numbers(3)
    row_list = RowList(COLUMNS)
    async with shown(row_list, source):
        source.word = "now"
        row_list.refresh_rows()
        assert body(row_list)[1] == "1 now 1"


async def test_an_empty_list_shows_its_hint_and_has_no_cursor() -> None:
    row_list = RowList(COLUMNS, hint="Nothing yet.\nPress n.")
    async with shown(row_list, Numbers(0)) as pilot:
        await pilot.press("down", "end", "enter", "pageup")
        assert row_list.cursor is None
        assert kept(pilot) == []
        assert [line.strip() for line in lines(row_list)[1:] if line.strip()] == ["Nothing yet.", "Press n."]


async def test_columns_come_and_go_with_the_width() -> None:
    columns = (
        Column("a", 3),
        Column("extra", 8, min_width_to_show=60),
        Column("wide", 5, roomy=20),
        Column("rest"),
    )
    row_list = RowList(columns)
    async with shown(row_list, Numbers(0), width=40) as pilot:
        assert lines(row_list)[0] == " a   wide  rest"
        await pilot.resize_terminal(60, HEIGHT)
        assert lines(row_list)[0] == " a   extra    wide  rest"
        await pilot.resize_terminal(ROOMY, HEIGHT)
        assert lines(row_list)[0] == " a   extra    wide                 rest"


@pytest.mark.parametrize("width", [2, 3, 9, 30, 133])
async def test_every_line_is_exactly_as_wide_as_the_list(width: int) -> None:
    row_list = RowList((*COLUMNS, Column("b", 7), Column("c")))
    async with shown(row_list, Numbers(50), width=width):
        assert {sum(segment.cell_length for segment in strip) for strip in strips(row_list)} == {width}


async def test_a_row_with_too_few_cells_is_filled_with_blanks() -> None:
    row_list = RowList((*COLUMNS, Column("more", 5)))
    async with shown(row_list, Numbers(1)):
        assert body(row_list)[0] == "0 row 0"


async def test_the_colours_follow_the_theme() -> None:
    row_list = RowList(COLUMNS)
    async with shown(row_list, Numbers(3)) as pilot:
        for theme in ("light", "high-contrast"):
            pilot.app.theme = theme
            await pilot.pause()
            segment = list(strips(row_list)[2])[1]
            assert segment.style is not None
            assert segment.style.color == RichColor.parse(pilot.app.theme_variables["muted"])
            assert segment.style.bgcolor == RichColor.parse(pilot.app.theme_variables["background"])


async def test_the_cursor_is_marked_by_a_glyph_and_rests_without_focus() -> None:
    row_list = RowList(COLUMNS)
    async with shown(row_list, Numbers(3)) as pilot:

        def ground() -> RichColor | None:
            style = list(strips(row_list)[1])[1].style
            return style.bgcolor if style else None

        assert ground() == RichColor.parse(pilot.app.theme_variables["row-cursor"])
        pilot.app.set_focus(None)
        await pilot.pause()
        assert ground() == RichColor.parse(pilot.app.theme_variables["row-cursor-resting"])
        assert lines(row_list)[1].startswith("▌")


# -- keys -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "cursor"),
    [
        ("down", 1),
        ("j j k", 1),
        ("up", 0),
        ("pagedown", BODY - 1),
        ("pagedown pagedown pageup", BODY - 1),
        ("end", 99),
        ("G", 99),
        ("end home", 0),
        ("end g", 0),
        ("end down", 99),
    ],
)
async def test_keys_move_the_cursor_and_keep_it_on_screen(keys: str, cursor: int) -> None:
    row_list = RowList(COLUMNS)
    async with shown(row_list, Numbers(100)) as pilot:
        await pilot.press(*keys.split())
        assert row_list.cursor == cursor
        assert row_list.top <= cursor < row_list.top + BODY
        marked = [line for line in lines(row_list)[1:] if line.startswith("▌")]
        assert [line.strip("▌│┃ ") for line in marked] == [f"{cursor} row {cursor}"]


async def test_moving_and_choosing_are_told() -> None:
    row_list = RowList(COLUMNS)
    async with shown(row_list, Numbers(5)) as pilot:
        await pilot.press("down", "enter")
        assert kept(pilot) == [("Highlighted", 1), ("Chosen", 1)]


# -- mouse ------------------------------------------------------------------------------------------------


async def test_a_click_selects_and_a_double_click_chooses() -> None:
    row_list = RowList(COLUMNS)
    async with shown(row_list, Numbers(5)) as pilot:
        await pilot.click(row_list, offset=(5, 3))
        assert kept(pilot) == [("Highlighted", 2)]
        await pilot.click(row_list, offset=(5, 4), times=2)
        assert kept(pilot) == [("Highlighted", 3), ("Chosen", 3)]


@pytest.mark.parametrize("y", [0, 9])
async def test_a_click_on_the_header_or_below_the_rows_does_nothing(y: int) -> None:
    row_list = RowList(COLUMNS)
    async with shown(row_list, Numbers(5)) as pilot:
        await pilot.click(row_list, offset=(5, y), times=2)
        assert kept(pilot) == []


async def test_the_wheel_scrolls_and_leaves_the_cursor() -> None:
    row_list = RowList(COLUMNS)
    async with shown(row_list, Numbers(100)) as pilot:
        await pilot._post_mouse_events([_scroll_down()], row_list, offset=(5, 5))
        assert (row_list.top, row_list.cursor) == (3, 0)
        await pilot.press("down")
        assert (row_list.top, row_list.cursor) == (1, 1)


async def test_dragging_the_scrollbar_reaches_both_ends() -> None:
    row_list = RowList(COLUMNS)
    async with shown(row_list, Numbers(1_000_000)) as pilot:
        await pilot.mouse_down(row_list, offset=(29, 5))
        assert 300_000 < row_list.top < 600_000
        await pilot.hover(row_list, offset=(29, BODY))
        assert row_list.top == 1_000_000 - BODY
        await pilot.hover(row_list, offset=(3, 1))
        assert row_list.top == 0
        await pilot.mouse_up(row_list, offset=(3, 1))
        assert pilot.app.mouse_captured is None
        await pilot.hover(row_list, offset=(3, 9))
        assert row_list.top == 0
        assert row_list.cursor == 0


async def test_the_thumb_is_where_the_view_is() -> None:
    row_list = RowList(COLUMNS)
    async with shown(row_list, Numbers(40)) as pilot:

        def thumb() -> list[int]:
            return [y for y, strip in enumerate(strips(row_list)[1:]) if strip.text[-1] == "┃"]

        assert thumb() == [0, 1]
        await pilot.press("end")
        assert thumb() == [BODY - 2, BODY - 1]


async def test_a_list_that_fits_has_no_scrollbar() -> None:
    row_list = RowList(COLUMNS)
    async with shown(row_list, Numbers(BODY)):
        assert {strip.text[-1] for strip in strips(row_list)} == {" "}


# -- following --------------------------------------------------------------------------------------------


async def test_a_list_that_tails_starts_at_its_end_and_follows() -> None:
    source = Numbers(50)
    row_list = RowList(COLUMNS, tails=True)
    async with shown(row_list, source) as pilot:
        source.count = 60
        row_list.refresh_rows()
        await pilot.pause()
        assert (row_list.cursor, row_list.follow, row_list.behind) == (59, True, 0)
        assert body(row_list)[-1] == "59 row 59"
        assert kept(pilot) == [("Highlighted", 59)]


async def test_moving_up_stops_following_and_nothing_moves_any_more() -> None:
    source = Numbers(50)
    row_list = RowList(COLUMNS, tails=True)
    async with shown(row_list, source) as pilot:
        await pilot.press("up")
        before = body(row_list)
        source.count = 5_000
        row_list.refresh_rows()
        await pilot.pause()
        assert body(row_list) == before
        assert (row_list.cursor, row_list.follow, row_list.behind) == (48, False, 4_950)
        assert kept(pilot) == [("FollowChanged", False), ("Highlighted", 48)]


@pytest.mark.parametrize("how", ["wheel", "drag", "click"])
async def test_the_mouse_stops_following_too(how: str) -> None:
    source = Numbers(50)
    row_list = RowList(COLUMNS, tails=True)
    async with shown(row_list, source) as pilot:
        if how == "wheel":
            await pilot._post_mouse_events([_scroll_up()], row_list, offset=(5, 5))
        elif how == "drag":
            await pilot.mouse_down(row_list, offset=(29, 3))
            await pilot.mouse_up(row_list, offset=(29, 3))
        else:
            await pilot.click(row_list, offset=(5, 3))
        assert not row_list.follow
        before = body(row_list)
        source.count = 90
        row_list.refresh_rows()
        assert body(row_list) == before


async def test_down_to_the_last_row_does_not_follow_but_end_does() -> None:
    source = Numbers(50)
    row_list = RowList(COLUMNS, tails=True)
    async with shown(row_list, source) as pilot:
        await pilot.press("up", "down")
        assert (row_list.cursor, row_list.follow) == (49, False)
        source.count = 70
        row_list.refresh_rows()
        assert row_list.cursor == 49
        await pilot.press("end")
        assert (row_list.cursor, row_list.follow, row_list.behind) == (69, True, 0)


async def test_follow_can_be_set() -> None:
    source = Numbers(50)
    row_list = RowList(COLUMNS, tails=True)
    async with shown(row_list, source) as pilot:
        await pilot.press("home")
        source.count = 70
        row_list.refresh_rows()
        row_list.follow = True
        assert row_list.cursor == 69
        row_list.follow = False
        source.count = 80
        row_list.refresh_rows()
        assert (row_list.cursor, row_list.behind) == (69, 10)


async def test_a_list_that_does_not_tail_never_follows() -> None:
    row_list = RowList(COLUMNS)
    async with shown(row_list, Numbers(5)) as pilot:
        row_list.follow = True
        await pilot.press("end")
        assert (row_list.follow, row_list.behind) == (False, 0)


# -- rows that move ---------------------------------------------------------------------------------------


async def test_a_row_that_moved_stays_where_it_is_on_screen() -> None:
    source = Numbers(100)
    row_list = RowList(COLUMNS)
    async with shown(row_list, source) as pilot:
        row_list.move_to(50)
        await pilot.pause()
        kept(pilot)
        height = row_list.cursor - row_list.top if row_list.cursor is not None else None
        source.count = 130
        row_list.refresh_rows(cursor=80)
        await pilot.pause()
        assert row_list.cursor == 80
        assert row_list.cursor - row_list.top == height
        assert kept(pilot) == []


async def test_a_list_that_shrinks_keeps_a_cursor_in_it_and_says_where() -> None:
    source = Numbers(100)
    row_list = RowList(COLUMNS)
    async with shown(row_list, source) as pilot:
        await pilot.press("end")
        kept(pilot)
        source.count = 4
        row_list.refresh_rows()
        await pilot.pause()
        assert (row_list.cursor, row_list.top) == (3, 0)
        source.count = 0
        row_list.refresh_rows()
        await pilot.pause()
        assert kept(pilot) == [("Highlighted", 3), ("Highlighted", None)]


async def test_the_first_row_of_an_empty_list_gets_the_cursor() -> None:
    source = Numbers(0)
    row_list = RowList(COLUMNS)
    async with shown(row_list, source) as pilot:
        source.count = 2
        row_list.refresh_rows()
        await pilot.pause()
        assert kept(pilot) == [("Highlighted", 0)]


async def test_another_source_starts_anew_or_at_a_given_row() -> None:
    row_list = RowList(COLUMNS, tails=True)
    async with shown(row_list, Numbers(50)):
        row_list.set_source(Numbers(200), cursor=100)
        assert (row_list.cursor, row_list.follow) == (100, False)
        assert "100 row 100" in body(row_list)
        row_list.set_source(Numbers(200))
        assert (row_list.cursor, row_list.follow) == (199, True)


async def test_the_cursor_stays_on_screen_when_the_terminal_shrinks() -> None:
    row_list = RowList(COLUMNS, tails=True)
    async with shown(row_list, Numbers(50)) as pilot:
        await pilot.resize_terminal(30, 5)
        assert body(row_list) == ["46 row 46", "47 row 47", "48 row 48", "49 row 49"]


def _scroll_down() -> type:
    from textual.events import MouseScrollDown

    return MouseScrollDown


def _scroll_up() -> type:
    from textual.events import MouseScrollUp

    return MouseScrollUp


# -- a list with what matters most on top -----------------------------------------------------------------


async def test_the_cursor_stays_on_the_first_row_until_it_is_moved() -> None:
    source = Numbers(50)
    row_list = RowList(COLUMNS, heads=True)
    async with shown(row_list, source) as pilot:
        source.count += 5
        row_list.refresh_rows(cursor=5)
        assert (row_list.cursor, row_list.top, row_list.follow) == (0, 0, True)
        await pilot.press("down", "up")
        assert not row_list.follow
        source.count += 5
        row_list.refresh_rows(cursor=5)
        assert (row_list.cursor, row_list.top) == (5, 5)
        await pilot.press("home")
        assert (row_list.cursor, row_list.top, row_list.follow) == (0, 0, True)
        await pilot.press("end")
        assert (row_list.cursor, row_list.follow) == (59, False)


async def test_a_row_that_is_clicked_is_kept_even_on_top() -> None:
    row_list = RowList(COLUMNS, heads=True)
    async with shown(row_list, Numbers(50)) as pilot:
        await pilot.click(row_list, offset=(5, 1))
        assert (row_list.cursor, row_list.follow) == (0, False)
