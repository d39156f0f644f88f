"""Where in an exchange a frame stands, without counting from its beginning every time.

This module owns what is remembered for that: the number of every so many-th frame of the exchanges that were
looked at last. Frames are only ever added behind the last, so what is remembered stays true.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

STEP = 2048
"""Frames between two whose numbers are remembered, and most that are passed by to find one."""

_EXCHANGES_KEPT = 16
_NEXT = "SELECT seq FROM frames WHERE exchange = ? AND seq >= ? ORDER BY seq LIMIT 1 OFFSET ?"
_COUNT = "SELECT count(*) FROM frames WHERE exchange = ? AND seq >= ?"


class Places:
    """The frames of exchanges by their place. `query` runs a statement that gives one number, or none."""

    def __init__(self, query: Callable[[str, Sequence[object]], int | None]) -> None:
        self._query = query
        self._remembered: OrderedDict[int, list[int]] = OrderedDict()

    def count(self, exchange: int) -> int:
        """Count the frames of an exchange."""
        seqs = self._up_to(exchange, None)
        rest = self._query(_COUNT, (exchange, seqs[-1])) or 0
        return (len(seqs) - 1) * STEP + rest

    def near(self, exchange: int, offset: int) -> tuple[int, int]:
        """Give the number of a frame of the exchange, and how many to pass by from there to `offset`."""
        seqs = self._up_to(exchange, offset)
        known = min(offset // STEP, len(seqs) - 1)
        return seqs[known], offset - known * STEP

    def _up_to(self, exchange: int, offset: int | None) -> list[int]:
        """Numbers of the frames at 0, STEP, 2 * STEP …, as far as `offset` or the end needs them."""
        seqs = self._remembered.setdefault(exchange, [0])
        self._remembered.move_to_end(exchange)
        if len(self._remembered) > _EXCHANGES_KEPT:
            self._remembered.popitem(last=False)
        while offset is None or len(seqs) <= offset // STEP:
            seq = self._query(_NEXT, (exchange, seqs[-1], STEP))
            if seq is None:
                break
            seqs.append(seq)
        return seqs
