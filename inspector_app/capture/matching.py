"""Which frames of a capture a filter fits: asked in portions, so that no query is long.

This module owns how a capture is looked through, and that no frame is looked at of which an index tells that
it does not fit. It runs in whatever thread it is called from, holds no transaction between portions, and says
in a sentence what went wrong.
"""

from __future__ import annotations

import sqlite3
import time
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from inspector_app.capture.errors import CaptureError, damaged, from_sqlite
from inspector_app.capture.filter import Filter, narrowings, prepare, where
from inspector_app.capture.reader import CaptureReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from inspector_app.capture.filter import Where

_JSON, _JSON_NUMBERS = msgspec.json.Encoder(), msgspec.json.Decoder(list[int])
_FIRST_PORTION = 256
_MOST_PORTION = 1 << 16
_QUICK_S, _SLOW_S = 0.004, 0.016
_INSTRUCTIONS = 20_000
"""Steps of SQLite's machine between two looks at whether to go on: less than a millisecond."""
_FEWEST_CANDIDATES, _SHARE = 1000, 10
"""Where more frames than that, and more than a tenth of all, may fit, listing them is not worth its time."""
_LISTING_S = 1.0
"""Longest time for listing the frames that may fit."""


class Candidates(NamedTuple):
    """Every frame up to number `last` that may fit."""

    last: int
    seqs: Sequence[int]
    """In rising order."""


class Finder:
    """Finds frames of a capture. For one thread. Raises `CaptureError` when the file cannot be read."""

    def __init__(self, path: Path, filter: Filter, *, now_ns: Callable[[], int]) -> None:  # noqa: A002 - it is one
        self._filter = filter
        self._now_ns = now_ns
        self._reader = CaptureReader(path)
        self._connection = self._reader.database
        self._path = self._reader.path
        self._stopped: Callable[[], bool] = bool
        self.candidates: Candidates | None = None
        """What is looked at alone, where known; `candidates_up_to` finds it."""
        self.refresh()
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
        self._stopped = stopped
        self._connection.set_progress_handler(stopped, _INSTRUCTIONS)

    def frames(self) -> int:
        """Give the number of the newest frame."""
        return self._reader.totals().frames

    def changed(self) -> bool:
        """Tell whether anything was committed since the last call."""
        return self._reader.changed()

    def refresh(self) -> None:
        """Count ages from now on."""
        self.asked_ns = self._now_ns()
        self._where = where(self._filter, now_ns=self.asked_ns)

    def find(self, first: int, last: int, *, newest_first: bool = False) -> Iterator[int]:
        """Give the numbers, from `first` to `last`, of the frames that fit. Raises `CaptureError`."""
        condition, parameters = self._where
        known = self.candidates
        if known is None or last > known.last:
            which: tuple[object, ...] = (first, last)
            statement = f"SELECT seq FROM frames WHERE seq BETWEEN ? AND ? AND {condition} ORDER BY seq"  # noqa: S608 - text of `where`
        else:
            few = known.seqs[bisect_left(known.seqs, first) : bisect_right(known.seqs, last)]
            if not few:
                return
            which = (_JSON.encode(few).decode(),)
            statement = (
                "SELECT seq FROM frames WHERE seq IN (SELECT value FROM json_each(?))"  # noqa: S608 - text of `where`
                f" AND {condition} ORDER BY seq"
            )
        found = self._numbers(statement, (*which, *parameters))
        yield from reversed(found) if newest_first else found

    def candidates_up_to(self, last: int) -> Candidates | None:
        """Find out by an index which frames up to `last` may fit; None where that takes looking at each.

        Raises `CaptureError`.
        """
        if self._reader.format == 1:  # without the indexes
            return None
        for query in narrowings(self._filter):
            found = self._listed(query, last)
            if found is not None:
                return Candidates(last, found)
        return None

    def _listed(self, query: Where, last: int) -> list[int] | None:
        statement = f"SELECT seq FROM ({query.sql}) WHERE typeof(seq) = 'integer' AND seq <= ? LIMIT ?"  # noqa: S608 - text of `narrowings`
        most = max(_FEWEST_CANDIDATES, last // _SHARE)
        until = time.monotonic() + _LISTING_S
        self._connection.set_progress_handler(
            lambda: self._stopped() or time.monotonic() > until, _INSTRUCTIONS
        )
        try:
            found = self._numbers(statement, (*query.parameters, last, most + 1))
        except CaptureError:
            if not self._stopped() and time.monotonic() > until:
                return None
            raise
        finally:
            self.stop_when(self._stopped)
        return found if len(found) <= most else None

    def _numbers(self, statement: str, parameters: Sequence[object]) -> list[int]:
        # As one value: a row at a time, threads would wait for the interpreter at each.
        try:
            (told,) = self._connection.execute(
                f"SELECT json_group_array(seq) FROM ({statement})",  # noqa: S608 - as above
                parameters,
            ).fetchone()
            return _JSON_NUMBERS.decode(told)
        except (UnicodeDecodeError, msgspec.MsgspecError) as error:  # SQLite quotes what it found in the file
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
