"""Making one plain file of a capture whose writer was killed.

This module owns what may be done to a capture that nobody writes any more: bringing its log (`-wal`) into the
file, and nothing else. It changes no row, and touches nothing that is not a sound capture.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.reader import CaptureReader

if TYPE_CHECKING:
    from pathlib import Path

# Offset and value in the header, https://www.sqlite.org/fileformat.html section 1.3.
_READ_VERSION = 19
_WITH_LOG = b"\x02"


def tidy(path: Path) -> bool:
    """Leave a capture as one file that can be copied alone; tell whether it is one now.

    False when another program or a reader here has it open, when it may not be written, and for what is no
    capture; it is then as good as before. Frames that a reader's presence keeps in the log are still copied
    into the file. Never raises.
    """
    path = path.absolute()
    try:
        plain = _is_plain(path)
        CaptureReader(path).close()
    except (CaptureError, OSError):
        return False
    if plain:
        return True
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=0, isolation_level=None)
    except sqlite3.Error:
        return False
    with contextlib.closing(connection):
        try:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            connection.execute("PRAGMA journal_mode = DELETE")
            return _is_plain(path)
        except (sqlite3.Error, OSError):
            return False


def _is_plain(path: Path) -> bool:
    """Whether there is no log beside the file, and none would be made for reading it."""
    with path.open("rb") as file:
        start = file.read(_READ_VERSION + 1)
    beside = (path.with_name(path.name + end) for end in ("-wal", "-shm"))
    return start[_READ_VERSION:] != _WITH_LOG and not any(part.exists() for part in beside)
