"""A soak: calls and streams of every kind and a fault every two seconds, for ten minutes or twenty seconds.

`SLIPSTREAM_SOAK=1 pytest -m proof -n 0 tests/proof/test_soak.py` runs the ten minutes. The client is in a
process of its own, and so is the server; memory of both is watched.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from slipstream import (
    Backoff,
    ConnectionClosedError,
    ExchangeCancelledError,
    Protocol,
    RemoteError,
    RequestTimeoutError,
    StreamClosedError,
    connect,
)
from tests.conftest import Figure
from tests.proof.children import elsewhere, resident_mib, served
from tests.slipstream.support import leftovers

LONG = os.environ.get("SLIPSTREAM_SOAK") == "1"
SOAK_S = 600 if LONG else 20
SETTLED_AFTER_S = 120 if LONG else 10
FAULT_EVERY_S = 2.0
WORKERS = 8
HANGS_AFTER_S = 10.0
LEGITIMATE = (
    ConnectionClosedError,
    ExchangeCancelledError,
    StreamClosedError,
    OSError,
)
"""What a caller may meet while connections are cut under it."""


@dataclass(slots=True)
class Soaked:
    """What a soak saw."""

    done: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    memory: list[tuple[float, float, float]] = field(default_factory=list)
    """Seconds since the beginning, MiB here, MiB at the server."""
    left: list[str] = field(default_factory=list)


class Soak:
    """Works over whatever connection there is, and breaks it now and then."""

    def __init__(self, url: str, server_pid: int, seed: int) -> None:
        self.soaked = Soaked()
        self._url = url
        self._server_pid = server_pid
        self._random = random.Random(seed)
        self._protocol: Protocol | None = None
        self._connected = asyncio.Event()
        self._over = False
        self._faults = itertools.cycle(
            [
                self._reset_here,
                self._say_nonsense,
                self._reset_there,
                self._stop_the_server,
                self._close_there,
            ]
        )

    async def run(self, seconds: float) -> Soaked:
        """Work, and suffer faults, for so long; then look at what is left."""
        began = time.monotonic()
        connecting = asyncio.create_task(self._keep_connected())
        workers = [asyncio.create_task(self._work()) for _ in range(WORKERS)]
        next_fault_s = FAULT_EVERY_S
        while (now_s := time.monotonic() - began) < seconds:
            await asyncio.sleep(0.5)
            here, there = resident_mib(os.getpid()), resident_mib(self._server_pid)
            self.soaked.memory.append((now_s, here, there))
            if now_s >= next_fault_s:
                next_fault_s += FAULT_EVERY_S
                await self._connected.wait()
                await self._break()
        self._over = True
        await asyncio.gather(*workers)
        connecting.cancel()
        await asyncio.gather(connecting, return_exceptions=True)
        await self._look_at_what_is_left()
        return self.soaked

    async def _keep_connected(self) -> None:
        async for protocol in connect(self._url, backoff=Backoff(first_s=0.02, longest_s=0.2)):
            self._protocol = protocol
            self._connected.set()
            try:
                await protocol.wait_closed()
            finally:
                self._connected.clear()
                self._note_leftovers(protocol)

    def _note_leftovers(self, protocol: Protocol) -> None:
        # Whoever waited has been told already, and gives up what it holds when it runs next.
        held = {
            name: value for name, value in leftovers(protocol).items() if name in {"exchanges", "deadline"}
        }
        if held:
            self.soaked.left.append(f"after the end of a connection: {held}")

    async def _look_at_what_is_left(self) -> None:
        async with connect(self._url) as protocol:
            async with asyncio.timeout(10):
                while (report := await protocol.request_response({"operation": "report"}))["handlers"]:
                    pass
            if report["exchanges"] or len(asyncio.all_tasks()) > _TASKS_OF_ONE_CONNECTION:
                self.soaked.left.append(f"{report}, here {len(asyncio.all_tasks())} tasks")

    # -- work ---------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        ways: list[Callable[[Protocol], Awaitable[None]]] = [
            self._call,
            self._call_that_fails,
            self._call_that_is_late,
            self._stream,
            self._stream_left_early,
            self._talk,
            self._note,
        ]
        while not self._over:
            await self._connected.wait()
            assert self._protocol is not None
            way = self._random.choice(ways)
            try:
                async with asyncio.timeout(HANGS_AFTER_S):
                    await way(self._protocol)
            except TimeoutError:  # an OSError too, but never legitimate: nothing here takes long
                self.soaked.wrong.append(f"{way.__name__} hung")
            except LEGITIMATE as error:
                self.soaked.ended[type(error).__name__] += 1
                await asyncio.sleep(0)
            except RemoteError as error:
                if error.code != "unavailable":  # what a side says that is closing
                    self.soaked.wrong.append(f"{way.__name__}: {error!r}")
                self.soaked.ended[error.code] += 1
            except Exception as error:  # noqa: BLE001 - whatever else comes is what the soak is for
                self.soaked.wrong.append(f"{way.__name__}: {error!r}")
            else:
                self.soaked.done[way.__name__.strip("_")] += 1

    async def _call(self, protocol: Protocol) -> None:
        value = self._random.random()
        assert await protocol.request_response({"operation": "echo", "value": value}) == value

    async def _call_that_fails(self, protocol: Protocol) -> None:
        try:
            await protocol.request_response({"operation": "fail"})
        except RemoteError as error:
            if error.message == "no luck":
                return
            raise
        raise AssertionError("it was answered")

    async def _call_that_is_late(self, protocol: Protocol) -> None:
        try:
            await protocol.request_response({"operation": "hang"}, timeout=0.01)
        except RequestTimeoutError:
            return
        except RemoteError as error:
            if error.code == "deadline_exceeded":  # both ends keep the deadline, and either may be first
                return
            raise
        raise AssertionError("it was answered")

    async def _stream(self, protocol: Protocol) -> None:
        count, expected = self._random.randrange(1_000), 0
        async for item in await protocol.request_stream({"operation": "count", "count": count}):
            assert item == expected
            expected += 1
        assert expected == count

    async def _stream_left_early(self, protocol: Protocol) -> None:
        async with await protocol.request_stream({"operation": "endless"}) as items:
            for expected in range(self._random.randrange(300)):
                assert await anext(items) == expected

    async def _talk(self, protocol: Protocol) -> None:
        count, received = self._random.randrange(200), []
        async with await protocol.stream_stream({"operation": "chat"}) as handle:
            for number in range(count):
                await handle.send([number, "x" * 500])
            await handle.aclose()
            received = [item[0] async for item in handle]
        assert received == list(range(count))

    async def _note(self, protocol: Protocol) -> None:
        await protocol.fire_and_forget({"operation": "note"})

    # -- faults -------------------------------------------------------------------------------------------

    async def _break(self) -> None:
        protocol = self._protocol
        assert protocol is not None
        fault = next(self._faults)
        self.soaked.faults[fault.__name__.strip("_")] += 1
        with contextlib.suppress(*LEGITIMATE):
            await fault(protocol)

    async def _reset_here(self, protocol: Protocol) -> None:
        protocol.websocket.transport.abort()

    async def _reset_there(self, protocol: Protocol) -> None:
        await protocol.fire_and_forget({"operation": "cut"})

    async def _close_there(self, protocol: Protocol) -> None:
        code = self._random.choice((1000, 1001, 1011, 4400))
        await protocol.fire_and_forget({"operation": "leave", "code": code})

    async def _say_nonsense(self, protocol: Protocol) -> None:
        for nonsense in ("no frame", "[1]", "[" * 1000, '{"type":"request"}') * 10:
            await protocol.send_raw(nonsense)

    async def _stop_the_server(self, protocol: Protocol) -> None:
        os.kill(self._server_pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(0.5)
        finally:
            os.kill(self._server_pid, signal.SIGCONT)


_TASKS_OF_ONE_CONNECTION = 6


async def _soak(url: str, server_pid: int, seconds: float) -> Soaked:
    return await Soak(url, server_pid, seed=5).run(seconds)


def _slope_a_minute(points: list[tuple[float, float]]) -> float:
    """Least squares: MiB a minute of (seconds, MiB)."""
    mean_s = sum(at_s for at_s, _ in points) / len(points)
    mean_mib = sum(mib for _, mib in points) / len(points)
    rise = sum((at_s - mean_s) * (mib - mean_mib) for at_s, mib in points)
    return 60 * rise / sum((at_s - mean_s) ** 2 for at_s, _ in points)


@pytest.mark.proof
@pytest.mark.timeout(SOAK_S + 120)
async def test_a_soak_with_faults_answers_rightly_and_leaves_nothing(figure: Figure) -> None:
    async with served("tests.proof.peers", "--bad-frames", "0") as child:
        soaked = await elsewhere(_soak, child.url, child.pid, SOAK_S)
    settled = [sample for sample in soaked.memory if sample[0] >= SETTLED_AFTER_S]
    slopes = [_slope_a_minute([(sample[0], sample[end]) for sample in settled]) for end in (1, 2)]
    must = "<= 1" if LONG else "told only; <= 1 in the long soak"
    figure("G2", f"{SOAK_S} s: done", sum(soaked.done.values()), "all right")
    figure("G2", "ended by a fault", sum(soaked.ended.values()), "told only")
    figure("G2", "faults", dict(soaked.faults), "one every 2 s")
    figure("G2", "memory, MiB a minute, client, server", f"{slopes[0]:.2f}, {slopes[1]:.2f}", must)
    assert soaked.wrong == []
    assert soaked.left == []
    assert sum(soaked.faults.values()) >= SOAK_S / FAULT_EVERY_S * 0.8
    assert min(soaked.done[kind] for kind in ("call", "stream", "stream_left_early", "talk", "note")) > 10
    if LONG:
        assert max(slopes) <= 1
