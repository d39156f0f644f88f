"""The detail view: scrolling, folding and moving sideways, however long the text."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from textual.events import MouseScrollDown, MouseScrollUp

from inspector_app.display.lines import TextLines
from inspector_app.widgets.detail_view import DetailView
from tests.inspector_app.widgets.stage import Stage, lines, strips

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from textual.pilot import Pilot

    from inspector_app.display.lines import LineSource, Part

WIDTH, HEIGHT = 23, 6
TEXT_WIDTH = WIDTH - 3


@asynccontextmanager
async def shown(view: DetailView, source: LineSource | None) -> AsyncIterator[Pilot[None]]:
    async with Stage(view).run_test(size=(WIDTH, HEIGHT)) as pilot:
        view.show(source)
        view.focus()
        await pilot.pause()
        yield pilot


def body(view: DetailView) -> list[str]:
    return [line.rstrip("│┃ ").removeprefix(" ") for line in lines(view)]


def numbered(count: int) -> TextLines:
    return TextLines([[(f"line {index}", "")] for index in range(count)])


class Counted:
    """A million lines, noting which were asked for."""

    count = 1_000_000

    def __init__(self) -> None:
        self.asked: set[int] = set()

    def line(self, index: int) -> Sequence[Part]:
        self.asked.add(index)
        return [(f"line {index}", "")]


class CountedTexts(Counted):
    """Few lines, but long ones."""

    count = 400

    def line(self, index: int) -> Sequence[Part]:
        return [("中" * 10_000, "") for _ in super().line(index)]


async def test_a_place_is_revealed_and_one_on_screen_does_not_move_the_text() -> None:
    view = DetailView()
    async with shown(view, TextLines([[("x" * 200, "")]] * 20)):
        view.reveal(7, 150)
        assert (7, 150 // TEXT_WIDTH) in view._visible()
        before = view.top
        view.reveal(7, 151)
        assert view.top == before


async def test_lines_are_drawn_with_the_styles_of_their_parts() -> None:
    view = DetailView()
    async with shown(view, TextLines([[('"a"', "json-key"), (": 1", "")]])) as pilot:
        assert body(view)[0] == '"a": 1'
        color = next(
            segment.style.color for segment in strips(view)[0] if segment.text == '"a"' and segment.style
        )
        assert color is not None
        assert color.name == pilot.app.theme_variables["json-key"].lower()


@pytest.mark.parametrize("wrap", [True, False])
async def test_of_a_million_lines_only_those_on_screen_are_made(wrap: bool) -> None:
    source = Counted()
    view = DetailView(wrap=wrap)
    async with shown(view, source) as pilot:
        await pilot.press("end", "pageup", "home", "pagedown", "down")
        assert len(source.asked) < 10 * HEIGHT
        assert max(source.asked) == 999_999


@pytest.mark.parametrize(
    ("keys", "first"),
    [
        ("down", 1),
        ("j j k", 1),
        ("up", 0),
        ("pagedown", HEIGHT - 1),
        ("space pageup", 0),
        ("end", 50 - HEIGHT),
        ("end down", 50 - HEIGHT),
        ("end home", 0),
        ("G g", 0),
    ],
)
async def test_keys_scroll(keys: str, first: int) -> None:
    view = DetailView()
    async with shown(view, numbered(50)) as pilot:
        await pilot.press(*keys.split())
        assert body(view)[0] == f"line {first}"
        assert body(view)[-1] == f"line {first + HEIGHT - 1}"


async def test_long_lines_are_folded_and_scrolled_by_rows() -> None:
    view = DetailView(wrap=True)
    text = "abcdefghij" * 5
    async with shown(view, TextLines([[("top", "")], [(text, "")], [("bottom", "")]])) as pilot:
        rows = [text[:TEXT_WIDTH], text[TEXT_WIDTH : 2 * TEXT_WIDTH], text[2 * TEXT_WIDTH :]]
        assert body(view) == ["top", *rows, "bottom", ""]
        await pilot.resize_terminal(WIDTH, 2)
        await pilot.press("end")
        assert body(view) == [rows[2], "bottom"]
        await pilot.press("up", "up")
        assert body(view) == rows[:2]
        assert view.top == (1, 0)


async def test_unfolded_lines_are_cut_with_a_mark_and_moved_sideways() -> None:
    view = DetailView(wrap=False)
    text = "".join(chr(ord("a") + index % 26) for index in range(30))
    async with shown(view, TextLines.plain(text)) as pilot:
        assert body(view)[0] == text[:TEXT_WIDTH] + "…"
        await pilot.press("right")
        assert body(view)[0] == text[8 : 8 + TEXT_WIDTH] + "…"
        await pilot.press("right", "right")
        assert body(view)[0] == text[10:]
        await pilot.press("left", "left")
        assert body(view)[0] == text[:TEXT_WIDTH] + "…"


async def test_half_a_wide_character_at_the_edge_is_blank() -> None:
    view = DetailView(wrap=False)
    async with shown(view, TextLines.plain("1234567" + "中" * 30)) as pilot:
        await pilot.press("right")
        assert lines(view)[0].startswith("  中")
        assert {strip.cell_length for strip in strips(view)} == {WIDTH}


async def test_folding_can_be_switched_and_keeps_the_line() -> None:
    view = DetailView(wrap=False)
    async with shown(view, TextLines([[(f"{index}" + "x" * 90, "")] for index in range(50)])) as pilot:
        await pilot.press("down", "down", "down")
        view.wrap = True
        assert view.top == (3, 0)
        assert body(view)[1] == "x" * TEXT_WIDTH


async def test_another_source_starts_at_its_top_unless_the_place_is_kept() -> None:
    view = DetailView()
    async with shown(view, numbered(50)) as pilot:
        await pilot.press("pagedown")
        view.show(numbered(60), keep_place=True)
        assert view.top == (HEIGHT - 1, 0)
        view.show(numbered(60))
        assert view.top == (0, 0)


async def test_a_source_that_has_shrunk_or_grown_is_taken_over() -> None:
    source = [[(f"line {index}", "")] for index in range(50)]
    view = DetailView()
    async with shown(view, TextLines(source)) as pilot:
        await pilot.press("end")
        del source[10:]
        view.refresh_lines()
        assert body(view)[-1] == "line 9"
        source.append([("new", "")])
        view.refresh_lines()
        await pilot.press("end")
        assert body(view)[-1] == "new"


async def test_a_line_that_has_become_shorter_is_still_on_screen() -> None:
    view = DetailView(wrap=True)
    async with shown(view, TextLines([[("x" * 200, "")]] * 20)) as pilot:
        await pilot.press("down", "down", "down")
        assert view.top == (0, 3)
        view.show(TextLines([[(f"short {index}", "")] for index in range(20)]), keep_place=True)
        assert body(view)[0] == "short 0"


@pytest.mark.parametrize("wrap", [True, False])
async def test_the_thumb_is_where_the_view_is(wrap: bool) -> None:
    view = DetailView(wrap=wrap)
    async with shown(view, TextLines([[("x" * (60 if wrap else 10), "")]] * (4 if wrap else 12))) as pilot:

        def thumb() -> list[int]:
            return [y for y, strip in enumerate(strips(view)) if strip.text[-1] == "┃"]

        assert thumb() == [0, 1, 2]
        await pilot.press("end")
        assert thumb() == [3, 4, 5]
        view.show(TextLines.plain("short"))
        assert thumb() == []


async def test_rows_of_a_long_text_are_not_counted_but_both_ends_are_reached() -> None:
    source = CountedTexts()
    view = DetailView()
    async with shown(view, source) as pilot:
        await pilot.press("end")
        assert max(source.asked) == source.count - 1
        await pilot.mouse_down(view, offset=(WIDTH - 1, 0))
        await pilot.mouse_up(view, offset=(WIDTH - 1, 0))
        assert view.top == (0, 0)
        assert len(source.asked) < 40


async def test_without_lines_it_shows_its_hint() -> None:
    view = DetailView(hint="Choose a frame.")
    async with shown(view, None) as pilot:
        await pilot.press("down", "end", "pageup", "right")
        assert "Choose a frame." in body(view)[1]


async def test_the_wheel_scrolls_and_with_shift_sideways() -> None:
    view = DetailView(wrap=False)
    async with shown(view, TextLines([[("x" * 90, "")]] * 50)) as pilot:
        await pilot._post_mouse_events([MouseScrollDown], view, offset=(3, 3))
        assert view.top == (3, 0)
        await pilot._post_mouse_events([MouseScrollUp], view, offset=(3, 3))
        await pilot._post_mouse_events([MouseScrollDown], view, offset=(3, 3), shift=True)
        assert view.top == (0, 0)
        assert view._left == 8


@pytest.mark.parametrize("wrap", [True, False])
async def test_dragging_the_scrollbar_reaches_both_ends(wrap: bool) -> None:
    view = DetailView(wrap=wrap)
    async with shown(view, TextLines([[("x" * 90, "")]] * 40)) as pilot:
        await pilot.mouse_down(view, offset=(WIDTH - 1, HEIGHT - 1))
        assert view.top == ((39 - 1, 4) if wrap else (40 - HEIGHT, 0))
        await pilot.hover(view, offset=(WIDTH - 1, 0))
        assert view.top == (0, 0)
        await pilot.mouse_up(view, offset=(WIDTH - 1, 0))
        assert pilot.app.mouse_captured is None
        await pilot.hover(view, offset=(WIDTH - 1, HEIGHT - 1))
        assert view.top == (0, 0)


@pytest.mark.parametrize("wrap", [True, False])
async def test_a_line_of_a_mebibyte_is_shown_and_scrolled_at_once(wrap: bool) -> None:
    view = DetailView(wrap=wrap)
    async with shown(view, None) as pilot:
        started = time.process_time()
        view.show(TextLines.plain("x" * (1 << 20) + "end"))
        await pilot.press("down", "pagedown", "end", "right", "pageup", "home", "end")
        # Drawing all of it as other widgets do takes seconds.
        assert time.process_time() - started < 1.5
        assert (body(view)[-1].endswith("end")) is wrap
