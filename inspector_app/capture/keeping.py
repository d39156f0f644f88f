"""Renaming, deleting, pinning and noting captures, and removing old ones as the user wishes.

This module owns what may be done to a capture as a file. Nothing here touches a capture that somebody records
or shows (`in_use`), except for writing what the user says about it; nothing removes a pinned one unasked.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inspector_app.capture import rows
from inspector_app.capture.errors import CaptureError, from_os, from_sqlite
from inspector_app.capture.files import NOTE_LENGTH, SUFFIX, RecentCapture, describe_capture, recent_captures
from inspector_app.capture.in_use import InUseError, alone_with
from inspector_app.capture.reader import CaptureReader
from inspector_app.capture.tidying import tidy
from inspector_app.display import formats

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inspector_app.settings import Settings

MEGABYTE = 10**6
DAY_NS = 86_400 * 1_000_000_000

_PARTS = ("", "-wal", "-shm", "-journal")
_WRITING_S = 2.0
_STEPS = 10_000
"""Steps of SQLite between two looks at the clock."""


def rename_capture(path: Path, name: str) -> Path:
    """Give a capture another name in its folder; give its new path. Raises `CaptureError`."""
    name = name.strip()
    if not name or "/" in name or "\0" in name or name.startswith("."):
        raise CaptureError("A name of a capture has no / in it and begins with no dot: type another one.")
    target = path.with_name(name if name.endswith(SUFFIX) else f"{name}{SUFFIX}")
    if target == path:
        return path
    with alone_with(path), alone_with(target):
        if os.path.lexists(target):
            raise CaptureError(f"{target.name} exists already: choose another name.")
        # What its log holds must not stay behind under the old name.
        if not tidy(path):
            raise CaptureError(f"{path} is open in another program, or damaged: close it there first.")
        try:
            path.rename(target)
        except OSError as error:
            raise from_os(error, target) from error
    return target


def delete_capture(path: Path) -> None:
    """Remove a capture with all that belongs to it. Raises `CaptureError`."""
    with alone_with(path):
        _unlink(path)


def _unlink(path: Path) -> None:
    try:
        for end in reversed(_PARTS):  # whoever is stopped half-way leaves a capture, to be removed again
            path.with_name(path.name + end).unlink(missing_ok=True)
    except OSError as error:
        raise from_os(error, path) from error


def set_note(path: Path, note: str) -> None:
    """Keep a line about a capture with it; an empty one takes it away. Raises `CaptureError`."""
    _set_meta(path, "note", " ".join(note.split())[:NOTE_LENGTH])


def set_pinned(path: Path, pinned: bool) -> None:
    """Have a capture be kept, whatever is removed for its age or for want of room. Raises `CaptureError`."""
    _set_meta(path, "pinned", pinned)


def _set_meta(path: Path, name: str, value: object) -> None:
    CaptureReader(path).close()  # says what is wrong with it
    written = path.stat()
    try:
        with closing(
            sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=_WRITING_S, isolation_level=None
            )
        ) as connection:
            _write_meta(connection, name, rows.to_json(value))
    except sqlite3.Error as error:
        raise from_sqlite(error, path) from error
    with suppress(OSError):  # its age is that of its last frame
        os.utime(path, ns=(written.st_atime_ns, written.st_mtime_ns))


def _write_meta(connection: sqlite3.Connection, name: str, value: str) -> None:
    deadline = time.monotonic() + _WRITING_S
    # A capture may come from a stranger, and a trigger in it could go on for ever.
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("REPLACE INTO meta (name, value) VALUES (?, ?)", (name, value))
    connection.execute("COMMIT")


# -- retention --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """For how long captures are kept, and how many bytes of them; 0: without end."""

    days: int = 0
    size_bytes: int = 0

    def __bool__(self) -> bool:
        return self.days > 0 or self.size_bytes > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What was removed, the oldest first, and one sentence on what could not be, or an empty text."""

    captures: tuple[RecentCapture, ...] = ()
    problem: str = ""

    @property
    def told(self) -> str:
        """What was removed, in a sentence; an empty text for nothing."""
        if not self.captures:
            return ""
        count, size_bytes = len(self.captures), sum(each.size_bytes for each in self.captures)
        captures = "1 old capture" if count == 1 else f"{count} old captures"
        return f"Removed {captures} ({formats.size(size_bytes)}), as is set with K at home."


def keep_of(settings: Settings) -> Keep:
    """Read what is kept from what is remembered."""
    return Keep(days=settings.keep_days, size_bytes=settings.keep_megabytes * MEGABYTE)


def not_kept(captures: Iterable[RecentCapture], keep: Keep, now_ns: int) -> list[RecentCapture]:
    """Choose what is to go, the oldest first: what is too old, then what is too much. Nothing pinned."""
    oldest_first = sorted(captures, key=lambda each: each.changed_ns)
    left_bytes = sum(each.size_bytes for each in oldest_first)
    going: list[RecentCapture] = []
    for each in oldest_first:
        too_old = keep.days > 0 and now_ns - each.changed_ns > keep.days * DAY_NS
        too_much = keep.size_bytes > 0 and left_bytes > keep.size_bytes
        if (too_old or too_much) and not each.pinned:
            going.append(each)
            left_bytes -= each.size_bytes
    return going


def going_now(captures: Iterable[RecentCapture], keep: Keep) -> list[RecentCapture]:
    """Say what `remove_old` would remove at this moment, save for what is in use."""
    return not_kept(captures, keep, time.time_ns())


def remove_old(keep: Keep, now_ns: int | None = None) -> Removed:
    """Remove from the data folder what is not to be kept. Never raises.

    What somebody records or shows stays, and so does what has been written or pinned since it was looked at.
    """
    if not keep:
        return Removed()
    removed: list[RecentCapture] = []
    problem = ""
    try:
        going = not_kept(recent_captures(None), keep, time.time_ns() if now_ns is None else now_ns)
    except CaptureError as error:
        return Removed(problem=str(error))
    for each in going:
        try:
            if _remove_unless_used(each):
                removed.append(each)
        except CaptureError as error:
            problem = str(error)
    return Removed(captures=tuple(removed), problem=problem)


def _remove_unless_used(capture: RecentCapture) -> bool:
    with suppress(InUseError), alone_with(capture.path):
        if describe_capture(capture.path) == capture:
            _unlink(capture.path)
            return True
    return False
