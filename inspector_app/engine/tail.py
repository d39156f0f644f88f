"""Following a growing capture: each row once, in the order in which things happened.

Owns the cursors into the lists of a capture and how they are merged. It reads what is committed and nothing
else, so whatever comes out of here is on disk.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

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

    from inspector_app.capture.store import CaptureReader


@dataclass(frozen=True, slots=True)
class Described:
    """What the peer of a connection told that it offers."""

    connection: ConnectionRow
    operations: list[OperationRow]


Event = StateRow | SettledRow | NoteRow
Frame = tuple[FrameRow, str | bytes]
Item = Frame | Event | FindingRow | ConnectionRow | Described
"""What a tail gives: a connection before its first row, then all that happened on it."""

Row = TypeVar("Row", bound=StateRow | SettledRow | NoteRow | FindingRow)

_PORTION = 500


class _Queue(Generic[Row]):
    """A list of a capture from its beginning, of which little is held at a time.

    `page` gives so many rows after the one of a number, oldest first.
    """

    def __init__(self, page: Callable[[int, int], list[Row]]) -> None:
        self._page = page
        self._held: deque[Row] = deque()
        self._last = 0
        self._more = False

    @property
    def first(self) -> Row | None:
        """The oldest row that was not dropped; None when all that were there at the last `read` were."""
        if not self._held and self._more:
            self.read()
        return self._held[0] if self._held else None

    def drop_first(self) -> None:
        self._held.popleft()

    def read(self) -> None:
        """Take up what is new."""
        if len(self._held) < _PORTION:
            new = self._page(self._last, _PORTION)
            self._held.extend(new)
            self._last = new[-1].id if new else self._last
            self._more = len(new) == _PORTION


class Tail:
    """Gives what is new in a capture, portion by portion. For one thread, as its reader is."""

    def __init__(self, reader: CaptureReader) -> None:
        self._reader = reader
        self._next_seq = 1
        self._events: _Queue[Event] = _Queue(reader.events_after)
        self._findings: _Queue[FindingRow] = _Queue(reader.findings_after)
        self._introduced: set[int] = set()
        self._undescribed: dict[int, ConnectionRow] = {}

    def read(self) -> list[Item]:
        """Give the next rows; an empty list when all that is committed has been given."""
        # Frames before events: an event that belongs before a frame is then sure to be seen as well.
        frames = self._reader.frames_with_raw(self._next_seq, _PORTION)
        self._events.read()
        self._findings.read()
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
        row = self._reader.connection(conn)
        if row is not None:
            self._introduced.add(conn)
            if row.role == "client":  # a server does not ask its clients what they offer
                self._undescribed[conn] = row
            yield row

    def _new_descriptions(self) -> Iterator[Item]:
        for conn, row in list(self._undescribed.items()):
            operations = self._reader.operations(conn)
            if operations:
                del self._undescribed[conn]
                yield Described(row, operations)

    def _events_up_to(self, seq: int) -> Iterator[Item]:
        while (event := self._events.first) is not None and event.after_seq <= seq:
            self._events.drop_first()
            yield from self._introduction(event.conn)
            yield event

    def _findings_up_to(self, seq: int) -> Iterator[Item]:
        while (finding := self._findings.first) is not None and (finding.seq or 0) <= seq:
            self._findings.drop_first()
            yield finding
