"""How an operation was used: when last, how quickly it is answered, and messages of it to learn from.

Owns the queries. Each looks at a bounded number of the newest frames, so a capture of millions costs no more.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

from inspector_app.capture import rows
from inspector_app.capture.summary import NAME_LENGTH, cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inspector_app.capture.reader import CaptureReader
    from inspector_app.capture.records import Direction

_ANSWERS: Final = 50
_LOOKED_AT: Final = 1000
_LEARNED_FROM: Final = 5000

# The newest frames of an operation, of which those of calls of one side and kind are taken. What belongs to
# no exchange was sent by who called, and its type is the name of its kind.
_NEWEST: Final = """
    FROM (
        SELECT * FROM frames WHERE operation = ? ORDER BY seq DESC LIMIT {most}
    ) AS frame LEFT JOIN exchanges ON exchanges.id = frame.exchange
    WHERE coalesce(exchanges.mine, frame.direction = 'out') = ? AND coalesce(exchanges.kind, frame.type) = ?
"""
_LAST: Final = f"SELECT frame.seq, frame.time_ns {_NEWEST.format(most=_LOOKED_AT)} LIMIT 1"
_TYPICAL: Final = f"""
    SELECT frame.latency_ns {_NEWEST.format(most=_LOOKED_AT)}
    AND frame.latency_ns IS NOT NULL LIMIT {_ANSWERS}
"""
_MESSAGES: Final = f"""
    SELECT frame.seq, frame.raw {_NEWEST.format(most=_LEARNED_FROM)}
    AND frame.direction = ? AND frame.type IN (SELECT value FROM json_each(?)) AND frame.size_bytes <= ?
    LIMIT ?
"""  # noqa: S608 - as above
_SINCE: Final = "SELECT count(*) FROM (SELECT 1 FROM frames WHERE operation = ? AND seq > ? LIMIT ?)"


class Calls(NamedTuple):
    """The calls of an operation by one side, in one way: both sides may offer one of the same name."""

    operation: str
    direction: Direction = "out"
    """`out`: the inspected side calls; `in`: the other side does."""
    kind: str = "request_response"

    @property
    def asked(self) -> tuple[str, bool, str]:
        """What the queries ask for."""
        return cut(self.operation, NAME_LENGTH), self.direction == "out", self.kind


class Usage(NamedTuple):
    """How an operation was used so far."""

    last_seq: int
    last_ns: int
    typical_ns: int | None
    """The median of the newest answers; None: none came."""


def usage_of(reader: CaptureReader, calls: Calls) -> Usage | None:
    """Tell how an operation was used; None when no frame of it went by lately. Raises `CaptureError`."""
    last = next(reader.select(_LAST, calls.asked), None)
    if last is None:
        return None
    taken = sorted(rows.integer(values[0]) for values in reader.select(_TYPICAL, calls.asked))
    typical = taken[len(taken) // 2] if taken else None
    return Usage(rows.integer(last[0]), rows.integer(last[1]), typical)


def last_use(reader: CaptureReader, calls: Calls) -> int:
    """Give the number of the newest frame of an operation; 0 when there is none. Raises `CaptureError`."""
    last = next(reader.select(_LAST, calls.asked), None)
    return rows.integer(last[0]) if last is not None else 0


def frames_since(reader: CaptureReader, operation: str, seq: int, *, most: int) -> int:
    """Count the frames of an operation after frame `seq`, whoever called it, up to `most`.

    Raises `CaptureError`.
    """
    found = next(reader.select(_SINCE, (cut(operation, NAME_LENGTH), seq, most)), None)
    return rows.integer(found[0]) if found is not None else 0


def messages_of(
    reader: CaptureReader,
    calls: Calls,
    direction: Direction,
    types: tuple[str, ...],
    *,
    most: int,
    most_bytes: int,
) -> Iterator[tuple[int, str | bytes]]:
    """Give the newest messages of calls of an operation that went in `direction`, with their numbers.

    Of these types, none longer than `most_bytes`. Raises `CaptureError`.
    """
    asked = (direction, json.dumps(types), most_bytes, most)
    for seq, raw in reader.select(_MESSAGES, (*calls.asked, *asked)):
        if isinstance(raw, (str, bytes)):
            yield rows.integer(seq), raw
