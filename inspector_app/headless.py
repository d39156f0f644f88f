"""A run without a screen: the same pipeline, with lines on stdout in place of widgets.

Owns when the run ends, its exit code, and what is said on stderr. A line is printed only once its record is
committed (`printing`), so whatever was printed is in the capture, even if this process is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import signal
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from inspector_app.capture.store import CaptureError, CaptureReader
from inspector_app.display.formats import count, size
from inspector_app.engine.log_notes import exception_told, is_finding, told
from inspector_app.engine.recording import Recording
from inspector_app.intents import ServerSpec
from inspector_app.printing import NOT_A_FRAME, Printer
from inspector_app.sources.failures import FAILED
from inspector_app.stderr import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from inspector_app.capture.records import Batch, StateRow
    from inspector_app.intents import SourceSpec

OK = 0
_LOG_LINES = 100
"""Most different lines of the log that are said; a peer must not be able to flood stderr."""


def run_headless(
    spec: SourceSpec,
    *,
    capture: Path,
    as_json: bool = False,
    seconds: float | None = None,
    frames: int | None = None,
) -> int:
    """Run a source until it ends, is interrupted, or a limit is reached; give the exit code.

    Raises `SourceError` or `CaptureError` when it cannot begin.
    """
    run = _Run(spec=spec, capture=capture, as_json=as_json, seconds=seconds, frames=frames)
    with _logs_in_one_line():
        return asyncio.run(run.run())


# -- the run ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    spec: SourceSpec
    capture: Path
    as_json: bool
    seconds: float | None
    frames: int | None

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        over, committed = asyncio.Event(), threading.Event()
        types: Counter[str] = Counter()

        def on_commit(batch: Batch) -> None:
            types.update(row.type or NOT_A_FRAME for row, _ in batch.frames)
            committed.set()

        loop.set_exception_handler(_say_loop_error)
        _end_on_signals(loop, over)
        recording = await Recording.begin(
            self.spec, self.capture, on_commit=on_commit, on_problem=_say_problem
        )
        began = time.monotonic()
        try:
            printer = Printer(
                self.capture,
                _stdout(),
                wake=committed,
                as_json=self.as_json,
                frames=self.frames,
                until_ended=not isinstance(self.spec, ServerSpec),
                on_done=lambda: loop.call_soon_threadsafe(over.set),
            )
            if self.seconds is not None:
                loop.call_later(self.seconds, over.set)
            await over.wait()
            ended, took_s = printer.ended, time.monotonic() - began
            await recording.stop()
            # Before the capture is closed: a reader that has it open would keep its log beside it.
            await asyncio.to_thread(printer.finish)
        finally:
            await recording.end()
        code = _report(recording, printer, ended)
        _summarise(self.capture, types, took_s, printed=printer.frames_printed if self.frames else None)
        return code


def _stdout() -> TextIO:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a narrow encoding is no reason to end
    return sys.stdout


def _end_on_signals(loop: asyncio.AbstractEventLoop, over: asyncio.Event) -> None:
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as `nohup` has it
        numbers.append(signal.SIGHUP)

    def end() -> None:
        over.set()
        for number in numbers:
            # Whoever asks a second time wants it to end at once.
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in numbers:
        loop.add_signal_handler(number, end)


def _report(recording: Recording, printer: Printer, ended: StateRow | None) -> int:
    """Say on stderr how it went, and give the exit code."""
    failures = []
    if ended is not None:
        say(_ending_text(ended))
        failures.append(ended.new == "LOST")
    if printer.problem is not None:
        say(printer.problem)
        failures.append(True)
    recorder = recording.recorder
    if recorder.unsaved:
        why = recorder.failing or "They came faster than they could be written."
        say(f"Not in the capture: {_many(recorder.unsaved, 'record')}. {why}")
        failures.append(True)
    return FAILED if any(failures) else OK


def _summarise(capture: Path, types: Counter[str], took_s: float, *, printed: int | None) -> None:
    """Say what the capture holds; nothing of one that is empty or gone, which was said before.

    `printed`: how many frames were, if there was a limit; what came until the end is recorded all the same.
    """
    try:
        reader = CaptureReader(capture)
        totals = reader.totals()
        reader.close()
    except CaptureError:
        return
    if not totals.frames:
        return
    frames = _many(totals.frames, "frame")
    if printed is not None and printed != totals.frames:
        frames = f"{_many(printed, 'frame')} printed, {count(totals.frames)} recorded"
    say(
        f"{frames} in {took_s:.1f} s: {count(totals.frames_in)} in "
        f"({size(totals.bytes_in)}), {count(totals.frames_out)} out ({size(totals.bytes_out)})."
    )
    say(", ".join(f"{count(number)} {kind}" for kind, number in types.most_common()) + ".")
    say(
        f"{_many(totals.requests, 'request')} ({count(totals.requests_pending)} unanswered), "
        f"{_many(totals.streams, 'stream')} ({count(totals.streams_open)} open), "
        f"{_many(totals.findings, 'finding')}."
    )
    say(f"Recorded in {capture}")


def _many(number: int, noun: str) -> str:
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def _ending_text(row: StateRow) -> str:
    if row.old == "CONNECTING":
        return row.reason
    how = "was lost" if row.new == "LOST" else "was closed"
    code = f" (code {row.code})" if row.code is not None else ""
    return f"The connection {how}{code}" + (f": {row.reason}" if row.reason else "") + "."


# -- stderr -----------------------------------------------------------------------------------------------


def _say_problem(_: object, text: str) -> None:
    say(text)


def _say_loop_error(_: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    error = context.get("exception")
    text = str(context.get("message", "A task failed"))
    say(f"{text}: {exception_told(error)}." if isinstance(error, BaseException) else f"{text}.")


class _OneLine(logging.Handler):
    """Log records as sentences: no traceback, nothing that could drive a terminal, nothing twice."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said: set[str] = set()
        self.unsaid = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Say it on stderr. Findings are lines of their own already."""
        if is_finding(record):
            return
        text = told(record)
        if text in self._said or len(self._said) >= _LOG_LINES:
            self.unsaid += 1
            return
        self._said.add(text)
        say(text)


@contextlib.contextmanager
def _logs_in_one_line() -> Iterator[None]:
    handler = _OneLine()
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        if handler.unsaid:
            say(f"{_many(handler.unsaid, 'further log line')} not shown.")
