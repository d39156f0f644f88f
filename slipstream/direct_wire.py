"""The direct way to read and write a connection of the websockets library: at its transport.

Whole text frames are taken from the bytes that the transport brings, and all that waits is written at once.
Every other frame (control frames, binary messages, fragments, whatever is not as it should be) goes through
the library, and so does everything once the connection is closing: states, pings, close codes and errors stay
its own. The attributes of it that this needs and its documentation does not name are used here only; where
they are missing, or the environment says `SLIPSTREAM_DIRECT=0`, `wire_of` takes the public way.
"""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Awaitable, Iterator, Sequence
from typing import Any

from websockets.asyncio.connection import Connection
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import CLIENT, OPEN
from websockets.streams import StreamReader

from slipstream.wire import PublicWire, Receive, Wire

try:
    from websockets.speedups import apply_mask
except ImportError:  # pragma: no cover - a build of the library without its extension in C
    from websockets.utils import apply_mask

# A larger buffer costs more to allocate, for every read, than it ever carries.
_READ_BYTES = 64 * 1024

# A message in more pieces is no message; without a bound, empty ones would fill the memory.
_MOST_FRAGMENTS = 4096

_MASKS_DRAWN = 256

_FINAL_TEXT = 0x80 | Opcode.TEXT
_MASKED = 0x80
_DATA = frozenset({Opcode.CONT, Opcode.TEXT, Opcode.BINARY})

_NEEDED = (
    "data_received",
    "process_event",
    "recv_messages",
    "transport",
    "paused",
    "drain",
    "send_data",
    "send_in_progress",
)
_NEEDED_OF_PROTOCOL = (
    "state",
    "side",
    "parser",
    "extensions",
    "max_message_size",
    "max_fragment_size",
    "fail",
)


def can_be_direct(websocket: object) -> bool:
    """Whether a connection is one of the library's own, with what is needed here and nothing in the way.

    In the way are extensions, and a limit of single frames beside that of messages.
    """
    protocol = getattr(websocket, "protocol", None)
    return (
        isinstance(websocket, Connection)
        and all(hasattr(websocket, name) for name in _NEEDED)
        and all(hasattr(protocol, name) for name in _NEEDED_OF_PROTOCOL)
        and not websocket.protocol.extensions
        and websocket.protocol.max_fragment_size is None
    )


def wire_of(websocket: Any, *, direct: bool | None = None) -> Wire:
    """The wire of a connection; `direct` None means the direct way where it can be had."""
    wanted = os.environ.get("SLIPSTREAM_DIRECT", "1") != "0" if direct is None else direct
    return DirectWire(websocket) if wanted and can_be_direct(websocket) else PublicWire(websocket)


class DirectWire(asyncio.Protocol):
    """Reads and writes whole text frames at the transport; for all else it is the library's go-between."""

    def __init__(self, websocket: Any) -> None:
        self._websocket = websocket
        self._public = PublicWire(websocket)
        self._is_client = websocket.protocol.side is CLIENT
        self._masks = _fresh_masks() if self._is_client else None
        self._receive: Receive | None = None
        self._ended: asyncio.Future[None] | None = None
        self._partial: list[bytes] = []
        self._partial_bytes = self._wanted_bytes = 0
        self._fragments: list[Frame] = []
        self._between_frames = False
        """Whether it is known that the library has no part of a frame."""

    # -- reading ------------------------------------------------------------------------------------------

    async def read(self, receive: Receive) -> None:
        """Give each message to `receive`, until the connection ends; raises what the library says of it."""
        websocket = self._websocket
        self._receive, self._ended = receive, asyncio.get_running_loop().create_future()
        websocket.process_event = self._process_event
        try:
            self._take_what_waits()
            if websocket.protocol.state is OPEN and not websocket.transport.is_closing():
                if hasattr(websocket.transport, "max_size"):
                    websocket.transport.max_size = _READ_BYTES
                websocket.transport.set_protocol(self)
                await self._ended
        finally:
            self._give_back()
        await websocket.close()  # at once, unless the closing handshake is still under way
        while True:
            await websocket.recv()  # raises how it ended

    def _take_what_waits(self) -> None:
        waiting = self._websocket.recv_messages
        while waiting.frames.queue:
            self._take_data(waiting.frames.queue.popleft())
        waiting.maybe_resume()

    def _give_back(self) -> None:
        websocket = self._websocket
        del websocket.process_event
        self._receive = None
        ended = self._ended
        if ended is not None and ended.done() and not ended.cancelled():
            return
        websocket.transport.set_protocol(websocket)
        websocket.recv_messages.frames.queue.extendleft(reversed(self._fragments))
        self._fragments.clear()
        partial = b"".join(self._partial)
        self._partial.clear()
        if partial:
            websocket.data_received(partial)

    def data_received(self, data: bytes) -> None:
        """Take bytes from the socket (asyncio calls this)."""
        try:
            if self._partial:
                self._partial.append(data)
                self._partial_bytes += len(data)
                if self._partial_bytes >= self._wanted_bytes:
                    whole = b"".join(self._partial)
                    self._partial.clear()
                    self._take(whole)
            elif self._between_frames or self._is_between_frames():
                self._take(data)
            else:
                self._give_to_library(data)
        except BaseException as error:
            # The transport would log it and drop the connection; whoever reads shall hear of it.
            if self._ended is None or self._ended.done():
                raise
            self._ended.set_exception(error)

    def _give_to_library(self, data: bytes) -> None:
        self._between_frames = False
        self._websocket.data_received(data)

    def _is_between_frames(self) -> bool:
        """Whether the library waits for the first byte of a frame, and the next may be taken from it."""
        protocol = self._websocket.protocol
        waits_in = protocol.parser
        while waits_in.gi_yieldfrom is not None:
            waits_in = waits_in.gi_yieldfrom
        # A connection that has failed discards what comes, and looks the same.
        self._between_frames = protocol.state is OPEN and waits_in.gi_code is StreamReader.at_eof.__code__
        return self._between_frames

    def _take(self, data: bytes) -> None:
        """Take all whole frames from data that begins with one (RFC 6455 §5.2); keep the rest."""
        limit, receive = self._websocket.protocol.max_message_size, self._receive
        if receive is None:
            return
        is_client, fragments = self._is_client, self._fragments
        position, end, wanted = 0, len(data), 2
        while end - position >= wanted:
            second = data[position + 1]
            length = second & 0x7F
            start = position + 2
            if length >= 126:
                extent = 2 if length == 126 else 8
                start += extent
                if start > end:
                    wanted = start - position
                    break
                length = int.from_bytes(data[start - extent : start], "big")
            masked = second >= _MASKED
            start += 4 if masked else 0
            stop = start + length
            if limit is not None and length > limit:
                self._give_to_library(data[position:])  # it refuses the frame, and all after it
                return
            if stop > end:
                wanted = stop - position
                break
            if data[position] != _FINAL_TEXT or masked is is_client or fragments:
                self._give_to_library(data[position:stop])
                if not self._is_between_frames():
                    self._give_to_library(data[stop:])
                    return
            else:
                payload = data[start:stop]
                if masked:
                    payload = apply_mask(payload, data[start - 4 : start])
                try:
                    text = payload.decode()
                except UnicodeDecodeError as error:
                    self._fail_text(error)
                    return
                receive(text)
            position, wanted = stop, 2
        if position < end:
            self._partial.append(data[position:])
            self._partial_bytes, self._wanted_bytes = end - position, wanted

    def _process_event(self, event: Frame) -> None:
        """Take a frame that the library has read."""
        if event.opcode in _DATA:
            self._take_data(event)
        else:
            type(self._websocket).process_event(self._websocket, event)

    def _take_data(self, frame: Frame) -> None:
        if self._receive is None:
            return
        self._fragments.append(frame)
        if not frame.fin:
            if len(self._fragments) >= _MOST_FRAGMENTS:
                self._fail(CloseCode.MESSAGE_TOO_BIG, "too many fragments")
            return
        payload, is_text = b"".join(part.data for part in self._fragments), self._fragments[0].opcode
        self._fragments.clear()
        try:
            self._receive(payload.decode() if is_text is Opcode.TEXT else payload)
        except UnicodeDecodeError as error:
            self._fail_text(error)

    def _fail_text(self, error: UnicodeDecodeError) -> None:
        """End a connection whose text is no text (RFC 6455 §8.1)."""
        self._fail(CloseCode.INVALID_DATA, f"{error.reason} at position {error.start}")

    def _fail(self, code: CloseCode, reason: str) -> None:
        self._receive = None
        self._websocket.protocol.fail(code, reason)
        self._websocket.send_data()
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)

    def eof_received(self) -> bool | None:
        """Tell the library (asyncio calls this)."""
        return bool(self._websocket.eof_received())

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the library, and whoever reads (asyncio calls this)."""
        self._websocket.connection_lost(exc)
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)

    # -- writing ------------------------------------------------------------------------------------------

    def write(self, messages: Sequence[str]) -> Awaitable[None] | None:
        """Write text messages at once; None where the socket has taken them, else what to wait for."""
        websocket = self._websocket
        if (
            websocket.protocol.state is not OPEN
            or websocket.send_in_progress is not None
            or websocket.transport.is_closing()
        ):
            return self._public.write(messages)  # it waits for its turn, or raises what there is to say
        websocket.transport.write(_text_frames(messages, self._masks))
        return websocket.drain() if websocket.paused else None

    def pause_writing(self) -> None:
        """Tell the library (asyncio calls this)."""
        self._websocket.pause_writing()

    def resume_writing(self) -> None:
        """Tell the library (asyncio calls this)."""
        self._websocket.resume_writing()

    def unsent_bytes(self) -> int:
        """What was written and the socket has not taken yet."""
        return self._public.unsent_bytes()


def _fresh_masks() -> Iterator[bytes]:
    """Masks that nobody can foresee; drawn in bulk, or asking the system would cost more than the rest."""
    while True:
        drawn = os.urandom(4 * _MASKS_DRAWN)
        for start in range(0, len(drawn), 4):
            yield drawn[start : start + 4]


def _text_frames(messages: Sequence[str], masks: Iterator[bytes] | None) -> bytes:
    """Text messages as the bytes of unfragmented frames; a client's are masked (RFC 6455 §5.2, §5.3)."""
    heads = _HEADS[masks is not None]
    parts: list[bytes] = []
    for message in messages:
        payload = message.encode()
        length = len(payload)
        parts.append(heads[length] if length < len(heads) else _head(length, masked=masks is not None))
        if masks is not None:
            mask = next(masks)
            parts.append(mask)
            payload = apply_mask(payload, mask)
        parts.append(payload)
    return b"".join(parts)


def _head(length: int, *, masked: bool) -> bytes:
    bit = _MASKED if masked else 0
    if length < 126:
        return bytes((_FINAL_TEXT, bit | length))
    if length < 1 << 16:
        return struct.pack("!BBH", _FINAL_TEXT, bit | 126, length)
    return struct.pack("!BBQ", _FINAL_TEXT, bit | 127, length)


_HEADS = [[_head(length, masked=masked) for length in range(1024)] for masked in (False, True)]
