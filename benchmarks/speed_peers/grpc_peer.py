"""`grpcio` with its asyncio interface; the messages are JSON instead of protobuf."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio

from speed_peers.workloads import HOST, Measured, Stopwatch, call_repeatedly, text_of

SERVICE = "speed"


def to_bytes(data: object) -> bytes:
    """Compact JSON."""
    return text_of(data).encode()


async def _echo(data: Any, _context: Any) -> Any:
    return data


async def _items(data: Any, _context: Any) -> AsyncIterator[Any]:
    count, item = data
    for _ in range(count):
        yield item


async def _talk(items: AsyncIterator[Any], _context: Any) -> AsyncIterator[Any]:
    async for item in items:
        yield item


async def serve(listening: Callable[[int], None]) -> None:
    """Serve one method of each kind."""
    coding = {"request_deserializer": json.loads, "response_serializer": to_bytes}
    methods = {
        "echo": grpc.unary_unary_rpc_method_handler(_echo, **coding),
        "items": grpc.unary_stream_rpc_method_handler(_items, **coding),
        "talk": grpc.stream_stream_rpc_method_handler(_talk, **coding),
    }
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
    port = server.add_insecure_port(f"{HOST}:0")
    await server.start()
    listening(port)
    await server.wait_for_termination()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[GrpcClient]:
    """A client whose channel is ready."""
    async with grpc.aio.insecure_channel(f"{HOST}:{port}") as channel:
        await channel.channel_ready()
        coding = {"request_serializer": to_bytes, "response_deserializer": json.loads}
        yield GrpcClient(
            channel.unary_unary(f"/{SERVICE}/echo", **coding),
            channel.unary_stream(f"/{SERVICE}/items", **coding),
            channel.stream_stream(f"/{SERVICE}/talk", **coding),
        )


@dataclass(frozen=True, slots=True)
class GrpcClient:
    """The three methods of the server."""

    call: Callable[..., Any]
    items: Callable[..., Any]
    talk: Callable[..., Any]

    async def unary(self, data: dict[str, Any], in_flight: int, seconds: float) -> Measured:
        """Each worker calls, and waits for its answer."""
        return await call_repeatedly(self.call, data, in_flight, seconds)

    async def stream(self, data: dict[str, Any], items: int) -> Measured:
        """Open, and count the items."""
        watch = Stopwatch()
        count = 0
        async for _ in self.items([items, data]):
            count += 1
        return watch.measured(count)

    async def echo(self, data: dict[str, Any], in_flight: int, seconds: float) -> Measured:
        """One loop: an item comes, the next one goes."""
        clock = time.perf_counter
        stream = self.talk()
        watch = Stopwatch(seconds)
        for _ in range(in_flight):
            await stream.write(data)
        answered = 0
        while clock() < watch.end:
            await stream.read()
            answered += 1
            await stream.write(data)
        await stream.done_writing()
        while await stream.read() is not grpc.aio.EOF:
            answered += 1
        return watch.measured(answered)
