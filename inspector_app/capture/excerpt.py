"""What is taken out of a capture: all of it or a part, as it is or redacted, in the order it happened.

Owns which rows belong to a selection, the order they come in, and that nothing leaves unredacted where
redaction is on: every format is written from an excerpt and from nothing else. It writes no format.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from inspector_app.capture.happenings import Behind, Event, Events, Introduction, Introductions, Item
from inspector_app.capture.picking import (
    EVERYTHING,
    PORTION,
    Frame,
    Selection,
    by_connection,
    frames_at,
    messages_at,
    selected,
)
from inspector_app.capture.records import (
    ConnectionRow,
    FindingRow,
    Mark,
    NoteRow,
    OperationRow,
    SettledRow,
    StateRow,
)
from inspector_app.capture.redaction import Told

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader
    from inspector_app.capture.records import ExchangeRow
    from inspector_app.capture.redaction import Redactor

__all__ = ["EVERYTHING", "Excerpt", "Frame", "Introduction", "Item", "Progress", "Selection"]

Row = TypeVar("Row", StateRow, SettledRow, NoteRow, FindingRow, Mark)


Progress = Callable[[str, int, int], None]
"""Hears what is done (`looking` for secrets, or `writing`), how many frames of it, of how many.

What it raises ends the work: this is how it is cancelled.
"""


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
            self._seqs, self._conns = selected(reader, selection, self.total.frames)
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

    @property
    def filter(self) -> str:
        """What frames had to match, as it may be told."""
        typed = self.selection.filter.strip()
        return typed if self._redactor is None else self._redactor.text(typed)

    def meta(self) -> dict[str, object]:
        """Give what `CaptureReader.meta` does."""
        return self._values(self._reader.meta())

    # -- the items -----------------------------------------------------------------------------------------

    def portions(self) -> Iterator[list[Item]]:
        """Give everything in the order it happened, some at a time; a connection is introduced first."""
        introductions, events = Introductions(self), Events(self)
        findings, marks = Behind(self.findings()), Behind(self.marks())
        marked = {mark.seq for mark in self.marks()}
        last = 0
        for frames in self.frame_portions():
            items: list[Item] = []
            if self._stand_alone(frames, events, introductions, marked):
                last = frames[-1].seq
                items += frames
                yield items
                continue
            for frame in frames:
                if events.due_by(frame.seq):
                    items += introductions.before_each(events.up_to(frame.seq - 1))
                if introductions.waits_for(frame.conn):
                    items += introductions.before(frame.conn)
                items.append(frame)
                last = frame.seq
                if frame.findings:
                    items += findings.of(frame.seq)
                if frame.seq in marked:
                    items += marks.of(frame.seq)
            yield items
        rest = events.up_to(self.total.frames if self.selection else last)
        yield [*introductions.before_each(rest), *introductions.rest()]

    @staticmethod
    def _stand_alone(
        frames: Sequence[Frame], events: Events, introductions: Introductions, marked: set[int]
    ) -> bool:
        """Tell whether nothing belongs between these frames, as in most portions of a long recording."""
        return not (
            events.due_by(frames[-1].seq)
            or any(map(introductions.waits_for, {frame.conn for frame in frames}))
            or any(frame.findings for frame in frames)
            or not marked.isdisjoint(frame.seq for frame in frames)
        )

    def frame_portions(self) -> Iterator[list[Frame]]:
        """Give the frames alone, some at a time."""
        return self._frames_of(self._seqs, 0)

    def by_connection(self) -> Iterator[tuple[Introduction, Iterator[list[Frame]]]]:
        """Give each connection with its frames; what comes with one is to be used up before the next."""
        groups = by_connection(self._reader, self._seqs, self.total.frames)
        conn, seqs = next(groups, (None, ()))
        done = 0
        for row in self.connections():
            while conn is not None and conn < row.conn:
                conn, seqs = next(groups, (None, ()))
            mine = seqs if conn == row.conn else ()
            yield Introduction(row, self.operations(row.conn)), self._frames_of(mine, done)
            done += len(mine)

    def _frames_of(self, seqs: Sequence[int], before: int) -> Iterator[list[Frame]]:
        for frames in frames_at(self._reader, seqs):
            before += len(frames)
            yield self._redacted(frames)
            self._tell(before, self.frames)

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
        if redactor is None:
            return frames
        if not redactor.idle:
            suspects = self._suspects
            raws = [frame.raw for frame in frames]
            changed = redactor.messages(raws, [bool(suspects[frame.seq]) for frame in frames])
            for place, raw in changed.items():
                frames[place] = frames[place]._replace(raw=raw)
        # The frame that named the operation need not be among these.
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
        redactor.look_text(self.selection.filter)
        for row in self.connections():
            redactor.place = f"connection {row.conn}"
            for text in (row.address, row.local_peer, row.remote_peer or "", row.reason):
                redactor.look_text(text)
            redactor.look_value(row.handshake)
            for operation in self.operations(row.conn):
                redactor.look_text(operation.doc)
                redactor.look_value({"params": operation.params, "returns": operation.returns})
        for event in Events(self).up_to(self.total.frames):
            redactor.place = "notes and transitions"
            for text in _texts(event):
                redactor.look_text(text)
        suspects = bytearray(self.total.frames + 1)
        redactor.place = "marks"
        for mark in self.marks():
            redactor.look_text(mark.note)
        done = 0
        for seqs, raws in messages_at(self._reader, self._seqs):
            for seq in redactor.look_messages(seqs, raws):
                suspects[seq] = 1
            done += len(seqs)
            self._tell(done, self.frames)
        self._suspects = suspects
        redactor.seal()
        self._redactor = redactor
        self._task = "writing"

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

    def marks(self) -> Iterator[Mark]:
        """Give what a person put on frames of the capture, in order of these."""
        for mark in _all(self._reader.marks):
            if self._redactor is None:
                yield mark
            else:
                yield replace(mark, note=self._redactor.text(mark.note))

    def findings(self) -> Iterator[FindingRow]:
        """Give all findings of the capture, in order."""
        return map(self._finding, _all(self._reader.findings))


def _texts(event: Event) -> Iterable[str]:
    if isinstance(event, NoteRow):
        return (event.text,)
    return (event.reason,) if isinstance(event, StateRow) else (event.message,)


def _all(page: Callable[[int, int], list[Row]]) -> Iterator[Row]:
    offset = 0
    while found := page(offset, PORTION):
        yield from found
        offset += len(found)
