"""The functions that conditions call from within SQLite, and what a connection must have for them to work.

Values come from a capture, which may be a stranger's: text arrives as bytes, so nothing is refused for its
encoding, and no function raises for what it is given, but for `patterns.TooMuchWorkError`.
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING

from inspector_app.capture.filter.json_values import fitting
from inspector_app.capture.filter.patterns import matcher
from inspector_app.capture.filter.payload import MATCHES, VALUE_FITS
from inspector_app.capture.filter.values import DAY_NS, SECOND_NS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

CLOCK = "slip_clock"
"""Time: nanoseconds since midnight, at this place."""

_OFFSET_STEP_S = 900

_NO_MARKS = "CREATE TEMP TABLE IF NOT EXISTS marks (seq INTEGER PRIMARY KEY, made_ns INTEGER, note TEXT)"


def prepare(connection: sqlite3.Connection) -> None:
    """Make a connection to a capture, of any format, ready for conditions. Raises `sqlite3.Error`.

    What stays on the connection is its own; the capture is not touched.
    """
    matchers: dict[tuple[str, str], Callable[[bytes], bool]] = {}

    def matches(pattern: str, flags: str, text: bytes) -> bool:
        found = matchers.get((pattern, flags))
        if found is None:
            found = matchers[pattern, flags] = matcher(pattern, flags)
        return found(text)

    connection.create_function(MATCHES, 3, matches, deterministic=True)
    connection.create_function(VALUE_FITS, 2, lambda told, raw: fitting(told)(raw), deterministic=True)
    connection.create_function(CLOCK, 1, clock, deterministic=True)
    if not connection.execute("SELECT 1 FROM main.sqlite_master WHERE name = 'marks'").fetchone():
        _without_marks(connection)


def _without_marks(connection: sqlite3.Connection) -> None:
    (read_only,) = connection.execute("PRAGMA query_only").fetchone()
    connection.execute("PRAGMA query_only = OFF")
    try:
        connection.execute(_NO_MARKS)
    finally:
        connection.execute(f"PRAGMA query_only = {int(read_only)}")


def clock(time_ns: object) -> int | None:
    """Give the nanoseconds since midnight, of the day at this place; None for what is no time."""
    if not isinstance(time_ns, int):
        return None
    seconds = time_ns // SECOND_NS
    try:
        offset_s = _offset_s(seconds // _OFFSET_STEP_S)
    except (OverflowError, OSError, ValueError):
        return None
    return (time_ns + offset_s * SECOND_NS) % DAY_NS


@lru_cache(maxsize=4096)
def _offset_s(step: int) -> int:
    # Zones change on a quarter of an hour.
    return time.localtime(step * _OFFSET_STEP_S).tm_gmtoff
