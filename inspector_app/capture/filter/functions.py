"""The functions that conditions call from within SQLite, and what a connection must have for them to work.

Values come from a capture, which may be a stranger's: text arrives as bytes, so nothing is refused for its
encoding, and no function raises for what it is given, but for `patterns.TooMuchWorkError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspector_app.capture.filter.clock import CLOCK, clock
from inspector_app.capture.filter.globs import GLOB_FITS, glob_fits
from inspector_app.capture.filter.json_values import fitting
from inspector_app.capture.filter.patterns import matcher
from inspector_app.capture.filter.payload import MATCHES, VALUE_FITS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

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
    connection.create_function(GLOB_FITS, 2, glob_fits, deterministic=True)
    if not connection.execute("SELECT 1 FROM main.sqlite_master WHERE name = 'marks'").fetchone():
        _without_marks(connection)


def _without_marks(connection: sqlite3.Connection) -> None:
    (read_only,) = connection.execute("PRAGMA query_only").fetchone()
    connection.execute("PRAGMA query_only = OFF")
    try:
        connection.execute(_NO_MARKS)
    finally:
        connection.execute(f"PRAGMA query_only = {int(read_only)}")
