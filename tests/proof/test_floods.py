"""Floods: what is over the limits is refused one by one; memory and tasks stay bounded (protocol.md §11)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from slipstream import Limits, serve
from tests.conftest import Figure
from tests.proof.children import served
from tests.proof.measures import PeakMemory
from tests.proof.peers import Doings, Measured
from tests.proof.raw import raw_caller
from tests.slipstream.support import PATIENCE_S

FLOOD = 50_000
CAP = Limits().in_flight
GROWN_MIB = 150
RECOVERED_S = 2.0


@dataclass(slots=True)
class Flooder:
    """Sends without reading, and later reads what was answered."""

    websocket: ClientConnection
    number: int = 0

    async def send(self, kind: str, operation: str, count: int = 1, **data: Any) -> None:
        for _ in range(count):
            frame: dict[str, Any] = {"type": kind, "peerID": "flooder"}
            frame["data"] = {"operation": operation, **data}
            if kind != "fire_and_forget":
                frame["requestId"] = ["flooder", self.number]
                self.number += 1
            await self.websocket.send(json.dumps(frame))

    async def answers(self, count: int) -> Counter[str]:
        """So many answers: `response`, or the code of the error."""
        got: Counter[str] = Counter()
        async with asyncio.timeout(60):
            while got.total() < count:
                frame = json.loads(await self.websocket.recv())
                got[frame["data"]["code"] if frame["type"] == "error" else frame["type"]] += 1
        return got


async def test_requests_over_the_limit_are_refused_and_those_within_it_answered() -> None:
    doings = Doings()
    async with (
        serve(lambda: Measured(doings), limits=Limits(in_flight=20)) as server,
        connect(server.url, proxy=None) as websocket,
    ):
        flooder = Flooder(websocket)
        await flooder.send("request", "hang", 50)
        assert await flooder.answers(30) == {"overloaded": 30}
        assert doings.running == 20
        await flooder.send("fire_and_forget", "release")
        assert await flooder.answers(20) == {"response": 20}
        await flooder.send("request", "echo", 10)
        assert await flooder.answers(10) == {"response": 10}


@pytest.mark.proof
@pytest.mark.timeout(300)
async def test_a_flood_of_requests_whose_answers_are_not_read(figure: Figure) -> None:
    async with served("tests.proof.peers") as child, raw_caller(child.url) as control:
        await control.ask("report")
        memory = PeakMemory(child.pid)
        async with connect(child.url, proxy=None) as websocket:
            flooder = Flooder(websocket)
            await flooder.send("request", "hang", FLOOD)
            await flooder.send("fire_and_forget", "note")
            await control.ask("when_noted", count=1)
            report = await control.ask("report")

            began = time.perf_counter()
            await flooder.send("fire_and_forget", "release")
            got = await flooder.answers(FLOOD)
            await flooder.send("request", "echo")
            good = await flooder.answers(1)
            recovered_s = time.perf_counter() - began
            after = await control.ask("report")
        grown_mib = memory.grown_mib()
    figure("B5", "requests: most handlers at once", report["most_handlers"], f"<= {CAP:,}")
    figure("B5", "requests: answers", dict(got), f"{FLOOD - CAP:,} overloaded")
    figure("B5", "requests: memory grown, MiB", grown_mib, f"<= {GROWN_MIB}")
    figure("B5", "requests: recovered after, s", recovered_s, f"<= {RECOVERED_S:g}")
    assert report["most_handlers"] <= CAP
    assert report["tasks"] <= CAP + 50
    assert (got, good) == ({"overloaded": FLOOD - CAP, "response": CAP}, {"response": 1})
    assert after["handlers"] == 0
    assert grown_mib <= GROWN_MIB
    assert recovered_s <= RECOVERED_S


@pytest.mark.proof
@pytest.mark.timeout(300)
async def test_a_flood_of_requests_for_large_answers_that_are_not_read(figure: Figure) -> None:
    async with served("tests.proof.peers") as child, raw_caller(child.url) as control:
        await control.ask("report")
        memory = PeakMemory(child.pid)
        async with connect(child.url, proxy=None, close_timeout=0.1) as websocket:
            with contextlib.suppress(ConnectionClosed):  # which is what it may come to
                await Flooder(websocket).send("request", "blob", FLOOD, size_bytes=64 * 1024)
            report = await control.ask("report")
        grown_mib = memory.grown_mib()
    figure("B5", "requests for 64 KiB each: memory grown, MiB", grown_mib, f"<= {GROWN_MIB}")
    figure("B5", "requests for 64 KiB each: tasks", report["tasks"], f"<= {CAP:,}")
    assert report["tasks"] <= CAP + 50
    assert grown_mib <= GROWN_MIB


@pytest.mark.proof
@pytest.mark.timeout(300)
async def test_a_flood_of_fire_and_forgets_that_take_long(figure: Figure) -> None:
    async with served("tests.proof.peers") as child, raw_caller(child.url) as control:
        await control.ask("report")
        memory = PeakMemory(child.pid)
        async with connect(child.url, proxy=None) as websocket:
            flooder = Flooder(websocket)
            await flooder.send("fire_and_forget", "linger", FLOOD)
            await flooder.send("request", "echo")
            refused = await flooder.answers(1)
            report = await control.ask("report")

            began = time.perf_counter()
            await control.send("fire_and_forget", data={"operation": "release"})
            while (await control.ask("report"))["handlers"]:
                assert time.perf_counter() - began < PATIENCE_S
            await flooder.send("request", "echo")
            got = await flooder.answers(1)
            recovered_s = time.perf_counter() - began
        grown_mib = memory.grown_mib()
    figure("B5", "one way: most handlers at once", report["most_handlers"], f"<= {CAP:,}")
    figure("B5", "one way: most log lines in a second", report["log_lines_a_second"], "<= 10")
    figure("B5", "one way: memory grown, MiB", grown_mib, f"<= {GROWN_MIB}")
    figure("B5", "one way: recovered after, s", recovered_s, f"<= {RECOVERED_S:g}")
    assert (refused, got) == ({"response": 1}, {"response": 1})
    assert report["most_handlers"] <= CAP
    assert report["log_lines_a_second"] <= 10
    assert grown_mib <= GROWN_MIB
    assert recovered_s <= RECOVERED_S


@pytest.mark.proof
@pytest.mark.timeout(300)
async def test_of_many_quick_fire_and_forgets_none_is_lost(figure: Figure) -> None:
    async with served("tests.proof.peers") as child, raw_caller(child.url) as control:
        memory = PeakMemory(child.pid)
        async with connect(child.url, proxy=None) as websocket:
            await Flooder(websocket).send("fire_and_forget", "note", FLOOD)
            await control.ask("when_noted", count=FLOOD)
        report, grown_mib = await control.ask("report"), memory.grown_mib()
    figure("B5", "one way, quick: taken", report["noted"], f"{FLOOD:,}")
    figure("B5", "one way, quick: memory grown, MiB", grown_mib, f"<= {GROWN_MIB}")
    assert report["noted"] == FLOOD
    assert grown_mib <= GROWN_MIB
