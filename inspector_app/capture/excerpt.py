"""What is taken out of a capture: all of it or a part, as it is or redacted, in the order it happened.

Owns which rows belong to a selection, the order they come in, and that nothing leaves unredacted where
redaction is on: every format is written from an excerpt and from nothing else. It writes no format.
"""

from __future__ import annotations

import heapq
import json
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from inspector_app.capture import rows
from inspector_app.capture.errors import CaptureError
from inspector_app.capture.records import (
    ConnectionRow,
    FindingRow,
    NoteRow,
    OperationRow,
    SettledRow,
    StateRow,
)
from inspector_app.capture.redaction import Told

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader
    from inspector_app.capture.records import Direction, ExchangeRow
    from inspector_app.capture.redaction import Redactor

PORTION = 500
"""Most frames that are held at a time."""

_PORTION_BYTES = 8 * 1024 * 1024
_COLUMNS = (
    "seq, time_ns, conn, direction, type, opener, number, exchange, operation, size_bytes, latency_ns, "
    "findings, raw, binary"
)
Row = TypeVar("Row", StateRow, SettledRow, NoteRow, FindingRow)


class Frame(NamedTuple):
    """One frame of an excerpt. `seq` is its number in the capture; `size_bytes` is what the wire carried."""

    seq: int
    time_ns: int
    conn: int
    direction: Direction
    type: str | None
    opener: str | None
    number: int | None
    exchange: int | None
    operation: str | None
    size_bytes: int
    latency_ns: int | None
    findings: int
    raw: str | bytes
    """The message: `bytes` of a binary one."""


@dataclass(frozen=True, slots=True)
class Introduction:
    """A connection, before the first thing that happened on it, and what its peer told that it offers."""

    row: ConnectionRow
    operations: Sequence[OperationRow]


Event = StateRow | SettledRow | NoteRow
Item = Introduction | Event | Frame | FindingRow

Progress = Callable[[str, int, int], None]
"""Hears what is done (`looking` for secrets, or `writing`), how many frames of it, of how many.

What it raises ends the work: this is how it is cancelled.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which frames: those a filter takes, those of exchanges, those of these numbers; all, without any."""

    filter: str = ""
    exchanges: tuple[int, ...] = ()
    frames: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is left out."""
        return bool(self.filter.strip() or self.exchanges or self.frames)


EVERYTHING = Selection()


class Excerpt:
    """The frames of a selection and what belongs to them: connections, transitions, findings, notes.

    Of a capture being recorded, it is what is there now. With a selection, only connections that a selected
    frame went over are told of, only findings that a selected frame shows, and no notes on the whole. Raises
    `CaptureError` for a filter that is none, and for what the reader raises.
    """

    def __init__(
        self,
        reader: CaptureReader,
        selection: Selection = EVERYTHING,
        redactor: Redactor | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.selection = selection
        self._reader = reader
        self._redactor: Redactor | None = None
        self._progress = progress
        self._task = "writing"
        self._suspects = bytearray()
        self.total = reader.totals()
        self._conns: set[int] | None = None
        self._seqs: range | array[int] = range(1, self.total.frames + 1)
        if selection:
            self._seqs, self._conns = _selected(reader, selection, self.total.frames)
        if redactor is not None:
            self._look(redactor)

    @property
    def frames(self) -> int:
        """How many frames there are in it."""
        return len(self._seqs)

    @property
    def told(self) -> Told:
        """What was redacted so far."""
        return Told(on=False) if self._redactor is None else self._redactor.told()

    def meta(self) -> dict[str, object]:
        """Give what `CaptureReader.meta` does."""
        return self._values(self._reader.meta())

    # -- the items -----------------------------------------------------------------------------------------

    def portions(self) -> Iterator[list[Item]]:
        """Give everything in the order it happened, some at a time; a connection is introduced first."""
        introductions, events, findings = _Introductions(self), _Events(self), _Findings(self)
        last = 0
        for frames in self.frame_portions():
            items: list[Item] = []
            for frame in frames:
                items += introductions.before_each(events.up_to(frame.seq - 1))
                if introductions.waits_for(frame.conn):
                    items += introductions.before(frame.conn)
                items.append(frame)
                last = frame.seq
                if frame.findings:
                    items += findings.of(frame.seq)
            yield items
        rest = events.up_to(self.total.frames if self.selection else last)
        yield [*introductions.before_each(rest), *introductions.rest()]

    def frame_portions(self, seqs: Sequence[int] | None = None) -> Iterator[list[Frame]]:
        """Give the frames alone, some at a time; of these numbers, where they are given in rising order."""
        wanted = self._seqs if seqs is None else seqs
        done, count = 0, len(wanted)
        while done < count:
            found = self._read(wanted, done)
            if not found:
                raise _lacks(self._reader, wanted[done])
            done += len(found)
            yield found
            self._tell(done, count)

    def by_connection(self) -> Iterator[tuple[Introduction, Iterator[list[Frame]]]]:
        """Give each connection with its frames."""
        conns = [row.conn for row in self.connections()]
        waiting = {row.conn: row for row in self.connections()}
        done = 0
        for conn in conns:
            seqs = self._seqs_of(conn) if len(conns) > 1 else self._seqs
            introduction = Introduction(waiting[conn], self.operations(conn))
            yield introduction, self._frames_of(seqs, done)
            done += len(seqs)

    def _frames_of(self, seqs: Sequence[int], before: int) -> Iterator[list[Frame]]:
        done, count = 0, len(seqs)
        while done < count:
            found = self._read(seqs, done)
            if not found:
                raise _lacks(self._reader, seqs[done])
            done += len(found)
            yield found
            self._tell(before + done, self.frames)

    def _seqs_of(self, conn: int) -> array[int]:
        found: array[int] = array("q")
        statement = "SELECT seq FROM frames WHERE conn = ? AND seq <= ? ORDER BY seq"
        found.extend(
            rows.integer(values[0]) for values in self._reader.select(statement, (conn, self.total.frames))
        )
        if not self.selection:
            return found
        chosen = set(self._seqs)
        return array("q", (seq for seq in found if seq in chosen))

    def _read(self, seqs: Sequence[int], start: int) -> list[Frame]:
        where, parameters = _parameters(seqs[start : start + PORTION])
        found: list[rows.Values] = []
        size = 0
        for values in self._reader.select(f"SELECT {_COLUMNS} {where}", parameters):
            found.append(values)
            size += len(values[12]) if type(values[12]) in (str, bytes) else 0
            if size > _PORTION_BYTES:
                break
        return self._redacted(_frames(found, self._reader))

    def _tell(self, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress(self._task, done, total)

    # -- what belongs to them ------------------------------------------------------------------------------

    def connections(self) -> list[ConnectionRow]:
        """Give the connections that belong to it."""
        return [
            self._connection(row)
            for row in self._reader.connections()
            if self._conns is None or row.conn in self._conns
        ]

    def operations(self, conn: int) -> list[OperationRow]:
        """Give what the peer of a connection told that it offers."""
        found = self._reader.operations(conn)
        if self._redactor is None:
            return found
        text, value = self._redactor.text, self._redactor.value
        return [
            replace(
                row,
                name=text(row.name),
                doc=text(row.doc),
                params=value(row.params),
                returns=value(row.returns),
            )
            for row in found
        ]

    def exchange(self, number: int) -> ExchangeRow | None:
        """Give one exchange by its number in the capture."""
        row = self._reader.exchange(number)
        if row is None or self._redactor is None:
            return row
        text = self._redactor.text
        return replace(
            row,
            opener=text(row.opener),
            operation=None if row.operation is None else text(row.operation),
            code=None if row.code is None else text(row.code),
            message=text(row.message),
        )

    def _event(self, row: Event) -> Event:
        if self._redactor is None:
            return row
        text = self._redactor.text
        if isinstance(row, NoteRow):
            return replace(row, text=text(row.text))
        if isinstance(row, StateRow):
            return replace(row, old=text(row.old), new=text(row.new), reason=text(row.reason))
        return replace(row, opener=text(row.opener), message=text(row.message))

    def _finding(self, row: FindingRow) -> FindingRow:
        return row if self._redactor is None else replace(row, text=self._redactor.text(row.text))

    def _connection(self, row: ConnectionRow) -> ConnectionRow:
        if self._redactor is None:
            return row
        text = self._redactor.text
        return replace(
            row,
            address=text(row.address),
            local_peer=text(row.local_peer),
            remote_peer=None if row.remote_peer is None else text(row.remote_peer),
            state=text(row.state),
            reason=text(row.reason),
            handshake=self._values(row.handshake),
        )

    def _values(self, values: dict[str, object]) -> dict[str, object]:
        if self._redactor is None:
            return values
        new = self._redactor.value(values)
        return new if isinstance(new, dict) else {}

    def _redacted(self, frames: list[Frame]) -> list[Frame]:
        redactor = self._redactor
        if redactor is None or redactor.idle:
            return frames
        suspects = self._suspects
        raws = [frame.raw for frame in frames]
        changed = redactor.messages(raws, [bool(suspects[frame.seq]) for frame in frames])
        for place, raw in changed.items():
            frames[place] = frames[place]._replace(raw=raw)
        name = redactor.name
        for place, frame in enumerate(frames):
            opener = frame.opener and name(frame.opener)
            operation = frame.operation and name(frame.operation)
            if opener is not frame.opener or operation is not frame.operation:
                frames[place] = frame._replace(opener=opener, operation=operation)
        return frames

    # -- looking for secrets -------------------------------------------------------------------------------

    def _look(self, redactor: Redactor) -> None:
        """Have the redactor see all that will leave, before anything does."""
        self._task = "looking"
        redactor.place = "the recording itself"
        redactor.look_value(self.meta())
        for row in self.connections():
            redactor.place = f"connection {row.conn}"
            for text in (row.address, row.local_peer, row.remote_peer or "", row.reason):
                redactor.look_text(text)
            redactor.look_value(row.handshake)
            for operation in self.operations(row.conn):
                redactor.look_text(operation.doc)
                redactor.look_value({"params": operation.params, "returns": operation.returns})
        for event in _Events(self).up_to(self.total.frames):
            redactor.place = "notes and transitions"
            for text in _texts(event):
                redactor.look_text(text)
        suspects = bytearray(self.total.frames + 1)
        for seqs, raws in self._messages():
            for seq in redactor.look_messages(seqs, raws):
                suspects[seq] = 1
        self._suspects = suspects
        redactor.seal()
        self._redactor = redactor
        self._task = "writing"

    def _messages(self) -> Iterator[tuple[list[int], list[str | bytes]]]:
        """Numbers and messages alone, some at a time: reading all else takes longer than looking."""
        done, count = 0, len(self._seqs)
        while done < count:
            part = self._seqs[done : done + PORTION]
            where, parameters = _parameters(part)
            seqs: list[int] = []
            raws: list[str | bytes] = []
            size = 0
            with _honest(self._reader):
                for seq, raw, binary in self._reader.select(f"SELECT seq, raw, binary {where}", parameters):
                    raws.append(raw if type(raw) is str and not binary else rows.raw_message(raw, binary))
                    seqs.append(rows.integer(seq))
                    size += len(raws[-1])
                    if size > _PORTION_BYTES:
                        break
            if not seqs:
                raise _lacks(self._reader, self._seqs[done])
            done += len(seqs)
            yield seqs, raws
            self._tell(done, count)

    def begin(self) -> None:
        """Begin to write: what is told as redacted is counted from here on."""
        if self._redactor is not None:
            self._redactor.begin()

    # -- events and findings, whole or of the selection -----------------------------------------------------

    def events(self) -> Iterator[Event]:
        """Give transitions, settlements and notes that belong to it, in order."""
        merged: Iterator[Event] = heapq.merge(
            _all(self._reader.states),
            _all(self._reader.settled),
            _all(self._reader.notes),
            key=lambda event: event.id,
        )
        for event in merged:
            if self._conns is None or event.conn in self._conns:
                yield self._event(event)

    def findings(self) -> Iterator[FindingRow]:
        """Give all findings of the capture, in order."""
        return map(self._finding, _all(self._reader.findings))


def _texts(event: Event) -> Iterable[str]:
    if isinstance(event, NoteRow):
        return (event.text,)
    return (event.reason,) if isinstance(event, StateRow) else (event.message,)


_TYPES: Sequence[set[Any]] = (
    *({int}, {int}, {int}, {str}),
    *({str, type(None)}, {str, type(None)}, {int, type(None)}, {int, type(None)}, {str, type(None)}),
    *({int}, {int, type(None)}, {int}, {str}, {int}),
)
"""Types of the columns as nearly all captures have them; what is otherwise is looked at row by row."""


def _frames(found: list[rows.Values], reader: CaptureReader) -> list[Frame]:
    columns = list(zip(*found, strict=True))
    ordinary = columns and all(
        set(map(type, column)) <= types for column, types in zip(columns, _TYPES, strict=True)
    )
    if ordinary and not any(columns[13]) and rows.DIRECTIONS.keys() >= set(columns[3]):
        make = Frame._make
        return [make(values[:13]) for values in found]
    with _honest(reader):
        return [_frame(values) for values in found]


def _frame(values: rows.Values) -> Frame:
    row = rows.frame_row((*values[:11], "", values[11], values[13]))
    return Frame(
        seq=row.seq,
        time_ns=row.time_ns,
        conn=row.conn,
        direction=row.direction,
        type=row.type,
        opener=row.opener,
        number=row.number,
        exchange=row.exchange,
        operation=row.operation,
        size_bytes=row.size_bytes,
        latency_ns=row.latency_ns,
        findings=row.findings,
        raw=rows.raw_message(values[12], row.binary),
    )


@contextmanager
def _honest(reader: CaptureReader) -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError, TypeError) as error:
        raise CaptureError(
            f"{reader.path} holds values that no recording makes ({error}): use another copy."
        ) from error


def _lacks(reader: CaptureReader, seq: int) -> CaptureError:
    return CaptureError(f"{reader.path} lacks frame {seq}: use another copy.")


def _parameters(seqs: Sequence[int]) -> tuple[str, list[object]]:
    """The condition that takes these numbers, in order, and its values."""
    if isinstance(seqs, range):
        return "FROM frames WHERE seq >= ? AND seq <= ? ORDER BY seq", [seqs[0], seqs[-1]]
    return "FROM frames WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq", [json.dumps(list(seqs))]


def _selected(reader: CaptureReader, selection: Selection, last: int) -> tuple[array[int], set[int]]:
    conditions: list[str] = ["seq <= ?"]
    parameters: list[object] = [last]
    if selection.filter.strip():
        condition, given = _condition(reader, selection.filter)
        conditions.append(f"({condition})")
        parameters += given
    if selection.exchanges:
        conditions.append("exchange IN (SELECT value FROM json_each(?))")
        parameters.append(json.dumps(selection.exchanges))
    if selection.frames:
        conditions.append("seq IN (SELECT value FROM json_each(?))")
        parameters.append(json.dumps(selection.frames))
    seqs: array[int] = array("q")
    conns: set[int] = set()
    statement = f"SELECT seq, conn FROM frames WHERE {' AND '.join(conditions)} ORDER BY seq"  # noqa: S608 - from the filter's compiler, values are parameters
    for seq, conn in reader.select(statement, parameters):
        seqs.append(rows.integer(seq))
        conns.add(rows.integer(conn))
    return seqs, conns


def _condition(reader: CaptureReader, text: str) -> tuple[str, Sequence[object]]:
    from inspector_app.capture.filter import FilterError, parse_filter, prepare, where

    try:
        condition = where(parse_filter(text), now_ns=time.time_ns())
    except FilterError as error:
        raise CaptureError(f"The filter is none: {error.text}") from error
    reader.extend(prepare)
    return condition.sql, condition.parameters


class _Introductions:
    """Connections that wait to be introduced, each before the first item that names it."""

    def __init__(self, excerpt: Excerpt) -> None:
        self._excerpt = excerpt
        self._waiting = {row.conn: row for row in excerpt.connections()}

    def waits_for(self, conn: int) -> bool:
        return conn in self._waiting

    def before(self, conn: int | None) -> list[Item]:
        row = None if conn is None else self._waiting.pop(conn, None)
        return [] if row is None else [Introduction(row, self._excerpt.operations(row.conn))]

    def before_each(self, events: Iterable[Event]) -> Iterator[Item]:
        for event in events:
            yield from self.before(event.conn)
            yield event

    def rest(self) -> Iterator[Item]:
        for conn in list(self._waiting):
            yield from self.before(conn)


class _Events:
    """States, settlements and notes in the order they happened: they share one count."""

    def __init__(self, excerpt: Excerpt) -> None:
        self._all = excerpt.events()
        self._next = next(self._all, None)

    def up_to(self, seq: int) -> Iterator[Event]:
        while self._next is not None and self._next.after_seq <= seq:
            yield self._next
            self._next = next(self._all, None)


class _Findings:
    """Findings, each due behind the frame that shows it."""

    def __init__(self, excerpt: Excerpt) -> None:
        self._all = excerpt.findings()
        self._next = next(self._all, None)

    def of(self, seq: int) -> Iterator[FindingRow]:
        while self._next is not None and (self._next.seq or 0) <= seq:
            if (self._next.seq or 0) == seq:
                yield self._next
            self._next = next(self._all, None)


def _all(page: Callable[[int, int], list[Row]]) -> Iterator[Row]:
    offset = 0
    while found := page(offset, PORTION):
        yield from found
        offset += len(found)
