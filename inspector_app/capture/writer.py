"""The one writer of a capture file.

This module owns how batches reach the disk: one transaction a batch, so readers see whole batches only and a
killed process loses nothing that was committed. It folds nothing, and never overwrites or repairs a file.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from inspector_app.capture import rows
from inspector_app.capture.errors import CaptureError, from_os, from_sqlite
from inspector_app.capture.making import make_capture
from inspector_app.capture.records import Totals
from inspector_app.capture.schema import COLUMNS, FORMAT_VERSION, statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from inspector_app.capture.records import Batch, Values

_BUSY_TIMEOUT_S = 5.0
_CLOSING_BUSY_TIMEOUT_MS = 100
_PORTION_PAGES = 1000
"""What is copied at once, about 4 MB, before there is time to write again."""


_PAGE_BYTES = 8192
"""A look at every frame takes a third less time than with SQLite's 4096, and recording one no more."""

_LOG_BYTES = 4_096_000
"""How long the log grows before it is brought into the file."""

_VALUES_TOGETHER = 999
"""Values that one statement puts in at most: SQLite takes so many at least, and lets other threads run once a
statement. With a row in each, a thread that writes and one that reads a socket wait for each other."""


def _insert(table: str, *more: str, verb: str = "INSERT", rows: int = 1) -> str:
    columns = (*COLUMNS[table], *more)
    row = f"({', '.join('?' * len(columns))})"
    return f"{verb} INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * rows)}"


# All of the transaction goes when it fails half way: to undo the statement, SQLite would keep a copy of each
# page that it touches.
_APPEND = "INSERT OR ROLLBACK"


@cache
def _insert_frames(rows: int) -> str:
    return _insert("frames", "raw", verb=_APPEND, rows=rows)


@cache
def _insert_exchanges(rows: int) -> str:
    return _insert("exchanges", "ending", verb=_APPEND, rows=rows)


@cache
def _replace_exchanges(rows: int) -> str:
    return _insert("exchanges", "ending", verb="REPLACE", rows=rows)


_PEER = "REPLACE INTO peers (id, name) VALUES (?, ?)"
_CONNECTION = _insert("connections", verb="REPLACE")
_STATE = _insert("states")
_SETTLED = _insert("settled")
_FINDING = _insert("findings")
_NOTE = _insert("notes")
_FORGET_OPERATIONS = "DELETE FROM operations WHERE conn = ?"
_OPERATION = _insert("operations")
_MARK = """
INSERT INTO marks (seq, made_ns, note) VALUES (?, ?, ?) ON CONFLICT (seq) DO UPDATE SET note =
    CASE
        WHEN note = '' THEN excluded.note
        WHEN length(note) < 500 THEN note || '; ' || excluded.note
        ELSE note
    END
"""
_SEEN_OPERATION = "INSERT OR IGNORE INTO seen_operations (name, kind, direction) VALUES (?, ?, ?)"
_TOTALS = _insert("totals", "one", verb="REPLACE")


class CaptureWriter:
    """Makes a capture file, for the user alone (mode 0600), and appends batches to it.

    `source` tells what was recorded and `software` what recorded it; both are kept with the capture.
    `created_ns` is now unless given. May be used from any thread, one at a time. Raises `CaptureError` when
    the file exists already or cannot be made.
    """

    def __init__(
        self, path: Path, *, source: Mapping[str, object], software: str, created_ns: int | None = None
    ) -> None:
        meta = {
            "format": FORMAT_VERSION,
            "software": software,
            "created_ns": time.time_ns() if created_ns is None else created_ns,
            "source": dict(source),
        }
        self._connection: sqlite3.Connection | None = None
        self._last_exchange = 0
        self._begin(path.absolute(), lambda connection: _lay_out(connection, meta))

    def _begin(self, path: Path, fill: Callable[[sqlite3.Connection], None]) -> None:
        """Make a file and go over to it; nothing has changed when that fails."""
        try:
            make_capture(path, fill)
            status = path.stat()
            connection = _connect(path)
        except FileNotFoundError:
            raise CaptureError(
                f"The folder {path.parent} does not exist: make it or record elsewhere."
            ) from None
        except OSError as error:
            raise from_os(error, path) from error
        except sqlite3.Error as error:
            raise from_sqlite(error, path) from error
        self.path, self._connection = path, connection
        self._identity = (status.st_dev, status.st_ino)

    def move_to(self, path: Path, meanwhile: Callable[[], object]) -> None:
        """Copy all that was committed into a new capture at `path`, and write there from now on.

        `meanwhile` is called again and again while it is copied: what it writes gets into both files. The old
        one stays. It may be full, removed or not to be written, as long as it can be read. Raises
        `CaptureError` when the new one cannot be made, and what `meanwhile` raises; then all is as it was.
        """
        before = self._open_connection()

        def between(status: int, _left: int, _all: int) -> None:
            if status != sqlite3.SQLITE_DONE:  # what would be written then is not in the copy
                meanwhile()

        def copy(target: sqlite3.Connection) -> None:
            # SQLite carries what this very connection writes between two portions over into the copy.
            before.backup(target, pages=_PORTION_PAGES, progress=between)

        self._begin(path.absolute(), copy)
        _end(before)

    def check(self) -> None:
        """Raise `CaptureError` when the file is not where it was, or may not be written any more."""
        self._check_in_place()

    def write(self, batch: Batch) -> None:
        """Write a batch, whole or not at all.

        Raises `CaptureError` (the disk is full, the file was removed, no permission, …); the capture is then
        as it was before, and the same batch can be written again once the cause is gone.
        """
        connection = self._open_connection()
        self._check_in_place()
        last = self._last_exchange
        try:
            try:
                _commit(connection, batch, last, _as_they_are)
            except (
                UnicodeEncodeError
            ):  # rare, and looking at each text beforehand would cost more than all else
                _commit(connection, batch, last, rows.storable)
        except sqlite3.Error as error:
            raise from_sqlite(error, self.path) from error
        self._last_exchange = max(last, *batch.exchanges, 0)

    def checkpoint(self) -> None:
        """Bring what the log holds into the file, as far as no reader is in the way. Never raises.

        SQLite does so by itself only each thousand pages: the file of a short recording, copied without its
        log, would hold nothing.
        """
        if self._connection is not None:
            with suppress(sqlite3.Error):  # the log stays, and holds what was committed
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Bring everything into the one file and close it; may be called again.

        While a reader has the capture open, SQLite keeps its log beside it (`-wal`, `-shm`). Everything
        committed is in the two together, so nothing is lost when the file cannot be tidied.
        """
        connection, self._connection = self._connection, None
        if connection is not None:
            _end(connection)

    def _open_connection(self) -> sqlite3.Connection:
        if self._connection is None:
            raise CaptureError(f"{self.path} is closed: start a new capture.")
        return self._connection

    def _check_in_place(self) -> None:
        # SQLite would go on writing into a file that has no name any more.
        try:
            status = os.stat(self.path)  # noqa: PTH116 - on the path of every batch; Path.stat costs twice as much
        except FileNotFoundError as error:
            raise CaptureError(
                f"{self.path} was removed while it was recorded: put it back or start a new capture."
            ) from error
        except OSError as error:
            raise from_os(error, self.path) from error
        if (status.st_dev, status.st_ino) != self._identity:
            raise CaptureError(
                f"{self.path} was replaced while it was recorded: put it back or start a new capture."
            )
        # Nor would it mind a file that has become read only since it was opened.
        if not os.access(self.path, os.W_OK, effective_ids=True):
            raise CaptureError(
                f"{self.path} may not be written any more: change its permissions or record elsewhere."
            )


def _lay_out(connection: sqlite3.Connection, meta: Mapping[str, object]) -> None:
    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    connection.execute("BEGIN IMMEDIATE")
    for statement in statements():
        connection.execute(statement)
    connection.executemany(
        "INSERT INTO meta (name, value) VALUES (?, ?)",
        [(name, rows.to_json(value)) for name, value in meta.items()],
    )
    connection.execute(_TOTALS, _totals_values(Totals()))
    connection.execute("COMMIT")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_BYTES // _PAGE_BYTES}")
    except sqlite3.Error:
        connection.close()
        path.unlink(missing_ok=True)
        raise
    return connection


def _end(connection: sqlite3.Connection) -> None:
    try:
        connection.execute(f"PRAGMA busy_timeout = {_CLOSING_BUSY_TIMEOUT_MS}")
        # Without a log a capture can be read from a read-only folder too.
        connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error:
        # A reader is there, or the disk is full: the log stays, and holds what was committed.
        return
    finally:
        connection.close()


_Values = Iterable[tuple[Any, ...]]
_Form = Callable[[Sequence[Any]], Sequence[Any]]
"""Makes values ready for SQLite: as they are, or with text in them that it cannot take in another form."""


def _as_they_are(values: Sequence[Any]) -> Sequence[Any]:
    return values


def _commit(connection: sqlite3.Connection, batch: Batch, last_exchange: int, form: _Form) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.executemany(_PEER, map(form, batch.peers.items()))
        _put(connection, batch.frames, _insert_frames, form)
        new = [row for number, row in batch.exchanges.items() if number > last_exchange]
        changed = [row for number, row in batch.exchanges.items() if number <= last_exchange]
        _put(connection, new, _insert_exchanges, form)
        _put(connection, changed, _replace_exchanges, form)
        for statement, values in _few_changes(batch):
            connection.executemany(statement, map(form, values))
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _put(
    connection: sqlite3.Connection, folded: list[Values], put: Callable[[int], str], form: _Form
) -> None:
    together = _VALUES_TOGETHER // len(folded[0]) if folded else 1
    for place in range(0, len(folded), together):
        portion = folded[place : place + together]
        values: list[Any] = []
        for row in portion:
            values += row
        connection.execute(put(len(portion)), form(values))


def _few_changes(batch: Batch) -> Iterator[tuple[str, _Values]]:
    yield _CONNECTION, map(rows.connection_values, batch.connections.values())
    yield _STATE, map(rows.state_values, batch.states)
    yield _SETTLED, map(rows.settled_values, batch.settled)
    yield _FINDING, map(rows.finding_values, batch.findings)
    yield _NOTE, map(rows.note_values, batch.notes)
    yield _MARK, ((mark.seq, mark.made_ns, mark.note) for mark in batch.marks)
    yield _FORGET_OPERATIONS, ((conn,) for conn in batch.operations)
    for operations in batch.operations.values():
        yield _OPERATION, map(rows.operation_values, operations)
    yield _SEEN_OPERATION, batch.seen
    yield _TOTALS, [_totals_values(batch.totals)]


def _totals_values(totals: Totals) -> tuple[Any, ...]:
    return (*rows.totals_values(totals), 1)
