"""The marks on frames as the view knows them: which frames have one, with what note, and which is next.

Owns the copy that is drawn from. Setting one is `capture.marks`' matter; what it wrote is read back.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

from inspector_app.capture.errors import CaptureError

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader

MOST_MARKS = 100_000
_OFTEN = 2_000
"""Up to so many marks are read again just to see whether another viewer has set one."""
_EVERY_NS = 1_000_000_000


class MarkBook:
    """Marks by the number of their frame."""

    def __init__(self) -> None:
        self._notes: dict[int, str] = {}
        self._seqs: list[int] = []
        self._read_ns = 0
        self._stale = False

    @property
    def seqs(self) -> Sequence[int]:
        """Numbers of the frames that have a mark, in order."""
        return self._seqs

    def note(self, seq: int) -> str | None:
        """Give the note on a frame, empty for a mark without one; None when it has no mark."""
        return self._notes.get(seq)

    def neighbour(self, seq: int, step: int) -> Sequence[int]:
        """Give the marked frames after `seq`, or those before it, the nearest first."""
        if step > 0:
            return self._seqs[bisect_right(self._seqs, seq) :]
        return self._seqs[: bisect_left(self._seqs, seq)][::-1]

    def read(self, reader: CaptureReader, now_ns: int = 0) -> bool:
        """Read them from the capture; tell whether they are others than before. Raises `CaptureError`."""
        self._read_ns = now_ns
        notes = {mark.seq: mark.note for mark in reader.marks(0, MOST_MARKS)}
        if notes == self._notes:
            return False
        self._notes, self._seqs = notes, sorted(notes)
        return True

    def read_one(self, reader: CaptureReader, seq: int) -> None:
        """Read again whether one frame has a mark. Raises `CaptureError`."""
        mark = reader.mark(seq)
        if mark is None:
            self._notes.pop(seq, None)
            self._seqs = [each for each in self._seqs if each != seq]
            return
        if seq not in self._notes:
            self._seqs = sorted((*self._seqs, seq))
        self._notes[seq] = mark.note

    def read_if_due(self, reader: CaptureReader, now_ns: int, *, news: bool = True) -> bool:
        """Read them again, if that is cheap and was not done a moment ago; somebody else may have set one.

        `news`: something was written since the last call. What is not due now is read by a later call.
        """
        self._stale = self._stale or news
        if not self._stale or len(self._seqs) > _OFTEN or now_ns - self._read_ns < _EVERY_NS:
            return False
        self._stale = False
        try:
            return self.read(reader, now_ns)
        except CaptureError:
            return False  # whoever reads frames says so
