"""Making a capture file that appears whole or not at all.

This module owns how a new capture gets its name: only once its layout is in it, so that whatever happens and
whenever, each file with the name of a capture is one; and never in the place of another file.
"""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from inspector_app.capture.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_WITHOUT_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def make_capture(path: Path, fill: Callable[[sqlite3.Connection], None]) -> None:
    """Have `fill` write a new database, which then gets the name `path`, for the user alone (mode 0600).

    Raises `OSError`, what `unnamed_beside` raises and what `fill` does; nothing is left behind then.
    """
    unnamed = unnamed_beside(path)
    os.close(os.open(unnamed, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        with closing(sqlite3.connect(unnamed, isolation_level=None)) as connection:
            # Nobody looks at it before it is whole, and a log of its own would have to be tidied away.
            connection.execute("PRAGMA journal_mode = MEMORY")
            fill(connection)
            connection.execute("PRAGMA journal_mode = DELETE")
        give_name(unnamed, path)
    finally:
        remove_unnamed(unnamed)


def unnamed_beside(path: Path) -> Path:
    """Give a path for what is to get the name `path` when it is whole.

    Raises `FileExistsError`, and `CaptureError` where the log of a capture that is gone would become part of
    it.
    """
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    for ending in ("-wal", "-journal"):
        log = path.with_name(path.name + ending)
        if os.path.lexists(log):
            raise CaptureError(
                f"{log} is what is left of a capture that is gone, and would become part of a new one: "
                "remove it, or choose another name."
            )
    return path.with_name(f".{secrets.token_hex(6)}.new")


def give_name(unnamed: Path, path: Path) -> None:
    """Give a file its name. Raises `FileExistsError` where another has it, and other `OSError`s."""
    try:
        os.link(unnamed, path)  # unlike renaming, it replaces nothing
    except OSError as error:
        if error.errno not in _WITHOUT_LINKS or os.path.lexists(path):
            raise
        unnamed.rename(path)


def remove_unnamed(unnamed: Path) -> None:
    """Take away what got no name, or has got one, with all that SQLite put beside it. Never raises."""
    for end in ("-wal", "-shm", "-journal", ""):
        with suppress(OSError):
            unnamed.with_name(unnamed.name + end).unlink(missing_ok=True)
