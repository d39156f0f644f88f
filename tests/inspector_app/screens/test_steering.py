"""The engine as seen from the main screen: recording elsewhere, staying, a second window that looks on."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.widgets import Input

from inspector_app import commands
from inspector_app.app import InspectorApp
from inspector_app.capture.reader import CaptureReader
from inspector_app.engine.link import EngineLink
from inspector_app.engine.running import RunningEngine, engines_of
from inspector_app.intents import DemoSpec, EndEngine, RecordElsewhere, Stay
from inspector_app.screens.help import HelpScreen
from inspector_app.screens.home import HomeScreen
from inspector_app.screens.main import MainScreen
from inspector_app.screens.prompts import Prompt
from tests.inspector_app.recordings import Recording
from tests.inspector_app.screens.pilots import LARGE, RecordingEngine, Stage, live, running


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[RunningEngine]:
    """A running engine of another viewer."""
    link, capture = EngineLink(), tmp_path / "one.capture"
    await link.start(DemoSpec(), capture)
    (running_engine,) = engines_of(capture)
    yield running_engine
    await link.stop()


@asynccontextmanager
async def attached(engine: RunningEngine, *, control: bool = False) -> AsyncIterator[Stage]:
    app = InspectorApp(attach=engine, control=control)
    async with running(app, LARGE) as stage:
        await stage.until(lambda: isinstance(app.screen, MainScreen))
        await stage.until(lambda: stage.view.engine == "running" and stage.view.connected)
        yield stage


async def test_a_window_that_looks_on_shows_live_traffic_and_offers_nothing_to_send(
    engine: RunningEngine,
) -> None:
    async with attached(engine) as stage:
        await stage.until(lambda: stage.view.totals.frames > 5)
        await stage.until_shown("CLIENT", "CONNECTED")
        now = stage.main.situation()
        asking = {
            each.name for each in commands.COMMANDS if each.group in ("Exchanges", "Connection", "Engine")
        }
        assert asking.isdisjoint({each.name for each in commands.footer("main", now)})
        assert "Send" not in stage.lines[-1]
        await stage.press("question_mark")
        await stage.until(lambda: isinstance(stage.app.screen, HelpScreen))
        assert "Reconnect" not in stage.text
        await stage.press("escape", "c")
        assert isinstance(stage.app.screen, MainScreen)
        assert stage.toasts == ["This viewer looks on: to take part, attach with --control."]


async def test_a_window_that_looks_on_leaves_without_asking_and_the_engine_lives_on(
    engine: RunningEngine,
) -> None:
    async with attached(engine) as stage:
        await stage.press("H")
        await stage.until(lambda: isinstance(stage.app.screen, HomeScreen))
    assert engine.alive


async def test_recording_goes_on_elsewhere_and_what_was_chosen_stays_chosen(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    after = tmp_path / "two.capture"
    app = InspectorApp(DemoSpec(), None, folder / "one.capture")
    async with running(app, LARGE) as stage:
        await stage.until(lambda: isinstance(app.screen, MainScreen))
        await stage.until(lambda: stage.view.engine == "running" and stage.view.totals.frames > 8)
        await stage.press("home", "down", "down")
        await stage.until(lambda: stage.view.selection.frame is not None)
        chosen = stage.view.selection.frame
        shutil.rmtree(folder)
        await stage.until_shown("Press U to record elsewhere")
        await stage.press("U")
        await stage.until(lambda: isinstance(app.screen, Prompt))
        app.screen.query_one(Input).value = str(after)
        await stage.press("enter")
        await stage.until(lambda: stage.view.reader is not None and stage.view.reader.path == after)
        await stage.until(lambda: stage.view.trouble == "")
        count = stage.view.totals.frames
        await stage.until(lambda: stage.view.totals.frames > count)
        assert stage.view.selection.frame == chosen
    reader = CaptureReader(after)
    assert reader.totals().connections_open == 0
    assert [row.seq for row in reader.frames(1, 9)] == list(range(1, 10))
    reader.close()


async def test_a_place_that_is_taken_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    taken, asked = tmp_path / "taken", RecordingEngine()
    taken.write_text("mine")
    recording = Recording(tmp_path).connect().commit()
    async with live(recording.path, asked, LARGE) as stage:
        await stage.press("U")
        await stage.until(lambda: isinstance(stage.app.screen, Prompt))
        for typed, told in ((taken, "exists already"), (tmp_path / "no" / "x", "There is no folder")):
            stage.app.screen.query_one(Input).value = str(typed)
            await stage.press("enter")
            await stage.until_shown(told)
        stage.app.screen.query_one(Input).value = str(tmp_path / "two.capture")
        await stage.press("enter")
        await stage.until(lambda: asked.intents)
    assert asked.intents == [RecordElsewhere(capture=str(tmp_path / "two.capture"))]


async def test_an_engine_is_told_to_stay_and_then_no_more(tmp_path: Path) -> None:
    asked = RecordingEngine()
    async with live(Recording(tmp_path).connect().commit().path, asked, LARGE) as stage:
        await stage.press("L")
        await stage.until(lambda: asked.intents == [Stay(on=True)])
        asked.stays = True
        await stage.press("L")
        await stage.until(lambda: asked.intents[1:] == [Stay(on=False)])
        await stage.press("H")
        await stage.until(lambda: isinstance(stage.app.screen, HomeScreen))
    assert EndEngine() not in asked.intents


async def test_a_running_engine_is_chosen_at_home(engine: RunningEngine) -> None:
    app = InspectorApp()
    async with running(app, LARGE) as stage:
        await stage.until(lambda: isinstance(app.screen, HomeScreen))
        await stage.press("a")
        await stage.until_shown("Attach to a running engine", "demo", "one.capture")
        await stage.press("enter")
        await stage.until(lambda: isinstance(app.screen, MainScreen))
        await stage.until(lambda: stage.view.engine == "running" and stage.view.looks_on)


async def test_where_no_engine_runs_it_is_said_at_home() -> None:
    async with running(InspectorApp()) as stage:
        await stage.until(lambda: isinstance(stage.app.screen, HomeScreen))
        await stage.press("a")
        await stage.until(lambda: any("No engine is running" in toast for toast in stage.toasts))
