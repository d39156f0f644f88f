"""Tabs: chosen by key and mouse, and readable where room is short."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from rich.color import Color

from inspector_app.widgets.tab_strip import Tab, TabStrip
from tests.inspector_app.widgets.stage import Stage, lines, strips

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rich.style import Style
    from textual.pilot import Pilot

TABS = (Tab("frames", "Frames", "1"), Tab("requests", "Requests", "2"), Tab("streams", "Streams", "3"))
FIGURES = {"frames": ("1,204", "muted"), "requests": ("3 ◔", "outcome-pending")}


@asynccontextmanager
async def shown(strip: TabStrip, width: int = 60) -> AsyncIterator[Pilot[None]]:
    stage = Stage(strip, keep=(TabStrip.Chosen,))
    async with stage.run_test(size=(width, 3)) as pilot:
        strip.show(FIGURES)
        strip.focus()
        await pilot.pause()
        yield pilot


def chosen(pilot: Pilot[None]) -> list[str]:
    assert isinstance(pilot.app, Stage)
    return [message.name for message in pilot.app.kept if isinstance(message, TabStrip.Chosen)]


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (60, " 1 Frames 1,204  2 Requests 3 ◔  3 Streams"),
        (40, " 1 Frames 1,204 2 Requests 3 ◔ 3 Streams"),
        (38, " Frames 1,204  Requests 3 ◔  Streams"),
        (28, " Frames  Requests  Streams"),
        (12, " Frames  Req"),
    ],
)
async def test_short_of_room_tabs_move_together_then_keys_go_then_figures(width: int, text: str) -> None:
    strip = TabStrip(TABS)
    async with shown(strip, width):
        assert lines(strip) == [text]
        assert strips(strip)[0].cell_length == width


async def test_before_keys_go_titles_are_shortened() -> None:
    strip = TabStrip([Tab("c", "Connection", "4", short="Conn"), Tab("f", "Findings", "5")])
    async with shown(strip, width=30):
        assert lines(strip) == [" 4 Connection  5 Findings"]
    async with shown(TabStrip([Tab("c", "Connection", "4", short="Conn"), Tab("f", "F", "5")]), 14) as pilot:
        assert lines(pilot.app.query_one(TabStrip)) == [" 4 Conn  5 F"]


async def test_the_active_tab_has_a_ground_of_its_own_and_is_underlined_under_the_keys() -> None:
    strip = TabStrip(TABS)
    async with shown(strip) as pilot:

        def title() -> Style:
            return next(
                segment.style for segment in strips(strip)[0] if segment.text == "Frames" and segment.style
            )

        assert title().underline
        pilot.app.set_focus(None)
        await pilot.pause()
        assert not title().underline
        assert title().bgcolor == Color.parse(pilot.app.theme_variables["row-cursor"])


async def test_arrow_keys_choose_around_the_ends() -> None:
    strip = TabStrip(TABS)
    async with shown(strip) as pilot:
        await pilot.press("right", "right", "right", "left")
        assert chosen(pilot) == ["requests", "streams", "frames", "streams"]
        assert strip.active == "streams"


@pytest.mark.parametrize(("x", "name"), [(17, "requests"), (31, "requests"), (33, "streams")])
async def test_a_click_chooses_the_tab_under_it(x: int, name: str) -> None:
    strip = TabStrip(TABS)
    async with shown(strip) as pilot:
        await pilot.click(strip, offset=(x, 0))
        assert chosen(pilot) == [name]


@pytest.mark.parametrize("x", [3, 50])
async def test_a_click_on_the_active_tab_or_beside_all_tells_nothing(x: int) -> None:
    strip = TabStrip(TABS)
    async with shown(strip) as pilot:
        await pilot.click(strip, offset=(x, 0))
        assert chosen(pilot) == []


async def test_setting_the_active_tab_tells_nothing() -> None:
    strip = TabStrip(TABS, active="streams")
    async with shown(strip) as pilot:
        strip.active = "frames"
        await pilot.pause()
        assert chosen(pilot) == []
        bold = [segment.text for segment in strips(strip)[0] if segment.style and segment.style.bold]
        assert bold == ["Frames"]
