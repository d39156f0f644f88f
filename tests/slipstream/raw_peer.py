"""A peer written with `websockets` and `json` alone: what the library says is checked against it.

It knows nothing of the library, sends what it is told and answers what protocol.md says. A legacy one says
no hello. As a server it answers `add`, `items`, `chat` and `fail`, and keeps every frame it got in `got`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import connect
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import serve

HELLO = {"version": 1, "credit": 256, "maxFrame": 1048576, "software": "raw peer"}


class RawPeer:
    """One side of a connection, frame by frame."""

    def __init__(self, websocket: Connection, *, legacy: bool = False) -> None:
        self.websocket = websocket
        self.got: list[dict[str, Any]] = []
        self._hello = None if legacy else HELLO

    async def send(self, kind: str, request_id: list[Any] | None = None, **fields: Any) -> None:
        """Send a frame in this peer's name."""
        frame = {"type": kind, "peerID": "raw", **fields}
        if request_id is not None:
            frame["requestId"] = request_id
        if self._hello is not None:
            frame["meta"] = {"hello": self._hello}
            self._hello = None
        await self.websocket.send(json.dumps(frame))

    async def receive(self) -> dict[str, Any]:
        """The next frame."""
        async with asyncio.timeout(5):
            frame = json.loads(await self.websocket.recv())
        assert isinstance(frame, dict)
        self.got.append(frame)
        return frame

    async def answer_for_ever(self) -> None:
        """Answer as a server until the connection ends."""
        async for message in self.websocket:
            frame = json.loads(message)
            self.got.append(frame)
            await self._answer(frame)

    async def _answer(self, frame: dict[str, Any]) -> None:
        request_id: Any = frame.get("requestId")
        data: Any = frame.get("data")
        operation = data.get("operation") if isinstance(data, dict) else None
        match frame["type"], operation:
            case "request", "add":
                await self.send("response", request_id, data=data["a"] + data["b"])
            case "request", "fail":
                await self.send("error", request_id, data={"error": "no luck", "code": "application"})
            case "request", "leave":
                await self.websocket.close(data["code"], "left")
            case "request", "drop":
                self.websocket.transport.abort()
            case "stream_request", "items":
                for item in data["items"]:
                    await self.send("stream_data", request_id, data=item)
                if not data.get("open"):
                    await self.send("stream_end", request_id)
            case "stream_data", _:
                await self.send("stream_data", request_id, data=data)
            case "stream_end", _ if any(
                earlier["type"] == "stream_stream_request" and earlier["requestId"] == request_id
                for earlier in self.got
            ):
                await self.send("stream_end", request_id)


@asynccontextmanager
async def raw_client(url: str, *, legacy: bool = False) -> AsyncIterator[RawPeer]:
    """Connect to a server."""
    async with connect(url, proxy=None) as websocket:
        yield RawPeer(websocket, legacy=legacy)


@asynccontextmanager
async def raw_server(*, legacy: bool = False) -> AsyncIterator[tuple[str, list[RawPeer]]]:
    """Serve on loopback; gives the address, and the peers that have come."""
    peers: list[RawPeer] = []

    async def attend(websocket: Connection) -> None:
        peer = RawPeer(websocket, legacy=legacy)
        peers.append(peer)
        await peer.answer_for_ever()

    async with serve(attend, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}", peers
