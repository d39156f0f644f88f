"""What becomes of a recording whose disk fails it: said at once, held, told as a gap, moved where one says.

The disks are small file systems in memory, made for a test where this user may.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from inspector_app.capture.records import ConnectionOpened, FrameSeen
from inspector_app.capture.store import CaptureError, CaptureReader, CaptureWriter
from inspector_app.engine.recorder import Recorder

WAIT_S = 30.0
FRAME_BYTES = 10_000


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector_app.engine.recorder.LOOK_INTERVAL_S", 0.05)


class SmallDisk:
    """A file system of one MiB."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        """Leave no room."""
        with (self.folder / "filler").open("wb", buffering=0) as filler:
            for size in (65_536, 4096, 1):
                with suppress(OSError):
                    while True:
                        filler.write(b"x" * size)

    def make_room(self) -> None:
        (self.folder / "filler").unlink()

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Let it be read only, by the name that it has: what is open already could still be written."""
        subprocess.run(["mount", "-o", "bind", self.folder, self.folder], check=True)
        try:
            subprocess.run(["mount", "-o", "remount,bind,ro", self.folder], check=True)
            yield
        finally:
            subprocess.run(["umount", "-l", self.folder], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "slipstream-test", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


class Recorded:
    """A recorder at work, with what it said."""

    def __init__(
        self, path: Path, held_bytes: int = 64 * 1024 * 1024, writer: type[CaptureWriter] = CaptureWriter
    ) -> None:
        self.said: list[tuple[str, str]] = []
        self._news = threading.Condition()
        self.writer = writer(path, source={"kind": "test"}, software="test")
        self.recorder = Recorder(
            self.writer, on_problem=self._on_problem, held_bytes=held_bytes, retry_interval_s=0.01
        )
        self.sent = 0
        self.recorder.put(
            ConnectionOpened(conn=1, time_ns=1, role="client", address="ws://h", local_peer="me")
        )

    def _on_problem(self, level: str, text: str) -> None:
        with self._news:
            self.said.append((level, text))
            self._news.notify_all()

    def until_said(self, part: str) -> None:
        with self._news:
            assert self._news.wait_for(lambda: any(part in text for _, text in self.said), WAIT_S), self.said

    def send(self, count: int) -> None:
        for _ in range(count):
            self.sent += 1
            raw = f'{{"type":"fire_and_forget","peerID":"p","data":{{"operation":"tick","n":{self.sent}}}}}'
            self.recorder.put(
                FrameSeen(conn=1, time_ns=self.sent, direction="in", raw=raw + " " * FRAME_BYTES)
            )

    def send_until_said(self, part: str) -> None:
        deadline = time.monotonic() + WAIT_S
        while not any(part in text for _, text in self.said):
            assert time.monotonic() < deadline, self.said
            self.send(1)
            self.recorder.flush(1)


@contextmanager
def recorded(
    path: Path, held_bytes: int = 64 * 1024 * 1024, writer: type[CaptureWriter] = CaptureWriter
) -> Iterator[Recorded]:
    it = Recorded(path, held_bytes, writer)
    try:
        assert it.recorder.flush(WAIT_S)
        yield it
    finally:
        it.recorder.close()


def numbers(path: Path) -> list[int]:
    """Which of the frames that were sent are in a capture."""
    reader = CaptureReader(path)
    try:
        raws = [raw for _, raw in reader.frames_with_raw(1, 1_000_000)]
        while len(raws) < reader.totals().frames:  # it gives large frames in portions
            raws += [raw for _, raw in reader.frames_with_raw(len(raws) + 1, 1_000_000)]
        return [json.loads(raw)["data"]["n"] for raw in raws]
    finally:
        reader.close()


def notes(path: Path) -> list[str]:
    reader = CaptureReader(path)
    try:
        return [note.text for note in reader.notes(0, 99)]
    finally:
        reader.close()


def test_a_full_disk_is_said_and_what_was_held_is_written_when_there_is_room(disk: SmallDisk) -> None:
    path = disk.folder / "one.capture"
    with recorded(path) as it:
        it.send(5)
        assert it.recorder.flush(WAIT_S)
        disk.fill()
        it.send_until_said("The disk is full")
        it.send(7)
        disk.make_room()
        it.until_said("Recording works again")
        assert it.recorder.flush(WAIT_S)
    assert [level for level, _ in it.said] == ["problem", "info"]
    assert numbers(path) == list(range(1, it.sent + 1))


def test_what_could_not_be_held_is_a_gap_in_the_capture_with_its_times(disk: SmallDisk) -> None:
    path = disk.folder / "one.capture"
    with recorded(path, held_bytes=10 * FRAME_BYTES) as it:
        disk.fill()
        it.send_until_said("The disk is full")
        before = it.sent
        it.send(40)
        disk.make_room()
        it.until_said("Recording works again")
        it.send(1)
        assert it.recorder.flush(WAIT_S)
    kept = numbers(path)
    lost = it.sent - len(kept)
    assert kept == [*range(1, it.sent - lost), it.sent]
    assert before < it.sent - lost <= before + 10
    (gap,) = [note for note in notes(path) if "were not recorded" in note]
    first, last = (f"1970-01-01T00:00:00.{number:09d}Z" for number in (it.sent - lost, it.sent - 1))
    assert gap.startswith(f"{lost} frames (")
    assert f"from {first} to {last}" in gap
    assert "The disk is full" in gap


def test_recording_moves_from_a_full_disk_with_nothing_lost(disk: SmallDisk, tmp_path: Path) -> None:
    path, after = disk.folder / "one.capture", tmp_path / "two.capture"
    with recorded(path) as it:
        it.send(5)
        disk.fill()
        it.send_until_said("The disk is full")
        it.send(7)
        it.recorder.move_to(after, "Moved.")
        it.until_said("Recording works again")
        it.send(3)
        assert it.recorder.flush(WAIT_S)
    assert numbers(after) == list(range(1, it.sent + 1))
    assert notes(after) == ["Moved."]
    disk.make_room()
    assert numbers(path) == list(range(1, len(numbers(path)) + 1))


def test_a_disk_that_turns_read_only_is_said_and_left(disk: SmallDisk, tmp_path: Path) -> None:
    path, after = disk.folder / "one.capture", tmp_path / "two.capture"
    with recorded(path) as it:
        it.send(5)
        assert it.recorder.flush(WAIT_S)
        with disk.read_only():
            it.until_said("may not be written any more")
            it.send(2)
            assert not it.recorder.flush(WAIT_S)
            it.recorder.move_to(after, "Moved.")
            it.until_said("Recording works again")
    assert numbers(path) == [1, 2, 3, 4, 5]
    assert numbers(after) == list(range(1, it.sent + 1))


@pytest.mark.parametrize("what", ["the file", "the folder"])
def test_a_capture_that_is_removed_is_said_without_a_frame_and_goes_on_elsewhere_whole(
    tmp_path: Path, what: str
) -> None:
    folder = tmp_path / "captures"
    folder.mkdir()
    path, after = folder / "one.capture", tmp_path / "two.capture"
    with recorded(path) as it:
        it.send(20)
        assert it.recorder.flush(WAIT_S)
        shutil.rmtree(folder) if what == "the folder" else path.unlink()
        it.until_said("was removed while it was recorded")
        it.send(5)
        it.recorder.move_to(after, "Moved.")
        it.until_said("Recording works again")
        it.send(5)
        assert it.recorder.flush(WAIT_S)
    assert numbers(after) == list(range(1, 31))
    assert notes(after) == ["Moved."]


def test_moving_is_noted_in_both_and_the_old_capture_stays_as_it_was(tmp_path: Path) -> None:
    path, after = tmp_path / "one.capture", tmp_path / "two.capture"
    with recorded(path) as it:
        it.send(5)
        it.recorder.move_to(after, "Moved.")
        it.send(5)
        assert it.recorder.flush(WAIT_S)
    assert numbers(path) == list(range(1, 6))
    assert numbers(after) == list(range(1, 11))
    assert notes(path) == notes(after) == ["Moved."]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["one.capture", "two.capture"]


def test_moving_where_nothing_can_be_made_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "one.capture"
    (tmp_path / "taken").write_text("mine")
    with recorded(path) as it:
        for where, told in (("taken", "exists already"), ("no/two", "does not exist")):
            with pytest.raises(CaptureError, match=told):
                it.recorder.move_to(tmp_path / where, "Moved.")
        it.send(5)
        assert it.recorder.flush(WAIT_S)
    assert numbers(path) == [1, 2, 3, 4, 5]
    assert (tmp_path / "taken").read_text() == "mine"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["one.capture", "taken"]


def test_a_place_that_is_full_is_none_to_move_to_and_nothing_is_left_there(
    disk: SmallDisk, tmp_path: Path
) -> None:
    disk.fill()
    with recorded(tmp_path / "one.capture") as it:
        it.send(300)
        with pytest.raises(CaptureError, match="The disk is full"):
            it.recorder.move_to(disk.folder / "two.capture", "Moved.")
        it.send(1)
        assert it.recorder.flush(WAIT_S)
    assert numbers(tmp_path / "one.capture") == list(range(1, 302))
    assert [each.name for each in disk.folder.iterdir()] == ["filler"]


def test_a_recorder_that_has_ended_moves_nowhere(tmp_path: Path) -> None:
    with recorded(tmp_path / "one.capture") as it:
        pass
    with pytest.raises(CaptureError, match="ending"):
        it.recorder.move_to(tmp_path / "two.capture", "Moved.")
