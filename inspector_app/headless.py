"""A run without a screen: the same pipeline, with lines on stdout in place of widgets.

Owns the order of things, the exit code, and what is said on stderr; `ending` says when it ends. A line is
printed only once its record is committed (`printing`), so whatever was printed is in the capture, even if
this process is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from inspector_app.capture.store import CaptureError, CaptureReader
from inspector_app.display.formats import count, size
from inspector_app.ending import Ending, Passing
from inspector_app.engine.log_notes import exception_told, is_finding, told
from inspector_app.engine.recording import Recording
from inspector_app.guests import Guests
from inspector_app.intents import ClientSpec, ServerSpec
from inspector_app.loop import run_loop
from inspector_app.printing import NOT_A_FRAME, Printer
from inspector_app.sources.address import with_token
from inspector_app.sources.failures import FAILED, SourceError
from inspector_app.sources.stages import lines
from inspector_app.stderr import say, say_below

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from inspector_app.capture.filter import Filter
    from inspector_app.capture.records import Batch, StateChanged, StateRow
    from inspector_app.engine.recorder import Level
    from inspector_app.intents import SourceSpec
    from inspector_app.sources.stages import Stage

OK = 0
FLUSH_S = 1.0
"""Longest time for writing what is left when the run did not end as it should."""

_LOG_LINES = 100
"""Most different lines of the log that are said; a peer must not be able to flood stderr."""


def run_headless(
    spec: SourceSpec,
    *,
    capture: Path,
    as_json: bool = False,
    seconds: float | None = None,
    frames: int | None = None,
    filter_: Filter | None = None,
) -> int:
    """Run a source until it ends, is interrupted, or a limit is reached; give the exit code.

    With a filter only the frames that fit are printed, and `frames` counts these; all are recorded.
    Raises `SourceError` or `CaptureError` when it cannot begin.
    """
    if sys.stdout is None:
        raise SourceError("Stdout is closed, so there is nowhere to print: let it go to a file.")
    threading.Thread(target=_remove_old_captures, name="retention", daemon=True).start()
    run = _Run(spec=spec, capture=capture, as_json=as_json, seconds=seconds, frames=frames, filter_=filter_)
    ending = Ending()
    try:
        with _logs_in_one_line():
            return run_loop(run.run(ending))
    except (SystemExit, KeyboardInterrupt, asyncio.CancelledError) as error:
        # Nobody here raises them: a handler can, and the loop lets them through.
        say(f"The run was ended from inside, by a handler: {exception_told(error)}.")
        return FAILED
    finally:
        ending.done()


def _remove_old_captures() -> None:
    """Do what the user has set for old captures; a script may be all that ever runs here."""
    from inspector_app import settings
    from inspector_app.capture.keeping import keep_of, remove_old

    removed = remove_old(keep_of(settings.load(settings.config_folder()).settings))
    for text in (removed.told, removed.problem):
        if text:
            say(text)


# -- the run ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    spec: SourceSpec
    capture: Path
    as_json: bool
    seconds: float | None
    frames: int | None
    filter_: Filter | None

    async def run(self, ending: Ending) -> int:
        code = FAILED
        try:
            code = await self._run(ending)
        finally:
            ending.exits_with(code)
        return code

    async def _run(self, ending: Ending) -> int:
        loop = asyncio.get_running_loop()
        over, committed = asyncio.Event(), threading.Event()
        until_ended = not isinstance(self.spec, ServerSpec)
        # With a filter nobody knows, before they are recorded, which frames count.
        limit = None if self.filter_ else self.frames
        passing = Passing(loop, over, until_ended=until_ended, frames=limit)
        types: Counter[str] = Counter()

        def on_commit(batch: Batch) -> None:
            types.update(row.type or NOT_A_FRAME for row in batch.named_frames())
            committed.set()

        def on_problem(level: Level, text: str) -> None:
            say(text)
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(passing.writing_fails, level == "problem")
                loop.call_soon_threadsafe(guests.told, level, text)

        guests = Guests(self.spec, ending)
        loop.set_exception_handler(_say_loop_error)
        ending.sets(over, loop)
        recording = await Recording.begin(
            self.spec, self.capture, on_commit=on_commit, on_problem=on_problem, on_record=passing.see
        )
        if isinstance(self.spec, ServerSpec) and self.spec.token:
            say(f"Clients come in by {with_token(recording.source.address, self.spec.token)}")
        began = time.monotonic()
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(recording.end)
            await stack.enter_async_context(guests.let_in(recording))
            printer = Printer(
                self.capture,
                _stdout(),
                wake=committed,
                as_json=self.as_json,
                frames=self.frames,
                filter_=self.filter_,
                until_ended=until_ended,
                on_done=lambda: loop.call_soon_threadsafe(over.set),
            )

            def report(took_s: float, ended: StateRow | StateChanged | None, unconnected: str) -> int:
                code = _report(recording, printer, ended, unconnected, passing.stages)
                printed = printer.frames_printed if self.frames or self.filter_ else None
                _summarise(self.capture, types, took_s, printed=printed)
                return code

            def save_by_force() -> None:
                guests.gone()
                recording.recorder.flush(FLUSH_S)
                printer.finish()
                recording.close()
                report(time.monotonic() - began, None, "")

            ending.by_force = save_by_force
            if self.seconds is not None:
                ending.ask_after(self.seconds)
            try:
                await over.wait()
                took_s = time.monotonic() - began
                ended = printer.ended or (passing.ended if passing.in_vain else None)
                unconnected = self._never_connected(recording, passing) if ending.asked else ""
                await recording.stop()
            finally:
                await asyncio.to_thread(recording.recorder.flush, FLUSH_S)
                # Before the capture is closed: a reader that has it open would keep its log beside it.
                await asyncio.to_thread(printer.finish)
        return report(took_s, ended, unconnected)

    def _never_connected(self, recording: Recording, passing: Passing) -> str:
        if not isinstance(self.spec, ClientSpec) or passing.connected or passing.ended is not None:
            return ""
        address = recording.source.address
        return f"There was no connection to {address} when the run ended: check host and port."


def _stdout() -> TextIO:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a narrow encoding is no reason to end
    return sys.stdout


def _report(
    recording: Recording,
    printer: Printer,
    ended: StateRow | StateChanged | None,
    unconnected: str,
    stages: tuple[Stage, ...],
) -> int:
    """Say on stderr how it went, and give the exit code."""
    failures = []
    if unconnected:
        say(unconnected)
        failures.append(True)
    if ended is not None:
        say(_ending_text(ended))
        say_below(lines(stages))
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

    `printed`: how many frames were, if not all; what came until the end is recorded all the same.
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


def _ending_text(row: StateRow | StateChanged) -> str:
    if row.old == "CONNECTING":
        return row.reason
    how = "was lost" if row.new == "LOST" else "was closed"
    code = f" (code {row.code})" if row.code is not None else ""
    return f"The connection {how}{code}" + (f": {row.reason}" if row.reason else "") + "."


# -- stderr -----------------------------------------------------------------------------------------------


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
