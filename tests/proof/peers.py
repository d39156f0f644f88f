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
    Limits,
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
    lateness: Lateness = field(default_factory=Lateness)
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
    """A digest of every frame that went out, in order: what a capture of the other side has to hold."""

    def __init__(self) -> None:
        self.frames = 0
        self._digest = hashlib.sha256()

    def frame(self, seen: FrameTap) -> None:
        if seen.direction == "out":
            self.frames += 1
            add_to_digest(self._digest, seen.message)

    def told(self) -> dict[str, Any]:
        """How many frames, and the digest, as it stands before the frame that carries it."""
        return {"frames": self.frames, "digest": self._digest.hexdigest()}


def add_to_digest(digest: Any, message: str | bytes) -> None:
    """Add one frame, so that no two sequences of frames have the same digest."""
    digest.update(message if isinstance(message, bytes) else message.encode())
    digest.update(b"\n")


@dataclass(slots=True)
class Taps:
    """What observes one connection."""

    rejections: RejectionClock = field(default_factory=RejectionClock)
    digest: WireDigest | None = None

    def all(self) -> list[Tap]:
        """Them all."""
        return [self.rejections, *([self.digest] if self.digest else [])]


class Measured(ProtocolHandler):
    """Operations of every kind, cheap to answer, and what the process can say of itself."""

    def __init__(self, doings: Doings, taps: Taps) -> None:
        self._doings = doings
        self._taps = taps

    @request_response
    async def echo(self, data: dict[str, Any]) -> Any:
        return data.get("value")

    @request_response
    async def hang(self, data: dict[str, Any]) -> None:
        with self._doings:
            await self._doings.release.wait()

    @request_stream
    async def count(self, data: dict[str, Any]) -> AsyncIterator[int]:
        with self._doings:
            for number in range(data.get("count", 3)):
                yield number

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

    @fire_and_forget
    async def note(self, data: dict[str, Any]) -> None:
        self._doings.noted += 1

    @fire_and_forget
    async def linger(self, data: dict[str, Any]) -> None:
        with self._doings:
            await self._doings.release.wait()

    @fire_and_forget
    async def release(self, data: dict[str, Any]) -> None:
        self._doings.release.set()
        self._doings.release = asyncio.Event()

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
            "rejected_s": self._taps.rejections.take(),
            "wire": self._taps.digest.told() if self._taps.digest else None,
        }


async def main(options: argparse.Namespace) -> None:
    """Serve until the process is ended."""
    doings = Doings()
    logging.getLogger().addHandler(doings.log)
    limits = Limits(bad_frames=options.bad_frames, frame_bytes=options.frame_bytes)
    made: list[Taps] = []

    def handler() -> Measured:
        made.append(Taps(digest=WireDigest() if options.digest else None))
        return Measured(doings, made[-1])

    def taps(_: object) -> list[Tap]:
        return made.pop().all()  # asked for right behind the handler of the same connection

    watching = asyncio.create_task(doings.lateness.watch())
    async with serve(handler, limits=limits, taps=taps) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        await watching


def options_of(arguments: list[str] | None = None) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bad-frames", type=int, default=Limits().bad_frames)
    parser.add_argument("--frame-bytes", type=int, default=Limits().frame_bytes)
    parser.add_argument("--digest", action="store_true", help="keep a digest of what goes out")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    asyncio.run(main(options_of()))
