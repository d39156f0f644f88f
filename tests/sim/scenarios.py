"""What the tests of cancelling cancel: programs of one task each, between two peers over a pipe."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from slipstream import (
    Backoff,
    BiStreamHandle,
    ConnectionClosedError,
    Protocol,
    ProtocolHandler,
    SlipstreamError,
    connect,
    current_protocol,
    fire_and_forget,
    request_response,
    request_stream,
    stream_stream,
)
from slipstream.reserved import describe
from slipstream.testing import listening
from tests.sim.pipe import Road, Socket, pipe

STEP_S = 0.001
SETTLED_S = 3.0
ROOM_BYTES = 120
"""So little may wait to be written that most sends wait too."""


class Worker(ProtocolHandler):
    """Operations that take time; knows how many of its handlers run."""

    def __init__(self) -> None:
        self.running = 0

    @request_response
    async def slow(self, data: dict[str, Any]) -> Any:
        async with _Counted(self):
            await asyncio.sleep(5 * STEP_S)
            return data.get("value")

    @request_response
    async def back(self, data: dict[str, Any]) -> Any:
        async with _Counted(self):
            peer = current_protocol()
            first = await peer.request_response({"operation": "slow", "value": data["value"]})
            items = [item async for item in await peer.request_stream({"operation": "count"})]
            return [first, *items]

    @request_response
    async def hang_up(self, data: dict[str, Any]) -> None:
        async with _Counted(self):
            await current_protocol().aclose()

    @request_stream
    async def count(self, data: dict[str, Any]) -> AsyncIterator[int]:
        async with _Counted(self):
            for number in range(4):
                await asyncio.sleep(STEP_S)
                yield number

    @stream_stream
    async def echo(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        async with _Counted(self):
            async for item in stream:
                await asyncio.sleep(STEP_S)
                await stream.send(item)

    @stream_stream
    async def sink(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        async with _Counted(self):
            async for _ in stream:
                await asyncio.sleep(STEP_S)

    @fire_and_forget
    async def note(self, data: dict[str, Any]) -> None:
        async with _Counted(self):
            await asyncio.sleep(STEP_S)


class _Counted:
    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def __aenter__(self) -> None:
        self._worker.running += 1

    async def __aexit__(self, *_: object) -> None:
        self._worker.running -= 1


@dataclass
class Bench:
    """Two peers; `listens` holds the tasks that read."""

    left: Protocol
    right: Protocol
    sockets: tuple[Socket, Socket]
    listens: list[asyncio.Task[None]] = field(default_factory=list)
    beside: list[asyncio.Task[Any]] = field(default_factory=list)

    def meanwhile(self, work: Coroutine[Any, Any, Any]) -> None:
        """Let something else run beside the task under test; how it ends is not looked at."""
        self.beside.append(asyncio.get_running_loop().create_task(quietly(work)))


async def quietly(work: Coroutine[Any, Any, Any]) -> None:
    with suppress(SlipstreamError):
        await work


def nobody(what: str, text: str) -> None:
    """Nobody looks at these messages."""


def a_step() -> float:
    return STEP_S


async def unary(bench: Bench) -> None:
    assert await bench.left.request_response({"operation": "slow", "value": 7}, timeout=1.0) == 7


async def waiting_for_room(bench: Bench) -> None:
    bench.sockets[0].freeze()
    asyncio.get_running_loop().call_later(10 * STEP_S, bench.sockets[0].thaw)
    for number in range(3):
        bench.meanwhile(bench.left.fire_and_forget({"operation": "note", "value": "x" * 200 + str(number)}))
    await asyncio.sleep(0)
    assert await bench.left.request_response({"operation": "slow", "value": 7}) == 7


async def stream(bench: Bench) -> None:
    items = await bench.left.request_stream({"operation": "count"})
    assert [item async for item in items] == [0, 1, 2, 3]


async def stream_left_by_aclose(bench: Bench) -> None:
    items = await bench.left.request_stream({"operation": "count"})
    assert await anext(items) == 0
    await items.aclose()


async def stream_in_a_block(bench: Bench) -> None:
    async with await bench.left.request_stream({"operation": "count"}) as items:
        assert await anext(items) == 0


async def bidirectional(bench: Bench) -> None:
    handle = await bench.left.stream_stream({"operation": "echo"})
    await handle.send(1)
    assert await handle.receive() == 1
    await handle.send(2)
    await handle.aclose()
    assert [item async for item in handle] == [2]


async def bidirectional_in_a_block(bench: Bench) -> None:
    async with await bench.left.stream_stream({"operation": "echo"}) as handle:
        await handle.send(1)
        assert await anext(handle) == 1


async def bidirectional_aborted(bench: Bench) -> None:
    handle = await bench.left.stream_stream({"operation": "echo"})
    await handle.send(1)
    await handle.abort("enough", code="application")


async def sending_more_than_is_taken(bench: Bench) -> None:
    async with await bench.left.stream_stream({"operation": "sink"}) as handle:
        for number in range(8):
            await handle.send(number)


async def one_way(bench: Bench) -> None:
    for _ in range(3):
        await bench.left.fire_and_forget({"operation": "note", "value": "x" * ROOM_BYTES})


async def calls_both_ways(bench: Bench) -> None:
    assert await bench.left.request_response({"operation": "back", "value": 1}) == [1, 0, 1, 2, 3]


async def describing(bench: Bench) -> None:
    assert await describe(bench.left)


async def closing(bench: Bench) -> None:
    await bench.left.aclose()


async def closing_with_time_to_drain(bench: Bench) -> None:
    bench.meanwhile(bench.left.request_response({"operation": "slow"}))
    bench.meanwhile(stream(bench))
    await asyncio.sleep(0)
    await bench.left.aclose(drain_s=1.0)


async def closing_towardsnobody(bench: Bench) -> None:
    bench.sockets[1].silence()
    await bench.left.aclose()
    bench.sockets[1].miss_a_ping()


async def closing_from_a_handler(bench: Bench) -> None:
    with suppress(ConnectionClosedError):
        await bench.left.request_response({"operation": "hang_up"})


async def one_of_two_consumers(bench: Bench) -> None:
    """The item that wakes the first one is the second one's if the first one is cancelled."""
    handle = await bench.left.stream_stream({"operation": "echo"})

    async def the_second() -> None:
        async with asyncio.timeout(SETTLED_S / 2):
            assert await handle.receive() in (1, 2)
        await handle.aclose()

    loop = asyncio.get_running_loop()
    loop.call_soon(lambda: bench.meanwhile(the_second()))
    loop.call_later(STEP_S, lambda: bench.meanwhile(handle.send(1)))
    assert await handle.receive() == 1
    await handle.send(2)


class Piped:
    """Stands for the handshake and the socket of a connection that is made at the `attempt`-th attempt."""

    attempt = 1
    bench: Bench

    def __init__(self, *_: object, **__: object) -> None:
        self.near, far = pipe(nobody, nobody, there=Road(a_step), back=Road(a_step))
        self.server = Protocol(far, handler=Worker())

    async def __aenter__(self) -> Socket:
        await asyncio.sleep(STEP_S)
        Piped.attempt -= 1
        if Piped.attempt > 0:
            raise ConnectionRefusedError
        Piped.bench.meanwhile(self.server.listen())
        return self.near

    async def __aexit__(self, *_: object) -> None:
        await self.near.close()


def piped(bench: Bench, *, attempt: int) -> Any:
    Piped.bench, Piped.attempt = bench, attempt
    return patch("slipstream.client._Connecting", Piped)


async def connecting(bench: Bench) -> None:
    with piped(bench, attempt=1):
        async with connect("ws://nowhere") as protocol:
            assert await protocol.request_response({"operation": "slow", "value": 7}) == 7


async def connecting_again(bench: Bench) -> None:
    with piped(bench, attempt=2):
        async for protocol in connect("ws://nowhere", backoff=Backoff(first_s=STEP_S)):
            assert await protocol.request_response({"operation": "slow", "value": 7}) == 7
            break


async def reading(bench: Bench) -> None:
    near, far = pipe(nobody, nobody, there=Road(a_step), back=Road(a_step))
    server = Protocol(far, handler=Worker())
    bench.meanwhile(server.listen())
    try:
        async with listening(Protocol(near)) as protocol:
            assert await protocol.request_response({"operation": "slow", "value": 7}) == 7
    finally:
        await server.aclose()


async def listening_itself(bench: Bench) -> None:
    near, far = pipe(nobody, nobody, there=Road(a_step), back=Road(a_step))
    server, client = Protocol(far, handler=Worker()), Protocol(near)
    bench.meanwhile(client.listen())
    bench.meanwhile(client.request_response({"operation": "slow"}))
    asyncio.get_running_loop().call_later(20 * STEP_S, lambda: bench.meanwhile(client.aclose()))
    try:
        await server.listen()
    finally:
        bench.meanwhile(server.aclose())


Scenario = Callable[[Bench], Coroutine[Any, Any, None]]

CALLERS: tuple[Scenario, ...] = (
    unary,
    waiting_for_room,
    stream,
    stream_left_by_aclose,
    stream_in_a_block,
    bidirectional,
    bidirectional_in_a_block,
    bidirectional_aborted,
    sending_more_than_is_taken,
    one_way,
    calls_both_ways,
    describing,
    closing,
    closing_with_time_to_drain,
    closing_towardsnobody,
    closing_from_a_handler,
    one_of_two_consumers,
    connecting,
    connecting_again,
    reading,
    listening_itself,
)
HANDLERS: tuple[tuple[str, Scenario], ...] = (
    ("slow", unary),
    ("count", stream),
    ("echo", bidirectional),
    ("sink", sending_more_than_is_taken),
    ("back", calls_both_ways),
    ("hang_up", closing_from_a_handler),
)
