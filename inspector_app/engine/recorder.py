"""From records to a capture file, beside the event loop.

Owns the buffer between a source and its capture, the thread that folds and writes in batches, and what
happens when writing fails: it says so once, keeps what it can hold, tries again, and counts what it could
not hold, so that a gap in a capture is always told in the capture. It never waits for the disk on the
event loop and never touches a connection.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Literal, NamedTuple

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.records import FrameSeen, Noted, Record
from inspector_app.engine.gap import Gap
from inspector_app.model.fold import Fold

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inspector_app.capture.records import Batch
    from inspector_app.engine.writing import Writer

Level = Literal["info", "problem"]

BATCH_RECORDS = 2000
"""Most records of one transaction: each writes the pages of all indexes anew, few records or many."""

CROWDED_RECORDS = 10_000
"""Records in the buffer beyond which whoever puts one in steps aside for the thread that writes. While
recording moves that thread copies, and is only in need of turns once the buffer is half full."""

BATCH_INTERVAL_S = 0.03
"""Least time between two transactions while records trickle in."""

BUSY_RECORDS, BUSY_INTERVAL_S = 300, 0.1
"""The same behind a transaction of so many records: nobody reads them as fast as they come."""

RETRY_INTERVAL_S = 0.5
"""Time between two attempts while writing fails."""

HELD_BYTES = 64 * 1024 * 1024
"""Most bytes of records held while writing is slow or fails; frames beyond are counted and dropped."""

LOOK_INTERVAL_S = 1.0
"""Time between two looks at a file into which there is nothing to write."""

CHECKPOINT_INTERVAL_S = 2.0
"""Longest time for which what is committed is in the log of the capture and not in its file."""

RECORD_OVERHEAD_BYTES = 400
"""What a record costs in memory besides the text of its frame, about."""


class Recorder:
    """Folds records and writes them, in one thread of its own.

    `on_commit` hears each batch right after it is on disk, `on_problem` hears once that writing fails and
    once that it works again. Both are called in the recorder's thread.
    """

    def __init__(
        self,
        writer: Writer,
        *,
        on_commit: Callable[[Batch], None] | None = None,
        on_problem: Callable[[Level, str], None] | None = None,
        held_bytes: int = HELD_BYTES,
        retry_interval_s: float = RETRY_INTERVAL_S,
        checkpoint_interval_s: float = CHECKPOINT_INTERVAL_S,
    ) -> None:
        self._writer = writer
        self._on_commit = on_commit
        self._on_problem = on_problem
        self._held_limit = held_bytes
        self._retry_interval_s = retry_interval_s
        self._checkpoint_interval_s = checkpoint_interval_s
        self._next_checkpoint = 0.0
        self._log_grew = False
        self._move: _Move | None = None
        self._unwritten: _Folded | None = None
        self._fold = Fold()
        self._buffer: deque[Record] = deque()
        self._held = 0
        self._accepted = 0
        self._committed = 0
        self._lost = 0
        self._gap = Gap()
        self._failing: str | None = None
        self._closing = False
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def received(self) -> int:
        """Records that came in so far, dropped ones included."""
        return self._accepted + self._lost

    @property
    def failing(self) -> str | None:
        """Why nothing can be written now, in one sentence; None while all is well."""
        return self._failing

    @property
    def unsaved(self) -> int:
        """Records that are not on disk: waiting, or dropped for want of room."""
        with self._wake:
            return self._accepted + self._lost - self._committed

    def put(self, record: Record) -> None:
        """Take one record. Never waits; from any thread. After `close` it is ignored."""
        # The call that each frame pays for on its way between the socket and whom it is for: few steps.
        size = RECORD_OVERHEAD_BYTES + len(record.raw) if type(record) is FrameSeen else RECORD_OVERHEAD_BYTES
        with self._lock:
            if self._closing:
                return
            if self._held + size > self._held_limit and isinstance(record, FrameSeen):
                self._lost += 1
                self._gap.add(record, self._failing)
                return
            if self._gap.frames:
                self._close_gap()
            self._append(record, size)
        if len(self._buffer) > CROWDED_RECORDS and (self._move is None or self._held > self._held_limit / 2):
            time.sleep(0)  # no waiting, but a turn for the thread that writes, should it want one

    def _append(self, record: Record, size: int = RECORD_OVERHEAD_BYTES) -> None:
        self._accepted += 1
        self._held += size
        self._buffer.append(record)
        if len(self._buffer) == 1:
            self._wake.notify_all()

    def _close_gap(self) -> None:
        """Put the note about a gap where the gap is: behind what was held, before what comes next."""
        if self._gap.frames:
            gap, self._gap = self._gap, Gap()
            self._append(gap.as_note())

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until all that was taken is on disk; False when writing fails or the time is over."""
        with self._wake:
            target = self._accepted
            self._wake.wait_for(
                lambda: self._committed >= target or self._failing is not None or self._closing, timeout_s
            )
            return self._committed >= target

    def move_to(self, path: Path, note: str) -> None:
        """Go on in a new capture at `path`, which gets all that was written so far; the old one stays.

        Waits until that is done. `note` is written into both, as far as the old one can be written. Raises
        `CaptureError` when it cannot be done; then recording goes on, or tries to, where it was.
        """
        move = _Move(path)
        with self._wake:
            if self._closing or self._move is not None:
                raise CaptureError("Recording is ending, or moving already: try again in a moment.")
            self._move = move
            self._close_gap()
            self._append(Noted(time_ns=time.time_ns(), level="warning", text=note))
            self._wake.notify_all()
            self._wake.wait_for(lambda: move.problem is not None)
        if move.problem:
            raise CaptureError(move.problem)

    def close(self) -> None:
        """Write what is left, as far as that works, and close the capture. Idempotent."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        self._thread.join()

    # -- the thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while self._wait_for_records():
                began = time.monotonic()
                folded = self._take()
                if not self._commit(folded):
                    break
                self._log_grew = True
                self._move_if_asked(self._write_meanwhile)
                if not self._commit_unwritten():
                    break
                self._checkpoint_when_due()
                interval_s = BUSY_INTERVAL_S if folded.records > BUSY_RECORDS else BATCH_INTERVAL_S
                self._pause(interval_s - (time.monotonic() - began))
        except Exception as error:  # noqa: BLE001 - told, or the capture would stand still without a word
            self._say_failing(f"Recording stopped: {type(error).__name__}: {error}.")
        finally:
            self._close_writer()

    def _wait_for_records(self) -> bool:
        """Whether there is something to write; False when closing and all is written."""
        while not self._something_to_do_within(min(self._until_checkpoint(), LOOK_INTERVAL_S)):
            self._checkpoint_when_due()
            self._look_at_file()
        with self._wake:
            return bool(self._buffer or self._gap.frames)

    def _something_to_do_within(self, timeout_s: float) -> bool:
        with self._wake:
            return self._wake.wait_for(
                lambda: bool(self._buffer or self._gap.frames) or self._closing, timeout_s
            )

    def _until_checkpoint(self) -> float:
        return max(0.0, self._next_checkpoint - time.monotonic()) if self._log_grew else math.inf

    def _look_at_file(self) -> None:
        """Say that a file is gone also where there is nothing to write into it."""
        try:
            self._writer.check()
        except CaptureError as error:
            self._say_failing(str(error))
        else:
            self._say_working()

    def _move_if_asked(self, meanwhile: Callable[[], object]) -> bool:
        move, problem = self._move, ""
        if move is None:
            return False
        try:
            self._writer.move_to(move.path, meanwhile)
        except CaptureError as error:
            problem = str(error)
        self._moved(problem)
        return not problem

    def _moved(self, problem: str) -> None:
        with self._wake:
            if self._move is not None:
                self._move.problem, self._move = problem, None
            self._wake.notify_all()

    def _checkpoint_when_due(self) -> None:
        if self._log_grew and time.monotonic() >= self._next_checkpoint:
            self._writer.checkpoint()
            self._log_grew = False
            self._next_checkpoint = time.monotonic() + self._checkpoint_interval_s

    def _pause(self, seconds: float) -> None:
        with self._wake:
            if seconds > 0 and len(self._buffer) < BATCH_RECORDS:
                self._wake.wait_for(lambda: self._closing, seconds)

    def _take(self) -> _Folded:
        """Fold the next records."""
        with self._wake:
            if len(self._buffer) <= BATCH_RECORDS:
                self._close_gap()
            records = [self._buffer.popleft() for _ in range(min(len(self._buffer), BATCH_RECORDS))]
            count, size = len(records), sum(map(_size_of, records))
        self._fold.apply_all(records)
        return _Folded(self._fold.take(), count, size)

    def _write_meanwhile(self) -> None:
        """Write a batch while recording moves, so that the buffer does not fill up until all is copied."""
        if self._unwritten is None and self._buffer:
            folded = self._take()
            try:
                self._writer.write(folded.batch)
            except CaptureError:  # it is for the new capture alone then
                self._unwritten = folded
            else:
                self._committed_one(folded)

    def _commit_unwritten(self) -> bool:
        folded, self._unwritten = self._unwritten, None
        return folded is None or self._commit(folded)

    def _commit(self, folded: _Folded) -> bool:
        """Write what was folded, trying again until it works; False when closing came first."""
        while True:
            last_try = self._closing
            try:
                self._writer.write(folded.batch)
            except CaptureError as error:
                self._say_failing(str(error))
                if last_try:
                    return False
                if not self._move_if_asked(_nothing):
                    with self._wake:
                        self._wake.wait_for(
                            lambda: self._closing or self._move is not None, self._retry_interval_s
                        )
            else:
                self._committed_one(folded)
                return True

    def _committed_one(self, folded: _Folded) -> None:
        with self._wake:
            self._committed += folded.records
            self._held -= folded.held
            self._wake.notify_all()
        self._say_working()
        if self._on_commit is not None:
            self._on_commit(folded.batch)

    def _say_failing(self, text: str) -> None:
        with self._wake:
            first, self._failing = self._failing is None, text
            self._wake.notify_all()
        if first and self._on_problem is not None:
            self._on_problem("problem", text)

    def _say_working(self) -> None:
        with self._wake:
            recovered, self._failing = self._failing is not None, None
        if recovered and self._on_problem is not None:
            self._on_problem("info", "Recording works again.")

    def _close_writer(self) -> None:
        with self._wake:
            self._closing = True
        self._moved("Recording has ended: it cannot move any more.")
        try:
            self._writer.close()
        except CaptureError as error:
            self._say_failing(str(error))


class _Folded(NamedTuple):
    """What is to be written at once; of how many records, which held so many bytes."""

    batch: Batch
    records: int
    held: int


class _Move:
    """A wish to record elsewhere; `problem` is None until that is done, and empty when it was."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem: str | None = None


def _nothing() -> None:
    """Where nothing can be written, nothing is meanwhile."""


def _size_of(record: Record) -> int:
    return RECORD_OVERHEAD_BYTES + (len(record.raw) if isinstance(record, FrameSeen) else 0)
