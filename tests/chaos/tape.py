"""What went over a wire, byte for byte with times, and the WebSocket frames in it (RFC 6455 §5.2).

Written without any WebSocket library, and with nothing of the one under test: it is what both are checked by.
Times are ns of the monotonic clock.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Span:
    """Where one frame is, in bytes; `start` is negative where it began in an earlier piece."""

    start: int
    header_bytes: int
    payload_bytes: int
    first_byte: int

    @property
    def opcode(self) -> int:
        """What kind of frame it is."""
        return self.first_byte & 0x0F

    @property
    def payload_start(self) -> int:
        """Where its payload begins."""
        return self.start + self.header_bytes

    @property
    def end(self) -> int:
        """Where the next frame begins."""
        return self.payload_start + self.payload_bytes


class FrameWalker:
    """Finds frames in bytes that come piece by piece, behind the HTTP head. It never raises."""

    def __init__(self) -> None:
        self._in_head = True
        self._pending = b""
        self._to_skip = 0

    def feed(self, piece: bytes) -> list[Span]:
        """The frames whose header has become whole with this piece; places count from its beginning."""
        known = self._pending + piece
        base = -len(self._pending)
        place = 0
        if self._in_head:
            found = known.find(_HEAD_END)
            if found < 0:
                self._pending = known[-len(_HEAD_END) + 1 :]
                return []
            self._in_head = False
            place = found + len(_HEAD_END)
        spans = []
        place += self._to_skip
        while place < len(known):
            header = _header(known, place)
            if header is None:
                break
            span = Span(base + place, *header)
            spans.append(span)
            place += span.header_bytes + span.payload_bytes
        self._to_skip = max(place - len(known), 0)
        self._pending = known[place:]
        return spans


def _header(data: bytes, start: int) -> tuple[int, int, int] | None:
    """Bytes of header and of payload, and the first byte; None where the header is not whole."""
    if len(data) < start + 2:
        return None
    short, masked = data[start + 1] & 0x7F, data[start + 1] & 0x80
    extended = {126: 2, 127: 8}.get(short, 0)
    header_bytes = 2 + extended + (4 if masked else 0)
    if len(data) < start + header_bytes:
        return None
    payload_bytes = int.from_bytes(data[start + 2 : start + 2 + extended]) if extended else short
    return header_bytes, payload_bytes, data[start]


@dataclass(frozen=True, slots=True)
class Seen:
    """One whole WebSocket message, or control frame; `time_ns` is when its last byte went by."""

    time_ns: int
    opcode: int
    payload: bytes

    @property
    def close_code(self) -> int | None:
        """The code of a close frame; None of any other, and of an empty one."""
        return int.from_bytes(self.payload[:2]) if self.opcode == CLOSE and self.payload else None


@dataclass(slots=True)
class Tape:
    """What went by one place in one direction."""

    pieces: list[tuple[int, bytes]] = field(default_factory=list)
    ending: tuple[int, Literal["end", "reset"]] | None = None
    """When and how the stream of bytes ended there."""

    def record(self, piece: bytes) -> None:
        """Keep what goes by now."""
        self.pieces.append((time.monotonic_ns(), piece))

    def end(self, how: Literal["end", "reset"]) -> None:
        """Keep that it ends now; the first ending counts."""
        self.ending = self.ending or (time.monotonic_ns(), how)

    @property
    def data(self) -> bytes:
        """Everything that went by."""
        return b"".join(piece for _, piece in self.pieces)

    def messages(self) -> list[Seen]:
        """The whole messages and control frames that went by."""
        return list(self._messages())

    def _messages(self) -> Iterator[Seen]:
        data, times = self.data, self._times()
        parts: list[bytes] = []
        opcode = CONTINUATION
        for span in FrameWalker().feed(data):
            if span.end > len(data):
                return
            payload = _unmasked(data, span)
            when = times.at(span.end)
            if span.opcode >= CLOSE:
                yield Seen(when, span.opcode, payload)
                continue
            opcode = span.opcode or opcode
            parts.append(payload)
            if span.first_byte & 0x80:
                yield Seen(when, opcode, b"".join(parts))
                parts.clear()

    def _times(self) -> _Times:
        ends, total = [], 0
        for _, piece in self.pieces:
            total += len(piece)
            ends.append(total)
        return _Times(ends, [when for when, _ in self.pieces])


@dataclass(frozen=True, slots=True)
class _Times:
    ends: list[int]
    times_ns: list[int]

    def at(self, end: int) -> int:
        """When the byte before this place went by."""
        return self.times_ns[bisect_left(self.ends, end)]


def _unmasked(data: bytes, span: Span) -> bytes:
    payload = data[span.payload_start : span.end]
    if not data[span.start + 1] & 0x80:
        return payload
    mask = data[span.payload_start - 4 : span.payload_start]
    repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload) ^ int.from_bytes(repeated)).to_bytes(len(payload))
