"""A watched coroutine goes exactly as it would alone; only its long steps are told."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from contextlib import suppress
from typing import Any

import pytest

from slipstream.watch import watched

LIMIT_S = 0.02


def untold(name: str, took_s: float) -> None:
    raise AssertionError(f"told of {took_s} s of {name}")


def block(seconds: float = 2 * LIMIT_S) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


async def test_the_result_is_that_of_the_work() -> None:
    async def work() -> str:
        await asyncio.sleep(0)
        return "done"

    assert await watched(work(), 60, untold, "work") == "done"


async def test_what_the_work_waits_for_comes_to_it() -> None:
    coming: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def work() -> str:
        return await coming

    watching = asyncio.ensure_future(_task(watched(work(), 60, untold, "work")))
    await asyncio.sleep(0)
    coming.set_result("came")
    assert await watching == "came"


async def _task(work: Any) -> Any:
    return await work


async def test_an_error_of_the_work_is_raised() -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await watched(work(), 60, untold, "work")


async def test_an_error_that_is_waited_for_reaches_the_work_which_may_go_on() -> None:
    async def work() -> str:
        try:
            async with asyncio.timeout(0):
                await asyncio.Event().wait()
        except TimeoutError:
            await asyncio.sleep(0)
            return "went on"
        return "not reached"

    assert await watched(work(), 60, untold, "work") == "went on"


async def test_a_cancellation_reaches_the_work() -> None:
    heard: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            heard.append("cancelled")
            raise

    task = asyncio.ensure_future(_task(watched(work(), 60, untold, "work")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert heard == ["cancelled"]


def test_work_that_is_dropped_half_way_is_closed() -> None:
    heard: list[str] = []

    class Step:
        def __await__(self) -> Any:
            yield "step"

    async def work() -> None:
        try:
            await Step()
        finally:
            heard.append("closed")

    held = work()
    watching = watched(held, 60, untold, "work")
    assert watching.send(None) == "step"
    watching.close()
    assert heard == ["closed"]


@pytest.mark.parametrize("step", ["first", "later", "last", "failing"])
async def test_a_step_that_keeps_the_loop_is_told_with_its_time(step: str) -> None:
    told: list[tuple[str, float]] = []

    async def work() -> None:
        if step == "first":
            block()
        await asyncio.sleep(0)
        if step == "later":
            block()
        await asyncio.sleep(0)
        if step == "last":
            block()
        if step == "failing":
            block()
            raise KeyError(step)

    watching = watched(work(), LIMIT_S, lambda *what: told.append(what), "work")
    if step == "failing":
        with pytest.raises(KeyError):
            await watching
    else:
        await watching
    ((name, took_s),) = told
    assert name == "work"
    assert took_s >= 2 * LIMIT_S


async def test_time_that_the_work_only_waits_is_not_told() -> None:
    async def work() -> None:
        await asyncio.sleep(2 * LIMIT_S)

    await watched(work(), LIMIT_S, untold, "work")


async def test_an_error_that_was_thrown_in_is_not_kept() -> None:
    class MarkedError(Exception):
        pass

    kept: list[weakref.ref[BaseException]] = []
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def fail() -> None:
        error = MarkedError()
        kept.append(weakref.ref(error))
        raise error

    async def work() -> None:
        with suppress(MarkedError):
            await asyncio.get_running_loop().create_task(fail())
        await over

    task = asyncio.ensure_future(_task(watched(work(), 60, untold, "work")))
    for _ in range(3):
        await asyncio.sleep(0)
    gc.collect()
    assert [ref() for ref in kept] == [None]
    over.set_result(None)
    await task


async def test_without_a_limit_nothing_is_told() -> None:
    async def work() -> str:
        block()
        await asyncio.sleep(0)
        return "done"

    assert await watched(work(), None, untold, "work") == "done"
