"""Slowness: a consumer that is slow, asleep or gone holds up nobody else, and buffers stay bounded (§9, §11).

`modern` means credit in both directions of a stream; a legacy peer has none, and meets the byte limits.
"""

from __future__ import annotations

import asyncio
import json
import logging
import statistics
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.asyncio.client import connect as connect_raw
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websockets

from slipstream import (
    BiStreamHandle,
    ConnectionLostError,
    ConnectionState,
    Limits,
    Protocol,
    ProtocolHandler,
    StreamOverflowError,
    connect,
    fire_and_forget,
    request_response,
    request_stream,
    serve,
    stream_stream,
)
from tests.conftest import Figure
from tests.proof.children import served
from tests.proof.measures import PeakMemory
from tests.proof.peers import Doings, Measured
from tests.slipstream.raw_peer import RawPeer
from tests.slipstream.support import PATIENCE_S, emptied, gather, leftovers

PEER = "tests.proof.peers"
MIB = 1024 * 1024
WINDOW = Limits().credit


# -- F1: a slow consumer -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Backlog:
    """Items of one stream: how many their producer got rid of, and how many were consumed."""

    produced: int = 0
    consumed: int = 0
    most: int = 0
    times_blocked: int = 0

    def one_produced(self) -> None:
        """Its `send` has returned."""
        self.produced += 1
        self.most = max(self.most, self.produced - self.consumed)

    async def consume(
        self, items: AsyncIterator[Any], pause_s: float, sender: Callable[[], Protocol]
    ) -> None:
        """Consume slowly, and look whether the producer is held up."""
        async for item in items:
            assert item == self.consumed
            self.consumed += 1
            await asyncio.sleep(pause_s)
            self.times_blocked += sender().stats().streams_waiting_for_credit > 0


@dataclass(slots=True)
class Slow(ProtocolHandler):
    """Produces as fast as it may, and consumes slowly."""

    count: int
    pause_s: float
    down: Backlog = field(default_factory=Backlog)
    up: Backlog = field(default_factory=Backlog)
    client: Protocol | None = None

    @request_stream
    async def produce(self, data: dict[str, Any]) -> AsyncIterator[int]:
        for number in range(self.count):
            yield number
            self.down.one_produced()

    @stream_stream
    async def take(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        await self.up.consume(stream, self.pause_s, lambda: self.client or stream._protocol)


async def _slow_both_ways(count: int, pause_s: float) -> Slow:
    """Down a server stream and up a bidirectional one, at the same time, on one connection."""
    slow = Slow(count, pause_s)
    async with serve(lambda: slow) as server, connect(server.url) as protocol:
        slow.client = protocol
        await protocol.request_response({"operation": "slipstream.ping"})  # before it there is no credit

        async def up() -> None:
            handle = await protocol.stream_stream({"operation": "take"})
            for number in range(count):
                await handle.send(number)
                slow.up.one_produced()
            await handle.aclose()
            assert [item async for item in handle] == []

        def producer() -> Protocol:
            assert slow.protocol is not None
            return slow.protocol

        down = slow.down.consume(await protocol.request_stream({"operation": "produce"}), pause_s, producer)
        await asyncio.gather(up(), down)
        await emptied(protocol, producer())
    return slow


def _check_backlogs(slow: Slow) -> None:
    for backlog in (slow.down, slow.up):
        assert (backlog.produced, backlog.consumed) == (slow.count, slow.count)
        assert backlog.most <= WINDOW
        assert backlog.times_blocked > slow.count / 2


async def test_a_producer_waits_for_a_slow_consumer_and_nothing_is_lost() -> None:
    _check_backlogs(await _slow_both_ways(1_500, 0))


@pytest.mark.proof
async def test_a_producer_waits_for_a_consumer_of_a_thousand_items_a_second(figure: Figure) -> None:
    slow = await _slow_both_ways(20_000, 0.001)
    for way, backlog in (("down", slow.down), ("up", slow.up)):
        figure("F1", f"{way}: longest backlog, items", backlog.most, f"<= {WINDOW}")
        figure("F1", f"{way}: delivered", backlog.consumed, "20,000")
        figure("F1", f"{way}: times that the producer was seen blocked", backlog.times_blocked, "most")
    _check_backlogs(slow)


# -- F2: a call for each item ------------------------------------------------------------------------------


async def _call_for_each_item(protocol: Protocol, count: int) -> None:
    expected = 0
    async for item in await protocol.request_stream({"operation": "count", "count": count}):
        assert await protocol.request_response({"operation": "echo", "value": item}) == expected
        expected += 1
    assert expected == count


async def test_a_consumer_may_call_for_each_item_on_the_same_connection() -> None:
    async with serve(lambda: Measured(Doings())) as server, connect(server.url) as protocol:
        await _call_for_each_item(protocol, 1_000)
        await emptied(protocol)


@pytest.mark.proof
async def test_twenty_thousand_calls_for_as_many_items_come_to_an_end(figure: Figure) -> None:
    async with served(PEER) as child, connect(child.url) as protocol:
        began = time.perf_counter()
        await _call_for_each_item(protocol, 20_000)
        took_s = time.perf_counter() - began
    figure("F2", "20,000 items with a call for each, s", took_s, "finishes")


# -- F3: an unread neighbour -------------------------------------------------------------------------------


async def _rate(protocol: Protocol, count: int) -> float:
    began, received = time.perf_counter(), 0
    async for item in await protocol.request_stream({"operation": "count", "count": count}):
        assert item == received
        received += 1
    assert received == count
    return count / (time.perf_counter() - began)


@pytest.mark.proof
async def test_a_stream_that_nobody_reads_does_not_slow_its_neighbour(figure: Figure) -> None:
    solo, beside = [], []
    async with served(PEER) as child, connect(child.url) as protocol:
        await _rate(protocol, 10_000)
        for _ in range(5):  # in turns, so that whatever else this machine does meets both
            solo.append(await _rate(protocol, 50_000))
            async with await protocol.request_stream({"operation": "endless"}):
                beside.append(await _rate(protocol, 50_000))
        await emptied(protocol)
    share = statistics.median(one / other for one, other in zip(beside, solo, strict=True))
    figure("F3", "live stream beside an unread one, share of solo", share, ">= 0.7")
    figure("F3", "solo, items a second", statistics.median(solo), "told only")
    assert share >= 0.7


# -- F4: a consumer that sleeps, a legacy producer -----------------------------------------------------------


@dataclass(slots=True)
class LegacyPusher:
    """A legacy server: `flood` as fast as the socket takes it until it is given up, `drip` now and then."""

    size_bytes: int
    drip_s: float
    flooded: int = 0
    given_up: asyncio.Event = field(default_factory=asyncio.Event)
    pongs_s: list[float] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def attend(self, websocket: ServerConnection) -> None:
        peer = RawPeer(websocket, legacy=True)
        self._tasks.append(asyncio.create_task(self._ping(websocket)))
        try:
            async for message in websocket:
                frame = json.loads(message)
                match frame["type"], (frame["data"] or {}).get("operation"):
                    case "stream_request", "flood":
                        self._tasks.append(asyncio.create_task(self._flood(peer, frame["requestId"])))
                    case "stream_request", "drip":
                        self._tasks.append(asyncio.create_task(self._drip(peer, frame)))
                    case "stream_end", _:
                        self.given_up.set()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _flood(self, peer: RawPeer, request_id: list[Any]) -> None:
        while not self.given_up.is_set():
            await peer.send("stream_data", request_id, data=[self.flooded, "x" * self.size_bytes])
            self.flooded += 1

    async def _drip(self, peer: RawPeer, opening: dict[str, Any]) -> None:
        for number in range(opening["data"]["count"]):
            await peer.send("stream_data", opening["requestId"], data=number)
            await asyncio.sleep(self.drip_s)
        await peer.send("stream_end", opening["requestId"])

    async def _ping(self, websocket: ServerConnection) -> None:
        while True:
            self.pongs_s.append(await (await websocket.ping()))
            await asyncio.sleep(self.drip_s)


async def _sleep_beside_a_flood(pusher: LegacyPusher, *, drips: int, limits: Limits) -> int:
    """Open a flood and sleep until its neighbour has ended; gives how many of its items were delivered."""
    async with serve_websockets(
        pusher.attend, "127.0.0.1", 0, ping_interval=1, ping_timeout=1, max_size=None
    ) as server:
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        async with connect(url, limits=limits, ping_interval_s=1, ping_timeout_s=1) as protocol:
            flood = await protocol.request_stream({"operation": "flood"})
            drip = await protocol.request_stream({"operation": "drip", "count": drips})
            assert [item async for item in drip] == list(range(drips))
            assert protocol.state is ConnectionState.CONNECTED
            async with asyncio.timeout(PATIENCE_S):
                await pusher.given_up.wait()
            delivered: list[Any] = []
            with pytest.raises(StreamOverflowError):
                await gather(flood, delivered)
            await emptied(protocol)
    assert [number for number, _ in delivered] == list(range(len(delivered)))
    return len(delivered)


async def test_only_the_stream_of_a_sleeping_consumer_overflows() -> None:
    pusher, limits = LegacyPusher(10_000, 0.01), Limits(stream_buffer_bytes=MIB)
    delivered = await _sleep_beside_a_flood(pusher, drips=20, limits=limits)
    assert 0.9 * MIB < delivered * 10_000 <= MIB


@pytest.mark.proof
async def test_a_consumer_asleep_for_five_seconds_loses_its_stream_and_nothing_else(figure: Figure) -> None:
    pusher, drips = LegacyPusher(16 * 1024, 0.05), 100
    memory = PeakMemory()
    delivered = await _sleep_beside_a_flood(pusher, drips=drips, limits=Limits())
    grown_mib = memory.grown_mib()
    held_mib = delivered * pusher.size_bytes / MIB
    figure("F4", "asleep: delivered before `overflow`, MiB", held_mib, "32 at most, and almost")
    figure("F4", "slowest pong, ms", max(pusher.pongs_s) * 1e3, "<= 1,000")
    figure("F4", "items of the neighbour", drips, "all")
    figure("F4", "memory grown, MiB", grown_mib, "told only")
    assert 31 < held_mib <= 32
    assert max(pusher.pongs_s) <= 1


# -- F5: a peer that does not read -------------------------------------------------------------------------


@dataclass(slots=True)
class Stuck:
    """What became of senders whose peer reads nothing any more."""

    senders: int = 0
    failed_s: float = 0.0
    """When the last of them failed."""
    moved_s: float = 0.0
    """When the socket last took something."""
    most_tasks: int = 0
    most_unwritten_bytes: int = 0

    async def watch(self, protocol: Protocol) -> None:
        """Look at the connection until it has ended."""
        before = 0
        while protocol.state is ConnectionState.CONNECTED:
            unwritten = protocol.stats().unwritten_bytes
            waiting = protocol.websocket.transport.get_write_buffer_size()
            if waiting not in (before, 0):  # 0 is what is left when it was given up
                before, self.moved_s = waiting, time.perf_counter()
            self.most_tasks = max(self.most_tasks, len(asyncio.all_tasks()))
            self.most_unwritten_bytes = max(self.most_unwritten_bytes, unwritten)
            await asyncio.sleep(0.01)

    async def send_for_ever(self, send: Callable[[], Any]) -> None:
        """Send until that fails, as it must."""
        try:
            while True:
                await send()
        except ConnectionLostError:
            self.failed_s = time.perf_counter()
            self.senders += 1


async def _send_to_a_deaf_peer(*, senders: int, limits: Limits, size_bytes: int) -> Stuck:
    hears = asyncio.Event()

    async def attend(websocket: ServerConnection) -> None:
        websocket.transport.pause_reading()
        await hears.wait()

    async with serve_websockets(attend, "127.0.0.1", 0, close_timeout=0.1, ping_interval=None) as server:
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        async with connect(url, limits=limits, ping_interval_s=None) as protocol:
            try:
                return await _send_until_all_fail(protocol, senders, "x" * size_bytes)
            finally:
                hears.set()


async def _send_until_all_fail(protocol: Protocol, senders: int, body: str) -> Stuck:
    stuck = Stuck()
    handle = await protocol.stream_stream({"operation": "any"})
    ways: list[Callable[[], Any]] = [
        lambda: handle.send(body),
        lambda: protocol.fire_and_forget({"operation": "any", "body": body}),
        lambda: protocol.request_response({"operation": "any", "body": body}),
    ]
    async with asyncio.timeout(30):
        sending = (stuck.send_for_ever(ways[number % len(ways)]) for number in range(senders))
        await asyncio.gather(stuck.watch(protocol), *sending)
    assert protocol.state is ConnectionState.LOST
    assert leftovers(protocol) == {}
    return stuck


async def test_who_sends_to_a_peer_that_does_not_read_is_told_so() -> None:
    limits = Limits(send_timeout_s=0.3, outbox_bytes=4 * MIB)
    stuck = await _send_to_a_deaf_peer(senders=60, limits=limits, size_bytes=200_000)
    assert stuck.senders == 60


@pytest.mark.proof
async def test_senders_to_a_peer_that_does_not_read_fail_in_time_and_do_not_pile_up(figure: Figure) -> None:
    limits, senders = Limits(send_timeout_s=1.0), 3_000
    memory = PeakMemory()
    stuck = await _send_to_a_deaf_peer(senders=senders, limits=limits, size_bytes=64 * 1024)
    grown_mib = memory.grown_mib()
    cap_mib = limits.outbox_bytes / MIB
    figure(
        "F5",
        "all senders failed after the socket took something last, s",
        stuck.failed_s - stuck.moved_s,
        "<= 1 (+0.2)",
    )
    figure("F5", "most tasks beside the 3,000 senders", stuck.most_tasks - senders, "<= 20")
    figure("F5", "most unwritten, MiB", stuck.most_unwritten_bytes / MIB, f"<= {cap_mib:g}")
    figure("F5", "memory grown, MiB", grown_mib, f"<= {2 * cap_mib:g}")
    assert stuck.senders == senders
    assert stuck.failed_s - stuck.moved_s <= 1.2
    assert stuck.most_tasks - senders <= 20
    assert stuck.most_unwritten_bytes <= limits.outbox_bytes
    assert grown_mib <= 2 * cap_mib


async def test_a_peer_that_asks_and_does_not_read_is_left_and_its_handlers_end() -> None:
    doings = Doings()
    connected: asyncio.Future[Protocol] = asyncio.get_running_loop().create_future()
    limits = Limits(send_timeout_s=0.2)
    async with (
        serve(lambda: Measured(doings), limits=limits, on_connect=connected.set_result) as server,
        connect_raw(server.url, proxy=None, close_timeout=0.1) as websocket,
    ):
        websocket.transport.pause_reading()
        data = {"operation": "blob", "size_bytes": 100_000}
        for number in range(200):
            frame = {"type": "request", "requestId": ["raw", number], "peerID": "raw", "data": data}
            await websocket.send(json.dumps(frame))
        protocol = await connected
        async with asyncio.timeout(PATIENCE_S):
            await protocol.wait_closed()
        assert protocol.state is ConnectionState.LOST
        await emptied(protocol)


# -- F6: a handler that blocks the loop ----------------------------------------------------------------------


class Blocking(ProtocolHandler):
    """Keeps the event loop for as long as it is told, in every kind of handler."""

    @request_response
    async def blocking_call(self, data: dict[str, Any]) -> None:
        time.sleep(data["s"])  # noqa: ASYNC251 - what the test is about

    @request_stream
    async def blocking_items(self, data: dict[str, Any]) -> AsyncIterator[int]:
        yield 1
        time.sleep(data["s"])  # noqa: ASYNC251 - likewise
        yield 2

    @stream_stream
    async def blocking_chat(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        time.sleep(data["s"])  # noqa: ASYNC251 - likewise

    @fire_and_forget
    async def blocking_note(self, data: dict[str, Any]) -> None:
        time.sleep(data["s"])  # noqa: ASYNC251 - likewise


@asynccontextmanager
async def _blocking(limits: Limits) -> AsyncIterator[Protocol]:
    async with serve(Blocking, limits=limits) as server, connect(server.url) as protocol:
        yield protocol


async def _block(protocol: Protocol, operation: str, block_s: float) -> None:
    data = {"operation": operation, "s": block_s}
    match operation:
        case "blocking_call":
            await protocol.request_response(data)
        case "blocking_items":
            assert [item async for item in await protocol.request_stream(data)] == [1, 2]
        case "blocking_chat":
            async with await protocol.stream_stream(data) as handle:
                assert [item async for item in handle] == []
        case _:
            await protocol.fire_and_forget(data)
            await protocol.request_response({"operation": "slipstream.ping"})


OPERATIONS = ("blocking_call", "blocking_items", "blocking_chat", "blocking_note")


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_handler_that_blocks_the_loop_is_named(
    operation: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="slipstream"):
        async with _blocking(Limits(loop_block_warn_s=0.03)) as protocol:
            await _block(protocol, operation, 0.05)
    assert [record.getMessage().count(operation) for record in caplog.records] == [1]


@pytest.mark.proof
async def test_a_handler_that_blocks_the_loop_for_300_ms_is_named(
    figure: Figure, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="slipstream"):
        async with _blocking(Limits()) as protocol:
            for operation in OPERATIONS:
                await _block(protocol, operation, 0.3)
    named = [operation for operation in OPERATIONS if operation in caplog.text]
    figure("F6", "handlers that block 300 ms, named in a warning", len(named), "4 of 4")
    assert named == list(OPERATIONS)
