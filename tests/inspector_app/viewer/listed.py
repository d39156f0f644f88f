"""Matches that a test hands out one by one, where a search would find them in a thread of its own."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path


class Listed:
    """Matches as the frame list sees them."""

    def __init__(self, *seqs: int) -> None:
        self.known = list(seqs)
        self.done = False
        self.share = 0.0
        self.problem = ""
        self.generation = 0
        self.grown_to = 0
        self.looked_back_to = 0
        self.closed = False

    @property
    def count(self) -> int:
        return len(self.known)

    def find(self, *seqs: int) -> None:
        """Find more, wherever they belong."""
        self.known = sorted({*self.known, *seqs})
        self.generation += 1

    def seqs(self, offset: int, count: int) -> Sequence[int]:
        return self.known[offset : offset + count]

    def index_of(self, seq: int) -> int:
        return bisect_left(self.known, seq)

    def reached(self, seq: int) -> bool:
        return self.looked_back_to < max(seq, 1)

    def grow(self, frames: int) -> None:
        self.grown_to = frames

    def density(self, buckets: int, frames: int) -> Sequence[int]:
        cuts = [self.index_of(frames * place // buckets + 1) for place in range(buckets + 1)]
        return [after - before for before, after in pairwise(cuts)]

    def close(self) -> None:
        self.closed = True

    def wait_closed(self, _timeout_s: float) -> bool:
        return self.closed


class Searches:
    """Starts searches that find what a test says; keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.begun: list[Listed] = []

    def __call__(self, path: Path, source: str, now_ns: Callable[[], int]) -> Listed:
        self.asked.append(source)
        self.begun.append(Listed())
        return self.begun[-1]
