"""Bringing a capture of an older format to the current one, in its own file.

This module owns what has to be added for that. Nothing that was recorded is changed, and it happens whole or
not at all. Only what writes into a finished capture calls it; reading needs no upgrade.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.schema import FORMAT_VERSION, added_since

if TYPE_CHECKING:
    from pathlib import Path


def upgrade(connection: sqlite3.Connection, path: Path) -> bool:
    """Bring the capture of a connection that may write to the current format, and tell whether it had not.

    Indexes are made, which takes some seconds a million frames; who reads the capture reads on. For that it
    gets a log beside it, which `tidy` takes away when nobody reads it. Raises `CaptureError` for a capture
    that would run statements of its own when it is written to, and `sqlite3.Error`.
    """
    if connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'trigger' LIMIT 1").fetchone():
        raise CaptureError(f"{path} holds triggers, which no recording makes: use another copy.")
    if _version(connection) >= FORMAT_VERSION:
        return False
    # What does not fit into memory would go into the file before the end, and lock it until then.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in added_since(_version(connection)):
            connection.execute(statement)
        connection.execute("UPDATE meta SET value = ? WHERE name = 'format'", (str(FORMAT_VERSION),))
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
            with suppress(sqlite3.Error):  # while it is read, the log stays
                connection.execute("PRAGMA journal_mode = DELETE")
    return True


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
