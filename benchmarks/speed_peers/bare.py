"""The base: a bare text echo, and a bare push of ready-made texts, over `websockets`. No JSON, no tasks.

The settings of the connection are those of `slipstream.connect` and `slipstream.serve`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websockets

from speed_peers.workloads import HOST, Measured, Stopwatch, frame_of, text_of

MAX_SIZE = 1024 * 1024


async def serve(listening: Callable[[int], None]) -> None:
    """Serve the echo and the push, each with and without JSON."""
    async with serve_websockets(
        _attend, HOST, 0, max_size=MAX_SIZE, compression=None, ping_interval=20, ping_timeout=20
    ) as server:
        listening(next(iter(server.sockets)).getsockname()[1])
        await asyncio.get_running_loop().create_future()


async def _attend(websocket: ServerConnection) -> None:
    path = websocket.request.path if websocket.request is not None else ""
    await _SERVICES[path](websocket)


async def _echo(websocket: ServerConnection) -> None:
    async for message in websocket:
        await websocket.send(message)


async def _push(websocket: ServerConnection) -> None:
    async for question in websocket:
        count, data = json.loads(question)
        text = text_of(frame_of(data, "stream_data"))
        for _ in range(count):
            await websocket.send(text)


async def _echo_json(websocket: ServerConnection) -> None:
    async for message in websocket:
        await websocket.send(json.dumps(json.loads(message)))


async def _push_json(websocket: ServerConnection) -> None:
    async for question in websocket:
        count, data = json.loads(question)
        frame = frame_of(data, "stream_data")
        for _ in range(count):
            await websocket.send(json.dumps(frame))


_SERVICES = {"/echo": _echo, "/push": _push, "/json/echo": _echo_json, "/json/push": _push_json}


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[BareClient]:
    """A client with one connection to each of the two."""
    async with connect_to(port, "/echo") as echo, connect_to(port, "/push") as push:
        yield BareClient(echo, push)


def connect_to(port: int, path: str) -> connect:
    """A connection as `slipstream.connect` makes it."""
    return connect(
        f"ws://{HOST}:{port}{path}",
        max_size=MAX_SIZE,
        compression=None,
        ping_interval=10,
        ping_timeout=10,
        proxy=None,
    )


async def send_each(send: Callable[[Any], Awaitable[None]], messages: Iterable[Any]) -> None:
    """Send one after the other."""
    for message in messages:
        await send(message)


@dataclass(frozen=True, slots=True)
class BareClient:
    """Sends ready-made texts and counts what comes."""

    websocket: ClientConnection
    pushing: ClientConnection

    async def unary(self, data: dict[str, Any], in_flight: int, seconds: float) -> Measured:
        """One loop: a text comes, the next one goes."""
        text, clock = text_of(frame_of(data)), time.perf_counter
        send, receive = self.websocket.send, self.websocket.recv
        watch = Stopwatch(seconds)
        # Beside the loop: so many might fill the socket before the first is read.
        filling = asyncio.ensure_future(send_each(send, itertools.repeat(text, in_flight)))
        answered = 0
        while clock() < watch.end:
            await receive()
            answered += 1
            await send(text)
        await filling
        for _ in range(in_flight):
            await receive()
        return watch.measured(answered + in_flight)

    async def stream(self, data: dict[str, Any], items: int) -> Measured:
        """Ask once, count the texts."""
        receive = self.pushing.recv
        question = json.dumps([items, data])
        watch = Stopwatch()
        await self.pushing.send(question)
        for _ in range(items):
            await receive()
        return watch.measured(items)

    async def echo(self, data: dict[str, Any], in_flight: int, seconds: float) -> Measured:
        """A bare websocket is a bidirectional stream already."""
        return await self.unary(data, in_flight, seconds)
