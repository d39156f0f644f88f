"""Which frames of a capture a filter fits: asked in portions, so that no query is long.

This module owns how a capture is looked through. It runs in whatever thread it is called from, holds no
transaction between portions, and says in a sentence what went wrong.
"""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING

from inspector_app.capture.errors import damaged, from_sqlite
from inspector_app.capture.filter import Filter, prepare, where
from inspector_app.capture.reader import CaptureReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_FIRST_PORTION = 256
_MOST_PORTION = 1 << 18
_QUICK_S, _SLOW_S = 0.004, 0.016
_INSTRUCTIONS = 20_000
"""Steps of SQLite's machine between two looks at whether to go on: less than a millisecond."""


class Finder:
    """Finds frames of a capture. For one thread. Raises `CaptureError` when the file cannot be read."""

    def __init__(self, path: Path, filter: Filter, *, now_ns: Callable[[], int]) -> None:  # noqa: A002 - it is one
        self._filter = filter
        self._now_ns = now_ns
        self._reader = CaptureReader(path)
        self._connection = self._reader.database
        self._path = self._reader.path
        self._where = where(filter, now_ns=now_ns())
        try:
            prepare(self._connection)
        except sqlite3.Error as error:
            self._reader.close()
            raise from_sqlite(error, self._path) from error

    def close(self) -> None:
        """Close the file."""
        self._reader.close()

    def stop_when(self, stopped: Callable[[], bool]) -> None:
        """Break off whatever is running, with a `CaptureError`, as soon as `stopped` says so."""
        self._connection.set_progress_handler(stopped, _INSTRUCTIONS)

    def frames(self) -> int:
        """Give the number of the newest frame."""
        return self._reader.totals().frames

    def changed(self) -> bool:
        """Tell whether anything was committed since the last call."""
        return self._reader.changed()

    def refresh(self) -> None:
        """Count ages from now on."""
        self._where = where(self._filter, now_ns=self._now_ns())

    def find(self, first: int, last: int, *, newest_first: bool = False) -> Iterator[int]:
        """Give the numbers, from `first` to `last`, of the frames that fit. Raises `CaptureError`."""
        order = "DESC" if newest_first else "ASC"
        condition, parameters = self._where
        statement = f"SELECT seq FROM frames WHERE seq BETWEEN ? AND ? AND {condition} ORDER BY seq {order}"  # noqa: S608 - text of `where`
        try:
            for (seq,) in self._connection.execute(statement, (first, last, *parameters)):
                if type(seq) is not int:
                    raise damaged(self._path)
                yield seq
        except UnicodeDecodeError as error:  # SQLite quotes what it found in the file
            raise damaged(self._path) from error
        except sqlite3.Error as error:
            raise from_sqlite(error, self._path) from error


class Portions:
    """How many frames to look through at a time: so many that it takes some milliseconds."""

    def __init__(self) -> None:
        self.size = _FIRST_PORTION
        self._began = 0.0

    def begin(self) -> None:
        """A portion begins."""
        self._began = time.perf_counter()

    def end(self) -> None:
        """It has ended: learn from how long it took."""
        took_s = time.perf_counter() - self._began
        if took_s < _QUICK_S:
            self.size = min(_MOST_PORTION, self.size * 2)
        elif took_s > _SLOW_S:
            self.size = max(1, self.size // 2)


def matching(path: Path, filter: Filter, *, now_ns: int) -> Iterator[int]:  # noqa: A002 - it is one
    """Give the numbers of all frames that a filter fits, in order. Raises `CaptureError`."""
    finder = Finder(path, filter, now_ns=lambda: now_ns)
    try:
        portions, frames, first = Portions(), finder.frames(), 1
        while first <= frames:
            portions.begin()
            last = min(frames, first + portions.size - 1)
            yield from list(finder.find(first, last))
            portions.end()
            first = last + 1
    finally:
        finder.close()
