"""From a capture to lines of text, whose form is told in `jsonl`. This module writes lines and reads none."""

from __future__ import annotations

import base64
import heapq
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.records import FindingRow, NoteRow, SettledRow, StateRow
from inspector_app.capture.times import to_iso

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from inspector_app.capture.reader import CaptureReader
    from inspector_app.capture.records import ConnectionRow, FrameRow, OperationRow

EXPORT_VERSION = 1
"""Version of the lines, told in the header. A reader refuses a higher one."""

VERSION_KEY = "slipstream_capture"
"""The key of the header that holds the version."""

_PORTION = 500

Line = dict[str, object]
Progress = Callable[[int, int], None]
"""Hears how many frames are done, of how many."""

Event = StateRow | SettledRow | NoteRow
Row = TypeVar("Row", StateRow, SettledRow, NoteRow, FindingRow)


class TextOut(Protocol):
    """Anything that takes text."""

    def write(self, text: str, /) -> object:
        """Take the next part."""


def export(reader: CaptureReader, stream: TextOut, progress: Progress | None = None) -> int:
    """Write a capture as lines, in portions; tell how many frames were written.

    Of a capture being recorded, what is there at the beginning is written. Raises `CaptureError` for a
    capture that cannot be read, and what `stream` raises.
    """
    total = reader.totals().frames
    stream.write(_text(header_line(reader)))
    introductions = _Introductions(reader)
    events, findings = _Events(reader), _Findings(reader)
    done = 0
    while done < total:
        lines: list[Line] = []
        for row, raw in reader.frames_with_raw(done + 1, min(_PORTION, total - done)):
            for event in events.up_to(row.seq - 1):
                lines += introductions.before(event.conn)
                lines.append(event_line(event))
            lines += introductions.before(row.conn)
            lines.append(frame_line(row, raw))
            lines += map(finding_line, findings.up_to(row.seq))
            done = row.seq
        if not lines:
            raise CaptureError(f"{reader.path} lacks frame {done + 1}: use another copy.")
        stream.write("".join(map(_text, lines)))
        if progress is not None:
            progress(done, total)
    for event in events.up_to(total):
        stream.write("".join(map(_text, [*introductions.before(event.conn), event_line(event)])))
    stream.write("".join(map(_text, introductions.rest())))
    return done


def _text(line: Line) -> str:
    return json.dumps(line) + "\n"


def header_line(reader: CaptureReader) -> Line:
    """Give the first line: version, and what is known of the recording."""
    meta = reader.meta()
    created_ns = meta.get("created_ns")
    return {
        VERSION_KEY: EXPORT_VERSION,
        "software": meta.get("software"),
        "created": to_iso(created_ns if isinstance(created_ns, int) else 0),
        "source": meta.get("source"),
    }


class _Introductions:
    """The lines of each connection, due before the first line that names it."""

    def __init__(self, reader: CaptureReader) -> None:
        self._reader = reader
        self._waiting = {row.conn: row for row in reader.connections()}

    def before(self, conn: int | None) -> list[Line]:
        row = None if conn is None else self._waiting.pop(conn, None)
        return [] if row is None else self._introduce(row)

    def rest(self) -> Iterator[Line]:
        for conn in list(self._waiting):
            yield from self.before(conn)

    def _introduce(self, row: ConnectionRow) -> list[Line]:
        operations = self._reader.operations(row.conn)
        lines = [connection_line(row)]
        return [*lines, operations_line(row, operations)] if operations else lines


def connection_line(row: ConnectionRow) -> Line:
    """Give the line that introduces a connection."""
    return {
        "t": to_iso(row.opened_ns),
        "conn": row.conn,
        "kind": "connection",
        "role": row.role,
        "address": row.address,
        "peer": row.local_peer,
        "handshake": row.handshake,
    }


def operations_line(row: ConnectionRow, operations: Sequence[OperationRow]) -> Line:
    """Give the line of what the peer of a connection told that it offers."""
    return {
        "t": to_iso(row.opened_ns),
        "conn": row.conn,
        "kind": "operations",
        "operations": [
            {
                "name": operation.name,
                "kind": operation.kind,
                "doc": operation.doc,
                "params": operation.params,
                "returns": operation.returns,
                "deprecated": operation.deprecated,
            }
            for operation in operations
        ],
    }


class _Events:
    """States, settlements and notes in the order they happened: they share one count."""

    def __init__(self, reader: CaptureReader) -> None:
        states: Iterator[Event] = _all(reader.states)
        self._merged = heapq.merge(
            states, _all(reader.settled), _all(reader.notes), key=lambda event: event.id
        )
        self._next = next(self._merged, None)

    def up_to(self, seq: int) -> Iterator[Event]:
        while self._next is not None and self._next.after_seq <= seq:
            yield self._next
            self._next = next(self._merged, None)


class _Findings:
    """Findings, each due behind the frame that shows it."""

    def __init__(self, reader: CaptureReader) -> None:
        self._all = _all(reader.findings)
        self._next = next(self._all, None)

    def up_to(self, seq: int) -> Iterator[FindingRow]:
        while self._next is not None and (self._next.seq or 0) <= seq:
            yield self._next
            self._next = next(self._all, None)


def _all(page: Callable[[int, int], list[Row]]) -> Iterator[Row]:
    offset = 0
    while found := page(offset, _PORTION):
        yield from found
        offset += len(found)


def frame_line(row: FrameRow, raw: str | bytes) -> Line:
    """Give the line of a frame."""
    line: Line = {
        "seq": row.seq,
        "t": to_iso(row.time_ns),
        "conn": row.conn,
        "kind": "frame",
        "dir": row.direction,
        "type": row.type,
        "id": None if row.opener is None else [row.opener, row.number],
        "op": row.operation,
        "size": row.size_bytes,
    }
    if isinstance(raw, str):
        return {**line, "raw": raw}
    line["binary"] = True
    try:
        line["raw"] = raw.decode()
    except UnicodeDecodeError:
        line["raw"] = raw.decode("utf-8", "replace")
        line["base64"] = base64.b64encode(raw).decode("ascii")
    return line


def event_line(event: Event) -> Line:
    """Give the line of a state, a settlement or a note."""
    line: Line = {"t": to_iso(event.time_ns), "conn": event.conn}
    if isinstance(event, StateRow):
        return {
            **line,
            "kind": "state",
            "from": event.old,
            "to": event.new,
            "code": event.code,
            "reason": event.reason,
        }
    if isinstance(event, NoteRow):
        return {**line, "kind": "note", "level": event.level, "text": event.text}
    return {
        **line,
        "kind": "settled",
        "id": [event.opener, event.number],
        "outcome": event.outcome,
        "message": event.message,
    }


def finding_line(row: FindingRow) -> Line:
    """Give the line of a finding."""
    return {
        "seq": row.id,
        "t": to_iso(row.time_ns),
        "conn": row.conn,
        "kind": "finding",
        "frame": row.seq,
        "exchange": row.exchange,
        "rule": row.rule,
        "section": row.section,
        "text": row.text,
    }
