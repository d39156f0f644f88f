"""`python-socketio` on aiohttp, websocket transport only: calls are events with an acknowledgement.

It has no streams: their nearest equivalent is one event after the other, without acknowledgements.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import socketio
from aiohttp import web

from speed_peers.workloads import HOST, Measured, Stopwatch, call_repeatedly


async def serve(listening: Callable[[int], None]) -> None:
    """Serve three events."""
    server = socketio.AsyncServer(async_mode="aiohttp", transports=["websocket"])
    app = web.Application()
    server.attach(app)

    @server.event
    async def echo(_sid: str, data: Any) -> Any:
        return data

    @server.event
    async def items(sid: str, count: int, item: Any) -> None:
        for _ in range(count):
            await server.emit("item", item, to=sid)

    @server.event
    async def talk(sid: str, item: Any) -> None:
        await server.emit("item", item, to=sid)

    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, HOST, 0)
    await site.start()
    listening(runner.addresses[0][1])
    await asyncio.get_running_loop().create_future()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[SocketioClient]:
    """A client over websocket from the start."""
    client = socketio.AsyncClient(reconnection=False)
    await client.connect(f"http://{HOST}:{port}", transports=["websocket"])
    try:
        yield SocketioClient(client)
    finally:
        await client.disconnect()


@dataclass(slots=True)
class SocketioClient:
    """Calls and events."""

    client: socketio.AsyncClient

    async def unary(self, data: dict[str, Any], in_flight: int, seconds: float) -> Measured:
        """Each worker calls, and waits for the acknowledgement."""
        return await call_repeatedly(partial(self.client.call, "echo"), data, in_flight, seconds)

    async def stream(self, data: dict[str, Any], items: int) -> Measured:
        """Ask, and count the events."""
        ended = asyncio.Event()
        count = 0

        async def take(_item: Any) -> None:
            nonlocal count
            count += 1
            if count == items:
                ended.set()

        self.client.on("item", take)
        watch = Stopwatch()
        await self.client.emit("items", (items, data))
        await ended.wait()
        return watch.measured(count)

    async def echo(self, data: dict[str, Any], in_flight: int, seconds: float) -> Measured:
        """An event comes, the next one goes."""
        clock, ended = time.perf_counter, asyncio.Event()
        sent, answered = in_flight, 0

        async def take(_item: Any) -> None:
            nonlocal sent, answered
            answered += 1
            if clock() < watch.end:
                sent += 1
                await self.client.emit("talk", data)
            elif answered == sent:
                ended.set()

        self.client.on("item", take)
        watch = Stopwatch(seconds)
        for _ in range(in_flight):
            await self.client.emit("talk", data)
        await ended.wait()
        return watch.measured(answered)
