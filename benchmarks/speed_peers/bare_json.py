"""The second base, for information: the bare one with `json.dumps` and `json.loads` on both ends."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from speed_peers.bare import BareClient, connect_to, send_each, serve
from speed_peers.workloads import Measured, Stopwatch, frame_of

__all__ = ["connected", "serve"]


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[JsonClient]:
    """A client with one connection to each of the two."""
    async with connect_to(port, "/json/echo") as echo, connect_to(port, "/json/push") as push:
        yield JsonClient(echo, push)


class JsonClient(BareClient):
    """Writes and reads JSON for every message."""

    async def unary(self, data: dict[str, Any], in_flight: int, seconds: float) -> Measured:
        """One loop: a message comes, the next one goes."""
        clock, dumps, loads = time.perf_counter, json.dumps, json.loads
        send, receive = self.websocket.send, self.websocket.recv
        watch = Stopwatch(seconds)
        frame = frame_of(data)
        first = (dumps(frame) for _ in range(in_flight))
        filling = asyncio.ensure_future(send_each(send, first))
        answered = 0
        while clock() < watch.end:
            loads(await receive())
            answered += 1
            await send(dumps(frame))
        await filling
        for _ in range(in_flight):
            loads(await receive())
        return watch.measured(answered + in_flight)

    async def stream(self, data: dict[str, Any], items: int) -> Measured:
        """Ask once, read and count the items."""
        loads, receive = json.loads, self.pushing.recv
        watch = Stopwatch()
        await self.pushing.send(json.dumps([items, data]))
        for _ in range(items):
            loads(await receive())
        return watch.measured(items)
