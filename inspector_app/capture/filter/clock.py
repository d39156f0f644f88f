"""The time of day of a moment, at the place of whoever looks.

SQLite computes it where the place has been as far from Greenwich as it is told here; the function that Python
computes it with is for all other moments, and lets only one thread look at a time.
"""

from __future__ import annotations

import time
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from inspector_app.capture.filter.values import DAY_NS, SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Iterator

CLOCK = "slip_clock"
"""Time: nanoseconds since midnight, at this place."""

# Zones change on a quarter of an hour.
_STEP_S = 900
_STEP_NS = _STEP_S * SECOND_NS
_STEPS_A_DAY = DAY_NS // _STEP_NS
_DAYS_KNOWN = 400


class Period(NamedTuple):
    """Moments from `first_ns` to `last_ns`; `offset_ns` is what the clock here is ahead of Greenwich."""

    first_ns: int
    last_ns: int
    offset_ns: int


def time_of_day(column: str, now_ns: int) -> tuple[str, tuple[int, ...]]:
    """Give an expression for the nanoseconds since midnight at the time in a column, and its parameters."""
    known = list(_periods(now_ns))
    cases = f" WHEN {column} BETWEEN ? AND ? THEN ({column} + ?) % {DAY_NS}" * len(known)
    otherwise = f"{CLOCK}({column})"
    sql = f"CASE{cases} ELSE {otherwise} END" if known else otherwise
    return sql, tuple(number for period in known for number in period)


def _periods(now_ns: int) -> Iterator[Period]:
    """Give what is known of this place up to tomorrow, the latest first."""
    tomorrow = now_ns // _STEP_NS + _STEPS_A_DAY
    days = range(tomorrow, tomorrow - _DAYS_KNOWN * _STEPS_A_DAY, -_STEPS_A_DAY)
    try:
        last = tomorrow
        for later, earlier in pairwise(days):
            if _offset_s(earlier) != _offset_s(later):
                first = _first_like(later, earlier)
                yield _period(first, last)
                last = first - 1
        yield _period(days[-1], last)
    except (OverflowError, OSError, ValueError):
        return


def _first_like(later: int, earlier: int) -> int:
    """Give the first step, after `earlier`, from which on it is as at `later`."""
    offset_s = _offset_s(later)
    while later - earlier > 1:
        middle = (later + earlier) // 2
        later, earlier = (middle, earlier) if _offset_s(middle) == offset_s else (later, middle)
    return later


def _period(first: int, last: int) -> Period:
    return Period(first * _STEP_NS, (last + 1) * _STEP_NS - 1, _offset_s(last) * SECOND_NS)


def clock(time_ns: object) -> int | None:
    """Give the nanoseconds since midnight, of the day at this place; None for what is no time."""
    if not isinstance(time_ns, int):
        return None
    try:
        offset_s = _known_offset_s(time_ns // _STEP_NS)
    except (OverflowError, OSError, ValueError):
        return None
    return (time_ns + offset_s * SECOND_NS) % DAY_NS


def _offset_s(step: int) -> int:
    return time.localtime(step * _STEP_S).tm_gmtoff


_known_offset_s = lru_cache(maxsize=4096)(_offset_s)
