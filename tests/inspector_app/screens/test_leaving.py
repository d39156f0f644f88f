"""Quitting from wherever one is, Ctrl+C, which people press to quit, and how long toasts stay."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.css.query import NoMatches
from textual.widget import MountError
from textual.worker import WorkerFailed

from inspector_app.app import InspectorApp
from inspector_app.capture.errors import CaptureError
from inspector_app.capture.taking import Cancelled
from inspector_app.screens.base import notify
from inspector_app.screens.home import HomeScreen
from inspector_app.screens.main import MainScreen
from inspector_app.screens.start_forms import ConnectForm
from inspector_app.sources import opening
from tests.inspector_app.commands_line import WAIT_S
from tests.inspector_app.recordings import Recording
from tests.inspector_app.screens.pilots import RecordingEngine, Stage, live, running

NO_DIALOG = (MainScreen, HomeScreen)


def _ended(stage: Stage) -> bool:
    return stage.app.return_value == 0


@pytest.mark.parametrize("keys", [["c"], ["question_mark"], ["ctrl+p"], ["T"], ["colon"], ["H"]])
async def test_ctrl_q_quits_from_every_dialog_of_the_main_screen(tmp_path: Path, keys: list[str]) -> None:
    recording = Recording(tmp_path).connect().calls(1).commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.until(lambda: stage.view.connected)
        await stage.press(*keys)
        await stage.until(lambda: not isinstance(stage.app.screen, NO_DIALOG))
        await stage.pilot.press("ctrl+q")
        await stage.until(lambda: _ended(stage))


@pytest.mark.parametrize("keys", [[], ["c"], ["h"], ["o"]])
async def test_ctrl_q_quits_from_home_and_its_forms(keys: list[str]) -> None:
    async with running(InspectorApp()) as stage:
        await stage.until(lambda: isinstance(stage.app.screen, HomeScreen))
        await stage.press(*keys)
        await stage.until(lambda: isinstance(stage.app.screen, HomeScreen) is not bool(keys))
        await stage.pilot.press("ctrl+q")
        await stage.until(lambda: _ended(stage))


@pytest.mark.parametrize("keys", [[], ["c"], ["question_mark"]])
async def test_ctrl_c_says_how_to_quit_when_nothing_is_selected(tmp_path: Path, keys: list[str]) -> None:
    recording = Recording(tmp_path).connect().commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.until(lambda: stage.view.connected)
        await stage.press(*keys, "ctrl+c")
        await stage.until(lambda: any("Ctrl+Q quits" in toast for toast in stage.toasts))
        assert not isinstance(stage.app.screen, CommandPalette)


async def test_ctrl_c_in_a_field_copies_what_is_selected_and_says_nothing(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().commit()
    async with live(recording.path, RecordingEngine()) as stage:
        await stage.until(lambda: stage.view.connected)
        await stage.press("c")
        await stage.type("buy")
        await stage.press("shift+home", "ctrl+c")
        assert stage.app.clipboard == "buy"
        assert stage.toasts == []


async def test_what_is_merely_told_covers_the_newest_rows_for_two_seconds_at_most() -> None:
    async with running(InspectorApp()) as stage:
        await stage.until(lambda: isinstance(stage.app.screen, HomeScreen))
        notify(stage.app, "Copied.")
        await stage.until(lambda: stage.toasts)
        (note,) = stage.app._notifications
        assert note.timeout <= 2


async def test_a_form_that_opens_while_the_app_ends_is_too_late_and_no_defect() -> None:
    app = InspectorApp()
    async with running(app) as stage:
        await stage.until(lambda: isinstance(app.screen, HomeScreen))
        app.exit(0)
        await app.push_screen(ConnectForm({}))
    assert app.return_code == 0
    assert [type(error) for error in app.too_late] == [NoMatches]


@pytest.mark.parametrize("error", [MountError("late"), WorkerFailed(NoMatches("late"))])
async def test_what_is_mounted_or_looked_for_beside_while_the_app_ends_is_no_defect(error: Exception) -> None:
    app = InspectorApp()
    async with running(app) as stage:
        await stage.until(lambda: isinstance(app.screen, HomeScreen))
        app.exit(0)
        app._handle_exception(error)
    assert (app.return_code, app.too_late) == (0, [error])


async def test_a_widget_that_is_missing_before_the_app_ends_is_a_defect() -> None:
    app = InspectorApp()

    async def look_for_what_is_not_there() -> None:
        async with running(app) as stage:
            await stage.until(lambda: isinstance(app.screen, HomeScreen))
            app.call_later(app.screen.query_one, "#nowhere")
            await stage.rest()

    with pytest.raises(NoMatches):
        await look_for_what_is_not_there()
    assert app.too_late == []


async def test_an_import_is_given_up_when_the_app_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, given_up = threading.Event(), threading.Event()

    def endless(_: Path, progress: Callable[[int, int], None]) -> Path:
        begun.set()
        try:
            while not given_up.wait(0.001):
                progress(1, 2)
        except Cancelled:
            given_up.set()
            raise
        raise CaptureError("The test has ended.")

    monkeypatch.setattr(opening, "capture_from", endless)
    app = InspectorApp()
    async with running(app) as stage:
        await stage.until(lambda: isinstance(app.screen, HomeScreen))
        app._open(tmp_path / "frames.jsonl")
        await stage.until(begun.is_set)
    ended = await asyncio.to_thread(given_up.wait, WAIT_S)
    given_up.set()
    assert ended
