"""Following a growing capture: each row once, in the order in which things happened.

Owns the cursors into the lists of a capture and how they are merged. It reads what is committed and nothing
else, so whatever comes out of here is on disk.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inspector_app.capture.records import (
    ConnectionRow,
    FindingRow,
    FrameRow,
    NoteRow,
    OperationRow,
    SettledRow,
    StateRow,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar

    from inspector_app.capture.store import CaptureReader

    Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Described:
    """What the peer of a connection told that it offers."""

    connection: ConnectionRow
    operations: list[OperationRow]


Event = StateRow | SettledRow | NoteRow
Frame = tuple[FrameRow, str | bytes]
Item = Frame | Event | FindingRow | ConnectionRow | Described
"""What a tail gives: a connection before its first row, then all that happened on it."""

_PORTION = 500


class Tail:
    """Gives what is new in a capture, portion by portion. For one thread, as its reader is."""

    def __init__(self, reader: CaptureReader) -> None:
        self._reader = reader
        self._next_seq = 1
        self._next_event = 1
        self._offsets = {"states": 0, "settled": 0, "notes": 0, "findings": 0}
        self._events: deque[Event] = deque()
        self._findings: deque[FindingRow] = deque()
        self._introduced: set[int] = set()
        self._undescribed: dict[int, ConnectionRow] = {}

    def read(self) -> list[Item]:
        """Give the next rows; an empty list when all that is committed has been given."""
        # Frames before events: an event that belongs before a frame is then sure to be seen as well.
        frames = self._reader.frames_with_raw(self._next_seq, _PORTION)
        self._read_events()
        self._read_findings()
        return [*self._merge(frames), *self._new_descriptions()]

    def _merge(self, frames: list[Frame]) -> Iterator[Item]:
        for frame in frames:
            row = frame[0]
            yield from self._events_up_to(row.seq - 1)
            yield from self._introduction(row.conn)
            yield frame
            self._next_seq = row.seq + 1
            yield from self._findings_up_to(row.seq)
        yield from self._events_up_to(self._next_seq - 1)
        yield from self._findings_up_to(self._next_seq - 1)

    def _introduction(self, conn: int | None) -> Iterator[Item]:
        if conn is None or conn in self._introduced:
            return
        for row in self._reader.connections():
            if row.conn not in self._introduced:
                self._introduced.add(row.conn)
                if row.role == "client":  # a server does not ask its clients what they offer
                    self._undescribed[row.conn] = row
                yield row

    def _new_descriptions(self) -> Iterator[Item]:
        for conn, row in list(self._undescribed.items()):
            operations = self._reader.operations(conn)
            if operations:
                del self._undescribed[conn]
                yield Described(row, operations)

    def _events_up_to(self, seq: int) -> Iterator[Item]:
        # Their numbers have no gaps; a missing one is not committed yet where the lists were read.
        while self._events and self._events[0].id == self._next_event and self._events[0].after_seq <= seq:
            event = self._events.popleft()
            self._next_event += 1
            yield from self._introduction(event.conn)
            yield event

    def _findings_up_to(self, seq: int) -> Iterator[Item]:
        while self._findings and (self._findings[0].seq or 0) <= seq:
            yield self._findings.popleft()

    def _read_events(self) -> None:
        new: list[Event] = [
            *self._new("states", self._reader.states),
            *self._new("settled", self._reader.settled),
            *self._new("notes", self._reader.notes),
        ]
        self._events = deque(sorted([*self._events, *new], key=lambda event: event.id))

    def _read_findings(self) -> None:
        self._findings.extend(self._new("findings", self._reader.findings))

    def _new(self, name: str, page: Callable[[int, int], list[Row]]) -> list[Row]:
        found = page(self._offsets[name], _PORTION)
        self._offsets[name] += len(found)
        return found
