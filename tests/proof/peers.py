"""A server in a process of its own, for the tests that measure: `python -m tests.proof.peers [options]`.

It prints its address first. `report` tells what its process holds, does and has logged.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import hashlib
import logging
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from slipstream import (
    BiStreamHandle,
    Finding,
    FrameTap,
    HandlerError,
    Limits,
    Protocol,
    ProtocolHandler,
    Tap,
    current_protocol,
    fire_and_forget,
    request_response,
    request_stream,
    serve,
    stream_stream,
)
from tests.proof.measures import Lateness, LogRate


@dataclass(slots=True)
class Doings:
    """What all connections of this process have done together."""

    running: int = 0
    most_running: int = 0
    noted: int = 0
    blobs: int = 0
    note_came: asyncio.Condition = field(default_factory=asyncio.Condition)
    lateness: Lateness = field(default_factory=Lateness)
    protocols: list[Protocol] = field(default_factory=list)
    wires: list[WireDigest] = field(default_factory=list)
    log: LogRate = field(default_factory=LogRate)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    def __enter__(self) -> Doings:
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        return self

    def __exit__(self, *_: object) -> None:
        self.running -= 1


class RejectionClock(Tap):
    """How long each finding took from the message that caused it, in seconds."""

    def __init__(self) -> None:
        self._began = 0.0
        self._took: list[float] = []

    def frame(self, seen: FrameTap) -> None:
        if seen.direction == "in":
            self._began = time.perf_counter()

    def finding(self, finding: Finding, time_ns: int) -> None:
        self._took.append(time.perf_counter() - self._began)

    def take(self) -> list[float]:
        """Those since the last time that this was asked."""
        taken, self._took = self._took, []
        return taken


class WireDigest(Tap):
    """A digest of every frame that went by, by direction: what a capture of the other side has to hold."""

    def __init__(self) -> None:
        self.sent = FramesDigest()
        self.received = FramesDigest()

    def frame(self, seen: FrameTap) -> None:
        assert isinstance(seen.message, str)
        (self.sent if seen.direction == "out" else self.received).add(seen.message)


class FramesDigest:
    """A digest of frames in their order.

    It is made of many at a time: each update of a digest may let another thread run, which a recorder has.
    """

    def __init__(self) -> None:
        self._digested = 0
        self._digest = hashlib.sha256()
        self._waiting: list[str] = []

    def add(self, message: str) -> None:
        """Add one frame, so that no two sequences of frames have the same digest."""
        self._waiting.append(message)
        if len(self._waiting) >= _DIGESTED_TOGETHER:
            self._take_in()

    def told(self) -> list[Any]:
        """How many frames, and their digest."""
        self._take_in()
        return [self._digested, self._digest.hexdigest()]

    def _take_in(self) -> None:
        self._digested += len(self._waiting)
        self._digest.update("".join(f"{message}\n" for message in self._waiting).encode())
        self._waiting.clear()


_DIGESTED_TOGETHER = 1_000
_PACED_TOGETHER = 50


class Measured(ProtocolHandler):
    """Operations of every kind, cheap to answer, and what the process can say of itself."""

    def __init__(self, doings: Doings, rejections: RejectionClock | None = None) -> None:
        self._doings = doings
        self._rejections = rejections or RejectionClock()

    @request_response
    async def echo(self, data: dict[str, Any]) -> Any:
        return data.get("value")

    @request_response
    async def blob(self, data: dict[str, Any]) -> str:
        """A text of so many bytes, unlike any other."""
        self._doings.blobs += 1
        return f"{self._doings.blobs}".rjust(data["size_bytes"], "x")

    @request_response
    async def hang(self, data: dict[str, Any]) -> None:
        with self._doings:
            await self._doings.release.wait()

    @request_response
    async def fail(self, data: dict[str, Any]) -> None:
        raise HandlerError("no luck")

    @fire_and_forget
    async def cut(self, data: dict[str, Any]) -> None:
        """Reset the connection that this comes over."""
        current_protocol().websocket.transport.abort()

    @fire_and_forget
    async def leave(self, data: dict[str, Any]) -> None:
        """Close the connection that this comes over, with this code."""
        await current_protocol().aclose(data["code"], "left")

    @request_stream
    async def count(self, data: dict[str, Any]) -> AsyncIterator[int]:
        with self._doings:
            for number in range(data.get("count", 3)):
                yield number

    @request_response
    async def push(self, data: dict[str, Any]) -> float:
        """Send every other connection notes, at so many a second; the seconds that it took."""
        mine, loop, text = current_protocol(), asyncio.get_running_loop(), "x" * data["text_bytes"]
        others = [protocol for protocol in self._doings.protocols if protocol is not mine]
        began = loop.time()
        for number in range(data["count"]):
            if number % _PACED_TOGETHER == 0:  # what was late is made up for
                await asyncio.sleep(began + number / data["rate"] - loop.time())
            for protocol in others:
                await protocol.fire_and_forget({"operation": "note", "number": number, "text": text})
        return loop.time() - began

    @request_stream
    async def endless(self, data: dict[str, Any]) -> AsyncIterator[int]:
        with self._doings:
            number = 0
            while True:
                yield number
                number += 1

    @request_stream
    async def silent(self, data: dict[str, Any]) -> AsyncIterator[int]:
        with self._doings:
            await self._doings.release.wait()
            yield 0

    @stream_stream
    async def chat(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        with self._doings:
            async for item in stream:
                await stream.send(item)

    @stream_stream
    async def deaf(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        with self._doings:
            await self._doings.release.wait()

    @fire_and_forget
    async def note(self, data: dict[str, Any]) -> None:
        self._doings.noted += 1
        async with self._doings.note_came:
            self._doings.note_came.notify_all()

    @request_response
    async def when_noted(self, data: dict[str, Any]) -> None:
        """Answered once so many notes have come in all."""
        async with self._doings.note_came:
            await self._doings.note_came.wait_for(lambda: self._doings.noted >= data["count"])

    @fire_and_forget
    async def linger(self, data: dict[str, Any]) -> None:
        with self._doings:
            await self._doings.release.wait()

    @fire_and_forget
    async def release(self, data: dict[str, Any]) -> None:
        """Let all that wait go, and whoever comes later."""
        self._doings.release.set()

    @request_response
    async def report(self, data: dict[str, Any]) -> dict[str, Any]:
        """Counts of the process; `lateness_s`, `most_handlers` and `rejected_s` since the last report."""
        doings = self._doings
        most, doings.most_running = doings.most_running, doings.running
        if data.get("collect"):
            gc.collect()
        return {
            "exchanges": current_protocol().exchanges - 1,
            "handlers": doings.running,
            "most_handlers": most,
            "tasks": len(asyncio.all_tasks()),
            "noted": doings.noted,
            "lateness_s": await doings.lateness.take(),
            "log_lines": doings.log.total,
            "log_lines_a_second": doings.log.busiest,
            "rejected_s": self._rejections.take(),
        }

    @request_response
    async def wires(self, data: dict[str, Any]) -> list[dict[str, Any]]:
        """Of each connection so far, in their order, the digests of what went out and what came in."""
        return [{"out": wire.sent.told(), "in": wire.received.told()} for wire in self._doings.wires]


async def main(options: argparse.Namespace) -> None:
    """Serve until the process is ended."""
    doings = Doings()
    logging.getLogger().addHandler(doings.log)
    limits = Limits(bad_frames=options.bad_frames or None, frame_bytes=options.frame_bytes)
    made: list[RejectionClock] = []

    def handler() -> Measured:
        made.append(RejectionClock())
        return Measured(doings, made[-1])

    def taps(_: object) -> list[Tap]:
        taps: list[Tap] = [made.pop()]  # of the handler that was made last, for the same connection
        if options.digest:
            doings.wires.append(WireDigest())
            taps.append(doings.wires[-1])
        return taps

    watching = asyncio.create_task(doings.lateness.watch())
    async with serve(handler, limits=limits, taps=taps, on_connect=doings.protocols.append) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        await watching


def options_of(arguments: list[str] | None = None) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bad-frames", type=int, default=Limits().bad_frames, help="0: no limit")
    parser.add_argument("--frame-bytes", type=int, default=Limits().frame_bytes)
    parser.add_argument("--digest", action="store_true", help="keep a digest of what goes out")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    asyncio.run(main(options_of()))
