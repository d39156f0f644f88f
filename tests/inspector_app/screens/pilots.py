"""Running the app in a test: looking at what it draws, waiting for what it will draw."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from inspector_app.app import InspectorApp
from inspector_app.capture.reader import CaptureReader
from inspector_app.inspection import Inspection
from inspector_app.intents import ClientSpec, Done, EngineIntent, Intent, SourceSpec
from inspector_app.screens.main import MainScreen
from inspector_app.viewer.state import ViewState
from inspector_app.widgets.row_list import RowList

LIMIT_S = 30.0

SMALL = (80, 24)
LARGE = (160, 48)


class Stage:
    """An app that runs, and what a test does with it."""

    def __init__(self, app: InspectorApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def main(self) -> MainScreen:
        screen = next((each for each in self.app.screen_stack if isinstance(each, MainScreen)), None)
        assert screen is not None, "the main screen is not on"
        return screen

    @property
    def view(self) -> ViewState:
        return self.main.view

    @property
    def text(self) -> str:
        """What the top screen shows, line by line."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    def line(self, part: str) -> str:
        """The first line that holds `part`."""
        found = next((line for line in self.lines if part in line), None)
        assert found is not None, f"no line with {part!r} in:\n{self.text}"
        return found

    def rows(self, name: str) -> RowList:
        return self.main.query_one(f"#{name}", RowList)

    @property
    def toasts(self) -> list[str]:
        return [note.message for note in self.app._notifications]

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.rest()

    async def rest(self) -> None:
        """Let come about all that follows from what was: also what the main screen does on its next tick."""
        await self.pilot.pause()
        while self.app.type_ahead.is_busy:  # keys have their effect one after the other
            await self.pilot.pause()
        for screen in self.app.screen_stack:
            if isinstance(screen, MainScreen) and screen.is_mounted:
                screen._tick()
                await self.pilot.pause()

    async def type(self, text: str) -> None:
        names = {" ": "space", "{": "left_curly_bracket", "}": "right_curly_bracket", '"': "quotation_mark"}
        await self.press(*(names.get(character, character) for character in text))

    async def until(self, condition: Callable[[], object]) -> None:
        """Let the app run until something holds; fail, with what is on the screen, if it never does.

        A screen that is being put together is not looked at.
        """
        deadline = asyncio.get_running_loop().time() + LIMIT_S
        while True:
            await self.rest()
            if self.app.screen.is_mounted and condition():
                return
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"it never came about; on the screen:\n{self.text}\n{self.toasts}")
            await asyncio.sleep(0.01)

    async def until_shown(self, *parts: str) -> None:
        await self.until(lambda: all(part in self.text for part in parts))


@asynccontextmanager
async def running(app: InspectorApp, size: tuple[int, int] = SMALL) -> AsyncIterator[Stage]:
    async with app.run_test(size=size, notifications=True) as pilot:
        yield Stage(app, pilot)


@asynccontextmanager
async def opened(capture: Path, size: tuple[int, int] = SMALL) -> AsyncIterator[Stage]:
    """A finished capture on the main screen."""
    async with running(InspectorApp(None, capture, None), size) as stage:
        await stage.until(lambda: any(isinstance(each, MainScreen) for each in stage.app.screen_stack))
        await stage.until(lambda: "FILE" in stage.text)
        yield stage


class RecordingEngine:
    """Stands where an engine does: takes intents and keeps them. Tests with a real one are in `test_live`."""

    on_problem: Callable[[str, str], None] | None = None
    on_moved: Callable[[str], None] | None = None
    on_exit: Callable[[str], None] | None = None
    stays = False

    def __init__(self) -> None:
        self.intents: list[Intent | EngineIntent] = []
        self.answer = Done()
        self.stopped = False

    async def perform(self, intent: Intent | EngineIntent) -> Done:
        self.intents.append(intent)
        return self.answer

    async def stop(self) -> None:
        self.stopped = True


@asynccontextmanager
async def live(
    capture: Path, engine: RecordingEngine, size: tuple[int, int] = SMALL, spec: SourceSpec | None = None
) -> AsyncIterator[Stage]:
    """A capture that a test writes, on the main screen of an app that takes it for live."""
    app = InspectorApp()
    async with running(app, size) as stage:
        inspection = Inspection.of(spec or ClientSpec(url="ws://127.0.0.1:8765"))
        inspection._listen_to(engine)
        inspection.view.attach(CaptureReader(capture))
        inspection.view.engine_is("running", time.time_ns())
        app._look_at(inspection)
        await stage.until(lambda: isinstance(app.screen, MainScreen))
        await stage.rest()
        yield stage
