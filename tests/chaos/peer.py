"""The library as a server in a process of its own: `python -m tests.chaos.peer` prints two addresses.

At the first it misses a ping after `PING_S`, at the second after `PATIENT_PING_S`. Beside what the loads call
it answers `rest`: once every other connection has ended, what this process still holds. So it is to be asked
over a connection that no fault reaches.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from slipstream import (
    BiStreamHandle,
    Protocol,
    ProtocolHandler,
    current_protocol,
    request_response,
    request_stream,
    serve,
    stream_stream,
)
from tests.proof.children import resident_mib
from tests.slipstream.support import leftovers

PING_S = 0.5
PATIENT_PING_S = 20.0


class Service(ProtocolHandler):
    """What the loads call."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    @request_response
    async def echo(self, data: dict[str, Any]) -> Any:
        return data["value"]

    @request_response
    async def wait(self, data: dict[str, Any]) -> None:
        """Never answers."""
        await asyncio.Event().wait()

    @request_stream
    async def count(self, data: dict[str, Any]) -> AsyncIterator[int]:
        """Numbers from 0, up to `to` or for ever, one every `every_s` seconds."""
        for number in itertools.count() if data["to"] is None else range(data["to"]):
            yield number
            await asyncio.sleep(data["every_s"])

    @stream_stream
    async def chat(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        async for item in stream:
            await stream.send(item)

    @request_response
    async def rest(self, data: dict[str, Any]) -> dict[str, Any]:
        return await self._watch.rest(current_protocol(), data["within_s"], data["tasks"])


class Watch:
    """Sees every connection of this process, and what is left of them."""

    def __init__(self) -> None:
        self.protocols: list[Protocol] = []
        self.complaints: list[str] = []

    def connected(self, protocol: Protocol) -> None:
        """A client has come."""
        self.protocols.append(protocol)

    async def rest(self, asking: Protocol, within_s: float, tasks: int | None) -> dict[str, Any]:
        """Wait until all connections but `asking` have ended and `tasks` are left; then tell what is held."""
        held: dict[str, Any] = {}
        others = [protocol for protocol in self.protocols if protocol is not asking]
        try:
            async with asyncio.timeout(within_s):
                for protocol in others:
                    await protocol.wait_closed()
                await until_tasks(tasks)
        except TimeoutError:
            held["connections"] = [repr(protocol) for protocol in others if leftovers(protocol)]
        for protocol in others:
            held |= {name: str(value) for name, value in leftovers(protocol).items()}
        self.protocols = [asking]
        others.clear()
        gc.collect()
        complaints, self.complaints = self.complaints, []
        return {
            "held": held,
            "tasks": len(asyncio.all_tasks()),
            "files": open_files(),
            "resident_mib": resident_mib(os.getpid()),
            "complaints": complaints,
        }


async def until_tasks(count: int | None) -> None:
    """Wait until no more tasks than this are left."""
    while count is not None and len(asyncio.all_tasks()) > count:  # noqa: ASYNC110 - it has no event
        await asyncio.sleep(0.005)


def open_files() -> int:
    """How many file descriptors this process has open (Linux)."""
    return len(list(Path("/proc/self/fd").iterdir()))


async def _main() -> None:
    watch = Watch()
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: watch.complaints.append(str(context.get("exception") or context["message"]))
    )
    async with AsyncExitStack() as servers:
        for ping_s in (PING_S, PATIENT_PING_S):
            server = await servers.enter_async_context(
                serve(
                    lambda: Service(watch),
                    ping_interval_s=ping_s,
                    ping_timeout_s=ping_s,
                    on_connect=watch.connected,
                )
            )
            sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(_main())
