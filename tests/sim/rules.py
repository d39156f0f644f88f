"""What all rules share: a violation, and the facts of a run in the form in which they ask for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from tests.sim.history import History, Part
from tests.sim.plan import SIDES, Call, FaultKind, Kind, Plan

NEAR_S = 1e-6
"""Times that are no further apart are the same."""


class Violation(NamedTuple):
    """A rule that was broken, by the name of the invariant, and how."""

    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.text}"


class Seen(NamedTuple):
    """A frame that a side sent or read, decoded; its place is that among all messages of the run."""

    place: int
    time_s: float
    side: str
    what: str
    frame: dict[str, Any]

    @property
    def kind(self) -> str:
        """The type of the frame."""
        return str(self.frame["type"])

    @property
    def exchange(self) -> tuple[str, int] | None:
        """The exchange that it belongs to."""
        named = self.frame.get("requestId")
        return (named[0], named[1]) if named else None


@dataclass
class Facts:
    """One run: its plan, its history, and what follows from them."""

    plan: Plan
    history: History

    @cached_property
    def frames(self) -> list[Seen]:
        """Every frame of the run, in the order in which it went by, but for those read after the end."""
        left = {side: len(self.history.tapped[side, "in"]) for side in SIDES}
        frames: list[Seen] = []
        for place, passing in enumerate(self.history.passings):
            left[passing.side] -= passing.what == "read"
            if passing.what == "sent" or left[passing.side] >= 0:
                frames.append(Seen(place, *passing[:3], json.loads(passing.text)))
        return frames

    @cached_property
    def by_exchange(self) -> dict[tuple[str, int], list[Seen]]:
        """The frames of each exchange."""
        found: dict[tuple[str, int], list[Seen]] = {}
        for seen in self.frames:
            if seen.exchange is not None:
                found.setdefault(seen.exchange, []).append(seen)
        return found

    @cached_property
    def exchange_of_call(self) -> dict[int, tuple[str, int]]:
        """The exchange that each call was, where its opening frame got as far as the wire."""
        return {
            seen.frame["data"]["call"]: exchange
            for exchange, frames in self.by_exchange.items()
            for seen in frames[:1]
            if isinstance(seen.frame.get("data"), dict) and "call" in seen.frame["data"]
        }

    def of_call(self, number: int) -> list[Seen]:
        """The frames of one call."""
        exchange = self.exchange_of_call.get(number)
        return [] if exchange is None else self.by_exchange[exchange]

    def read(self, number: int, side: str, kind: str) -> list[Seen]:
        """The frames of one call and one type that a side read."""
        return [
            seen
            for seen in self.of_call(number)
            if seen.side == side and seen.what == "read" and seen.kind == kind
        ]

    def call(self, number: int) -> Call:
        """The call of this number."""
        return self.plan.call(number)

    def handler(self, number: int) -> Part | None:
        """The one run of the handler of a call, if it ran."""
        runs = self.history.answered.get(number, [])
        return runs[0] if runs else None

    def ended_s(self, side: str) -> float:
        """When the connection had ended, as a side was told."""
        ended = self.history.ended_s(side)
        return float("inf") if ended is None else ended

    def closing_s(self, side: str) -> float:
        """When a side began to close the connection on purpose."""
        began = [began for began, _, _ in self.history.closings[side]]
        return min(began, default=float("inf"))

    def down_s(self, side: str) -> float:
        """When the socket of a side was no longer open, or when its protocol was told: the earlier."""
        return min(self.history.down_s.get(side, float("inf")), self.ended_s(side))

    def over_s(self, number: int, side: str) -> float:
        """When the exchange of a call was over for a side: by an ending that it sent, read or decided on."""
        halves = 0
        for seen in self.of_call(number):
            if seen.side != side:
                continue
            halves += seen.kind == "stream_end"
            bidirectional = self.call(number).kind is Kind.BIDI
            ended = seen.kind in ("response", "error") or (halves == 2 if bidirectional else halves == 1)
            if ended:
                return min(seen.time_s, self.settled_s(side, number))
        return min(self.settled_s(side, number), self.ended_s(side))

    def nothing_holds_up(self) -> bool:
        """Whether every message is soon where it is to go, and no limit is meant to be reached."""
        deaf = (FaultKind.SILENCE, FaultKind.STOP_LISTENING)
        silent = any(self.suffered(side, fault) for side in SIDES for fault in deaf)
        narrow = any(road.capacity is not None for road in self.plan.roads.values())
        return not (silent or narrow or any(map(self.tight, SIDES)))

    def settled_s(self, side: str, number: int) -> float:
        """When a side ended a call by itself: cancelled it, or its time was up."""
        exchange = self.exchange_of_call.get(number)
        times = [time_s for time_s, settled, _ in self.history.settled[side] if settled == exchange]
        return min(times, default=float("inf"))

    def suffered(self, side: str, fault: FaultKind) -> bool:
        """Whether a fault struck a side."""
        return (fault.name, side) in [(what, where) for _, what, where in self.history.happened]

    def knows_the_other(self, side: str, time_s: float) -> bool:
        """Whether a side had read anything of the other before."""
        return any(seen.side == side and seen.what == "read" and seen.time_s < time_s for seen in self.frames)

    def modern(self) -> bool:
        """Whether both sides are."""
        return not self.plan.legacy

    def tight(self, side: str) -> bool:
        """Whether the limits of a side are meant to be reached."""
        return self.plan.limits[side].in_flight < 1000


def broken(rule: str, *conditions: tuple[bool, str]) -> Iterator[Violation]:
    """A violation for each condition that does not hold."""
    for holds, text in conditions:
        if not holds:
            yield Violation(rule, text)
