"""When exchanges must have ended: times in seconds of any monotonic clock, which this module never reads."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from math import inf

from slipstream.exchanges import Exchange

# Deadlines of exchanges that have ended, beside those in flight, that are not worth a clean-up.
_STALE = 64


class Deadlines:
    """The deadlines of exchanges in flight; one that has ended is forgotten in time."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Exchange]] = []
        self._set = 0
        self._tidy_at = _STALE
        self.earliest = inf
        """No deadline is before this; costs less than `next`, which knows better."""

    @property
    def next(self) -> float | None:
        """The next deadline of an exchange in flight; None where there is none."""
        while self._heap and self._heap[0][2].ended:
            heapq.heappop(self._heap)
        self._look()
        return self._heap[0][0] if self._heap else None

    def set(self, when: float, exchange: Exchange) -> None:
        """Let an exchange end by `when`."""
        # One request that waits long must not keep the deadlines of all that were answered behind it.
        if len(self._heap) >= self._tidy_at:
            self._heap = [entry for entry in self._heap if not entry[2].ended]
            heapq.heapify(self._heap)
            self._tidy_at = 2 * len(self._heap) + _STALE
        self._set += 1
        heapq.heappush(self._heap, (when, self._set, exchange))
        self.earliest = self._heap[0][0]

    def passed(self, now: float) -> Iterator[Exchange]:
        """The exchanges in flight whose deadline has passed, each once; they are to be ended."""
        while self._heap and self._heap[0][0] <= now:
            exchange = heapq.heappop(self._heap)[2]
            self._look()
            if not exchange.ended:
                yield exchange

    def clear(self) -> None:
        """Forget all of them."""
        self._heap.clear()
        self._look()

    def _look(self) -> None:
        self.earliest = self._heap[0][0] if self._heap else inf
