"""How often what runs is drawn: as often as it takes no more than a share of a core.

Owns that share. It has no clocks: times are given.
"""

from __future__ import annotations

from typing import Final

SHARE: Final = 1 / 5
"""Of a core, for all that the thread which draws does."""

LONGEST_NS: Final = 200_000_000
"""So much later it is drawn in any case."""


class Pace:
    """Tells when to draw again."""

    def __init__(self) -> None:
        self._drawn_ns = 0
        self._used_ns = 0

    def allows(self, now_ns: int, used_ns: int) -> bool:
        """Tell whether to draw now, when the thread has used so much processor time since it began."""
        passed_ns = now_ns - self._drawn_ns
        if used_ns - self._used_ns > SHARE * passed_ns and passed_ns < LONGEST_NS:
            return False
        self._drawn_ns, self._used_ns = now_ns, used_ns
        return True
