"""From an excerpt to Parquet: one row a frame, for data frames. Needs the extra `parquet`.

Owns the columns, which are named as those of a capture's frames. Messages that are no UTF-8 are in `data`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from typing import BinaryIO

    from inspector_app.capture.excerpt import Excerpt, Frame

_SCHEMA = pa.schema(
    [
        pa.field("seq", pa.int64(), nullable=False),
        pa.field("time", pa.timestamp("ns", tz="UTC"), nullable=False),
        pa.field("conn", pa.int64(), nullable=False),
        pa.field("direction", pa.dictionary(pa.int8(), pa.string()), nullable=False),
        pa.field("type", pa.dictionary(pa.int32(), pa.string())),
        pa.field("opener", pa.dictionary(pa.int32(), pa.string())),
        pa.field("number", pa.int64()),
        pa.field("exchange", pa.int64()),
        pa.field("operation", pa.dictionary(pa.int32(), pa.string())),
        pa.field("size_bytes", pa.int64(), nullable=False),
        pa.field("latency_ns", pa.int64()),
        pa.field("findings", pa.int64(), nullable=False),
        pa.field("binary", pa.bool_(), nullable=False),
        pa.field("raw", pa.string()),
        pa.field("data", pa.binary()),
    ]
)
_NAMES = (4, 5, 8)
"""Columns of names that came over the wire, and may hold what is no text."""
_GROUP = 100_000
_GROUP_BYTES = 64 * 1024 * 1024


def write(excerpt: Excerpt, out: BinaryIO) -> None:
    """Write an excerpt. Raises what it and `out` raise."""
    about = {"slipstream": json.dumps({**excerpt.meta(), "redaction": excerpt.told.report()}, default=str)}
    with pq.ParquetWriter(out, _SCHEMA.with_metadata(about), compression="zstd") as writer:
        waiting: list[Frame] = []
        size = 0
        for frames in excerpt.frame_portions():
            waiting += frames
            size += sum(len(frame.raw) for frame in frames)
            if len(waiting) >= _GROUP or size >= _GROUP_BYTES:
                writer.write_table(_table(waiting))
                waiting, size = [], 0
        if waiting:
            writer.write_table(_table(waiting))


def _table(frames: list[Frame]) -> pa.Table:
    columns = list(zip(*frames, strict=True))
    raws = columns.pop()
    texts = [_text(raw) for raw in raws]
    columns.append(tuple(isinstance(raw, bytes) for raw in raws))
    for place in _NAMES:
        columns[place] = tuple(None if name is None else _plain(name) for name in columns[place])
    values = [*columns, texts, [_data(raw, text) for raw, text in zip(raws, texts, strict=True)]]
    arrays = [pa.array(column, type=field.type) for column, field in zip(values, _SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=_SCHEMA)


def _plain(name: str) -> str:
    return name if name.isascii() else name.encode("utf-8", "backslashreplace").decode()


def _text(raw: str | bytes) -> str | None:
    try:
        if isinstance(raw, bytes):
            return raw.decode()
        raw.encode()
    except UnicodeError:
        return None
    return raw


def _data(raw: str | bytes, text: str | None) -> bytes | None:
    if text is not None:
        return None
    return raw if isinstance(raw, bytes) else raw.encode("utf-8", "surrogatepass")
