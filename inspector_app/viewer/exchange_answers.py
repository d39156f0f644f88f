"""What came of an exchange, read from the capture: its answer, its items, its times.

Owns the reading, in bounds. It waits for nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from inspector_app.display.json_beginning import beginning_of
from inspector_app.messages.answers import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inspector_app.capture.reader import CaptureReader
    from inspector_app.capture.records import ExchangeRow, FrameRow
    from inspector_app.messages.answers import Outcome

MOST_ITEMS: Final = 100_000
MOST_BYTES: Final = 16 * 1024 * 1024
LARGE_BYTES: Final = 512 * 1024
"""A frame of more is not read as a whole for the beginning of an answer: keys would wait for it."""
_PORTION: Final = 500


def answer_of(reader: CaptureReader, exchange: ExchangeRow, take: int | None = None) -> Answer:
    """Give what came of an exchange so far; of a stream, with `take`, up to that item and no further.

    More than `MOST_ITEMS`, or `MOST_BYTES`, are an overflow. Raises `CaptureError`.
    """
    came = _Came(exchange, take)
    for frame in _coming(reader, exchange):
        if not came.frame(reader, frame):
            break
    return came.answer()


def _coming(reader: CaptureReader, exchange: ExchangeRow) -> Iterator[FrameRow]:
    """The frames of the other side, in order."""
    coming = "in" if exchange.mine else "out"
    for first in range(0, reader.exchange_frame_count(exchange.id), _PORTION):
        for frame in reader.exchange_frames(exchange.id, first, _PORTION):
            if frame.direction == coming and frame.seq != exchange.opened_seq:
                yield frame


class _Came:
    """What came so far."""

    def __init__(self, exchange: ExchangeRow, take: int | None) -> None:
        self._exchange = exchange
        self._take = take
        self._data: object = None
        self._items: list[object] = []
        self._details: object = None
        self._size = 0
        self._latency_ns: int | None = None
        self._ended_ns = exchange.ended_ns
        self._overflow = ""

    def frame(self, reader: CaptureReader, frame: FrameRow) -> bool:
        """Take one over; tell whether more are wanted."""
        if self._latency_ns is None:
            self._latency_ns = frame.time_ns - self._exchange.opened_ns
        if frame.type not in ("response", "stream_data", "error"):
            return True
        self._size += frame.size_bytes
        if self._size > MOST_BYTES:
            self._overflow = f"more than {MOST_BYTES // 2**20} MiB came"
            return False
        if frame.type != "stream_data":
            value = _data(reader.raw(frame.seq))
            if frame.type == "response":
                self._data = value
            elif isinstance(value, dict):
                self._details = value.get("details")
            return True
        if len(self._items) >= MOST_ITEMS:
            self._overflow = f"more than {MOST_ITEMS:,} items came: take fewer"
            return False
        self._items.append(_data(reader.raw(frame.seq)))
        if len(self._items) != self._take:
            return True
        self._ended_ns = frame.time_ns
        return False

    def answer(self) -> Answer:
        """Give it as an answer."""
        exchange = self._exchange
        outcome: Outcome = exchange.outcome if exchange.outcome != "pending" else "cancelled"
        return Answer(
            outcome="overflow" if self._overflow else outcome,
            data=self._data,
            items=tuple(self._items),
            code="" if self._overflow else exchange.code or "",
            message=self._overflow or exchange.message,
            details=self._details,
            latency_ns=self._latency_ns,
            duration_ns=self._ended_ns - exchange.opened_ns if self._ended_ns is not None else None,
        )


def answer_text(reader: CaptureReader, exchange: ExchangeRow, most: int) -> str:
    """Give the beginning of what came as text: a JSON value, or an item a line. Raises `CaptureError`."""
    coming = "in" if exchange.mine else "out"
    lines: list[str] = []
    size = 0
    for frame in reader.exchange_frames(exchange.id, 0, _PORTION):
        if frame.direction != coming or frame.type not in ("response", "stream_data", "error"):
            continue
        line = json.dumps(_beginning(reader, frame, most), ensure_ascii=False)[: most - size]
        lines.append(line)
        size += len(line) + 1
        if size >= most:
            break
    return "\n".join(lines)


def _beginning(reader: CaptureReader, frame: FrameRow, most: int) -> Any:
    """Give the data of a frame, or, of a large one, what its first bytes make."""
    if frame.size_bytes <= LARGE_BYTES:
        return _data(reader.raw(frame.seq))
    # The frame's own members take some bytes; where characters are escapes, it is fewer of them.
    beginning = beginning_of(reader.raw_head(frame.seq, most + 4096))
    return _data(beginning.text) if beginning is not None else None


def _data(raw: str | bytes) -> Any:
    try:
        frame = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return frame.get("data") if isinstance(frame, dict) else None
