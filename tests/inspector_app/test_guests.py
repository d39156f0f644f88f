"""A second terminal at a run without a screen, with real processes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from inspector_app.capture.files import data_folder
from inspector_app.capture.reader import CaptureReader
from inspector_app.engine.attached import AttachedEngine
from inspector_app.engine.running import RunningEngine, engines_of, running_engines
from inspector_app.intents import EndEngine, RecordElsewhere, SendMessage, Stay
from tests.inspector_app.commands_line import WAIT_S, Command, finish

SEND = SendMessage(kind="oneway", operation="from_the_guest")


@asynccontextmanager
async def headless(
    folder: Path, *options: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, RunningEngine]]:
    """The demo, recording into `one.capture`, once it has printed a line."""
    command, capture = Command(folder), folder / "one.capture"
    command.data = data_folder()
    process = await command.start("demo", "--headless", "--record", str(capture), *options)
    assert process.stdout is not None
    try:
        assert await asyncio.wait_for(process.stdout.readline(), WAIT_S)
        (running,) = engines_of(capture)
        yield process, running
    finally:
        if process.returncode is None:
            process.kill()
            await finish(process)


def captures(folder: Path) -> list[str]:
    return [file.name for file in folder.glob("*.capture")]


def told_when_it_ends(attached: AttachedEngine) -> asyncio.Future[str]:
    end: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    attached.on_exit = end.set_result
    return end


async def test_a_guest_looks_on_at_a_run_without_a_screen_and_is_told_of_its_end(tmp_path: Path) -> None:
    async with headless(tmp_path) as (process, running):
        assert (running.pid, running.source["kind"]) == (process.pid, "demo")
        guest = AttachedEngine(running, control=False)
        assert await guest.open() == tmp_path / "one.capture"
        assert guest.stays
        assert "--control" in ((await guest.perform(EndEngine())).error or "")
        end = told_when_it_ends(guest)
        process.send_signal(signal.SIGINT)
        assert (await finish(process)).code == 0
        assert await asyncio.wait_for(end, WAIT_S) == "The engine has ended; its capture is complete."
        await guest.stop()
    assert running_engines() == []


async def test_what_a_guest_sends_is_printed_and_recorded_and_it_can_end_the_run(tmp_path: Path) -> None:
    async with headless(tmp_path) as (process, running):
        assert process.stdout is not None
        guest = AttachedEngine(running, control=True)
        await guest.open()
        while b"from_the_guest" not in await asyncio.wait_for(process.stdout.readline(), WAIT_S):
            await guest.perform(SEND)  # in vain until the demo is connected
        assert (await guest.perform(EndEngine())).error is None
        result = await finish(process)
        await guest.stop()
    assert result.code == 0
    assert f"Recorded in {tmp_path / 'one.capture'}" in result.said
    reader = CaptureReader(tmp_path / "one.capture")
    [(sent,)] = reader.select("SELECT count(*) FROM frames WHERE operation = ?", ("from_the_guest",))
    assert sent >= 1
    reader.close()


@pytest.mark.parametrize("intent", [Stay(on=False), RecordElsewhere(capture="elsewhere.capture")])
async def test_a_guest_cannot_change_where_a_run_records_or_that_it_ends_by_itself(
    tmp_path: Path, intent: Stay | RecordElsewhere
) -> None:
    async with headless(tmp_path) as (process, running):
        guest = AttachedEngine(running, control=True)
        await guest.open()
        assert ((await guest.perform(intent)).error or "").startswith("A run without a screen")
        await guest.stop()
        assert process.returncode is None
    assert captures(tmp_path) == ["one.capture"]


async def test_a_run_that_was_killed_is_found_no_more(tmp_path: Path) -> None:
    async with headless(tmp_path) as (process, running):
        assert running_engines() == [running]
        os.kill(process.pid, signal.SIGKILL)
        await finish(process)
        assert not running.alive
        assert running_engines() == []
