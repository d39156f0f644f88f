"""Volume: calls, items and bytes in numbers, with memory that stays flat.

The short forms run in one process and check order, count and that nothing is left. The figures are taken
between two processes of which neither has run anything else.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from slipstream import Protocol, connect, serve
from tests.conftest import Figure
from tests.proof.children import elsewhere, served
from tests.proof.measures import PeakMemory, cpu_s, on_one_core, percentile
from tests.proof.peers import Doings, Measured
from tests.slipstream.support import emptied, leftovers

MIB = 1024 * 1024
ITEM_BYTES = 64 * 1024
PEER = "tests.proof.peers"
TOLD = "told only"


@dataclass(frozen=True, slots=True)
class Run:
    """What a run took in each of two processes: here, and in that of the server."""

    took_s: float
    grown_mib: tuple[float, float]
    cpu_s: tuple[float, float]
    left: int

    @property
    def grown(self) -> str:
        """The memory, to be told."""
        return f"{self.grown_mib[0]:.1f}, {self.grown_mib[1]:.1f}"

    def cpu_us_each(self, number: int) -> str:
        """The processor time of one of so many, to be told."""
        return f"{self.cpu_s[0] / number * 1e6:.1f}, {self.cpu_s[1] / number * 1e6:.1f}"


class Watch:
    """Watches a run in this process and in that of a server."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._memory = PeakMemory(), PeakMemory(pid)
        self._cpu_s = cpu_s(), cpu_s(pid)
        self._began = time.perf_counter()

    async def run(self, protocol: Protocol) -> Run:
        """What it took until now, and how much is left of it."""
        took_s = time.perf_counter() - self._began
        used_s = cpu_s() - self._cpu_s[0], cpu_s(self._pid) - self._cpu_s[1]
        grown_mib = self._memory[0].grown_mib(), self._memory[1].grown_mib()
        report = await protocol.request_response({"operation": "report"})
        await asyncio.sleep(0)
        left = len(leftovers(protocol)) + report["handlers"] + report["exchanges"]
        return Run(took_s, grown_mib, used_s, left)


@asynccontextmanager
async def _in_here() -> AsyncIterator[Protocol]:
    """A connection to a server in this process; when the block ends, neither side may hold anything."""
    doings = Doings()
    connected: asyncio.Future[Protocol] = asyncio.get_running_loop().create_future()
    async with (
        serve(lambda: Measured(doings), on_connect=connected.set_result) as server,
        connect(server.url) as protocol,
    ):
        yield protocol
        await emptied(protocol, await connected)
        assert doings.running == 0


# -- E1: calls ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Calls:
    """How long calls took, in seconds: one by one, and 200 abreast, with the rate of the latter."""

    serial_s: list[float]
    abreast_s: list[float]
    rate: float
    cpu_us: tuple[float, float]
    """Processor time of a call among 200, at its caller and at its answerer."""

    def told(self) -> list[tuple[str, float]]:
        """What there is to tell, in the order of the lines it has to pass."""
        return [
            ("serial: median, us", percentile(self.serial_s, 0.5) * 1e6),
            ("serial: 99th percentile, us", percentile(self.serial_s, 0.99) * 1e6),
            ("200 abreast: calls a second", self.rate),
            ("200 abreast: median, us", percentile(self.abreast_s, 0.5) * 1e6),
            ("200 abreast: 99th percentile, us", percentile(self.abreast_s, 0.99) * 1e6),
            ("200 abreast: processor time of a call, both ends, us", sum(self.cpu_us)),
        ]


async def _call(protocol: Protocol, times: int) -> list[float]:
    took = []
    for number in range(times):
        began = time.perf_counter()
        assert await protocol.request_response({"operation": "echo", "value": number}) == number
        took.append(time.perf_counter() - began)
    return took


async def _calls(url: str, pid: int, *, pinned: bool) -> Calls:
    """Call from this process, which is pinned to the core of the server, or neither is."""
    async with connect(url) as protocol:
        with on_one_core(pid) if pinned else contextlib.nullcontext():
            await _call(protocol, 500)
            serial_s = await _call(protocol, 10_000)
            watch = Watch(pid)
            chunks = await asyncio.gather(*(_call(protocol, 250) for _ in range(200)))
            run = await watch.run(protocol)
    used = run.cpu_s[0] / 50_000 * 1e6, run.cpu_s[1] / 50_000 * 1e6
    return Calls(serial_s, [took for chunk in chunks for took in chunk], 50_000 / run.took_s, used)


async def _pinned_calls(url: str, pid: int) -> Calls:
    return await _calls(url, pid, pinned=True)


async def _free_calls(url: str, pid: int) -> Calls:
    return await _calls(url, pid, pinned=False)


@pytest.mark.proof
@pytest.mark.timeout(300)
async def test_calls_are_answered_within_microseconds(figure: Figure) -> None:
    async with served(PEER) as child:
        pinned = await elsewhere(_pinned_calls, child.url, child.pid)
    async with served(PEER) as child:
        free = await elsewhere(_free_calls, child.url, child.pid)
    for (what, value), must in zip(
        pinned.told(), ("<= 250", "<= 5,000", ">= 10,000", TOLD, TOLD, TOLD), strict=True
    ):
        figure("E1", f"both on one core, {what}", value, must)
    for what, value in free.told():
        figure("E1", f"on any core, {what}", value, TOLD)
    assert percentile(pinned.serial_s, 0.5) <= 250e-6
    assert percentile(pinned.serial_s, 0.99) <= 5e-3
    assert pinned.rate >= 10_000


# -- E2: one long stream -----------------------------------------------------------------------------------


async def _consume(protocol: Protocol, count: int) -> None:
    """Read a stream of so many numbers and check each."""
    expected = 0
    async for item in await protocol.request_stream({"operation": "count", "count": count}):
        assert item == expected
        expected += 1
    assert expected == count


async def test_a_long_stream_comes_whole_and_in_order() -> None:
    async with _in_here() as protocol:
        await _consume(protocol, 10_000)


async def _long_stream(url: str, pid: int, count: int) -> Run:
    async with connect(url) as protocol:
        await _consume(protocol, 20_000)
        watch = Watch(pid)
        await _consume(protocol, count)
        return await watch.run(protocol)


@pytest.mark.proof
@pytest.mark.timeout(600)
async def test_a_million_items_come_whole_and_in_order_in_flat_memory(figure: Figure) -> None:
    count = 1_000_000
    async with served(PEER) as child:
        run = await elsewhere(_long_stream, child.url, child.pid, count)
    figure("E2", "1,000,000 items: items a second", count / run.took_s, ">= 30,000")
    figure("E2", "memory grown at consumer, producer, MiB", run.grown, "<= 64")
    figure("E2", "processor time an item at consumer, producer, us", run.cpu_us_each(count), TOLD)
    assert run.left == 0
    assert max(run.grown_mib) <= 64
    assert count / run.took_s >= 30_000


# -- E4, E5: many streams ----------------------------------------------------------------------------------


async def test_many_streams_at_once_end_and_leave_nothing() -> None:
    async with _in_here() as protocol:
        await asyncio.gather(*(_consume(protocol, 10) for _ in range(500)))


async def _many_streams(url: str, pid: int, number: int) -> Run:
    async with connect(url) as protocol:
        await asyncio.gather(*(_consume(protocol, 10) for _ in range(100)))
        watch = Watch(pid)
        await asyncio.gather(*(_consume(protocol, 10) for _ in range(number)))
        return await watch.run(protocol)


@pytest.mark.proof
@pytest.mark.timeout(300)
async def test_ten_thousand_streams_at_once_end_and_leave_nothing(figure: Figure) -> None:
    async with served(PEER) as child:
        run = await elsewhere(_many_streams, child.url, child.pid, 10_000)
    figure("E4", "10,000 streams of 10 items, s", run.took_s, "<= 8")
    figure("E4", "leftovers", run.left, "0")
    figure("E4", "memory grown at consumer, producer, MiB", run.grown, "<= 150")
    figure("E4", "processor time a stream at consumer, producer, us", run.cpu_us_each(10_000), TOLD)
    assert run.left == 0
    assert max(run.grown_mib) <= 150
    assert run.took_s <= 8


async def _idle_streams(url: str, pid: int, number: int) -> tuple[tuple[float, float], Run]:
    """Hold so many open, then close all; gives the memory that they took, and the run of closing."""
    async with connect(url) as protocol:
        for _ in range(100):
            await (await protocol.stream_stream({"operation": "chat"})).abort()
        watch = Watch(pid)
        handles = [await protocol.stream_stream({"operation": "chat"}) for _ in range(number)]
        await asyncio.sleep(5)  # the time for which they are held
        report = await protocol.request_response({"operation": "report"})
        assert (protocol.exchanges, report["handlers"]) == (number, number)
        holding = await watch.run(protocol)
        watch = Watch(pid)
        for handle in handles:
            await handle.aclose()
        for handle in handles:
            assert [item async for item in handle] == []
        return holding.grown_mib, await watch.run(protocol)


@pytest.mark.proof
@pytest.mark.timeout(300)
async def test_ten_thousand_idle_bidirectional_streams_are_cheap_and_close_at_once(figure: Figure) -> None:
    number = 10_000
    async with served(PEER) as child:
        grown_mib, closing = await elsewhere(_idle_streams, child.url, child.pid, number)
    kib = [mib * 1024 / number for mib in grown_mib]
    figure("E5", "idle streams: KiB each at opener, responder", f"{kib[0]:.1f}, {kib[1]:.1f}", "<= 12")
    figure("E5", "closing 10,000 of them, s", closing.took_s, "<= 2")
    assert closing.left == 0
    assert max(kib) <= 12
    assert closing.took_s <= 2


# -- E6: bytes ---------------------------------------------------------------------------------------------


async def _echo_bytes(protocol: Protocol, items: int) -> None:
    """Send items of 64 KiB through one stream and check what comes back."""
    handle = await protocol.stream_stream({"operation": "chat"})
    body = "x" * (ITEM_BYTES - 12)

    async def send() -> None:
        for number in range(items):
            await handle.send(f"{number:012}{body}")
        await handle.aclose()

    sending = asyncio.create_task(send())
    received = 0
    try:
        async for item in handle:
            assert item[:12] == f"{received:012}"
            assert item[12:] == body
            received += 1
    finally:
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending
    assert received == items


async def test_large_items_come_back_whole_and_in_order() -> None:
    async with _in_here() as protocol:
        await _echo_bytes(protocol, 100)


async def _many_bytes(url: str, pid: int, items: int) -> Run:
    async with connect(url) as protocol:
        await _echo_bytes(protocol, 100)
        watch = Watch(pid)
        await _echo_bytes(protocol, items)
        return await watch.run(protocol)


@pytest.mark.proof
@pytest.mark.timeout(600)
async def test_a_gibibyte_goes_through_one_stream_and_back_in_flat_memory(figure: Figure) -> None:
    async with served(PEER) as child:
        run = await elsewhere(_many_bytes, child.url, child.pid, 1024 * MIB // ITEM_BYTES)
    figure("E6", "1 GiB there and back: MiB a second, each way", 1024 / run.took_s, TOLD)
    figure("E6", "memory grown at opener, responder, MiB", run.grown, "<= 80")
    assert run.left == 0
    assert max(run.grown_mib) <= 80
