"""A task that is cancelled at any of its suspensions leaves nothing behind, here or at the other side."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from slipstream import Limits, Protocol, SlipstreamError, outbox
from tests.conftest import Figure
from tests.sim import clock
from tests.sim.pipe import Road, pipe
from tests.sim.scenarios import (
    CALLERS,
    HANDLERS,
    ROOM_BYTES,
    SETTLED_S,
    Bench,
    Scenario,
    Worker,
    a_step,
    nobody,
    quietly,
)
from tests.sim.stepping import Moment, Stepper
from tests.slipstream.support import leftovers

MOST_SUSPENSIONS = 200


class SteppedLoop(clock.VirtualLoop):
    """A loop that lets a stepper drive the next task of the name `stepped`: that of a handler."""

    def __init__(self, stepper: Stepper) -> None:
        super().__init__()
        self._stepper = stepper
        self.stepped: str | None = None

    def create_task(self, coro: Any, *, name: Any = None, **options: Any) -> Any:
        if name is not None and name == self.stepped:
            self.stepped = None
            coro = self._stepper.drive(coro)
        return super().create_task(coro, name=name, **options)


def play(scenario: Scenario, stepper: Stepper, *, handler: str | None = None) -> list[str]:
    """Run a scenario with its own task driven, or that of a handler; gives all that is wrong afterwards."""
    wrong: list[str] = []
    loop = SteppedLoop(stepper)
    loop.set_exception_handler(lambda _, context: wrong.append(f"unheard: {context['message']}"))
    gc.freeze()  # so that looking for garbage looks at nothing older than this
    try:
        with (
            patch.object(outbox, "_ROOM_BYTES", ROOM_BYTES),
            asyncio.Runner(loop_factory=lambda: loop) as runner,
        ):
            runner.run(_play(scenario, stepper, wrong, loop, handler))
        gc.collect()
    finally:
        gc.unfreeze()
    return wrong


async def _play(
    scenario: Scenario, stepper: Stepper, wrong: list[str], loop: SteppedLoop, handler: str | None
) -> None:
    limits = Limits(credit=2, handler_stop_s=0.5, close_timeout_s=0.2)
    sockets = pipe(nobody, nobody, there=Road(a_step, 2), back=Road(a_step, 2))
    workers = Worker(), Worker()
    left, right = (
        Protocol(socket, handler=worker, limits=replace(limits, outbox_bytes=room), peer_id=socket.name)
        for socket, worker, room in zip(sockets, workers, (400, 10_000), strict=True)
    )
    bench = Bench(left, right, sockets)
    for protocol in (left, right):
        bench.listens.append(asyncio.create_task(quietly(protocol.listen())))
    await asyncio.sleep(0)
    await left.request_response({"operation": "slow"})  # so that each knows the other
    if handler is None:
        wrong += await _ending_of(stepper.drive(scenario(bench)), expected=())
    else:
        loop.stepped = handler
        wrong += await _ending_of(scenario(bench), expected=SlipstreamError)
    gc.collect()  # what was left by dropping it is dropped now
    await asyncio.sleep(SETTLED_S)
    wrong += await _left_over(bench, workers)


async def _ending_of(work: Coroutine[Any, Any, None], *, expected: type[Exception] | tuple[()]) -> list[str]:
    task = asyncio.get_running_loop().create_task(work)
    await asyncio.wait([task], timeout=SETTLED_S)
    if not task.done():
        return [f"the task still runs in {clock.where(task)}"]
    error = None if task.cancelled() else task.exception()
    return [] if error is None or isinstance(error, expected) else [f"the task raised {error!r}"]


async def _left_over(bench: Bench, workers: tuple[Worker, Worker]) -> list[str]:
    """What is left of the exchanges, then of the connection."""
    wrong = [f"before the close: {held}" for held in map(leftovers, (bench.left, bench.right)) if held]
    wrong += [f"{worker.running} handlers run" for worker in workers if worker.running]
    if not any(
        protocol.state.name in ("CLOSING", "CLOSED", "LOST") for protocol in (bench.left, bench.right)
    ):
        for protocol in (bench.left, bench.right):
            wrong += await _still_works(protocol)
    await asyncio.gather(bench.left.aclose(), bench.right.aclose())
    await asyncio.sleep(SETTLED_S)
    wrong += [f"after the close: {held}" for held in map(leftovers, (bench.left, bench.right)) if held]
    me = asyncio.current_task()
    wrong += [f"still running: {clock.where(task)}" for task in asyncio.all_tasks() if task is not me]
    loop = asyncio.get_running_loop()
    assert isinstance(loop, clock.VirtualLoop)
    return wrong + [f"a timer is set: {timer!r}" for timer in loop.timers()]


async def _still_works(protocol: Protocol) -> list[str]:
    try:
        answer = await protocol.request_response({"operation": "slow", "value": "good"}, timeout=1.0)
    except SlipstreamError as error:
        return [f"afterwards a good request failed: {error!r}"]
    return [] if answer == "good" else [f"afterwards a good request was answered with {answer!r}"]


# -- the tests ----------------------------------------------------------------------------------------------

CASES = [(scenario.__name__, scenario, None) for scenario in CALLERS] + [
    (f"handler of {scenario.__name__}", scenario, name) for name, scenario in HANDLERS
]


def _suspensions(scenario: Scenario, handler: str | None) -> int:
    stepper = Stepper()
    assert play(scenario, stepper, handler=handler) == []
    assert 0 < stepper.suspensions < MOST_SUSPENSIONS
    return stepper.suspensions


@pytest.mark.parametrize(
    ("scenario", "handler"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_task_cancelled_at_any_suspension_leaves_nothing(
    scenario: Scenario, handler: str | None, figure: Figure
) -> None:
    suspensions = _suspensions(scenario, handler)
    wrong = {
        f"{number}, {moment.value}": found
        for number in range(1, suspensions + 1)
        for moment in Moment
        if (found := play(scenario, Stepper(number, moment), handler=handler))
    }
    assert wrong == {}
    name = scenario.__name__ if handler is None else f"handler of {scenario.__name__}"
    figure("C3", f"cancelled: {name}", f"{suspensions} x {len(Moment)} points", "I1, I4 at all")


def testa_stepper_cancels_at_the_suspension_it_is_told() -> None:
    async def three_times(reached: list[int]) -> None:
        for number in range(3):
            await asyncio.sleep(1)
            reached.append(number)

    def reached_before(cancel_at: int, moment: Moment) -> tuple[list[int], float]:
        reached: list[int] = []

        async def main() -> float:
            task = asyncio.ensure_future(Stepper(cancel_at, moment).drive(three_times(reached)))
            await asyncio.wait([task])
            assert task.cancelled()
            return asyncio.get_running_loop().time()

        return reached, clock.run(main())

    assert reached_before(1, Moment.WAITING) == ([], 0.0)
    assert reached_before(3, Moment.WAITING) == ([0, 1], 2.0)
    assert reached_before(1, Moment.WOKEN) == ([], 1.0)
    assert reached_before(3, Moment.WOKEN) == ([0, 1], 3.0)
