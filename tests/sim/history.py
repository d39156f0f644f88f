"""What happened in a run, as its programs and its wire saw it: the material that the checker judges.

Nothing here comes out of the library's own bookkeeping, but for what its taps were told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from slipstream import Finding, FrameTap, Outcome, RemoteError, Tap, Transition
from slipstream.exchanges import RequestId
from tests.sim.plan import SIDES


class Passing(NamedTuple):
    """A message that a side gave to its socket (`sent`) or got from it (`read`)."""

    time_s: float
    side: str
    what: str
    text: str


class Move(NamedTuple):
    """A transition of a connection's state, by the names of the states."""

    time_s: float
    old: str
    new: str
    code: int | None


@dataclass(slots=True)
class Part:
    """One party's part in one call: its opener's, or that of one run of its handler."""

    number: int
    side: str
    began_s: float
    ended_s: float | None = None
    endings: list[str] = field(default_factory=list)
    """What the program was told: `result`, `end`, `left`, or the name of an exception."""
    value: Any = None
    received: list[Any] = field(default_factory=list)
    received_at_s: list[float] = field(default_factory=list)
    in_ended_s: float = 0.0
    in_ending: str | None = None
    """How the items that came ended; None if they were not read to an ending."""
    after_ending: str | None = None
    """What asking again after the ending told."""
    sending_s: list[float] = field(default_factory=list)
    """When each item was begun to be sent."""
    sent: int = 0
    """Items whose sending has returned."""
    out_ending: str | None = None
    """`end` once this side's half was ended as planned, else what ended the sending."""
    cancelled_s: float | None = None
    """When the program cancelled it."""

    def end(self, how: str, time_s: float) -> None:
        """The one ending."""
        self.endings.append(how)
        self.ended_s = time_s


@dataclass(slots=True)
class History:
    """Everything that was seen of one run."""

    clock: Callable[[], float] = float
    asked: dict[int, Part] = field(default_factory=dict)
    answered: dict[int, list[Part]] = field(default_factory=dict)
    passings: list[Passing] = field(default_factory=list)
    moves: dict[str, list[Move]] = field(default_factory=lambda: {side: [] for side in SIDES})
    findings: list[str] = field(default_factory=list)
    settled: dict[str, list[tuple[float, RequestId, str]]] = field(
        default_factory=lambda: {side: [] for side in SIDES}
    )
    """What each side ended by itself: when, which exchange, how."""
    tapped: dict[tuple[str, str], list[str | bytes]] = field(default_factory=dict)
    listened: dict[str, str] = field(default_factory=dict)
    """How each side's `listen()` ended."""
    closings: dict[str, list[tuple[float, float | None, float]]] = field(
        default_factory=lambda: {side: [] for side in SIDES}
    )
    """Each `aclose()` of a side: when it was called, when it returned, how long it was to drain."""
    down_s: dict[str, float] = field(default_factory=dict)
    """When the socket of each side was no longer open."""
    close_codes: dict[str, int | None] = field(default_factory=dict)
    """What the socket of each side told of its end."""
    happened: list[tuple[float, str, str]] = field(default_factory=list)
    """Faults as they struck: time, what, side."""
    complaints: list[str] = field(default_factory=list)
    """What went to the loop's exception handler or to the hook for the unraisable."""
    pending: list[str] = field(default_factory=list)
    """What still ran when all should have been over."""
    left_behind: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What each protocol still held when all was over."""
    held_at_rest: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What each protocol held when nothing had happened for long and the connection was still there."""
    trace: list[str] = field(default_factory=list)
    last_s: float = 0.0
    """When something happened last."""

    def forget_the_loop(self) -> None:
        """The run is over: nothing of its loop is to be kept alive by what is kept of it."""
        over_s = self.clock()
        self.clock = lambda: over_s

    def note(self, side: str, text: str) -> None:
        """Add a line to the trace."""
        self.last_s = self.clock()
        self.trace.append(f"{self.last_s:.6f} {side} {text}")

    def begin(self, number: int, side: str, *, asks: bool) -> Part:
        """A party begins its part of a call."""
        part = Part(number, side, self.clock())
        if asks:
            self.asked[number] = part
        else:
            self.answered.setdefault(number, []).append(part)
        self.note(side, f"{'asks' if asks else 'answers'} {number}")
        return part

    def end(self, part: Part, how: str) -> None:
        """A party has been told how its part ended."""
        part.end(how, self.clock())
        self.note(part.side, f"{part.number} ended: {how}, {len(part.received)} in, {part.sent} out")

    def recorder(self, side: str) -> Callable[[str, str], None]:
        """What the socket of a side tells of its messages."""

        def record(what: str, text: str) -> None:
            self.passings.append(Passing(self.clock(), side, what, text))
            self.note(side, f"{what} {text}")

        return record

    def ended_s(self, side: str) -> float | None:
        """When the connection of a side had ended, as its taps were told."""
        moves = self.moves[side]
        return moves[-1].time_s if moves and moves[-1].new in ("CLOSED", "LOST") else None

    def final_state(self, side: str) -> str:
        """The last state that the taps of a side were told."""
        return self.moves[side][-1].new if self.moves[side] else "CONNECTING"


class Observer(Tap):
    """Writes what the taps of one side are told into the history."""

    def __init__(self, history: History, side: str) -> None:
        self._history = history
        self._side = side
        self._messages = {
            direction: history.tapped.setdefault((side, direction), []) for direction in ("in", "out")
        }

    def frame(self, seen: FrameTap) -> None:
        self._messages[seen.direction].append(seen.message)

    def transition(self, transition: Transition) -> None:
        old, new = transition.old.name, transition.new.name
        self._history.moves[self._side].append(Move(self._history.clock(), old, new, transition.code))
        self._history.note(self._side, f"{old} -> {new} {transition.code} {transition.reason}")

    def finding(self, finding: Finding, time_ns: int) -> None:
        self._history.findings.append(f"{self._side}: {finding.rule} {finding.request_id}: {finding.text}")
        self._history.note(self._side, f"finding {finding.rule} {finding.request_id}")

    def settled(self, request_id: RequestId, outcome: Outcome, message: str, time_ns: int) -> None:
        self._history.settled[self._side].append((self._history.clock(), request_id, outcome.value))
        self._history.note(self._side, f"settled {request_id} {outcome.value}")


def told(error: BaseException) -> str:
    """An ending as the history names it."""
    if isinstance(error, asyncio.CancelledError):
        return "cancelled"
    if isinstance(error, RemoteError):
        return f"RemoteError:{error.code}"
    return type(error).__name__
