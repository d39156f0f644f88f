"""What the tests of sources share: a collector of records, and servers that know nothing of the library."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websockets

from inspector_app.capture.records import FrameSeen, Noted, Record, StateChanged

Kind = TypeVar("Kind")

WAIT_S = 20.0


class Records:
    """Takes what a source emits, and lets a test wait for what it expects."""

    def __init__(self) -> None:
        self.all: list[Record] = []
        self._changed = asyncio.Event()

    def __call__(self, record: Record) -> None:
        self.all.append(record)
        self._changed.set()

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [record for record in self.all if isinstance(record, kind)]

    async def until(self, found: Callable[[Records], Any]) -> Any:
        """Wait until `found` gives something true, and give that."""
        async with asyncio.timeout(WAIT_S):
            while not (value := found(self)):
                self._changed.clear()
                await self._changed.wait()
            return value

    async def until_state(self, new: str, conn: int = 1) -> StateChanged:
        def entered(records: Records) -> StateChanged | None:
            states = records.of(StateChanged)
            return next((each for each in states if each.new == new and each.conn == conn), None)

        state: StateChanged = await self.until(entered)
        return state

    async def until_frame(self, direction: str, frame_type: str, **fields: Any) -> dict[str, Any]:
        """Wait for a frame of this direction and type whose data has these fields."""

        def seen(records: Records) -> dict[str, Any] | None:
            return next((frame for way, frame in records.frames() if way == direction and fits(frame)), None)

        def fits(frame: dict[str, Any]) -> bool:
            data = frame.get("data")
            return frame.get("type") == frame_type and all(
                isinstance(data, dict) and data.get(name) == value for name, value in fields.items()
            )

        found: dict[str, Any] = await self.until(seen)
        return found

    def frames(self) -> list[tuple[str, dict[str, Any]]]:
        """Direction and content of every message that is a JSON object."""
        decoded: list[tuple[str, dict[str, Any]]] = []
        for record in self.of(FrameSeen):
            with contextlib.suppress(ValueError):
                value = json.loads(record.raw)
                if isinstance(value, dict):
                    decoded.append((record.direction, value))
        return decoded

    def notes(self, level: str) -> list[str]:
        return [note.text for note in self.of(Noted) if note.level == level]


@contextlib.asynccontextmanager
async def raw_server(
    talk: Callable[[ServerConnection], Awaitable[None]], **options: Any
) -> AsyncIterator[str]:
    """A server that speaks WebSocket and nothing else: `talk` does all the rest. Gives its URL."""
    async with serve_websockets(talk, "127.0.0.1", 0, **options) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"{'wss' if options.get('ssl') else 'ws'}://127.0.0.1:{port}"


@contextlib.asynccontextmanager
async def tcp_server(answer: bytes | None, **options: Any) -> AsyncIterator[int]:
    """A server that sends `answer` to whoever asks, then hangs up; None hangs up at once. Gives its port."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            if answer is not None:
                await reader.read(65_536)
                writer.write(answer)
                await writer.drain()
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, **options)
    async with server:
        yield server.sockets[0].getsockname()[1]
