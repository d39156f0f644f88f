"""The exchanges of one connection, from the frames that open, carry and end them (protocol.md §2 to §5, §7).

One table serves two masters: the session asks it before it sends and after it reads, and so *enforces*; an
inspector shows it every frame that went by, either way, and so *observes*. It has no clock, sends nothing
and keeps nothing of an exchange that has ended. My exchanges and the peer's are in separate tables.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from slipstream.errors import ProtocolError
from slipstream.frames import OPENING_TYPES, Frame, MessageType
from slipstream.lifecycle import STREAM_TRANSITIONS, StreamEffect, StreamEvent, StreamState
from slipstream.limits import MAX_COUNTER

RequestId = tuple[str, int]
"""The opener's peer ID and the opener's counter (protocol.md §2)."""


class ExchangeKind(Enum):
    """The three ways to talk that have an answer, named as `slipstream.describe` names them."""

    __hash__ = object.__hash__  # that of Enum is computed in Python at every look-up in a table

    UNARY = "request_response"
    SERVER_STREAM = "request_stream"
    BIDIRECTIONAL = "stream_stream"


class Outcome(Enum):
    """How an exchange stands: pending, or the one ending it had (protocol.md, the invariant)."""

    __hash__ = object.__hash__  # that of Enum is computed in Python at every look-up in a table

    PENDING = "pending"
    OK = "ok"
    ERROR = "error"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    OVERFLOW = "overflow"
    CLOSED = "closed"
    LOST = "lost"


class Effect(Enum):
    """What a frame meant to the exchange it belongs to."""

    __hash__ = object.__hash__  # that of Enum is computed in Python at every look-up in a table

    OPENED = "opened"
    RESULT = "result"
    ITEM = "item"
    END = "end"
    ERROR = "error"
    CANCEL = "cancel"
    NOTICE = "notice"
    CREDIT = "credit"
    """More items are let through on a stream."""
    LATE = "late"
    REFUSED = "refused"
    """It meant nothing: illegal here. On the way out it must not be sent."""


# To look a member up in its enum costs more than all that is done with it here.
_UNARY, _OK, _PENDING = ExchangeKind.UNARY, Outcome.OK, Outcome.PENDING
_SERVER_STREAM = ExchangeKind.SERVER_STREAM
_OPEN, _CLOSED = StreamState.OPEN, StreamState.CLOSED
_HALF_CLOSED_LOCAL, _HALF_CLOSED_REMOTE = StreamState.HALF_CLOSED_LOCAL, StreamState.HALF_CLOSED_REMOTE


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that broke the protocol. `rule` is a stable name, `section` a section of protocol.md."""

    rule: str
    section: str
    text: str
    request_id: RequestId | None = None


# Without slots: what no frame has changed stays with the class, and an exchange is made at less cost.
@dataclass
class Exchange:
    """One exchange in flight, from this side. Counts are frames and bytes of frame text of its items."""

    request_id: RequestId
    kind: ExchangeKind
    operation: str | None
    mine: bool
    state: StreamState
    outcome: Outcome = field(default=Outcome.PENDING, init=False)
    code: str | None = field(default=None, init=False)
    message: str = field(default="", init=False)
    items_in: int = field(default=0, init=False)
    items_out: int = field(default=0, init=False)
    bytes_in: int = field(default=0, init=False)
    bytes_out: int = field(default=0, init=False)
    limit_in: int = field(default=0, init=False)
    """Items that this side lets the other send, as the last credit said, in total; 0 before the first."""
    limit_out: int = field(default=0, init=False)
    """Items that the other side lets this one send, likewise (protocol.md §9)."""

    @property
    def takes_items(self) -> bool:
        """Whether this side may send items: its half is open, and items are what it may send (§4, §5)."""
        if self.kind is _UNARY:
            return False
        return self.state is _OPEN or self.state is _HALF_CLOSED_REMOTE

    @property
    def ended(self) -> bool:
        """Whether it has had its one ending."""
        return self.outcome is not _PENDING


class Step(NamedTuple):
    """What one frame did."""

    effect: Effect
    exchange: Exchange | None = None
    findings: tuple[Finding, ...] = ()


_KINDS = {
    MessageType.REQUEST: ExchangeKind.UNARY,
    MessageType.STREAM_REQUEST: ExchangeKind.SERVER_STREAM,
    MessageType.STREAM_STREAM_REQUEST: ExchangeKind.BIDIRECTIONAL,
}
# What each side of each kind may send after the opening frame (protocol.md §3, §4).
_LEGAL: dict[tuple[ExchangeKind, bool], dict[MessageType, StreamEvent]] = {}
for _kind in ExchangeKind:
    for _by_opener in (True, False):
        _row = {MessageType.ERROR: StreamEvent.ABORT}
        if _kind is ExchangeKind.BIDIRECTIONAL or (_kind is ExchangeKind.SERVER_STREAM and not _by_opener):
            _row[MessageType.STREAM_DATA] = StreamEvent.DATA
            _row[MessageType.STREAM_END] = StreamEvent.END
        elif _by_opener:
            _row[MessageType.STREAM_END] = StreamEvent.ABORT
        if _kind is ExchangeKind.UNARY and not _by_opener:
            _row[MessageType.RESPONSE] = StreamEvent.RESPONSE
        _LEGAL[_kind, _by_opener] = _row

_FIRST_STATES = {
    (kind, mine): StreamState.OPEN
    if kind is ExchangeKind.BIDIRECTIONAL
    else (StreamState.HALF_CLOSED_LOCAL if mine else StreamState.HALF_CLOSED_REMOTE)
    for kind in ExchangeKind
    for mine in (True, False)
}
_OUTGOING = {
    StreamEvent.DATA: StreamEvent.SEND_DATA,
    StreamEvent.END: StreamEvent.SEND_END,
    StreamEvent.RESPONSE: StreamEvent.SEND_RESPONSE,
    StreamEvent.ABORT: StreamEvent.ABORT,
}
_GIVEN_UP = {
    "cancelled": Outcome.CANCELLED,
    "deadline_exceeded": Outcome.TIMEOUT,
    "overflow": Outcome.OVERFLOW,
}


CREDIT = "slipstream.credit"
"""The reserved operation that raises how many items a stream may bring (protocol.md §9)."""

CODES = frozenset(
    {
        "invalid_request",
        "not_found",
        "wrong_kind",
        "overloaded",
        "unavailable",
        "application",
        "internal",
        "too_large",
        "deadline_exceeded",
        "cancelled",
        "overflow",
    }
)
"""The codes of an `error` frame (protocol.md §7); every other reads as `application`."""


def error_facts(data: object) -> tuple[str, str]:
    """Message and code of an `error` frame's data, whatever its shape (protocol.md §7).

    A message that is no string comes back as an empty one: the caller shows the data as JSON instead.
    """
    if isinstance(data, str):
        return data, "application"
    if not isinstance(data, dict):
        return "", "application"
    code = data.get("code")
    text = next((data[key] for key in ("error", "message", "detail") if isinstance(data.get(key), str)), "")
    return text, code if isinstance(code, str) and code in CODES else "application"


def operation_of(frame: Frame) -> str | None:
    """The operation that an opening frame names; None where it names none (protocol.md §2)."""
    if frame.type not in OPENING_TYPES or not isinstance(frame.data, dict):
        return None
    name = frame.data.get("operation")
    return name if isinstance(name, str) else None


def bad_frame(error: ProtocolError) -> Finding:
    """The finding for a message that is no frame (protocol.md §7)."""
    return Finding("bad_frame", "§7", str(error))


@dataclass(slots=True)
class ExchangeTable:
    """All exchanges in flight on one connection, seen from the side that has `local_peer` as its ID."""

    local_peer: str
    next_number: int = 0
    """The counter of the next exchange that this side opens."""
    late: int = 0
    """Frames that came for exchanges already ended; legal, ignored (protocol.md §2)."""
    opened_by_peer: int = 0
    """Exchanges that the other side has opened so far."""
    credit_in: int | None = None
    """Items that the other side may send on each stream before it is given credit; None is no limit (§9)."""
    credit_out: int | None = None
    """Items that this side may send likewise."""
    _mine: dict[int, Exchange] = field(default_factory=dict)
    _theirs: dict[RequestId, Exchange] = field(default_factory=dict)
    _highest: dict[str, int] = field(default_factory=dict)
    # What was on its way when the other side ended an exchange is no fault of this side (protocol.md §4).
    _ended_by_peer: deque[RequestId] = field(default_factory=lambda: deque(maxlen=_REMEMBERED_ENDINGS))

    def __iter__(self) -> Iterator[Exchange]:
        yield from self._mine.values()
        yield from self._theirs.values()

    def count(self, *, mine: bool) -> int:
        """How many exchanges are in flight that this side (`mine`) or the other opened."""
        return len(self._mine if mine else self._theirs)

    @property
    def in_flight(self) -> int:
        """How many exchanges are in flight, whoever opened them."""
        return len(self._mine) + len(self._theirs)

    def get(self, request_id: RequestId) -> Exchange | None:
        """The exchange in flight of this ID, if there is one."""
        if request_id[0] == self.local_peer:
            return self._mine.get(request_id[1])
        return self._theirs.get(request_id)

    def ready_for_item(self, request_id: RequestId) -> Exchange | None:
        """The exchange of this ID if it `takes_items` and one `may_send` on it; costs less than asking."""
        opener, number = request_id
        exchange = self._mine.get(number) if opener == self.local_peer else self._theirs.get(request_id)
        if exchange is None or exchange.kind is _UNARY:
            return None
        state, sent, credit = exchange.state, exchange.items_out, self.credit_out
        if state is not _OPEN and state is not _HALF_CLOSED_REMOTE:
            return None
        return exchange if credit is None or sent < credit or sent < exchange.limit_out else None

    def may_send(self, exchange: Exchange) -> bool:
        """Whether the other side's credit lets one more item through (protocol.md §9)."""
        credit = self.credit_out
        return credit is None or exchange.items_out < credit or exchange.items_out < exchange.limit_out

    def open(self, kind: ExchangeKind, operation: object) -> Exchange:
        """Open an exchange of this side, with the next number; costs less than `sent`."""
        number = self.next_number
        state = _FIRST_STATES[kind, True]
        name = operation if type(operation) is str else None
        exchange = Exchange((self.local_peer, number), kind, name, True, state)
        self._mine[number] = exchange
        self.next_number = number + 1
        return exchange

    def response_sent(self, exchange: Exchange) -> None:
        """Fold the response to a unary exchange of the other side; likewise."""
        exchange.state, exchange.outcome = _CLOSED, _OK
        del self._theirs[exchange.request_id]

    def item_sent(self, exchange: Exchange, size_bytes: int) -> None:
        """Fold an item on its way out, of an exchange that `takes_items`; likewise."""
        exchange.items_out += 1
        exchange.bytes_out += size_bytes

    def received(self, frame: Frame, size_bytes: int) -> Step:
        """Fold a frame that came in."""
        if frame.peer_id == self.local_peer:
            return _refused(
                "own_peer_id", "§7", "A frame came in that names this side as its sender", frame.request_id
            )
        return self._fold(frame, size_bytes, incoming=True)

    def sent(self, frame: Frame, size_bytes: int) -> Step:
        """Fold a frame on its way out. `REFUSED` changes nothing: the frame must not be sent."""
        return self._fold(frame, size_bytes, incoming=False)

    # -- ordinary frames, at less cost: False or None for every other, and then nothing was done ----------

    def item_came(self, request_id: RequestId, size_bytes: int) -> bool:
        """Fold an item that came as it should; like `received`."""
        exchange = self.get(request_id)
        return exchange is not None and self.item_fits(exchange, size_bytes)

    def item_fits(self, exchange: Exchange, size_bytes: int) -> bool:
        """Fold an item that came as it should on an exchange in flight; like `received`."""
        if exchange.kind is _UNARY:
            return False
        state, credit = exchange.state, self.credit_in
        if state is not _OPEN and state is not _HALF_CLOSED_LOCAL:
            return False
        if credit is not None and exchange.items_in >= credit and exchange.items_in >= exchange.limit_in:
            return False
        exchange.items_in += 1
        exchange.bytes_in += size_bytes
        return True

    def response_came(self, request_id: RequestId) -> bool:
        """Fold a response that came as it should; like `received`."""
        opener, number = request_id
        exchange = self._mine.get(number) if opener == self.local_peer else None
        if exchange is None or exchange.kind is not _UNARY:
            return False
        exchange.state, exchange.outcome = _CLOSED, _OK
        del self._mine[number]
        return True

    def request_came(
        self, request_id: RequestId, peer_id: str | None, operation: str, kind: ExchangeKind = _UNARY
    ) -> Exchange | None:
        """Fold the opening of an exchange that came as it should; like `received`."""
        opener, number = request_id
        last = self._highest.get(opener)
        if opener != peer_id or opener == self.local_peer or last is None or not last < number < MAX_COUNTER:
            return None
        state = _HALF_CLOSED_REMOTE if kind is _UNARY else _FIRST_STATES[kind, False]
        exchange = Exchange(request_id, kind, operation, False, state)
        self._theirs[request_id] = exchange
        self._highest[opener] = number
        self.opened_by_peer += 1
        return exchange

    def end_passed(self, request_id: RequestId, *, incoming: bool) -> Exchange | None:
        """Fold the end of a stream's half that is as it should be, either way; like `received` and `sent`."""
        exchange = self.get(request_id)
        if exchange is None or exchange.kind is _UNARY:
            return None
        if exchange.kind is _SERVER_STREAM and exchange.mine is not incoming:
            return None  # its opener gives it up
        state = exchange.state
        if state is _OPEN:
            exchange.state = _HALF_CLOSED_REMOTE if incoming else _HALF_CLOSED_LOCAL
        elif state is (_HALF_CLOSED_LOCAL if incoming else _HALF_CLOSED_REMOTE):
            exchange.state = _CLOSED
            self._end(exchange, _OK)
        else:
            return None
        return exchange

    def settle(self, request_id: RequestId, outcome: Outcome, message: str = "") -> Exchange | None:
        """End an exchange on this side where no frame says so; None if it is not in flight."""
        exchange = self.get(request_id)
        if exchange is not None:
            exchange.state = _CLOSED
            exchange.message = message
            self._end(exchange, outcome)
        return exchange

    def skip(self, request_id: RequestId) -> bool:
        """Count an ID of the other side as used, though nothing was opened; False if it cannot be, or is."""
        opener, number = request_id
        if opener == self.local_peer or not self._highest_of(opener) < number < MAX_COUNTER:
            return False
        if opener in self._highest or len(self._highest) < _REMEMBERED_PEERS:
            self._highest[opener] = number
        return True

    def connection_ended(self, outcome: Outcome) -> list[Exchange]:
        """End everything in flight, as `CLOSED` or `LOST`: mine, then theirs, in the order of opening."""
        ended = list(self)
        for exchange in ended:
            self.settle(exchange.request_id, outcome)
        return ended

    def _fold(self, frame: Frame, size_bytes: int, *, incoming: bool) -> Step:
        request_id = frame.request_id
        if frame.type in OPENING_TYPES:
            if frame.type is MessageType.FIRE_AND_FORGET:
                return self._notice(frame, incoming=incoming)
            if request_id is not None:
                return self._open(frame, request_id, incoming=incoming)
        if request_id is None:
            return _refused("no_request_id", "§2", f"A {frame.type.value} frame needs a requestId", None)
        exchange = self.get(request_id)
        if exchange is None:
            return self._stray(frame, request_id, incoming=incoming)
        return self._advance(exchange, frame, size_bytes, incoming=incoming)

    def _notice(self, frame: Frame, *, incoming: bool) -> Step:
        operation = operation_of(frame)
        if operation is None:
            return Step(Effect.NOTICE, None, (_no_operation(None),))
        if operation == CREDIT:
            return self._raise_limit(frame.data, incoming=incoming)
        return Step(Effect.NOTICE)

    def _open(self, frame: Frame, request_id: RequestId, *, incoming: bool) -> Step:
        opener, number = request_id
        mine = opener == self.local_peer
        if mine is incoming:
            text = (
                "The other side opened an exchange in this side's name"
                if mine
                else "This side opened an exchange in another peer's name"
            )
            return _refused("wrong_opener", "§2", text, request_id)
        if (number in self._mine) if mine else (request_id in self._theirs):
            return _refused("duplicate_open", "§7", "This exchange is open already", request_id)
        operation = operation_of(frame)
        kind = _KINDS[frame.type]
        exchange = Exchange(request_id, kind, operation, mine, _FIRST_STATES[kind, mine])
        least = self.next_number if mine else self._highest.get(opener, -1) + 1
        findings: tuple[Finding, ...] = ()
        if operation is None or frame.peer_id != opener or not least <= number < MAX_COUNTER:
            findings = tuple(_faults_of_opening(frame, request_id, least))
        if mine:
            self._mine[number] = exchange
            if least <= number < MAX_COUNTER:
                self.next_number = number + 1
        else:
            self._theirs[request_id] = exchange
            self.opened_by_peer += 1
            self.skip(request_id)
        return Step(Effect.OPENED, exchange, findings)

    def _highest_of(self, opener: str) -> int:
        return self._highest.get(opener, -1)

    def _stray(self, frame: Frame, request_id: RequestId, *, incoming: bool) -> Step:
        opener, number = request_id
        known = number < self.next_number if opener == self.local_peer else number <= self._highest_of(opener)
        if known and number >= 0:
            if incoming:
                self.late += 1
                return Step(Effect.LATE)
            if request_id in self._ended_by_peer or (opener == self.local_peer and frame.type in _GOODBYES):
                return Step(Effect.LATE)
            return _refused(
                "sent_after_end",
                "§5",
                f"This side sent {frame.type.value} on an exchange that it had ended",
                request_id,
            )
        if opener == self.local_peer:
            return _refused(
                "foreign_id", "§2", f"A {frame.type.value} for an exchange this side never opened", request_id
            )
        return _refused("unknown_exchange", "§7", f"A {frame.type.value} for an unknown exchange", request_id)

    def _advance(self, exchange: Exchange, frame: Frame, size_bytes: int, *, incoming: bool) -> Step:
        by_opener = exchange.mine is not incoming
        event = _LEGAL[exchange.kind, by_opener].get(frame.type)
        if event is None:
            side = "opener" if by_opener else "responder"
            text = f"The {side} of a {exchange.kind.value} exchange never sends {frame.type.value}"
            return _refused("wrong_type", "§4", text, exchange.request_id, exchange)
        state, effect = STREAM_TRANSITIONS[exchange.state, event if incoming else _OUTGOING[event]]
        if effect is not StreamEffect.PROCEED:
            text = f"A {frame.type.value} after the end of its sender's half ({exchange.state.value})"
            rule = "data_after_end" if frame.type is MessageType.STREAM_DATA else "end_after_end"
            return _refused(rule, "§5", text, exchange.request_id, exchange)
        exchange.state = state
        if event is StreamEvent.DATA:
            return self._item(exchange, size_bytes, incoming=incoming)
        if event is StreamEvent.RESPONSE:
            self._end(exchange, Outcome.OK)
            return Step(Effect.RESULT, exchange)
        if event is StreamEvent.END:
            if state is StreamState.CLOSED:
                self._end(exchange, Outcome.OK)
            return Step(Effect.END, exchange)
        return self._abort(exchange, frame, by_opener=by_opener)

    def _raise_limit(self, data: dict[str, Any], *, incoming: bool) -> Step:
        match data:
            case {"requestId": [str(opener), number], "limit": limit} if (
                type(number) is int and type(limit) is int and limit >= 0  # a boolean is no number here
            ):
                exchange = self.get((opener, number))
            case _:
                return _refused(
                    "bad_credit", "§9", "Credit names a requestId and a limit, a whole number", None
                )
        # Credit that crosses the end of its stream is nobody's fault.
        if exchange is None:
            return Step(Effect.LATE)
        if incoming:
            exchange.limit_out = max(exchange.limit_out, limit)
        else:
            exchange.limit_in = max(exchange.limit_in, limit)
        return Step(Effect.CREDIT, exchange)

    def _item(self, exchange: Exchange, size_bytes: int, *, incoming: bool) -> Step:
        if not incoming:
            self.item_sent(exchange, size_bytes)
            return Step(Effect.ITEM, exchange)
        exchange.items_in += 1
        exchange.bytes_in += size_bytes
        credit = self.credit_in
        # An opener may have sent what it did before it could know of any credit.
        if credit is None or not exchange.mine or exchange.items_in <= max(credit, exchange.limit_in):
            return Step(Effect.ITEM, exchange)
        text = f"Item {exchange.items_in} came where {max(credit, exchange.limit_in)} were let through"
        return Step(Effect.ITEM, exchange, (Finding("credit_exceeded", "§9", text, exchange.request_id),))

    def _abort(self, exchange: Exchange, frame: Frame, *, by_opener: bool) -> Step:
        if exchange.mine is not by_opener:
            self._ended_by_peer.append(exchange.request_id)
        if frame.type is MessageType.STREAM_END:
            self._end(exchange, Outcome.CANCELLED)
            return Step(Effect.CANCEL, exchange)
        exchange.message, exchange.code = error_facts(frame.data)
        outcome = _GIVEN_UP.get(exchange.code, Outcome.ERROR) if by_opener else Outcome.ERROR
        self._end(exchange, outcome)
        return Step(Effect.ERROR, exchange)

    def _end(self, exchange: Exchange, outcome: Outcome) -> None:
        exchange.outcome = outcome
        if exchange.mine:
            del self._mine[exchange.request_id[1]]
        else:
            del self._theirs[exchange.request_id]


# Giving up ends the local side at once; the frame that tells the other side follows (protocol.md §8).
_GOODBYES = frozenset({MessageType.ERROR, MessageType.STREAM_END})

_REMEMBERED_ENDINGS = 256

# A connection has one peer; a hostile one may claim many names, and gets no memory for them.
_REMEMBERED_PEERS = 16


def _faults_of_opening(frame: Frame, request_id: RequestId, least: int) -> Iterator[Finding]:
    opener, number = request_id
    if frame.peer_id != opener:
        yield Finding("wrong_opener", "§2", "The requestId names another peer than peerID", request_id)
    if not 0 <= number < MAX_COUNTER:
        yield Finding("counter_range", "§2", f"The counter {number} is not from 0 to 2^53", request_id)
    elif number < least:
        yield Finding("counter_reused", "§2", f"The counter {number} was used before", request_id)
    if operation_of(frame) is None:
        yield _no_operation(request_id)


def _no_operation(request_id: RequestId | None) -> Finding:
    return Finding("no_operation", "§2", "The data names no operation", request_id)


def _refused(
    rule: str, section: str, text: str, request_id: RequestId | None, exchange: Exchange | None = None
) -> Step:
    return Step(Effect.REFUSED, exchange, (Finding(rule, section, text, request_id),))
