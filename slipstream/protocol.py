"""`Protocol`: the asyncio shell of one connection. It owns the tasks, drives the session over a websocket.

Decisions are the session's; here is reading, waiting, timing and telling. The reader never waits for a
consumer or for a write (protocol.md §9).
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from math import inf
from typing import Any, Final

from slipstream._version import __version__
from slipstream.consumers import Consumers
from slipstream.direct_wire import wire_of
from slipstream.errors import (
    ConnectionClosedError,
    ExchangeCancelledError,
    ProtocolError,
    RemoteError,
    RemoteTimeoutError,
    RequestTimeoutError,
    SlipstreamError,
    StreamClosedError,
    StreamOverflowError,
)
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
from slipstream.exchanges import Exchange, ExchangeKind, Outcome, RequestId
from slipstream.handlers import Registry
from slipstream.keepalive import until_ping_missed
from slipstream.lifecycle import CONNECTION_TRANSITIONS, ConnectionState
from slipstream.limits import DEFAULT_LIMITS, Limits
from slipstream.outbox import Outbox
from slipstream.remote import Remote
from slipstream.reserved import registry_for
from slipstream.responder import Responder
from slipstream.session import Session
from slipstream.spelling import Spelling
from slipstream.stats import Stats
from slipstream.streams import BiStreamHandle, Inlet, ItemStream
from slipstream.taps import LogTap, Tap, TapSet, Transition
from slipstream.transport import (
    DROPPED,
    NO_CLOSE_FRAME,
    Ending,
    close_reason,
    cut,
    ending_of,
    ending_seen,
    is_open,
)
from slipstream.wire import Wire

DEFAULT_SOFTWARE: Final = f"slipstream {__version__}"
_DEFAULT: Final = object()

# To look a member up in its enum costs more than all that is done with it here.
_CONNECTED, _UNARY, _BIDIRECTIONAL = ConnectionState.CONNECTED, ExchangeKind.UNARY, ExchangeKind.BIDIRECTIONAL


def _time_of_running_loop() -> float:
    return asyncio.get_running_loop().time()


def _left(first: int | None, granted: int, used: int) -> int | None:
    return None if first is None else max(0, max(first, granted) - used)


_SETTLED_ERRORS: dict[Outcome, type[SlipstreamError]] = {
    Outcome.TIMEOUT: RequestTimeoutError,
    Outcome.CANCELLED: ExchangeCancelledError,
    Outcome.OVERFLOW: StreamOverflowError,
}


class Protocol:
    """One peer of a connection: calls the other side, and answers it with a handler.

    `websocket` is any connection of the websockets library, server or client side. Nothing is read before
    `listen()` runs. `timeout_s` values and limits are in seconds and bytes; see `Limits`.
    """

    def __init__(
        self,
        websocket: Any,
        *,
        handler: object | None = None,
        peer_id: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
        taps: Sequence[Tap] = (),
        software: str = DEFAULT_SOFTWARE,
        spelling: Spelling | None = None,
        describe: bool = True,
        direct: bool | None = None,
        rewire: Callable[[Wire], Wire] | None = None,
    ) -> None:
        """`direct=False` reads and writes by the documented calls of the websockets library alone.

        `rewire` may put something in between: it is given the wire, and what it gives is read and written.
        """
        self.websocket = websocket
        self.peer_id = peer_id or str(uuid.uuid4())
        self.limits = limits
        self.software = software
        self._log_tap = LogTap(limits.findings_logged_per_s)
        self.taps = TapSet([*taps, self._log_tap])
        self.handler: Any = None
        self._session = Session(self.peer_id, limits, software, spelling)
        wire = wire_of(websocket, direct=direct)
        self._wire = wire if rewire is None else rewire(wire)
        self._outbox = Outbox(
            self._wire,
            written=self.taps.frames_passed,
            broken=self._outbox_broke,
            send_timeout_s=limits.send_timeout_s,
            full_bytes=limits.outbox_bytes,
        )
        self._responder = Responder(self, self._session, self._outbox, flush=self._flush)
        self._responder.reserved = registry_for(self, lambda: self._responder.registry, describe=describe)
        self._consumers = Consumers(
            limits.stream_buffer_bytes,
            limits.connection_buffer_bytes,
            self._consumed,
            self._session.credit_step,
            self._overflow,
        )
        self._frames_in = self._bytes_in = 0
        self._state = ConnectionState.CONNECTING
        self._ending: Ending | None = None
        self._listening = False
        self._closed_here = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = inf
        self._clock: Callable[[], float] = _time_of_running_loop
        self._closing: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._ended = asyncio.Event()
        self._act: dict[type[Event], Callable[[Any], object]] = {
            Answered: self._consumers.answer,
            ItemArrived: self._consumers.offer,
            HalfEnded: self._on_half_ended,
            Failed: self._on_failed,
            Called: self._on_called,
            Notified: self._responder.notify,
            Credited: self._on_credited,
            Settled: self._on_settled,
            Expired: self._on_expired,
            Found: self._on_found,
            Violated: self._on_violated,
        }
        if handler is not None:
            self.set_handler(handler)

    # -- what it is ---------------------------------------------------------------------------------------

    @property
    def state(self) -> ConnectionState:
        """State of the connection (protocol.md §6)."""
        return self._state

    @property
    def remote(self) -> Remote:
        """What is known of the other side: its peer ID, dialect, limits (protocol.md §8)."""
        return self._session.remote

    @property
    def exchanges(self) -> int:
        """How many exchanges are in flight, both ways together."""
        return self._session.table.in_flight

    def stats(self) -> Stats:
        """What this connection has done, and holds now."""
        session, table = self._session, self._session.table
        return Stats(
            state=self._state,
            frames_in=self._frames_in,
            frames_out=self._outbox.messages_written,
            bytes_in=self._bytes_in,
            bytes_out=self._outbox.bytes_written,
            opened_here=table.next_number,
            opened_there=table.opened_by_peer,
            in_flight_here=table.count(mine=True),
            in_flight_there=table.count(mine=False),
            handlers_running=self._responder.running,
            streams_waiting_for_credit=self._consumers.senders,
            buffered_bytes=self._consumers.buffered_bytes,
            unwritten_bytes=self._outbox.pending_bytes,
            late_frames=table.late,
            bad_frames=session.bad_frames,
            findings=session.findings,
            findings_not_logged=self._log_tap.suppressed,
            tap_failures=self.taps.failures,
        )

    def __repr__(self) -> str:
        peers = f"{self.peer_id[:8]} to {(self.remote.peer_id or 'unknown')[:8]}"
        return f"<Protocol {peers} {self._state.name} {self.exchanges} exchanges in flight>"

    def set_handler(self, handler: Any) -> None:
        """Attach a handler and set its `protocol` to this one. What runs already keeps its own handler."""
        self.handler = handler
        handler.protocol = self
        self._responder.registry = Registry.of(handler)

    # -- calling ------------------------------------------------------------------------------------------

    async def request_response(self, data: dict[str, Any], *, timeout: Any = _DEFAULT) -> Any:  # noqa: ASYNC109 - the deadline goes over the wire
        """One request, one answer. `timeout` in seconds replaces the connection's deadline; None means none.

        Raises `RemoteError`, `RequestTimeoutError`, `ConnectionClosedError` or `ConnectionLostError`; before
        anything is sent `TypeError`, `ProtocolError` (no JSON, too large) or `OverloadedError`.
        """
        if self._state is not _CONNECTED or type(data) is not dict:
            self._check_call(data)
        timeout_s = self.limits.request_timeout_s if timeout is _DEFAULT else timeout
        if self._outbox.pending_bytes >= self._outbox.full_bytes:
            timeout_s = await self._wait_for_room(timeout_s)
        request_id = self._open(_UNARY, data, timeout_s)
        answer = self._consumers.await_answer(request_id)
        try:
            return await answer
        finally:
            if not answer.done() or answer.cancelled():
                self._consumers.drop_answer(request_id)
                self.abandon(request_id)

    async def request_stream(
        self,
        data: dict[str, Any],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - the deadline goes over the wire
        idle_timeout: Any = _DEFAULT,
    ) -> ItemStream:
        """Open a server stream: `async for item in await protocol.request_stream({...})`.

        `timeout` in seconds ends the stream however it goes, `idle_timeout` when the next item is waited for
        that long; None means none. Raises like `request_response` before anything is sent.
        """
        request_id = await self._open_stream(ExchangeKind.SERVER_STREAM, data, timeout, idle_timeout)
        return ItemStream(self, request_id, self.inlet(request_id))

    async def stream_stream(
        self,
        data: dict[str, Any],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - the deadline goes over the wire
        idle_timeout: Any = _DEFAULT,
    ) -> BiStreamHandle:
        """Open a bidirectional stream. The timeouts and what it raises are those of `request_stream`."""
        request_id = await self._open_stream(ExchangeKind.BIDIRECTIONAL, data, timeout, idle_timeout)
        return BiStreamHandle(self, request_id)

    async def _open_stream(
        self, kind: ExchangeKind, data: dict[str, Any], timeout_s: float | None, idle_timeout: Any
    ) -> RequestId:
        self._check_call(data)
        self._check_connected()
        if not self._outbox.has_room:
            timeout_s = await self._wait_for_room(timeout_s)
        request_id = self._open(kind, data, timeout_s)
        idle_s = self.limits.idle_timeout_s if idle_timeout is _DEFAULT else idle_timeout
        if idle_s is not None:
            self.inlet(request_id).give_up_after(idle_s, partial(self._idle_out, request_id, idle_s))
        return request_id

    def _idle_out(self, request_id: RequestId, idle_s: float) -> None:
        if self._ending is None and self.in_flight(request_id):
            self._give_up(request_id, Outcome.TIMEOUT, f"No item came for {idle_s:g} s")
            self._flush()

    async def fire_and_forget(self, data: dict[str, Any]) -> None:
        """Send one way; waits for room on the way to the socket, and for nothing else."""
        self._check_call(data)
        if not self._outbox.has_room:
            await self._outbox.room()
            self._check_open()
        self._session.notify(data)
        self._flush(caused=False)
        if not self._outbox.has_room:
            await self._outbox.room()

    # -- by request ID: for handles, and for tools that drive an exchange frame by frame -------------------

    def open_exchange(
        self, kind: ExchangeKind, data: dict[str, Any], *, timeout_s: float | None = None
    ) -> RequestId:
        """Open an exchange that nobody consumes here: taps see what becomes of it. Returns its ID."""
        self._check_call(data)
        request_id = self._open(kind, data, timeout_s)
        if kind is not _UNARY:
            self.inlet(request_id).discard()  # nobody reads what the taps have seen
        return request_id

    def exchange(self, request_id: RequestId) -> Exchange | None:
        """The exchange of this ID as it stands, to look at; None if it has ended or never was."""
        return self._session.table.get(request_id)

    def all_in_flight(self) -> tuple[Exchange, ...]:
        """Every exchange that has not ended, as it stands, to look at; first those that this side opened."""
        return tuple(self._session.table)

    def credit(self, request_id: RequestId) -> tuple[int | None, int | None]:
        """How many more items may go out on a stream, and come in (protocol.md §9); None: no limit.

        Both are 0 for an exchange that has ended or never was.
        """
        exchange, table = self.exchange(request_id), self._session.table
        if exchange is None:
            return 0, 0
        return (
            _left(table.credit_out, exchange.limit_out, exchange.items_out),
            _left(table.credit_in, exchange.limit_in, exchange.items_in),
        )

    def in_flight(self, request_id: RequestId) -> bool:
        """Whether the exchange of this ID has not ended."""
        return self.exchange(request_id) is not None

    def inlet(self, request_id: RequestId) -> Inlet:
        """The receiving buffer of a stream in flight; of one that has ended, an empty one that says so."""
        if self.in_flight(request_id):
            return self._consumers.open_inlet(request_id)
        inlet = self._consumers.closed_inlet()
        inlet.finish(self._ending.error() if self._ending else StreamClosedError("The stream has ended"))
        return inlet

    def send_item_at_once(self, request_id: RequestId, data: Any) -> bool:
        """Send one item on a stream if neither credit nor room is to be waited for; False if not sent."""
        if self._state is not _CONNECTED or not self._outbox.has_room:
            return False
        if not self._session.send_item(request_id, data):
            return False
        self._flush(caused=request_id[0] != self.peer_id)
        return True

    async def send_item(self, request_id: RequestId, data: Any) -> None:
        """Send one item on a stream; waits for credit, then for room. Errors: `BiStreamHandle.send`."""
        if self._state is not _CONNECTED:
            self._check_connected()
        if not self._outbox.has_room:
            await self._outbox.room()
            self._check_connected()
        while not self._session.send_item(request_id, data):
            await self._consumers.await_credit(request_id)
            self._check_connected()
        self._flush(caused=request_id[0] != self.peer_id)
        if not self._outbox.has_room:
            await self._outbox.room()

    async def end_half(self, request_id: RequestId) -> None:
        """End this side's half of a stream; again does nothing."""
        self._check_connected()
        self._session.end(request_id)
        self._flush()
        self._forget_ended(request_id)
        self._consumers.credited(request_id)  # an item that waits for credit comes too late
        if not self._outbox.has_room:
            await self._outbox.room()

    async def cancel(self, request_id: RequestId) -> None:
        """Give up an exchange of mine, or stop answering one of the other side's (protocol.md §8)."""
        await self.abort(request_id, "cancelled", "Cancelled")

    async def abort(self, request_id: RequestId, code: str, message: str) -> None:
        """End an exchange, both halves, with an error of this code; nothing happens if it has ended."""
        if not self.in_flight(request_id):
            return
        if request_id[0] == self.peer_id and code == "cancelled":
            self._give_up(request_id, Outcome.CANCELLED, message)
        else:
            self._session.fail(request_id, code, message)
            self._consumers.finish(request_id, ExchangeCancelledError(message))
            self._responder.stop(request_id)
        self._flush()

    def abandon(self, request_id: RequestId) -> None:
        """Give up an exchange of mine that nobody waits for any more, without waiting for the socket."""
        if self._ending is None and self.in_flight(request_id):
            self._give_up(request_id, Outcome.CANCELLED, "Cancelled")
            self._flush()

    def leave_unread(self, request_id: RequestId, inlet: Inlet) -> None:
        """Nobody reads this stream any more: drop its items, and end it if the other side goes on for long.

        Items that are on their way when the reader leaves are no reason to end what it sent.
        """
        inlet.discard(patience_items=self._session.patience(request_id))
        self._flush()

    def forget(self, request_id: RequestId) -> None:
        """Drop what is kept of an exchange that this side has ended with an error."""
        self._consumers.finish(request_id, ExchangeCancelledError("The exchange was ended by this side"))

    async def send_raw(self, text: str) -> None:
        """Send text exactly as it is, whatever it is. For tools; a legal frame is kept account of.

        Raises `ProtocolError` for text that UTF-8 cannot say.
        """
        self._check_open()
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ProtocolError(f"A lone surrogate is sent as its escape: {error}") from error
        self._handle(self._session.send_as_typed(text))
        self._flush(caused=False)
        await self._outbox.flushed()

    # -- reading ------------------------------------------------------------------------------------------

    async def listen(self) -> None:
        """Read, and answer, for as long as the connection lasts; then everything in flight has ended.

        A normal close is a return, every other end a `ConnectionLostError`; cancelling it ends what is in
        flight too. What is no frame is told to the taps and skipped (protocol.md §7).
        """
        if self._listening or self._ending is not None:
            raise RuntimeError("listen() runs once for each connection: make a new Protocol for a new one")
        self._listening = True
        self._clock = asyncio.get_running_loop().time
        self._advance(ConnectionState.CONNECTED)
        keeping = asyncio.create_task(self._keep_alive(), name="slipstream-keepalive")
        try:
            await self._wire.read(self._receive)
            ending = self._end(Ending(ConnectionState.LOST, None, "this side stopped reading"))
        except DROPPED as error:
            ending = self._end(ending_of(error, closed_here=self._closed_here))
        except asyncio.CancelledError:
            self._end(Ending(ConnectionState.CLOSED, None, "this side stopped listening"))
            raise
        except BaseException as error:
            self._end(Ending(ConnectionState.LOST, None, f"internal error: {type(error).__name__}"))
            cut(self.websocket)
            raise
        finally:
            keeping.cancel()
        if ending.state is ConnectionState.LOST:
            raise ending.error()

    async def _keep_alive(self) -> None:
        """End the connection where the other side misses a ping: at once, it would not answer a close."""
        with suppress(*DROPPED):
            await until_ping_missed(self.websocket, self._wire.unsent_bytes)
            self._end(Ending(ConnectionState.LOST, NO_CLOSE_FRAME, "the other side did not answer a ping"))
            cut(self.websocket)

    async def aclose(self, code: int = 1000, reason: str = "", *, drain_s: float | None = None) -> None:
        """Close the connection: no new exchanges, what is queued is written, what is in flight ends.

        What is in flight gets `drain_s` seconds (None: `limits.drain_s`) to end by itself (protocol.md §6,
        CLOSING). A peer that does not take part in the closing handshake within `limits.close_timeout_s` is
        left behind.
        """
        drain_s = self.limits.drain_s if drain_s is None else drain_s
        with self._responder.spared(asyncio.current_task()):
            await self._close(code, reason, drain_s)

    async def _close(self, code: int, reason: str, drain_s: float) -> None:
        self._closed_here = True
        self._session.closing = True
        if self._state is _CONNECTED:
            self._advance(ConnectionState.CLOSING)
        try:
            await self._close_socket(code, close_reason(reason), drain_s)
            if self._listening:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.limits.close_timeout_s):
                        await self._ended.wait()
        finally:
            self._end(Ending(ConnectionState.CLOSED, code, reason or None))

    async def wait_closed(self) -> None:
        """Wait until the connection has ended, however it ended."""
        await self._ended.wait()

    async def _drain(self, limit_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while self._ending is None and self.exchanges:
                    self._idle.clear()
                    await self._idle.wait()

    async def _close_socket(self, code: int, reason: str, drain_s: float = 0.0) -> None:
        try:
            if self._ending is None and drain_s > 0:
                await self._drain(drain_s)
            async with asyncio.timeout(self.limits.close_timeout_s):
                with suppress(*DROPPED):
                    await self._outbox.flushed()
                await self.websocket.close(code, reason)
        except DROPPED:
            cut(self.websocket)
        except BaseException:
            cut(self.websocket)
            raise

    def _receive(self, message: str | bytes) -> bool:
        if self._ending is not None:
            return False
        self._frames_in += 1
        self._bytes_in += len(message)
        self.taps.frames_passed("in", (message,))
        for event in self._session.receive(message, self._clock()):
            self._act[event.__class__](event)
        if self._session.outgoing or self._session.closing:
            self._flush()
        return self._ending is None

    def _handle(self, events: Iterable[Event]) -> None:
        for event in events:
            self._act[event.__class__](event)

    def _on_half_ended(self, event: HalfEnded) -> None:
        self._consumers.end_items(event.request_id)
        self._forget_ended(event.request_id)

    def _on_failed(self, event: Failed) -> None:
        kind = RemoteTimeoutError if event.code == "deadline_exceeded" else RemoteError
        self._consumers.finish(event.request_id, kind(event.message, event.code, event.details))
        self._responder.stop(event.request_id)

    def _on_called(self, event: Called) -> None:
        if event.kind is _BIDIRECTIONAL:
            self.inlet(event.request_id)  # items may come before the handler's task runs
        self._responder.call(event)
        if self._session.deadlines.earliest < self._timer_at:
            self._arm()

    def _on_credited(self, event: Credited) -> None:
        self._consumers.credited(event.request_id)

    def _on_settled(self, event: Settled) -> None:
        self._settle(event.request_id, event.outcome, event.message)

    def _on_expired(self, event: Expired) -> None:
        self._consumers.finish(event.request_id, RequestTimeoutError(event.message))
        self._responder.stop(event.request_id)

    def _on_found(self, event: Found) -> None:
        self.taps.finding(event.finding, time.time_ns())

    def _on_violated(self, event: Violated) -> None:
        """Close with the code; what the socket still brings is not looked at."""
        if self._ending is None:
            self._end(Ending(ConnectionState.LOST, event.code, event.reason))
            self._closing = asyncio.get_running_loop().create_task(
                self._close_socket(event.code, close_reason(event.reason)), name="slipstream-close"
            )

    def _consumed(self, request_id: RequestId, items: int) -> int:
        tell_at = self._session.consumed(request_id, items)
        self._flush()
        return tell_at

    # -- ending -------------------------------------------------------------------------------------------

    def _overflow(self, request_id: RequestId) -> None:
        text = "The items that were not consumed fill the buffer: consume faster, or ask for less"
        if request_id[0] == self.peer_id:
            self._give_up(request_id, Outcome.OVERFLOW, text)
        else:
            self._session.fail(request_id, "overflow", text)
            self._consumers.finish(request_id, StreamOverflowError(text))
            self._responder.stop(request_id)

    def _give_up(self, request_id: RequestId, outcome: Outcome, message: str) -> None:
        self._session.give_up(request_id, outcome, message)
        self._settle(request_id, outcome, message)

    def _settle(self, request_id: RequestId, outcome: Outcome, message: str) -> None:
        self.taps.settled(request_id, outcome, message, time.time_ns())
        self._consumers.finish(request_id, _SETTLED_ERRORS[outcome](message))

    def _forget_ended(self, request_id: RequestId) -> None:
        if not self.in_flight(request_id):
            self._consumers.finish(request_id, None)

    def _end(self, ending: Ending) -> Ending:
        """Settle everything, once: no waiter, table entry, task or timer stays. Never awaits."""
        if self._ending is not None:
            return self._ending
        self._ending = ending
        error = ending.error()
        lost = ending.state is ConnectionState.LOST
        self._session.connection_ended(Outcome.LOST if lost else Outcome.CLOSED)
        self._outbox.close(error)
        self._consumers.finish_all(error)
        self._responder.stop_all()
        if self._timer is not None:
            self._timer.cancel()
            self._timer, self._timer_at = None, inf
        self._advance(ending.state, ending.code, ending.reason)
        self._idle.set()
        self._ended.set()
        return ending

    def _outbox_broke(self, error: BaseException) -> None:
        ending = ending_of(error, closed_here=self._closed_here)
        if not self._listening:
            self._end(ending)
            return
        # The reader learns how the connection ended, and is made to where only writing has failed.
        self._outbox.close(ending.error())
        if is_open(self.websocket):
            cut(self.websocket)

    def _advance(self, new: ConnectionState, code: int | None = None, reason: str | None = None) -> None:
        old = self._state
        if new not in CONNECTION_TRANSITIONS[old]:
            raise RuntimeError(f"A connection does not go from {old.name} to {new.name}")
        self._state = new
        self.taps.transition(Transition(old, new, time.time_ns(), code, reason))

    # -- sending ------------------------------------------------------------------------------------------

    def _open(self, kind: ExchangeKind, data: dict[str, Any], timeout_s: float | None) -> RequestId:
        request_id = self._session.open(kind, data, now=self._clock(), timeout_s=timeout_s)
        if kind is not _UNARY:
            self.inlet(request_id)
        self._flush(caused=False, alone=kind is _UNARY)
        if self._session.deadlines.earliest < self._timer_at:
            self._arm()
        return request_id

    async def _wait_for_room(self, timeout_s: float | None) -> float | None:
        """Wait until there is room, before anything more is opened; gives what is left of the timeout."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        try:
            async with asyncio.timeout(timeout_s):
                await self._outbox.room()
                while self._outbox.pending_bytes > self.limits.outbox_bytes:
                    await self._outbox.flushed()
        except TimeoutError:
            raise RequestTimeoutError("Nothing was sent: the peer did not read in time") from None
        self._check_open()
        return None if timeout_s is None else max(0.0, timeout_s - (loop.time() - began_s))

    def _flush(self, *, caused: bool = True, alone: bool = False) -> None:
        """Queue what the session wants written; `caused` by the other side, or by this side's program.

        `alone`: see `Outbox.post`.
        """
        session, outbox = self._session, self._outbox
        for text in session.outgoing:
            outbox.post(text, caused=caused, alone=alone)
        session.outgoing.clear()
        if session.closing and not self.exchanges:
            self._idle.set()
        if outbox.caused_bytes > self.limits.outbox_bytes:
            waiting = outbox.caused_bytes
            text = f"the peer does not read: {waiting} bytes of answers wait to be written"
            self._end(Ending(ConnectionState.LOST, None, text))
            cut(self.websocket)

    def _arm(self) -> None:
        deadline = self._session.deadlines.earliest
        if deadline >= self._timer_at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_at = asyncio.get_running_loop().call_at(deadline, self._tick), deadline

    def _tick(self) -> None:
        self._timer, self._timer_at = None, inf
        self._handle(self._session.tick(asyncio.get_running_loop().time()))
        self._flush()
        self._arm()

    def _check_call(self, data: object) -> None:
        if not isinstance(data, dict):
            raise TypeError(f"data is a dict with an 'operation', not {type(data).__name__}")
        self._check_open()

    def _check_open(self) -> None:
        if self._state is _CONNECTED:
            return  # whoever reads is told at once of any end
        self._check_connected()
        if self._session.closing:
            raise ConnectionClosedError(None, "WebSocket is closed: this side is closing it")

    def _check_connected(self) -> None:
        ending = self._ending or ending_seen(self.websocket, closed_here=self._closed_here)
        if ending is not None:
            reason = f": {ending.reason}" if ending.reason else ""
            raise ending._replace(reason=f"WebSocket is closed{reason}").error()
