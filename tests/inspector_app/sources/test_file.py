"""Files as sources: a capture stays what it is, an export becomes a capture, and back the same bytes."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

import pytest

from inspector_app.capture.formats.known import FORMATS
from inspector_app.capture.records import ConnectionOpened, FrameSeen, Noted, Record, StateChanged
from inspector_app.capture.store import CaptureError, CaptureReader, CaptureWriter
from inspector_app.capture.taking import Cancelled, export_capture
from inspector_app.model.fold import Fold
from inspector_app.sources.file import import_file
from inspector_app.sources.opening import capture_from


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of this test."""
    folder = tmp_path / "data"
    monkeypatch.setenv("SLIPSTREAM_INSPECTOR_DATA", str(folder))
    return folder


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """A capture with text, a binary message, what is no frame, and thousands of others."""
    path = tmp_path / "one.capture"
    writer = CaptureWriter(path, source={"kind": "client", "url": "ws://h"}, software="test", created_ns=7)
    fold = Fold()
    records: list[Record] = [
        ConnectionOpened(conn=1, time_ns=1, role="client", address="ws://h", local_peer="me"),
        StateChanged(conn=1, time_ns=2, old="CONNECTING", new="CONNECTED"),
        FrameSeen(conn=1, time_ns=3, direction="in", raw='{"type":"request","x":"\\ud83d"}'),
        FrameSeen(conn=1, time_ns=4, direction="in", raw=b"\xff\x00"),
        Noted(time_ns=5, level="info", text="hm"),
        *(FrameSeen(conn=1, time_ns=6 + n, direction="out", raw=f"no frame {n}") for n in range(4500)),
    ]
    for record in records:
        fold.apply(record)
    writer.write(fold.take())
    writer.close()
    return path


def exported(capture: Path, name: str = "first.jsonl") -> Path:
    """Export a capture, nothing lost, to a file beside it."""
    target = capture.parent / name
    export_capture(capture, str(target), FORMATS["jsonl"])
    return target


def test_a_capture_is_shown_as_it_is(capture: Path, data: Path) -> None:
    assert capture_from(capture) == capture
    assert not data.exists()


@pytest.mark.parametrize("what", ["opened", "exported"])
def test_a_capture_whose_writer_was_killed_is_one_file_once_it_was(
    capture: Path, tmp_path: Path, what: str
) -> None:
    live = CaptureWriter(tmp_path / "live.capture", source={}, software="test")
    live.write(Fold().take())
    (tmp_path / "left").mkdir()
    left = tmp_path / "left" / "live.capture"
    for end in ("", "-wal"):
        shutil.copy(f"{live.path}{end}", f"{left}{end}")
    live.close()
    if what == "opened":
        capture_from(left)
    else:
        exported(left, "out.jsonl")
        (left.parent / "out.jsonl").unlink()
    assert list(left.parent.iterdir()) == [left]


def test_an_export_becomes_a_capture_that_exports_to_the_same_bytes(
    capture: Path, data: Path, tmp_path: Path
) -> None:
    first = exported(capture)
    imported = capture_from(first)
    assert imported.parent == data
    assert imported.name.endswith("-first.capture")
    assert exported(imported, "second.jsonl").read_bytes() == first.read_bytes()


def test_importing_tells_how_far_it_is(capture: Path, tmp_path: Path) -> None:
    first = exported(capture)
    size = first.stat().st_size
    heard: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        heard.append((done, total))
        assert not target.exists(), "half a capture has the name of a whole one"

    target = tmp_path / "again.capture"
    assert import_file(str(first), target, progress) == 4502
    assert heard[-1] == (size, size)
    assert len(heard) > 1
    assert heard == sorted(heard)


def test_an_import_that_does_not_tell_when_it_was_recorded_began_with_its_first_line(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    frame = '{"kind": "frame", "t": "2026-11-22T11:20:33Z", "conn": 1, "dir": "in", "raw": "{}"}\n'
    log.write_text('{"slipstream_capture": 1}\n' + frame * 2)
    import_file(str(log), tmp_path / "new.capture")
    reader = CaptureReader(tmp_path / "new.capture")
    assert reader.meta()["created_ns"] == reader.frames(1, 1)[0].time_ns
    reader.close()


def test_an_import_that_is_given_up_leaves_nothing(capture: Path, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        import_file(str(exported(capture)), tmp_path / "again.capture", stop)
    assert {each.name for each in tmp_path.iterdir()} == {"one.capture", "first.jsonl"}


def test_an_import_overwrites_nothing(capture: Path) -> None:
    with pytest.raises(CaptureError, match="exists already"):
        import_file(str(exported(capture)), capture)


def test_a_capture_and_what_is_compressed_are_told_from_exports(capture: Path, tmp_path: Path) -> None:
    packed = tmp_path / "first.jsonl.gz"
    packed.write_bytes(gzip.compress(exported(capture).read_bytes()))
    for path, told in ((capture, "is a capture already: open it"), (packed, "unpack it first")):
        with pytest.raises(CaptureError, match=told):
            import_file(str(path), tmp_path / "again.capture")


def test_an_export_with_a_damaged_line_leaves_no_capture_behind(capture: Path, data: Path) -> None:
    first = exported(capture)
    with first.open("a") as lines:
        lines.write("not a record\n")
    with pytest.raises(CaptureError, match=r"Line 9009 of the export is no record"):
        capture_from(first)
    assert list(data.iterdir()) == []


def test_a_capture_that_may_not_be_read_is_told(capture: Path) -> None:
    capture.chmod(0)
    if os.access(capture, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(CaptureError, match="permission"):
        capture_from(capture)


@pytest.mark.parametrize("name", ["missing.capture", "."])
def test_what_is_no_file_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(CaptureError):
        capture_from(tmp_path / name)


def test_the_capture_of_an_export_tells_the_source_it_came_from(capture: Path) -> None:
    reader = CaptureReader(capture_from(exported(capture)))
    meta = reader.meta()
    assert (meta["source"], meta["software"], meta["created_ns"]) == (
        {"kind": "client", "url": "ws://h"},
        "test",
        7,
    )
    reader.close()
