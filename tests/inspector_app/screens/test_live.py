"""The app with a real engine: demo, client, server, and what happens when the engine is gone."""

import json
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.widgets import Input

from inspector_app.app import InspectorApp
from inspector_app.capture.reader import CaptureReader
from inspector_app.engine.link import EngineLink
from inspector_app.intents import ClientSpec, DemoSpec, ServerSpec, SourceSpec
from inspector_app.mock.demo import Market
from inspector_app.screens.home import HomeScreen
from inspector_app.screens.main import MainScreen
from inspector_app.screens.start_forms import ConnectForm, HostForm
from inspector_app.widgets.json_editor import JsonEditor
from slipstream import connect, serve
from tests.inspector_app.screens.pilots import LARGE, SMALL, Stage, running


@asynccontextmanager
async def inspecting(
    spec: SourceSpec, size: tuple[int, int] = SMALL, record: Path | None = None
) -> AsyncIterator[Stage]:
    app = InspectorApp(spec, None, record)
    async with running(app, size) as stage:
        await stage.until(lambda: isinstance(app.screen, MainScreen))
        await stage.until(lambda: stage.view.engine == "running")
        yield stage


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _pid(stage: Stage) -> int:
    engine = stage.main.inspection._engine
    assert isinstance(engine, EngineLink)
    assert engine._process is not None
    return engine._process.pid


async def _fill_and_send(stage: Stage, operation: str, data: str) -> None:
    await stage.press("c")
    await stage.until_shown("Operation")
    await stage.type(operation)
    stage.app.screen.query_one(JsonEditor).text = data
    stage.main.drafts.current.data = data
    await stage.press("ctrl+s")
    await stage.until(lambda: stage.app.screen is stage.main)


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_the_demo_shows_live_traffic_of_every_kind(size: tuple[int, int]) -> None:
    async with inspecting(DemoSpec(), size) as stage:
        await stage.until_shown("CLIENT", "CONNECTED", "request", "response")
        await stage.until(lambda: stage.view.totals.requests > 3 and stage.view.totals.streams > 1)
        await stage.until(lambda: stage.view.rate > 0)
        await stage.press("3")
        await stage.until_shown("stream", "bidi")
        await stage.press("6")
        await stage.until_shown("get_quote", "Give the price of one symbol.")


async def test_a_request_from_the_form_is_answered_and_both_are_in_the_export(tmp_path: Path) -> None:
    async with serve(Market) as server, inspecting(ClientSpec(url=server.url)) as stage:
        await stage.until(lambda: stage.view.connected)
        await _fill_and_send(stage, "get_quote", '{"symbol": "SALT"}')
        await stage.until(lambda: stage.view.view == "requests")
        await stage.until_shown("✓ ok", "get_quote")
        target = tmp_path / "out.jsonl"
        await stage.press("w")
        stage.app.screen.query_one("#target", Input).value = str(target)
        await stage.press("enter")
        await stage.until(lambda: any("Written to" in toast for toast in stage.toasts))
    records = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert records[0]["slipstream_capture"] == 1
    raws = [record["raw"] for record in records if record.get("kind") == "frame"]
    assert any('"SALT"' in raw and '"request"' in raw for raw in raws)
    assert any('"price_cents"' in raw and '"response"' in raw for raw in raws)


async def test_a_stream_is_opened_fed_half_closed_and_cancelled_by_key() -> None:
    async with serve(Market) as server, inspecting(ClientSpec(url=server.url)) as stage:
        await stage.until(lambda: stage.view.connected)
        await stage.press("c", "ctrl+n", "ctrl+n")
        await stage.type("chat")
        await stage.press("ctrl+s")
        await stage.until_shown("Next item")
        await stage.press("escape")
        await stage.until(lambda: stage.view.view == "streams" and stage.view.situation().sending)
        await stage.press("i")
        await stage.until_shown("Send an item")
        await stage.type('{"text": "hello')
        await stage.press("quotation_mark", "right_curly_bracket")
        await stage.press("ctrl+s")
        await stage.until(
            lambda: stage.view.selection.exchange is not None and stage.view.selection.exchange.items_out == 1
        )
        await stage.press("e")
        await stage.until(lambda: not stage.view.situation().sending)


async def test_a_pending_request_is_cancelled_on_the_wire() -> None:
    async with serve(Market) as server, inspecting(ClientSpec(url=server.url)) as stage:
        await stage.until(lambda: stage.view.connected)
        await _fill_and_send(stage, "run_report", '{"seconds": 600}')
        await stage.until(lambda: stage.view.situation().pending)
        await stage.press("x")
        await stage.until_shown("⊘ cancelled")


async def test_a_server_shows_who_connects_and_calls() -> None:
    port = _free_port()
    async with inspecting(ServerSpec(port=port)) as stage:
        await stage.until_shown("SERVER", "LISTENING", f"127.0.0.1:{port}", "Nobody has called yet")
        async with connect(f"ws://127.0.0.1:{port}") as client:
            await client.request_response({"operation": "get_quote", "symbol": "BEAN"})
            await stage.until_shown("1 peer connected", "get_quote")
        await stage.until_shown("0 peers connected")


async def test_a_connection_that_cannot_be_made_is_said_and_made_by_key_later() -> None:
    port = _free_port()
    async with inspecting(ClientSpec(url=f"ws://127.0.0.1:{port}")) as stage:
        await stage.until_shown("LOST")
        await stage.until(lambda: any("Nobody is listening" in toast for toast in stage.toasts))
        async with serve(Market, "127.0.0.1", port):
            await stage.press("r")
            await stage.until_shown("CONNECTED")


async def test_a_dead_engine_is_said_and_started_again_by_key_with_the_old_capture_intact() -> None:
    async with inspecting(DemoSpec()) as stage:
        await stage.until(lambda: stage.view.totals.frames > 10)
        reader = stage.view.reader
        assert reader is not None
        before, frames = reader.path, stage.view.totals.frames
        os.kill(_pid(stage), signal.SIGKILL)
        await stage.until_shown("The engine stopped", "r Restart")
        await stage.press("c")
        await stage.until(lambda: any("press r" in toast for toast in stage.toasts))
        await stage.press("r")
        await stage.until(lambda: stage.view.engine == "running" and stage.view.totals.frames > 0)
        assert stage.view.reader is not None
        assert stage.view.reader.path != before
        old = CaptureReader(before)
        assert old.totals().frames >= frames
        old.close()
        await stage.until(lambda: not before.with_name(f"{before.name}-wal").exists())


async def test_the_first_paint_comes_before_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    app = InspectorApp(DemoSpec(), None, None)
    start = app._start_engine
    held_back: list[bool] = []
    monkeypatch.setattr(app, "_start_engine", lambda *, at_start: held_back.append(at_start))
    async with running(app) as stage:
        await stage.until(lambda: held_back and isinstance(app.screen, MainScreen))
        await stage.until_shown("Starting")
        assert stage.view.engine == "starting"
        start(at_start=True)
        await stage.until(lambda: stage.view.engine == "running")


async def test_however_the_app_ends_its_engine_ends_too() -> None:
    async with inspecting(DemoSpec()) as stage:
        pid = _pid(stage)
        stage.app.exit(0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_quitting_ends_the_engine_and_leaves_a_whole_capture(tmp_path: Path) -> None:
    record = tmp_path / "mine.capture"
    async with inspecting(DemoSpec(), record=record) as stage:
        await stage.until(lambda: stage.view.totals.frames > 5)
        pid = _pid(stage)
        await stage.press("q")
        while stage.app.return_value is None:
            await stage.pilot.pause()
    assert stage.app.return_value == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    reader = CaptureReader(record)
    assert reader.totals().frames > 5
    reader.close()


async def test_when_the_folder_of_the_capture_goes_away_it_is_said_and_the_connection_stays(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "captures"
    folder.mkdir()
    async with inspecting(DemoSpec(), record=folder / "mine.capture") as stage:
        await stage.until(lambda: stage.view.totals.frames > 5)
        shutil.rmtree(folder)
        await stage.until(lambda: "mine.capture was removed" in stage.lines[1])
        assert "CONNECTED" in stage.lines[0]
        assert stage.view.engine == "running"


# -- what cannot be started -------------------------------------------------------------------------------


async def test_from_home_a_url_that_is_none_brings_the_form_back_with_the_sentence() -> None:
    async with running(InspectorApp()) as stage:
        await stage.until_shown("Connect")
        await stage.press("c")
        await stage.until_shown("Connect to a server")
        stage.app.screen.query_one("#url", Input).value = "http://example.com"
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, ConnectForm) and "http" in _why(stage))
        assert stage.app.screen.query_one("#url", Input).value == "http://example.com"


async def test_from_home_a_handler_that_cannot_be_loaded_brings_the_form_back(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("def nothing(:\n", encoding="utf-8")
    async with running(InspectorApp()) as stage:
        await stage.until_shown("Host")
        await stage.press("h")
        await stage.until_shown("Host a handler")
        stage.app.screen.query_one("#handler", Input).value = str(broken)
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, HostForm) and "broken.py" in _why(stage))


async def test_from_home_a_port_in_use_brings_the_form_back() -> None:
    async with serve(Market) as server, running(InspectorApp()) as stage:
        await stage.until_shown("Host")
        await stage.press("h")
        await stage.until_shown("Host a handler")
        stage.app.screen.query_one("#port", Input).value = str(server.port)
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, HostForm) and "in use" in _why(stage))
        await stage.press("escape")
        await stage.until(lambda: isinstance(stage.app.screen, HomeScreen))


def _why(stage: Stage) -> str:
    return str(stage.app.screen.query_one("#why").render())


@pytest.mark.parametrize(
    ("spec", "code", "word"),
    [
        (ClientSpec(url="nonsense://x"), 2, "ws://"),
        (ServerSpec(handler="nowhere.py", port=0), 2, "nowhere.py"),
    ],
)
async def test_from_the_command_line_what_cannot_be_started_ends_the_program_with_a_sentence(
    spec: SourceSpec, code: int, word: str
) -> None:
    app = InspectorApp(spec, None, None)
    async with app.run_test() as pilot:
        while app.return_value is None:
            await pilot.pause()
    assert app.return_value == code
    assert word in app.failure


async def test_a_capture_folder_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("SLIPSTREAM_INSPECTOR_DATA", str(blocked / "data"))
    async with running(InspectorApp()) as stage:
        await stage.until_shown("Demo")
        await stage.press("d")
        await stage.until(lambda: any("data folder" in toast for toast in stage.toasts))
        await stage.until(lambda: isinstance(stage.app.screen, HomeScreen))
