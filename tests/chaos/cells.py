"""One cell of the matrix: a load, a fault in the middle of it, and everything that must hold of both.

The client is in this process, the server in one of its own, the proxy between them.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from typing import Protocol as Shape

from slipstream import Protocol, connect
from tests.chaos import caller as loads
from tests.chaos.caller import PATIENCE_S, Caller, Log
from tests.chaos.history import violations
from tests.chaos.peer import PATIENT_PING_S, PING_S, open_files, until_tasks
from tests.chaos.proxy import ChaosProxy, Connection, Corruption, proxied
from tests.chaos.records import Rest
from tests.proof.children import Child, resident_mib, served
from tests.slipstream.support import leftovers

DEGRADED_S = 1.0
STOPPED_S = 3.0
REST_S = 3.0
GROWTH_MIB = 200.0

Strike = Callable[[ChaosProxy, Child], Awaitable[None]]


class LoadFunction(Shape):
    """Makes calls until it has enough, or for ever, which is until the connection ends."""

    def __call__(self, caller: Caller, *, endless: bool) -> Awaitable[None]:
        """Run it."""


@dataclass(frozen=True)
class Load:
    """What is going on when the fault strikes, which is once so much has been received."""

    name: str
    run: LoadFunction
    under_way: int
    quiet: bool = False


LOADS = (
    Load("idle", loads.idle, 2, quiet=True),
    Load("200 unary", loads.many_unary, 400),
    Load("fast stream", loads.fast_stream, 2000),
    Load("1,000 streams", loads.many_streams, 1000),
    Load("conversations", loads.conversations, 400),
)


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong. One that ends the connection is heard of within `heard_within_s`."""

    name: str
    strike: Strike
    heard_within_s: float | None = None
    kills: bool = False
    stops: bool = False
    needs_traffic: bool = False

    @property
    def loads(self) -> list[Load]:
        """Under which loads it can strike."""
        return [load for load in LOADS if not (load.quiet and self.needs_traffic)]


async def _nothing(proxy: ChaosProxy, peer: Child) -> None: ...


async def _reset(proxy: ChaosProxy, peer: Child) -> None:
    await proxy.reset()


async def _finish(proxy: ChaosProxy, peer: Child) -> None:
    await proxy.finish()


async def _hold_both(proxy: ChaosProxy, peer: Child) -> None:
    proxy.hold()


async def _hold_to_server(proxy: ChaosProxy, peer: Child) -> None:
    proxy.hold(proxy.to_server)


async def _hold_to_client(proxy: ChaosProxy, peer: Child) -> None:
    proxy.hold(proxy.to_client)


async def _delay(proxy: ChaosProxy, peer: Child) -> None:
    for faults in (proxy.to_server, proxy.to_client):
        faults.latency_s = faults.jitter_s = 0.05


async def _narrow(proxy: ChaosProxy, peer: Child) -> None:
    proxy.to_server.bytes_per_s = proxy.to_client.bytes_per_s = 64 * 1024


async def _slice(proxy: ChaosProxy, peer: Child) -> None:
    proxy.to_server.slice_bytes = proxy.to_client.slice_bytes = 1


async def _stop(proxy: ChaosProxy, peer: Child) -> None:
    proxy.strike()
    peer.send_signal(signal.SIGSTOP)


async def _kill(proxy: ChaosProxy, peer: Child) -> None:
    proxy.strike()
    peer.send_signal(signal.SIGKILL)


async def _cut(proxy: ChaosProxy, peer: Child) -> None:
    proxy.to_client.cut = "end"


async def _corrupt_header(proxy: ChaosProxy, peer: Child) -> None:
    proxy.to_client.corrupt = Corruption(byte=0, bit=6)


async def _corrupt_text(proxy: ChaosProxy, peer: Child) -> None:
    proxy.to_client.corrupt = Corruption()


AT_ONCE_S = 0.5
MISSED_PING_S = 2 * PING_S + 0.5

FAULTS = (
    Fault("none", _nothing),
    Fault("RST", _reset, AT_ONCE_S),
    Fault("FIN without close", _finish, AT_ONCE_S),
    Fault("black hole both ways", _hold_both, MISSED_PING_S),
    Fault("black hole to the server", _hold_to_server, MISSED_PING_S),
    Fault("black hole to the client", _hold_to_client, MISSED_PING_S),
    Fault("50±50 ms", _delay),
    Fault("64 KiB/s", _narrow),
    Fault("1-byte slices", _slice),
    Fault("SIGSTOP 3 s", _stop, MISSED_PING_S, stops=True),
    Fault("SIGSTOP, outlived", _stop, stops=True),
    Fault("SIGKILL", _kill, AT_ONCE_S, kills=True),
    Fault("cut mid-frame", _cut, AT_ONCE_S),
    Fault("corrupt header", _corrupt_header, AT_ONCE_S),
    # On the public way websockets reads no further, and so hears of the end by its own limits.
    Fault("corrupt text", _corrupt_text, MISSED_PING_S, needs_traffic=True),
)


@dataclass
class Peer:
    """The server's process, and a connection to it that no fault reaches."""

    child: Child
    patient_url: str
    control: Protocol

    async def rest(self, tasks: int | None = None) -> dict[str, Any]:
        """What it holds, once no other connection is left, and no more than so many tasks."""
        data = {"operation": "rest", "within_s": REST_S, "tasks": tasks}
        answer = await self.control.request_response(data)
        assert isinstance(answer, dict)
        return answer


@asynccontextmanager
async def peer_process() -> AsyncIterator[Peer]:
    """Start a server."""
    async with served("tests.chaos.peer") as child:
        patient_url = await child.line()
        async with connect(patient_url) as control:
            peer = Peer(child, patient_url, control)
            await peer.rest()  # what a connection starts with its first call is there from now on
            yield peer


@dataclass
class Outcome:
    """What came of a cell."""

    broken: list[str]
    heard_s: float
    """The longest that anyone waited to hear of the fault; 0 where nobody had to."""
    false_ends: int
    """Calls that ended normally though they were cut off."""


async def run_cell(fault: Fault, load: Load, peer: Peer) -> Outcome:
    """Run one cell; nothing is asserted here."""
    complaints: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(
        lambda _, context: complaints.append(str(context.get("exception") or context["message"]))
    )
    tasks, files, before_mib = len(asyncio.all_tasks()), open_files(), resident_mib(os.getpid())
    there_before = await peer.rest()
    log = Log()
    lasting = fault.heard_within_s is None
    ping_s = PATIENT_PING_S if lasting else PING_S
    async with proxied(peer.patient_url if lasting else peer.child.url) as proxy:
        async with connect(proxy.url, taps=[log], ping_interval_s=ping_s, ping_timeout_s=ping_s) as protocol:
            caller = Caller(protocol, log)
            await caller.unary(1)
            if lasting:
                await _degraded(fault, load, caller, proxy, peer)
            else:
                await _ended(fault, load, caller, proxy, peer)
        keep_tapes(log, *proxy.connections)
        log.history.closed_here = lasting
        if fault.stops and not lasting:
            await asyncio.sleep(max(0.0, STOPPED_S - (time.monotonic_ns() - proxy.struck_ns) / 1e9))
            peer.child.send_signal(signal.SIGCONT)
        there = None if fault.kills else await peer.rest(there_before["tasks"])
        struck_ns = proxy.struck_ns
    await _quiet(tasks)
    held = leftovers(protocol)
    log.history.rests.append(
        Rest(
            "client",
            {name: str(value) for name, value in held.items()},
            (tasks, len(asyncio.all_tasks())),
            (files, open_files()),
            (before_mib, resident_mib(os.getpid())),
            GROWTH_MIB,
            complaints,
        )
    )
    if there is not None:
        log.history.rests.append(_rest_there(there_before, there))
    loop.set_exception_handler(None)
    return _judged(fault, log, struck_ns)


async def _degraded(fault: Fault, load: Load, caller: Caller, proxy: ChaosProxy, peer: Peer) -> None:
    """Run the load on a bad wire, for a while; then the wire gets well, and the load comes to its end."""
    await fault.strike(proxy, peer.child)
    running = asyncio.ensure_future(load.run(caller, endless=False))
    await asyncio.wait([running], timeout=DEGRADED_S)
    proxy.clear()
    if fault.stops:
        peer.child.send_signal(signal.SIGCONT)
    async with asyncio.timeout(PATIENCE_S):
        await running


async def _ended(fault: Fault, load: Load, caller: Caller, proxy: ChaosProxy, peer: Peer) -> None:
    """Let the fault strike in the midst of the load, and wait until everyone has heard of it."""
    running = asyncio.ensure_future(load.run(caller, endless=True))
    await caller.log.until(load.under_way)
    await fault.strike(proxy, peer.child)
    async with asyncio.timeout(PATIENCE_S):
        await running
        await caller.wait_closed()


def keep_tapes(log: Log, connection: Connection) -> None:
    """Make what went over a connection part of the history."""
    wire = log.history.wire
    wire.sent_by_client, wire.came_to_server = connection.to_server.entered, connection.to_server.left
    wire.sent_by_server, wire.came_to_client = connection.to_client.entered, connection.to_client.left


async def _quiet(tasks: int) -> None:
    """Let what is ending come to its end."""
    gc.collect()
    with suppress(TimeoutError):
        async with asyncio.timeout(REST_S):
            await until_tasks(tasks)


def _rest_there(before: dict[str, Any], after: dict[str, Any]) -> Rest:
    return Rest(
        "server",
        after["held"],
        (before["tasks"], after["tasks"]),
        (before["files"], after["files"]),
        (before["resident_mib"], after["resident_mib"]),
        GROWTH_MIB,
        after["complaints"],
    )


def _judged(fault: Fault, log: Log, struck_ns: int) -> Outcome:
    history = log.history
    broken = [f"{name}: {text}" for name, text in violations(history)]
    hows = {ending.how for call in history.calls for ending in call.endings}
    if fault.heard_within_s is None:
        if hows != {"normal"}:
            broken.append(f"not every call ended normally: {sorted(hows)}")
        return Outcome(broken, 0.0, 0)
    waiting = [call for call in history.calls if call.endings and call.endings[-1].time_ns >= struck_ns]
    false_ends = [call for call in waiting if call.endings[-1].how == "normal" and call.kind != "unary"]
    heard_ns = [call.endings[-1].time_ns for call in waiting] + [history.transitions[-1].time_ns]
    if history.transitions[-1].new != "lost":
        broken.append(f"the connection is {history.transitions[-1].new}")
    if false_ends:
        broken.append(f"{len(false_ends)} calls that were cut off ended normally")
    return Outcome(broken, (max(heard_ns) - struck_ns) / 1e9, len(false_ends))
