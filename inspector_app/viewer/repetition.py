"""A repetition as it goes on: its figures, live, from the capture, and how they were over its time.

Owns which exchanges belong to it: those of this side of its operation and kind on its connection, from when
it was asked for on. Of messages without an answer, and of why it ended early, the engine tells.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from inspector_app.capture.repeated import AT_ONCE, Ran, ran_of, ran_since
from inspector_app.display import formats
from inspector_app.messages.repeat import Figures, Pace, percentile

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader
    from inspector_app.intents import MessageKind
    from inspector_app.standing import RepetitionStanding

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
    standing: RepetitionStanding | None = None
    """How the engine says that it stands; None: it did not say yet."""
    _pending: dict[int, int] = field(default_factory=dict)
    _well: list[tuple[int, int]] = field(default_factory=list)
    _failed: list[int] = field(default_factory=list)

    def read(self, reader: CaptureReader) -> bool:
        """Take over what the capture has by now; tell whether that is anything new. Raises `CaptureError`."""
        if not self.timed:
            return False
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

    def stands(self, standing: RepetitionStanding) -> bool:
        """Take over what the engine says; tell whether that is anything new."""
        changed, self.standing = standing != self.standing, standing
        if not self.timed:
            self.sent, self.began_ns, self.last_ns = standing.sent, standing.began_ns, standing.last_ns
        return changed

    @property
    def timed(self) -> bool:
        """Whether there are answers to be timed."""
        return self.kind in KINDS

    @property
    def ended(self) -> int:
        """How many are over: answered or failed; of messages without an answer, sent."""
        return self.figures.ended if self.timed else self.sent

    @property
    def in_flight(self) -> int:
        """Sent and not ended."""
        return len(self._pending)

    @property
    def done(self) -> bool:
        """Whether all that is to come of it has come."""
        return self.ended >= self.pace.times or ((self.stopped or self.why != "") and not self._pending)

    @property
    def why(self) -> str:
        """One sentence on why it ended before all were sent; empty: it did not."""
        return self.standing.why if self.standing is not None and self.standing.over else ""

    @property
    def per_second(self) -> float:
        """How many were over in a second, over all of its time."""
        elapsed_ns = self.last_ns - self.began_ns
        return self.ended / (elapsed_ns / 1e9) if elapsed_ns > 0 else 0.0

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


def why_told(repetition: Repetition) -> str:
    """Say in a sentence that it ended early, after how many, and why; empty: it did not."""
    if not repetition.why or repetition.stopped or repetition.ended >= repetition.pace.times:
        return ""
    count = f"{formats.count(repetition.ended)} of {formats.count(repetition.pace.times)}"
    return f"It ended early, after {count}. {repetition.why}"


def _bin(ordered: list[int], failed: int) -> Bin:
    return Bin(failed=failed, p50=percentile(ordered, 0.5), p99=percentile(ordered, 0.99))
