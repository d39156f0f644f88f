"""Runs a plan: two protocols over a pipe in virtual time, their programs, and what goes wrong meanwhile."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from slipstream import ConnectionLostError, ConnectionState, Protocol, outbox, streams
from tests.sim import clock
from tests.sim.history import History, Observer
from tests.sim.party import Answerer, Party
from tests.sim.pipe import Delay, Road, Socket, pipe
from tests.sim.plan import LEFT, RIGHT, SIDES, Call, Fault, FaultKind, Plan, RoadPlan, other
from tests.slipstream.support import leftovers

MOMENT_S = 0.0005
"""Between the times at which anything is planned."""
AT_REST_S = 0.3
"""Nothing is on its way any more if nothing has happened for so long."""
SETTLED_S = 1.0
"""All is to be over so long after both connections have ended."""
_CLOSING_TAKES_AT_MOST_S = 60.0


def run(plan: Plan) -> History:
    """Run a plan to its end, and give everything that was seen of it."""
    with _complaints_heard() as complaints:
        history = History(complaints=complaints)
        with _made_small(plan):
            clock.run(_World(plan, history).play())
        history.forget_the_loop()
        gc.collect()
    return history


@contextmanager
def _complaints_heard() -> Iterator[list[str]]:
    """Collect what would go unheard; nothing is collected by the way, so that a run is always the same."""
    complaints: list[str] = []
    logger, hook, collects = logging.getLogger("slipstream"), sys.unraisablehook, gc.isenabled()
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    sys.unraisablehook = lambda seen: complaints.append(f"unraisable: {seen.exc_value!r} in {seen.object!r}")
    gc.disable()
    gc.freeze()  # so that looking for garbage looks at nothing older than the run
    try:
        yield complaints
    finally:
        gc.unfreeze()
        if collects:
            gc.enable()
        sys.unraisablehook = hook
        logger.setLevel(level)


@contextmanager
def _made_small(plan: Plan) -> Iterator[None]:
    """Let what the library does once in thousands of messages happen here."""
    with (
        patch.object(outbox, "_ROOM_BYTES", plan.room_bytes),
        patch.object(streams, "_ITEMS_A_TURN", plan.items_a_turn),
    ):
        yield


class _World:
    def __init__(self, plan: Plan, history: History) -> None:
        self.plan = plan
        self.history = history
        self.asking: list[asyncio.Task[None]] = []
        self.striking: list[asyncio.Task[None]] = []

    async def play(self) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, clock.VirtualLoop)
        loop.set_exception_handler(self._complain)
        self.history.clock = loop.time
        self._build()
        await self._live(loop)
        await self._settle(loop)

    def _complain(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.history.complaints.append(f"{context['message']}: {context.get('exception')!r}")

    def _build(self) -> None:
        plan, history = self.plan, self.history
        sockets = pipe(
            history.recorder(LEFT),
            history.recorder(RIGHT),
            there=_road(plan, LEFT),
            back=_road(plan, RIGHT),
        )
        self.sockets: dict[str, Socket] = dict(zip(SIDES, sockets, strict=True))
        self.parties = {side: Party(side, plan, history) for side in SIDES}
        self.protocols: dict[str, Protocol] = {}
        for side in SIDES:
            self.sockets[side].loses_what_is_on_its_way = plan.loses_what_is_on_its_way
            self.protocols[side] = self.parties[side].protocol = Protocol(
                self.sockets[side],
                handler=Answerer(self.parties[side], plan),
                peer_id=side,
                limits=plan.limits[side],
                taps=[Observer(history, side)],
                software="sim",
            )

    async def _live(self, loop: clock.VirtualLoop) -> None:
        plan = self.plan
        self.listening = {side: loop.create_task(self._listen(side), name=f"listen-{side}") for side in SIDES}
        for call in plan.calls:
            if call.parent is None:
                loop.call_at(call.at_s, self._begin, call)
        for fault in plan.faults:
            loop.call_at(fault.at_s, self._strike, fault)
        await asyncio.sleep(plan.ends_at_s - MOMENT_S)
        self._look_at_rest()
        await asyncio.sleep(MOMENT_S)
        for side, drain_s in ((plan.ends_by, plan.drain_s), (other(plan.ends_by), 0.0)):
            async with asyncio.timeout(_CLOSING_TAKES_AT_MOST_S):
                await self._aclose(side, 1000, drain_s)
                await self.protocols[side].wait_closed()

    def _look_at_rest(self) -> None:
        """See what is held where all calls are over, but not the connection."""
        history, runs = self.history, [run for runs in self.history.answered.values() for run in runs]
        calls_are_over = all(task.done() for task in self.asking) and all(run.endings for run in runs)
        states = {protocol.state for protocol in self.protocols.values()}
        rests = history.clock() - history.last_s > AT_REST_S
        if calls_are_over and rests and states == {ConnectionState.CONNECTED}:
            history.held_at_rest = {side: leftovers(self.protocols[side]) for side in SIDES}

    async def _listen(self, side: str) -> None:
        try:
            await asyncio.sleep(self.plan.listens_at_s[side])
            await self.protocols[side].listen()
            how = "returned"
        except (ConnectionLostError, RuntimeError, asyncio.CancelledError) as error:
            how = type(error).__name__
        self.history.listened[side] = how
        self.history.note(side, f"listen() {how}")

    def _begin(self, call: Call) -> None:
        loop = asyncio.get_running_loop()
        self.asking.append(loop.create_task(self.parties[call.side].ask(call), name=f"call-{call.number}"))

    # -- what goes wrong ----------------------------------------------------------------------------------

    def _strike(self, fault: Fault) -> None:
        loop, side = asyncio.get_running_loop(), fault.side
        self.history.happened.append((loop.time(), fault.kind.name, side))
        self.history.note(side, f"suffers {fault.kind.name}")
        socket = self.sockets[side]
        match fault.kind:
            case FaultKind.CUT:
                socket.abort()
            case FaultKind.SILENCE:
                for end in SIDES:
                    self.sockets[end].silence()
                    loop.call_later(fault.lasts_s, self.sockets[end].miss_a_ping)
            case FaultKind.FREEZE:
                socket.freeze()
                loop.call_later(fault.lasts_s, socket.thaw)
            case FaultKind.CLOSE_UNDERNEATH:
                self.striking.append(loop.create_task(socket.close(fault.code), name="close-underneath"))
            case FaultKind.ACLOSE:
                closing = self._aclose(side, fault.code, fault.lasts_s)
                self.striking.append(loop.create_task(closing, name=f"aclose-{side}"))
            case FaultKind.STOP_LISTENING:
                self.listening[side].cancel()

    async def _aclose(self, side: str, code: int, drain_s: float) -> None:
        began_s = self.history.clock()
        number = len(self.history.closings[side])
        self.history.closings[side].append((began_s, None, drain_s))
        self.history.note(side, f"aclose({code}, drain_s={drain_s})")
        await self.protocols[side].aclose(code, "as planned", drain_s=drain_s)
        self.history.closings[side][number] = (began_s, self.history.clock(), drain_s)
        self.history.note(side, "aclose returned")

    # -- the end ------------------------------------------------------------------------------------------

    async def _settle(self, loop: clock.VirtualLoop) -> None:
        """Wait until all must be over, and write down what is not."""
        await asyncio.sleep(max(SETTLED_S, *(call.at_s for call in self.plan.calls)))
        for task in [*self.asking, *self.striking, *self.listening.values()]:
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                self.history.complaints.append(f"{task.get_name()} raised {error!r}")
        for side, socket in self.sockets.items():
            self.history.close_codes[side] = socket.close_code
            if socket.down_s is not None:
                self.history.down_s[side] = socket.down_s
        me = asyncio.current_task()
        self.history.pending = sorted(
            f"{task.get_name()} in {clock.where(task)}" for task in asyncio.all_tasks() if task is not me
        )
        self.history.pending += [f"timer {timer!r}" for timer in loop.timers()]
        self.history.left_behind = {side: leftovers(self.protocols[side]) for side in SIDES}


def _road(plan: Plan, sender: str) -> Road:
    rng = random.Random(f"{plan.seed} {sender}")
    road = plan.roads[sender]
    return Road(_delay(road, rng), road.capacity, as_a_legacy_peer if plan.legacy else _as_it_is)


def _delay(road: RoadPlan, rng: random.Random) -> Delay:
    def delay() -> float:
        spike_s = road.spike_s if road.spike_s and rng.random() < _SPIKES else 0.0
        return road.base_s + spike_s + (rng.choice((0.0, 0.5, 1.0)) * road.jitter_s)

    return delay


_SPIKES = 0.1


def _as_it_is(text: str) -> str | None:
    return text


def as_a_legacy_peer(text: str) -> str | None:
    """What a peer that knows nothing of `meta` or of reserved operations would have sent, or understood."""
    frame = json.loads(text)
    frame.pop("meta", None)
    operation = frame["data"].get("operation") if isinstance(frame.get("data"), dict) else None
    if frame["type"] == "fire_and_forget" and str(operation).startswith("slipstream."):
        return None
    return json.dumps(frame, separators=(",", ":"))
