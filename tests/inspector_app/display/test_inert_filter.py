"""The safety net under everything that is drawn."""

from __future__ import annotations

from rich.segment import ControlType, Segment
from textual.app import App, ComposeResult
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter
from textual.geometry import Region
from textual.widgets import Static

from inspector_app.display.inert_filter import InertFilter

BLACK = Color(0, 0, 0)


def test_printable_segments_pass_as_they_are() -> None:
    segments = [Segment("plain"), Segment("中")]
    assert InertFilter().apply(segments, BLACK) is segments


def test_an_escape_that_slipped_through_is_made_visible() -> None:
    assert InertFilter().apply([Segment("a\x1b]52;c;x\x07")], BLACK) == [Segment("a␛]52;c;x␇")]


def test_control_segments_of_the_framework_are_left_alone() -> None:
    control = Segment("\x1b[?25l", None, [(ControlType.HIDE_CURSOR,)])
    assert InertFilter().apply([control, Segment("\x00")], BLACK) == [control, Segment("␀")]


async def test_in_an_app_it_covers_widgets_that_draw_text_as_it_comes() -> None:
    class Careless(App[None]):
        net = InertFilter()

        def get_line_filters(self) -> list[LineFilter]:
            return [*super().get_line_filters(), self.net]

        def compose(self) -> ComposeResult:
            yield Static(Content("x\x1b[2J\x9by"))

    async with Careless().run_test() as pilot:
        strips = pilot.app.query_one(Static).render_lines(Region(0, 0, 20, 1))
        assert strips[0].text.rstrip() == "x␛[2J�y"
