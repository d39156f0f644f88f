"""The virtual clock: what it promises to every program that runs in it."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from tests.sim.clock import DeadlockError, SpinningError, VirtualLoop, run, where

DAY_S = 24 * 3600.0


def test_a_day_passes_without_anyone_waiting() -> None:
    async def main() -> float:
        await asyncio.sleep(3 * DAY_S)
        return asyncio.get_running_loop().time()

    began = time.monotonic()
    assert run(main()) == pytest.approx(3 * DAY_S)
    assert time.monotonic() - began < 60


def test_time_begins_at_zero_and_stands_still_while_anything_can_run() -> None:
    async def main() -> list[float]:
        times = [asyncio.get_running_loop().time()]
        for _ in range(1000):
            await asyncio.sleep(0)
        return [*times, asyncio.get_running_loop().time()]

    assert run(main()) == [0.0, 0.0]


def test_timers_fire_in_the_order_of_their_time() -> None:
    async def main() -> list[tuple[float, str]]:
        loop = asyncio.get_running_loop()
        fired: list[tuple[float, str]] = []

        def fire(name: str) -> None:
            fired.append((round(loop.time(), 6), name))

        for delay, name in ((0.3, "c"), (0.1, "a"), (0.2, "b"), (1e-6, "first")):
            loop.call_later(delay, fire, name)
        await asyncio.sleep(1)
        return fired

    assert run(main()) == [(1e-6, "first"), (0.1, "a"), (0.2, "b"), (0.3, "c")]


def test_timeouts_expire_at_their_time() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await asyncio.sleep(10)
        return asyncio.get_running_loop().time()

    assert run(main()) == pytest.approx(5)


def test_waiting_for_what_cannot_come_is_told_with_who_waits_where() -> None:
    async def waits_for_nobody() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        await asyncio.create_task(waits_for_nobody(), name="the-forgotten")

    with pytest.raises(DeadlockError, match=r"the-forgotten waits in .*waits_for_nobody > .*wait"):
        run(main())


def test_a_program_that_only_asks_again_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.sim.clock.SPINNING_TURNS", 100)

    async def main() -> None:
        while True:  # noqa: ASYNC110 - this is what it is about
            await asyncio.sleep(0)

    with pytest.raises(SpinningError, match="100 turns"):
        run(main())


def test_turns_between_which_time_passes_are_no_spinning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.sim.clock.SPINNING_TURNS", 100)

    async def main() -> None:
        for _ in range(200):
            await asyncio.sleep(0.001)

    run(main())


def test_threads_are_refused() -> None:
    async def main() -> None:
        with pytest.raises(RuntimeError, match="thread"):
            await asyncio.to_thread(int)

    running = threading.active_count()
    run(main())
    assert threading.active_count() == running


def test_sockets_are_refused() -> None:
    async def main() -> None:
        with pytest.raises((RuntimeError, NotImplementedError)):
            await asyncio.open_connection("127.0.0.1", 9)

    run(main())


def test_sets_of_tasks_have_the_order_of_their_making() -> None:
    async def main() -> list[str]:
        tasks = {asyncio.create_task(asyncio.sleep(0), name=str(number)) for number in range(7)}
        names = [task.get_name() for task in tasks]
        await asyncio.gather(*tasks)
        return names

    first = run(main())
    keep_addresses_apart = [object() for _ in range(1000)]
    assert run(main()) == first
    assert sorted(first) == [str(number) for number in range(7)]
    del keep_addresses_apart


def test_the_timers_that_are_set_can_be_told() -> None:
    async def main() -> list[float]:
        loop = cast("VirtualLoop", asyncio.get_running_loop())
        kept, dropped = loop.call_later(2, int), loop.call_later(1, int)
        dropped.cancel()
        told = [timer.when() for timer in loop.timers()]
        kept.cancel()
        return told

    assert run(main()) == [2.0]


def test_what_a_program_leaves_running_is_cancelled() -> None:
    ended: list[str] = []

    async def left_behind() -> None:
        try:
            await asyncio.sleep(DAY_S)
        finally:
            ended.append("left behind")

    async def main() -> None:
        main.task = asyncio.create_task(left_behind())  # type: ignore[attr-defined] # a strong reference
        await asyncio.sleep(0)

    run(main())
    assert ended == ["left behind"]


def test_a_dropped_generator_is_closed_by_the_loop() -> None:
    closed: list[bool] = []

    async def items() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            closed.append(True)

    async def main() -> None:
        async for _ in items():
            break
        gc.collect()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert closed == [True]

    run(main())


def test_where_a_task_waits_is_told_through_generators_too() -> None:
    async def items() -> AsyncIterator[int]:
        await asyncio.sleep(1)
        yield 1

    async def consume() -> None:
        async for _ in items():
            pass

    async def main() -> str:
        task: asyncio.Task[Any] = asyncio.create_task(consume())
        await asyncio.sleep(0)
        told = where(task)
        await task
        return told

    assert "consume" in run(main())
