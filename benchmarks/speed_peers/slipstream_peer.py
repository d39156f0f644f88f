"""slipstream with everything on: a validated model, deadlines, credit, and a tap that takes every frame."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from slipstream import (
    BiStreamHandle,
    FrameTap,
    Protocol,
    ProtocolHandler,
    Tap,
    connect,
    request_response,
    request_stream,
    stream_stream,
)
from slipstream import (
    serve as serve_slipstream,
)
from speed_peers.workloads import HOST, Measured, Stopwatch, call_repeatedly

KEPT_FRAMES = 64


class Call(BaseModel):
    """What every operation takes."""

    operation: str
    number: int
    text: str


class StreamCall(Call):
    """A call for a stream of so many items."""

    items: int


class TakeAll(Tap):
    """Counts every frame and keeps the last ones."""

    def __init__(self) -> None:
        self.frames = 0
        self.kept: deque[FrameTap] = deque(maxlen=KEPT_FRAMES)

    def frame(self, seen: FrameTap) -> None:
        """Take it."""
        self.frames += 1
        self.kept.append(seen)


class Handler(ProtocolHandler):
    """One operation of each kind that is measured. Answers and items are as large as the call's data."""

    @request_response
    async def echo(self, call: Call) -> dict[str, Any]:
        """Answer with what came."""
        return {"operation": call.operation, "number": call.number, "text": call.text}

    @request_stream
    async def items(self, call: StreamCall) -> AsyncIterator[dict[str, Any]]:
        """The same item so many times."""
        item = {"operation": "echo", "number": call.number, "text": call.text}
        for _ in range(call.items):
            yield item

    @stream_stream
    async def talk(self, _call: Call, stream: BiStreamHandle) -> None:
        """Send back each item."""
        async for item in stream:
            await stream.send(item)


async def serve(listening: Callable[[int], None]) -> None:
    """Serve with a tap on every connection."""
    async with serve_slipstream(Handler, HOST, taps=lambda _: [TakeAll()]) as server:
        listening(server.port)
        await asyncio.get_running_loop().create_future()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[SlipstreamClient]:
    """A client with a tap."""
    async with connect(f"ws://{HOST}:{port}", taps=[TakeAll()]) as protocol:
        yield SlipstreamClient(protocol)


@dataclass(frozen=True, slots=True)
class SlipstreamClient:
    """Calls as a program would."""

    protocol: Protocol

    async def unary(self, data: dict[str, Any], in_flight: int, seconds: float) -> Measured:
        """Each worker calls, and waits for its answer."""
        return await call_repeatedly(self.protocol.request_response, data, in_flight, seconds)

    async def stream(self, data: dict[str, Any], items: int) -> Measured:
        """Open, and count the items."""
        watch = Stopwatch()
        count = 0
        async for _ in await self.protocol.request_stream({**data, "operation": "items", "items": items}):
            count += 1
        return watch.measured(count)

    async def echo(self, data: dict[str, Any], in_flight: int, seconds: float) -> Measured:
        """One loop: an item comes, the next one goes."""
        clock = time.perf_counter
        async with await self.protocol.stream_stream({**data, "operation": "talk"}) as stream:
            watch = Stopwatch(seconds)
            for _ in range(in_flight):
                await stream.send(data)
            answered = 0
            while clock() < watch.end:
                await stream.receive()
                answered += 1
                await stream.send(data)
            await stream.aclose()
            async for _ in stream:
                answered += 1
            return watch.measured(answered)
