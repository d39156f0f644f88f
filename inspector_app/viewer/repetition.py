"""A repetition as it goes on: its figures, live, from the capture, and how they were over its time.

Owns which exchanges belong to it: those of this side of its operation and kind on its connection, from when
it was asked for on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from inspector_app.capture.repeated import AT_ONCE, Ran, ran_of, ran_since
from inspector_app.messages.repeat import Figures, Pace, percentile

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader
    from inspector_app.intents import MessageKind

KINDS: Final[dict[MessageKind, str]] = {
    "request": "request_response",
    "stream": "request_stream",
    "bidirectional": "stream_stream",
}
"""Kinds that have an answer to be timed, with what a capture calls them."""

MOST_CODES: Final = 20
SAMPLED: Final = 10_000
"""So many are looked at for a plot, which is drawn again and again."""


@dataclass(frozen=True, slots=True)
class Bin:
    """What ended in one stretch of the time. Durations in nanoseconds; None where nothing went well."""

    failed: int = 0
    p50: int | None = None
    p99: int | None = None


@dataclass(slots=True)
class Repetition:
    """What came of it so far. `after` is the number of the newest exchange from before it."""

    conn: int
    kind: MessageKind
    operation: str
    pace: Pace
    after: int
    sent: int = 0
    figures: Figures = field(default_factory=Figures)
    outcomes: dict[tuple[str, str], int] = field(default_factory=dict)
    """How many ended how, by outcome and, of errors, code; codes beyond `MOST_CODES` have no name."""
    began_ns: int = 0
    last_ns: int = 0
    stopped: bool = False
    _pending: dict[int, int] = field(default_factory=dict)
    _well: list[tuple[int, int]] = field(default_factory=list)
    _failed: list[int] = field(default_factory=list)

    def read(self, reader: CaptureReader) -> bool:
        """Take over what the capture has by now; tell whether that is anything new. Raises `CaptureError`."""
        before = (self.sent, self.figures.ended)
        for ran in ran_of(reader, self._pending):
            if ran.outcome != "pending":
                del self._pending[ran.id]
                self._end(ran)
        while self.sent < self.pace.times:
            found = ran_since(reader, self.after, self.conn, self.operation, KINDS[self.kind])
            for ran in found[: self.pace.times - self.sent]:
                self._begin(ran)
            if len(found) < AT_ONCE:
                break
        return before != (self.sent, self.figures.ended)

    def _begin(self, ran: Ran) -> None:
        self.after = ran.id
        self.sent += 1
        self.began_ns = self.began_ns or ran.opened_ns
        self.last_ns = max(self.last_ns, ran.opened_ns)
        if ran.outcome == "pending":
            self._pending[ran.id] = ran.opened_ns
        else:
            self._end(ran)

    def _end(self, ran: Ran) -> None:
        ended_ns = ran.ended_ns if ran.ended_ns is not None else ran.opened_ns
        well = ran.outcome == "ok"
        self.figures.took(ended_ns - ran.opened_ns, well=well)
        how = (ran.outcome, ran.code)
        if how not in self.outcomes and len(self.outcomes) >= MOST_CODES:
            how = (ran.outcome, "")
        self.outcomes[how] = self.outcomes.get(how, 0) + 1
        if well:
            self._well.append((ended_ns, ended_ns - ran.opened_ns))
        else:
            self._failed.append(ended_ns)
        self.last_ns = max(self.last_ns, ended_ns)

    @property
    def in_flight(self) -> int:
        """Sent and not ended."""
        return len(self._pending)

    @property
    def done(self) -> bool:
        """Whether all that is to come of it has come."""
        return self.figures.ended >= self.pace.times or (self.stopped and not self._pending)

    @property
    def per_second(self) -> float:
        """How many ended in a second, over all of it."""
        elapsed_ns = self.last_ns - self.began_ns
        return self.figures.ended / (elapsed_ns / 1e9) if elapsed_ns > 0 else 0.0

    def bins(self, count: int) -> list[Bin]:
        """Give its time in `count` equal stretches, from its beginning to what ended last.

        Of many, about `SAMPLED` of those that went well are looked at, and as many of those that did not.
        """
        span = max(1, self.last_ns - self.began_ns + 1)

        def place(ended_ns: int) -> int:
            return min(count - 1, max(0, (ended_ns - self.began_ns) * count // span))

        took: list[list[int]] = [[] for _ in range(count)]
        failed = [0] * count
        for ended_ns, took_ns in self._well[:: len(self._well) // SAMPLED + 1]:
            took[place(ended_ns)].append(took_ns)
        for ended_ns in self._failed[:: len(self._failed) // SAMPLED + 1]:
            failed[place(ended_ns)] += 1
        return [_bin(sorted(each), many) for each, many in zip(took, failed, strict=True)]


def _bin(ordered: list[int], failed: int) -> Bin:
    return Bin(failed=failed, p50=percentile(ordered, 0.5), p99=percentile(ordered, 0.99))
