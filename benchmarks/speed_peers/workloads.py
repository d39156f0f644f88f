"""What is measured: the workloads, their payloads, and the loops that all implementations share.

A payload is the JSON text of `data`, exactly so many bytes of it. Every implementation puts its own envelope
around the same data; the bases send ready-made frames of slipstream, so that the same bytes are on the wire.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

OUTSTANDING = 64
"""Items on their way in the bidirectional echo."""
HOST = "127.0.0.1"


class Measured(NamedTuple):
    """So many calls or items in so many seconds, which cost both ends together so much processor time."""

    number: int
    seconds: float
    processor_s: float

    def plus(self, other: Measured) -> Measured:
        """Both together."""
        return Measured(
            self.number + other.number,
            self.seconds + other.seconds,
            self.processor_s + other.processor_s,
        )


class Stopwatch:
    """Started when made. `seconds` from then is `end`, on the clock `time.perf_counter`."""

    processes: ClassVar[list[int]] = []
    """The IDs of the processes whose processor time is counted."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._processor_s = self._processor_time()
        self._began = time.perf_counter()
        self.end = self._began + seconds

    def measured(self, number: int) -> Measured:
        """So many, until now."""
        seconds = time.perf_counter() - self._began
        return Measured(number, seconds, self._processor_time() - self._processor_s)

    def _processor_time(self) -> float:
        return sum(time.clock_gettime(_processor_clock(process)) for process in self.processes)


def _processor_clock(process: int) -> int:
    # What clock_getcpuclockid(3) makes on Linux: the ID of another process' clock, in nanoseconds.
    return (~process << 3) | 2


@dataclass(frozen=True, slots=True)
class Workload:
    """One thing to measure: `kind` is `unary`, `stream` or `echo`.

    `in_flight` calls or items are outstanding for `seconds`; a stream has `items` instead.
    """

    kind: str
    payload_bytes: int = 0
    in_flight: int = 1
    seconds: float = 0.0
    items: int = 0


class Client(Protocol):
    """A connected client. Each method returns when everything that was sent has been answered."""

    async def unary(self, data: dict[str, Any], in_flight: int, seconds: float) -> Measured:
        """Call for `seconds`, always so many at once."""

    async def stream(self, data: dict[str, Any], items: int) -> Measured:
        """Receive a stream of `items` that are each `data`."""

    async def echo(self, data: dict[str, Any], in_flight: int, seconds: float) -> Measured:
        """Send on one bidirectional stream for `seconds`, always so many items unanswered."""


class Implementation(Protocol):
    """What a module of this package is."""

    async def serve(self, listening: Callable[[int], None]) -> None:
        """Tell the port, then serve until cancelled."""

    def connected(self, port: int) -> AbstractAsyncContextManager[Client]:
        """A client of that server."""


def data_of(payload_bytes: int) -> dict[str, Any]:
    """Call data whose compact JSON has exactly this size: an operation, an integer, a text."""
    data = {"operation": "echo", "number": 7, "text": ""}
    return {**data, "text": "x" * (payload_bytes - len(text_of(data)))}


def text_of(data: object) -> str:
    """Compact JSON."""
    return json.dumps(data, separators=(",", ":"))


def frame_of(data: dict[str, Any], kind: str = "request") -> dict[str, Any]:
    """A frame with this data, as slipstream would write it: what the bases send ready-made."""
    return {"type": kind, "requestId": [_PEER, 1000], "peerID": _PEER, "data": data}


_PEER = "00000000-0000-4000-8000-000000000000"


async def call_repeatedly(
    call: Callable[[dict[str, Any]], Awaitable[Any]], data: dict[str, Any], in_flight: int, seconds: float
) -> Measured:
    """So many workers, each of which calls again as soon as it has its answer."""
    answered = 0
    clock = time.perf_counter

    async def work() -> None:
        nonlocal answered
        while clock() < watch.end:
            await call(data)
            answered += 1

    workers = [asyncio.ensure_future(work()) for _ in range(in_flight)]
    watch = Stopwatch(seconds)
    await asyncio.gather(*workers)
    return watch.measured(answered)


async def run(client: Client, workload: Workload) -> Measured:
    """Warm up with about a tenth of it, then measure."""
    data = data_of(workload.payload_bytes)
    if workload.kind == "stream":
        await client.stream(data, workload.items // 10)
        return await client.stream(data, workload.items)
    loop = client.unary if workload.kind == "unary" else client.echo
    await loop(data, min(workload.in_flight, OUTSTANDING), workload.seconds / 10)
    return await loop(data, workload.in_flight, workload.seconds)
