"""Tidying: a capture whose writer is gone becomes one file; any other stays as it is."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

from inspector_app.capture.store import CaptureReader, tidy
from tests.inspector_app.capture import samples


def killed(folder: Path) -> Path:
    """A capture as `kill -9` leaves it: its frames are in the log beside it."""
    (folder / "live").mkdir()
    writer = samples.writer(folder / "live")
    writer.write(samples.frames("x", "y"))
    (folder / "left").mkdir()
    for end in ("", "-wal"):
        shutil.copy(writer.path.with_name(writer.path.name + end), folder / "left")
    writer.close()
    return folder / "left" / writer.path.name


def frame_count(path: Path) -> int:
    reader = CaptureReader(path)
    try:
        return reader.totals().frames
    finally:
        reader.close()


def test_a_capture_whose_writer_was_killed_becomes_one_file_with_everything(tmp_path: Path) -> None:
    path = killed(tmp_path)
    assert tidy(path)
    assert list(path.parent.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert frame_count(path) == 2


def test_a_capture_that_is_one_file_is_left_alone(tmp_path: Path) -> None:
    path = samples.capture(tmp_path, samples.frames("x"))
    before = path.stat()
    assert tidy(path)
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_a_file_that_was_copied_without_its_log_is_read_without_making_one(tmp_path: Path) -> None:
    path = killed(tmp_path)
    path.with_name(path.name + "-wal").unlink()
    assert tidy(path)
    assert frame_count(path) == 0
    assert list(path.parent.iterdir()) == [path]


def test_a_capture_that_is_being_recorded_goes_on(tmp_path: Path) -> None:
    writer = samples.writer(tmp_path)
    writer.write(samples.frames("x"))
    assert not tidy(writer.path)
    writer.write(samples.frames("y", first_seq=2))
    writer.close()
    assert frame_count(writer.path) == 2


def test_a_capture_that_is_looked_at_can_at_least_be_copied_alone(tmp_path: Path) -> None:
    path = killed(tmp_path)
    reader = CaptureReader(path)
    assert not tidy(path)
    assert frame_count(Path(shutil.copy(path, tmp_path / "copy.capture"))) == 2
    assert reader.totals().frames == 2
    reader.close()
    assert tidy(path)


@pytest.mark.parametrize("content", [None, b"", b"hello", b"SQLite format 3\0" + b"x" * 999])
def test_what_is_no_capture_is_not_touched(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "it"
    if content is not None:
        path.write_bytes(content)
        (tmp_path / "it-wal").write_bytes(b"not a log")
    assert not tidy(path)
    assert content is None or path.read_bytes() == content
