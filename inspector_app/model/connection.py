"""One connection while it is open, and one exchange while it is.

This module owns what the fold must remember between two records of a connection. It decides nothing about the
protocol: `slipstream.exchanges` does.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec import Struct

from inspector_app.capture.records import NULL, ConnectionRow, Null
from inspector_app.capture.summary import NAME_LENGTH, cut
from slipstream.exchanges import Effect, ExchangeKind, ExchangeTable, Outcome, Step
from slipstream.frames import Frame, MessageType
from slipstream.lifecycle import ENDED, StreamState
from slipstream.limits import MAX_COUNTER

if TYPE_CHECKING:
    from inspector_app.capture.records import ConnectionOpened, Kind, Values
    from slipstream.exchanges import Exchange, RequestId
    from slipstream.frames import Fields

_LARGEST_NUMBER = (1 << 63) - 1
_REFUSED_KEPT = 256
# To look a member up in its enum costs more than what is done with it here, and so does asking for its value.
_STREAM_DATA, _RESPONSE, _REQUEST = MessageType.STREAM_DATA, MessageType.RESPONSE, MessageType.REQUEST
_ITEM, _RESULT, _OPENED = Effect.ITEM, Effect.RESULT, Effect.OPENED
_UNARY = ExchangeKind.UNARY
_KINDS: dict[ExchangeKind, Kind] = {kind: kind.value for kind in ExchangeKind}
_STATES = {state: state.value for state in StreamState}
_OUTCOMES = {outcome: outcome.value for outcome in Outcome}
_ENDED_NAMES = frozenset(state.name for state in ENDED)


class Live(Struct, gc=False):
    """An exchange that may still change, with what its row needs besides the protocol's own view."""

    exchange: Exchange
    id: int
    conn: int
    opened_ns: int
    opened_seq: int
    operation: str | None
    opener: int
    """Number of the opener's name."""
    number: int
    unary: bool
    """Whether it is a request, not a stream."""
    kind: Kind
    message: str = ""
    ended_ns: int | Null = NULL
    ended_seq: int | Null = NULL
    last_item_ns: int | Null = NULL
    ending: int | Null = NULL
    """Which one it was to end: of the requests, or of the streams."""
    answered: bool = False
    """Whether the responder has sent a result or an item."""

    @classmethod
    def opened(cls, exchange: Exchange, id: int, conn: int, opener: int, time_ns: int, seq: int) -> Live:  # noqa: A002 - named as the row's field is
        """Begin an exchange as its opening frame tells."""
        operation, request_id = exchange.operation, exchange.request_id
        return cls(
            exchange,
            id,
            conn,
            time_ns,
            seq,
            None if operation is None else cut(operation, NAME_LENGTH),
            opener,
            row_number(request_id),
            exchange.kind is _UNARY,
            _KINDS[exchange.kind],
        )

    def latency_ns(self, time_ns: int, incoming: bool) -> int | Null:
        """Time from the opening to an answer of the responder; `NULL` for what the opener sends."""
        if incoming is not self.exchange.mine:
            return NULL
        self.answered = True
        return max(0, time_ns - self.opened_ns)

    def row(self) -> Values:
        """Give the exchange as it stands: the values of a `FoldedExchange`."""
        exchange = self.exchange
        return (
            self.id,
            self.conn,
            self.opener,
            self.number,
            int(exchange.mine),
            self.kind,
            self.operation,
            self.opened_ns,
            self.opened_seq,
            _STATES[exchange.state],
            _OUTCOMES[exchange.outcome],
            NULL if exchange.code is None else exchange.code,
            self.message,
            self.ended_ns,
            self.ended_seq,
            exchange.items_in,
            exchange.items_out,
            exchange.bytes_in,
            exchange.bytes_out,
            self.last_item_ns,
            self.ending,
        )


@dataclass(slots=True)
class Connection:
    """A connection: its row, its exchanges in flight, and the refusals that are still to be answered."""

    row: ConnectionRow
    table: ExchangeTable
    live: dict[RequestId, Live] = field(default_factory=dict)
    acquainted: bool = False
    """Whether both peers are known by name."""
    _refused: OrderedDict[RequestId, None] = field(default_factory=OrderedDict)

    @classmethod
    def opened(cls, record: ConnectionOpened) -> Connection:
        """Begin a connection as its record tells."""
        row = ConnectionRow(
            conn=record.conn,
            role=record.role,
            address=record.address,
            local_peer=record.local_peer,
            remote_peer=None,
            state="CONNECTING",
            opened_ns=record.time_ns,
            changed_ns=record.time_ns,
            handshake=dict(record.handshake),
        )
        return cls(row, ExchangeTable(record.local_peer))

    @property
    def ended(self) -> bool:
        """Whether it is in one of the two final states (protocol.md §6)."""
        return self.row.state in _ENDED_NAMES

    def meet(self, sender: str | None, *, incoming: bool) -> bool:
        """Learn a peer ID from a frame; tell whether the row changed."""
        if not sender:
            return False
        row = self.row
        if incoming and row.remote_peer is None and sender != row.local_peer:
            row.remote_peer = sender[:NAME_LENGTH]
            self.acquainted = bool(row.local_peer)
            return True
        # A log from elsewhere may not tell who was who; then what went out does.
        return not incoming and not row.local_peer and self.be(sender)

    def step(self, fields: Fields, size_bytes: int, *, incoming: bool) -> Step:
        """Fold a frame: what it did to its exchange, and what was wrong about it."""
        kind, request_id, sender, data = fields[:4]
        live = exchange = None
        effect = _ITEM
        if request_id is None:
            pass
        elif kind is _STREAM_DATA:
            live = self.item(request_id, sender, size_bytes, incoming)
        elif kind is _RESPONSE:
            effect, live = _RESULT, self.response(request_id, sender, incoming)
        elif kind is _REQUEST and type(data) is dict:
            operation = data.get("operation")
            effect = _OPENED
            exchange = self.opening(_UNARY, request_id, sender, operation, incoming)
        if live is not None:
            exchange = live.exchange
        if exchange is not None:
            return Step(effect, exchange)
        return self._any_step(Frame(*fields), size_bytes, incoming=incoming)

    def _any_step(self, frame: Frame, size_bytes: int, *, incoming: bool) -> Step:
        if frame.type is MessageType.ERROR and self._answers_refusal(frame.request_id):
            return Step(Effect.NOTICE)
        table = self.table
        return table.received(frame, size_bytes) if incoming else table.sent(frame, size_bytes)

    # Ordinary frames take a shorter way to the same place; None for every other, and then nothing was done.

    def item(self, request_id: RequestId, sender: str | None, size_bytes: int, incoming: bool) -> Live | None:
        """Fold a `stream_data`."""
        live, table = self.live.get(request_id), self.table
        if live is None:
            return None
        if incoming:
            return live if sender != table.local_peer and table.item_fits(live.exchange, size_bytes) else None
        exchange = table.ready_for_item(request_id)
        if exchange is None:
            return None
        table.item_sent(exchange, size_bytes)
        return live

    def response(self, request_id: RequestId, sender: str | None, incoming: bool) -> Live | None:
        """Fold a `response`."""
        live, table = self.live.get(request_id), self.table
        if live is None or not live.unary:
            return None
        if incoming:
            return live if sender != table.local_peer and table.response_came(request_id) else None
        if live.exchange.mine:
            return None
        table.response_sent(live.exchange)
        return live

    def opening(
        self,
        kind: ExchangeKind,
        request_id: RequestId,
        sender: str | None,
        operation: object,
        incoming: bool,
    ) -> Exchange | None:
        """Fold what opens an exchange."""
        table = self.table
        if type(operation) is not str:
            return None
        if incoming:
            return table.request_came(request_id, sender, operation, kind)
        opener, number = request_id
        if (
            opener != sender
            or opener != table.local_peer
            or number != table.next_number
            or number >= MAX_COUNTER
        ):
            return None
        return table.open(kind, operation)

    def end(self, request_id: RequestId, sender: str | None, incoming: bool) -> Live | None:
        """Fold a `stream_end`."""
        live, table = self.live.get(request_id), self.table
        if live is None or (incoming and sender == table.local_peer):
            return None
        return live if table.end_passed(request_id, incoming=incoming) is not None else None

    def be(self, peer: str) -> bool:
        """Take `peer` as this side's ID, unless exchanges are in flight that it opened as the other side."""
        if any(opener == peer for opener, _ in self.live):
            return False
        self.row.local_peer = peer[:NAME_LENGTH]
        self.table.local_peer = peer
        self.acquainted = bool(peer) and self.row.remote_peer is not None
        return True

    def refuse(self, request_id: RequestId, *, incoming: bool) -> None:
        """Remember that a message which was no frame named a request: an `error` will answer it (§7)."""
        if incoming and not self.table.skip(request_id):
            return
        self._refused[request_id] = None
        if len(self._refused) > _REFUSED_KEPT:
            self._refused.popitem(last=False)

    def _answers_refusal(self, request_id: RequestId | None) -> bool:
        """Tell, once, whether an `error` for this ID answers a message that was no frame."""
        if request_id is None or request_id not in self._refused:
            return False
        del self._refused[request_id]
        return True


def row_opener(request_id: RequestId) -> str:
    """Give the opener as rows have it."""
    return request_id[0][:NAME_LENGTH]


def row_number(request_id: RequestId) -> int:
    """Give the counter as rows have it: within 64 bits, whatever the wire said."""
    number = request_id[1]
    if -_LARGEST_NUMBER <= number <= _LARGEST_NUMBER:
        return number
    return _LARGEST_NUMBER if number > 0 else -_LARGEST_NUMBER
