"""A run without a screen: the same pipeline, with lines on stdout in place of widgets.

Owns the lines, when the run ends, and its exit code. A line is printed only once its record is committed, so
whatever was printed is in the capture, even if this process is killed. A slow reader of stdout holds up
the lines and nothing else: they are read from the capture, not from the wire.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import os
import signal
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

import click

from inspector_app.capture.jsonl_out import (
    connection_line,
    event_line,
    frame_line,
    header_line,
    operations_line,
)
from inspector_app.capture.records import (
    ConnectionRow,
    FindingRow,
    FrameRow,
    NoteRow,
    SettledRow,
    StateRow,
)
from inspector_app.capture.store import CaptureError, CaptureReader
from inspector_app.display.formats import clock, count, size
from inspector_app.display.inert import inert
from inspector_app.engine.recording import Recording
from inspector_app.engine.tail import Described, Item, Tail
from inspector_app.intents import ServerSpec
from inspector_app.sources.failures import FAILED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from inspector_app.capture.records import Batch
    from inspector_app.intents import SourceSpec

OK = 0
_ENDED = {"CLOSED", "LOST"}
_NOT_A_FRAME = "(no frame)"
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


# -- lines ------------------------------------------------------------------------------------------------


class TextLines:
    """One readable line a record: time, direction, type, exchange, operation, size, summary."""

    def __init__(self, reader: CaptureReader, *, colour: bool) -> None:
        self._reader = reader
        self._colour = colour

    def first(self) -> list[str]:
        """Give what stands above all records: nothing."""
        return []

    def of(self, item: Item) -> list[str]:
        """Give the lines for one row."""
        match item:
            case (row, _):
                return [self._frame(row)]
            case StateRow():
                return [self._event(item.time_ns, _state_text(item))]
            case NoteRow():
                return [self._event(item.time_ns, f"{item.level}: {item.text}")]
            case FindingRow():
                return [self._event(item.time_ns, f"finding: {item.text} ({item.rule}, {item.section})")]
            case SettledRow():
                return [self._event(item.time_ns, self._settled_text(item))]
            case _:
                return []

    def _frame(self, row: FrameRow) -> str:
        kind = row.type or _NOT_A_FRAME
        exchange = "" if row.exchange is None else f"#{row.exchange}"
        line = (
            f"{clock(row.time_ns)}  {row.direction:<3}  {kind}{exchange.rjust(27 - len(kind))}"
            f"  {inert(row.operation or '-'):<16}  {size(row.size_bytes):>6}  {inert(row.summary)}"
        ).rstrip()
        if not self._colour:
            return line
        colour = "red" if row.type in {"error", None} else "cyan" if row.direction == "in" else "green"
        return click.style(line, fg=colour)

    def _event(self, time_ns: int, text: str) -> str:
        line = f"{clock(time_ns)}  --   {inert(text)}"
        return click.style(line, fg="yellow") if self._colour else line

    def _settled_text(self, row: SettledRow) -> str:
        exchange = self._reader.find_exchange(row.conn, row.opener, row.number)
        name = f"#{exchange.id}" if exchange else f"exchange {row.number}"
        return f"{name} ended here: {row.outcome}" + (f" ({row.message})" if row.message else "")


def _state_text(row: StateRow) -> str:
    because = ", ".join(
        part for part in (f"code {row.code}" if row.code is not None else "", row.reason) if part
    )
    return f"connection {row.conn}: {row.old} -> {row.new}" + (f" ({because})" if because else "")


class JsonLines:
    """The lines of a JSONL export, one object each."""

    def __init__(self, reader: CaptureReader) -> None:
        self._reader = reader

    def first(self) -> list[str]:
        """Give the header line."""
        return [json.dumps(header_line(self._reader))]

    def of(self, item: Item) -> list[str]:
        """Give the lines for one row; findings have none, they are derived again from the frames."""
        match item:
            case (row, raw):
                return [json.dumps(frame_line(row, raw))]
            case ConnectionRow():
                return [json.dumps(connection_line(item))]
            case Described():
                return [json.dumps(operations_line(item.connection, item.operations))]
            case FindingRow():
                return []
            case _:
                return [json.dumps(event_line(item))]


class Printer:
    """Prints what is committed, in a thread of its own, so that a slow stdout stops nothing but itself.

    `wake` is set whenever there may be more to print. `on_done` is called once, in that thread, when nothing
    more is to be printed: `frames` frames were, the connection has ended (with `until_ended`), or stdout or
    the capture is gone; `ended` and `problem` tell which.
    """

    def __init__(
        self,
        capture: Path,
        stdout: TextIO,
        *,
        wake: threading.Event,
        as_json: bool,
        frames: int | None,
        until_ended: bool,
        on_done: Callable[[], object],
    ) -> None:
        self._reader = CaptureReader(capture)
        self._tail = Tail(self._reader)
        self._lines = (
            JsonLines(self._reader) if as_json else TextLines(self._reader, colour=_may_colour(stdout))
        )
        self._stdout = stdout
        self._frames_left = frames
        self._until_ended = until_ended
        self._on_done = on_done
        self._wake = wake
        self._finishing = False
        self.ended: StateRow | None = None
        self.problem: str | None = None
        self._thread = threading.Thread(target=self._run, name="printer", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Print what is left and close the capture. Blocks for as long as stdout does."""
        self._finishing = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._print(self._lines.first())
            while self._print_all() and not self._finishing:
                self._wake.wait()
                self._wake.clear()
            if self._finishing:
                self._print_all()
        except BrokenPipeError:
            _forget(self._stdout)
        except OSError as error:
            self.problem = f"Cannot write to stdout: {error.strerror or error}."
            _forget(self._stdout)
        except CaptureError as error:
            self.problem = str(error)
        finally:
            self._reader.close()
            self._on_done()

    def _print_all(self) -> bool:
        """Print all that is there; False when nothing more is wanted."""
        while items := self._tail.read():
            lines: list[str] = []
            for item in items:
                if not self._wanted(item):
                    self._print(lines)
                    return False
                lines += self._lines.of(item)
            self._print(lines)
            if self.ended is not None:
                return False
        return True

    def _wanted(self, item: Item) -> bool:
        """Whether to print a row; takes note of what decides about the rows behind it."""
        if self._frames_left == 0:
            return False
        if isinstance(item, tuple):
            if self._frames_left is not None:
                self._frames_left -= 1
        elif isinstance(item, StateRow) and item.new in _ENDED and self._until_ended and not self._finishing:
            self.ended = item
        return True

    def _print(self, lines: list[str]) -> None:
        if lines:
            self._stdout.write("\n".join(lines) + "\n")
            self._stdout.flush()


def _may_colour(stdout: TextIO) -> bool:
    return stdout.isatty() and "NO_COLOR" not in os.environ


def _forget(stdout: TextIO) -> None:
    """Let the interpreter's last flush go nowhere: who read stdout is gone, or has no room."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stdout.fileno())
        os.close(nowhere)


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
            types.update(row.type or _NOT_A_FRAME for row, _ in batch.frames)
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
        _summarise(self.capture, types, took_s)
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


def _summarise(capture: Path, types: Counter[str], took_s: float) -> None:
    """Say what the capture holds; nothing of one that is empty or gone, which was said before."""
    try:
        reader = CaptureReader(capture)
        totals = reader.totals()
        reader.close()
    except CaptureError:
        return
    if not totals.frames:
        return
    say(
        f"{_many(totals.frames, 'frame')} in {took_s:.1f} s: {count(totals.frames_in)} in "
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


def say(text: str) -> None:
    """Say one sentence on stderr; text from the wire in it is made harmless."""
    with contextlib.suppress(OSError):  # nobody is left to hear it
        click.echo(f"slipstream-inspector: {inert(text)}", err=True)


def _say_problem(_: object, text: str) -> None:
    say(text)


def _say_loop_error(_: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    error = context.get("exception")
    say(f"{context.get('message', 'A task failed')}{f': {type(error).__name__}: {error}' if error else ''}.")


class _OneLine(logging.Handler):
    """Log records as sentences: no traceback, nothing that could drive a terminal, nothing twice."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said: set[str] = set()
        self.unsaid = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Say it on stderr. Findings are lines of their own already."""
        if record.name == "slipstream" and record.module == "taps":
            return
        error = record.exc_info[1] if record.exc_info else None
        told = record.getMessage() + (f": {type(error).__name__}: {error}" if error else "")
        if told in self._said or len(self._said) >= _LOG_LINES:
            self.unsaid += 1
            return
        self._said.add(told)
        say(told)


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
