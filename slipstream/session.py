"""The sans-I/O engine of one connection: messages and calls in, events and messages out (protocol.md).

It enforces what `exchanges` observes, answers what cannot reach a handler, keeps deadlines and the hello.
It never reads a clock, runs a timer, or touches a socket: times are handed in as seconds of any monotonic
clock, timers are asked for by `next_deadline`, and what is to be written waits in `outgoing`.
"""

from __future__ import annotations

import heapq
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Any

from slipstream.errors import FrameTooLargeError, OverloadedError, ProtocolError, StreamClosedError
from slipstream.exchanges import (
    CREDIT,
    Effect,
    Exchange,
    ExchangeKind,
    ExchangeTable,
    Finding,
    Outcome,
    RequestId,
    bad_frame,
    error_facts,
    operation_of,
)
from slipstream.frames import (
    CANONICAL_TYPES,
    Frame,
    MessageType,
    decode,
    encode,
    encode_value,
    head_of,
    size_of,
    splice,
)
from slipstream.limits import DEFAULT_LIMITS, MAX_PEER_ID, Limits
from slipstream.spelling import CANONICAL, Spelling, follow

VERSION = 1
"""The version of the protocol that this package speaks (protocol.md §8)."""


# Not frozen: setting up a frozen record costs three times as much, and there is one for every frame.
@dataclass(slots=True)
class Called:
    """The other side opened an exchange that a handler should answer."""

    request_id: RequestId
    kind: ExchangeKind
    operation: str
    data: dict[str, Any]


@dataclass(slots=True)
class Notified:
    """A fire-and-forget came."""

    operation: str
    data: dict[str, Any]


@dataclass(slots=True)
class Answered:
    """A unary exchange of mine has its result."""

    request_id: RequestId
    data: Any


@dataclass(slots=True)
class ItemArrived:
    """A stream brought an item; `size_bytes` is what it takes of the receiving buffer."""

    request_id: RequestId
    data: Any
    size_bytes: int


@dataclass(slots=True)
class HalfEnded:
    """The other side sends no more items on this stream."""

    request_id: RequestId


@dataclass(slots=True)
class Failed:
    """The other side ended the exchange with an error, or, as its opener, gave it up."""

    request_id: RequestId
    message: str
    code: str
    details: Any = None


@dataclass(slots=True)
class Settled:
    """This side ended the exchange: its deadline passed, it was cancelled, its buffer overflowed."""

    request_id: RequestId
    outcome: Outcome
    message: str


@dataclass(slots=True)
class Credited:
    """The other side lets more items through on this stream (§9)."""

    request_id: RequestId


@dataclass(slots=True)
class Expired:
    """The time is up that the other side gave for an answer; it has been told so (§8)."""

    request_id: RequestId
    message: str


@dataclass(slots=True)
class Found:
    """The other side broke the protocol."""

    finding: Finding


@dataclass(slots=True)
class Violated:
    """The other side went further than a connection bears: it is to be closed with this code (§11)."""

    code: int
    reason: str


Event = (
    Called
    | Notified
    | Answered
    | ItemArrived
    | HalfEnded
    | Failed
    | Settled
    | Credited
    | Expired
    | Found
    | Violated
)

BAD_FRAME_CODE = 4400
PEER_ID_COLLISION_CODE = 4409
FLOOD_CODE = 4429
"""The private close codes (§11)."""


@dataclass(slots=True)
class Remote:
    """What is known of the other side. `modern` is None until its first frame (protocol.md §8)."""

    peer_id: str | None = None
    modern: bool | None = None
    version: int = VERSION
    software: str = ""
    credit: int | None = None
    max_frame_bytes: int | None = None
    spelling: Spelling = CANONICAL


_SHORT_TEXT = 1000
_OPENINGS = {
    ExchangeKind.UNARY: MessageType.REQUEST,
    ExchangeKind.SERVER_STREAM: MessageType.STREAM_REQUEST,
    ExchangeKind.BIDIRECTIONAL: MessageType.STREAM_STREAM_REQUEST,
}
_WIRE_CODES = {
    Outcome.TIMEOUT: "deadline_exceeded",
    Outcome.CANCELLED: "cancelled",
    Outcome.OVERFLOW: "overflow",
}


@dataclass(slots=True)
class Session:
    """One connection's protocol state. `peer_id` is this side's (a fresh UUID4 per connection, §2)."""

    peer_id: str
    limits: Limits = DEFAULT_LIMITS
    software: str = "slipstream"
    spelling: Spelling | None = None
    """Spelling of types for a client that speaks first; None mirrors the other side."""
    closing: bool = False
    """No new exchanges, either way (protocol.md §6)."""
    table: ExchangeTable = field(init=False)
    remote: Remote = field(default_factory=Remote)
    outgoing: list[str] = field(default_factory=list)
    """Messages to write, in order. The shell takes them all and leaves the list empty."""
    bad_frames: int = 0
    findings: int = 0
    _greeted: bool = False
    _recent_bad_frames: deque[float] = field(init=False)
    _deadlines: list[tuple[float, int, Exchange]] = field(default_factory=list)
    _deadlines_set: int = 0
    _tidy_at: int = 0
    _given_up: deque[tuple[RequestId, Frame]] = field(
        default_factory=lambda: deque(maxlen=_REMEMBERED_GOODBYES)
    )
    """What a modern peer will be told of exchanges given up before it was known to be one."""

    def __post_init__(self) -> None:
        self.table = ExchangeTable(self.peer_id)
        self._recent_bad_frames = deque(maxlen=self.limits.bad_frames or 0)

    # -- calls of this side -----------------------------------------------------------------------------

    def open(
        self, kind: ExchangeKind, data: dict[str, Any], *, now: float = 0.0, timeout_s: float | None = None
    ) -> RequestId:
        """Open an exchange that ends by `now + timeout_s`, and return its ID.

        Raises `ProtocolError` for data that cannot be a frame and `OverloadedError` at the limit of
        exchanges in flight (§11), `ValueError` for a timeout that is no number of seconds; then nothing was
        opened and no counter was spent.
        """
        if self.table.count(mine=True) >= self.limits.in_flight:
            raise OverloadedError(
                f"{self.limits.in_flight} exchanges are in flight on this connection: wait for some to end"
            )
        if timeout_s is not None and not isfinite(timeout_s):
            raise ValueError(f"A timeout is a number of seconds, or None for no deadline, not {timeout_s}")
        request_id = (self.peer_id, self.table.next_number)
        meta = {"timeout": timeout_s} if timeout_s is not None and self.remote.modern else None
        exchange = self._send(Frame(_OPENINGS[kind], request_id, self.peer_id, data, meta))
        if timeout_s is not None and exchange is not None:
            self._set_deadline(now + timeout_s, exchange)
        return request_id

    def notify(self, data: dict[str, Any]) -> None:
        """Send a fire-and-forget (§3)."""
        self._send(Frame(MessageType.FIRE_AND_FORGET, None, self.peer_id, data))

    def consumed(self, request_id: RequestId, items: int) -> int:
        """So many items of a stream were consumed in all: let the other side send more, if it counts (§9).

        Returns how many must be consumed before it is worth saying again.
        """
        exchange = self.table.get(request_id)
        if self.remote.modern and exchange is not None and exchange.state.remote_open:
            limit = items + self.limits.credit
            data = {"operation": CREDIT, "requestId": list(request_id), "limit": limit}
            with suppress(FrameTooLargeError):  # a peer that takes no frame of this size gets no credit
                self._send(Frame(MessageType.FIRE_AND_FORGET, None, self.peer_id, data))
        return items + self.credit_step

    def patience(self, request_id: RequestId) -> int:
        """How many more items of a stream that nobody reads are borne; with credit, all that it has left.

        One that has used up its credit gets some more, or it would never learn that nobody reads (§9).
        """
        exchange, window = self.table.get(request_id), self.limits.credit
        if exchange is None or not self.remote.modern:
            return window
        left = max(window, exchange.limit_in) - exchange.items_in
        if left <= 0:
            self.consumed(request_id, exchange.items_in)
        return left if left > 0 else window

    @property
    def credit_step(self) -> int:
        """So many items are consumed before more are let through: half the window."""
        return max(1, self.limits.credit // 2)

    def send_item(self, request_id: RequestId, data: Any) -> bool:
        """Send one item of a stream; False, and nothing sent, where it must wait for credit (§9).

        Raises `StreamClosedError` where §5 says *local error*.
        """
        exchange, table = self.table.get(request_id), self.table
        if exchange is None or not exchange.takes_items or not self._greeted:
            self._send(Frame(MessageType.STREAM_DATA, request_id, self.peer_id, data))
            return True
        if not table.may_send(exchange):
            return False
        if not exchange.item_head:
            spelling = self.spelling or self.remote.spelling
            exchange.item_head = head_of(MessageType.STREAM_DATA, request_id, self.peer_id, spelling)
        text = splice(exchange.item_head, data, limit_bytes=self._frame_limit(), nesting=self.limits.nesting)
        table.item_sent(exchange, len(text))
        self.outgoing.append(text)
        return True

    def end(self, request_id: RequestId) -> None:
        """End this side's half; ending it again does nothing (§5)."""
        exchange = self.table.get(request_id)
        if exchange is not None and exchange.state.local_open:
            self._send(Frame(MessageType.STREAM_END, request_id, self.peer_id))

    def respond(self, request_id: RequestId, data: Any) -> None:
        """Answer a unary exchange of the other side; nothing is sent if it has ended meanwhile (§8)."""
        if self.table.get(request_id) is not None:
            self._send(Frame(MessageType.RESPONSE, request_id, self.peer_id, data))

    def fail(self, request_id: RequestId, code: str, message: str, details: Any = None) -> None:
        """End an exchange, both halves, with an error (§7); nothing is sent if it has ended meanwhile.

        It ends in any case: what cannot be said whole is said without details, or stays unsaid.
        """
        if self.table.get(request_id) is None:
            return
        try:
            self._send(_error(self.peer_id, request_id, code, message, details))
        except ProtocolError as error:
            short = f"{message[:_SHORT_TEXT]} (the rest was left out: {error})"
            self._tell(request_id, _error(self.peer_id, request_id, code, short))

    def give_up(self, request_id: RequestId, outcome: Outcome, message: str = "") -> Settled | None:
        """End an exchange of mine here and now, and tell the other side in its own dialect (§8).

        Returns None if it is not mine or not in flight.
        """
        exchange = self.table.get(request_id)
        if exchange is None or not exchange.mine:
            return None
        ends_by_stream_end = exchange.kind is ExchangeKind.SERVER_STREAM or exchange.state.local_open
        self.table.settle(request_id, outcome, message)
        code, text = _WIRE_CODES.get(outcome, "cancelled"), message or outcome.value
        goodbye = _error(self.peer_id, request_id, code, text)
        if self.remote.modern is None:
            self._given_up.append((request_id, goodbye))
        if self.remote.modern:
            self._tell(request_id, goodbye)
        elif ends_by_stream_end:
            self._tell(request_id, Frame(MessageType.STREAM_END, request_id, self.peer_id))
        return Settled(request_id, outcome, message)

    def send_as_typed(self, text: str) -> list[Event]:
        """Send any text whatever; where it is a legal frame, it is kept account of like any other.

        Returns what its sender's side should hear of: the ending of an exchange.
        """
        self.outgoing.append(text)
        try:
            frame = decode(text)
        except ProtocolError:
            return []
        self._greeted = True
        step = self.table.sent(frame, size_of(text))
        if step.exchange is None or not step.exchange.ended:
            return []
        request_id, code = step.exchange.request_id, step.exchange.code or "cancelled"
        if step.effect is Effect.END:
            return [HalfEnded(request_id)]
        return [Failed(request_id, "This side ended it with a frame sent as typed", code)]

    # -- time and ending --------------------------------------------------------------------------------

    @property
    def earliest(self) -> float:
        """No deadline is before this, on the clock of `now`; costs less than `next_deadline`."""
        return self._deadlines[0][0] if self._deadlines else inf

    @property
    def next_deadline(self) -> float | None:
        """When `tick` should be called next, on the clock of `now`."""
        while self._deadlines and self._deadlines[0][2].ended:
            heapq.heappop(self._deadlines)
        return self._deadlines[0][0] if self._deadlines else None

    def _set_deadline(self, when: float, exchange: Exchange) -> None:
        # One request that waits long must not keep the deadlines of all that were answered behind it.
        if len(self._deadlines) >= self._tidy_at:
            self._deadlines = [entry for entry in self._deadlines if not entry[2].ended]
            heapq.heapify(self._deadlines)
            self._tidy_at = 2 * len(self._deadlines) + _STALE_DEADLINES
        self._deadlines_set += 1
        heapq.heappush(self._deadlines, (when, self._deadlines_set, exchange))

    def tick(self, now: float) -> list[Event]:
        """Give up what has passed its deadline, whoever set it."""
        events: list[Event] = []
        while self._deadlines and self._deadlines[0][0] <= now:
            exchange = heapq.heappop(self._deadlines)[2]
            if exchange.ended:
                continue
            name = (exchange.operation or "")[:200]
            if exchange.mine:
                text = f"No answer to {name!r} came within the deadline"
                settled = self.give_up(exchange.request_id, Outcome.TIMEOUT, text)
                events += [settled] if settled is not None else []
            else:
                text = f"{name!r} was not done within the time that its caller gave it"
                self.fail(exchange.request_id, "deadline_exceeded", text)
                events.append(Expired(exchange.request_id, text))
        return events

    def connection_ended(self, outcome: Outcome) -> list[Exchange]:
        """End everything in flight as `CLOSED` or `LOST`; what was to be written is dropped."""
        self.outgoing.clear()
        self._deadlines.clear()
        self._given_up.clear()
        return self.table.connection_ended(outcome)

    # -- messages of the other side ---------------------------------------------------------------------

    def receive(self, message: str | bytes, *, now: float = 0.0) -> list[Event]:
        """Take one message that came at `now`. Never raises for what the other side sent (§7)."""
        limits, remote = self.limits, self.remote
        size = size_of(message)
        try:
            if size > limits.frame_bytes:
                raise FrameTooLargeError(size, limits.frame_bytes)
            frame = decode(message, nesting=limits.nesting)
        except ProtocolError as error:
            return self._bad_frame(error, now)
        unfamiliar = remote.peer_id is None or remote.spelling is not CANONICAL
        if (unfamiliar or frame.spelled not in CANONICAL_TYPES) and frame.peer_id != self.peer_id:
            self._learn(frame)
        effect, exchange, findings = self.table.received(frame, size)
        events: list[Event] = []
        for finding in findings:
            events += self._found(finding)
        if effect is Effect.ITEM and exchange is not None:
            events.append(ItemArrived(exchange.request_id, frame.data, size))
        elif effect is Effect.RESULT and exchange is not None:
            events.append(Answered(exchange.request_id, frame.data))
        elif effect is Effect.OPENED and exchange is not None:
            self._admit(exchange, frame, now, events)
        elif effect is Effect.NOTICE:
            if (operation := operation_of(frame)) is not None:
                events.append(Notified(operation, frame.data))
        elif exchange is not None and (event := _ending(effect, exchange.request_id, frame)) is not None:
            events.append(event)
        return events

    def _bad_frame(self, error: ProtocolError, now: float) -> list[Event]:
        self.bad_frames += 1
        self._answer_bad_frame(error.salvaged)
        events = self._found(bad_frame(error))
        recent, limits = self._recent_bad_frames, self.limits
        recent.append(now)
        if limits.strict:
            events.append(Violated(BAD_FRAME_CODE, "strict: a bad frame came"))
        elif len(recent) == limits.bad_frames and now - recent[0] < limits.bad_frames_window_s:
            text = f"{limits.bad_frames} bad frames came within {limits.bad_frames_window_s:g} s"
            events.append(Violated(FLOOD_CODE, text))
        return events

    def _found(self, finding: Finding) -> list[Event]:
        self.findings += 1
        events: list[Event] = [Found(finding)]
        if self.limits.strict and finding.rule == "own_peer_id":
            events.append(Violated(PEER_ID_COLLISION_CODE, "strict: both sides have the same peer ID"))
        return events

    def _admit(self, exchange: Exchange, frame: Frame, now: float, events: list[Event]) -> None:
        """Let an exchange through to a handler, or answer at once why not (§7)."""
        if exchange.operation is None:
            refusal = "invalid_request", "data must be an object with a string 'operation'"
        elif self.closing:
            refusal = "unavailable", "This side is closing the connection"
        elif self.table.count(mine=False) > self.limits.in_flight:
            refusal = "overloaded", f"More than {self.limits.in_flight} exchanges are in flight"
        else:
            if frame.meta is not None and (patience_s := _patience(frame.meta.get("timeout"))) is not None:
                self._set_deadline(now + patience_s, exchange)
            events.append(Called(exchange.request_id, exchange.kind, exchange.operation, frame.data))
            return
        self._tell(exchange.request_id, _error(self.peer_id, exchange.request_id, *refusal))

    def _learn(self, frame: Frame) -> None:
        self.remote.peer_id = self.remote.peer_id or frame.peer_id
        self.remote.spelling = follow(self.remote.spelling, frame.spelled, frame.type.value)
        if self.remote.modern is None:
            hello = frame.meta.get("hello") if frame.meta else None
            self.remote.modern = isinstance(hello, dict)
            if isinstance(hello, dict):
                _read_hello(self.remote, hello)
                self.table.credit_out = self.remote.credit
                self.table.credit_in = self.limits.credit
                for request_id, goodbye in self._given_up:
                    if request_id != frame.request_id:
                        self._tell(request_id, goodbye)
            self._given_up.clear()

    def _answer_bad_frame(self, salvaged: dict[str, Any] | None) -> None:
        if salvaged is None or salvaged.get("peerID") == self.peer_id:
            return
        request_id = _request_named_by(salvaged)
        if request_id is not None and self.table.skip(request_id):
            text = "This is no valid frame: see its type, requestId and peerID"
            self._tell(request_id, _error(self.peer_id, request_id, "invalid_request", text))

    # -- writing ----------------------------------------------------------------------------------------

    def _send(self, frame: Frame) -> Exchange | None:
        text = self._text_of(frame)
        effect, exchange, findings = self.table.sent(frame, len(text))
        if effect is Effect.REFUSED or effect is Effect.LATE:
            why = findings[0].text if findings else "The other side has ended the exchange"
            raise StreamClosedError(f"Not sent: {why}")
        self._commit(text)
        return exchange

    def _tell(self, request_id: RequestId, frame: Frame) -> None:
        """Send an ending that this side has already decided on; one over the limit stays unsaid."""
        try:
            text = self._text_of(frame)
        except FrameTooLargeError:
            self.table.settle(request_id, Outcome.ERROR)
        else:
            self.table.sent(frame, len(text))
            self._commit(text)

    def _text_of(self, frame: Frame) -> str:
        """The frame as text, checked against every limit, before anything has changed."""
        if not self._greeted:
            frame.meta = {**(frame.meta or {}), "hello": self._hello()}
        spelling = self.spelling or self.remote.spelling
        return encode(frame, spelling=spelling, limit_bytes=self._frame_limit(), nesting=self.limits.nesting)

    def _frame_limit(self) -> int:
        here, there = self.limits.frame_bytes, self.remote.max_frame_bytes
        return here if there is None or there > here else there

    def _commit(self, text: str) -> None:
        self._greeted = True
        self.outgoing.append(text)

    def _hello(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "credit": self.limits.credit,
            "maxFrame": self.limits.frame_bytes,
            "software": self.software,
        }


def _error(peer_id: str, request_id: RequestId, code: str, message: str, details: Any = None) -> Frame:
    data = {"error": message, "code": code}
    if details is not None:
        data["details"] = details
    return Frame(MessageType.ERROR, request_id, peer_id, data)


def _ending(effect: Effect, request_id: RequestId, frame: Frame) -> Event | None:
    """The event of a frame that ends a half or the whole exchange, or lets more items through."""
    if effect is Effect.CREDIT:
        return Credited(request_id)
    if effect is Effect.END:
        return HalfEnded(request_id)
    if effect is Effect.CANCEL:
        return Failed(request_id, "The other side cancelled", "cancelled")
    return _failure(request_id, frame.data) if effect is Effect.ERROR else None


def _failure(request_id: RequestId, data: Any) -> Failed:
    message, code = error_facts(data)
    details = data.get("details") if isinstance(data, dict) else None
    return Failed(request_id, message or _as_json(data), code, details)


def _as_json(value: object) -> str:
    """A value as JSON text, or the name of its type where JSON has no way to say it (NaN from the wire)."""
    try:
        return encode_value(value)
    except ProtocolError:
        return type(value).__name__


def _read_hello(remote: Remote, hello: dict[str, Any]) -> None:
    remote.version = min(_whole(hello.get("version"), 1) or VERSION, VERSION)
    remote.credit = _whole(hello.get("credit"), 0)
    remote.max_frame_bytes = _whole(hello.get("maxFrame"), 1)
    if isinstance(software := hello.get("software"), str):
        remote.software = software[:200]


def _patience(timeout: object) -> float | None:
    """What `meta.timeout` says, in seconds; None where it says nothing that can be kept (§8)."""
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout > 0:
        return None
    return float(min(timeout, _LONGEST_S))


def _whole(value: object, least: int) -> int | None:
    return value if type(value) is int and value >= least else None


def _request_named_by(salvaged: dict[str, Any]) -> RequestId | None:
    """The exchange that a message which is no frame would have opened, if it can be told (§7)."""
    match salvaged.get("requestId"):
        case [str(opener), int(number)] if type(number) is int and len(opener) <= MAX_PEER_ID:
            pass
        case _:
            return None
    try:
        opens = MessageType(salvaged.get("type")) in _OPENINGS.values()
    except ValueError:
        opens = True  # an unknown type: it may be a request of a later version, and its sender waits
    return (opener, number) if opens else None


# A caller that waits longer might as well not have said so, and no clock overflows.
_LONGEST_S = 1e9

_REMEMBERED_GOODBYES = 1024

# Deadlines of exchanges that have ended, beside those in flight, that are not worth a clean-up.
_STALE_DEADLINES = 64
