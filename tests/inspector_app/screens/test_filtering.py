"""The filter of the frame list: typed, completed, corrected, kept, saved; made of a cell; highlighting."""

import json
from pathlib import Path

from textual.widgets import Input

from inspector_app import settings
from inspector_app.screens.filter_pane import FilterPane
from inspector_app.screens.finding import _found
from inspector_app.screens.main import MainScreen
from inspector_app.screens.wishes import FilterBy
from inspector_app.viewer.filter_book import FilterBook
from inspector_app.viewer.filtering import Hunt
from inspector_app.widgets.density_strip import DensityStrip
from inspector_app.widgets.filter_input import FilterInput
from inspector_app.widgets.info_line import InfoLine
from tests.inspector_app.recordings import Recording
from tests.inspector_app.screens.pilots import LARGE, RecordingEngine, Stage, live, opened
from tests.inspector_app.screens.test_hostile import _assert_inert, no_safety_net
from tests.inspector_app.viewer.listed import Listed
from tests.inspector_app.viewer.views import open_view
from tests.inspector_app.widgets.hostile import HOSTILE


def _mixed(folder: Path) -> Recording:
    """Twenty calls, every fifth of them an order that is refused."""
    recording = Recording(folder).connect()
    for number in range(20):
        if number % 5 == 0:
            recording.request(number, "order.place", user={"id": number, "name": "Ada L"})
            recording.fail(number, "no such order", "not_found")
        else:
            recording.calls(1, first=number)
    return recording


def _shown(stage: Stage) -> list[int]:
    frames = stage.view.frames
    return [seq for seq in map(frames.seq_at, range(frames.count)) if seq is not None]


def _pane(stage: Stage) -> FilterPane:
    return stage.main.query_one("#filter-pane", FilterPane)


def _said(stage: Stage) -> str:
    """What stands beside the field."""
    return "".join(text for text, _ in _pane(stage).query_one("#found", InfoLine)._parts)


async def _ask(
    stage: Stage, text: str, *, keep: bool = True, pane: str = "#filter-pane", key: str = "slash"
) -> None:
    """Have a text in the bar at once."""
    await stage.press(key)
    stage.main.query_one(f"{pane} #filter", FilterInput).value = text
    await stage.press(*(["enter"] if keep else []))


def test_it_is_said_how_far_a_search_has_looked_until_it_follows(tmp_path: Path) -> None:
    hunt, matches = Hunt(open_view(Recording(tmp_path).close())), Listed(7, 9)
    hunt.matches = matches
    matches.share = 0.999
    assert _found(hunt) == [("2 matches", "emphasis"), ("  99% looked at", "muted")]
    matches.share = 1.0
    assert _found(hunt) == [("2 matches", "emphasis")]


async def test_a_filter_works_as_it_is_typed_and_enter_keeps_it(tmp_path: Path) -> None:
    async with opened(_mixed(tmp_path).close()) as stage:
        await stage.press("slash")
        await stage.type("type:error")
        await stage.until(lambda: _shown(stage) == [2, 12, 22, 32])
        assert _said(stage) == "4 matches"
        await stage.press("enter")
        await stage.until(lambda: stage.app.focused is stage.rows("frames"))
        assert "type:error" in stage.lines[3]
        assert stage.view.book.recent == ("type:error",)
        await stage.press("down", "down")
        await stage.until(lambda: stage.view.selection.frame and stage.view.selection.frame.seq == 22)
        await stage.press("escape")
        await stage.until(lambda: stage.view.frames.count == 40)
        assert stage.rows("frames").cursor == 21


async def test_of_a_filter_longer_than_its_line_the_part_at_the_cursor_is_seen(tmp_path: Path) -> None:
    async with opened(_mixed(tmp_path).close()) as stage:
        await stage.press("slash")
        await stage.type("type:error " * 8 + "op:order.*")
        await stage.until_shown("type:error op:order.*")


async def test_escape_brings_the_filter_of_before_back_and_the_row_that_was_left(tmp_path: Path) -> None:
    async with opened(_mixed(tmp_path).close()) as stage:
        await stage.press(*["down"] * 8)
        await _ask(stage, "order.place", keep=False)
        await stage.until(lambda: stage.view.frames.count == 4)
        await stage.press("escape")
        await stage.until(lambda: stage.view.frames.count == 40)
        assert stage.rows("frames").cursor == 8
        assert not _pane(stage).display
        await _ask(stage, "type:error")
        await _ask(stage, "type:request", keep=False)
        await stage.until(lambda: stage.view.frames.count == 20)
        await stage.press("escape")
        await stage.until(lambda: _shown(stage) == [2, 12, 22, 32])


async def test_an_error_points_at_its_place_and_the_list_stays(tmp_path: Path) -> None:
    async with opened(_mixed(tmp_path).close()) as stage:
        await _ask(stage, "type:error", keep=False)
        await stage.until(lambda: stage.view.frames.count == 4)
        _pane(stage).query_one(FilterInput).value += " opp:x"
        await stage.until_shown("^^^", "opp")
        place = stage.line("opp:x").index("opp")
        pointer = next(line for line in stage.lines if "^^^" in line)
        assert pointer.index("^^^") == place
        strip = _pane(stage).query_one(FilterInput).render_line(0)
        wrong = "".join(part.text for part in strip if part.style is not None and part.style.underline)
        assert wrong.strip() == "opp"
        assert stage.view.frames.count == 4
        await stage.press("enter")
        assert isinstance(stage.app.focused, Input)
        assert any("Esc" in toast for toast in stage.toasts)


async def test_tab_completes_what_was_typed(tmp_path: Path) -> None:
    async with opened(_mixed(tmp_path).close()) as stage:
        await stage.press("slash")
        await stage.type("op:ord")
        await stage.until_shown("order.place  ")
        await stage.press("tab")
        await stage.until(lambda: _pane(stage).query_one(FilterInput).value.startswith("op:order.place"))
        await stage.until(lambda: stage.view.frames.count == 8)


async def test_what_comes_is_filtered_and_followed(tmp_path: Path) -> None:
    recording = _mixed(tmp_path).commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await _ask(stage, "type:error")
        await stage.until(lambda: _shown(stage) == [2, 12, 22, 32])
        assert stage.rows("frames").follow
        recording.calls(3, first=20).request(30).fail(30, "no").commit()
        await stage.until(lambda: _shown(stage) == [2, 12, 22, 32, 48])
        await stage.until(lambda: stage.view.selection.frame and stage.view.selection.frame.seq == 48)


async def test_a_filter_that_nothing_matches_says_what_to_do(tmp_path: Path) -> None:
    async with opened(_mixed(tmp_path).close()) as stage:
        await _ask(stage, "nothing_has_this", keep=False)
        await stage.until_shown("No frame matches the filter.", "0 matches")
        await stage.press("enter", "2", "1")
        await stage.until_shown("No frame matches the filter.")


async def test_a_cell_offers_only_this_and_not_this(tmp_path: Path) -> None:
    async with opened(_mixed(tmp_path).close(), LARGE) as stage:
        await stage.press("down", *["right"] * 4)  # type
        await stage.press("plus")
        await stage.until(lambda: _shown(stage) == [2, 12, 22, 32])
        await stage.press("escape", "escape")
        await stage.until(lambda: stage.view.frames.count == 40)
        await stage.press(*["right"] * 6)  # operation
        await stage.press("minus")
        await stage.until(lambda: stage.view.frames.count == 32)
        assert 2 not in _shown(stage)


async def test_without_a_cell_the_fields_of_the_frame_are_offered_payload_and_all(tmp_path: Path) -> None:
    async with opened(_mixed(tmp_path).close(), LARGE) as stage:
        await stage.press("plus")
        await stage.until_shown("Only frames with the same", "data.user.name")
        fields = [row[0][0] for row in stage.app.screen.query_one("#terms")._source.rows(0, 50)]  # type: ignore[attr-defined]  # it is a RowList
        await stage.press(*["down"] * fields.index("data.user.name"), "enter")
        await stage.until(lambda: _shown(stage) == [1, 11, 21, 31])
        assert 'data.user.name:"Ada L"' in stage.lines[3]


async def test_a_filter_is_saved_under_a_name_offered_in_the_empty_bar_and_remembered(tmp_path: Path) -> None:
    async with opened(_mixed(tmp_path).close()) as stage:
        await _ask(stage, "type:error")
        await stage.press("S", *"mine")
        await stage.press("enter")
        await stage.until(lambda: stage.view.book.saved == (("mine", "type:error"),))
        await stage.press("escape", "slash")
        await stage.until_shown("saved: mine")
        await stage.press("down", "enter", "enter")
        await stage.until(lambda: stage.view.frames.count == 4)
    assert settings.load(settings.config_folder()).settings.filters == (("mine", "type:error"),)
    async with opened(tmp_path / "test.capture") as stage:
        await stage.press("F")
        await stage.until_shown("mine", "type:error")
        await stage.press("enter")
        await stage.until(lambda: stage.view.frames.count == 4)
        await stage.press("F", "d", "d", "escape")
        await stage.until(lambda: stage.view.book == FilterBook())


async def test_a_second_search_highlights_and_leads_from_match_to_match(tmp_path: Path) -> None:
    async with opened(_mixed(tmp_path).close()) as stage:
        await _ask(stage, "type:error", pane="#highlight-pane", key="h")
        await stage.until(lambda: stage.rows("frames").cursor == 1)
        assert stage.view.frames.count == 40
        assert "»2" in stage.text
        await stage.press("n", "n")
        await stage.until(lambda: stage.rows("frames").cursor == 21)
        await stage.press("N")
        await stage.until(lambda: stage.rows("frames").cursor == 11)
        await stage.press("n", "n", "n")
        assert "No further match below." in stage.toasts
        await stage.press("escape")
        await stage.until(lambda: "»" not in stage.text)


async def test_a_frame_that_the_filter_hides_is_gone_to_without_it(tmp_path: Path) -> None:
    async with opened(_mixed(tmp_path).close()) as stage:
        await _ask(stage, "type:error")
        await stage.until(lambda: stage.view.frames.count == 4)
        await stage.press("R")
        await stage.until(lambda: stage.rows("frames").cursor == 0 and stage.view.frames.count == 40)
        assert any("filter is lifted" in toast for toast in stage.toasts)


async def test_the_strip_shows_where_matches_and_errors_are_and_leads_there(tmp_path: Path) -> None:
    async with opened(_mixed(tmp_path).close(), LARGE) as stage:
        strip = stage.main.query_one(DensityStrip)
        await stage.until(lambda: sum(strip._density.errors) == 4)
        await _ask(stage, "dir:out")
        await stage.until(lambda: sum(strip._density.matches) == 20)
        await stage.press("escape")
        await stage.until(lambda: not strip._density.matches)
        await stage.pilot.click(DensityStrip, offset=(0, 1 + strip.buckets // 2))
        await stage.until(lambda: 18 <= (stage.rows("frames").cursor or 0) <= 22)


async def test_a_search_that_cannot_go_on_says_why(tmp_path: Path) -> None:
    capture = _mixed(tmp_path).close()
    async with opened(capture) as stage:
        await stage.until(lambda: sum(stage.main.query_one(DensityStrip)._density.errors) == 4)
        capture.unlink()
        await _ask(stage, "type:error", keep=False)
        await stage.until(lambda: any("test.capture" in toast for toast in stage.toasts))
        assert _said(stage) == "0 matches  stopped"


async def test_hostile_filters_are_shown_inert_without_the_safety_net(tmp_path: Path) -> None:
    folder = settings.config_folder()
    folder.mkdir(parents=True, exist_ok=True)
    texts = [text[:500] for text in HOSTILE.values() if text.strip()]
    stored = {"filters": [["evil\x1b[2J[/]", "[/] \x1b]52;c;x\x07"]], "recent": texts}
    (folder / settings.FILE_NAME).write_text(json.dumps(stored), encoding="utf-8")
    with no_safety_net():
        async with opened(_mixed(tmp_path).close()) as stage:
            await stage.press("slash")
            _assert_inert(stage)
            field = _pane(stage).query_one(FilterInput)
            for text in texts[:8]:
                field.value = text
                await stage.rest()
                _assert_inert(stage)
            await stage.press("escape", "F")
            await stage.until_shown("Filters")
            _assert_inert(stage)
            await stage.press("enter")
            await stage.until(lambda: isinstance(stage.app.screen, MainScreen))
            _assert_inert(stage)


async def test_a_term_that_the_detail_asks_for_narrows_the_filter(tmp_path: Path) -> None:
    async with opened(_mixed(tmp_path).close()) as stage:
        await _ask(stage, "type:request or type:error")
        await stage.until(lambda: stage.view.frames.count == 24)
        stage.main.post_message(FilterBy("op:order.place"))
        await stage.until(lambda: stage.view.frames.count == 8)
        assert stage.view.filtering.filter.source == "(type:request or type:error) op:order.place"
