"""The layout of a capture file: an official interface, to be read with any SQL tool.

This module owns the tables, the indexes, the views, their version and the columns of each; it runs no query.
Tables have the names and units of the rows in `records`; views are for people, with readable times. All of it
is told in docs/capture-format.md, which a test holds against this module.

    sqlite3 FILE 'select time, direction, type, operation, summary from log limit 20'

Text is stored as TEXT, binary messages as BLOB. Text with a lone surrogate has no UTF-8 form, so it is kept
as a BLOB of its UTF-8 with surrogates let through; `frames.binary` tells it from a binary message.
"""

from __future__ import annotations

from msgspec import Struct

from inspector_app.capture.records import (
    ConnectionRow,
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

APPLICATION_ID = 0x534C4950
"""Marks a SQLite file as a capture (the letters SLIP); `file` and `PRAGMA application_id` show it."""

FORMAT_VERSION = 2
"""Version of the layout, kept as `PRAGMA user_version`: lower ones are read, higher ones refused."""

_ROWS: dict[str, type[Struct]] = {
    "frames": FrameRow,
    "exchanges": ExchangeRow,
    "connections": ConnectionRow,
    "states": StateRow,
    "settled": SettledRow,
    "findings": FindingRow,
    "notes": NoteRow,
    "operations": OperationRow,
    "marks": Mark,
    "totals": Totals,
}

COLUMNS: dict[str, tuple[str, ...]] = {table: row.__struct_fields__ for table, row in _ROWS.items()}
"""Columns of each table that hold a row, in the order of the row's fields."""

TABLES = (*COLUMNS, "meta", "peers", "seen_operations")
"""Every table that a capture must have."""

_SINCE = {"marks": 2, "peers": 2}


def tables_of(version: int) -> set[str]:
    """Give the tables that a capture of a format must have."""
    return {table for table in TABLES if _SINCE.get(table, 1) <= version}


_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE peers (id INTEGER PRIMARY KEY, name TEXT NOT NULL);

CREATE TABLE frames (
    seq INTEGER PRIMARY KEY,
    time_ns INTEGER NOT NULL,
    conn INTEGER NOT NULL,
    direction TEXT NOT NULL,
    type TEXT,
    opener INTEGER,
    number INTEGER,
    exchange INTEGER,
    operation TEXT,
    size_bytes INTEGER NOT NULL,
    latency_ns INTEGER,
    summary TEXT,
    findings INTEGER NOT NULL,
    binary INTEGER NOT NULL,
    raw BLOB NOT NULL
);

CREATE TABLE exchanges (
    id INTEGER PRIMARY KEY,
    conn INTEGER NOT NULL,
    opener INTEGER NOT NULL,
    number INTEGER NOT NULL,
    mine INTEGER NOT NULL,
    kind TEXT NOT NULL,
    operation TEXT,
    opened_ns INTEGER NOT NULL,
    opened_seq INTEGER NOT NULL,
    state TEXT NOT NULL,
    outcome TEXT NOT NULL,
    code TEXT,
    message TEXT NOT NULL,
    ended_ns INTEGER,
    ended_seq INTEGER,
    items_in INTEGER NOT NULL,
    items_out INTEGER NOT NULL,
    bytes_in INTEGER NOT NULL,
    bytes_out INTEGER NOT NULL,
    last_item_ns INTEGER,
    ending INTEGER
);

CREATE TABLE connections (
    conn INTEGER PRIMARY KEY,
    role TEXT NOT NULL,
    address TEXT NOT NULL,
    local_peer TEXT NOT NULL,
    remote_peer TEXT,
    state TEXT NOT NULL,
    opened_ns INTEGER NOT NULL,
    changed_ns INTEGER NOT NULL,
    code INTEGER,
    reason TEXT NOT NULL,
    handshake TEXT NOT NULL
);

CREATE TABLE states (
    id INTEGER PRIMARY KEY,
    time_ns INTEGER NOT NULL,
    conn INTEGER NOT NULL,
    old TEXT NOT NULL,
    new TEXT NOT NULL,
    code INTEGER,
    reason TEXT NOT NULL,
    after_seq INTEGER NOT NULL
);

CREATE TABLE settled (
    id INTEGER PRIMARY KEY,
    time_ns INTEGER NOT NULL,
    conn INTEGER NOT NULL,
    opener TEXT NOT NULL,
    number INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    message TEXT NOT NULL,
    after_seq INTEGER NOT NULL
);

CREATE TABLE findings (
    id INTEGER PRIMARY KEY,
    time_ns INTEGER NOT NULL,
    conn INTEGER NOT NULL,
    seq INTEGER,
    exchange INTEGER,
    rule TEXT NOT NULL,
    section TEXT NOT NULL,
    text TEXT NOT NULL
);

CREATE TABLE notes (
    id INTEGER PRIMARY KEY,
    time_ns INTEGER NOT NULL,
    conn INTEGER,
    level TEXT NOT NULL,
    text TEXT NOT NULL,
    after_seq INTEGER NOT NULL
);

CREATE TABLE operations (
    conn INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    doc TEXT NOT NULL,
    params TEXT NOT NULL,
    returns TEXT NOT NULL,
    deprecated INTEGER NOT NULL
);

CREATE TABLE seen_operations (
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    direction TEXT NOT NULL,
    PRIMARY KEY (name, kind, direction)
) WITHOUT ROWID;

CREATE TABLE marks (
    seq INTEGER PRIMARY KEY,
    made_ns INTEGER NOT NULL,
    note TEXT NOT NULL
);

CREATE TABLE totals (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    {totals}
);
"""

# An index on one column holds the rows of one value in the order of their number. Lists page through a
# partial index, so the place of a row is found without touching the others.
_INDICES = """
CREATE INDEX frames_of_exchange ON frames (exchange) WHERE exchange IS NOT NULL;
CREATE INDEX frames_of_type ON frames (type);
CREATE INDEX frames_of_operation ON frames (operation) WHERE operation IS NOT NULL;
CREATE INDEX exchanges_by_number ON exchanges (number, conn);
CREATE INDEX requests_pending ON exchanges (id)
    WHERE kind = 'request_response' AND outcome = 'pending';
CREATE INDEX requests_ended ON exchanges (ending)
    WHERE kind = 'request_response' AND outcome <> 'pending';
CREATE INDEX streams_pending ON exchanges (id)
    WHERE kind <> 'request_response' AND outcome = 'pending';
CREATE INDEX streams_ended ON exchanges (ending)
    WHERE kind <> 'request_response' AND outcome <> 'pending';
CREATE INDEX findings_of_frame ON findings (seq);
CREATE INDEX operations_of_connection ON operations (conn);
"""

NUMBERED = ("frames", "exchanges")
"""The tables whose opener is a number of `peers`."""

OPENER = "CASE typeof(opener) WHEN 'integer' THEN (SELECT name FROM peers WHERE id = opener) ELSE opener END"
"""The name of an opener: in a capture that was begun in format 1 it stands there itself."""


def _readable(time_ns: str) -> str:
    return (
        f"strftime('%Y-%m-%dT%H:%M:%S', {time_ns} / 1000000000, 'unixepoch')"
        f" || printf('.%09dZ', {time_ns} % 1000000000)"
    )


_VIEWS = f"""
CREATE VIEW log AS SELECT
    seq, {_readable("time_ns")} AS time,
    conn, direction, type, {OPENER} AS opener, number, exchange, operation, size_bytes,
    latency_ns / 1e6 AS latency_ms,
    findings,
    CASE
        WHEN summary IS NOT NULL THEN summary
        WHEN typeof(raw) = 'text' AND json_valid(raw) THEN substr(json_extract(raw, '$.data'), 1, 200)
        ELSE substr(raw, 1, 200)
    END AS summary,
    raw
FROM frames;

CREATE VIEW calls AS SELECT
    id, {_readable("opened_ns")} AS opened,
    conn,
    CASE WHEN mine THEN 'out' ELSE 'in' END AS direction,
    kind, operation, outcome, code, message, state,
    (ended_ns - opened_ns) / 1e6 AS duration_ms,
    items_in, items_out, bytes_in, bytes_out, {OPENER} AS opener, number, opened_seq, ended_seq
FROM exchanges;

CREATE VIEW connection_log AS SELECT
    conn, {_readable("opened_ns")} AS opened, role, address, local_peer, remote_peer, state,
    {_readable("changed_ns")} AS changed, code, reason
FROM connections;

CREATE VIEW state_log AS SELECT
    id, {_readable("time_ns")} AS time, conn, old, new, code, reason, after_seq
FROM states;

CREATE VIEW finding_log AS SELECT
    id, {_readable("time_ns")} AS time, conn, seq, exchange, rule, section, text
FROM findings;

CREATE VIEW note_log AS SELECT
    id, {_readable("time_ns")} AS time, conn, level, text, after_seq
FROM notes;

CREATE VIEW mark_log AS SELECT
    seq, {_readable("made_ns")} AS marked, note, {_readable("time_ns")} AS time,
    conn, direction, type, operation, raw
FROM marks JOIN frames USING (seq);
"""  # noqa: S608 - made of nothing but what stands here


def statements() -> list[str]:
    """Give the statements that make an empty capture, in order."""
    totals = ",\n    ".join(f"{name} INTEGER NOT NULL" for name in COLUMNS["totals"])
    script = _TABLES.replace("{totals}", totals) + _INDICES + _VIEWS
    return [
        *(statement.strip() for statement in script.split(";") if statement.strip()),
        f"PRAGMA application_id = {APPLICATION_ID}",
        f"PRAGMA user_version = {FORMAT_VERSION}",
    ]


_ADDED = {
    2: (
        *("marks", "peers", "frames_of_type", "frames_of_operation", "requests_ended", "streams_ended"),
        *("log", "calls", "connection_log", "state_log", "finding_log", "note_log", "mark_log"),
    )
}
"""What each version brought to a capture, besides what only a new one can have."""

_CHANGED = {
    2: (
        "DROP VIEW log",
        "DROP VIEW calls",
        "DROP INDEX requests_ended",
        "DROP INDEX streams_ended",
        "ALTER TABLE exchanges ADD COLUMN ending INTEGER",
        """
        UPDATE exchanges SET ending = place FROM (
            SELECT id AS ended, row_number() OVER (
                PARTITION BY kind = 'request_response' ORDER BY ended_ns, id
            ) AS place
            FROM exchanges WHERE outcome <> 'pending'
        ) WHERE id = ended
        """,
    )
}
"""What has to be done to what was there, before."""


def added_since(version: int) -> list[str]:
    """Give the statements that bring a finished capture of an older format to the current one, in order."""
    newer = [added for added in _ADDED if added > version]
    names = {name for added in newer for name in _ADDED[added]}
    return [
        *(statement for added in newer for statement in _CHANGED[added]),
        *(statement for statement in statements() if _made_by(statement) in names),
        f"PRAGMA user_version = {FORMAT_VERSION}",
    ]


def _made_by(statement: str) -> str:
    return statement.split()[2] if statement.startswith("CREATE") else ""
