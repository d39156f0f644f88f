"""What the tests of the shell share: a service of every kind, an observer, a look for leftovers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from pydantic import BaseModel

from slipstream import (
    BiStreamHandle,
    Finding,
    FrameTap,
    HandlerError,
    Outcome,
    Protocol,
    ProtocolHandler,
    Tap,
    Transition,
    fire_and_forget,
    request_response,
    request_stream,
    stream_stream,
)

PATIENCE_S = 5.0
"""How long a test waits for what must come: long enough never to matter when the code is right."""


class Pair(BaseModel):
    """Two numbers."""

    a: int
    b: int = 0


class Service(ProtocolHandler):
    """Every kind of handler; `started` and `stopped` tell of the ones that wait."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.stopped = asyncio.Event()
        self.release = asyncio.Event()
        self.noted: asyncio.Queue[Any] = asyncio.Queue()

    @request_response
    async def add(self, data: Pair) -> int:
        return data.a + data.b

    @request_response
    async def echo(self, data: dict[str, Any]) -> Any:
        return data.get("value")

    @request_response
    def plain(self, data: dict[str, Any]) -> Any:
        return data.get("value")

    @request_response
    async def fail(self, data: dict[str, Any]) -> None:
        raise HandlerError("no luck", code=data.get("code", "application"), details=data.get("details"))

    @request_response
    async def hang(self, data: dict[str, Any]) -> Any:
        return await self._wait(data.get("value"))

    @request_stream
    async def items(self, data: dict[str, Any]) -> AsyncIterator[Any]:
        for item in data["items"]:
            yield item
        if "error" in data:
            raise HandlerError(data["error"])

    @request_stream
    async def endless(self, data: dict[str, Any]) -> AsyncIterator[int]:
        self.started.set()
        try:
            number = 0
            while True:
                yield number
                number += 1
        finally:
            self.stopped.set()

    @request_stream
    async def pausing(self, data: dict[str, Any]) -> AsyncIterator[Any]:
        for item in data["items"]:
            yield item
        await self._wait(None)

    @stream_stream
    async def chat(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        self.started.set()
        try:
            async for item in stream:
                await stream.send(item)
        finally:
            self.stopped.set()

    @stream_stream
    async def mute(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        await self._wait(None)

    @fire_and_forget
    async def note(self, data: dict[str, Any]) -> None:
        self.noted.put_nowait(data["value"])

    async def _wait(self, value: Any) -> Any:
        self.started.set()
        try:
            await self.release.wait()
        finally:
            self.stopped.set()
        return value


class PlainStreams(ProtocolHandler):
    """Streams written as plain generators."""

    @request_stream
    def letters(self, data: dict[str, Any]) -> Iterator[str]:
        yield from data["letters"]


class Observer(Tap):
    """Keeps what it is told; `until` waits for some of it."""

    def __init__(self) -> None:
        self.frames: list[FrameTap] = []
        self.transitions: list[Transition] = []
        self.findings: list[Finding] = []
        self.settlings: list[tuple[Outcome, str]] = []
        self._told = asyncio.Event()

    def frame(self, seen: FrameTap) -> None:
        self.frames.append(seen)
        self._told.set()

    def transition(self, transition: Transition) -> None:
        self.transitions.append(transition)
        self._told.set()

    def finding(self, finding: Finding, time_ns: int) -> None:
        self.findings.append(finding)
        self._told.set()

    def settled(self, request_id: tuple[str, int], outcome: Outcome, message: str, time_ns: int) -> None:
        self.settlings.append((outcome, message))
        self._told.set()

    def messages(self, direction: str) -> list[str | bytes]:
        return [seen.message for seen in self.frames if seen.direction == direction]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self._told.clear()
                await self._told.wait()


async def soon(event: asyncio.Event) -> None:
    """Wait for what must happen."""
    async with asyncio.timeout(PATIENCE_S):
        await event.wait()


async def gather(items: AsyncIterator[Any], into: list[Any]) -> None:
    """Consume a stream, keeping what came before whatever ends it."""
    async for item in items:
        into.append(item)  # noqa: PERF401 - a comprehension would lose them when the stream fails


def leftovers(protocol: Protocol) -> dict[str, Any]:
    """Everything that a protocol still holds of exchanges, by name; empty when there is nothing."""
    responder, consumers = protocol._responder, protocol._consumers
    held: dict[str, Any] = {
        "exchanges": protocol.exchanges,
        "answers": consumers._answers,
        "inlets": consumers._inlets,
        "buffered bytes": consumers._budget.used_bytes,
        "handlers": responder.running,
        "senders": consumers.senders,
        "to be written": protocol._outbox.pending_bytes,
        "deadline": protocol._session.deadlines.next,
    }
    return {name: value for name, value in held.items() if value}


async def emptied(*protocols: Protocol) -> None:
    """Let the tasks run until nothing is left of any exchange; fails with what is."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while any(map(leftovers, protocols)):  # noqa: ASYNC110 - emptiness has no event; this yields
                await asyncio.sleep(0)
    except TimeoutError:
        assert [leftovers(protocol) for protocol in protocols] == [{} for _ in protocols]
