"""The writer: whole batches or nothing, whatever happens to the disk and to the process."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import inspector_app
from inspector_app.capture.store import CaptureError, CaptureReader
from tests.inspector_app.capture import samples

ROOT = str(Path(inspector_app.__file__).parents[1])


def frame_count(path: Path) -> int:
    reader = CaptureReader(path)
    try:
        return reader.totals().frames
    finally:
        reader.close()


def test_a_capture_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = samples.capture(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_log_beside_the_capture_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    writer = samples.writer(tmp_path)
    writer.write(samples.frames("x"))
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    writer.close()
    assert modes == {0o600}


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.capture").write_text("precious")
    with pytest.raises(CaptureError, match="exists already"):
        samples.writer(tmp_path)
    assert (tmp_path / "a.capture").read_text() == "precious"


def test_a_missing_folder_is_told_as_one(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"folder .*nowhere does not exist"):
        samples.writer(tmp_path / "nowhere")


def test_closing_leaves_one_plain_file(tmp_path: Path) -> None:
    path = samples.capture(tmp_path, samples.frames("x", "y"))
    assert list(tmp_path.iterdir()) == [path]


def test_closing_twice_does_nothing(tmp_path: Path) -> None:
    writer = samples.writer(tmp_path)
    writer.close()
    writer.close()


def test_writing_after_closing_says_that_it_is_closed(tmp_path: Path) -> None:
    writer = samples.writer(tmp_path)
    writer.close()
    with pytest.raises(CaptureError, match="is closed"):
        writer.write(samples.frames("x"))


def test_closing_while_a_reader_is_there_loses_nothing(tmp_path: Path) -> None:
    writer = samples.writer(tmp_path)
    reader = CaptureReader(writer.path)
    writer.write(samples.frames("x", "y"))
    reader.frames(1, 10)
    writer.close()
    assert len(reader.frames(1, 10)) == 2
    reader.close()
    assert frame_count(writer.path) == 2


def test_a_batch_that_fails_leaves_nothing_of_it(tmp_path: Path) -> None:
    writer = samples.writer(tmp_path)
    writer.write(samples.frames("x"))
    broken = samples.frames("y", first_seq=2)
    broken.states = [samples.STATE, samples.STATE]
    with pytest.raises(CaptureError):
        writer.write(broken)
    broken.states.pop()
    writer.write(broken)
    writer.close()
    assert frame_count(writer.path) == 2


def test_a_full_disk_is_told_and_the_same_batch_can_be_written_later(tmp_path: Path) -> None:
    writer = samples.writer(tmp_path)
    writer.write(samples.frames("first"))
    assert writer._connection is not None
    pages = writer._connection.execute("PRAGMA page_count").fetchone()[0]
    writer._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    big = samples.frames("x" * 100_000, first_seq=2)
    with pytest.raises(CaptureError, match=r"disk is full.*free some space"):
        writer.write(big)
    assert frame_count(writer.path) == 1
    writer._connection.execute("PRAGMA max_page_count = 1000000")
    writer.write(big)
    writer.close()
    assert frame_count(writer.path) == 2


FILE_LIMIT = """
import resource, signal, sys
from pathlib import Path
from inspector_app.capture.store import CaptureError, CaptureReader
from tests.inspector_app.capture import samples

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
writer = samples.writer(Path(sys.argv[1]))
writer.write(samples.frames("first"))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
big = samples.frames("x" * 1_000_000, first_seq=2)
try:
    writer.write(big)
except CaptureError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
writer.write(big)
writer.close()
"""


def test_a_write_that_the_system_refuses_is_told_and_can_be_repeated(tmp_path: Path) -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    done = subprocess.run(
        [sys.executable, "-c", FILE_LIMIT, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": ROOT},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "refused to serve" in done.stdout
    assert frame_count(tmp_path / "a.capture") == 2


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_capture_that_is_removed_is_noticed(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    writer = samples.writer(folder)
    writer.write(samples.frames("x"))
    if what == "file":
        writer.path.unlink()
    else:
        shutil.rmtree(folder)
    with pytest.raises(CaptureError, match="was removed"):
        writer.write(samples.frames("y", first_seq=2))
    writer.close()


def test_a_capture_that_is_replaced_is_noticed(tmp_path: Path) -> None:
    writer = samples.writer(tmp_path)
    writer.path.rename(tmp_path / "moved")
    writer.path.write_text("another file")
    with pytest.raises(CaptureError, match="was replaced"):
        writer.write(samples.frames("x"))
    writer.close()
    assert writer.path.read_text() == "another file"


def test_a_capture_that_is_put_back_goes_on(tmp_path: Path) -> None:
    writer = samples.writer(tmp_path)
    away = tmp_path / "away"
    writer.path.rename(away)
    with pytest.raises(CaptureError):
        writer.write(samples.frames("x"))
    away.rename(writer.path)
    writer.write(samples.frames("x"))
    writer.close()
    assert frame_count(writer.path) == 1


def test_a_locked_capture_names_the_cause(tmp_path: Path) -> None:
    writer = samples.writer(tmp_path)
    assert writer._connection is not None
    writer._connection.execute("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(writer.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(CaptureError, match="locked by another program"):
        writer.write(samples.frames("x"))
    other.close()
    writer.write(samples.frames("x"))
    writer.close()


def test_text_with_lone_surrogates_is_kept_exactly(tmp_path: Path) -> None:
    batch = samples.frames("ok", 'a "\ud800" b', "ok")
    first, second, third = batch.named_frames()
    batch.frames = [first, second._replace(operation="op\udfff"), third]
    reader = CaptureReader(samples.capture(tmp_path, batch))
    row = reader.frame(2)
    assert [reader.raw(seq) for seq in (1, 2, 3)] == ["ok", 'a "\ud800" b', "ok"]
    assert row is not None
    assert row.operation == "op\udfff"
    reader.close()


def test_one_such_text_changes_nothing_for_the_many_rows_around_it(tmp_path: Path) -> None:
    raws = [f"frame {number}" for number in range(250)]
    raws[123] = "half \ud83d"
    reader = CaptureReader(samples.capture(tmp_path, samples.frames(*raws)))
    assert [raw for _, raw in reader.frames_with_raw(1, 999)] == raws
    reader.close()


@pytest.mark.parametrize("raw", ["", "\0\x1b[31m\x85\u202e", "ü" * 70_000, b"", b"\xff\x00\xfe", b"{}"])
def test_a_message_comes_back_as_it_was(tmp_path: Path, raw: str | bytes) -> None:
    reader = CaptureReader(samples.capture(tmp_path, samples.frames(raw)))
    assert reader.raw(1) == raw
    reader.close()


KILLED = """
import sys
from pathlib import Path
from tests.inspector_app.capture import samples

writer = samples.writer(Path(sys.argv[1]))
seq = 1
while True:
    writer.write(samples.frames(*["x" * 300] * 20, first_seq=seq))
    seq += 20
    print(seq - 1, flush=True)
"""


@pytest.mark.parametrize("commits", [1, 40])
def test_everything_printed_after_its_commit_survives_kill_9(tmp_path: Path, commits: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": ROOT},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for _ in range(commits):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    printed = process.stdout.read().splitlines()
    process.wait(timeout=30)
    process.stdout.close()
    last = int(printed[-1]) if printed else commits * 20
    reader = CaptureReader(tmp_path / "a.capture")
    found = reader.totals().frames
    seqs = [row.seq for row in reader.frames(1, found + 1)]
    reader.close()
    assert found >= last
    assert seqs == list(range(1, found + 1))


def test_pages_are_of_a_size_at_which_many_frames_are_looked_at_in_little_time(tmp_path: Path) -> None:
    writer = samples.writer(tmp_path)
    with closing(sqlite3.connect(writer.path)) as connection:
        assert connection.execute("PRAGMA page_size").fetchone() == (8192,)
    writer.close()
