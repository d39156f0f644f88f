"""A second viewer at a running engine, with real processes: looking on, taking part, and every way to end."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from inspector_app.capture.reader import CaptureReader
from inspector_app.engine.attached import AttachedEngine
from inspector_app.engine.link import EngineFailed, EngineLink
from inspector_app.engine.running import RunningEngine, engines_of, running_engines
from inspector_app.intents import (
    DemoSpec,
    EndEngine,
    RecordElsewhere,
    SendMessage,
    Stay,
    TellExchange,
    TellMock,
    TellRepetition,
)

WAIT_S = 30.0
LOG_EVENT = SendMessage(kind="oneway", operation="log_event")


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    return tmp_path / "one.capture"


@asynccontextmanager
async def first_viewer(
    capture: Path, *, stay: bool = False
) -> AsyncIterator[tuple[EngineLink, RunningEngine]]:
    link = EngineLink()
    running: RunningEngine | None = None
    try:
        await link.start(DemoSpec(), capture, stay=stay)
        (running,) = engines_of(capture)
        yield link, running
    finally:
        await link.stop()
        if running is not None and running.alive:
            with suppress(ProcessLookupError):
                os.kill(running.pid, signal.SIGKILL)


@asynccontextmanager
async def second_viewer(
    engine: RunningEngine, *, control: bool = False
) -> AsyncIterator[tuple[AttachedEngine, Heard]]:
    attached, heard = AttachedEngine(engine, control=control), Heard()
    attached.on_problem = lambda level, text: heard.news.put_nowait((level, text))
    attached.on_moved = lambda where: heard.news.put_nowait(("moved", where))
    attached.on_exit = lambda why: heard.news.put_nowait(("exit", why))
    await attached.open()
    try:
        yield attached, heard
    finally:
        await attached.stop()


class Heard:
    """What a viewer was told."""

    def __init__(self) -> None:
        self.news: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    async def next(self) -> tuple[str, str]:
        return await asyncio.wait_for(self.news.get(), WAIT_S)


async def ended(engine: RunningEngine) -> None:
    async with asyncio.timeout(WAIT_S):
        while _is_there(engine.pid):  # noqa: ASYNC110 - nobody tells of the end of a stranger's process
            await asyncio.sleep(0.01)


def _is_there(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def frames(capture: Path) -> int:
    reader = CaptureReader(capture)
    try:
        return reader.totals().frames
    finally:
        reader.close()


async def test_a_viewer_that_looks_on_finds_the_capture_and_can_send_nothing(capture: Path) -> None:
    async with first_viewer(capture) as (_, engine):
        attached = AttachedEngine(engine, control=False)
        assert await attached.open() == capture
        for intent in (LOG_EVENT, Stay(), EndEngine(), RecordElsewhere(capture="/x")):
            assert "--control" in ((await attached.perform(intent)).error or "")
        for question in (TellMock(), TellExchange(conn=1, opener="p", number=1), TellRepetition(conn=1)):
            assert "--control" not in ((await attached.perform(question)).error or "")
        await attached.stop()


async def test_a_viewer_that_takes_part_sends_over_the_connection(capture: Path) -> None:
    async with (
        first_viewer(capture) as (_, engine),
        second_viewer(engine, control=True) as (attached, _heard),
    ):
        async with asyncio.timeout(WAIT_S):
            while (await attached.perform(LOG_EVENT)).error is not None:  # noqa: ASYNC110 - not connected yet
                await asyncio.sleep(0.01)


async def test_an_engine_lives_on_when_a_second_viewer_ends_and_ends_with_the_first(capture: Path) -> None:
    async with first_viewer(capture) as (link, engine):
        async with second_viewer(engine):
            pass
        assert link.running
        async with second_viewer(engine) as (_, heard):
            await link.stop()
            assert await heard.next() == ("exit", "The engine has ended; its capture is complete.")
    assert not engine.alive
    assert running_engines() == []


async def test_a_second_viewer_of_an_engine_that_is_killed_is_told(capture: Path) -> None:
    async with first_viewer(capture) as (_, engine), second_viewer(engine) as (_attached, heard):
        os.kill(engine.pid, signal.SIGKILL)
        assert await heard.next() == ("exit", "The engine has ended; its capture is complete.")


async def test_who_does_not_know_the_token_is_not_let_in(capture: Path) -> None:
    from dataclasses import replace

    async with first_viewer(capture) as (_, engine):
        with pytest.raises(EngineFailed, match="cannot be reached"):
            await AttachedEngine(replace(engine, token="wrong"), control=True).open()


async def test_an_engine_that_was_told_to_stay_outlives_its_viewer_and_is_ended_by_another(
    capture: Path,
) -> None:
    async with first_viewer(capture, stay=True) as (link, engine):
        await link.stop()
        before = frames(capture)
        async with second_viewer(engine, control=True) as (attached, heard):
            async with asyncio.timeout(WAIT_S):
                while frames(capture) <= before:  # noqa: ASYNC110 - another process writes it
                    await asyncio.sleep(0.01)
            assert (await attached.perform(EndEngine())).error is None
            assert (await heard.next())[0] == "exit"
        await ended(engine)
    reader = CaptureReader(capture)
    assert reader.totals().connections_open == 0
    reader.close()


async def test_staying_is_asked_for_and_given_up_while_it_runs(capture: Path) -> None:
    async with (
        first_viewer(capture) as (link, engine),
        second_viewer(engine, control=True) as (attached, _heard),
    ):
        await attached.perform(Stay(on=True))
        async with asyncio.timeout(WAIT_S):
            while not link.stays:  # noqa: ASYNC110 - it is told by the engine, beside the answer
                await asyncio.sleep(0.01)
        await link.stop()
        assert engine.alive
        await attached.perform(Stay(on=False))
        await ended(engine)


async def test_every_viewer_is_told_where_recording_goes_on_and_a_later_one_finds_it(
    capture: Path, tmp_path: Path
) -> None:
    after = tmp_path / "two.capture"
    async with first_viewer(capture) as (link, engine), second_viewer(engine) as (_attached, heard):
        moved: asyncio.Queue[str] = asyncio.Queue()
        link.on_moved = moved.put_nowait
        assert (await link.perform(RecordElsewhere(capture=str(after)))).error is None
        assert await asyncio.wait_for(moved.get(), WAIT_S) == str(after)
        assert await heard.next() == ("moved", str(after))
        assert [each.pid for each in engines_of(after)] == [engine.pid]
        assert engines_of(capture) == []
        before = frames(capture)
        async with asyncio.timeout(WAIT_S):
            while frames(after) <= before:  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.01)
    assert frames(capture) == before


async def test_copying_a_large_capture_may_take_longer_than_other_intents(
    capture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        first_viewer(capture) as (_, engine),
        second_viewer(engine, control=True) as (attached, heard),
    ):
        monkeypatch.setattr("inspector_app.engine.calling.INTENT_LIMIT_S", 1e-9)
        assert "did not answer" in ((await attached.perform(Stay())).error or "")
        elsewhere = str(capture.with_name("two.capture"))
        assert (await attached.perform(RecordElsewhere(capture=elsewhere))).error is None
        while (news := await heard.next())[0] != "moved":
            pass
        assert news == ("moved", elsewhere)
