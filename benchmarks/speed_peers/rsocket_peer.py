"""`rsocket` over TCP, its default transport; messages are JSON, and operations are found by their route."""

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
from rsocket.extensions.helpers import composite, route
from rsocket.extensions.mimetypes import WellKnownMimeTypes
from rsocket.helpers import DefaultPublisherSubscription, create_future, single_transport_provider
from rsocket.payload import Payload
from rsocket.routing.request_router import RequestRouter
from rsocket.routing.routing_request_handler import RoutingRequestHandler
from rsocket.rsocket_client import RSocketClient
from rsocket.rsocket_server import RSocketServer
from rsocket.streams.stream_from_generator import StreamFromGenerator
from rsocket.transports.tcp import TransportTCP

from speed_peers.workloads import HOST, Measured, Stopwatch, call_repeatedly, text_of

READ_BYTES = 64 * 1024


TO_ECHO, TO_ITEMS, TO_TALK = (composite(route(name)) for name in ("echo", "items", "talk"))


def payload_of(data: object, metadata: bytes | None = None) -> Payload:
    """Data as a payload of compact JSON; the metadata of a call names its route."""
    return Payload(text_of(data).encode(), metadata)


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


router = RequestRouter()


@router.response("echo")
async def echo(payload: Payload) -> Awaitable[Payload]:
    """Answer with what came."""
    return create_future(payload_of(json.loads(payload.data)))


@router.stream("items")
async def items(payload: Payload) -> StreamFromGenerator:
    """The same item so many times."""
    count, item = json.loads(payload.data)

    def produce() -> Iterator[tuple[Payload, bool]]:
        for number in range(1, count + 1):
            yield payload_of(item), number == count

    return StreamFromGenerator(produce)


@router.channel("talk")
async def talk(_payload: Payload) -> tuple[Outgoing, Incoming]:
    """Send back each item."""
    outgoing = Outgoing()
    return outgoing, Incoming(outgoing.send, outgoing.end)


async def serve(listening: Callable[[int], None]) -> None:
    """Serve on TCP."""

    def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        RSocketServer(
            TransportTCP(reader, writer, READ_BYTES), handler_factory=lambda: RoutingRequestHandler(router)
        )

    async with await asyncio.start_server(attend, HOST, 0) as server:
        listening(server.sockets[0].getsockname()[1])
        await server.serve_forever()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[RsocketClient]:
    """A client on TCP."""
    transport = TransportTCP(*await asyncio.open_connection(HOST, port), READ_BYTES)
    encoding = WellKnownMimeTypes.MESSAGE_RSOCKET_COMPOSITE_METADATA
    async with RSocketClient(single_transport_provider(transport), metadata_encoding=encoding) as client:
        yield RsocketClient(client)


@dataclass(frozen=True, slots=True)
class RsocketClient:
    """Calls with JSON."""

    client: RSocketClient

    async def unary(self, data: dict[str, Any], in_flight: int, seconds: float) -> Measured:
        """Each worker calls, and waits for its answer."""
        return await call_repeatedly(self._call, data, in_flight, seconds)

    async def _call(self, data: dict[str, Any]) -> Any:
        return json.loads((await self.client.request_response(payload_of(data, TO_ECHO))).data)

    async def stream(self, data: dict[str, Any], items: int) -> Measured:
        """Open, and count the items."""
        counted: list[None] = []
        ended = asyncio.Event()
        watch = Stopwatch()
        stream = self.client.request_stream(payload_of([items, data], TO_ITEMS))
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
        channel = self.client.request_channel(payload_of("begin", TO_TALK), outgoing)
        channel.subscribe(Incoming(take, ended.set))
        for _ in range(in_flight):
            outgoing.send(data)
        await ended.wait()
        return watch.measured(answered)
