"""The viewer's end of an engine, with real processes: starting, intents, problems, and every way to end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from inspector_app.capture.records import FrameRow, Totals
from inspector_app.capture.store import CaptureReader
from inspector_app.engine import link as engine_link
from inspector_app.engine.link import EngineFailed, EngineLink
from inspector_app.engine.wire import Ready
from inspector_app.intents import (
    ClientSpec,
    DemoSpec,
    EndHalf,
    Intent,
    Reconnect,
    SendItem,
    SendMessage,
    SendRaw,
    ServerSpec,
    SourceSpec,
)
from slipstream import connect

ROOT = Path(__file__).parents[3]
WAIT_S = 30.0
CHECK_INTERVAL_S = 0.01


class Viewer:
    """A link with what it heard."""

    def __init__(self, capture: Path, ending_limit_s: float = 10.0, reach_limit_s: float = 30.0) -> None:
        self.capture = capture
        self.problems: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.exits: asyncio.Queue[str] = asyncio.Queue()
        self.link = EngineLink(
            on_problem=lambda level, text: self.problems.put_nowait((level, text)),
            on_exit=self.exits.put_nowait,
            ending_limit_s=ending_limit_s,
            reach_limit_s=reach_limit_s,
        )

    @property
    def pid(self) -> int:
        assert self.link._process is not None
        return self.link._process.pid

    async def until(self, found: Callable[[CaptureReader], Any]) -> Any:
        """Tail the capture until `found` gives something true, as a viewer does on its tick."""
        reader = CaptureReader(self.capture)
        try:
            async with asyncio.timeout(WAIT_S):
                while not (value := found(reader)):  # noqa: ASYNC110 - another process writes it
                    await asyncio.sleep(CHECK_INTERVAL_S)
                return value
        finally:
            reader.close()

    def lose_control(self) -> None:
        """Cut the control connection, as a limit on how long the engine may be silent does."""
        assert self.link._calling.protocol is not None
        self.link._calling.protocol.websocket.transport.abort()

    async def performed(self, intent: Intent) -> None:
        """Repeat an intent until it is done, as a patient person does."""
        async with asyncio.timeout(WAIT_S):
            while (await self.link.perform(intent)).error is not None:  # noqa: ASYNC110 - nothing tells when it can
                await asyncio.sleep(CHECK_INTERVAL_S)

    def totals(self) -> Totals:
        reader = CaptureReader(self.capture)
        try:
            return reader.totals()
        finally:
            reader.close()


@asynccontextmanager
async def engine(
    spec: SourceSpec, capture: Path, ending_limit_s: float = 10.0, reach_limit_s: float = 30.0
) -> AsyncIterator[tuple[Viewer, Ready]]:
    viewer = Viewer(capture, ending_limit_s, reach_limit_s)
    try:
        yield viewer, await viewer.link.start(spec, capture)
    finally:
        await viewer.link.stop()


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    (tmp_path / "captures").mkdir()
    return tmp_path / "captures" / "one.capture"


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not collected yet does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


def connected(reader: CaptureReader) -> bool:
    return any(row.state == "CONNECTED" for row in reader.connections())


async def test_an_engine_records_what_its_source_sees_into_the_file_it_was_given(capture: Path) -> None:
    async with engine(DemoSpec(), capture) as (viewer, ready):
        assert ready.capture == str(capture)
        assert ready.address.startswith("ws://127.0.0.1:")
        await viewer.until(lambda reader: reader.totals().frames > 5)
    assert viewer.totals().connections_open == 0
    assert sorted(path.name for path in capture.parent.iterdir()) == ["one.capture"]


async def test_intents_reach_the_wire_and_refusals_come_back_as_sentences(capture: Path) -> None:
    async with engine(DemoSpec(), capture) as (viewer, _):
        await viewer.until(connected)
        message = SendMessage(kind="request", operation="get_quote", data_json='{"symbol": "SALT"}')
        done = await viewer.link.perform(message)
        assert done.error is None
        assert done.conn is not None
        assert done.opener is not None
        assert done.number is not None

        def answered(reader: CaptureReader) -> FrameRow | None:
            exchange = reader.find_exchange(done.conn or 0, done.opener or "", done.number or 0)
            frames = reader.exchange_frames(exchange.id, 0, 10) if exchange else []
            return next((frame for frame in frames if frame.type == "response"), None)

        answer = await viewer.until(answered)
        assert "64" in answer.summary
        stale = EndHalf(conn=done.conn, opener=done.opener, number=done.number)
        assert "has ended" in ((await viewer.link.perform(stale)).error or "")


async def test_a_stream_can_be_driven_item_by_item(capture: Path) -> None:
    async with engine(DemoSpec(), capture) as (viewer, _):
        await viewer.until(connected)
        done = await viewer.link.perform(SendMessage(kind="bidirectional", operation="chat"))
        assert done.conn is not None
        assert done.opener is not None
        assert done.number is not None
        where = {"conn": done.conn, "opener": done.opener, "number": done.number}
        assert (await viewer.link.perform(SendItem(**where, data_json='"hi"'))).error is None  # type: ignore[arg-type]  # a mix
        assert (await viewer.link.perform(EndHalf(**where))).error is None  # type: ignore[arg-type]  # likewise
        ended = await viewer.until(
            lambda reader: (
                (row := reader.find_exchange(done.conn or 0, done.opener or "", done.number or 0))
                and row.outcome == "ok"
                and row
            )
        )
        assert (ended.items_out, ended.items_in) == (1, 2)


async def test_a_raw_frame_larger_than_a_frame_may_be_gets_through(capture: Path) -> None:
    text = "x" * 3_000_000
    async with engine(DemoSpec(), capture) as (viewer, _):
        await viewer.until(connected)
        await viewer.link.perform(SendRaw(text=text))
        await viewer.until(lambda reader: reader.totals().bytes_out > len(text))


@pytest.mark.parametrize(
    ("spec", "told", "code"),
    [
        (ServerSpec(handler="missing.py"), "There is no file missing.py", 2),
        (ClientSpec(url="http://h"), "http://h is an HTTP address: write ws://h", 2),
        (ServerSpec(host="192.0.2.1"), "This machine has no address 192.0.2.1", 1),
    ],
)
async def test_a_source_that_cannot_begin_is_told_and_leaves_nothing_behind(
    capture: Path, spec: SourceSpec, told: str, code: int
) -> None:
    viewer = Viewer(capture)
    with pytest.raises(EngineFailed, match=told) as caught:
        await viewer.link.start(spec, capture)
    assert caught.value.exit_code == code
    assert not viewer.link.running
    assert list(capture.parent.iterdir()) == []
    assert viewer.exits.empty()


async def test_a_capture_that_cannot_be_made_is_told(capture: Path) -> None:
    capture.write_text("mine")  # noqa: ASYNC240 - a few bytes, in a test
    with pytest.raises(EngineFailed, match="exists already"):
        await Viewer(capture).link.start(DemoSpec(), capture)
    assert capture.read_text() == "mine"  # noqa: ASYNC240 - likewise


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
async def test_an_engine_that_is_killed_is_told_at_once_with_its_capture_intact(
    capture: Path, number: signal.Signals
) -> None:
    async with engine(DemoSpec(), capture) as (viewer, _):
        await viewer.until(lambda reader: reader.totals().frames > 5)
        os.kill(viewer.pid, number)
        reason = await asyncio.wait_for(viewer.exits.get(), WAIT_S)
        assert reason == f"The engine stopped (ended by {number.name}); the capture so far is intact."
        done = await viewer.link.perform(Reconnect())
        assert done.error == "The engine is not running: start it again, the capture so far is intact."
    assert viewer.totals().frames > 5
    assert viewer.exits.empty()


async def test_an_engine_ends_in_good_order_when_asked_to_terminate(capture: Path) -> None:
    async with engine(DemoSpec(), capture) as (viewer, _):
        await viewer.until(connected)
        os.kill(viewer.pid, signal.SIGTERM)
        assert "exit code 0" in await asyncio.wait_for(viewer.exits.get(), WAIT_S)
    assert viewer.totals().connections_open == 0


async def test_stopping_is_no_exit_to_be_told_and_may_be_repeated(capture: Path) -> None:
    async with engine(DemoSpec(), capture) as (viewer, _):
        pid = viewer.pid
        await viewer.link.stop()
        await viewer.link.stop()
        assert not viewer.link.running
        assert not alive(pid)
    assert viewer.exits.empty()


async def test_a_recording_that_fails_is_told_while_the_connection_lives_on(capture: Path) -> None:
    folder = capture.parent / "gone"
    folder.mkdir()
    async with engine(DemoSpec(), folder / "one.capture") as (viewer, _):
        await viewer.until(connected)
        shutil.rmtree(folder)
        level, text = await asyncio.wait_for(viewer.problems.get(), WAIT_S)
        assert (level, "was removed while it was recorded" in text) == ("problem", True)
        done = await viewer.link.perform(SendMessage(kind="oneway", operation="log_event"))
        assert done.error is None
        assert viewer.problems.empty()


LOG_EVENT = SendMessage(kind="oneway", operation="log_event")


async def test_an_engine_that_lost_its_control_connection_is_reached_again(capture: Path) -> None:
    async with engine(DemoSpec(), capture) as (viewer, _):
        await viewer.until(connected)
        viewer.lose_control()
        await viewer.performed(LOG_EVENT)
        viewer.lose_control()
        await viewer.performed(LOG_EVENT)
        assert viewer.exits.empty()
        assert viewer.problems.empty()


async def test_what_went_wrong_without_a_control_connection_is_told_with_the_next_and_once(
    capture: Path,
) -> None:
    folder = capture.parent / "gone"
    folder.mkdir()
    async with engine(DemoSpec(), folder / "one.capture") as (viewer, _):
        await viewer.until(connected)
        shutil.rmtree(folder)
        first = await asyncio.wait_for(viewer.problems.get(), WAIT_S)
        viewer.lose_control()
        await viewer.performed(LOG_EVENT)
        assert viewer.problems.empty()
        viewer.link._calling._told = ""  # as if it had come to pass while there was no connection
        viewer.lose_control()
        await viewer.performed(LOG_EVENT)
        assert viewer.problems.get_nowait() == first


async def test_while_the_engine_is_called_again_an_intent_says_so(capture: Path) -> None:
    async with engine(DemoSpec(), capture) as (viewer, _):
        await viewer.until(connected)
        os.kill(viewer.pid, signal.SIGSTOP)
        assert viewer.link._calling.protocol is not None
        lost = viewer.link._calling.protocol
        viewer.lose_control()
        await lost.wait_closed()
        done = await viewer.link.perform(LOG_EVENT)
        assert done.error == "The engine does not answer and is called again: wait a moment, then try again."
        os.kill(viewer.pid, signal.SIGCONT)
        await viewer.performed(LOG_EVENT)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that was told to end, and to terminate, is not waited for any longer than its own limit."""
    monkeypatch.setattr(engine_link, "_GRACE_S", 0.0)


@pytest.mark.usefixtures("impatient")
async def test_an_engine_that_runs_and_cannot_be_reached_is_ended_and_told(capture: Path) -> None:
    async with engine(DemoSpec(), capture, 0.2, 0.2) as (viewer, _):
        await viewer.until(connected)
        pid = viewer.pid
        os.kill(pid, signal.SIGSTOP)
        viewer.lose_control()
        reason = await asyncio.wait_for(viewer.exits.get(), WAIT_S)
        how = "did not answer any more and was ended (ended by SIGKILL)"
        assert reason == f"The engine {how}; the capture so far is intact."
        assert not alive(pid)
        assert "not running" in ((await viewer.link.perform(LOG_EVENT)).error or "")


@pytest.mark.usefixtures("impatient")
async def test_stopping_ends_the_engine_also_when_it_is_cancelled(capture: Path) -> None:
    async with engine(DemoSpec(), capture, 0.2) as (viewer, _):
        pid = viewer.pid
        os.kill(pid, signal.SIGSTOP)  # so that it does not say goodbye, and stopping takes its time
        stopping = asyncio.create_task(viewer.link.stop())
        await asyncio.sleep(0)  # it has begun
        stopping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stopping
        assert not alive(pid)


async def test_what_a_handler_prints_disturbs_nothing(capture: Path) -> None:
    noisy = capture.parent / "noisy.py"
    noisy.write_text(
        "from slipstream import ProtocolHandler\n"
        "print('x' * 200_000)\n"
        "class Noisy(ProtocolHandler):\n    pass\n"
    )
    async with engine(ServerSpec(handler=str(noisy), port=0), capture) as (_, ready):
        assert ready.address.startswith("ws://127.0.0.1:")


async def test_a_handler_that_fails_where_no_frame_can_say_so_is_noted_in_the_capture(
    capture: Path,
) -> None:
    handler = capture.with_name("failing.py")
    handler.write_text(
        "import slipstream\n"
        "class Failing(slipstream.ProtocolHandler):\n"
        "    @slipstream.fire_and_forget\n"
        "    async def log(self, data):\n"
        "        raise ValueError('no such luck')\n"
    )
    async with (
        engine(ServerSpec(handler=str(handler), port=0), capture) as (viewer, ready),
        connect(ready.address) as client,
    ):
        await client.fire_and_forget({"operation": "log"})
        notes = await viewer.until(
            lambda reader: [row for row in reader.notes(0, 9) if row.level == "warning"]
        )
    assert [note.text for note in notes] == ["The fire-and-forget 'log' failed: ValueError: no such luck."]


def test_an_engine_dies_with_a_viewer_that_is_killed(capture: Path) -> None:
    async def scenario() -> None:
        viewer = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _VIEWER,
            str(capture),
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        assert viewer.stdout is not None
        async with asyncio.timeout(WAIT_S):
            engine_pid = int(await viewer.stdout.readline())
            assert alive(engine_pid)
            viewer.kill()
            await viewer.wait()
            while alive(engine_pid):  # noqa: ASYNC110 - nobody tells of the end of a stranger's child
                await asyncio.sleep(CHECK_INTERVAL_S)

    asyncio.run(scenario())
    reader = CaptureReader(capture)
    assert reader.totals().connections_open == 0
    reader.close()


_VIEWER = """
import asyncio, sys
from pathlib import Path
from inspector_app.engine.link import EngineLink
from inspector_app.intents import DemoSpec

async def main():
    link = EngineLink()
    await link.start(DemoSpec(), Path(sys.argv[1]))
    print(link._process.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


STUBBORN = """
import asyncio, time
from slipstream import ProtocolHandler, fire_and_forget

class Stubborn(ProtocolHandler):
    @fire_and_forget
    async def block(self, data):
        time.sleep(3600)

    @fire_and_forget
    async def block_thread(self, data):
        await asyncio.to_thread(time.sleep, 3600)
"""


@pytest.fixture
def stubborn(tmp_path: Path) -> Path:
    """A handler with operations that do not end."""
    path = tmp_path / "stubborn.py"
    path.write_text(STUBBORN)
    return path


async def set_off(address: str, operation: str, capture: Path) -> None:
    """Call an operation of a hosted handler; when this returns, the handler has it."""
    async with connect(address) as client:
        await client.fire_and_forget({"operation": operation})
        await Viewer(capture).until(lambda reader: reader.totals().frames)


async def test_a_handler_that_blocks_does_not_keep_the_engine_alive(capture: Path, stubborn: Path) -> None:
    async with engine(ServerSpec(handler=str(stubborn), port=0), capture, 0.2) as (viewer, ready):
        await set_off(ready.address, "block", capture)
        pid = viewer.pid
        assert viewer.link._process is not None
        assert viewer.link._process.stdin is not None
        viewer.link._process.stdin.close()
        assert "exit code 1" in await asyncio.wait_for(viewer.exits.get(), WAIT_S)
    assert not alive(pid)


@pytest.mark.parametrize("operation", ["block", "block_thread"])
async def test_an_engine_with_a_handler_that_blocks_dies_with_a_viewer_that_is_killed(
    capture: Path, stubborn: Path, operation: str
) -> None:
    viewer = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _HOSTING_VIEWER,
        str(capture),
        str(stubborn),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert viewer.stdout is not None
    engine_pid = int(await asyncio.wait_for(viewer.stdout.readline(), WAIT_S))
    address = (await asyncio.wait_for(viewer.stdout.readline(), WAIT_S)).decode().strip()
    try:
        await set_off(address, operation, capture)
        viewer.kill()
        await viewer.wait()
        async with asyncio.timeout(WAIT_S):
            while alive(engine_pid):  # noqa: ASYNC110 - nobody tells of the end of a stranger's child
                await asyncio.sleep(CHECK_INTERVAL_S)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(engine_pid, signal.SIGKILL)


_HOSTING_VIEWER = """
import asyncio, sys
from pathlib import Path
from inspector_app.engine.link import EngineLink
from inspector_app.intents import ServerSpec

async def main():
    link = EngineLink(ending_limit_s=0.2)
    ready = await link.start(ServerSpec(handler=sys.argv[2], port=0), Path(sys.argv[1]))
    print(link._process.pid, flush=True)
    print(ready.address, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_the_engine_is_of_the_same_code_as_the_viewer_that_started_it(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    for package in ("inspector_app", "slipstream"):
        await asyncio.to_thread(shutil.copytree, ROOT / package, checkout / package)
    version = checkout / "slipstream" / "_version.py"
    version.write_text('__version__ = "of-this-checkout"\n')
    capture = tmp_path / "one.capture"
    viewer = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _VIEWER,
        str(capture),
        stdout=asyncio.subprocess.PIPE,
        cwd=checkout,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )
    assert viewer.stdout is not None
    assert await asyncio.wait_for(viewer.stdout.readline(), WAIT_S)
    viewer.kill()
    await viewer.wait()
    reader = CaptureReader(capture)
    assert reader.meta()["software"] == "slipstream-inspector/of-this-checkout"
    reader.close()
