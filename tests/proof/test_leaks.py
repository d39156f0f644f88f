"""Leaks: of streams that nobody reads to their end nothing stays, on either side (protocol.md §8)."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from slipstream import ItemStream, Protocol, RequestTimeoutError, connect, serve
from tests.conftest import Figure
from tests.proof.peers import Doings, Measured
from tests.slipstream.support import PATIENCE_S, emptied

AT_ONCE = 200


async def _started(protocol: Protocol, operation: str) -> ItemStream:
    """A stream whose handler runs at the other side."""
    stream = await protocol.request_stream({"operation": operation})
    await protocol.request_response({"operation": "echo"})
    return stream


async def _never_iterate(protocol: Protocol) -> None:
    await _started(protocol, "endless")


async def _break_out(protocol: Protocol) -> None:
    async for item in await protocol.request_stream({"operation": "endless"}):
        assert item == 0
        break


async def _drop_in_a_cycle(protocol: Protocol) -> None:
    holder: list[object] = [await _started(protocol, "endless")]
    holder.append(holder)


async def _time_out(protocol: Protocol) -> None:
    with pytest.raises(RequestTimeoutError):
        await anext(await protocol.request_stream({"operation": "silent"}, timeout=0.05))


async def _be_cancelled(protocol: Protocol) -> None:
    async def read(stream: ItemStream) -> None:
        async for _ in stream:
            pass

    task = asyncio.create_task(read(await _started(protocol, "silent")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


WAYS: tuple[Callable[[Protocol], Awaitable[None]], ...] = (
    _never_iterate,
    _break_out,
    _drop_in_a_cycle,
    _time_out,
    _be_cancelled,
)


@dataclass(frozen=True, slots=True)
class Both:
    """Both ends of a connection in this process."""

    client: Protocol
    server: Protocol
    doings: Doings


@asynccontextmanager
async def _both() -> AsyncIterator[Both]:
    doings = Doings()
    connected: asyncio.Future[Protocol] = asyncio.get_running_loop().create_future()
    async with (
        serve(lambda: Measured(doings), on_connect=connected.set_result) as server,
        connect(server.url) as client,
    ):
        yield Both(client, await connected, doings)


async def _abandon(both: Both, way: Callable[[Protocol], Awaitable[None]], number: int) -> float:
    """Abandon so many streams, some at a time; gives the longest time until the other side had ended all."""
    slowest_s = 0.0
    for _ in range(0, number, AT_ONCE):
        await asyncio.gather(*(way(both.client) for _ in range(min(number, AT_ONCE))))
        if way is _drop_in_a_cycle:
            gc.collect()
        began = time.perf_counter()
        # A request behind the cancellations: when it is answered, they have been read.
        await both.client.request_response({"operation": "echo"})
        async with asyncio.timeout(PATIENCE_S):
            while both.doings.running:  # noqa: ASYNC110 - yields until the handlers have ended
                await asyncio.sleep(0)
        slowest_s = max(slowest_s, time.perf_counter() - began)
    await emptied(both.client, both.server)
    return slowest_s


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.strip("_"))
async def test_an_abandoned_stream_ends_at_the_other_side_too(
    way: Callable[[Protocol], Awaitable[None]],
) -> None:
    async with _both() as both:
        await _abandon(both, way, 20)
        assert both.doings.most_running == 20


@pytest.mark.proof
@pytest.mark.timeout(300)
async def test_of_twenty_thousand_abandoned_streams_nothing_is_left(figure: Figure) -> None:
    async with _both() as both:
        for way in WAYS:
            await _abandon(both, way, 1_000)
        gc.collect()
        objects, tasks = len(gc.get_objects()), len(asyncio.all_tasks())
        slowest_s = max([await _abandon(both, way, 4_000) for way in WAYS])
        gc.collect()
        more_objects, more_tasks = len(gc.get_objects()) - objects, len(asyncio.all_tasks()) - tasks
        opened = both.client.stats().opened_here
    figure("G1", "streams abandoned in 5 ways, after a warm-up of 5,000", 4_000 * len(WAYS), "20,000")
    figure("G1", "remote handlers ended after, s", slowest_s, "<= 1")
    figure("G1", "objects more than before", more_objects, "<= 100")
    figure("G1", "tasks more than before", more_tasks, "0")
    assert opened > 25_000
    assert slowest_s <= 1
    assert more_objects <= 100
    assert more_tasks == 0


async def _objects_left_by(give_up: Callable[[], Awaitable[object]], times: int) -> int:
    """How many more objects there are when so many calls were given up before they had waited at all."""
    gc.collect()
    objects = len(gc.get_objects())
    for _ in range(times):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await give_up()
    gc.collect()
    return len(gc.get_objects()) - objects


@pytest.mark.proof
async def test_who_gives_up_waiting_for_an_item_or_for_credit_leaves_nothing(figure: Figure) -> None:
    times = 2_000
    async with _both() as both:
        items = await _started(both.client, "silent")
        by_consumers = await _objects_left_by(lambda: anext(items), times)
        handle = await both.client.stream_stream({"operation": "deaf"})
        for number in range(both.client.limits.credit):
            await handle.send(number)
        by_senders = await _objects_left_by(lambda: handle.send(0), times)
        waiting = both.client.stats().streams_waiting_for_credit
        await handle.abort()
        await items.aclose()
    figure("G1", f"{times:,} times given up waiting for an item: objects more", by_consumers, "<= 100")
    figure("G1", f"{times:,} times given up waiting for credit: objects more", by_senders, "<= 100")
    assert by_consumers <= 100
    assert by_senders <= 100
    assert waiting == 0
