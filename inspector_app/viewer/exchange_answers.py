"""What came of an exchange, read from the capture: its answer, its items, its times.

Owns the reading, in bounds. It waits for nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from inspector_app.messages.answers import Answer

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader
    from inspector_app.capture.records import ExchangeRow

MOST_ITEMS: Final = 10_000
MOST_BYTES: Final = 16 * 1024 * 1024
_PORTION: Final = 500


def answer_of(reader: CaptureReader, exchange: ExchangeRow) -> Answer:
    """Give what came of an exchange so far. Raises `CaptureError`."""
    data: object = None
    items: list[object] = []
    error: dict[str, Any] = {}
    latency_ns: int | None = None
    coming = "in" if exchange.mine else "out"
    read = 0
    for first in range(0, reader.exchange_frame_count(exchange.id), _PORTION):
        for frame in reader.exchange_frames(exchange.id, first, _PORTION):
            if frame.direction != coming or frame.seq == exchange.opened_seq:
                continue
            if latency_ns is None:
                latency_ns = frame.time_ns - exchange.opened_ns
            if frame.type not in ("response", "stream_data", "error"):
                continue
            read += frame.size_bytes
            if read > MOST_BYTES or len(items) >= MOST_ITEMS:
                continue
            value = _data(reader.raw(frame.seq))
            if frame.type == "stream_data":
                items.append(value)
            elif frame.type == "response":
                data = value
            elif isinstance(value, dict):
                error = value
    return Answer(
        outcome=exchange.outcome if exchange.outcome != "pending" else "cancelled",
        data=data,
        items=tuple(items),
        code=exchange.code or "",
        message=exchange.message,
        details=error.get("details"),
        latency_ns=latency_ns,
        duration_ns=exchange.ended_ns - exchange.opened_ns if exchange.ended_ns is not None else None,
    )


def answer_text(reader: CaptureReader, exchange: ExchangeRow, most: int) -> str:
    """Give the beginning of what came as text: a JSON value, or an item a line. Raises `CaptureError`."""
    coming = "in" if exchange.mine else "out"
    lines: list[str] = []
    size = 0
    for frame in reader.exchange_frames(exchange.id, 0, _PORTION):
        if frame.direction != coming or frame.type not in ("response", "stream_data", "error"):
            continue
        line = json.dumps(_data(reader.raw(frame.seq)), ensure_ascii=False)[: most - size]
        lines.append(line)
        size += len(line) + 1
        if size >= most:
            break
    return "\n".join(lines)


def _data(raw: str | bytes) -> Any:
    try:
        frame = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return frame.get("data") if isinstance(frame, dict) else None
