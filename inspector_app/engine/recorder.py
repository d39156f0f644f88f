"""From records to a capture file, beside the event loop.

Owns the buffer between a source and its capture, the thread that folds and writes in batches, and what
happens when writing fails: it says so once, keeps what it can hold, tries again, and counts what it could
not hold, so that a gap in a capture is always told in the capture. It never waits for the disk on the
event loop and never touches a connection.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Literal, Protocol

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.records import FrameSeen, Noted, Record
from inspector_app.model.fold import Fold

if TYPE_CHECKING:
    from collections.abc import Callable

    from inspector_app.capture.records import Batch

Level = Literal["info", "problem"]

BATCH_RECORDS = 1000
"""Most records of one transaction."""

CROWDED_RECORDS = 10_000
"""Records in the buffer beyond which whoever puts one in steps aside for the thread that writes."""

BATCH_INTERVAL_S = 0.03
"""Least time between two transactions while records trickle in."""

RETRY_INTERVAL_S = 0.5
"""Time between two attempts while writing fails."""

HELD_BYTES = 64 * 1024 * 1024
"""Most bytes of records held while writing is slow or fails; frames beyond are counted and dropped."""

CHECKPOINT_INTERVAL_S = 2.0
"""Longest time for which what is committed is in the log of the capture and not in its file."""

RECORD_OVERHEAD_BYTES = 400
"""What a record costs in memory besides the text of its frame, about."""


class Writer(Protocol):
    """What the recorder needs of a `CaptureWriter`."""

    def write(self, batch: Batch) -> None:
        """Write a whole batch or nothing; `CaptureError` when it cannot be written now."""

    def checkpoint(self) -> None:
        """Have what was written in the file itself, should it be copied while it is recorded."""

    def close(self) -> None:
        """Leave a complete file behind."""


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
        self._fold = Fold()
        self._buffer: deque[Record] = deque()
        self._held = 0
        self._accepted = 0
        self._committed = 0
        self._lost = 0
        self._gap = _Gap()
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
        if len(self._buffer) > CROWDED_RECORDS:
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
            gap, self._gap = self._gap, _Gap()
            self._append(gap.as_note())

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until all that was taken is on disk; False when writing fails or the time is over."""
        with self._wake:
            target = self._accepted
            self._wake.wait_for(
                lambda: self._committed >= target or self._failing is not None or self._closing, timeout_s
            )
            return self._committed >= target

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
                if not self._commit(*self._take()):
                    break
                self._log_grew = True
                self._checkpoint_when_due()
                self._pause(BATCH_INTERVAL_S - (time.monotonic() - began))
        except Exception as error:  # noqa: BLE001 - told, or the capture would stand still without a word
            self._say_failing(f"Recording stopped: {type(error).__name__}: {error}.")
        finally:
            self._close_writer()

    def _wait_for_records(self) -> bool:
        """Whether there is something to write; False when closing and all is written."""
        while not self._something_to_do_within(self._until_checkpoint()):
            self._checkpoint_when_due()
        with self._wake:
            return bool(self._buffer or self._gap.frames)

    def _something_to_do_within(self, timeout_s: float | None) -> bool:
        with self._wake:
            return self._wake.wait_for(
                lambda: bool(self._buffer or self._gap.frames) or self._closing, timeout_s
            )

    def _until_checkpoint(self) -> float | None:
        return max(0.0, self._next_checkpoint - time.monotonic()) if self._log_grew else None

    def _checkpoint_when_due(self) -> None:
        if self._log_grew and time.monotonic() >= self._next_checkpoint:
            self._writer.checkpoint()
            self._log_grew = False
            self._next_checkpoint = time.monotonic() + self._checkpoint_interval_s

    def _pause(self, seconds: float) -> None:
        with self._wake:
            if seconds > 0 and len(self._buffer) < BATCH_RECORDS:
                self._wake.wait_for(lambda: self._closing, seconds)

    def _take(self) -> tuple[int, int]:
        """Fold the next records; tell how many they are and what they held in bytes."""
        with self._wake:
            if len(self._buffer) <= BATCH_RECORDS:
                self._close_gap()
            records = [self._buffer.popleft() for _ in range(min(len(self._buffer), BATCH_RECORDS))]
            count, size = len(records), sum(map(_size_of, records))
        for record in records:
            self._fold.apply(record)
        return count, size

    def _commit(self, count: int, size: int) -> bool:
        """Write what was folded, trying again until it works; False when closing came first."""
        batch = self._fold.take()
        while True:
            last_try = self._closing
            try:
                self._writer.write(batch)
            except CaptureError as error:
                self._say_failing(str(error))
                if last_try:
                    return False
                with self._wake:
                    self._wake.wait_for(lambda: self._closing, self._retry_interval_s)
            else:
                self._committed_one(batch, count, size)
                return True

    def _committed_one(self, batch: Batch, count: int, size: int) -> None:
        with self._wake:
            self._committed += count
            self._held -= size
            recovered, self._failing = self._failing is not None, None
            self._wake.notify_all()
        if recovered and self._on_problem is not None:
            self._on_problem("info", "Recording works again.")
        if self._on_commit is not None:
            self._on_commit(batch)

    def _say_failing(self, text: str) -> None:
        with self._wake:
            first, self._failing = self._failing is None, text
            self._wake.notify_all()
        if first and self._on_problem is not None:
            self._on_problem("problem", text)

    def _close_writer(self) -> None:
        try:
            self._writer.close()
        except CaptureError as error:
            self._say_failing(str(error))
        with self._wake:
            self._closing = True
            self._wake.notify_all()


class _Gap:
    """Frames that could not be held while writing was slow or failed: how many, how big, when and why."""

    def __init__(self) -> None:
        self.frames = 0
        self.size_bytes = 0
        self.first_ns = 0
        self.last_ns = 0
        self.why: str | None = None

    def add(self, frame: FrameSeen, why: str | None) -> None:
        self.first_ns = self.first_ns or frame.time_ns
        self.last_ns = frame.time_ns
        self.frames += 1
        self.size_bytes += len(frame.raw)
        self.why = self.why or why

    def as_note(self) -> Noted:
        seconds = (self.last_ns - self.first_ns) / 1e9
        return Noted(
            time_ns=self.last_ns,
            level="problem",
            text=f"{self.frames} frames ({self.size_bytes} bytes) within {seconds:.1f} s were not recorded: "
            + (self.why or "they came faster than they could be written."),
        )


def _size_of(record: Record) -> int:
    return RECORD_OVERHEAD_BYTES + (len(record.raw) if isinstance(record, FrameSeen) else 0)
