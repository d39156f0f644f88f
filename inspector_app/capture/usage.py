"""How an operation was used: when last, how quickly it is answered, and messages of it to learn from.

Owns the queries. Each looks at a bounded number of the newest frames, so a capture of millions costs no more.
Both sides may offer an operation of one name: `direction` is `out` for the calls of the inspected side, `in`
for those of the other.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

from inspector_app.capture import rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inspector_app.capture.reader import CaptureReader
    from inspector_app.capture.records import Direction

_ANSWERS: Final = 50
_LOOKED_AT: Final = 2000
_LEARNED_FROM: Final = 20_000

# The newest frames of an operation, of which those that belong to calls of one side are taken. What belongs
# to no exchange was sent by who called.
_NEWEST: Final = """
    SELECT {columns} FROM (
        SELECT * FROM frames WHERE operation = ? ORDER BY seq DESC LIMIT {most}
    ) AS frame LEFT JOIN exchanges ON exchanges.id = frame.exchange
    WHERE coalesce(exchanges.mine, frame.direction = 'out') = ?
"""
_LAST: Final = _NEWEST.format(columns="frame.seq, frame.time_ns", most=_LOOKED_AT) + "LIMIT 1"
_TYPICAL: Final = (
    _NEWEST.format(columns="frame.latency_ns", most=_LOOKED_AT)
    + f"AND frame.latency_ns IS NOT NULL LIMIT {_ANSWERS}"
)
_MESSAGES: Final = _NEWEST.format(columns="frame.seq, frame.raw", most=_LEARNED_FROM) + (
    "AND frame.direction = ? AND frame.type IN (SELECT value FROM json_each(?)) AND frame.size_bytes <= ? "
    "LIMIT ?"
)
_SINCE: Final = "SELECT count(*) FROM (SELECT 1 FROM frames WHERE operation = ? AND seq > ? LIMIT ?)"


class Usage(NamedTuple):
    """How an operation was used so far."""

    last_seq: int
    last_ns: int
    typical_ns: int | None
    """The median of the newest answers; None: none came."""


def usage_of(reader: CaptureReader, operation: str, direction: Direction = "out") -> Usage | None:
    """Tell how an operation was used; None when no frame of it went by lately. Raises `CaptureError`."""
    asked = (operation, direction == "out")
    last = next(reader.select(_LAST, asked), None)
    if last is None:
        return None
    taken = sorted(rows.integer(values[0]) for values in reader.select(_TYPICAL, asked))
    typical = taken[len(taken) // 2] if taken else None
    return Usage(rows.integer(last[0]), rows.integer(last[1]), typical)


def last_use(reader: CaptureReader, operation: str, direction: Direction = "out") -> int:
    """Give the number of the newest frame of an operation; 0 when there is none. Raises `CaptureError`."""
    last = next(reader.select(_LAST, (operation, direction == "out")), None)
    return rows.integer(last[0]) if last is not None else 0


def frames_since(reader: CaptureReader, operation: str, seq: int, *, most: int) -> int:
    """Count the frames of an operation after frame `seq`, whoever called it, up to `most`.

    Raises `CaptureError`.
    """
    found = next(reader.select(_SINCE, (operation, seq, most)), None)
    return rows.integer(found[0]) if found is not None else 0


def messages_of(
    reader: CaptureReader,
    operation: str,
    direction: Direction,
    types: tuple[str, ...],
    *,
    mine: bool,
    most: int,
    most_bytes: int,
) -> Iterator[tuple[int, str | bytes]]:
    """Give the newest messages of calls of an operation that went in `direction`, with their numbers.

    Of these types, none longer than `most_bytes`; `mine`: the inspected side called. Raises `CaptureError`.
    """
    asked = (operation, mine, direction, json.dumps(types), most_bytes, most)
    for seq, raw in reader.select(_MESSAGES, asked):
        if isinstance(raw, (str, bytes)):
            yield rows.integer(seq), raw
