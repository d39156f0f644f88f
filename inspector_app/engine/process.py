"""The engine process: reads what to do from stdin, does it until stdin ends, and leaves a whole capture.

Its stdin is its lifeline: a viewer holds the other end, so the engine ends when the viewer does, however it
ended, unless it was asked to stay. Nothing of what it is told is ever on a command line.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from inspector_app.capture.errors import CaptureError
from inspector_app.engine.log_notes import noting_warnings
from inspector_app.engine.reachable import reachable
from inspector_app.engine.recording import Recording
from inspector_app.engine.wire import Failed, Ready, WireError, decode_start, encode_answer
from inspector_app.loop import run_loop
from inspector_app.sources.failures import BAD_USAGE, FAILED, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from inspector_app.engine.control import Control
    from inspector_app.engine.reachable import Reachable
    from inspector_app.engine.recorder import Level
    from inspector_app.engine.wire import Start
    from inspector_app.intents import EngineIntent, Intent

_STDIN, _STDOUT, _STDERR = 0, 1, 2
_CHUNK = 65_536


def main() -> int:
    """Run one engine; gives the exit code."""
    # Whatever a handler prints must not mix with the one line that the viewer waits for.
    answer_to = os.dup(_STDOUT)
    os.dup2(_STDERR, _STDOUT)
    try:
        start = decode_start(_read_line())
    except WireError as error:
        _answer(answer_to, Failed(text=f"The engine was not told what to do: {error}.", exit_code=BAD_USAGE))
        return BAD_USAGE
    return run_loop(_Engine(start, answer_to).run())


def _read_line() -> bytes:
    line = bytearray()
    while not line.endswith(b"\n") and (more := os.read(_STDIN, _CHUNK)):
        line += more
    return bytes(line)


def _answer(descriptor: int, answer: Ready | Failed) -> None:
    os.write(descriptor, encode_answer(answer))
    os.close(descriptor)


def _forget_viewer() -> None:
    """Have what handlers print go nowhere: nobody reads it any more, and writing to nobody raises."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (_STDOUT, _STDERR):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


class _Engine:
    def __init__(self, start: Start, answer_to: int) -> None:
        self._start = start
        self._answer_to = answer_to
        self._over = asyncio.Event()
        self._reach: Reachable | None = None
        self._stay = start.stay
        self._viewer_gone = False
        self._ended = threading.Event()

    async def run(self) -> int:
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            self._loop.add_signal_handler(number, self._over.set)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the viewer, which closes stdin
        threading.Thread(target=self._watch_stdin, name="lifeline", daemon=True).start()
        try:
            recording = await Recording.begin(
                self._start.spec, self._start.capture, on_problem=self._problem_from_recorder
            )
        except SourceError as failure:
            return self._fail(failure.text, failure.exit_code)
        except CaptureError as error:
            return self._fail(str(error), FAILED)
        try:
            # Nobody reads a log of this process.
            with noting_warnings(recording.recorder.put):
                reaching = reachable(recording, self._start.spec, self._start.token, self)
                async with reaching as self._reach:
                    _answer(self._answer_to, self._ready(recording, self._reach.control))
                    await self._over.wait()
                await recording.stop()
        finally:
            await recording.end()
            self._ended.set()
        return 0

    # -- what viewers ask of it ---------------------------------------------------------------------------

    @property
    def stay(self) -> bool:
        """Whether it runs on when the viewer that started it has ended."""
        return self._stay

    def set_stay(self, on: bool) -> None:
        """Run on then, or do not; tell every viewer."""
        self._stay = on
        if self._reach is not None:
            self._reach.control.push_stays(on)
        if self._viewer_gone and not on:
            self.end()

    def end(self) -> None:
        """End in good order; by force, if a handler does not let it."""
        threading.Thread(target=self._see_to_the_end, name="ending", daemon=True).start()
        self._over.set()

    def moved(self, capture: Path) -> None:
        """Take note that recording goes on in `capture`, and tell every viewer."""
        if self._reach is not None:
            self._reach.moved(capture)

    def refuses(self, intent: Intent | EngineIntent) -> None:
        """Nothing is refused: who started it asks, or who was let in to take part."""

    def _ready(self, recording: Recording, control: Control) -> Ready:
        return Ready(
            control_url=control.url, capture=str(recording.capture), address=recording.source.address
        )

    def _fail(self, text: str, exit_code: int) -> int:
        self._ended.set()
        _answer(self._answer_to, Failed(text=text, exit_code=exit_code))
        return exit_code

    def _problem_from_recorder(self, level: Level, text: str) -> None:
        self._loop.call_soon_threadsafe(self._push, level, text)

    def _push(self, level: Level, text: str) -> None:
        if self._reach is not None:
            self._reach.control.push_problem(level, text)

    def _watch_stdin(self) -> None:
        """Wait for the end of stdin; then end, unless that is not wanted."""
        while os.read(_STDIN, _CHUNK):
            pass
        if self._stay:
            _forget_viewer()
            self._call_on_loop(self._viewer_ended)
        else:
            self._call_on_loop(self._over.set)
            self._see_to_the_end()

    def _viewer_ended(self) -> None:
        self._viewer_gone = True
        if not self._stay:
            self.end()

    def _call_on_loop(self, what: Callable[[], object]) -> None:
        if not self._ended.is_set():
            self._loop.call_soon_threadsafe(what)

    def _see_to_the_end(self) -> None:
        in_order = self._ended.wait(self._start.ending_limit_s)
        if in_order:
            time.sleep(
                self._start.ending_limit_s
            )  # what a handler left in a thread may still hold the process
        try:
            print("The engine did not end by itself.", file=sys.stderr)  # noqa: T201 - its log
        finally:  # who reads the log may be gone too, and then printing raises
            os._exit(0 if in_order else FAILED)
