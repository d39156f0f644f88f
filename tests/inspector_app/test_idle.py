"""The pilots' waiting: for what is ready and for what is due within a frame, and for nothing else."""

from __future__ import annotations

import asyncio
from types import ModuleType

import pytest
import textual.app
import textual.pilot

from tests.inspector_app.idle import FRAME_S, wait_for_idle


@pytest.mark.parametrize("module", [textual.app, textual.pilot])
def test_every_pilot_waits_like_this(module: ModuleType) -> None:
    assert vars(module)["wait_for_idle"] is wait_for_idle


async def test_what_follows_from_what_follows_is_waited_for() -> None:
    async def steps() -> None:
        for _ in range(50):
            await asyncio.sleep(0)

    task = asyncio.create_task(steps())
    await wait_for_idle()
    assert task.done()


async def test_what_is_due_within_a_frame_is_waited_for_and_what_follows_from_it() -> None:
    async def paint() -> None:
        await asyncio.sleep(FRAME_S / 2)
        await asyncio.sleep(0)
        await asyncio.sleep(FRAME_S / 2)

    task = asyncio.create_task(paint())
    await wait_for_idle()
    assert task.done()


async def test_what_is_due_later_is_not_waited_for() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    task = asyncio.create_task(asyncio.sleep(60))
    await wait_for_idle()
    assert loop.time() - began < 30
    assert not task.done()
    task.cancel()


async def test_what_never_rests_is_left_after_the_time_that_was_given() -> None:
    async def work() -> None:
        while True:  # noqa: ASYNC110 - the point of the test
            await asyncio.sleep(0)

    task = asyncio.create_task(work())
    await wait_for_idle(max_sleep=0.05)
    task.cancel()
