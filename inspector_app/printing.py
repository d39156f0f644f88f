"""A growing capture as lines of text: what they look like, and the thread that prints them.

Owns the two forms of a line and when nothing more is to be printed. It reads the capture and never the wire,
so a slow reader of stdout holds up the lines and nothing else, and whatever was printed is on disk.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from typing import TYPE_CHECKING, TextIO

import click

from inspector_app.capture.formats.jsonl_out import (
    connection_line,
    event_line,
    finding_line,
    frame_line,
    header_line,
    operations_line,
)
from inspector_app.capture.matching import Finder
from inspector_app.capture.records import (
    ConnectionRow,
    FindingRow,
    FrameRow,
    NoteRow,
    SettledRow,
    StateRow,
)
from inspector_app.capture.store import CaptureError, CaptureReader
from inspector_app.display.formats import clock, size
from inspector_app.display.inert import inert
from inspector_app.engine.tail import Described, Item, Tail

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inspector_app.capture.filter import Filter

NOT_A_FRAME = "(no frame)"
"""Stands where the type of a frame would, for a message that is none."""

_ENDED = {"CLOSED", "LOST"}


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
        kind = row.type or NOT_A_FRAME
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
        return [json.dumps(header_line(self._reader.meta()))]

    def of(self, item: Item) -> list[str]:
        """Give the lines for one row."""
        match item:
            case (row, raw):
                return [json.dumps(frame_line(row, raw))]
            case ConnectionRow():
                return [json.dumps(connection_line(item))]
            case Described():
                return [json.dumps(operations_line(item.connection, item.operations))]
            case FindingRow():
                return [json.dumps(finding_line(item))]
            case _:
                return [json.dumps(event_line(item))]


class Printer:
    """Prints what is committed, in a thread of its own, so that a slow stdout stops nothing but itself.

    `wake` is set whenever there may be more to print. `on_done` is called once, in that thread, when nothing
    more is to be printed: `frames` frames were, the connection has ended (with `until_ended`), or stdout or
    the capture is gone; `ended` and `problem` tell which. With a filter there are lines for the frames that
    fit and for nothing else, and `frames` counts these.
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
        filter_: Filter | None = None,
    ) -> None:
        self._reader = CaptureReader(capture)
        self._finder = Finder(capture, filter_, now_ns=time.time_ns) if filter_ else None
        self._tail = Tail(self._reader)
        self._lines = (
            JsonLines(self._reader) if as_json else TextLines(self._reader, colour=_may_colour(stdout))
        )
        self._stdout = stdout
        self._frames_wanted = frames
        self._until_ended = until_ended
        self._on_done = on_done
        self._wake = wake
        self._finishing = False
        self.frames_printed = 0
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
            forget(self._stdout)
        except OSError as error:
            self.problem = f"Cannot write to stdout: {error.strerror or error}."
            forget(self._stdout)
        except CaptureError as error:
            self.problem = str(error)
        finally:
            self._reader.close()
            if self._finder is not None:
                self._finder.close()
            self._on_done()

    def _print_all(self) -> bool:
        """Print all that is there; False when nothing more is wanted."""
        while not self._enough and (items := self._tail.read()):
            lines: list[str] = []
            fits = self._fitting(items)
            for item in items:
                if not fits(item):
                    continue
                if not self._wanted(item):
                    self._print(lines)
                    return False
                lines += self._lines.of(item)
            self._print(lines)
            if self.ended is not None:
                return False
        return not self._enough

    def _fitting(self, items: list[Item]) -> Callable[[Item], bool]:
        """Give what tells which of these rows to print, as far as the filter goes."""
        finder, seqs = self._finder, [item[0].seq for item in items if isinstance(item, tuple)]
        if finder is None:
            return lambda _: True
        finder.refresh()
        found = set(finder.find(seqs[0], seqs[-1])) if seqs else set()
        return lambda item: item[0].seq in found if isinstance(item, tuple) else self._notes_end(item)

    def _notes_end(self, item: Item) -> bool:
        """Take note of the connection's end, of which a filter lets no line through."""
        if isinstance(item, StateRow):
            self._wanted(item)
        return False

    @property
    def _enough(self) -> bool:
        return self.frames_printed == self._frames_wanted

    def _wanted(self, item: Item) -> bool:
        """Whether to print a row; takes note of what decides about the rows behind it."""
        if self._enough:
            return isinstance(item, FindingRow)  # of the last frame
        if isinstance(item, tuple):
            self.frames_printed += 1
        elif isinstance(item, StateRow) and item.new in _ENDED and self._until_ended and not self._finishing:
            self.ended = item
        return True

    def _print(self, lines: list[str]) -> None:
        if lines:
            self._stdout.write("\n".join(lines) + "\n")
            self._stdout.flush()


def _may_colour(stdout: TextIO) -> bool:
    return stdout.isatty() and "NO_COLOR" not in os.environ


def forget(stdout: TextIO) -> None:
    """Let the interpreter's last flush go nowhere: who read stdout is gone, or has no room."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stdout.fileno())
        os.close(nowhere)
