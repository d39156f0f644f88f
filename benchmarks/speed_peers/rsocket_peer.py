"""`rsocket` over TCP, which is its fastest transport; messages are JSON."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from reactivestreams.subscriber import Subscriber
from reactivestreams.subscription import Subscription
from rsocket.helpers import DefaultPublisherSubscription, create_response, single_transport_provider
from rsocket.payload import Payload
from rsocket.request_handler import BaseRequestHandler
from rsocket.rsocket_client import RSocketClient
from rsocket.rsocket_server import RSocketServer
from rsocket.streams.stream_from_generator import StreamFromGenerator
from rsocket.transports.tcp import TransportTCP

from speed_peers.workloads import HOST, Measured, Stopwatch, call_repeatedly, text_of

READ_BYTES = 64 * 1024


def payload_of(data: object) -> Payload:
    """Data as a payload of compact JSON."""
    return Payload(text_of(data).encode())


class Outgoing(DefaultPublisherSubscription):
    """A half that sends what it is given, at once: the other side has asked for as much as it likes."""

    def request(self, n: int) -> None:
        """Any number."""

    def send(self, data: object) -> None:
        """Send one item."""
        self._subscriber.on_next(payload_of(data))

    def end(self) -> None:
        """End this half."""
        self._subscriber.on_complete()


class Incoming(Subscriber):
    """A half that gives every item to `take`, and then calls `ended`."""

    def __init__(self, take: Callable[[Any], None], ended: Callable[[], None]) -> None:
        self._take = take
        self._ended = ended

    def on_subscribe(self, subscription: Subscription) -> None:
        """Nothing to do."""

    def on_next(self, value: Payload, is_complete: bool = False) -> None:
        """Take an item."""
        if value.data:
            self._take(json.loads(value.data))
        if is_complete:
            self._ended()

    def on_complete(self) -> None:
        """No more items."""
        self._ended()

    def on_error(self, exception: Exception) -> None:
        """Nothing that is measured fails."""
        raise exception


class Handler(BaseRequestHandler):
    """One method of each kind."""

    async def request_response(self, payload: Payload) -> Awaitable[Payload]:
        """Answer with what came."""
        answer: Awaitable[Payload] = create_response(text_of(json.loads(payload.data)).encode())
        return answer

    async def request_stream(self, payload: Payload) -> StreamFromGenerator:
        """The same item so many times."""
        count, item = json.loads(payload.data)

        def items() -> Iterator[tuple[Payload, bool]]:
            for number in range(1, count + 1):
                yield payload_of(item), number == count

        return StreamFromGenerator(items)

    async def request_channel(self, _payload: Payload) -> tuple[Outgoing, Incoming]:
        """Send back each item."""
        outgoing = Outgoing()
        return outgoing, Incoming(outgoing.send, outgoing.end)


async def serve(listening: Callable[[int], None]) -> None:
    """Serve on TCP."""

    def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        RSocketServer(TransportTCP(reader, writer, READ_BYTES), handler_factory=Handler)

    async with await asyncio.start_server(attend, HOST, 0) as server:
        listening(server.sockets[0].getsockname()[1])
        await server.serve_forever()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[RsocketClient]:
    """A client on TCP."""
    transport = TransportTCP(*await asyncio.open_connection(HOST, port), READ_BYTES)
    async with RSocketClient(single_transport_provider(transport)) as client:
        yield RsocketClient(client)


@dataclass(frozen=True, slots=True)
class RsocketClient:
    """Calls with JSON."""

    client: RSocketClient

    async def unary(self, data: dict[str, Any], in_flight: int, seconds: float) -> Measured:
        """Each worker calls, and waits for its answer."""
        return await call_repeatedly(self._call, data, in_flight, seconds)

    async def _call(self, data: dict[str, Any]) -> Any:
        return json.loads((await self.client.request_response(payload_of(data))).data)

    async def stream(self, data: dict[str, Any], items: int) -> Measured:
        """Open, and count the items."""
        counted: list[None] = []
        ended = asyncio.Event()
        watch = Stopwatch()
        stream = self.client.request_stream(payload_of([items, data]))
        stream.subscribe(Incoming(lambda _: counted.append(None), ended.set))
        await ended.wait()
        return watch.measured(len(counted))

    async def echo(self, data: dict[str, Any], in_flight: int, seconds: float) -> Measured:
        """An item comes, the next one goes."""
        clock, ended, outgoing = time.perf_counter, asyncio.Event(), Outgoing()
        sent, answered = in_flight, 0

        def take(_item: Any) -> None:
            nonlocal sent, answered
            answered += 1
            if clock() < watch.end:
                outgoing.send(data)
                sent += 1
            elif answered == sent:
                outgoing.end()

        watch = Stopwatch(seconds)
        self.client.request_channel(payload_of("begin"), outgoing).subscribe(Incoming(take, ended.set))
        for _ in range(in_flight):
            outgoing.send(data)
        await ended.wait()
        return watch.measured(answered)
