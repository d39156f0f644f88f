"""The exchanges that ended last: frames still come for them.

This module owns how many of them the fold remembers, so that memory does not grow with their number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inspector_app.model.connection import Live
    from slipstream.exchanges import RequestId

KEPT = 1024
"""So many at least, and twice as many at most: leaving out a thousand at once costs less than each alone."""


class Ended:
    """Exchanges by their connection and ID."""

    def __init__(self) -> None:
        self._newer: dict[tuple[int, RequestId], Live] = {}
        self._older: dict[tuple[int, RequestId], Live] = {}

    def __len__(self) -> int:
        return len(self._newer) + len(self._older)

    def add(self, live: Live) -> None:
        """Remember one, and at times leave out those that ended before all others."""
        if len(self._newer) >= KEPT:
            self._older, self._newer = self._newer, {}
        self._newer[live.conn, live.exchange.request_id] = live

    def get(self, conn: int, request_id: RequestId) -> Live | None:
        """Give one; None when it is long ago that it ended, or it never did."""
        key = conn, request_id
        return self._newer.get(key) or self._older.get(key)
