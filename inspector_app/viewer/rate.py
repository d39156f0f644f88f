"""Frames a second, from samples of a counter.

Owns the window it is measured over. It has no clock: times are given.
"""

from __future__ import annotations

from collections import deque

WINDOW_NS = 2_000_000_000
_SPACING_NS = 100_000_000


class RateMeter:
    """Tells how fast a counter grew over the last two seconds."""

    def __init__(self) -> None:
        self._samples: deque[tuple[int, int]] = deque()

    def sample(self, now_ns: int, counter: int) -> None:
        """Note what the counter shows now; more than ten samples a second are not kept."""
        samples = self._samples
        if samples and counter < samples[-1][1]:
            samples.clear()
        if len(samples) >= 2 and now_ns - samples[-2][0] < _SPACING_NS:
            samples.pop()
        samples.append((now_ns, counter))
        while len(samples) > 2 and now_ns - samples[1][0] >= WINDOW_NS:
            samples.popleft()

    @property
    def per_second(self) -> float:
        """Growth a second between the first and the last sample of the window; 0 before there are two."""
        if len(self._samples) < 2:
            return 0.0
        (first_ns, first), (last_ns, last) = self._samples[0], self._samples[-1]
        elapsed_ns = last_ns - first_ns
        return (last - first) * 1e9 / elapsed_ns if elapsed_ns > 0 else 0.0
