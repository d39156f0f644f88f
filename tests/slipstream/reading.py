"""A wire that is read, and what it brought: for tests of both ways, in both roles."""

from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed

from slipstream.direct_wire import DirectWire, wire_of
from slipstream.wire import PublicWire, Wire
from tests.slipstream.raw_socket import PING, PONG, RawSocket

both_roles = pytest.mark.parametrize("as_server", [False, True], ids=["as client", "as server"])
both_ways = pytest.mark.parametrize("direct", [True, False], ids=["direct", "public"])

# Around every border between the three ways to write a length (RFC 6455 §5.2).
SIZES = [0, 1, 125, 126, 127, 65535, 65536, 70000]


class Reading:
    """What a wire has brought so far; `until` waits for so many messages."""

    def __init__(self, wire: Wire) -> None:
        self.messages: list[str | bytes] = []
        self._came = asyncio.Event()
        self.task = asyncio.create_task(wire.read(self._receive))
        self.task.add_done_callback(lambda task: task.cancelled() or task.exception())  # no test need ask

    def _receive(self, message: str | bytes) -> bool:
        self.messages.append(message)
        self._came.set()
        return True

    async def until(self, count: int) -> list[str | bytes]:
        async with asyncio.timeout(5):
            while len(self.messages) < count:
                self._came.clear()
                await self._came.wait()
        return self.messages

    async def ended(self) -> BaseException | None:
        """What the reading ended with."""
        async with asyncio.timeout(5):
            await asyncio.wait([self.task])
        return self.task.exception()


async def closed(reading: Reading) -> tuple[type[BaseException], int | None]:
    """How the connection ended: the library's own exception, and the close code that counts."""
    error = await reading.ended()
    assert isinstance(error, ConnectionClosed)
    close = error.rcvd or error.sent
    return type(error), close.code if close else None


def wire_for(websocket: Connection, direct: bool) -> Wire:
    wire = wire_of(websocket, direct=direct)
    assert isinstance(wire, DirectWire if direct else PublicWire)
    return wire


async def stop(reading: Reading) -> None:
    reading.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading.task


async def raw_ping(ours: Connection, raw: RawSocket) -> None:
    """Wait until the library has read all that was sent: it answers a ping behind it."""
    raw.send(raw.frame(PING, b"read?"))
    while (seen := await raw.read()).opcode != PONG:
        pass
    assert seen.payload == b"read?"


async def has_read(ours: Connection, size: int) -> None:
    """Wait until the library keeps so many bytes of a frame that has not come whole."""
    async with asyncio.timeout(5):
        while not ours.protocol.reader.buffer:  # noqa: ASYNC110 - the library tells nobody; this yields
            await asyncio.sleep(0)
