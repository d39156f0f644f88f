"""The bytes of RFC 6455 written by hand: one end of a connection whose other end is the library's.

Nothing here knows the websockets library but for making the end that is tested.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import connect as connect_websocket
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import serve as serve_websockets

TEXT, BINARY, CONT, CLOSE, PING, PONG = 0x1, 0x2, 0x0, 0x8, 0x9, 0xA

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY = base64.b64encode(bytes(16))


def frame(opcode: int, payload: bytes, *, masked: bool, fin: bool = True, rsv: int = 0) -> bytes:
    """One frame (RFC 6455 §5.2)."""
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    bit, size = 0x80 if masked else 0, len(payload)
    if size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += struct.pack("!BH", bit | 126, size)
    else:
        head += struct.pack("!BQ", bit | 127, size)
    if not masked:
        return head + payload
    mask = b"\x37\xfa\x21\x3d"
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


@dataclass
class Seen:
    """A frame that came from the library's end."""

    opcode: int
    payload: bytes
    mask: bytes
    """Empty for a frame without one."""

    @property
    def masked(self) -> bool:
        """Whether it came with a mask."""
        return bool(self.mask)


class RawSocket:
    """The hand-written end of a connection; `masks` where it is the client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, masks: bool) -> None:
        self.reader = reader
        self.writer = writer
        self.masks = masks

    def frame(self, opcode: int, payload: bytes | str, **more: Any) -> bytes:
        """A frame as this end sends it."""
        data = payload.encode() if isinstance(payload, str) else payload
        return frame(opcode, data, **{"masked": self.masks, **more})

    def send(self, *frames: bytes) -> None:
        """Write bytes."""
        self.writer.write(b"".join(frames))

    def text(self, *messages: str) -> None:
        """Send text messages."""
        self.send(*(self.frame(TEXT, message) for message in messages))

    async def read(self) -> Seen:
        """The next frame."""
        async with asyncio.timeout(5):
            first, second = await self.reader.readexactly(2)
            size = second & 0x7F
            if size >= 126:
                size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
            mask = await self.reader.readexactly(4) if second & 0x80 else b""
            payload = await self.reader.readexactly(size)
        if mask:
            long = (mask * (size // 4 + 1))[:size]
            payload = (int.from_bytes(payload, "big") ^ int.from_bytes(long, "big")).to_bytes(size, "big")
        assert first & 0xF0 == 0x80, "the library's end sends whole messages without extensions"
        return Seen(first & 0x0F, payload, mask)

    async def close_code(self) -> int:
        """The code of the close frame that comes, whatever comes before it."""
        while (seen := await self.read()).opcode != CLOSE:
            pass
        return int.from_bytes(seen.payload[:2], "big")

    def reset(self) -> None:
        """Drop the connection with a TCP reset."""
        tcp = self.writer.get_extra_info("socket")
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


async def _head(reader: asyncio.StreamReader) -> dict[bytes, bytes]:
    lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
    return {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)
    }


@asynccontextmanager
async def _to_our_server(**options: Any) -> AsyncIterator[tuple[Connection, RawSocket]]:
    accepted: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def attend(websocket: Connection) -> None:
        accepted.set_result(websocket)
        await over.wait()

    options = {"compression": None, "close_timeout": 1, **options}
    async with serve_websockets(attend, "127.0.0.1", 0, **options) as server:
        reader, writer = await asyncio.open_connection(*next(iter(server.sockets)).getsockname())
        writer.write(
            b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + _KEY + b"\r\n\r\n"
        )
        await _head(reader)
        try:
            yield await accepted, RawSocket(reader, writer, masks=True)
        finally:
            writer.transport.abort()
            over.set()


@asynccontextmanager
async def _from_our_client(**options: Any) -> AsyncIterator[tuple[Connection, RawSocket]]:
    accepted: asyncio.Future[RawSocket] = asyncio.get_running_loop().create_future()

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        key = (await _head(reader))[b"sec-websocket-key"]
        accept = base64.b64encode(hashlib.sha1(key + _MAGIC).digest())  # noqa: S324 - RFC 6455 says so
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        accepted.set_result(RawSocket(reader, writer, masks=False))

    async with await asyncio.start_server(attend, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        options = {"compression": None, "proxy": None, "close_timeout": 1, **options}
        connection = await connect_websocket(f"ws://127.0.0.1:{port}", **options)
        raw = await accepted
        try:
            yield connection, raw
        finally:
            raw.writer.transport.abort()
            await connection.close()


def raw_connection(*, as_server: bool, **options: Any) -> Any:
    """Both ends of a connection over loopback: the library's, as server or client, and the raw one."""
    options = {"ping_interval": None, **options}
    return _to_our_server(**options) if as_server else _from_our_client(**options)
