"""`call` and `describe` as a user runs them: processes of their own, in pipes, in a terminal, interrupted."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pexpect
import pytest
from click.testing import CliRunner

from inspector_app.calling.command import describe
from inspector_app.cli import cli
from inspector_app.intents import ClientSpec
from slipstream import BiStreamHandle, FrameTap, ProtocolHandler, Tap, request_stream, serve, stream_stream
from tests.inspector_app.calling.calls import Caller
from tests.inspector_app.commands_line import ROOT, WAIT_S, Command, finish


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path)


class Ticker(ProtocolHandler):
    """Streams without end."""

    @request_stream
    async def ticks(self, data: dict[str, Any]) -> AsyncIterator[str]:
        """Tick for ever."""
        while True:
            yield "tick \x1b[2J"
            await asyncio.sleep(data.get("every_s", 0))

    @stream_stream
    async def echo(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        async for item in stream:
            await stream.send(item)


class Heard(Tap):
    """What a server hears, with a way to wait for it."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.ended = asyncio.Event()

    def frame(self, seen: FrameTap) -> None:
        if seen.direction == "in":
            self.frames.append(json.loads(seen.message))

    def transition(self, transition: Any) -> None:
        if transition.code is not None:
            self.code = transition.code
            self.ended.set()


async def test_a_call_needs_no_more_than_its_arguments(command: Command) -> None:
    from inspector_app.mock.demo import Market

    async with serve(Market) as server:
        ended = await command.run("call", server.url, "get_quote", "--data", '{"symbol": "SALT"}')
        described = await command.run("describe", server.url, "--json")
    assert (ended.code, ended.stdout, ended.stderr) == (0, '{"symbol":"SALT","price_cents":64}\n', "")
    assert (described.code, described.stderr) == (0, "")
    assert "get_quote" in [each["name"] for each in json.loads(described.stdout)["operations"]]
    assert command.captures() == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_signal_cancels_the_exchange_and_closes_in_good_order(
    command: Command, number: signal.Signals, code: int
) -> None:
    heard = Heard()
    async with serve(Ticker, taps=lambda _: [heard]) as server:
        data = '{"every_s": 0.01}'
        process = await command.start("call", server.url, "ticks", "--kind", "stream", "--data", data)
        assert process.stdout is not None
        assert await process.stdout.readline() == b'"tick \\u001b[2J"\n'
        process.send_signal(number)
        ended = await finish(process)
        async with asyncio.timeout(WAIT_S):
            await heard.ended.wait()
    assert (ended.code, ended.stderr) == (code, "")
    cancelling = heard.frames[-1]
    assert (cancelling["type"], cancelling["data"]["code"]) == ("error", "cancelled")
    assert heard.code == 1000


async def test_a_reader_that_goes_away_ends_the_call_quietly(command: Command) -> None:
    heard = Heard()
    async with serve(Ticker, taps=lambda _: [heard]) as server:
        process = await command.start("call", server.url, "ticks", "--kind", "stream")
        assert process.stdout is not None
        await process.stdout.readline()
        process.stdout._transport.close()  # type: ignore[attr-defined]  # as `head` does; there is no other way
        assert process.stderr is not None
        async with asyncio.timeout(WAIT_S):
            told = (await process.stderr.read()).decode()
            assert await process.wait() == 0
    assert told == ""
    assert heard.frames[-1]["data"]["code"] == "cancelled"


async def test_an_interrupted_call_does_not_wait_for_stdin(command: Command) -> None:
    async with serve(Ticker) as server:
        process = await command.start("call", server.url, "echo", stdin=asyncio.subprocess.PIPE)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b'{"n": 1.10}\n')
        assert await process.stdout.readline() == b'{"n":1.1}\n'
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(WAIT_S):
            assert await process.wait() == 130


async def test_in_a_terminal_items_are_typed_and_nothing_from_the_wire_drives_it(tmp_path: Path) -> None:
    async with serve(Ticker) as server:
        arguments = ["-W", "error", "-m", "inspector_app", "call", server.url, "echo"]
        terminal = pexpect.spawn(sys.executable, arguments, env=_environment(tmp_path), timeout=WAIT_S)

        def talk() -> None:
            terminal.setecho(False)
            terminal.sendline('{"text": "\\u001b[2J gr\\u00fcn"}')
            terminal.expect_exact('{"text":"\\u001b[2J grün"}'.encode())
            terminal.sendeof()
            terminal.expect(pexpect.EOF)
            terminal.close()

        await asyncio.to_thread(talk)
    assert terminal.exitstatus == 0
    assert b"\x1b" not in (terminal.before or b"")


def _environment(folder: Path) -> Any:
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT), "SLIPSTREAM_INSPECTOR_DATA": str(folder / "data")}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["call"], "Missing argument 'URL'"),
        (["call", "ws://h"], "Missing argument 'OPERATION'"),
        (["call", "ws://h", "x", "--kind", "dance"], "'dance' is not one of"),
        (["call", "ws://h", "x", "--timeout", "0"], "--timeout"),
        (["call", "ws://h", "x", "--timeout", "inf"], "a number of seconds is wanted"),
        (["describe"], "Missing argument 'URL'"),
    ],
)
def test_what_was_asked_wrongly_is_told(arguments: list[str], told: str) -> None:
    result = CliRunner().invoke(cli, arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (ClientSpec(url="http://h"), "is an HTTP address"),
        (ClientSpec(url="ws://h", insecure=True), "TLS options need a wss:// URL"),
    ],
)
async def test_what_cannot_work_ends_with_2(caller: Caller, spec: ClientSpec, told: str) -> None:
    ended = await caller.run(describe(spec, "text"), b"")
    assert (ended.code, ended.stdout, len(ended.said)) == (2, "", 1)
    assert told in ended.stderr
