"""The tree view: a cursor over rows that open and close."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.events import MouseScrollDown, MouseScrollUp
from textual.pilot import Pilot

from inspector_app.display.json_layout import lay_out
from inspector_app.display.json_tree import JsonTree
from inspector_app.widgets.tree_view import TreeView
from tests.inspector_app.widgets.stage import Stage, lines, strips

WIDTH, HEIGHT = 40, 8


@asynccontextmanager
async def shown(raw: str) -> AsyncIterator[tuple[TreeView, Pilot[None]]]:
    view = TreeView(hint="Nothing here.")
    async with Stage(view, keep=(TreeView.Moved,)).run_test(size=(WIDTH, HEIGHT)) as pilot:
        view.show(JsonTree(lay_out(raw).text) if raw else None)
        view.focus()
        await pilot.pause()
        yield view, pilot


def body(view: TreeView) -> list[str]:
    return [line[1:].rstrip("│┃ ") for line in lines(view)]


def at(view: TreeView) -> str:
    (row,) = [line for line in lines(view) if line.startswith("▌")]
    return row[1:].rstrip("│┃ ")


async def test_keys_move_open_and_close() -> None:
    async with shown('{"a":{"b":[1,2]},"c":3}') as (view, pilot):
        await pilot.press("down", "right")
        assert body(view)[1:3] == ['  ▾ "a": {…} 1 member', '    ▸ "b": […] 2 items']
        await pilot.press("down", "enter", "down")
        assert at(view).strip() == "0: 1"
        await pilot.press("left")
        assert at(view).strip() == '▾ "b": […] 2 items'
        await pilot.press("left", "left")
        assert at(view).strip() == '▾ "a": {…} 1 member'
        await pilot.press("space")
        assert body(view)[:4] == ["▾ {…} 2 members", '  ▸ "a": {…} 1 member', '    "c": 3', ""]
        await pilot.press("end")
        assert at(view).strip() == '"c": 3'
        await pilot.press("home")
        assert view.cursor == 0


async def test_a_long_tree_scrolls_with_its_cursor_and_by_wheel_without_it() -> None:
    async with shown(str(list(range(100)))) as (view, pilot):
        await pilot.press("pagedown", "j")
        assert view.cursor == HEIGHT
        assert at(view) == body(view)[-1]
        await pilot.press("k", "pageup")
        assert view.cursor == 0
        await pilot._post_mouse_events([MouseScrollDown], view, offset=(3, 3))
        assert body(view)[0].strip() == "2: 2"
        assert view.cursor == 0
        await pilot._post_mouse_events([MouseScrollUp], view, offset=(3, 3))
        await pilot.press("end")
        assert body(view)[-1].strip() == "99: 99"
        assert strips(view)[-1].text[-1] == "┃"
        await pilot.press("home")
        assert strips(view)[0].text[-1] == "┃"


async def test_the_mouse_chooses_a_row_opens_it_at_its_glyph_and_drags_the_bar() -> None:
    async with shown('{"a":[' + "1," * 50 + '1],"b":2}') as (view, pilot):
        await pilot.click(view, offset=(20, 2))
        assert view.cursor == 2
        await pilot.click(view, offset=(3, 1))
        assert view.cursor == 1
        assert body(view)[2].strip() == "0: 1"
        await pilot.mouse_down(view, offset=(WIDTH - 1, HEIGHT - 1))
        assert body(view)[-1].strip() == '"b": 2'
        await pilot.hover(view, offset=(WIDTH - 1, 0))
        assert body(view)[0] == "▾ {…} 2 members"
        await pilot.mouse_up(view, offset=(WIDTH - 1, 0))
        assert pilot.app.mouse_captured is None


async def test_a_double_click_opens_a_row() -> None:
    async with shown('{"a":[1]}') as (view, pilot):
        await pilot.click(view, offset=(25, 1), times=2)
        assert body(view)[1:3] == ['  ▾ "a": […] 1 item', "      0: 1"]


async def test_the_next_members_come_when_they_are_asked_for() -> None:
    async with shown(str(list(range(250)))) as (view, pilot):
        await pilot.press("end")
        assert at(view).strip() == "… the next 200 (Enter)"
        await pilot.press("enter", "end")
        assert at(view).strip() == "249: 249"


async def test_a_row_deep_inside_is_moved_to_where_it_is_read() -> None:
    async with shown("[" * 60 + '"deep"' + "]" * 60) as (view, pilot):
        for _ in range(60):
            await pilot.press("right", "down")
        assert at(view).endswith('0: "deep"')
        assert {strip.cell_length for strip in strips(view)} == {WIDTH}


async def test_without_rows_it_shows_its_hint_and_keys_do_nothing() -> None:
    async with shown("") as (view, pilot):
        await pilot.press("down", "enter", "left", "right", "end", "pageup")
        assert "Nothing here." in body(view)[1]
        assert view.cursor is None


async def test_hostile_names_and_values_are_inert() -> None:
    raw = '{"\x7f[/]\u202e":"\u009b31m[@click=app.exit]x[/]","\u0301\u0301\u0301\u0301\u0301":"中🙂"}'
    async with shown(raw) as (view, _):
        text = "\n".join(strip.text for strip in strips(view))
        assert text.replace("\n", "").isprintable()
        assert "[@click=app.exit]x" in text
        assert "…│" not in text
        assert "…" in text
        assert {strip.cell_length for strip in strips(view)} == {WIDTH}
