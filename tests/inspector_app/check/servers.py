"""Servers of every sort that `check` may meet, most of which speak no Slipstream."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from websockets.asyncio.server import ServerConnection


async def echo(websocket: ServerConnection) -> None:
    """Sends back what it gets."""
    async for message in websocket:
        await websocket.send(message)


async def mute(websocket: ServerConnection) -> None:
    """Reads, and says nothing."""
    async for _ in websocket:
        pass


async def babble(websocket: ServerConnection) -> None:
    """Sends what is no frame, without end and without being asked."""
    while True:
        await websocket.send("blah \x1b[31m")
        await websocket.send(b"\x00\xff\x9b2J")
        await asyncio.sleep(0)  # it shares its loop with the tests that it babbles at


async def legacy(websocket: ServerConnection) -> None:
    """A legacy peer: eight types, no meta, an error for every operation; what is no object kills it."""
    async for message in websocket:
        frame = json.loads(message)
        assert isinstance(frame, dict)
        if frame["type"] in ("request", "stream_request", "stream_stream_request"):
            await websocket.send(frame_text("error", frame["requestId"], {"error": "unknown operation"}))


class ModernUntil:
    """A server that answers every request with not_found, until one names `last_words`: then it is mute."""

    def __init__(self, last_words: str) -> None:
        self._last_words = last_words
        self._mute = False

    async def __call__(self, websocket: ServerConnection) -> None:
        hello = {"hello": {"version": 1, "credit": 1, "maxFrame": 1000, "software": "modern \x1b]0;x\x07"}}
        async for message in websocket:
            self._mute = self._mute or self._last_words in str(message)
            frame = json.loads(message)
            if not self._mute and frame["type"] == "request":
                data = {"error": "no \x1b[2J\x9b", "code": "not_found"}
                await websocket.send(frame_text("error", frame["requestId"], data, meta=hello))


def frame_text(kind: str, request_id: Any, data: Any, **more: Any) -> str:
    return json.dumps({"type": kind, "requestId": request_id, "peerID": "server", "data": data, **more})


@contextlib.asynccontextmanager
async def holding_tcp_server(word: bytes = b"") -> AsyncIterator[int]:
    """A server that takes TCP connections, reads, and says `word` and no more. Gives its port."""
    held: dict[asyncio.Task[None] | None, asyncio.StreamWriter] = {}

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held[asyncio.current_task()] = writer
        writer.write(word)
        with contextlib.suppress(ConnectionError):
            while await reader.read(65_536):
                pass
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        for writer in held.values():
            writer.close()
        await asyncio.gather(*(task for task in held if task is not None))
