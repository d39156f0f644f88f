"""When a run without a screen ends: a signal, its time, what went by, and by force if it does not react.

Owns the signal handlers and the thread that watches over the end. A hosted handler is code of somebody else
and may block the event loop or the process for ever; asking it to end must not be in vain. It stops nothing
itself: it says when, and what is to be done by force is given to it.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from inspector_app.capture.records import FrameSeen, HandshakeSeen, StateChanged
from inspector_app.sources.failures import FAILED
from inspector_app.sources.stages import from_handshake
from inspector_app.stderr import say

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from types import FrameType

    from inspector_app.capture.records import Record
    from inspector_app.sources.stages import Stage

REACTION_S = 3.0
"""Longest time for which an event loop that was asked to end may do nothing else."""

FORCE_S = 5.0
"""Longest time for saving what can be saved by force."""

RECOVERY_S = 2.0
"""How long a capture that cannot be written is waited for when there will be no more to write."""

_PULSE_S = 0.5

_ENDED = {"CLOSED", "LOST"}


class Ending:
    """The end of one run, from before its event loop exists until after it is closed.

    The first SIGINT, SIGTERM or SIGHUP asks for the end; a second one kills, as if nobody handled it. Once
    the end is asked for and the loop does not react for `REACTION_S`, `by_force` is called in another thread
    and the process ends. To be made and used in the main thread.
    """

    def __init__(self) -> None:
        self.by_force: Callable[[], object] = _nothing
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None
        self._timer: threading.Timer | None = None
        self._asked = threading.Event()
        self._ended = threading.Event()
        self._code: int | None = None
        self._before = {number: signal.signal(number, self._on_signal) for number in _signals()}
        threading.Thread(target=self._watch, name="ending", daemon=True).start()

    @property
    def asked(self) -> bool:
        """Whether a signal came or the time is over."""
        return self._asked.is_set()

    def sets(self, over: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
        """Have `over` set, on its loop, when the end is asked for."""
        self._over, self._loop = over, loop
        if self.asked:
            over.set()

    def ask(self) -> None:
        """Ask for the end; from any thread."""
        self._asked.set()
        if self._over is not None:
            self._call_on_loop(self._over.set)

    def ask_after(self, seconds: float) -> None:
        """Ask for the end after so many seconds, whatever the loop is doing then."""
        self._timer = threading.Timer(min(seconds, threading.TIMEOUT_MAX), self.ask)
        self._timer.daemon = True
        self._timer.start()

    def exits_with(self, code: int) -> None:
        """Take note of the exit code: all is saved, and what is still running is not worth waiting for."""
        self._code = code
        self._asked.set()

    def done(self) -> None:
        """Give the signals back, unless one came; nothing is done by force any more."""
        self._ended.set()
        self._asked.set()
        if self._timer is not None:
            self._timer.cancel()
        for number, before in self._before.items():
            if signal.getsignal(number) == self._on_signal:
                signal.signal(number, before)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        for number in self._before:
            signal.signal(number, signal.SIG_DFL)  # whoever asks a second time wants it to end at once
        self.ask()

    def _call_on_loop(self, what: Callable[[], object]) -> None:
        with suppress(RuntimeError):  # the loop is closed, so the run has ended
            if self._loop is not None:
                self._loop.call_soon_threadsafe(what)

    # -- the thread ---------------------------------------------------------------------------------------

    def _watch(self) -> None:
        self._asked.wait()
        while self._loop_reacts():
            if self._ended.wait(_PULSE_S):
                return
        self._end_by_force()

    def _loop_reacts(self) -> bool:
        """Whether the loop does anything else within its time, or the run has ended."""
        if self._code is not None or self._ended.is_set():
            return self._ended.wait(REACTION_S)
        pulse = threading.Event()
        self._call_on_loop(pulse.set)
        return pulse.wait(REACTION_S) or self._ended.is_set()

    def _end_by_force(self) -> None:
        code = self._code
        if code is None:
            code = FAILED
            say("Something in this process does not let it go on (a handler?), so it is ended by force.")
            saving = threading.Thread(target=self.by_force, name="saving", daemon=True)
            saving.start()
            saving.join(FORCE_S)
        os._exit(code)


def _nothing() -> None:
    pass


def _signals() -> list[signal.Signals]:
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as `nohup` has it
        numbers.append(signal.SIGHUP)
    return numbers


class Passing:
    """Looks at records on their way to the recorder, for what must be known though it cannot be recorded.

    A run that ends with its connection, or after so many frames, waits until they are on disk. `over` is set
    when that would be for ever: all that is wanted went by, and nothing can be written for a while. For
    the event loop's thread.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        over: asyncio.Event,
        *,
        until_ended: bool,
        frames: int | None,
        recovery_s: float = RECOVERY_S,
    ) -> None:
        self._loop = loop
        self._over = over
        self._until_ended = until_ended
        self._frames_wanted = frames
        self._recovery_s = recovery_s
        self._frames = 0
        self._failing = False
        self.connected = False
        """Whether a connection ever came about."""
        self.ended: StateChanged | None = None
        """How the connection ended, in a run that ends with it."""
        self.stages: tuple[Stage, ...] = ()
        """How far a connection got that did not come about, or that ended before its first frame."""

    @property
    def in_vain(self) -> bool:
        """Whether all that is wanted went by, and cannot be written."""
        enough = self._frames_wanted is not None and self._frames >= self._frames_wanted
        return self._failing and (enough or self.ended is not None)

    def see(self, record: Record) -> None:
        """Look at one record."""
        if isinstance(record, FrameSeen):
            self._frames += 1
            if self._frames == self._frames_wanted:
                self._end_if_in_vain()
        elif isinstance(record, HandshakeSeen):
            self.stages = from_handshake(record.handshake)
        elif isinstance(record, StateChanged):
            self.connected = self.connected or record.new == "CONNECTED"
            if record.new in _ENDED and self._until_ended:
                self.ended = record
                self._end_if_in_vain()

    def writing_fails(self, fails: bool) -> None:
        """Take note that the capture cannot be written now, or can again."""
        self._failing = fails
        self._end_if_in_vain()

    def _end_if_in_vain(self) -> None:
        if self.in_vain:
            self._loop.call_later(self._recovery_s, self._end_if_still_in_vain)

    def _end_if_still_in_vain(self) -> None:
        if self.in_vain:
            self._over.set()
