"""Exchanges of one operation as they come and end: what the figures of a repetition are made from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader

AT_ONCE: Final = 2_000
_ASKED_AT_ONCE: Final = 500

_SINCE: Final = (
    "SELECT id, opened_ns, ended_ns, outcome, code FROM exchanges"
    " WHERE id > ? AND conn = ? AND mine = 1 AND operation = ? AND kind = ? ORDER BY id LIMIT ?"
)


class Ran(NamedTuple):
    """One exchange. `ended_ns` is None while it is pending."""

    id: int
    opened_ns: int
    ended_ns: int | None
    outcome: str
    code: str = ""
    """Of an error."""


def ran_since(reader: CaptureReader, after: int, conn: int, operation: str, kind: str) -> list[Ran]:
    """Give the next exchanges of this side after number `after`, `AT_ONCE` at most. Raises `CaptureError`."""
    return [_ran(values) for values in reader.select(_SINCE, (after, conn, operation, kind, AT_ONCE))]


def ran_of(reader: CaptureReader, ids: Iterable[int]) -> list[Ran]:
    """Give exchanges by their numbers, as they are now. Raises `CaptureError`."""
    found: list[Ran] = []
    wanted = list(ids)
    for first in range(0, len(wanted), _ASKED_AT_ONCE):
        some = wanted[first : first + _ASKED_AT_ONCE]
        marks = ", ".join("?" * len(some))
        statement = f"SELECT id, opened_ns, ended_ns, outcome, code FROM exchanges WHERE id IN ({marks})"  # noqa: S608 - marks alone
        found += [_ran(values) for values in reader.select(statement, some)]
    return found


def _ran(values: Sequence[object]) -> Ran:
    id_, opened, ended, outcome, code = values
    return Ran(
        id_ if isinstance(id_, int) else 0,
        opened if isinstance(opened, int) else 0,
        ended if isinstance(ended, int) else None,
        outcome if isinstance(outcome, str) else "",
        code if isinstance(code, str) else "",
    )
