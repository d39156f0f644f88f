"""The sans-I/O engine of one connection: messages and calls in, events and messages out (protocol.md).

It enforces what `exchanges` observes, answers what cannot reach a handler, keeps deadlines and the hello.
It never reads a clock, runs a timer, or touches a socket: times are handed in as seconds of any monotonic
clock, timers are asked for by `next_deadline`, and what is to be written waits in `outgoing`.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final

from slipstream.deadlines import Deadlines
from slipstream.errors import FrameTooLargeError, OverloadedError, ProtocolError, StreamClosedError
from slipstream.events import (
    Answered,
    Called,
    Credited,
    Event,
    Expired,
    Failed,
    Found,
    HalfEnded,
    ItemArrived,
    Notified,
    Settled,
    Violated,
)
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
    Fields,
    Frame,
    FrameWriter,
    MessageType,
    decode,
    encode_value,
    read_fields,
    size_of,
)
from slipstream.limits import DEFAULT_LIMITS, MAX_PEER_ID, Limits
from slipstream.remote import VERSION, Remote, patience_of
from slipstream.spelling import CANONICAL, Spelling

BAD_FRAME_CODE: Final = 4400
PEER_ID_COLLISION_CODE: Final = 4409
FLOOD_CODE: Final = 4429
"""The private close codes (§11)."""


# To look a member up in its enum costs more than all that is done with it here.
_REQUEST, _RESPONSE, _STREAM_DATA = MessageType.REQUEST, MessageType.RESPONSE, MessageType.STREAM_DATA
_UNARY = ExchangeKind.UNARY

_SHORT_TEXT = 1000
_OPENINGS = {
    ExchangeKind.UNARY: MessageType.REQUEST,
    ExchangeKind.SERVER_STREAM: MessageType.STREAM_REQUEST,
    ExchangeKind.BIDIRECTIONAL: MessageType.STREAM_STREAM_REQUEST,
}
_LAST_WORDS = frozenset({MessageType.RESPONSE, MessageType.ERROR})
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
    deadlines: Deadlines = field(default_factory=Deadlines)
    _greeted: bool = False
    _familiar: bool = False
    """Whether the other side has been heard, and spells as this one does."""
    _writer: FrameWriter = field(init=False)
    _timeout_told: tuple[float | None, str] = (None, "")
    """The timeout of the last call, and how `meta` says it: it is mostly the same."""
    _recent_bad_frames: deque[float] = field(init=False)
    _given_up: deque[tuple[RequestId, dict[str, Any]]] = field(
        default_factory=lambda: deque(maxlen=_REMEMBERED_GOODBYES)
    )
    """What a modern peer will be told of exchanges given up before it was known to be one."""

    def __post_init__(self) -> None:
        self.table = ExchangeTable(self.peer_id)
        self._recent_bad_frames = deque(maxlen=self.limits.bad_frames or 0)
        self._write_as(self.spelling or CANONICAL)

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
        told, meta = self._timeout_told
        if timeout_s != told or not self._greeted:
            meta = self._meta(timeout_s)
        text = self._writer.write(_OPENINGS[kind], request_id, data, meta)
        exchange = self.table.open(kind, data.get("operation"))
        self._greeted = True
        self.outgoing.append(text)
        if timeout_s is not None:
            self.deadlines.set(now + timeout_s, exchange)
        return request_id

    def notify(self, data: dict[str, Any]) -> None:
        """Send a fire-and-forget (§3)."""
        self._send(MessageType.FIRE_AND_FORGET, None, data)

    def consumed(self, request_id: RequestId, items: int) -> int:
        """So many items of a stream were consumed in all: let the other side send more, if it counts (§9).

        Returns how many must be consumed before it is worth saying again.
        """
        exchange = self.table.get(request_id)
        if self.remote.modern and exchange is not None and exchange.state.remote_open:
            limit = items + self.limits.credit
            data = {"operation": CREDIT, "requestId": list(request_id), "limit": limit}
            with suppress(FrameTooLargeError):  # a peer that takes no frame of this size gets no credit
                self._send(MessageType.FIRE_AND_FORGET, None, data)
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
        table = self.table
        exchange = table.ready_for_item(request_id)
        if exchange is None:
            found = table.get(request_id)
            if found is None or not found.takes_items:
                raise self._refusal(_STREAM_DATA, request_id)
            return False
        meta = "" if self._greeted else self._meta()
        text = self._writer.write(_STREAM_DATA, request_id, data, meta)
        table.item_sent(exchange, len(text))
        self._greeted = True
        self.outgoing.append(text)
        return True

    def end(self, request_id: RequestId) -> None:
        """End this side's half; ending it again does nothing (§5)."""
        exchange = self.table.get(request_id)
        if exchange is not None and exchange.state.local_open:
            self._send(MessageType.STREAM_END, request_id)

    def respond(self, request_id: RequestId, data: Any) -> None:
        """Answer a unary exchange of the other side; nothing is sent if it has ended meanwhile (§8)."""
        exchange = self.table.get(request_id)
        if exchange is None:
            return
        if exchange.mine or exchange.kind is not _UNARY:
            raise self._refusal(_RESPONSE, request_id)
        meta = "" if self._greeted else self._meta()
        text = self._writer.write(_RESPONSE, request_id, data, meta)
        self.table.response_sent(exchange)
        self._greeted = True
        self.outgoing.append(text)

    def fail(self, request_id: RequestId, code: str, message: str, details: Any = None) -> None:
        """End an exchange, both halves, with an error (§7); nothing is sent if it has ended meanwhile.

        It ends in any case: what cannot be said whole is said without details, or stays unsaid.
        """
        if self.table.get(request_id) is None:
            return
        try:
            self._send(MessageType.ERROR, request_id, _error(code, message, details))
        except ProtocolError as error:
            short = f"{message[:_SHORT_TEXT]} (the rest was left out: {error})"
            self._tell(MessageType.ERROR, request_id, _error(code, short))

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
        goodbye = _error(code, text)
        if self.remote.modern is None and exchange.kind is not ExchangeKind.SERVER_STREAM:
            self._given_up.append((request_id, goodbye))
        if self.remote.modern:
            self._tell(MessageType.ERROR, request_id, goodbye)
        elif ends_by_stream_end:
            self._tell(MessageType.STREAM_END, request_id)
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

    def tick(self, now: float) -> list[Event]:
        """Give up what has passed its deadline, whoever set it."""
        events: list[Event] = []
        for exchange in self.deadlines.passed(now):
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
        self.deadlines.clear()
        self._given_up.clear()
        return self.table.connection_ended(outcome)

    # -- messages of the other side ---------------------------------------------------------------------

    def receive(self, message: str | bytes, now: float = 0.0) -> list[Event]:
        """Take one message that came at `now`. Never raises for what the other side sent (§7)."""
        limits = self.limits
        size = len(message) if type(message) is str and message.isascii() else size_of(message)
        try:
            if size > limits.frame_bytes:
                raise FrameTooLargeError(size, limits.frame_bytes)
            fields = read_fields(message, limits.nesting)
        except ProtocolError as error:
            return self._bad_frame(error, now)
        event = self._plain(fields, size, now) if self._familiar else None
        return [event] if event is not None else self._take(Frame(*fields), size, now)

    def _plain(self, fields: Fields, size: int, now: float) -> Event | None:
        """The event of an ordinary frame, at little cost; None for every other, and then nothing was done."""
        kind, request_id, peer_id, data, meta, spelled = fields
        table = self.table
        if request_id is None or peer_id == self.peer_id or spelled not in CANONICAL_TYPES:
            return None
        if kind is _STREAM_DATA:
            came = table.item_came(request_id, size)
            return tuple.__new__(ItemArrived, (request_id, data, size)) if came else None
        if kind is _RESPONSE:
            came = table.response_came(request_id)
            return tuple.__new__(Answered, (request_id, data)) if came else None
        if kind is not _REQUEST or type(data) is not dict or self.closing:
            return None
        operation = data.get("operation")
        if type(operation) is not str or table.count(mine=False) >= self.limits.in_flight:
            return None
        exchange = table.request_came(request_id, peer_id, operation)
        return self._called(exchange, data, meta, now) if exchange is not None else None

    def _take(self, frame: Frame, size: int, now: float) -> list[Event]:
        if frame.peer_id != self.peer_id:
            self._learn(frame)
        effect, exchange, findings = self.table.received(frame, size)
        events: list[Event] = []
        for finding in findings:
            events += self._found(finding)
        if effect is Effect.NOTICE:
            if (operation := operation_of(frame)) is not None:
                events.append(Notified(operation, frame.data))
        elif exchange is not None and (event := self._event(effect, exchange, frame, size, now)) is not None:
            events.append(event)
        return events

    def _event(self, effect: Effect, exchange: Exchange, frame: Frame, size: int, now: float) -> Event | None:
        request_id = exchange.request_id
        match effect:
            case Effect.OPENED:
                return self._admit(exchange, frame, now)
            case Effect.RESULT:
                return Answered(request_id, frame.data)
            case Effect.ITEM:
                return ItemArrived(request_id, frame.data, size)
            case Effect.CREDIT:
                return Credited(request_id)
            case Effect.END:
                return HalfEnded(request_id)
            case Effect.CANCEL:
                return Failed(request_id, "The other side cancelled", "cancelled")
            case Effect.ERROR:
                return _failure(request_id, frame.data)
            case _:
                return None

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

    def _admit(self, exchange: Exchange, frame: Frame, now: float) -> Event | None:
        """Let an exchange through to a handler, or answer at once why not (§7)."""
        if exchange.operation is None:
            refusal = "invalid_request", "data must be an object with a string 'operation'"
        elif self.closing:
            refusal = "unavailable", "This side is closing the connection"
        elif self.table.count(mine=False) > self.limits.in_flight:
            refusal = "overloaded", f"More than {self.limits.in_flight} exchanges are in flight"
        else:
            return self._called(exchange, frame.data, frame.meta, now)
        self._tell(MessageType.ERROR, exchange.request_id, _error(*refusal))
        return None

    def _called(
        self, exchange: Exchange, data: dict[str, Any], meta: dict[str, Any] | None, now: float
    ) -> Called:
        if meta is not None and (patience_s := patience_of(meta)) is not None:
            self.deadlines.set(now + patience_s, exchange)
        return tuple.__new__(Called, (exchange.request_id, exchange.kind, exchange.operation or "", data))

    def _learn(self, frame: Frame) -> None:
        remote, table = self.remote, self.table
        first = remote.learn(frame)
        spelling = self.spelling or remote.spelling
        if first or spelling != self._writer.spelling:
            self._write_as(spelling)
        self._familiar = remote.peer_id is not None and remote.spelling is CANONICAL
        if first:
            if remote.modern:
                table.credit_in, table.credit_out = self.limits.credit, remote.credit
                ended = frame.request_id if frame.type in _LAST_WORDS else None
                for request_id, goodbye in self._given_up:
                    if request_id != ended:
                        self._tell(MessageType.ERROR, request_id, goodbye)
            self._given_up.clear()

    def _answer_bad_frame(self, salvaged: dict[str, Any] | None) -> None:
        if salvaged is None or salvaged.get("peerID") == self.peer_id:
            return
        request_id = _request_named_by(salvaged)
        if request_id is not None and self.table.skip(request_id):
            text = "This is no valid frame: see its type, requestId and peerID"
            self._tell(MessageType.ERROR, request_id, _error("invalid_request", text))

    # -- writing ----------------------------------------------------------------------------------------

    def _write_as(self, spelling: Spelling) -> None:
        here, there = self.limits.frame_bytes, self.remote.max_frame_bytes
        limit = here if there is None else min(here, there)
        self._writer = FrameWriter(self.peer_id, spelling, limit, self.limits.nesting)

    def _send(self, kind: MessageType, request_id: RequestId | None, data: Any = None) -> None:
        text = self._writer.write(kind, request_id, data, self._meta())
        effect, _, findings = self.table.sent(Frame(kind, request_id, self.peer_id, data), len(text))
        if effect is Effect.REFUSED or effect is Effect.LATE:
            raise _not_sent(findings)
        self._commit(text)

    def _refusal(self, kind: MessageType, request_id: RequestId) -> StreamClosedError:
        """What there is to say of a frame that must not be sent."""
        return _not_sent(self.table.sent(Frame(kind, request_id, self.peer_id), 0).findings)

    def _tell(self, kind: MessageType, request_id: RequestId, data: Any = None) -> None:
        """Send an ending that this side has already decided on; one over the limit stays unsaid."""
        try:
            text = self._writer.write(kind, request_id, data, self._meta())
        except FrameTooLargeError:
            self.table.settle(request_id, Outcome.ERROR)
        else:
            self.table.sent(Frame(kind, request_id, self.peer_id, data), len(text))
            self._commit(text)

    def _meta(self, timeout_s: float | None = None) -> str:
        """What a frame says besides its data: the hello once, and how long its answer matters (§8)."""
        tells_timeout = timeout_s is not None and self.remote.modern
        if self._greeted and not tells_timeout:
            return ""
        if not self._greeted:
            hello: dict[str, Any] = {"hello": self._hello()}
            meta = {**hello, "timeout": timeout_s} if tells_timeout else hello
            return f',"meta":{encode_value(meta)}'
        assert timeout_s is not None  # noqa: S101 - part of `tells_timeout`
        self._timeout_told = timeout_s, f',"meta":{encode_value({"timeout": timeout_s})}'
        return self._timeout_told[1]

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


def _not_sent(findings: tuple[Finding, ...]) -> StreamClosedError:
    why = findings[0].text if findings else "The other side has ended the exchange"
    return StreamClosedError(f"Not sent: {why}")


def _error(code: str, message: str, details: Any = None) -> dict[str, Any]:
    data = {"error": message, "code": code}
    if details is not None:
        data["details"] = details
    return data


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


_REMEMBERED_GOODBYES = 1024
