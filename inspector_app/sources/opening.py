"""What a person opens: a capture as it is, or an export, which becomes one first.

Owns telling the two apart. What takes an export apart is imported for an export alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from inspector_app.capture.errors import from_os
from inspector_app.capture.reader import CaptureReader
from inspector_app.capture.tidying import tidy

if TYPE_CHECKING:
    from pathlib import Path

Progress = Callable[[int, int], None]
"""Hears how many bytes were read, of how many (0: nobody knows). What it raises ends the work."""

SQLITE_MAGIC = b"SQLite format 3\x00"


def capture_from(path: Path, progress: Progress | None = None) -> Path:
    """Give the capture to show for `path`: itself, or what an export was turned into, in the data folder.

    A capture that its writer had to leave in parts becomes one file. Raises `CaptureError` for anything else,
    and what `progress` raises.
    """
    if looks_like_text(path):
        from inspector_app.capture.files import new_capture_path
        from inspector_app.sources.file import import_file

        target = new_capture_path(path.stem)
        import_file(str(path), target, progress)
        return target
    CaptureReader(path).close()
    tidy(path)
    return path


def looks_like_text(path: Path) -> bool:
    """Whether a file is anything but a database: what it is then, its first line tells.

    Raises `CaptureError` when it cannot be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(len(SQLITE_MAGIC))
    except OSError as error:
        raise from_os(error, path) from error
    return start.lstrip()[:1] == b"{" or start.startswith(b"\xef\xbb\xbf{")
