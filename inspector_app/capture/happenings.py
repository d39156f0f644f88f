"""What happened, in order: connections introduced, events between frames, findings behind their frames.

Owns the order in which rows of several tables are told. It reads none of them itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inspector_app.capture.picking import Frame
from inspector_app.capture.records import FindingRow, Mark, NoteRow, SettledRow, StateRow

if TYPE_CHECKING:
    from inspector_app.capture.excerpt import Excerpt
    from inspector_app.capture.records import ConnectionRow, OperationRow


@dataclass(frozen=True, slots=True)
class Introduction:
    """A connection, before the first thing that happened on it, and what its peer told that it offers."""

    row: ConnectionRow
    operations: Sequence[OperationRow]


Event = StateRow | SettledRow | NoteRow
Item = Introduction | Event | Frame | FindingRow | Mark


class Introductions:
    """Connections that wait to be introduced, each before the first item that names it."""

    def __init__(self, excerpt: Excerpt) -> None:
        self._excerpt = excerpt
        self._waiting = {row.conn: row for row in excerpt.connections()}

    def waits_for(self, conn: int) -> bool:
        """Tell whether a connection was not introduced yet."""
        return conn in self._waiting

    def before(self, conn: int | None) -> list[Item]:
        """Give what is due before an item of a connection."""
        row = None if conn is None else self._waiting.pop(conn, None)
        return [] if row is None else [Introduction(row, self._excerpt.operations(row.conn))]

    def before_each(self, events: Iterable[Event]) -> Iterator[Item]:
        """Give events, each behind what is due before it."""
        for event in events:
            yield from self.before(event.conn)
            yield event

    def rest(self) -> Iterator[Item]:
        """Give what was never due."""
        for conn in list(self._waiting):
            yield from self.before(conn)


class Events:
    """States, settlements and notes in the order they happened: they share one count."""

    def __init__(self, excerpt: Excerpt) -> None:
        self._all = excerpt.events()
        self._next = next(self._all, None)

    def due_by(self, seq: int) -> bool:
        """Tell whether one happened before frame `seq`."""
        return self._next is not None and self._next.after_seq < seq

    def up_to(self, seq: int) -> Iterator[Event]:
        """Give those that happened before the frame behind frame `seq`."""
        while self._next is not None and self._next.after_seq <= seq:
            yield self._next
            self._next = next(self._all, None)


class Behind:
    """What is told behind the frame that it is about: findings, and marks."""

    def __init__(self, rows: Iterator[FindingRow] | Iterator[Mark]) -> None:
        self._rows: Iterator[FindingRow | Mark] = iter(rows)
        self._next = next(self._rows, None)

    def of(self, seq: int) -> Iterator[FindingRow | Mark]:
        """Give those of a frame; frames are asked for in order."""
        while self._next is not None and (self._next.seq or 0) <= seq:
            if (self._next.seq or 0) == seq:
                yield self._next
            self._next = next(self._rows, None)
