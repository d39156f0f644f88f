"""How an operation was used: when last, how quickly it is answered, and messages of it to learn from.

Owns the queries. Each looks at a bounded number of the newest frames, so a capture of millions costs no more.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

from inspector_app.capture import rows

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader
    from inspector_app.capture.records import Direction

_ANSWERS: Final = 50
_LOOKED_AT: Final = 2000

_LAST: Final = "SELECT seq, time_ns FROM frames WHERE operation = ? ORDER BY seq DESC LIMIT 1"
_TYPICAL: Final = f"""
    SELECT latency_ns FROM (
        SELECT latency_ns FROM frames WHERE operation = ? ORDER BY seq DESC LIMIT {_LOOKED_AT}
    )
    WHERE latency_ns IS NOT NULL LIMIT {_ANSWERS}
"""  # noqa: S608 - made of nothing but what stands here
_MESSAGES: Final = """
    SELECT type, raw FROM frames
    WHERE operation = ? AND direction = ? AND type IN (SELECT value FROM json_each(?)) AND size_bytes <= ?
    ORDER BY seq DESC LIMIT ?
"""


class Usage(NamedTuple):
    """How an operation was used so far."""

    last_seq: int
    last_ns: int
    typical_ns: int | None
    """The median of the newest answers; None: none came."""


def usage_of(reader: CaptureReader, operation: str) -> Usage | None:
    """Tell how an operation was used; None when no frame of it went by. Raises `CaptureError`."""
    last = next(reader.select(_LAST, (operation,)), None)
    if last is None:
        return None
    taken = sorted(rows.integer(values[0]) for values in reader.select(_TYPICAL, (operation,)))
    typical = taken[len(taken) // 2] if taken else None
    return Usage(rows.integer(last[0]), rows.integer(last[1]), typical)


def last_use(reader: CaptureReader, operation: str) -> int:
    """Give the number of the newest frame of an operation; 0 when there is none. Raises `CaptureError`."""
    last = next(reader.select(_LAST, (operation,)), None)
    return rows.integer(last[0]) if last is not None else 0


def messages_of(
    reader: CaptureReader,
    operation: str,
    direction: Direction,
    types: tuple[str, ...],
    *,
    most: int,
    most_bytes: int,
) -> list[str | bytes]:
    """Give the newest messages of an operation, of these types, none longer than `most_bytes`.

    Raises `CaptureError`.
    """
    found = reader.select(_MESSAGES, (operation, direction, json.dumps(types), most_bytes, most))
    return [raw for _, raw in found if isinstance(raw, (str, bytes))]
