"""Exports as sources: what a file or stdin holds becomes a capture.

Owns the way from the one to the other. What is read comes from a stranger: it is bounded, only ever read, and
what is wrong with it is said in one sentence. The forms are `capture.formats`'.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from msgspec.structs import replace

from inspector_app.capture.errors import CaptureError, from_os
from inspector_app.capture.formats import har_in, jsonl
from inspector_app.capture.formats.lines import Lines
from inspector_app.capture.making import give_name, remove_unnamed, unnamed_beside
from inspector_app.capture.marks import MOST_MARKS, Mark, Marks
from inspector_app.capture.records import FrameSeen
from inspector_app.capture.store import CaptureWriter
from inspector_app.model.fold import Fold
from inspector_app.sources.opening import SQLITE_MAGIC, Progress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inspector_app.capture.formats.jsonl_in import Header
    from inspector_app.capture.records import Record

STDIN = "-"

_GZIP_MAGIC = b"\x1f\x8b"
_BATCH_RECORDS = 2000
_BATCH_BYTES = 16 * 1024 * 1024


def import_file(source: str, target: Path, progress: Progress | None = None) -> int:
    """Turn an export, JSON Lines or HAR, into the new capture `target`; `-` reads stdin. Give its frames.

    Nothing is left behind when it cannot be done. Raises `CaptureError`, naming the line that is wrong, and
    what `progress` raises.
    """
    with _opened(source) as (stream, size):
        lines = Lines(stream, size, progress)
        start = lines.peek()
        _refuse_what_is_no_text(source, start)
        records: Iterator[Record | Mark]
        try:
            if har_in.looks_like(start):
                header, records = har_in.read(lines.rest())
            else:
                header, records = jsonl.read(lines)
            return _capture(target, header, records)
        except OSError as error:
            raise from_os(error, Path(source)) from error


def _refuse_what_is_no_text(source: str, start: bytes) -> None:
    if start.startswith(SQLITE_MAGIC):
        raise CaptureError(f"{source} is a capture already: open it, or export it.")
    if start.startswith(_GZIP_MAGIC):
        raise CaptureError(
            f"{source} is compressed: unpack it first, as `gzip -dc FILE` does, and import - then."
        )


@contextlib.contextmanager
def _opened(source: str) -> Iterator[tuple[BinaryIO, int]]:
    if source == STDIN:
        if sys.stdin is None:
            raise CaptureError("Stdin is closed: name a file to import.")
        yield sys.stdin.buffer, 0
        return
    path = Path(source)
    try:
        with path.open("rb") as stream:
            yield stream, path.stat().st_size
    except OSError as error:
        raise from_os(error, path) from error


def _capture(target: Path, header: Header, records: Iterator[Record | Mark]) -> int:
    target = target.absolute()
    with _named(target):
        unnamed = unnamed_beside(target)
    try:
        frames = _write(unnamed, header, records)
        with _named(target):
            give_name(unnamed, target)
    except CaptureError as error:
        raise CaptureError(str(error).replace(str(unnamed), str(target))) from error
    finally:
        remove_unnamed(unnamed)
    return frames


@contextlib.contextmanager
def _named(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise from_os(error, target) from error


def _write(path: Path, header: Header, records: Iterator[Record | Mark]) -> int:
    created_ns = header.created_ns
    if created_ns is None:
        first = list(islice(records, 1))
        created_ns = max((_time_ns(record) for record in first), default=0)
        records = chain(first, records)
    writer = CaptureWriter(path, source=header.source, software=header.software, created_ns=created_ns)
    marks: dict[int, Mark] = {}
    try:
        frames = _fold_into(writer, records, marks)
    finally:
        writer.close()
    Marks(path).restore([mark for seq, mark in marks.items() if seq])
    return frames


def _time_ns(record: Record | Mark) -> int:
    return record.made_ns if isinstance(record, Mark) else record.time_ns


def _fold_into(writer: CaptureWriter, records: Iterable[Record | Mark], marks: dict[int, Mark]) -> int:
    fold = Fold()
    waiting = size = frames = 0
    for record in records:
        if isinstance(record, Mark):
            if len(marks) == MOST_MARKS:
                raise CaptureError(
                    f"There are more than {MOST_MARKS:,} marks: this is no export of a capture."
                )
            marks[frames] = replace(record, seq=frames)
            continue
        fold.apply(record)
        frames += isinstance(record, FrameSeen)
        waiting += 1
        size += len(getattr(record, "raw", ""))
        if waiting == _BATCH_RECORDS or size > _BATCH_BYTES:
            writer.write(fold.take())
            waiting = size = 0
    batch = fold.take()
    if batch:
        writer.write(batch)
    return frames
