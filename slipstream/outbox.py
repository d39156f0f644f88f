"""The one writer of a connection: a queue of messages, and the task that writes them in order.

Whatever the reader causes is posted here and never awaited, so reading never waits for a write
(protocol.md §9). Callers that want to feel the socket's back-pressure wait for `flushed`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from copy import copy
from typing import NamedTuple
from typing import Protocol as Shape


class Writable(Shape):
    """What the outbox needs of a websocket."""

    async def send(self, message: str) -> None:
        """Write one text message, waiting while the socket's buffer is full."""


class _Entry(NamedTuple):
    text: str
    caused: bool


class Outbox:
    """Messages on their way to one websocket. `written` is told of each just before it is written."""

    def __init__(
        self,
        websocket: Writable,
        *,
        written: Callable[[str], None],
        broken: Callable[[BaseException], None],
    ) -> None:
        self._websocket = websocket
        self._written = written
        self._broken = broken
        self._queue: deque[_Entry | asyncio.Future[None]] = deque()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed_by: BaseException | None = None
        self.pending_bytes = 0
        """Bytes posted and not yet taken by the socket."""
        self.caused_bytes = 0
        """Those of them that the other side caused: what must stay bounded if it does not read."""

    def post(self, text: str, *, caused: bool = True) -> None:
        """Queue a message. After `close` it is dropped: its exchange has had its ending."""
        if self._closed_by is not None:
            return
        self.pending_bytes += len(text)
        self.caused_bytes += len(text) if caused else 0
        self._append(_Entry(text, caused))

    def flushed(self) -> Awaitable[None]:
        """Wait until the socket has taken everything posted so far; raises what closed the outbox."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._closed_by is not None:
            done.set_exception(copy(self._closed_by))  # one that is kept would keep its waiters' frames
        elif not self._queue and self.pending_bytes == 0:
            done.set_result(None)
        else:
            self._append(done)
        return done

    def close(self, error: BaseException) -> None:
        """Write nothing more; everyone who waits gets `error`."""
        if self._closed_by is not None:
            return
        self._closed_by = error
        while self._queue:
            entry = self._queue.popleft()
            if isinstance(entry, asyncio.Future) and not entry.done():
                entry.set_exception(copy(error))
                entry.exception()  # a waiter that was cancelled meanwhile never looks at it
        self.pending_bytes = self.caused_bytes = 0
        if self._task is not None:
            self._task.cancel()

    def _append(self, entry: _Entry | asyncio.Future[None]) -> None:
        self._queue.append(entry)
        self._wake.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="slipstream-outbox")

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                entry = self._queue.popleft()
                if isinstance(entry, _Entry):
                    if not await self._write(entry):
                        return
                elif not entry.done():
                    entry.set_result(None)

    async def _write(self, entry: _Entry) -> bool:
        self._written(entry.text)
        try:
            await self._websocket.send(entry.text)
        except Exception as error:  # noqa: BLE001 - whatever a socket raises, it writes no more; all are told
            self._broken(error)
            return False
        self.pending_bytes -= len(entry.text)
        self.caused_bytes -= len(entry.text) if entry.caused else 0
        return True
