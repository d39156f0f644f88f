"""What the frame list needs of a search, and a moment of it that stands still until the next tick.

Owns how a place in the list stays the place of the same frame while older matches are put in front of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

_TRIES = 5


class Matches(Protocol):
    """A filter run over a capture in a thread of its own, as `capture.search.Search` does it."""

    @property
    def count(self) -> int:
        """Matches known so far."""

    @property
    def done(self) -> bool:
        """Whether all frames that it was told of are looked through."""

    @property
    def share(self) -> float:
        """How much is looked through of what there was at its beginning, from 0 to 1; at 1 it follows."""

    @property
    def problem(self) -> str:
        """One sentence on why it could not go on; empty: nothing is wrong."""

    @property
    def generation(self) -> int:
        """Another number whenever any of these has changed."""

    def seqs(self, offset: int, count: int) -> Sequence[int]:
        """Give known matches by the numbers of their frames, in order."""

    def index_of(self, seq: int) -> int:
        """Give the place of a frame among them, or where it would be."""

    def reached(self, seq: int) -> bool:
        """Whether no match from frame `seq` on to the newest of before can still turn up."""

    def grow(self, frames: int) -> None:
        """Have it look at the new frames too."""

    def density(self, buckets: int, frames: int) -> Sequence[int]:
        """Count matches in equal shares of the frames."""

    def close(self) -> None:
        """Have it end."""

    def wait_closed(self, timeout_s: float) -> bool:
        """Wait until it has let go of the capture, once closed; False when it has not in time."""


class Everything:
    """Every frame: row *i* is frame *i + 1*."""

    def __init__(self, frames: Callable[[], int]) -> None:
        self._frames = frames

    @property
    def count(self) -> int:
        """Frames there are."""
        return self._frames()

    def seqs(self, first: int, count: int) -> Sequence[int]:
        """Give the numbers of frames from index `first` on."""
        return range(first + 1, min(first + count, self.count) + 1)

    def index_of(self, seq: int) -> int:
        """Give the place of a frame; that of the last one, for one that is not there yet."""
        return min(max(seq, 1), max(self.count, 1)) - 1

    def holds(self, seq: int) -> bool:
        """Tell whether there is such a frame."""
        return 1 <= seq <= self.count


class Moment:
    """The matches up to frame `last` as they were at one moment, by index from 0."""

    def __init__(self, matches: Matches, last: int) -> None:
        self._matches = matches
        self.first = self.count = 0
        for _ in range(_TRIES):
            generation = matches.generation
            self.first = next(iter(matches.seqs(0, 1)), 0)
            self.count = matches.index_of(last + 1) - self._offset
            if matches.generation == generation:
                break

    @property
    def _offset(self) -> int:
        """How many matches were put in front since."""
        return self._matches.index_of(self.first) if self.first else 0

    def seqs(self, first: int, count: int) -> Sequence[int]:
        """Give the numbers of frames from index `first` on."""
        count = min(count, self.count - first)
        return self._matches.seqs(self._offset + first, count) if count > 0 else ()

    def index_of(self, seq: int) -> int:
        """Give the place of a frame, or of the first one after it; of the last one, when there is none."""
        return min(max(self._matches.index_of(seq) - self._offset, 0), max(self.count, 1) - 1)

    def holds(self, seq: int) -> bool:
        """Tell whether a frame is among them."""
        return next(iter(self.seqs(self.index_of(seq), 1)), None) == seq
