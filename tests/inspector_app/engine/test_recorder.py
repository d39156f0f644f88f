"""The recorder: all that is put gets into the capture, and what cannot is told."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inspector_app.capture.records import Batch, ConnectionOpened, FrameSeen
from inspector_app.capture.store import CaptureError, CaptureReader, CaptureWriter
from inspector_app.engine.recorder import RECORD_OVERHEAD_BYTES, Recorder

WAIT_S = 20.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "captures"
    folder.mkdir()
    return folder / "one.capture"


@pytest.fixture
def writer(path: Path) -> Iterator[CaptureWriter]:
    writer = CaptureWriter(path, source={"kind": "test"}, software="test")
    yield writer
    writer.close()


def opened() -> ConnectionOpened:
    return ConnectionOpened(conn=1, time_ns=1, role="client", address="ws://h", local_peer="me")


def frame(number: int, padding: int = 0) -> FrameSeen:
    raw = (
        f'{{"type":"fire_and_forget","peerID":"p","data":{{"operation":"tick","n":{number}}}}}'
        + " " * padding
    )
    return FrameSeen(conn=1, time_ns=1000 + number, direction="in", raw=raw)


class Problems:
    """Collects what the recorder says, and lets a test wait for it."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self._changed = threading.Condition()

    def __call__(self, level: str, text: str) -> None:
        with self._changed:
            self.said.append((level, text))
            self._changed.notify_all()

    def wait_for(self, level: str) -> str:
        with self._changed:
            assert self._changed.wait_for(lambda: any(kind == level for kind, _ in self.said), WAIT_S)
            return next(text for kind, text in self.said if kind == level)


class GatedWriter:
    """A writer that waits in `write` until it is let go, as a slow disk does."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.let_go = threading.Event()
        self.batches: list[Batch] = []

    def write(self, batch: Batch) -> None:
        self.entered.set()
        assert self.let_go.wait(WAIT_S)
        self.batches.append(batch)

    def check(self) -> None:
        pass

    def move_to(self, path: Path, meanwhile: Callable[[], object]) -> None:
        raise AssertionError("nobody asked for it")

    def checkpoint(self) -> None:
        pass

    def close(self) -> None:
        pass


class SteppedWriter:
    """A writer that writes one batch each time it is let go."""

    def __init__(self) -> None:
        self._entered = threading.Semaphore(0)
        self._go = threading.Semaphore(0)
        self.batches: list[Batch] = []

    def write(self, batch: Batch) -> None:
        self._entered.release()
        assert self._go.acquire(timeout=WAIT_S)
        self.batches.append(batch)

    def wait_for_batch(self) -> None:
        assert self.has_batch_within(WAIT_S)

    def has_batch_within(self, seconds: float) -> bool:
        return self._entered.acquire(timeout=seconds)

    def let_one_go(self) -> None:
        self._go.release()

    def check(self) -> None:
        pass

    def move_to(self, path: Path, meanwhile: Callable[[], object]) -> None:
        raise AssertionError("nobody asked for it")

    def checkpoint(self) -> None:
        pass

    def close(self) -> None:
        pass


class BrokenWriter:
    """A writer that fails until it is mended, as a full disk does."""

    def __init__(self) -> None:
        self.broken = True
        self.tries = 0
        self.batches: list[Batch] = []

    def write(self, batch: Batch) -> None:
        self.tries += 1
        if self.broken:
            raise CaptureError("The disk is full.")
        self.batches.append(batch)

    def check(self) -> None:
        pass

    def move_to(self, path: Path, meanwhile: Callable[[], object]) -> None:
        raise AssertionError("nobody asked for it")

    def checkpoint(self) -> None:
        pass

    def close(self) -> None:
        pass


class CheckpointedWriter(CaptureWriter):
    """A real writer that lets a test wait for its checkpoints."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, source={"kind": "test"}, software="test")
        self._checkpoints = threading.Semaphore(0)

    def checkpoint(self) -> None:
        super().checkpoint()
        self._checkpoints.release()

    def wait_for_checkpoint(self) -> None:
        assert self._checkpoints.acquire(timeout=WAIT_S)


def frames_of(writer: BrokenWriter | GatedWriter | SteppedWriter) -> list[int]:
    return [row.seq for batch in writer.batches for row in batch.named_frames()]


def notes_of(writer: BrokenWriter | GatedWriter) -> list[str]:
    return [note.text for batch in writer.batches for note in batch.notes]


def test_all_that_was_put_is_in_the_capture_in_its_order(path: Path, writer: CaptureWriter) -> None:
    recorder = Recorder(writer)
    recorder.put(opened())
    for number in range(3000):
        recorder.put(frame(number))
    recorder.close()
    reader = CaptureReader(path)
    assert [row.time_ns for row in reader.frames(1, 5000)] == [1000 + number for number in range(3000)]
    assert recorder.unsaved == 0
    reader.close()


def test_flush_returns_once_everything_is_on_disk(path: Path, writer: CaptureWriter) -> None:
    recorder = Recorder(writer)
    recorder.put(opened())
    recorder.put(frame(1))
    assert recorder.flush(WAIT_S)
    reader = CaptureReader(path)
    assert reader.totals().frames == 1
    reader.close()
    recorder.close()


def test_a_commit_is_told_only_when_another_reader_can_see_it(path: Path, writer: CaptureWriter) -> None:
    seen: list[bool] = []

    def look(batch: Batch) -> None:
        reader = CaptureReader(path)
        seen.append(all(reader.raw(row.seq) == row.raw for row in batch.named_frames()))
        reader.close()

    recorder = Recorder(writer, on_commit=look)
    recorder.put(opened())
    for number in range(50):
        recorder.put(frame(number))
    recorder.close()
    assert seen
    assert all(seen)


def test_the_file_alone_soon_holds_what_was_recorded_and_a_reader_is_no_hindrance(path: Path) -> None:
    writer = CheckpointedWriter(path)
    reader = CaptureReader(path)
    recorder = Recorder(writer, checkpoint_interval_s=0.01)
    for number in (1, 2):
        recorder.put(frame(number))
        writer.wait_for_checkpoint()
        reader.frames(1, 9)
        alone = Path(shutil.copy(path, path.with_name(f"{number}.capture")))
        copy = CaptureReader(alone)
        assert copy.totals().frames == number
        copy.close()
    reader.close()
    recorder.close()


def test_the_file_is_brought_up_to_date_only_now_and_then(path: Path) -> None:
    writer = CheckpointedWriter(path)
    recorder = Recorder(writer, checkpoint_interval_s=3600)
    recorder.put(frame(1))
    writer.wait_for_checkpoint()
    recorder.put(frame(2))
    assert recorder.flush(WAIT_S)
    recorder.close()
    assert not writer._checkpoints.acquire(blocking=False)


def test_put_never_waits_for_a_slow_disk() -> None:
    writer = GatedWriter()
    recorder = Recorder(writer)
    recorder.put(opened())
    assert writer.entered.wait(WAIT_S)
    for number in range(5000):
        recorder.put(frame(number))
    assert recorder.unsaved == 5001
    writer.let_go.set()
    recorder.close()
    assert frames_of(writer) == list(range(1, 5001))


def test_a_crowded_buffer_waits_for_no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[Recorder.__module__], "CROWDED_RECORDS", 10)
    writer = GatedWriter()
    recorder = Recorder(writer)
    recorder.put(opened())
    assert writer.entered.wait(WAIT_S)
    for number in range(500):
        recorder.put(frame(number))
    assert recorder.unsaved == 501
    writer.let_go.set()
    recorder.close()
    assert frames_of(writer) == list(range(1, 501))


def test_while_much_comes_it_is_written_together(monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules[Recorder.__module__]
    monkeypatch.setattr(module, "BUSY_RECORDS", 5)
    monkeypatch.setattr(module, "BUSY_INTERVAL_S", 3600.0)
    writer = SteppedWriter()
    recorder = Recorder(writer)
    recorder.put(opened())
    writer.wait_for_batch()
    for number in range(10):
        recorder.put(frame(number))
    writer.let_one_go()
    writer.wait_for_batch()
    writer.let_one_go()  # the ten: a pause follows
    recorder.put(frame(10))
    assert not writer.has_batch_within(0.1)
    writer.let_one_go()
    recorder.close()
    assert frames_of(writer) == list(range(1, 12))


def test_a_failure_is_said_once_and_the_recovery_too() -> None:
    writer, problems = BrokenWriter(), Problems()
    recorder = Recorder(writer, on_problem=problems, retry_interval_s=0.001)
    recorder.put(opened())
    problems.wait_for("problem")
    assert not recorder.flush(WAIT_S)
    assert recorder.failing == "The disk is full."
    writer.broken = False
    problems.wait_for("info")
    recorder.close()
    assert problems.said == [("problem", "The disk is full."), ("info", "Recording works again.")]


def test_nothing_is_lost_when_the_disk_is_full_for_a_while(path: Path, writer: CaptureWriter) -> None:
    problems = Problems()
    recorder = Recorder(writer, on_problem=problems, retry_interval_s=0.001)
    recorder.put(opened())
    assert recorder.flush(WAIT_S)
    assert writer._connection is not None
    pages = writer._connection.execute("PRAGMA page_count").fetchone()[0]
    writer._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    for number in range(200):
        recorder.put(frame(number, padding=4000))
    assert "full" in problems.wait_for("problem")
    writer._connection.execute("PRAGMA max_page_count = 1000000")
    problems.wait_for("info")
    recorder.close()
    reader = CaptureReader(path)
    assert reader.totals().frames == 200
    assert reader.raw(200) == frame(199, padding=4000).raw
    reader.close()


def test_a_folder_that_goes_away_is_said_and_what_is_unsaved_is_counted(
    path: Path, writer: CaptureWriter
) -> None:
    problems = Problems()
    recorder = Recorder(writer, on_problem=problems, retry_interval_s=0.001)
    recorder.put(opened())
    assert recorder.flush(WAIT_S)
    shutil.rmtree(path.parent)
    recorder.put(frame(1))
    assert "removed" in problems.wait_for("problem")
    recorder.put(frame(2))
    recorder.close()
    assert recorder.unsaved == 2
    assert len(problems.said) == 1


def test_what_cannot_be_held_is_noted_where_the_gap_is() -> None:
    writer, problems = BrokenWriter(), Problems()
    room = 10 * (RECORD_OVERHEAD_BYTES + len(frame(10).raw))
    recorder = Recorder(writer, on_problem=problems, held_bytes=room, retry_interval_s=0.001)
    recorder.put(frame(10))
    problems.wait_for("problem")
    for number in range(11, 40):
        recorder.put(frame(number))
    assert recorder.unsaved == 30
    writer.broken = False
    problems.wait_for("info")
    assert recorder.flush(WAIT_S)
    recorder.put(frame(40))
    recorder.close()
    assert frames_of(writer) == list(range(1, 12))
    assert [text.startswith("20 frames (") for text in notes_of(writer)] == [True]
    assert notes_of(writer)[0].endswith("were not recorded: The disk is full.")
    gap = next(note for batch in writer.batches for note in batch.notes)
    assert (gap.after_seq, gap.level) == (10, "problem")
    assert recorder.unsaved == 20


def test_a_gap_stands_before_what_came_after_it_even_while_much_is_waiting() -> None:
    writer = SteppedWriter()
    room = 2500 * (RECORD_OVERHEAD_BYTES + len(frame(1000).raw))
    recorder = Recorder(writer, held_bytes=room)
    recorder.put(frame(1000))
    writer.wait_for_batch()
    for number in range(1001, 3600):
        recorder.put(frame(number))
    writer.let_one_go()
    writer.wait_for_batch()
    recorder.put(frame(9000))
    for _ in range(3):
        writer.let_one_go()
    recorder.close()
    (gap,) = (note for batch in writer.batches for note in batch.notes)
    rows = [row for batch in writer.batches for row in batch.named_frames()]
    assert [row.seq for row in rows if row.time_ns == 1000 + 9000] == [gap.after_seq + 1]
    assert gap.text.endswith("they came faster than they could be written.")


def test_what_is_no_frame_is_held_beyond_the_bound() -> None:
    writer = BrokenWriter()
    recorder = Recorder(writer, held_bytes=0, retry_interval_s=0.001)
    recorder.put(opened())
    writer.broken = False
    recorder.close()
    assert [sorted(batch.connections) for batch in writer.batches] == [[1]]


def test_closing_gives_a_broken_disk_one_more_try_and_then_gives_up() -> None:
    writer, problems = BrokenWriter(), Problems()
    recorder = Recorder(writer, on_problem=problems, retry_interval_s=3600)
    recorder.put(opened())
    problems.wait_for("problem")
    recorder.close()
    assert writer.tries == 2
    assert recorder.unsaved == 1


def test_a_record_after_closing_is_ignored(path: Path, writer: CaptureWriter) -> None:
    recorder = Recorder(writer)
    recorder.close()
    recorder.put(opened())
    assert recorder.received == 0
    recorder.close()
    assert path.exists()
