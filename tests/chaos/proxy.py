"""A TCP proxy that injects faults, and keeps a tape of what went in and came out, in each direction.

Without a fault it is a wire: the same bytes in the same order, ends and resets passed on where they happened.
Faults of `to_server` and `to_client` may be switched at any time; `reset` and `finish` end what is connected.
It knows where a WebSocket frame begins and ends, and nothing of what is in it.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from tests.chaos.tape import TEXT, FrameWalker, Span, Tape

Way = Literal["end", "reset"]

_READ_BYTES = 64 * 1024
_HELD_BYTES = 256 * 1024
_PACE_S = 0.02
_GOODBYE_S = 5.0


class Corruption(NamedTuple):
    """Which bit of the next frame is turned, of which byte from its first; None: mid-payload of a text."""

    byte: int | None = None
    bit: int = 7


class Faults:
    """What is wrong with one direction. Times in seconds, rates in bytes a second; None is no limit."""

    def __init__(self) -> None:
        self._held = False
        self._released = asyncio.Event()
        self.clear()

    def clear(self) -> None:
        """Nothing is wrong any more; what is under way arrives."""
        self.latency_s = 0.0
        self.jitter_s = 0.0
        self.bytes_per_s: float | None = None
        self.slice_bytes: int | None = None
        self.cut: Way | None = None
        """In the middle of the next frame, the connection ends this way."""
        self.corrupt: Corruption | None = None
        """One bit is turned, once."""
        self.held = False

    @property
    def held(self) -> bool:
        """A black hole: nothing gets through. What is on its way waits, as TCP sends it again."""
        return self._held

    @held.setter
    def held(self, held: bool) -> None:
        self._held = held
        if held:
            self._released.clear()
        else:
            self._released.set()

    async def released(self) -> None:
        """Wait until it is no black hole."""
        await self._released.wait()


class _Over(Exception):  # noqa: N818 - no error: how a connection ends
    def __init__(self, way: Way) -> None:
        super().__init__(way)
        self.way: Way = way


class _Piece(NamedTuple):
    due_s: float
    data: bytes
    """Empty for the end of the stream."""


class Line:
    """One direction of one connection: `entered` has what was sent into it, `left` what came out."""

    def __init__(self, source: socket.socket, sink: socket.socket, faults: Faults, proxy: ChaosProxy) -> None:
        self.entered = Tape()
        self.left = Tape()
        self._source = source
        self._sink = sink
        self._faults = faults
        self._proxy = proxy
        self._loop = asyncio.get_running_loop()
        self._pieces: deque[_Piece] = deque()
        self._held_bytes = 0
        self._changed = asyncio.Event()
        self._walker = FrameWalker()
        self._free_at_s = 0.0

    async def run(self) -> None:
        """Carry everything, until the end has been passed on. Raises `_Over` for any other end."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._read())
            both.create_task(self._write())

    async def _read(self) -> None:
        while True:
            try:
                data = await self._loop.sock_recv(self._source, _READ_BYTES)
            except ConnectionError:
                self.entered.end("reset")
                await self._reset_behind_what_waits()
            if data:
                self.entered.record(data)
            else:
                self.entered.end("end")
            self._put(data)
            if not data:
                return
            await asyncio.sleep(0)
            while self._held_bytes > _HELD_BYTES:
                await self._change()

    async def _reset_behind_what_waits(self) -> None:
        while self._pieces:
            await self._change()
        await self._faults.released()
        raise _Over("reset")

    def _put(self, data: bytes) -> None:
        faults = self._faults
        delay_s = faults.latency_s + self._proxy.random.uniform(-faults.jitter_s, faults.jitter_s)
        self._pieces.append(_Piece(self._loop.time() + delay_s, data))
        self._held_bytes += len(data)
        self._changed.set()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    async def _write(self) -> None:
        while True:
            while not self._pieces:
                await self._change()
            due_s, data = self._pieces[0]
            if (early_s := due_s - self._loop.time()) > 0:
                await asyncio.sleep(early_s)
            await self._faults.released()
            if not data:
                self.left.end("end")
                self._pieces.popleft()
                with suppress(OSError):  # its other end has gone meanwhile
                    self._sink.shutdown(socket.SHUT_WR)
                return
            await self._write_piece(data)
            self._pieces.popleft()
            self._held_bytes -= len(data)
            self._changed.set()

    async def _write_piece(self, data: bytes) -> None:
        spans = self._walker.feed(data)
        if spans and self._faults.cut is not None:
            span = spans[0]
            await self._send(data[: max(0, span.start + max(1, (span.end - span.start) // 2))])
            way, self._faults.cut = self._faults.cut, None
            self._proxy.strike()
            raise _Over(way)
        if self._faults.corrupt is not None:
            data = self._corrupted(data, spans, self._faults.corrupt)
        place = 0
        while place < len(data):
            await self._faults.released()
            size = self._slice_bytes()
            await self._send(data[place : place + size])
            place += size
            await self._pace(size)

    def _corrupted(self, data: bytes, spans: list[Span], corruption: Corruption) -> bytes:
        byte, bit = corruption
        for span in spans:
            if byte is None and (span.opcode != TEXT or not span.payload_bytes):
                continue
            place = span.payload_start + span.payload_bytes // 2 if byte is None else span.start + byte
            if 0 <= place < len(data):
                self._faults.corrupt = None
                self._proxy.strike()
                return data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]
        return data

    def _slice_bytes(self) -> int:
        rate, slice_bytes = self._faults.bytes_per_s, self._faults.slice_bytes or _READ_BYTES
        return slice_bytes if rate is None else max(1, min(slice_bytes, int(rate * _PACE_S)))

    async def _pace(self, size: int) -> None:
        rate, now = self._faults.bytes_per_s, self._loop.time()
        self._free_at_s = max(self._free_at_s, now) + (size / rate if rate else 0.0)
        await asyncio.sleep(self._free_at_s - now if rate else 0)

    async def _send(self, data: bytes) -> None:
        self.left.record(data)
        try:
            await self._loop.sock_sendall(self._sink, data)
        except ConnectionError:
            raise _Over("reset") from None


class Connection:
    """One client's connection and the one that was made for it to the server."""

    def __init__(self, client: socket.socket, server: socket.socket, proxy: ChaosProxy) -> None:
        self.to_server = Line(client, server, proxy.to_server, proxy)
        self.to_client = Line(server, client, proxy.to_client, proxy)
        self._sockets = (client, server)
        self._proxy = proxy
        self._order: asyncio.Future[Way] = asyncio.get_running_loop().create_future()
        self._ended = asyncio.Event()

    @property
    def open(self) -> bool:
        """Whether anything can still go through."""
        return not self._ended.is_set()

    async def run(self) -> None:
        """Carry both directions until both have ended, one way or another."""
        carrying = asyncio.ensure_future(_carry(self.to_server, self.to_client))
        try:
            either: list[asyncio.Future[Any]] = [carrying, self._order]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            carrying.cancel()
            (outcome,) = await asyncio.gather(carrying, return_exceptions=True)
            if self._order.done():
                self._proxy.strike()
                await self._end(self._order.result())
            elif isinstance(outcome, _Over):
                await self._end(outcome.way)
            elif outcome is not None:
                raise outcome
        finally:
            carrying.cancel()
            await asyncio.gather(carrying, return_exceptions=True)
            for each in self._sockets:
                each.close()
            self._ended.set()

    async def end(self, way: Way) -> None:
        """End it now, both ways, whatever is under way; returns when that is done."""
        if not self._order.done():
            self._order.set_result(way)
        await self._ended.wait()

    async def _end(self, way: Way) -> None:
        for line in (self.to_server, self.to_client):
            line.left.end(way)
        if way == "reset":
            for each in self._sockets:
                # To close a socket that lingers for no time is to reset it.
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                each.close()
            self._ended.set()
            return
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_WR)
        self._ended.set()
        await asyncio.gather(*map(_read_out, self._sockets))


async def _carry(*lines: Line) -> None:
    over: _Over | None = None
    try:
        async with asyncio.TaskGroup() as group:
            for line in lines:
                group.create_task(line.run())
    except* _Over as overs:
        over = _first(overs)
    if over is not None:
        raise over


def _first(group: BaseExceptionGroup[_Over]) -> _Over:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


async def _read_out(source: socket.socket) -> None:
    # Closing a socket with something unread in it is a reset, not an end.
    loop = asyncio.get_running_loop()
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_GOODBYE_S):
            while await loop.sock_recv(source, _READ_BYTES):
                pass


@dataclass(eq=False)
class ChaosProxy:
    """A running proxy: `url` is what a client connects to. Made by `proxied`."""

    target: tuple[str, int]
    seed: int = 0
    connections: list[Connection] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.to_server = Faults()
        self.to_client = Faults()
        self.struck = asyncio.Event()
        self.struck_ns = 0
        """When the last fault took effect, on the monotonic clock."""
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        assert parts.port is not None
        return parts.hostname, parts.port

    def strike(self) -> None:
        """A fault takes effect now."""
        self.struck_ns = time.monotonic_ns()
        self.struck.set()

    def hold(self, *directions: Faults) -> None:
        """Make black holes of directions, both by default."""
        for faults in directions or (self.to_server, self.to_client):
            faults.held = True
        self.strike()

    def clear(self) -> None:
        """Nothing is wrong any more, in either direction."""
        self.to_server.clear()
        self.to_client.clear()

    async def reset(self) -> None:
        """Reset every connection, towards both ends (RST)."""
        await self._end("reset")

    async def finish(self) -> None:
        """End every connection, towards both ends, with no closing handshake before (FIN)."""
        await self._end("end")

    async def _end(self, way: Way) -> None:
        await asyncio.gather(*(connection.end(way) for connection in self.connections if connection.open))

    async def serve(self, listening: socket.socket) -> None:
        """Accept, and connect through, until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                client, _ = await loop.sock_accept(listening)
                self._tasks.add(asyncio.create_task(self._attend(client)))
        finally:
            for task in self._tasks:
                task.cancel()
            for outcome in await asyncio.gather(*self._tasks, return_exceptions=True):
                if isinstance(outcome, Exception):
                    raise outcome

    async def _attend(self, client: socket.socket) -> None:
        server = _no_delay(socket.socket())
        try:
            await asyncio.get_running_loop().sock_connect(server, self.target)
        except OSError:
            server.close()
            client.close()
            return
        connection = Connection(_no_delay(client), server, self)
        self.connections.append(connection)
        await connection.run()


def _no_delay(connection: socket.socket) -> socket.socket:
    connection.setblocking(False)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


@asynccontextmanager
async def proxied(url: str, *, seed: int = 0) -> AsyncIterator[ChaosProxy]:
    """Run a proxy on loopback before the server at `url`."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    proxy = ChaosProxy((parts.hostname, parts.port), seed)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        host, port = listening.getsockname()
        proxy.url = f"{parts.scheme}://{host}:{port}"
        serving = asyncio.create_task(proxy.serve(listening))
        try:
            yield proxy
        finally:
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving
