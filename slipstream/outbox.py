"""The one writer of a connection: a queue of messages that are written together, in order.

Whatever the reader causes is posted here and never awaited, so reading never waits for a write
(protocol.md §9). What is posted in one pass of the event loop is written at its end. Callers that want to
feel the socket's back-pressure wait for `room`, those that must know it was taken for `flushed`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence, Sized
from contextlib import suppress
from copy import copy
from typing import Literal

from slipstream.wire import Wire

# More than that waits to be written, and whoever sends waits too.
_ROOM_BYTES = 64 * 1024
# More than that, and so does whoever calls or answers: one message each, however many they are.
_FULL_BYTES = 1024 * 1024


class Outbox:
    """Messages on their way to one wire. `written` hears of them just before."""

    def __init__(
        self,
        wire: Wire,
        *,
        written: Callable[[Literal["out"], Sequence[str]], None],
        broken: Callable[[BaseException], None],
        send_timeout_s: float | None = None,
        full_bytes: int = _FULL_BYTES,
    ) -> None:
        self._wire = wire
        self._tell_written = written
        self._broken = broken
        self._send_timeout_s = send_timeout_s
        self.full_bytes = min(full_bytes, _FULL_BYTES)
        """With so much pending, a call or an answer should wait for room too."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._about_to_run: Sized | None = None
        self._queue: list[str] = []
        self._queued_bytes = self._queued_caused_bytes = 0
        self._waiters: list[asyncio.Future[None]] = []
        self._for_room: deque[asyncio.Future[None]] = deque()
        self._scheduled = False
        self._write: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closed_by: BaseException | None = None
        self.messages_written = self.bytes_written = 0
        self.pending_bytes = 0
        """Bytes posted and not yet taken by the socket."""
        self.caused_bytes = 0
        """Those of them that the other side caused: what must stay bounded if it does not read."""

    def post(self, text: str, *, caused: bool = True, alone: bool = False) -> None:
        """Queue a message. After `close` it is dropped: its exchange has had its ending.

        `alone`: its sender waits for what comes of it; it is written at once where nothing else is about to
        run, and so nothing could join it.
        """
        if self._closed_by is not None:
            return
        size = len(text)
        self.pending_bytes += size
        self._queued_bytes += size
        if caused:
            self.caused_bytes += size
            self._queued_caused_bytes += size
        self._queue.append(text)
        if self._scheduled:
            return
        self._scheduled = True
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            # What asyncio's own loop is about to run; another loop does not say.
            self._about_to_run = getattr(self._loop, "_ready", None)
        if alone and self._about_to_run is not None and not self._about_to_run:
            self._flush()
        else:
            self._loop.call_soon(self._flush)

    @property
    def has_room(self) -> bool:
        """Whether one more message may be posted without waiting, and without passing those who wait."""
        return self.pending_bytes < _ROOM_BYTES and not self._for_room and self._closed_by is None

    async def room(self) -> None:
        """Wait until there is room, first come, first served; raises what closed the outbox."""
        if self._closed_by is not None:
            raise copy(self._closed_by)
        queue_up, let_in = self._for_room.append, self.has_room
        while not let_in:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            queue_up(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                with suppress(ValueError):  # it was let in, and the next one has been thought of
                    self._for_room.remove(waiter)
                raise
            finally:
                del waiter  # its error would keep this frame, and this frame its error
            queue_up, let_in = self._for_room.appendleft, self.pending_bytes < _ROOM_BYTES

    def _let_in(self) -> None:
        """Let in who waits for room, one after the other: each may take all there is."""
        while self._for_room and self.pending_bytes < _ROOM_BYTES:
            waiter = self._for_room.popleft()
            if not waiter.done():
                waiter.set_result(None)
                asyncio.get_running_loop().call_soon(self._let_in)
                return

    def flushed(self) -> Awaitable[None]:
        """Wait until the socket has taken everything posted so far; raises what closed the outbox."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._closed_by is not None:
            done.set_exception(copy(self._closed_by))  # one that is kept would keep its waiters' frames
        elif not self.pending_bytes:
            done.set_result(None)
        else:
            self._waiters.append(done)
        return done

    def close(self, error: BaseException) -> None:
        """Write nothing more; everyone who waits gets `error`."""
        if self._closed_by is not None:
            return
        self._closed_by = error
        self._queue.clear()
        for waiter in [*self._waiters, *self._for_room]:
            if not waiter.done():
                waiter.set_exception(copy(error))
                waiter.exception()  # a waiter that was cancelled meanwhile never looks at it
        self._waiters.clear()
        self._for_room.clear()
        self.pending_bytes = self.caused_bytes = 0
        if self._write is not None:
            self._write.cancel()

    def _flush(self) -> None:
        """Write all that was posted; what comes while the socket takes no more waits for its turn."""
        if not self._queue:
            self._scheduled = False
            return
        batch, size, caused = self._queue, self._queued_bytes, self._queued_caused_bytes
        self._queue, self._queued_bytes, self._queued_caused_bytes = [], 0, 0
        try:
            self.messages_written += len(batch)
            self.bytes_written += size
            self._tell_written("out", batch)
            if self._closed_by is not None:
                return  # by whoever was told
            waiting = self._wire.write(batch)
        except Exception as error:  # noqa: BLE001 - whatever a socket raises, it writes no more; all are told
            self._broken(error)
            return
        if waiting is None:
            self.pending_bytes -= size
            self.caused_bytes -= caused
            if self._for_room or self._waiters:
                self._tell_waiters()
            self._scheduled = bool(self._queue)
            if self._scheduled:  # posted by whoever was told
                asyncio.get_running_loop().call_soon(self._flush)
        else:
            self._write = asyncio.ensure_future(waiting)
            self._write.add_done_callback(lambda write: self._awaited(write, size, caused))
            self._watch(None)

    def _tell_waiters(self) -> None:
        if self._for_room:
            self._let_in()
        if self._waiters and not self._queue:
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)

    def _watch(self, unsent_before: int | None) -> None:
        """Look now and then whether the socket still takes something."""
        if self._send_timeout_s is None:
            return
        unsent = self._wire.unsent_bytes()
        if unsent_before is not None and unsent >= unsent_before:
            self._broken(TimeoutError(f"the peer read nothing for {self._send_timeout_s:g} s"))
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._send_timeout_s, self._watch, unsent)

    def _awaited(self, write: asyncio.Future[None], size: int, caused: int) -> None:
        self._write = None
        if self._timer is not None:
            self._timer.cancel()
        error = None if write.cancelled() else write.exception()
        if write.cancelled() or self._closed_by is not None:
            return
        if error is not None:
            self._broken(error)
            return
        self.pending_bytes -= size
        self.caused_bytes -= caused
        self._tell_waiters()
        self._flush()
