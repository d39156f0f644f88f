"""Reading a capture, also while it is being written.

This module owns the queries. It never writes, holds no transaction open between calls (that would keep the
writer's log from being reused), and trusts nothing it finds: a capture may come from a stranger.
"""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from inspector_app.capture import rows
from inspector_app.capture.errors import CaptureError, damaged, from_os, from_sqlite
from inspector_app.capture.places import Places
from inspector_app.capture.schema import APPLICATION_ID, COLUMNS, FORMAT_VERSION, NUMBERED, OPENER, tables_of
from inspector_app.capture.summary import LONGEST_WITHOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from inspector_app.capture.records import (
        ConnectionRow,
        Direction,
        ExchangeRow,
        FindingRow,
        FrameRow,
        Mark,
        NoteRow,
        OperationRow,
        SettledRow,
        StateRow,
        Totals,
    )

Row = TypeVar("Row")

_BUSY_TIMEOUT_S = 2.0
_SEEN_OPERATIONS_LIMIT = 1000
_PORTION_BYTES = 8 * 1024 * 1024


# A message without a summary is short; one of a stranger is read no further than such a one can be.
_START_OF_RAW = f"CASE WHEN summary IS NULL THEN substr(raw, 1, {4 * LONGEST_WITHOUT}) END"


def _select(table: str, rest: str, *more: str) -> str:
    named = [OPENER if name == "opener" and table in NUMBERED else name for name in COLUMNS[table]]
    return f"SELECT {', '.join((*named, *more))} FROM {table} {rest}"  # noqa: S608 - names of our own tables


def _select_frames(rest: str) -> str:
    return _select("frames", rest, _START_OF_RAW)


_IS_REQUEST = "kind = 'request_response'"
_IS_STREAM = "kind <> 'request_response'"
_PAGE = "LIMIT ? OFFSET ?"

_PENDING = f"WHERE {{which}} AND outcome = 'pending' ORDER BY id {_PAGE}"
_ENDED = "WHERE {which} AND outcome <> 'pending' AND ending > ? AND ending <= ? ORDER BY ending DESC"
_ENDED_1 = f"WHERE {{which}} AND outcome <> 'pending' ORDER BY ended_ns DESC, id DESC {_PAGE}"
_LAST_ENDING = "SELECT coalesce(max(ending), 0) FROM exchanges WHERE {which} AND outcome <> 'pending'"

_FRAMES = _select_frames("WHERE seq >= ? ORDER BY seq LIMIT ?")
_FRAMES_WITH_RAW = _select("frames", "WHERE seq >= ? ORDER BY seq LIMIT ?", "raw")
_FRAME = _select_frames("WHERE seq = ?")
_FRAMES_AT = _select_frames("WHERE seq IN (SELECT value FROM json_each(?))")
_RAW = "SELECT raw, binary FROM frames WHERE seq = ?"
_PREVIOUS_ALIKE = (
    "SELECT seq FROM frames WHERE seq < ? AND operation IS ? AND type IS ? AND direction = ? "
    "ORDER BY seq DESC LIMIT 1"
)
_EXCHANGE = _select("exchanges", "WHERE id = ?")
_FIND_EXCHANGE = _select(
    "exchanges", f"WHERE number = ? AND conn = ? AND {OPENER} = ? ORDER BY id DESC LIMIT 1"
)
_EXCHANGE_FRAMES = _select_frames(f"WHERE exchange = ? AND seq >= ? ORDER BY seq {_PAGE}")
_CONNECTIONS = _select("connections", "ORDER BY conn DESC LIMIT ?")
_CONNECTION = _select("connections", "WHERE conn = ?")
_STATES = _select("states", f"ORDER BY id {_PAGE}")
_STATE_COUNT = "SELECT count(*) FROM states"
_SETTLED = _select("settled", f"ORDER BY id {_PAGE}")
_EVENTS_AFTER = {
    table: _select(table, "WHERE id > ? ORDER BY id LIMIT ?") for table in ("states", "settled", "notes")
}
_FINDINGS = _select("findings", f"ORDER BY id {_PAGE}")
_FINDINGS_AFTER = _select("findings", "WHERE id > ? ORDER BY id LIMIT ?")
_FRAME_FINDINGS = _select("findings", "WHERE seq = ? ORDER BY id")
_NOTES = _select("notes", f"ORDER BY id {_PAGE}")
_NOTES_OF = _select("notes", f"WHERE conn = ? OR conn IS NULL ORDER BY id {_PAGE}")
_MARKS = _select("marks", f"ORDER BY seq {_PAGE}")
_MARK = _select("marks", "WHERE seq = ?")
_OPERATIONS = _select("operations", "WHERE conn = (SELECT max(conn) FROM operations) ORDER BY name, rowid")
_OPERATIONS_OF = _select("operations", "WHERE conn = ? ORDER BY rowid")
_SEEN_OPERATIONS = "SELECT name, kind FROM seen_operations WHERE direction = ? ORDER BY name, kind LIMIT ?"
_TOTALS = _select("totals", "")


class CaptureReader:
    """Gives slices of a capture: of a finished one, of one being recorded, of one whose writer was killed.

    To be used by one thread at a time. Every method raises `CaptureError` when the file cannot be read or
    does not hold what a writer puts there. Lists are slices `offset`, `count` in the order that is told; a
    slice past the end is shorter or empty.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        _check_is_database(self.path)
        self._data_version: int | None = None
        self._places = Places(lambda *query: self._row(lambda values: rows.integer(values[0]), *query))
        try:
            self._connection = _open(self.path)
        except sqlite3.Error as error:
            raise from_sqlite(error, self.path) from error
        except UnicodeDecodeError as error:  # SQLite quotes what it found in the file
            raise damaged(self.path) from error
        try:
            self._check_is_capture()
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file; may be called again."""
        self._connection.close()

    @property
    def database(self) -> sqlite3.Connection:
        """The open file, read-only, for queries that are made elsewhere; it is closed with the reader."""
        return self._connection

    # -- the capture as a whole ---------------------------------------------------------------------------

    def meta(self) -> dict[str, object]:
        """Give what is known of the recording: `format`, `software`, `created_ns`, `source` (an object)."""
        return {
            rows.text(name): rows.from_json(value)
            for name, value in self._query("SELECT name, value FROM meta")
        }

    @property
    def format(self) -> int:
        """Version of the capture's layout: 1 or more; a mark may raise it while the reader is open."""
        return rows.integer(self._query("PRAGMA user_version")[0][0])

    def changed(self) -> bool:
        """Tell whether anything was committed since the last call; the first call says yes. Cheap."""
        version = self._query("PRAGMA data_version")[0][0]
        before, self._data_version = self._data_version, rows.integer(version)
        return before != self._data_version

    def totals(self) -> Totals:
        """Give the counters as of the last committed batch."""
        found = self._rows(rows.totals_row, _TOTALS)
        if not found:
            raise CaptureError(f"{self.path} does not hold what a capture holds: choose another file.")
        return found[0]

    # -- frames -------------------------------------------------------------------------------------------

    def frames(self, first_seq: int, count: int) -> list[FrameRow]:
        """Give frames from number `first_seq` (from 1) on, in order."""
        return self._rows(rows.frame_row, _FRAMES, (first_seq, count))

    def frames_with_raw(
        self, first_seq: int, count: int, *, summaries: bool = True
    ) -> list[tuple[FrameRow, str | bytes]]:
        """Give frames as `frames` does, each with its message as `raw` gives it.

        Summaries cost more than all the rest: who has no use for them goes without, and gets empty ones.

        Stops early, after a frame at least, when the messages together grow large: go on behind the last one.
        """
        found: list[tuple[FrameRow, str | bytes]] = []
        size_bytes = 0
        with self._honest_values():
            cursor = self._connection.execute(_FRAMES_WITH_RAW, (first_seq, count))
            for values in cursor:
                row = rows.frame_row(values, summarise=summaries)
                found.append((row, rows.raw_message(values[-1], row.binary)))
                size_bytes += len(found[-1][1])
                if size_bytes > _PORTION_BYTES:
                    break
            cursor.close()
        return found

    def frames_at(self, seqs: Sequence[int]) -> list[FrameRow]:
        """Give the frames of these numbers, in the order given; what is not there is left out."""
        there = {row.seq: row for row in self._rows(rows.frame_row, _FRAMES_AT, (json.dumps(list(seqs)),))}
        return [there[seq] for seq in seqs if seq in there]

    def frame(self, seq: int) -> FrameRow | None:
        """Give one frame; None when there is none of that number."""
        return self._row(rows.frame_row, _FRAME, (seq,))

    def raw(self, seq: int) -> str | bytes:
        """Give the message of a frame exactly as it was on the wire: `bytes` for a binary one."""
        message = self._row(lambda values: rows.raw_message(*values), _RAW, (seq,))
        if message is None:
            raise CaptureError(f"There is no frame {seq} in {self.path}: choose another one.")
        return message

    def raw_size(self, seq: int) -> int:
        """Tell how many bytes a frame's message takes in the file, without reading it."""
        with self._honest_values(), self._connection.blobopen("frames", "raw", seq, readonly=True) as message:
            return len(message)

    def raw_head(self, seq: int, count: int) -> bytes:
        """Give the first bytes of a frame's message as they are in the file, without reading the others."""
        with self._honest_values(), self._connection.blobopen("frames", "raw", seq, readonly=True) as message:
            return message.read(count)

    def previous_alike(self, frame: FrameRow) -> int | None:
        """Give the number of the last frame before this one of its operation, type and direction."""
        return self._row(
            lambda values: rows.integer(values[0]),
            _PREVIOUS_ALIKE,
            (frame.seq, *rows.storable((frame.operation, frame.type)), frame.direction),
        )

    # -- exchanges ----------------------------------------------------------------------------------------

    def exchange(self, id: int) -> ExchangeRow | None:  # noqa: A002 - named as the row's field is
        """Give one exchange by its number in this capture; None when there is none."""
        return self._row(rows.exchange_row, _EXCHANGE, (id,))

    def find_exchange(self, conn: int, opener: str, number: int) -> ExchangeRow | None:
        """Give the newest exchange of a connection that bears this `requestId`; None when there is none."""
        return self._row(rows.exchange_row, _FIND_EXCHANGE, (number, conn, *rows.storable((opener,))))

    def exchange_frames(self, id: int, offset: int, count: int) -> list[FrameRow]:  # noqa: A002 - as above
        """Give the frames of an exchange, in order."""
        seq, rest = self._places.near(id, offset)
        return self._rows(rows.frame_row, _EXCHANGE_FRAMES, (id, seq, count, rest))

    def exchange_frame_count(self, id: int) -> int:  # noqa: A002 - as above
        """Count the frames of an exchange."""
        return self._places.count(id)

    def requests(self, offset: int, count: int) -> list[ExchangeRow]:
        """Give unary exchanges: the pending ones first, oldest first; then the ended, last ended first."""
        return self._exchanges(_IS_REQUEST, offset, count)

    def streams(self, offset: int, count: int) -> list[ExchangeRow]:
        """Give streams of both kinds: the open ones first, oldest first; then the ended, last ended first."""
        return self._exchanges(_IS_STREAM, offset, count)

    def _exchanges(self, which: str, offset: int, count: int) -> list[ExchangeRow]:
        # One transaction, or an exchange that ends in between would be in both parts or in none.
        with self._snapshot():
            found = self._rows(
                rows.exchange_row, _select("exchanges", _PENDING.format(which=which)), (count, offset)
            )
            missing = count - len(found)
            if missing > 0:
                found += self._ended(which, max(0, offset - self._pending(which)), missing)
        return found

    def _ended(self, which: str, offset: int, count: int) -> list[ExchangeRow]:
        if self.format == 1:
            return self._rows(
                rows.exchange_row, _select("exchanges", _ENDED_1.format(which=which)), (count, offset)
            )
        # Endings are counted without gaps, so the place of a row is its number and none has to be passed by.
        last = self._count(_LAST_ENDING.format(which=which)) - offset
        return self._rows(
            rows.exchange_row, _select("exchanges", _ENDED.format(which=which)), (last - count, last)
        )

    def _pending(self, which: str) -> int:
        totals = self.totals()
        return totals.requests_pending if which == _IS_REQUEST else totals.streams_open

    # -- connections and what happened to them ------------------------------------------------------------

    def connections(self, *, newest: int | None = None) -> list[ConnectionRow]:
        """Give every connection, or so many of the newest, as it stands, by its number."""
        return self._rows(rows.connection_row, _CONNECTIONS, (-1 if newest is None else newest,))[::-1]

    def connection(self, conn: int) -> ConnectionRow | None:
        """Give one connection as it stands; None when there is none of that number."""
        return self._row(rows.connection_row, _CONNECTION, (conn,))

    def states(self, offset: int, count: int) -> list[StateRow]:
        """Give transitions of connections, oldest first."""
        return self._rows(rows.state_row, _STATES, (count, offset))

    def state_count(self) -> int:
        """Count the transitions."""
        return self._count(_STATE_COUNT)

    def settled(self, offset: int, count: int) -> list[SettledRow]:
        """Give the exchanges that ended without a frame (deadlines, local cancellations), oldest first."""
        return self._rows(rows.settled_row, _SETTLED, (count, offset))

    def events_after(self, id: int, count: int) -> list[StateRow | SettledRow | NoteRow]:  # noqa: A002 - as above
        """Give transitions, settled exchanges and notes that followed event `id` (0: all), in order.

        What there was before costs nothing, unlike in a slice.
        """
        after = (id, count)
        with self._snapshot():
            found: list[StateRow | SettledRow | NoteRow] = [
                *self._rows(rows.state_row, _EVENTS_AFTER["states"], after),
                *self._rows(rows.settled_row, _EVENTS_AFTER["settled"], after),
                *self._rows(rows.note_row, _EVENTS_AFTER["notes"], after),
            ]
        return sorted(found, key=lambda event: event.id)[:count]

    def findings(self, offset: int, count: int) -> list[FindingRow]:
        """Give findings, oldest first."""
        return self._rows(rows.finding_row, _FINDINGS, (count, offset))

    def findings_after(self, id: int, count: int) -> list[FindingRow]:  # noqa: A002 - as above
        """Give the findings that followed finding `id` (0: all), oldest first."""
        return self._rows(rows.finding_row, _FINDINGS_AFTER, (id, count))

    def frame_findings(self, seq: int) -> list[FindingRow]:
        """Give the findings that one frame shows."""
        return self._rows(rows.finding_row, _FRAME_FINDINGS, (seq,))

    def notes(self, offset: int, count: int, *, conn: int | None = None) -> list[NoteRow]:
        """Give notes, oldest first; with `conn` only those on that connection and those on none."""
        if conn is None:
            return self._rows(rows.note_row, _NOTES, (count, offset))
        return self._rows(rows.note_row, _NOTES_OF, (conn, count, offset))

    def marks(self, offset: int, count: int) -> list[Mark]:
        """Give the marks by the numbers of their frames; none in a capture of format 1."""
        return self._rows(rows.mark_row, _MARKS, (count, offset)) if self.format > 1 else []

    def mark(self, seq: int) -> Mark | None:
        """Give the mark on a frame; None when it has none."""
        return self._row(rows.mark_row, _MARK, (seq,)) if self.format > 1 else None

    # -- operations ---------------------------------------------------------------------------------------

    def operations(self, conn: int | None = None) -> list[OperationRow]:
        """Give what a connection's peer offers, as it told; None: the newest that told, sorted by name."""
        if conn is None:
            return self._rows(rows.operation_row, _OPERATIONS)
        return self._rows(rows.operation_row, _OPERATIONS_OF, (conn,))

    def seen_operations(self, direction: Direction = "out") -> list[tuple[str, str]]:
        """Give name and kind of each operation that was called, sorted; the first thousand.

        `out`: the inspected side called it, so the other side may offer it; `in`: the other way round.
        """
        return self._rows(
            lambda values: (rows.text(values[0]), rows.text(values[1])),
            _SEEN_OPERATIONS,
            (direction, _SEEN_OPERATIONS_LIMIT),
        )

    # -- queries ------------------------------------------------------------------------------------------

    def _query(self, statement: str, parameters: Sequence[object] = ()) -> list[rows.Values]:
        try:
            return self._connection.execute(statement, rows.storable(parameters)).fetchall()
        except sqlite3.Error as error:
            raise from_sqlite(error, self.path) from error
        except UnicodeDecodeError as error:  # as above
            raise damaged(self.path) from error
        except OverflowError:
            return []  # a number no column can hold is in no row

    def select(self, statement: str, parameters: Sequence[object]) -> Iterator[rows.Values]:
        """Give what a query of another module of this package finds, row by row, unchecked."""
        try:
            yield from self._connection.execute(statement, rows.storable(parameters))
        except sqlite3.Error as error:
            raise from_sqlite(error, self.path) from error
        except UnicodeDecodeError as error:
            raise damaged(self.path) from error

    def extend(self, prepare: Callable[[sqlite3.Connection], None]) -> None:
        """Have functions registered that conditions in queries use."""
        prepare(self._connection)

    def _rows(
        self, make: Callable[[rows.Values], Row], statement: str, parameters: Sequence[object] = ()
    ) -> list[Row]:
        with self._honest_values():
            return [make(values) for values in self._query(statement, parameters)]

    @contextmanager
    def _honest_values(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise from_sqlite(error, self.path) from error
        except (ValueError, KeyError, TypeError) as error:
            raise CaptureError(
                f"{self.path} holds values that no recording makes ({error}): use another copy."
            ) from error

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """A read transaction: all that is read inside is of one moment."""
        self._query("BEGIN")
        try:
            yield
        finally:
            self._query("ROLLBACK")

    def _row(
        self, make: Callable[[rows.Values], Row], statement: str, parameters: Sequence[object] = ()
    ) -> Row | None:
        found = self._rows(make, statement, parameters)
        return found[0] if found else None

    def _count(self, statement: str, parameters: Sequence[object] = ()) -> int:
        return sum(self._rows(lambda values: rows.integer(values[0]), statement, parameters))

    def _check_is_capture(self) -> None:
        application, version = (
            self._query("PRAGMA application_id")[0][0],
            self._query("PRAGMA user_version")[0][0],
        )
        if application != APPLICATION_ID:
            raise CaptureError(
                f"{self.path} is a database but no capture: choose a file that slipstream-inspector recorded."
            )
        if version > FORMAT_VERSION:
            raise CaptureError(
                f"{self.path} has capture format {version} and this program reads up to {FORMAT_VERSION}: "
                "update slipstream-inspector."
            )
        # A view or virtual table in the place of a table could make every query run for ever.
        tables = {
            name
            for name, made_by in self._query("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
            if isinstance(made_by, str) and made_by.startswith("CREATE TABLE")
        }
        if not tables.issuperset(tables_of(version)):
            raise CaptureError(f"{self.path} lacks tables of a capture: use another copy.")
        # Reading the ends of the longest table tells most truncated files at once.
        last = self.totals().frames
        if last and self.frame(last) is None:
            raise CaptureError(f"{self.path} is damaged, its last frames are missing: use another copy.")


def _check_is_database(path: Path) -> None:
    # Not by reading it: closing a file gives up all locks that this process has on it, also those by which
    # its own writer keeps other programs from tidying the log away.
    try:
        status = path.stat()
    except OSError as error:
        raise from_os(error, path) from error
    if stat.S_ISDIR(status.st_mode):
        raise from_os(IsADirectoryError(), path)
    if not os.access(path, os.R_OK, effective_ids=True):
        raise from_os(PermissionError(), path)
    if not stat.S_ISREG(status.st_mode) or not status.st_size:
        raise CaptureError(f"{path} is not a capture: choose a file that slipstream-inspector recorded.")


def _open(path: Path) -> sqlite3.Connection:
    try:
        return _connect(path, "mode=ro")
    except sqlite3.OperationalError:
        # In a folder that may not be written SQLite cannot make the index of a log. Without a log, or with an
        # empty one, the file alone is the whole capture and nobody is writing it.
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size > 0:
            raise
        return _connect(path, "mode=ro&immutable=1")


def _connect(path: Path, options: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.as_uri()}?{options}",
        uri=True,
        timeout=_BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        if connection.execute("PRAGMA user_version").fetchone()[0] == 1:
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("CREATE TEMP VIEW peers AS SELECT 0 AS id, '' AS name WHERE 0")
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection
