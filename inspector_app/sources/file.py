"""Files as sources: what a person can open, and what they can take away.

Owns the way from a named file to a capture (a JSONL export becomes one in the data folder) and from a
capture to an export. The form of the lines is `capture.jsonl`'s.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from inspector_app.capture import jsonl
from inspector_app.capture.errors import CaptureError, from_os
from inspector_app.capture.files import new_capture_path
from inspector_app.capture.store import CaptureReader, CaptureWriter, tidy
from inspector_app.model.fold import Fold

if TYPE_CHECKING:
    from collections.abc import Callable

    from inspector_app.capture.jsonl_out import TextOut
    from inspector_app.capture.records import Batch

STDOUT = "-"
_SQLITE_MAGIC = b"SQLite format 3\x00"
_BATCH_RECORDS = 2000


def capture_from(path: Path, progress: Callable[[int], None] | None = None) -> Path:
    """Give the capture to show for `path`: itself, or what a JSONL export was turned into.

    A capture that its writer had to leave in parts becomes one file. `progress` hears how many records were
    imported. Raises `CaptureError` for anything else.
    """
    if _looks_like_text(path):
        return import_jsonl(path, progress)
    CaptureReader(path).close()
    tidy(path)
    return path


def import_jsonl(path: Path, progress: Callable[[int], None] | None = None) -> Path:
    """Turn an export into a new capture in the data folder; nothing is left behind if it is damaged.

    Raises `CaptureError`, naming the line that is wrong.
    """
    try:
        with path.open("rb") as lines:
            header = jsonl.read_header(lines)
        target = new_capture_path(path.stem)
        writer = CaptureWriter(
            target, source=header.source, software=header.software, created_ns=header.created_ns
        )
        try:
            with path.open("rb") as lines:
                _fold_into(writer, lines, progress)
        except BaseException:
            writer.close()
            target.unlink(missing_ok=True)
            raise
        writer.close()
    except OSError as error:
        raise from_os(error, path) from error
    return target


def _fold_into(writer: CaptureWriter, lines: object, progress: Callable[[int], None] | None) -> None:
    fold = Fold()
    waiting = done = 0
    for record in jsonl.parse(lines):  # type: ignore[arg-type]  # a binary file is an iterable of lines
        fold.apply(record)
        waiting += 1
        if waiting == _BATCH_RECORDS:
            writer.write(fold.take())
            done, waiting = done + waiting, 0
            if progress is not None:
                progress(done)
    batch: Batch = fold.take()
    if batch:
        writer.write(batch)


def export_capture(capture: Path, output: str) -> int:
    """Write a capture as JSONL to a file, or to stdout for `-`; give the number of frames.

    The file appears whole or not at all, readable by the user alone, since a capture can hold secrets.
    Raises `CaptureError`.
    """
    tidy(capture)
    reader = CaptureReader(capture)
    try:
        if output == STDOUT:
            frames = jsonl.export(reader, sys.stdout)
            sys.stdout.flush()
            return frames
        target = Path(output)
        if target.exists() and target.samefile(capture):
            raise CaptureError(f"{output} is the capture itself: give -o another name.")
        try:
            return _write_whole(target, lambda stream: jsonl.export(reader, stream))
        except OSError as error:
            raise CaptureError(
                f"Cannot write {output} ({error.strerror or error}): give -o another place."
            ) from error
    finally:
        reader.close()


def _write_whole(target: Path, write: Callable[[TextOut], int]) -> int:
    if target.exists() and not target.is_file():  # a device or a pipe cannot be replaced, only written to
        with target.open("w", encoding="utf-8") as stream:
            return write(stream)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=target.absolute().parent, prefix=f".{target.name}.", delete=False
    ) as stream:
        try:
            frames = write(stream)
            stream.flush()
            Path(stream.name).replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(stream.name).unlink()
            raise
    return frames


def _looks_like_text(path: Path) -> bool:
    """Whether a file is anything but a database: what it is then, its first line tells."""
    try:
        with path.open("rb") as file:
            start = file.read(len(_SQLITE_MAGIC))
    except OSError as error:
        raise from_os(error, path) from error
    return start.lstrip()[:1] == b"{" or start.startswith(b"\xef\xbb\xbf{")
