"""Marks on the frames of a capture: the one thing that is written into it besides what was recorded.

This module owns setting and removing them. Each call is one short transaction of its own, so it goes beside
an engine that records, and beside other viewers. A capture of format 1 becomes one of the current format with
its first mark. The file may come from a stranger: nothing in it may run because a mark is set.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

from inspector_app.capture import rows
from inspector_app.capture.errors import CaptureError, from_sqlite
from inspector_app.capture.reader import CaptureReader
from inspector_app.capture.records import Mark
from inspector_app.capture.tidying import tidy
from inspector_app.capture.upgrade import upgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

__all__ = ["MOST_MARKS", "NOTE_LENGTH", "Mark", "Marks"]

NOTE_LENGTH = 10_000
"""Characters that a note may have."""

MOST_MARKS = 100_000
"""Marks that are read of one capture, whoever made it."""

_BUSY_TIMEOUT_S = 2.0
_SET = """
INSERT INTO marks (seq, made_ns, note) VALUES (?, ?, ?)
    ON CONFLICT (seq) DO UPDATE SET note = excluded.note
"""
_REMOVE = "DELETE FROM marks WHERE seq = ?"


class Marks:
    """The marks of the capture at `path`, recorded just now or long ago. From any thread."""

    def __init__(self, path: Path, *, busy_timeout_s: float = _BUSY_TIMEOUT_S) -> None:
        self.path = path.absolute()
        self._busy_timeout_s = busy_timeout_s

    def set(self, seq: int, note: str = "") -> None:
        """Mark a frame, or change its note; the time of the first mark is kept.

        Raises `CaptureError` when there is no such frame, the note is too long or the file cannot be written.
        """
        if len(note) > NOTE_LENGTH:
            raise CaptureError(f"The note has {len(note)} characters: shorten it to {NOTE_LENGTH}.")
        self._check_frame(seq)
        values = rows.storable((seq, time.time_ns(), note))
        self._write(lambda connection: connection.execute(_SET, values))

    def restore(self, marks: Iterable[Mark]) -> None:
        """Put marks on that were made before, with their times. Raises `CaptureError` as `set` does."""
        values = [rows.storable((mark.seq, mark.made_ns, mark.note)) for mark in marks]
        if not values:
            return

        def put(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_SET, values)
            connection.execute("COMMIT")

        self._write(put)

    def remove(self, seq: int) -> None:
        """Take the mark from a frame; without one nothing happens. Raises `CaptureError` as `set` does."""
        CaptureReader(self.path).close()  # says what is wrong with a file that is no capture
        self._write(lambda connection: connection.execute(_REMOVE, (seq,)))

    def all(self) -> list[Mark]:
        """Give the marks by the numbers of their frames, `MOST_MARKS` at most."""
        with closing(CaptureReader(self.path)) as reader:
            return reader.marks(0, MOST_MARKS)

    def _check_frame(self, seq: int) -> None:
        with closing(CaptureReader(self.path)) as reader:
            if reader.frame(seq) is None:
                raise CaptureError(f"There is no frame {seq} in {self.path}: choose another one.")

    def _write(self, put: Callable[[sqlite3.Connection], object]) -> None:
        try:
            with closing(self._connect()) as connection:
                upgraded = upgrade(connection, self.path)
                put(connection)
        except sqlite3.Error as error:
            raise from_sqlite(error, self.path) from error
        if upgraded:
            tidy(self.path)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.as_uri()}?mode=rw", uri=True, timeout=self._busy_timeout_s, isolation_level=None
        )
        connection.execute("PRAGMA trusted_schema = OFF")
        return connection
