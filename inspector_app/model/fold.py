"""The pure fold: records in, rows out.

This module owns what the records of a source mean for the rows of a capture. It has no clock and does no I/O,
so the same records make the same rows, live or from a file. It keeps what is open, the last few that ended
(frames still come for them) and counters: memory does not grow with the number of frames.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, cast

from msgspec.structs import replace

from inspector_app.capture.records import (
    NULL,
    Batch,
    ConnectionOpened,
    ExchangeSettled,
    FaultMet,
    FindingRow,
    FoldedFrame,
    FrameSeen,
    HandshakeSeen,
    Mark,
    Noted,
    NoteRow,
    OperationRow,
    OperationsDescribed,
    SettledRow,
    StateChanged,
    StateRow,
    Totals,
)
from inspector_app.capture.summary import LONGEST_WITHOUT, NAME_LENGTH, cut, data_summary, message_summary
from inspector_app.model.connection import Connection, Live, row_number, row_opener
from inspector_app.model.ended import Ended
from inspector_app.model.error_summary import error_line, error_summary
from inspector_app.model.ordinary import (
    End,
    Item,
    Request,
    Response,
    StreamRequest,
    StreamStreamRequest,
    fields_of,
    head_of,
)
from slipstream.errors import ProtocolError
from slipstream.exchanges import Effect, ExchangeKind, Outcome, bad_frame, operation_of
from slipstream.frames import Frame, MessageType, read_fields, size_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from inspector_app.capture.records import Kind, Null, Record, Values
    from inspector_app.model.ordinary import Head, Opening
    from slipstream.exchanges import Exchange, Finding, RequestId
    from slipstream.frames import Fields

TEXT_LENGTH = 500
"""Characters of a finding or an error's message that a row keeps."""

_ENDED_CONNECTIONS_KEPT = 64
_PEERS_KEPT = 1024
_SEEN_KEPT = 4096

# To look a member up in its enum costs more than what is done with it here.
_STREAM_DATA, _ERROR_FRAME = MessageType.STREAM_DATA, MessageType.ERROR
_ONE_WAY_FRAME = MessageType.FIRE_AND_FORGET
_ONE_WAY: Kind = "fire_and_forget"
_OPENED, _ITEM, _ERROR, _REFUSED = Effect.OPENED, Effect.ITEM, Effect.ERROR, Effect.REFUSED
_PENDING = Outcome.PENDING
_TYPES = {member: member.value for member in MessageType}
_ANSWERS = (MessageType.RESPONSE, MessageType.ERROR)
_OPENS: dict[type, tuple[str, ExchangeKind]] = {
    Request: ("request", ExchangeKind.UNARY),
    StreamRequest: ("stream_request", ExchangeKind.SERVER_STREAM),
    StreamStreamRequest: ("stream_stream_request", ExchangeKind.BIDIRECTIONAL),
}
_OUTCOME_OF_STATE = {"CLOSED": Outcome.CLOSED, "LOST": Outcome.LOST}


class Fold:
    """Takes records one by one; gives, whenever asked, a batch of what changed since the last time."""

    def __init__(self) -> None:
        self._totals = Totals()
        self._events = 0
        self._connections: dict[int, Connection] = {}
        self._known_connections: set[int] = set()
        self._ended_connections: deque[int] = deque()
        self._ended_exchanges = Ended()
        self._peers: dict[str, int] = {}
        self._last_peer = 0
        self._seen: set[tuple[str | None, str, bool]] = set()
        self._last_frame: FrameSeen | None = None
        self._batch = Batch()
        self._changed_exchanges: dict[int, Live] = {}
        self._changed_connections: dict[int, Connection] = {}
        self._handlers: dict[type, Callable[[Any], None]] = {
            FrameSeen: self._frame,
            ConnectionOpened: self._connection_opened,
            HandshakeSeen: self._handshake,
            StateChanged: self._state_changed,
            ExchangeSettled: self._settled,
            OperationsDescribed: self._described,
            Noted: self._noted,
            FaultMet: self._fault_met,
        }

    def apply(self, record: Record) -> None:
        """Take one record. Never fails for what a peer sent."""
        self._handlers[type(record)](record)

    def apply_all(self, records: Iterable[Record]) -> None:
        """Take many, at less cost."""
        handlers = self._handlers
        for record in records:
            handlers[type(record)](record)

    def take(self) -> Batch:
        """Give what changed since the last call, as rows of their own, and the totals up to now."""
        batch, self._batch = self._batch, Batch()
        batch.exchanges = {number: live.row() for number, live in self._changed_exchanges.items()}
        batch.connections = {
            conn: replace(connection.row) for conn, connection in self._changed_connections.items()
        }
        batch.totals = replace(self._totals)
        self._changed_exchanges.clear()
        self._changed_connections.clear()
        return batch

    # -- frames -------------------------------------------------------------------------------------------

    def _frame(self, record: FrameSeen) -> None:
        self._last_frame = record
        conn, time_ns, direction, raw = record
        connection = self._connections.get(conn) or self._connection(conn, time_ns)
        size_bytes = len(raw) if raw.isascii() else size_of(raw)
        totals = self._totals
        seq = totals.frames = totals.frames + 1
        incoming = direction == "in"
        if incoming:
            totals.frames_in += 1
            totals.bytes_in += size_bytes
        else:
            totals.frames_out += 1
            totals.bytes_out += size_bytes
        if 0 < totals.last_ns <= time_ns:
            totals.last_ns = time_ns
        else:
            self._saw(time_ns)
        head = head_of(raw) if connection.acquainted else None
        if head is None:
            row = self._any_frame(record, connection, size_bytes)
        else:
            row = self._ordinary_frame(
                record, connection, head, size_bytes, incoming, seq
            ) or self._good_frame(record, connection, fields_of(head), size_bytes)
        self._batch.frames.append(row)

    def _ordinary_frame(
        self, record: FrameSeen, connection: Connection, head: Head, size_bytes: int, incoming: bool, seq: int
    ) -> Values | None:
        """Fold what comes as it should; None for all else, and then nothing was done."""
        conn, time_ns, direction, raw = record
        request_id, sender, kind = head.requestId, head.peerID, type(head)
        latency_ns: int | Null = NULL
        live: Live | None
        if kind is Item:
            name = "stream_data"
            live = connection.item(request_id, sender, size_bytes, incoming)
            if live is None:
                return None
            live.last_item_ns = time_ns
            if not live.answered:
                latency_ns = live.latency_ns(time_ns, incoming)
            self._changed_exchanges[live.id] = live
        elif kind is Response:
            name = "response"
            live = connection.response(request_id, sender, incoming)
            if live is None:
                return None
            latency_ns = live.latency_ns(time_ns, incoming)
            self._end(connection, live, time_ns, seq)
        elif kind is End:
            name = "stream_end"
            live = connection.end(request_id, sender, incoming)
            if live is None:
                return None
            self._changed_exchanges[live.id] = live
            if live.exchange.outcome is not _PENDING:
                self._end(connection, live, time_ns, seq)
        else:
            name, opens = _OPENS[kind]
            operation = cast("Opening", head).data.operation
            exchange = connection.opening(opens, request_id, sender, operation, incoming)
            if exchange is None:
                return None
            live = self._open(connection, exchange, time_ns)
            self._changed_exchanges[live.id] = live
        return (
            seq,
            time_ns,
            conn,
            direction,
            name,
            live.opener,
            live.number,
            live.id,
            live.operation,
            size_bytes,
            latency_ns,
            NULL,
            0,
            0,
            raw,
        )

    def _any_frame(self, record: FrameSeen, connection: Connection, size_bytes: int) -> Values:
        try:
            fields = read_fields(record.raw)
        except ProtocolError as error:
            return self._bad_frame(record, connection, error, size_bytes)
        return self._good_frame(record, connection, fields, size_bytes)

    def _good_frame(
        self, record: FrameSeen, connection: Connection, fields: Fields, size_bytes: int
    ) -> Values:
        conn, time_ns, direction, raw = record
        kind, request_id, sender, data, _, _ = fields
        incoming = direction == "in"
        if not connection.acquainted and connection.meet(sender, incoming=incoming):
            self._touch(connection)
        effect, exchange, findings = connection.step(fields, size_bytes, incoming=incoming)
        opener = number = live = None
        latency_ns: int | Null = NULL
        if exchange is not None:
            live = self._follow(connection, exchange, time_ns, data, effect)
        elif request_id is not None:
            live = connection.live.get(request_id) or self._ended_exchanges.get(conn, request_id)
        if live is not None and effect is not _REFUSED:
            opener, number, operation = live.opener, live.number, live.operation
            if kind in _ANSWERS or (kind is _STREAM_DATA and not live.answered):
                latency_ns = live.latency_ns(time_ns, incoming)
        else:
            operation = _operation(live, fields)
            if request_id is not None:
                opener, number = self._peer(request_id), row_number(request_id)
        if findings:
            self._find(record, live, findings)
        if kind is _ONE_WAY_FRAME and (operation, _ONE_WAY, not incoming) not in self._seen:
            self._see(operation, _ONE_WAY, mine=not incoming)
        summary: str | Null = NULL
        if kind is _ERROR_FRAME:
            summary = error_line(data)
        elif len(raw) > LONGEST_WITHOUT:
            summary = data_summary(_TYPES[kind], data)
        return (
            self._totals.frames,
            time_ns,
            conn,
            direction,
            _TYPES[kind],
            opener,
            number,
            None if live is None else live.id,
            operation,
            size_bytes,
            latency_ns,
            summary,
            len(findings),
            int(type(raw) is bytes),
            raw,
        )

    def _bad_frame(
        self, record: FrameSeen, connection: Connection, error: ProtocolError, size_bytes: int
    ) -> Values:
        request_id = _named_request(error)
        if request_id is not None:
            connection.refuse(request_id, incoming=record.direction == "in")
        self._find(record, None, (bad_frame(error),))
        return FoldedFrame(
            seq=self._totals.frames,
            time_ns=record.time_ns,
            conn=record.conn,
            direction=record.direction,
            type=None,
            opener=None if request_id is None else self._peer(request_id),
            number=None if request_id is None else row_number(request_id),
            exchange=None,
            operation=None,
            size_bytes=size_bytes,
            latency_ns=NULL,
            summary=NULL if len(record.raw) <= LONGEST_WITHOUT else message_summary(record.raw),
            findings=1,
            binary=int(isinstance(record.raw, bytes)),
            raw=record.raw,
        )

    def _follow(
        self, connection: Connection, exchange: Exchange, time_ns: int, data: object, effect: Effect
    ) -> Live:
        """Bring the exchange of a step up to date."""
        if effect is _OPENED:
            live = self._open(connection, exchange, time_ns)
        else:
            live = connection.live[exchange.request_id]
        if effect is _ITEM:
            live.last_item_ns = time_ns
        elif effect is _ERROR:
            live.message = error_summary(data, TEXT_LENGTH)
        if exchange.outcome is not _PENDING:
            self._end(connection, live, time_ns, self._totals.frames)
        self._changed_exchanges[live.id] = live
        return live

    def _find(self, record: FrameSeen, live: Live | None, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self._totals.findings += 1
            self._batch.findings.append(
                FindingRow(
                    id=self._totals.findings,
                    time_ns=record.time_ns,
                    conn=record.conn,
                    seq=self._totals.frames,
                    exchange=None if live is None else live.id,
                    rule=finding.rule,
                    section=finding.section,
                    text=cut(finding.text, TEXT_LENGTH),
                )
            )

    # -- exchanges ----------------------------------------------------------------------------------------

    def _open(self, connection: Connection, exchange: Exchange, time_ns: int) -> Live:
        totals = self._totals
        totals.exchanges += 1
        live = Live.opened(
            exchange,
            totals.exchanges,
            connection.row.conn,
            self._peer(exchange.request_id),
            time_ns,
            totals.frames,
        )
        connection.live[exchange.request_id] = live
        if (live.operation, live.kind, exchange.mine) not in self._seen:
            self._see(live.operation, live.kind, mine=exchange.mine)
        if live.unary:
            totals.requests += 1
            totals.requests_pending += 1
        else:
            totals.streams += 1
            totals.streams_open += 1
        return live

    def _see(self, operation: str | None, kind: Kind, *, mine: bool) -> None:
        """Tell of an operation that was called. What was told long ago is told again."""
        if len(self._seen) >= _SEEN_KEPT:
            self._seen.clear()
        self._seen.add((operation, kind, mine))
        if operation is not None:
            self._batch.seen.add((operation, kind, "out" if mine else "in"))

    def _end(self, connection: Connection, live: Live, time_ns: int, seq: int | Null) -> None:
        live.ended_ns, live.ended_seq = time_ns, seq
        del connection.live[live.exchange.request_id]
        totals = self._totals
        if live.unary:
            totals.requests_pending -= 1
            live.ending = totals.requests - totals.requests_pending
        else:
            totals.streams_open -= 1
            live.ending = totals.streams - totals.streams_open
        self._changed_exchanges[live.id] = live
        self._ended_exchanges.add(live)

    def _settled(self, record: ExchangeSettled) -> None:
        connection = self._connection(record.conn, record.time_ns)
        live = connection.live.get(record.request_id)
        if live is None or record.outcome == "pending":
            return  # a frame has ended it already
        connection.table.settle(record.request_id, Outcome(record.outcome))
        live.message = cut(record.message, TEXT_LENGTH)
        self._end(connection, live, record.time_ns, NULL)
        self._saw(record.time_ns)
        self._batch.settled.append(
            SettledRow(
                id=self._next_event(),
                time_ns=record.time_ns,
                conn=record.conn,
                opener=row_opener(record.request_id),
                number=row_number(record.request_id),
                outcome=record.outcome,
                message=live.message,
                after_seq=self._totals.frames,
            )
        )

    # -- connections --------------------------------------------------------------------------------------

    def _connection(self, conn: int, time_ns: int) -> Connection:
        connection = self._connections.get(conn)
        if connection is not None:
            return connection
        # A log from elsewhere may not tell of its connections; what it tells of them is enough.
        connection = Connection.opened(
            ConnectionOpened(conn=conn, time_ns=time_ns, role="client", address="", local_peer="")
        )
        if conn not in self._known_connections:
            connection.row.state = "CONNECTED"
            self._keep(connection)
        return connection

    def _keep(self, connection: Connection) -> None:
        conn = connection.row.conn
        self._connections[conn] = connection
        self._known_connections.add(conn)
        self._totals.connections += 1
        self._totals.connections_open += 1
        self._saw(connection.row.opened_ns)
        self._touch(connection)

    def _connection_opened(self, record: ConnectionOpened) -> None:
        if record.conn not in self._known_connections:
            self._keep(Connection.opened(record))
            return
        connection = self._connection(record.conn, record.time_ns)
        row = connection.row
        row.role, row.address, row.handshake = record.role, record.address, dict(record.handshake)
        connection.be(record.local_peer)
        self._touch(connection)

    def _handshake(self, record: HandshakeSeen) -> None:
        connection = self._connection(record.conn, record.time_ns)
        connection.row.handshake = {**connection.row.handshake, **record.handshake}
        self._touch(connection)

    def _state_changed(self, record: StateChanged) -> None:
        connection = self._connection(record.conn, record.time_ns)
        old, new = record.old.upper(), record.new.upper()
        self._saw(record.time_ns)
        self._batch.states.append(
            StateRow(
                id=self._next_event(),
                time_ns=record.time_ns,
                conn=record.conn,
                old=old,
                new=new,
                code=record.code,
                reason=record.reason,
                after_seq=self._totals.frames,
            )
        )
        was_ended = connection.ended
        row = connection.row
        row.state, row.changed_ns, row.code, row.reason = new, record.time_ns, record.code, record.reason
        self._touch(connection)
        outcome = _OUTCOME_OF_STATE.get(new)
        if outcome is not None:
            for exchange in connection.table.connection_ended(outcome):
                self._end(connection, connection.live[exchange.request_id], record.time_ns, NULL)
        if was_ended is not connection.ended and record.conn in self._connections:
            self._totals.connections_open += -1 if connection.ended else 1
            if connection.ended:
                self._forget_later(record.conn)

    def _forget_later(self, conn: int) -> None:
        self._ended_connections.append(conn)
        if len(self._ended_connections) > _ENDED_CONNECTIONS_KEPT:
            oldest = self._ended_connections.popleft()
            if oldest in self._connections and self._connections[oldest].ended:
                del self._connections[oldest]

    def _described(self, record: OperationsDescribed) -> None:
        self._connection(record.conn, record.time_ns)
        self._batch.operations[record.conn] = [
            _operation_row(record.conn, operation)
            for operation in record.operations
            if isinstance(operation.get("name"), str)
        ]

    # -- the rest -----------------------------------------------------------------------------------------

    def _noted(self, record: Noted) -> None:
        self._saw(record.time_ns)
        self._totals.notes += 1
        self._batch.notes.append(
            NoteRow(
                id=self._next_event(),
                time_ns=record.time_ns,
                conn=record.conn,
                level=record.level,
                text=record.text,
                after_seq=self._totals.frames,
            )
        )

    def _fault_met(self, record: FaultMet) -> None:
        self._noted(Noted(time_ns=record.time_ns, level="info", text=record.text, conn=record.conn))
        seq = self._faulted_frame(record)
        if seq is not None:
            self._batch.marks.append(Mark(seq, record.time_ns, cut(record.text, TEXT_LENGTH)))

    def _faulted_frame(self, record: FaultMet) -> int | None:
        """Find the frame that shows a fault; None where it is not in the capture."""
        if record.raw is not None:
            last = self._last_frame
            sent = last is not None and last.conn == record.conn and last.raw is record.raw
            return self._totals.frames if sent else None
        if record.request_id is None:
            return None
        connection = self._connection(record.conn, record.time_ns)
        request_id = record.request_id
        live = connection.live.get(request_id) or self._ended_exchanges.get(record.conn, request_id)
        return None if live is None else live.opened_seq

    def _peer(self, request_id: RequestId) -> int:
        """Give the number of an opener's name. A name that was long unheard of gets another one."""
        return self._peers.get(request_id[0]) or self._new_peer(row_opener(request_id))

    def _new_peer(self, name: str) -> int:
        number = self._peers.get(name)
        if number is None:
            if len(self._peers) >= _PEERS_KEPT:
                self._peers.clear()
            self._last_peer = number = self._last_peer + 1
            self._peers[name] = number
            self._batch.peers[number] = name
        return number

    def _touch(self, connection: Connection) -> None:
        conn = connection.row.conn
        if self._connections.get(conn) is connection:
            self._changed_connections[conn] = connection

    def _next_event(self) -> int:
        self._events += 1
        return self._events

    def _saw(self, time_ns: int) -> None:
        totals = self._totals
        if time_ns > totals.last_ns:
            totals.last_ns = time_ns
        if time_ns < totals.first_ns or not totals.first_ns:
            totals.first_ns = time_ns


def _operation(live: Live | None, fields: Fields) -> str | None:
    """What a frame without an exchange of its own names, or else what the opening frame named."""
    named = operation_of(Frame(*fields))
    if named is not None:
        return cut(named, NAME_LENGTH)
    return None if live is None else live.operation


def _named_request(error: ProtocolError) -> RequestId | None:
    """The request that a message which is no frame names, if it does (protocol.md §7)."""
    match (error.salvaged or {}).get("requestId"):
        case [str(opener), int(number)] if not isinstance(number, bool):
            return opener, number
        case _:
            return None


def _operation_row(conn: int, operation: dict[str, object]) -> OperationRow:
    return OperationRow(
        conn=conn,
        name=str(operation["name"]),
        kind=str(operation.get("kind") or ""),
        doc=str(operation.get("doc") or ""),
        params=operation.get("params"),
        returns=operation.get("returns"),
        deprecated=bool(operation.get("deprecated")),
    )
