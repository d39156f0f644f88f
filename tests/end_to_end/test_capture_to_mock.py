"""From real traffic to a mock and a test of it, and the test against the mock."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from inspector_app.capture.formats.known import FORMATS
from inspector_app.capture.redaction import DEFAULT_RULES
from inspector_app.capture.taking import export_capture
from inspector_app.engine.recording import Recording
from inspector_app.intents import ClientSpec, ServerSpec
from inspector_app.mock.demo import Market
from inspector_app.sources.client import ClientSource
from inspector_app.sources.server import ServerSource
from slipstream import Protocol, RemoteError, request_response, serve


async def _talk(peer: Protocol) -> None:
    """Have every kind of exchange, with every kind of end."""
    await peer.request_response({"operation": "get_quote", "symbol": "BEAN"})
    await peer.request_response({"operation": "create_order", "symbol": "SALT", "quantity": 3})
    await peer.request_response({"operation": "create_order", "symbol": "SALT", "quantity": 3})
    for wrong in (
        {"operation": "get_quote", "symbol": "GOLD"},
        {"operation": "get_order", "order_id": "none"},
    ):
        with pytest.raises(RemoteError):
            await peer.request_response(wrong)
    async for _ in await peer.request_stream(
        {"operation": "watch_prices", "symbol": "LEAF", "count": 3, "every_s": 0.01}
    ):
        pass
    with pytest.raises(RemoteError):
        async for _ in await peer.request_stream(
            {"operation": "replay_day", "every_s": 0.01, "fail_after": 2}
        ):
            pass
    async with await peer.stream_stream({"operation": "chat", "name": "Ada"}) as chat:
        await anext(chat)
        await chat.send({"text": "hello"})
        await anext(chat)
        await chat.aclose()
        async for _ in chat:
            pass
    await peer.fire_and_forget({"operation": "log_event", "event": "done", "level": "info"})
    await peer.request_response({"operation": "get_quote", "symbol": "CANE"})


async def _record(url: str, capture: Path) -> None:
    over = asyncio.Event()
    problems: list[str] = []
    recording = await Recording.begin(
        ClientSpec(url=url),
        capture,
        on_commit=lambda _: None,
        on_problem=lambda _, text: problems.append(text),
        on_record=lambda _: over.set(),
    )
    source = recording.source
    assert isinstance(source, ClientSource)
    while source.protocol is None:
        over.clear()
        await asyncio.wait_for(over.wait(), 20)
    await _talk(source.protocol)
    await recording.end()
    assert problems == []


async def _pytest(test: Path, url: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir"),
        *(str(test.parent), str(test)),
        env={**os.environ, "SLIPSTREAM_URL": url},
        cwd=test.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


@pytest.mark.parametrize("redact", [True, False])
async def test_the_test_of_a_capture_passes_against_the_mock_of_it(redact: bool, tmp_path: Path) -> None:
    capture, mock, test = tmp_path / "a.capture", tmp_path / "mock.toml", tmp_path / "test_market.py"
    async with serve(Market, "127.0.0.1", 0) as server:
        await _record(server.url, capture)
    rules = DEFAULT_RULES if redact else None
    export_capture(capture, str(mock), FORMATS["mock"], rules=rules)
    export_capture(capture, str(test), FORMATS["test"], rules=rules)
    notes: list[Any] = []
    hosted = ServerSource(ServerSpec(handler=str(mock), port=0))
    await hosted.start(notes.append)
    try:
        code, said = await _pytest(test, hosted.address)
    finally:
        await hosted.stop()
    assert code == 0, said
    assert "1 passed" in said


async def test_it_fails_against_a_server_that_answers_otherwise(tmp_path: Path) -> None:
    capture, test = tmp_path / "a.capture", tmp_path / "test_market.py"

    class Other(Market):
        @request_response
        async def get_quote(self, data: Any) -> Any:
            return {"symbol": "BEAN", "price_cents": -1}

    async with serve(Market, "127.0.0.1", 0) as server:
        await _record(server.url, capture)
    export_capture(capture, str(test), FORMATS["test"], rules=DEFAULT_RULES)
    async with serve(Other, "127.0.0.1", 0) as server:
        code, said = await _pytest(test, server.url)
    assert code == 1, said
    assert "assert" in said
