"""Files as sources: a capture stays what it is, an export becomes a capture, and back the same bytes."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from inspector_app.capture.records import ConnectionOpened, FrameSeen, Noted, Record, StateChanged
from inspector_app.capture.store import CaptureError, CaptureReader, CaptureWriter
from inspector_app.model.fold import Fold
from inspector_app.sources.file import capture_from, export_capture, import_jsonl


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
        export_capture(left, str(tmp_path / "out.jsonl"))
    assert list(left.parent.iterdir()) == [left]


def test_an_export_becomes_a_capture_that_exports_to_the_same_bytes(
    capture: Path, data: Path, tmp_path: Path
) -> None:
    assert export_capture(capture, str(tmp_path / "first.jsonl")) == 4502
    imported = capture_from(tmp_path / "first.jsonl")
    assert imported.parent == data
    assert imported.name.endswith("-first.capture")
    export_capture(imported, str(tmp_path / "second.jsonl"))
    assert (tmp_path / "first.jsonl").read_bytes() == (tmp_path / "second.jsonl").read_bytes()


def test_importing_tells_how_far_it_is(capture: Path, tmp_path: Path) -> None:
    export_capture(capture, str(tmp_path / "first.jsonl"))
    heard: list[int] = []
    import_jsonl(tmp_path / "first.jsonl", heard.append)
    assert heard == [2000, 4000]


def test_an_export_with_a_damaged_line_leaves_no_capture_behind(
    capture: Path, data: Path, tmp_path: Path
) -> None:
    export_capture(capture, str(tmp_path / "first.jsonl"))
    with (tmp_path / "first.jsonl").open("a") as lines:
        lines.write("not a record\n")
    with pytest.raises(CaptureError, match=r"Line 9009 of the export is no record"):
        capture_from(tmp_path / "first.jsonl")
    assert list(data.iterdir()) == []


def test_an_export_is_for_the_user_alone_and_replaces_the_one_before(capture: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    target.write_text("from before")
    export_capture(capture, str(target))
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert target.read_text().startswith('{"slipstream_capture"')
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.capture", "out.jsonl"]


def test_an_export_that_fails_leaves_the_one_before(capture: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    target.write_text("from before")
    damaged = tmp_path / "damaged.capture"
    damaged.write_bytes(capture.read_bytes()[: 3 * 4096])
    with pytest.raises(CaptureError):
        export_capture(damaged, str(target))
    assert target.read_text() == "from before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["damaged.capture", "one.capture", "out.jsonl"]


def test_an_export_can_go_to_a_device(capture: Path) -> None:
    assert export_capture(capture, os.devnull) == 4502
    assert not Path(os.devnull).is_file()


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


def test_the_capture_of_an_export_tells_the_source_it_came_from(capture: Path, tmp_path: Path) -> None:
    export_capture(capture, str(tmp_path / "first.jsonl"))
    reader = CaptureReader(capture_from(tmp_path / "first.jsonl"))
    meta = reader.meta()
    assert (meta["source"], meta["software"], meta["created_ns"]) == (
        {"kind": "client", "url": "ws://h"},
        "test",
        7,
    )
    reader.close()
