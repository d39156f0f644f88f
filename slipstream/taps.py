"""Taps: observers of a connection. Every frame as it was on the wire, every transition, every finding.

A tap is called synchronously, in the order of events. One that raises is recorded and goes on being called:
it never harms the connection. Nothing here changes what is sent or read.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from time import time_ns
from typing import Literal, NamedTuple

from slipstream.exchanges import Finding, Outcome, RequestId
from slipstream.lifecycle import ConnectionState

logger = logging.getLogger("slipstream")


class FrameTap(NamedTuple):
    """One message on the wire: text as `str`, a binary message as `bytes`; time in ns since the epoch."""

    direction: Literal["in", "out"]
    message: str | bytes
    time_ns: int


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of the connection's state (protocol.md §6), with close code and reason where it ended."""

    old: ConnectionState
    new: ConnectionState
    time_ns: int
    code: int | None = None
    reason: str | None = None


class Tap:
    """Base class of observers: override what you want to see. Times are ns since the epoch."""

    def frame(self, seen: FrameTap) -> None:
        """A message went by, also one that is no frame. `out` is told just before it is written."""

    def transition(self, transition: Transition) -> None:
        """The connection changed state."""

    def finding(self, finding: Finding, time_ns: int) -> None:
        """The other side broke the protocol."""

    def settled(self, request_id: RequestId, outcome: Outcome, message: str, time_ns: int) -> None:
        """This side ended an exchange on its own: a deadline, a cancellation, an overflow."""


class TapSet(Tap):
    """Fans out to taps, in order, and keeps their failures away from the connection."""

    def __init__(self, taps: Iterable[Tap] = ()) -> None:
        self._taps = list(taps)
        self._watch_frames()
        self.failures = 0

    def add(self, tap: Tap) -> None:
        """Observe with one more."""
        self._taps.append(tap)
        self._watch_frames()

    def remove(self, tap: Tap) -> None:
        """Observe with it no longer; nothing happens if it was not there."""
        self._taps = [kept for kept in self._taps if kept is not tap]
        self._watch_frames()

    def _watch_frames(self) -> None:
        self._frame_taps = [tap for tap in self._taps if getattr(type(tap), "frame", None) is not Tap.frame]

    def frames_passed(self, direction: Literal["in", "out"], messages: Iterable[str | bytes]) -> None:
        """Tell of frames that go by at one time whoever looks at frames; costs nothing where nobody does."""
        if not self._frame_taps:
            return
        now_ns = time_ns()
        for message in messages:
            # What `FrameTap(…)` does, at half the cost.
            seen = tuple.__new__(FrameTap, (direction, message, now_ns))
            for tap in self._frame_taps:
                try:
                    tap.frame(seen)
                except Exception as error:  # noqa: BLE001 - told by `_failed`
                    self._failed(tap, error)

    def frame(self, seen: FrameTap) -> None:
        """Tell every tap."""
        self._each(lambda tap: tap.frame(seen))

    def transition(self, transition: Transition) -> None:
        """Tell every tap."""
        self._each(lambda tap: tap.transition(transition))

    def finding(self, finding: Finding, time_ns: int) -> None:
        """Tell every tap."""
        self._each(lambda tap: tap.finding(finding, time_ns))

    def settled(self, request_id: RequestId, outcome: Outcome, message: str, time_ns: int) -> None:
        """Tell every tap."""
        self._each(lambda tap: tap.settled(request_id, outcome, message, time_ns))

    def _each(self, tell: Callable[[Tap], None]) -> None:
        for tap in self._taps:
            try:
                tell(tap)
            except Exception as error:  # noqa: BLE001 - told by `_failed`
                self._failed(tap, error)

    def _failed(self, tap: Tap, error: Exception) -> None:
        self.failures += 1
        if self.failures <= _FAILURES_LOGGED:
            logger.warning("A tap failed: %r", tap, exc_info=error)


_FAILURES_LOGGED = 10
_SECOND_NS = 1_000_000_000


class RateLimit:
    """Lets through so much a second: what a peer causes must not flood a log. Times are in ns."""

    def __init__(self, per_second: int) -> None:
        self._recent: deque[int] = deque(maxlen=max(per_second, 1))
        self._off = per_second <= 0
        self.suppressed = 0

    def allows(self, time_ns: int) -> bool:
        """Whether one more may pass now; one that may not is counted."""
        full = len(self._recent) == self._recent.maxlen
        # A clock that was set back must not silence the log until it has caught up.
        if self._off or (full and 0 <= time_ns - self._recent[0] < _SECOND_NS):
            self.suppressed += 1
            return False
        self._recent.append(time_ns)
        return True


@cache
def log_limit(per_second: int) -> RateLimit:
    """The limit that all connections of a process share: one after the other they could flood the log too."""
    return RateLimit(per_second)


class LogTap(Tap):
    """Writes findings to the `slipstream` logger, at most `per_second`, without payload (protocol.md §11)."""

    def __init__(self, per_second: int) -> None:
        self._limit = log_limit(per_second)
        self.suppressed = 0
        """Findings of this connection that were not logged."""

    def finding(self, finding: Finding, time_ns: int) -> None:
        """Log it, unless too many were logged within the last second."""
        if self._limit.allows(time_ns):
            logger.warning("%s (%s)", finding.text[:200], finding.section)
        else:
            self.suppressed += 1
