"""The numbers of the frames that a filter was found to fit: eight bytes each, in order, growing at both ends.

Plain data for one thread at a time; it knows neither filters nor captures.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from itertools import pairwise
from operator import neg
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Matches:
    """Numbers of frames in rising order. Older ones are put in front, newer ones behind."""

    def __init__(self) -> None:
        # The older ones fall, so that putting one in front is appending.
        self._older = array("q")
        self._newer = array("q")

    def __len__(self) -> int:
        return len(self._older) + len(self._newer)

    def put_in_front(self, seqs: Iterable[int]) -> None:
        """Add numbers that are below all others, the highest first."""
        self._older.extend(seqs)

    def put_behind(self, seqs: Iterable[int]) -> None:
        """Add numbers that are above all others, the lowest first."""
        self._newer.extend(seqs)

    def seqs(self, offset: int, count: int) -> list[int]:
        """Give a slice, in rising order; what is outside is left out."""
        older = len(self._older)
        first, last = max(0, offset), min(len(self), offset + max(0, count))
        split = min(max(first, older), max(last, first))
        return [
            *self._older[max(0, older - split) : max(0, older - first)][::-1],
            *self._newer[max(0, split - older) : max(0, last - older)],
        ]

    def index_of(self, seq: int) -> int:
        """Give the place of a number; of one that is not here, where it would be."""
        if self._newer and seq >= self._newer[0]:
            return len(self._older) + bisect_left(self._newer, seq)
        return len(self._older) - bisect_left(self._older, -seq + 1, key=neg)

    def density(self, buckets: int, frames: int) -> list[int]:
        """Count the numbers in each of `buckets` equal shares of 1 to `frames`."""
        bounds = [self.index_of(frames * share // buckets + 1) for share in range(buckets + 1)]
        return [after - before for before, after in pairwise(bounds)]
