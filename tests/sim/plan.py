"""From a seed to a plan: who calls what, when, how both parties behave, and what goes wrong meanwhile.

A plan is plain data and holds everything that a run depends on. Times are seconds, nearly all whole
milliseconds, so that much happens at the same moment.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum

from slipstream import Limits

LEFT, RIGHT = "left", "right"
SIDES = (LEFT, RIGHT)
FRAME_BYTES = 2048
"""The size limit of a frame in every run; small, so that going over it is cheap."""
CLOSE_TIMEOUT_S = 0.2
SHORT_SEND_TIMEOUT_S = 0.03
HANDLER_STOP_S = 0.3
LONG_RUN_S = 1.0
LONG_WAIT_S = 5.0
ENDLESS = 10_000
"""So many items are more than any run sends."""


def other(side: str) -> str:
    """The side across."""
    return RIGHT if side == LEFT else LEFT


class Kind(Enum):
    """What can be called; the value is the name of the operation."""

    UNARY = "unary"
    STREAM = "stream"
    BIDI = "bidi"
    NOTE = "note"


class Leaving(Enum):
    """How an opener leaves a stream that it does not read to its end."""

    ACLOSE = "aclose"
    BLOCK = "the end of async with"
    FAILING_BLOCK = "an exception in async with"
    DROP = "dropping it"
    ABORT = "abort"


class Failure(Enum):
    """How a handler fails."""

    CHOSEN = "a HandlerError with a code"
    RAISES = "any exception"
    UNSAYABLE = "a value that is no JSON"
    TOO_LARGE = "a value over the size limit"
    CANCELS_ITSELF = "a CancelledError of its own"
    MISSING = "no such operation"
    WRONG_KIND = "an operation of another kind"


class Style(Enum):
    """How a handler of a bidirectional stream behaves."""

    ECHO = "sends every item back"
    TALK = "reads and sends at the same time"
    DEAF = "sends without reading"


@dataclass(frozen=True, slots=True)
class Asking:
    """What the opener does. `takes`: it leaves after so many items; None reads to the end."""

    timeout_s: float | None = None
    idle_timeout_s: float | None = None
    cancel_after_s: float | None = None
    takes: int | None = None
    leaving: Leaving = Leaving.ACLOSE
    pace_s: float = 0.0
    sends: int = 0
    send_pace_s: float = 0.0
    unsayable: bool = False
    along: tuple[int, ...] = ()
    """Calls that it makes while it reads: one for each item."""


@dataclass(frozen=True, slots=True)
class Answering:
    """What the handler does. A failure comes after `items`; `takes` is as in `Asking`."""

    wait_s: float = 0.0
    items: int = 0
    pace_s: float = 0.0
    failure: Failure | None = None
    style: Style = Style.TALK
    takes: int | None = None
    ignores_cancelling: bool = False
    along: tuple[int, ...] = ()
    """Calls that it makes back before it answers."""
    all_at_once: bool = False

    @property
    def lasts(self) -> bool:
        """Whether it goes on for longer than any run."""
        return self.items == ENDLESS or self.wait_s == LONG_WAIT_S


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `parent`: the call within which it is made; then `at_s` means nothing."""

    number: int
    side: str
    kind: Kind
    at_s: float
    asking: Asking
    answering: Answering
    padding: int = 0
    parent: int | None = None


class FaultKind(Enum):
    """What goes wrong with a connection."""

    CUT = "cut"
    SILENCE = "silence"
    FREEZE = "freeze"
    CLOSE_UNDERNEATH = "the program closes the websocket itself"
    ACLOSE = "aclose"
    STOP_LISTENING = "listen() is cancelled"


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong at one side. `lasts_s`: of a freeze, until a ping is missed, or to drain."""

    kind: FaultKind
    side: str
    at_s: float
    lasts_s: float = 0.0
    code: int = 1000


@dataclass(frozen=True, slots=True)
class RoadPlan:
    """What one direction is like: each delay is `base_s` and up to `jitter_s` more, sometimes `spike_s`."""

    base_s: float = 0.0
    jitter_s: float = 0.0
    spike_s: float = 0.0
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that one run depends on."""

    seed: int
    limits: dict[str, Limits]
    roads: dict[str, RoadPlan]
    """By the side that sends."""
    legacy: bool
    loses_what_is_on_its_way: bool
    listens_at_s: dict[str, float]
    calls: tuple[Call, ...]
    faults: tuple[Fault, ...]
    ends_at_s: float
    ends_by: str
    drain_s: float
    room_bytes: int
    """So much waits to be written, and whoever sends waits too."""
    items_a_turn: int
    """So many items are read in one go, and the others have their turn."""

    def call(self, number: int) -> Call:
        """The call of this number."""
        return next(call for call in self.calls if call.number == number)


def plan_of(seed: int) -> Plan:
    """The plan that a seed stands for; always the same."""
    return _Planner(seed).plan()


_STEP_S = 0.001
_ENDLESS_PACE_S = 0.01
_SPAN_STEPS = 150


@dataclass(slots=True)
class _Planner:
    seed: int
    rng: random.Random = field(init=False)
    calls: list[Call] = field(default_factory=list)
    numbers: Iterator[int] = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.numbers = iter(range(10_000))

    def plan(self) -> Plan:
        tight = self._chance(0.3)
        for _ in range(self.rng.choice((2, 4, 8, 12, 20))):
            self._call(self.rng.choice(SIDES), depth=0)
        return Plan(
            seed=self.seed,
            limits={side: self._limits(tight=tight) for side in SIDES},
            roads={side: self._road() for side in SIDES},
            legacy=self._chance(0.3),
            loses_what_is_on_its_way=self._chance(0.5),
            listens_at_s={side: self._steps(5) if self._chance(0.1) else 0.0 for side in SIDES},
            calls=tuple(self.calls),
            faults=tuple(self._faults()),
            ends_at_s=self.rng.choice((_SPAN_STEPS * _STEP_S, 2 * _SPAN_STEPS * _STEP_S, LONG_RUN_S)),
            ends_by=self.rng.choice(SIDES),
            drain_s=self.rng.choice((0.0, 0.0, 0.05, 0.5)),
            room_bytes=self.rng.choice((300, 64 * 1024)),
            items_a_turn=self.rng.choice((2, 256)),
        )

    def _chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def _steps(self, most: int) -> float:
        return self.rng.randint(0, most) * _STEP_S

    def _limits(self, *, tight: bool) -> Limits:
        return Limits(
            frame_bytes=FRAME_BYTES,
            in_flight=self.rng.choice((2, 4, 16)) if tight else 16_384,
            stream_buffer_bytes=self.rng.choice((500, 2000, 32_000)) if tight else 1_000_000,
            connection_buffer_bytes=self.rng.choice((1000, 50_000)) if tight else 10_000_000,
            outbox_bytes=self.rng.choice((300, 3000)) if tight else 1_000_000,
            request_timeout_s=600.0,
            close_timeout_s=CLOSE_TIMEOUT_S,
            handler_stop_s=HANDLER_STOP_S,
            send_timeout_s=self.rng.choice((SHORT_SEND_TIMEOUT_S, 60.0)) if tight else 60.0,
            idle_timeout_s=None,
            loop_block_warn_s=None,
            credit=self.rng.choice((1, 2, 3, 8, 256)),
        )

    def _road(self) -> RoadPlan:
        return RoadPlan(
            base_s=self.rng.choice((0.0, 0.0, 0.001, 0.005)),
            jitter_s=self.rng.choice((0.0, 0.0, 0.002, 0.01)),
            spike_s=self.rng.choice((0.0, 0.0, 0.0, 0.08)),
            capacity=self.rng.choice((None, None, None, 1, 3, 10)),
        )

    def _faults(self) -> Iterator[Fault]:
        for _ in range(self.rng.choice((0, 0, 1, 1, 2))):
            kind = self.rng.choice(tuple(FaultKind))
            yield Fault(
                kind,
                self.rng.choice(SIDES),
                self._steps(_SPAN_STEPS),
                lasts_s=self._steps(60),
                code=self.rng.choice((1000, 1001, 1011, 1012)),
            )

    def _call(self, side: str, *, depth: int, parent: int | None = None) -> int:
        number = next(self.numbers)
        kind = self.rng.choice(
            (Kind.UNARY, Kind.UNARY, Kind.STREAM, Kind.STREAM, Kind.BIDI, Kind.BIDI, Kind.NOTE)
        )
        asking = self._asking(number, side, depth, kind)
        answering = self._answering(number, side, depth, kind)
        if answering.lasts and self._chance(0.8):
            asking = self._walking_away(asking)
        padding = self.rng.choice((0, 0, 0, 50, 200))
        self.calls.append(
            Call(number, side, kind, self._steps(_SPAN_STEPS), asking, answering, padding, parent)
        )
        return number

    def _walking_away(self, asking: Asking) -> Asking:
        """An opener that does not wait for what has no end."""
        if self._chance(0.5):
            return replace(asking, takes=self.rng.randint(0, 3))
        return replace(asking, cancel_after_s=self._steps(100))

    def _asking(self, number: int, side: str, depth: int, kind: Kind) -> Asking:
        reads = kind in (Kind.STREAM, Kind.BIDI)
        leavings = tuple(Leaving) if kind is Kind.BIDI else tuple(Leaving)[:-1]
        return Asking(
            timeout_s=self._steps(60) + _STEP_S if self._chance(0.2) else None,
            idle_timeout_s=self._steps(30) + _STEP_S if reads and self._chance(0.1) else None,
            cancel_after_s=self._steps(40) if self._chance(0.12) else None,
            takes=self.rng.randint(0, 6) if reads and self._chance(0.35) else None,
            leaving=self.rng.choice(leavings),
            pace_s=self._pace() if reads else 0.0,
            sends=self._items() if kind is Kind.BIDI else 0,
            send_pace_s=self._pace(),
            unsayable=self._chance(0.02),
            along=self._along(number, side, depth) if reads else (),
        )

    def _answering(self, number: int, side: str, depth: int, kind: Kind) -> Answering:
        items = self._items() if kind in (Kind.STREAM, Kind.BIDI) else 0
        endless = items > 0 and self._chance(0.08)
        return Answering(
            wait_s=self._steps(self.rng.choice((0, 5, 80))) if not self._chance(0.06) else LONG_WAIT_S,
            items=ENDLESS if endless else items,
            pace_s=_ENDLESS_PACE_S if endless else self._pace(),
            failure=self.rng.choice(tuple(Failure)) if self._chance(0.2) else None,
            style=self.rng.choice(tuple(Style)),
            takes=self.rng.randint(0, 5) if self._chance(0.2) else None,
            ignores_cancelling=self._chance(0.05),
            along=self._along(number, other(side), depth),
            all_at_once=self._chance(0.5),
        )

    def _along(self, number: int, side: str, depth: int) -> tuple[int, ...]:
        if depth >= 2 or not self._chance(0.15):
            return ()
        return tuple(self._call(side, depth=depth + 1, parent=number) for _ in range(self.rng.randint(1, 3)))

    def _items(self) -> int:
        return self.rng.choice((0, 1, 2, 3, 5, 8, 20))

    def _pace(self) -> float:
        return self.rng.choice((0.0, 0.0, 0.001, 0.005))
