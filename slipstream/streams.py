"""Streams as a program uses them: the receiving iterator, the bidirectional handle, and their buffer.

A buffer is bounded in bytes, for itself and together with its neighbours (protocol.md §9). What an
iterator or a handle leaves behind when it is dropped is given up on the wire too.
"""

from __future__ import annotations

import asyncio
import sys
import weakref
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from copy import copy
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self

from slipstream.errors import ExchangeCancelledError, SlipstreamError, StreamClosedError
from slipstream.exchanges import RequestId

if TYPE_CHECKING:
    from slipstream.protocol import Protocol


class Budget:
    """Bytes that all buffers of one connection may hold together."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.used_bytes = 0


def _tell_nobody(_: int) -> int:
    return sys.maxsize


# So many items are taken from a buffer before the other tasks have their turn.
_ITEMS_A_TURN = 256


class Inlet:
    """What has come on one stream and was not consumed yet: items in order, then exactly one ending."""

    def __init__(
        self,
        limit_bytes: int,
        budget: Budget,
        consumed: Callable[[int], int] | None = None,
        tell_after: int = 0,
    ) -> None:
        """Keep up to `limit_bytes`. `consumed` hears after `tell_after` items how many were consumed in all,
        and says after how many it wants to hear again.
        """
        self._limit_bytes = limit_bytes
        self._budget = budget
        self._items: deque[tuple[Any, int]] = deque()
        self._held_bytes = 0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._finished = False
        self._error: SlipstreamError | None = None
        self._aborted_by: SlipstreamError | None = None
        self._unread = False
        self._patience_items: int | None = None
        self._idle: tuple[float, Callable[[], None]] | None = None
        self._ended: Callable[[], object] | None = None
        self._tell_consumed = consumed or _tell_nobody
        self._consumed = 0
        self._tell_at = tell_after

    def __del__(self) -> None:
        # Whoever drops a stream with unread items gives their room back to its neighbours.
        self._budget.used_bytes -= self._held_bytes

    @property
    def finished(self) -> bool:
        """Whether the ending is known; items may still wait before it."""
        return self._finished

    @property
    def error(self) -> SlipstreamError | None:
        """What ended the stream, if it was no normal end; also where the items had ended normally before."""
        return self._error or self._aborted_by

    def offer(self, item: Any, size_bytes: int) -> bool:
        """Take an item; False if it does not fit, and then the stream must end with `overflow`."""
        if self._finished:
            return True
        if self._unread:
            return self._take_unread()
        over_own = self._held_bytes + size_bytes > self._limit_bytes
        if over_own or self._budget.used_bytes + size_bytes > self._budget.limit_bytes:
            return False
        self._items.append((item, size_bytes))
        self._held_bytes += size_bytes
        self._budget.used_bytes += size_bytes
        if self._waiters:
            self._wake_one()
        return True

    def finish(self, error: SlipstreamError | None = None) -> None:
        """Set the ending: None is the normal one. The first ending counts."""
        if self._finished:
            self._aborted_by = self._aborted_by or error
            return
        self._finished = True
        self._error = error
        while self._waiters:
            self._wake_one()

    def give_up_after(self, idle_s: float, act: Callable[[], None]) -> None:
        """Call `act`, which is to end the stream, when a consumer has waited so long for one item."""
        self._idle = idle_s, act

    def discard(self, *, patience_items: int | None = None) -> None:
        """Drop what waits, and what comes from now on: nobody reads this stream any more.

        With `patience_items`, so many more come at most: the last of them does not fit.
        """
        self._unread = True
        self._patience_items = patience_items
        self._budget.used_bytes -= self._held_bytes
        self._held_bytes = 0
        self._items.clear()

    def when_ended(self, act: Callable[[], object]) -> None:
        """Call `act` before the ending is given to a consumer."""
        self._ended = act

    async def next(self, _reader: object = None) -> Any:
        """The next item; at the end `StopAsyncIteration`, or the error that ended the stream.

        Whoever reads is kept for as long as it waits: dropping it would give the stream up.
        """
        if self._items and not self._consumed % _ITEMS_A_TURN:
            await self._let_others_run()
        while not self._items:
            if self._finished:
                self._raise_ending()
            await self._wait()
        item, size_bytes = self._items.popleft()
        self._held_bytes -= size_bytes
        self._budget.used_bytes -= size_bytes
        self._consumed += 1
        if self._consumed >= self._tell_at:
            self._tell()
        return item

    def _raise_ending(self) -> NoReturn:
        if self._ended is not None:
            self._ended()
        if self._error is not None:
            raise copy(self._error)  # an exception that is kept would keep the frames it went through
        raise StopAsyncIteration

    async def _let_others_run(self) -> None:
        """A full buffer is read without ever waiting: other tasks have their turn too."""
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self._wake_one()  # the item that was there is for whoever waits next
            raise

    def _tell(self) -> None:
        self._tell_at = self._tell_consumed(self._consumed)

    def _take_unread(self) -> bool:
        if self._patience_items is None:
            self._consumed += 1
            if self._consumed >= self._tell_at:
                self._tell()
            return True
        self._patience_items -= 1
        return self._patience_items > 0

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiters.append(waiter)
        timer = loop.call_later(*self._idle) if self._idle is not None else None
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._wake_one()  # this wake-up was meant for whoever waits next
            with suppress(ValueError):  # it has been passed over already
                self._waiters.remove(waiter)
            raise
        finally:
            if timer is not None:
                timer.cancel()

    def _wake_one(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return


def _soon(loop: asyncio.AbstractEventLoop, act: Callable[[], None]) -> None:
    # Garbage may be collected on any thread, and after the loop has ended.
    if not loop.is_closed():
        loop.call_soon_threadsafe(act)


def _on_drop(owner: object, act: Callable[[], None]) -> weakref.finalize[..., Any]:
    finalizer = weakref.finalize(owner, _soon, asyncio.get_running_loop(), act)
    finalizer.atexit = False
    return finalizer


class ItemStream:
    """The items of a server stream: `async for item in await protocol.request_stream({...})`.

    Items come in order, then exactly one ending: the loop ends, or raises `RemoteError`,
    `ConnectionClosedError`, `ConnectionLostError`, `StreamOverflowError`, `RequestTimeoutError` or
    `ExchangeCancelledError` (protocol.md §5). Leaving early, with `aclose()`, at the end of `async with`, or
    by dropping the last reference, gives the stream up on the wire too.
    """

    def __init__(self, protocol: Protocol, request_id: RequestId, inlet: Inlet) -> None:
        self.request_id = request_id
        self._protocol = protocol
        self._inlet = inlet
        self._finalizer = _on_drop(self, partial(protocol.abandon, request_id))
        inlet.when_ended(self._finalizer.detach)

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> Coroutine[Any, Any, Any]:
        return self._inlet.next(self)

    async def aclose(self) -> None:
        """Give the stream up, unless it has ended. What waited unread is dropped."""
        self._finalizer.detach()
        self._inlet.discard()
        with suppress(ConnectionError):  # its end has ended this stream too
            await self._protocol.cancel(self.request_id)
        self._inlet.finish(ExchangeCancelledError("The stream was closed by this side"))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        state = "ended" if self._inlet.finished else "open"
        return f"<ItemStream {self.request_id[0][:8]}:{self.request_id[1]} {state}>"


class BiStreamHandle:
    """One side of a bidirectional stream: send items, end this half, receive until the other half ends."""

    def __init__(self, protocol: Protocol, request_id: tuple[str, int]) -> None:
        self.request_id: tuple[str, int] = request_id
        self._protocol = protocol
        self._inlet = protocol.inlet(request_id)
        self._ended_here = False
        self._leave = partial(protocol.leave_unread, request_id, self._inlet)
        mine = request_id[0] == protocol.peer_id
        self._finalizer = _on_drop(self, partial(protocol.abandon, request_id) if mine else self._leave)

    async def send(self, data: Any) -> None:
        """Send one item; waits for the other side's credit, then for room on the way to the socket (§9).

        Raises `StreamClosedError` (a `ConnectionError`) on a handle that this side has closed or whose
        exchange has ended, `ConnectionClosedError` when the connection has, `ProtocolError` for data that
        is no JSON; only this call fails.
        """
        self._check_sendable()
        try:
            await self._protocol.send_item(self.request_id, data)
        except StreamClosedError:
            self._check_sendable()  # it ended while the item waited for credit, and knows why
            raise

    def _check_sendable(self) -> None:
        if self._ended_here:
            raise StreamClosedError("Cannot send on a closed BiStreamHandle")
        if self.is_closed():
            if isinstance(self._inlet.error, ConnectionError):
                raise copy(self._inlet.error)
            why = str(self._inlet.error or "both halves are closed")
            raise StreamClosedError(f"Cannot send, the stream has ended: {why}") from self._inlet.error

    async def receive(self) -> Any:
        """The next item. Raises `StreamClosedError` at the normal end, else what ended the stream."""
        try:
            return await self.__anext__()
        except StopAsyncIteration:
            raise StreamClosedError("The other side has ended its half") from None

    async def aclose(self) -> None:
        """End this side's half, once; the other side may still send."""
        if self._ended_here:
            return
        self._ended_here = True
        if not self.is_closed():
            await self._protocol.end_half(self.request_id)

    async def abort(self, message: str = "", *, code: str = "cancelled") -> None:
        """End both halves here and now, with an `error` frame of this code (protocol.md §5, §7)."""
        self._ended_here = True
        self._finalizer.detach()
        self._inlet.discard()
        await self._protocol.abort(self.request_id, code, message or "The stream was given up")

    def is_closed(self) -> bool:
        """Whether both halves have ended."""
        return not self._protocol.in_flight(self.request_id)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        try:
            return await self._inlet.next()
        except SlipstreamError:
            self._finalizer.detach()
            raise

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End this half; with an exception, give up both.

        What still comes is not kept for anyone; a peer that goes on sending has its stream given up.
        """
        # The connection's end has ended both halves too, and must not hide why the block was left.
        with suppress(ConnectionError):
            if kind is not None:
                await self.abort()
                return
            self._finalizer.detach()
            self._leave()
            await self.aclose()

    def __repr__(self) -> str:
        state = "closed" if self.is_closed() else "half closed" if self._ended_here else "open"
        return f"<BiStreamHandle {self.request_id[0][:8]}:{self.request_id[1]} {state}>"
