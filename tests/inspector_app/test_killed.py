"""`kill -9` at any moment, of the engine, of a headless run, of the viewer: the capture opens, and whatever
was shown or printed until then is in it.

A seed decides what is killed and when: after so many frames, and a moment that the clock decides. The frames
come as fast as they can from a server that numbers them.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.in_use import alone_with, lock_of
from inspector_app.capture.reader import CaptureReader
from inspector_app.engine.link import EngineFailed, EngineLink
from inspector_app.intents import ClientSpec
from tests.conftest import Figure
from tests.end_to_end.terminal import Terminal

WAIT_S = 60.0
HANDLER = """
from slipstream import ProtocolHandler, fire_and_forget

class Ticking(ProtocolHandler):
    @fire_and_forget
    async def tick(self, data):
        pass
"""

Shown = dict[int, int]
"""Numbers of frames that were shown, each with the number in its data."""


class Flood:
    """A server that sends numbered frames to whoever connects, in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self.url = ""
        self.handler = folder / "ticking.py"
        self.handler.write_text(HANDLER)
        self._started = threading.Event()
        self._over: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),), daemon=True)

    def __enter__(self) -> Flood:
        self._thread.start()
        assert self._started.wait(WAIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        assert self._over is not None
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        async with serve(self._flood, "127.0.0.1", 0, close_timeout=1) as server:
            self.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            self._started.set()
            await self._over.wait()

    async def _flood(self, websocket: ServerConnection) -> None:
        number = 0
        with contextlib.suppress(ConnectionClosed):
            while True:
                for _ in range(50):
                    number += 1
                    await websocket.send(
                        f'{{"type":"fire_and_forget","peerID":"p","data":{{"operation":"tick","n":{number}}}}}'
                    )
                await asyncio.sleep(0.005)


@pytest.fixture
def flood(tmp_path: Path) -> Iterator[Flood]:
    with Flood(tmp_path) as flood:
        yield flood


def number_in(raw: str | bytes) -> int:
    """The number in the data of a frame of the flood; 0 for another one."""
    data = json.loads(raw).get("data")
    return data.get("n", 0) if isinstance(data, dict) else 0


def check(capture: Path, shown: Shown) -> None:
    """Whatever was shown is in the capture, which is a sound one without gaps."""
    reader = CaptureReader(capture)
    total = reader.totals().frames
    there = {seq: number_in(reader.raw(seq)) if seq <= total else None for seq in shown}
    assert {seq: (shown[seq], n) for seq, n in there.items() if n != shown[seq]} == {}
    assert [row.seq for row in reader.frames(1, total + 1)] == list(range(1, total + 1))
    reader.close()
    with contextlib.closing(sqlite3.connect(capture)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def wait_a_moment(chance: random.Random) -> None:
    """Let the clock decide in the middle of what something is killed."""
    time.sleep(chance.uniform(0, 0.03))


def wait_until_unused(capture: Path) -> None:
    """Wait for the lock that whoever uses the capture holds; how long a test may take is the patience."""
    with contextlib.suppress(FileNotFoundError), lock_of(capture).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
    with alone_with(capture):
        pass


# -- what can be killed -----------------------------------------------------------------------------------


def kill_headless(flood: Flood, capture: Path, chance: random.Random) -> Shown:
    """A run without a screen; shown is each line that was printed whole."""
    command = ["connect", flood.url, "--handler", str(flood.handler), "--json", "--record", str(capture)]
    with subprocess.Popen(
        [sys.executable, "-m", "inspector_app", *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as run:
        assert run.stdout is not None
        lines = [run.stdout.readline() for _ in range(chance.randint(1, 2000))]
        wait_a_moment(chance)
        run.kill()
        lines += run.stdout.readlines()
    records = [json.loads(line) for line in lines if line.endswith(b"\n")]
    return {each["seq"]: number_in(each["raw"]) for each in records if each.get("kind") == "frame"}


def kill_engine(flood: Flood, capture: Path, chance: random.Random) -> Shown:
    """An engine whose capture is followed as a viewer does; shown is what was read."""

    async def scenario() -> Shown:
        link = EngineLink()
        await link.start(ClientSpec(url=flood.url, handler=str(flood.handler)), capture)
        shown, wanted, reader = Shown(), chance.randint(1, 3000), CaptureReader(capture)
        async with asyncio.timeout(WAIT_S):
            while len(shown) < wanted:
                rows = reader.frames_with_raw(len(shown) + 1, 500)
                shown.update({row.seq: number_in(raw) for row, raw in rows})
                await asyncio.sleep(chance.uniform(0, 0.01))
        assert link._process is not None
        link._process.kill()
        await link._process.wait()
        reader.close()
        await link.stop()
        return shown

    return asyncio.run(scenario())


def kill_starting_engine(flood: Flood, capture: Path, chance: random.Random) -> Shown:
    """An engine that has hardly begun; nothing was shown, and it may not have come to make a capture."""

    async def scenario() -> None:
        link = EngineLink()
        starting = asyncio.create_task(
            link.start(ClientSpec(url=flood.url, handler=str(flood.handler)), capture)
        )
        while link._process is None:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0)
        await asyncio.sleep(chance.uniform(0, 0.6))
        with contextlib.suppress(ProcessLookupError):
            link._process.kill()
        with contextlib.suppress(EngineFailed):
            await starting
        await link.stop()

    asyncio.run(scenario())
    return {}


_ROW = re.compile(r"^\W*(\d+) \d\d:\d\d:\d\d\.\d+ ← .*\{n: (\d+)\}", re.MULTILINE)


def kill_viewer(flood: Flood, capture: Path, chance: random.Random) -> Shown:
    """The app in a terminal; shown is what stood on the screen. Its engine ends by itself, in good order."""
    with Terminal(
        "connect", flood.url, "--handler", str(flood.handler), "--record", str(capture)
    ) as terminal:
        wanted = chance.randint(1, 2000)
        terminal.wait_for(
            lambda text: any(int(seq) >= wanted for seq, _ in _ROW.findall(text)), seconds=WAIT_S
        )
        wait_a_moment(chance)
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.wait_for_end()
        shown = {int(seq): int(number) for seq, number in _ROW.findall(terminal.text())}
    wait_until_unused(capture)
    return shown


KINDS: tuple[Callable[[Flood, Path, random.Random], Shown], ...] = (
    kill_headless,
    kill_engine,
    kill_starting_engine,
    kill_viewer,
)


@pytest.mark.parametrize(
    ("kind", "seed"), [*((kind, 1) for kind in KINDS), *((kind, 2) for kind in KINDS[1:3])]
)
def test_what_was_shown_before_a_kill_is_in_the_capture(
    flood: Flood, tmp_path: Path, kind: Callable[[Flood, Path, random.Random], Shown], seed: int
) -> None:
    chance = random.Random(seed)
    capture = tmp_path / "one.capture"
    shown = kind(flood, capture, chance)
    if kind is kill_starting_engine and not capture.exists():
        return
    check(capture, shown)


@pytest.mark.proof
@pytest.mark.timeout(900)
def test_a_hundred_kills_lose_nothing_that_was_shown(flood: Flood, tmp_path: Path, figure: Figure) -> None:
    seen = made = 0
    for seed in range(100):
        chance = random.Random(seed)
        capture = tmp_path / f"{seed}.capture"
        kind = chance.choice(KINDS)
        shown = kind(flood, capture, chance)
        if capture.exists():
            made += 1
            try:
                check(capture, shown)
            except (AssertionError, CaptureError) as error:
                raise AssertionError(f"seed {seed}, {kind.__name__}: {error}") from error
        else:
            assert kind is kill_starting_engine, f"seed {seed}"
        seen += len(shown)
    figure("4.1", "kill -9, captures that open", f"{made} of {made}", "all")
    figure("4.1", "kill -9, frames shown and in the capture", f"{seen:,} of {seen:,}", "all")
