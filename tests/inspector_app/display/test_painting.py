"""Style names resolved, and strips that hold nothing but what may be drawn."""

from __future__ import annotations

from rich.color import Color as RichColor
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip

from inspector_app.display.inert_filter import InertFilter
from inspector_app.display.painting import Painted, Palette, fitted, strip_of

PALETTE = Palette(
    {
        "background": "#000000",
        "foreground": "#ffffff",
        "outcome-error": "#ff0000",
        "row-cursor": "#0000ff",
        "faint": "#ffffff80",
        "text": "auto 87%",
    }
)


def test_a_style_name_is_a_variable_of_the_theme_with_attributes() -> None:
    style = PALETTE.style("outcome-error bold", "row-cursor")
    assert (style.color, style.bgcolor, style.bold) == (
        RichColor.parse("#ff0000"),
        RichColor.parse("#0000ff"),
        True,
    )


def test_an_unknown_name_and_one_that_is_no_colour_draw_as_plain_text() -> None:
    assert PALETTE.style("no-such-name") == PALETTE.style("") == PALETTE.style("text")


def test_a_see_through_colour_is_mixed_with_what_is_behind() -> None:
    assert PALETTE.style("faint", "row-cursor").color == RichColor.parse("#8080ff")


def test_an_ink_has_no_background() -> None:
    assert PALETTE.ink("outcome-error").bgcolor is None


def test_a_line_is_made_inert_and_exactly_as_wide_as_asked() -> None:
    strip = strip_of([("a\x1b[2J", ""), ("中文", "outcome-error")], 8, PALETTE)
    assert strip.text == "a␛[2J中 "
    assert strip.cell_length == Strip(list(strip)).cell_length == 8


def test_a_huge_text_is_fitted_by_its_beginning() -> None:
    assert fitted("x" * 1_000_000, 4) == "xxx…"
    assert fitted("e" + "\u0301" * 1_000_000, 4) == "e\u0301\u0301\u0301��…"


async def test_a_painted_widget_applies_the_filters_of_its_app_to_what_it_draws() -> None:
    class Careless(Painted):
        def paint(self, y: int, width: int) -> Strip:
            return Strip([Segment(f"{y}\x1b[2J".ljust(width))], width)

    class Filtering(App[None]):
        net = InertFilter()

        def get_line_filters(self) -> list[LineFilter]:
            return [*super().get_line_filters(), self.net]

        def compose(self) -> ComposeResult:
            yield Careless()

    async with Filtering().run_test(size=(20, 5)) as pilot:
        drawn = pilot.app.query_one(Careless).render_lines(Region(0, 1, 5, 2))
        assert [strip.text.rstrip() for strip in drawn] == ["1␛[2J", "2␛[2J"]


class Counted(Painted):
    """A line that says how often it was painted."""

    DEFAULT_CSS = "Counted { height: 1; }"
    times = 0

    def paint(self, y: int, width: int) -> Strip:
        self.times += 1
        return strip_of([(f"{self.times}", "")], width, self.palette)


class Two(App[None]):
    def compose(self) -> ComposeResult:
        yield Counted(id="one")
        yield Counted(id="other")


async def test_what_has_not_changed_is_not_painted_again_for_what_is_beside_it() -> None:
    app = Two()
    async with app.run_test() as pilot:
        one, other = app.query_one("#one", Counted), app.query_one("#other", Counted)
        await pilot.pause()
        before = other.times
        for _ in range(3):
            one.refresh()
            await pilot.pause()
        painted = one.times
        assert (other.times, painted >= 4) == (before, True)
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        assert other.times > before
        assert other.render_lines(Region(0, 0, 40, 1))[0].cell_length == 40
