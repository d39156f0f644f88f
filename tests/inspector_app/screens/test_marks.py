"""Marks, notes and going to places, from the main screen."""

from pathlib import Path

from textual.widgets import Input

from inspector_app.capture.marks import Marks
from inspector_app.screens.prompts import Confirm
from tests.inspector_app.capture import samples
from tests.inspector_app.capture.old_formats import format_1
from tests.inspector_app.recordings import Recording
from tests.inspector_app.screens.pilots import LARGE, RecordingEngine, Stage, live, opened
from tests.inspector_app.screens.test_hostile import _assert_inert, no_safety_net
from tests.inspector_app.widgets.hostile import HOSTILE


def _marks(capture: Path) -> dict[int, str]:
    return {mark.seq: mark.note for mark in Marks(capture).all()}


async def _go_to(stage: Stage, place: str) -> None:
    await stage.press("colon")
    stage.app.screen.query_one(Input).value = place
    await stage.press("enter")


async def test_a_mark_is_set_and_taken_away_in_the_capture(tmp_path: Path) -> None:
    capture = Recording(tmp_path).connect().calls(10).close()
    async with opened(capture) as stage:
        await stage.press("down", "m")
        await stage.until_shown("◆2")
        assert _marks(capture) == {2: ""}
        await stage.press("m")
        await stage.until(lambda: "◆" not in stage.text)
        assert _marks(capture) == {}


def _files(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def test_a_capture_of_an_older_format_is_one_file_again_when_it_is_closed(tmp_path: Path) -> None:
    path = format_1(tmp_path / "old.capture", samples.frames("a", "b"))
    async with opened(path) as stage:
        await stage.press("m")
        await stage.until_shown("◆1")
    assert _files(tmp_path) == [path.name]


async def test_a_note_that_is_too_long_can_be_shortened(tmp_path: Path) -> None:
    capture = Recording(tmp_path).connect().calls(10).close()
    async with opened(capture) as stage:
        await stage.press("M")
        stage.app.screen.query_one(Input).value = "x" * 10_001
        await stage.press("enter")
        await stage.until_shown("at most 10,000 characters")
        await stage.press("backspace", "enter")
        await stage.until(lambda: _marks(capture) == {1: "x" * 10_000})


async def test_a_command_right_behind_a_step_is_about_where_the_step_went(tmp_path: Path) -> None:
    capture = Recording(tmp_path).connect().calls(10).close()
    async with opened(capture) as stage:
        await stage.press("home")
        stage.rows("frames").action_move(1)
        stage.main.action_run("mark")  # before anything else of the app has run
        await stage.until(lambda: _marks(capture) == {2: ""})


async def test_a_note_is_shown_before_the_data_and_goes_only_after_asking(tmp_path: Path) -> None:
    capture = Recording(tmp_path).connect().calls(10).close()
    async with opened(capture, LARGE) as stage:
        await stage.press("down", "M")
        stage.app.screen.query_one(Input).value = "why so slow?"
        await stage.press("enter")
        await stage.until_shown("◆ why so slow?")
        assert _marks(capture) == {2: "why so slow?"}
        await stage.press("m")
        await stage.until(lambda: isinstance(stage.app.screen, Confirm))
        await stage.press("n")
        assert _marks(capture) == {2: "why so slow?"}
        await stage.press("m", "y")
        await stage.until(lambda: _marks(capture) == {})


async def test_a_frame_is_marked_while_the_capture_is_recorded(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(10).commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.press("up", "m")
        await stage.until_shown("◆19")
        recording.calls(1, first=10).commit()
        await stage.until(lambda: stage.view.frame_count == 22)
        assert _marks(recording.path) == {19: ""}


async def test_from_mark_to_mark_and_no_further(tmp_path: Path) -> None:
    capture = Recording(tmp_path).connect().calls(20).close()
    for seq in (5, 30):
        Marks(capture).set(seq, "")
    async with opened(capture) as stage:
        await stage.press("full_stop", "full_stop")
        await stage.until(lambda: stage.rows("frames").cursor == 29)
        await stage.press("comma")
        await stage.until(lambda: stage.rows("frames").cursor == 4)
        await stage.press("comma")
        assert "No further mark above." in stage.toasts


async def test_a_capture_that_cannot_be_written_says_so_and_shows_no_mark(tmp_path: Path) -> None:
    capture = Recording(tmp_path).connect().calls(3).close()
    async with opened(capture) as stage:
        capture.unlink()
        await stage.press("m")
        await stage.until(lambda: stage.toasts)
        assert "◆" not in stage.text


async def test_times_lead_to_frames_and_relative_ones_count_from_the_chosen(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    for number in range(40):
        recording.at(1000 * (number + 1)).request(number)
    async with opened(recording.close()) as stage:
        await _go_to(stage, "20s")
        await stage.until(lambda: stage.rows("frames").cursor == 19)
        await stage.until(lambda: stage.view.selection.frame and stage.view.selection.frame.seq == 20)
        await _go_to(stage, "+3s")
        await stage.until(lambda: stage.rows("frames").cursor == 22)
        await _go_to(stage, "#7")
        await stage.until(lambda: stage.rows("frames").cursor == 6)
        await _go_to(stage, "soon")
        await stage.until_shown("Type a number from 1 to 40")


async def test_from_an_answer_to_its_request_and_back(tmp_path: Path) -> None:
    recording = (
        Recording(tmp_path).connect().request(90, "slow").calls(5).respond(90, {"ok": True}).request(91)
    )
    async with opened(recording.close()) as stage:
        await stage.press("A")
        await stage.until(lambda: stage.rows("frames").cursor == 11)
        await stage.press("R")
        await stage.until(lambda: stage.rows("frames").cursor == 0)
        await _go_to(stage, "13")
        await stage.press("A")
        assert "It has not been answered yet." in stage.toasts


async def test_hostile_notes_are_shown_inert_without_the_safety_net(tmp_path: Path) -> None:
    capture = Recording(tmp_path).connect().calls(20).close()
    for seq, text in enumerate(HOSTILE.values(), 1):
        Marks(capture).set(seq, text[:5000])
    with no_safety_net():
        async with opened(capture, LARGE) as stage:
            _assert_inert(stage)
            for seq in range(1, 10, 4):
                stage.rows("frames").move_to(seq - 1)
                await stage.rest()
                await stage.press("M")
                _assert_inert(stage)
                await stage.press("escape", "m")
                _assert_inert(stage)
                await stage.press("escape")
