"""Who waits for what on one connection: for answers, for items, for credit to send more of them.

Settling is synchronous and happens once; nothing of an exchange that has ended stays here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from copy import copy
from functools import partial
from typing import Any

from slipstream.errors import SlipstreamError
from slipstream.events import Answered, ItemArrived
from slipstream.exchanges import RequestId
from slipstream.streams import Budget, Inlet


class Consumers:
    """The waiting side of every exchange in flight on one connection."""

    def __init__(
        self,
        stream_bytes: int,
        connection_bytes: int,
        consumed: Callable[[RequestId, int], int] | None = None,
        tell_after: int = 0,
        overflowed: Callable[[RequestId], None] | None = None,
    ) -> None:
        """Buffer so many bytes a stream and in all; `consumed` hears of each stream like `Inlet`'s.

        `overflowed` hears of a stream whose buffer has no room for an item.
        """
        self._stream_bytes = stream_bytes
        self._budget = Budget(connection_bytes)
        self._consumed = consumed
        self._tell_after = tell_after
        self._overflowed = overflowed
        self._answers: dict[RequestId, asyncio.Future[Any]] = {}
        self._inlets: dict[RequestId, Inlet] = {}
        self._senders: dict[RequestId, list[asyncio.Future[None]]] = {}

    @property
    def buffered_bytes(self) -> int:
        """What has come on all streams and was not consumed yet."""
        return self._budget.used_bytes

    @property
    def senders(self) -> int:
        """How many streams have someone who waits for credit."""
        return len(self._senders)

    async def await_credit(self, request_id: RequestId) -> None:
        """Wait until the other side lets more items through, or the exchange ends."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._senders.setdefault(request_id, []).append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            self._give_up(request_id, waiter)
            raise

    def _give_up(self, request_id: RequestId, waiter: asyncio.Future[None]) -> None:
        waiters = self._senders.get(request_id, [])
        if waiter in waiters:
            waiters.remove(waiter)
            if not waiters:
                del self._senders[request_id]

    def credited(self, request_id: RequestId) -> None:
        """Wake those who wait to send on this stream: they may, or will be told why not."""
        for waiter in self._senders.pop(request_id, ()):
            if not waiter.done():
                waiter.set_result(None)

    def await_answer(self, request_id: RequestId) -> asyncio.Future[Any]:
        """A future for the result of a unary exchange; who stops waiting for it says so by `drop_answer`."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._answers[request_id] = answer
        return answer

    def drop_answer(self, request_id: RequestId) -> None:
        """Nobody waits for this result any more."""
        self._answers.pop(request_id, None)

    def answer(self, event: Answered) -> None:
        """Hand a result to whoever waits for it."""
        request_id, data = event
        answer = self._answers.pop(request_id, None)
        if answer is not None and not answer.done():
            answer.set_result(data)

    def offer(self, event: ItemArrived) -> bool:
        """Keep an item for its consumer; False if it does not fit. Without a consumer it is dropped."""
        request_id, data, size_bytes = event
        inlet = self._inlets.get(request_id)
        if inlet is None or inlet.offer(data, size_bytes):
            return True
        if self._overflowed is not None:
            self._overflowed(request_id)
        return False

    def end_items(self, request_id: RequestId) -> None:
        """No more items come on this stream."""
        inlet = self._inlets.get(request_id)
        if inlet is not None:
            inlet.finish()

    def open_inlet(self, request_id: RequestId) -> Inlet:
        """The receiving buffer of a stream in flight, made on first use."""
        inlet = self._inlets.get(request_id)
        if inlet is None:
            consumed = partial(self._consumed, request_id) if self._consumed is not None else None
            inlet = Inlet(self._stream_bytes, self._budget, consumed, self._tell_after)
            self._inlets[request_id] = inlet
        return inlet

    def closed_inlet(self) -> Inlet:
        """A buffer that belongs to no exchange in flight."""
        return Inlet(self._stream_bytes, self._budget)

    def finish(self, request_id: RequestId, error: SlipstreamError | None) -> None:
        """Give whoever waits on this exchange its ending; None is the normal end of a stream."""
        answer = self._answers.pop(request_id, None) if error is not None else None
        if answer is not None and error is not None and not answer.done():
            answer.set_exception(copy(error))
        inlet = self._inlets.pop(request_id, None)
        if inlet is not None:
            inlet.finish(error)
        if self._senders:
            self.credited(request_id)

    def finish_all(self, error: SlipstreamError) -> None:
        """The connection has ended: everyone gets `error`, after what arrived before."""
        for request_id in [*self._answers, *self._inlets, *self._senders]:
            self.finish(request_id, error)
