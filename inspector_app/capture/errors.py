"""What can go wrong with a capture, told to a person in one sentence that says what to do.

This module owns the sentences for failures of the file and of SQLite. It opens nothing and decides nothing:
the store calls it where it meets a failure.
"""

from __future__ import annotations

import errno
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

_PRIMARY_CODE = 0xFF
_LITTLE_SPACE_BYTES = 1 << 20

_FUNCTION_RAISED = "user-defined function raised exception"
"""What SQLite says for `filter.patterns.TooMuchWorkError`, the one error of a function of ours."""

_DISK_FULL = "The disk is full, so {path} cannot grow: free some space."
_NO_PERMISSION = "There is no permission to use {path}: change that or choose another file."
_DAMAGED = "{path} is damaged: use another copy, or try `sqlite3 FILE .recover`."
_LOCKED = "{path} is locked by another program: close that program and try again."


class CaptureError(Exception):
    """A capture cannot be read or written; the text is one sentence for a person, with what to do."""


def from_sqlite(error: sqlite3.Error, path: Path) -> CaptureError:
    """Say what an error of SQLite means for the capture at `path`."""
    import sqlite3  # late, as the first paint does not need it

    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY_CODE
    if code == sqlite3.SQLITE_IOERR:
        # A full disk is reported as a failed write when it strikes the shared-memory or temporary file.
        if _disk_is_full(path):
            return CaptureError(_DISK_FULL.format(path=path))
        return CaptureError(
            f"The disk refused to serve {path} ({error}): check the disk and the limits on file size."
        )
    if _FUNCTION_RAISED in str(error):
        return CaptureError(
            f"A regular expression is too large for a frame as large as one in {path}: write a simpler one."
        )
    sentence = {
        sqlite3.SQLITE_FULL: _DISK_FULL,
        sqlite3.SQLITE_READONLY: "{path} may not be written: change its permissions or record elsewhere.",
        sqlite3.SQLITE_PERM: _NO_PERMISSION,
        sqlite3.SQLITE_CANTOPEN: "{path} cannot be opened: check that its folder is there and may be used.",
        sqlite3.SQLITE_CORRUPT: _DAMAGED,
        sqlite3.SQLITE_NOTADB: "{path} is not a capture: choose a file that slipstream-inspector recorded.",
        sqlite3.SQLITE_BUSY: _LOCKED,
        sqlite3.SQLITE_LOCKED: _LOCKED,
        sqlite3.SQLITE_TOOBIG: "A frame is too large for {path}: it cannot be recorded.",
    }.get(code)
    if sentence is not None:
        return CaptureError(sentence.format(path=path))
    return CaptureError(f"{path} does not hold what a capture holds ({error}): choose another file.")


def damaged(path: Path) -> CaptureError:
    """Say that the capture at `path` is damaged."""
    return CaptureError(_DAMAGED.format(path=path))


def from_os(error: OSError, path: Path) -> CaptureError:
    """Say what an error of the operating system means for the capture at `path`."""
    if isinstance(error, FileNotFoundError):
        return CaptureError(f"There is no file {path}: check the name and that its folder exists.")
    if isinstance(error, FileExistsError):
        return CaptureError(
            f"{path} exists already: choose another name, since a capture is never overwritten."
        )
    if isinstance(error, (IsADirectoryError, NotADirectoryError)):
        return CaptureError(f"{path} does not name a file: give the path of a capture file.")
    if isinstance(error, PermissionError):
        return CaptureError(_NO_PERMISSION.format(path=path))
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return CaptureError(_DISK_FULL.format(path=path))
    return CaptureError(f"{path} cannot be used ({error.strerror or error}): choose another file.")


def _disk_is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _LITTLE_SPACE_BYTES
    except OSError:
        return False
