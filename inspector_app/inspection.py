"""One world under inspection: the view of its capture and, when it is live, the engine behind it.

Owns the order in which engine, capture and view come and go, and is the viewer's only way to an engine. It
draws nothing; what an engine needs is imported only when one is started, which is after the first paint.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.in_use import Use, use
from inspector_app.intents import Done, EngineIntent, Intent, ServerSpec, SourceSpec
from inspector_app.viewer.frames import TimeMode
from inspector_app.viewer.state import ViewState
from inspector_app.viewer.world import World, at_address, world_of, world_of_engine, world_of_file

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader
    from inspector_app.engine.running import RunningEngine


_CLOSED_S = 2.0
"""Longest time that is waited for searches to end, before the capture is made one file."""


class InspectionFailed(Exception):  # noqa: N818 - the past tense of what happened, as EngineFailed is
    """It cannot begin. The text is one sentence for the user; `exit_code` is what the program exits with."""

    def __init__(self, text: str, exit_code: int = 1) -> None:
        super().__init__(text)
        self.text = text
        self.exit_code = exit_code


class Started(Protocol):
    """What is needed of `engine.wire.Ready`."""

    @property
    def address(self) -> str:
        """Where it connected to or listens, with the port that was really taken."""


class Engine(Protocol):
    """What is needed of a started `engine.link.EngineLink`, and of an `engine.attached.AttachedEngine`."""

    on_problem: Callable[[str, str], None] | None
    on_moved: Callable[[str], None] | None
    on_exit: Callable[[str], None] | None

    @property
    def stays(self) -> bool:
        """Whether it runs on when the viewer that started it ends."""

    async def perform(self, intent: Intent | EngineIntent) -> Done:
        """Have it do something."""

    async def stop(self) -> None:
        """End it."""


class Inspection:
    """A client, a server or a file, from its beginning to its end. Its parts belong to one event loop.

    `record` is the capture to write; without one it goes to the data folder. An engine that is to `stay` runs
    on when this ends. `on_news` hears what a person should read at once: a level (`info`, `warning`,
    `problem`) and a sentence.
    """

    def __init__(
        self,
        world: World,
        *,
        record: Path | None = None,
        stay: bool = False,
        time_mode: TimeMode = TimeMode.CLOCK,
    ) -> None:
        self.view = ViewState(world, time_mode=time_mode)
        self.on_news: Callable[[str, str], None] | None = None
        self._record = record
        self._stay = stay
        self._running: RunningEngine | None = None
        self._engine: Engine | None = None
        self._in_use: Use | None = None

    @classmethod
    def of(
        cls,
        spec: SourceSpec,
        *,
        record: Path | None = None,
        stay: bool = False,
        time_mode: TimeMode = TimeMode.CLOCK,
    ) -> Inspection:
        """Make the inspection of a source; `start` starts it."""
        return cls(world_of(spec), record=record, stay=stay, time_mode=time_mode)

    @classmethod
    def of_engine(
        cls, running: RunningEngine, *, control: bool = False, time_mode: TimeMode = TimeMode.CLOCK
    ) -> Inspection:
        """Make the inspection of what a running engine inspects, to look on or to take part (`control`)."""
        inspection = cls(world_of_engine(running.source, running.address), time_mode=time_mode)
        inspection._running = running
        inspection.view.looks_on = not control
        inspection.view.engine_is("starting", time.time_ns())
        return inspection

    @classmethod
    def of_file(cls, capture: Path, *, time_mode: TimeMode = TimeMode.CLOCK) -> Inspection:
        """Open a capture. Raises `CaptureError`."""
        reader, in_use = _opened(capture)
        try:
            world = world_of_file(capture, reader.meta().get("source"))
        except CaptureError:
            reader.close()
            in_use.end()
            raise
        inspection = cls(world, time_mode=time_mode)
        inspection._look_at(reader, in_use)
        return inspection

    async def start(self) -> None:
        """Start the engine and look at what it records; for a file, nothing. Raises `InspectionFailed`."""
        if self._running is None and self.view.world.spec is None:
            return
        from inspector_app.engine.link import EngineFailed

        try:
            if self._running is not None:
                await self._attach(self._running)
            elif self.view.world.spec is not None:
                await self._launch(self.view.world.spec)
        except EngineFailed as failure:
            raise InspectionFailed(failure.text, failure.exit_code) from failure
        except CaptureError as error:
            if self._engine is not None:
                await self._engine.stop()
            raise InspectionFailed(str(error)) from error
        self.view.engine_is("running", time.time_ns())

    async def _launch(self, spec: SourceSpec) -> None:
        from inspector_app.engine.link import EngineLink

        engine = EngineLink()
        self._listen_to(engine)
        capture = self._record or _new_capture(self.view.world.label)
        ready = await engine.start(spec, capture, stay=self._stay)
        self.view.world = at_address(self.view.world, ready.address)
        self._look_at(*_opened(capture))
        if isinstance(spec, ServerSpec) and spec.token and self.on_news is not None:
            self.on_news("info", "Clients come in with a token: u copies and shows the URL that has it.")

    async def _attach(self, running: RunningEngine) -> None:
        from inspector_app.engine.attached import AttachedEngine

        engine = AttachedEngine(running, control=not self.view.looks_on)
        self._listen_to(engine)
        self._look_at(*_opened(await engine.open()))

    def _listen_to(self, engine: Engine) -> None:
        engine.on_problem, engine.on_moved, engine.on_exit = self._problem, self._moved, self._exited
        self._engine = engine

    def _look_at(self, reader: CaptureReader, in_use: Use) -> None:
        self._in_use = in_use
        self.view.attach(reader)

    @property
    def attached(self) -> bool:
        """Whether another viewer started the engine."""
        return self._running is not None

    @property
    def leaves_engine(self) -> bool:
        """Whether there is an engine that runs on when this ends."""
        return self.view.engine == "running" and (self.attached or self.stays)

    @property
    def stays(self) -> bool:
        """Whether the engine runs on when the viewer that started it ends."""
        return self._engine is not None and self._engine.stays

    async def perform(self, intent: Intent | EngineIntent) -> Done:
        """Have the engine carry out an intent; `Done.error` says why it was not done."""
        if self._engine is None:
            return Done(error="This is a recorded capture: there is nobody to send to.")
        return await self._engine.perform(intent)

    async def close(self) -> None:
        """End the engine, which closes the capture in good order, unless it stays; let go of the file.

        What an engine left behind that has ended otherwise is made one file, as it would have done itself,
        and so is what a first mark has brought to the current format.
        """
        reader, records = self.view.reader, self.view.engine == "running" and self._engine is not None
        self.view.close()
        if self._engine is not None:
            await self._engine.stop()
        if self._in_use is not None:
            self._in_use.end()
        if reader is not None and not records:
            await asyncio.to_thread(self._tidy, reader.path)

    def _tidy(self, path: Path) -> None:
        from inspector_app.capture.tidying import tidy

        self.view.filtering.wait_closed(_CLOSED_S)
        tidy(path)

    def _problem(self, level: str, text: str) -> None:
        view = self.view
        if view.engine != "dead":
            advice = "" if view.looks_on else "Press U to record elsewhere. "
            view.problem = f"{advice}{text}" if level == "problem" else ""
        self._tell(level, text)

    def _moved(self, capture: str) -> None:
        """Look at the capture in which recording goes on; it holds all that the one before does."""
        try:
            reader, in_use = _opened(Path(capture))
        except CaptureError as error:
            self._tell("problem", str(error))
            return
        if self._in_use is not None:
            self._in_use.end()
        self._in_use = in_use
        self.view.move(reader)
        self._tell("info", f"Recording goes on in {capture}.")

    def _exited(self, reason: str) -> None:
        if self.attached:
            self.view.engine_is("none", time.time_ns())
            self._tell("warning", reason)
            return
        self.view.engine_is("dead", time.time_ns(), f"Press r to start again. {reason}")
        self._tell("problem", reason)

    def _tell(self, level: str, text: str) -> None:
        if self.on_news is not None:
            self.on_news(level, text)


def _opened(capture: Path) -> tuple[CaptureReader, Use]:
    """Open a capture that nobody is to remove meanwhile."""
    from inspector_app.capture.reader import CaptureReader

    in_use = use(capture)
    try:
        return CaptureReader(capture), in_use
    except CaptureError:
        in_use.end()
        raise


def _new_capture(label: str) -> Path:
    from inspector_app.capture.files import new_capture_path

    return new_capture_path(label)
