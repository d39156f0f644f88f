"""Callers that keep a log: what they sent, what they received, how each call ended, and when."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from slipstream import (
    ConnectionClosedError,
    ConnectionLostError,
    ExchangeCancelledError,
    FrameTap,
    Protocol,
    RemoteError,
    RequestTimeoutError,
    SlipstreamError,
    StreamOverflowError,
    Tap,
    Transition,
)
from tests.chaos import records
from tests.chaos.records import Call, Ending, History, How, Kind, Wire

PATIENCE_S = 10.0

_ENDLESS = sys.maxsize

_HOW: dict[type[SlipstreamError], How] = {
    RemoteError: "remote error",
    ConnectionClosedError: "closed",
    ConnectionLostError: "lost",
    RequestTimeoutError: "timeout",
    ExchangeCancelledError: "cancelled",
    StreamOverflowError: "overflow",
}


class Log(Tap):
    """The history of one connection, as far as this side knows it. It is the connection's tap, too."""

    def __init__(self) -> None:
        self.frames_in: list[str | bytes] = []
        self.frames_out: list[str | bytes] = []
        self.history = History(Wire(), frames_in=self.frames_in, frames_out=self.frames_out)
        self.received = 0
        """Items and results that all callers together have received."""
        self._numbers = itertools.count()
        self._changed = asyncio.Event()

    def frame(self, seen: FrameTap) -> None:
        (self.frames_in if seen.direction == "in" else self.frames_out).append(seen.message)

    def transition(self, transition: Transition) -> None:
        self.history.transitions.append(
            records.Transition(
                time.monotonic_ns(), transition.old.value, transition.new.value, transition.code
            )
        )

    def take(self, call: Call, item: Any) -> None:
        """A caller received something."""
        call.received.append(item)
        if call.first_received_ns is None:
            call.first_received_ns = time.monotonic_ns()
        self.received += 1
        self._changed.set()

    async def until(self, received: int) -> None:
        """Wait until so much was received."""
        async with asyncio.timeout(PATIENCE_S):
            while self.received < received:
                self._changed.clear()
                await self._changed.wait()

    @contextmanager
    def call(self, kind: Kind) -> Iterator[Call]:
        """One call, from its beginning to however it ends; a failure of its own kind goes no further."""
        call = Call(next(self._numbers), kind, time.monotonic_ns())
        self.history.calls.append(call)
        how: How = "normal"
        try:
            yield call
        except SlipstreamError as error:
            how = _HOW[type(error)]
        call.endings.append(Ending(time.monotonic_ns(), how))


class Caller:
    """Makes calls on one connection, each on the log; None for an amount is until the connection ends."""

    def __init__(self, protocol: Protocol, log: Log) -> None:
        self.log = log
        self._protocol = protocol

    async def unary(self, amount: int | None) -> None:
        """Call again and again, one after the other."""
        for number in _numbers(amount):
            with self.log.call("unary") as call:
                call.produced = [number]
                data = {"operation": "echo", "call": call.number, "value": number}
                self.log.take(call, await self._protocol.request_response(data))
            if call.endings[0].how != "normal":
                return

    async def wait(self) -> None:
        """Wait for an answer that never comes."""
        with self.log.call("unary") as call:
            data = {"operation": "wait", "call": call.number}
            self.log.take(call, await self._protocol.request_response(data))

    async def stream(self, amount: int | None, every_s: float = 0.0) -> None:
        """Read one stream to its end."""
        with self.log.call("stream") as call:
            call.produced = range(_ENDLESS if amount is None else amount)
            data = {"operation": "count", "call": call.number, "to": amount, "every_s": every_s}
            await self._take(call, await self._protocol.request_stream(data))

    async def conversation(self, amount: int | None) -> None:
        """Send numbers while reading what comes back."""
        with self.log.call("conversation") as call:
            call.produced = range(_ENDLESS if amount is None else amount)
            handle = await self._protocol.stream_stream({"operation": "chat", "call": call.number})
            reading = asyncio.create_task(self._take(call, handle))
            try:
                for number in _numbers(amount):
                    call.sent.append(number)
                    await handle.send(number)
                await handle.aclose()
            finally:
                # What the reader is told counts: the sender may hear of the end of the connection first.
                await reading

    async def silence(self) -> None:
        """Hold a conversation in which nobody says anything."""
        with self.log.call("conversation") as call:
            data = {"operation": "chat", "call": call.number}
            await self._take(call, await self._protocol.stream_stream(data))

    async def wait_closed(self) -> None:
        """Wait until the connection has ended."""
        await self._protocol.wait_closed()

    async def _take(self, call: Call, items: AsyncIterator[Any]) -> None:
        async for item in items:
            self.log.take(call, item)


def _numbers(amount: int | None) -> Iterator[int]:
    return iter(range(_ENDLESS if amount is None else amount))


async def _at_once(count: int, make: Callable[[], Any]) -> None:
    await asyncio.gather(*(make() for _ in range(count)))


async def idle(caller: Caller, *, endless: bool) -> None:
    """Nothing goes over the wire; endless, each kind of call waits."""
    if endless:
        # The stream's first item comes behind all three openings.
        await asyncio.gather(caller.wait(), caller.silence(), caller.stream(None, 3600.0))


async def many_unary(caller: Caller, *, endless: bool) -> None:
    """200 callers, each with one request in flight."""
    await _at_once(200, lambda: caller.unary(None if endless else 3))


async def fast_stream(caller: Caller, *, endless: bool) -> None:
    """One stream, as fast as it goes."""
    await caller.stream(None if endless else 5000)


async def many_streams(caller: Caller, *, endless: bool) -> None:
    """1,000 streams at once, of five items a second each."""
    await _at_once(1000, lambda: caller.stream(None if endless else 3, 0.2))


async def conversations(caller: Caller, *, endless: bool) -> None:
    """Four bidirectional streams that echo."""
    await _at_once(4, lambda: caller.conversation(None if endless else 600))
