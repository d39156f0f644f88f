"""`slipstream-inspector check` as a user runs it: a process of its own, its lines, its exit code."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from inspector_app.check.cases import load_cases
from inspector_app.check.command import run_check
from inspector_app.cli import cli
from inspector_app.intents import ClientSpec
from inspector_app.mock.demo import Market
from inspector_app.sources.failures import SourceError
from slipstream import serve
from tests.conformance.handler import Conformance
from tests.conftest import Figure
from tests.inspector_app.check import servers
from tests.inspector_app.commands_line import Command, Result
from tests.inspector_app.sources.helpers import raw_server, tcp_server
from tests.inspector_app.sources.test_failures import http

LONGEST_S = 10.0


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path)


def is_inert(result: Result) -> bool:
    return (result.stdout + result.stderr).replace("\n", "").isprintable()


async def test_a_server_that_conforms_is_told_case_by_case(command: Command) -> None:
    async with serve(Conformance) as server:
        result = await command.run("check", server.url, "--only", "1", "--only", "11")
    assert (result.code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"{server.url}: a modern peer (slipstream ")
    assert lines[-1].startswith("It conforms, as far as can be seen from outside: ")
    chosen = [case for case in load_cases() if case.number in (1, 11)]
    assert len([line for line in lines if line.startswith("  ")]) == len(chosen)
    assert [line for line in lines if line.startswith("§")] == ["§1 Transport", "§11 Limits"]


async def test_a_server_that_differs_is_told_in_json_for_ci(command: Command) -> None:
    async with raw_server(servers.ModernUntil("never said")) as url:
        result = await command.run("check", url, "--json", "--only", "10", "--timeout", "0.2")
    assert result.code == 1
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["name"] for each in told] == [case.name for case in load_cases() if case.number == 10]
    assert {each["section"] for each in told} == {"§10"}
    assert {each["verdict"] for each in told} == {"pass", "differs", "not applicable"}
    assert result.said[0].startswith("It does not conform: ")
    assert is_inert(result)


async def test_hostile_text_of_a_server_is_printed_inert(command: Command) -> None:
    async with raw_server(servers.ModernUntil("never said")) as url:
        result = await command.run("check", url, "--only", "10/ping_echoes")
    assert result.code == 1
    assert "(modern ␛]0;x␇)" in result.stdout
    assert "DIFFERS ping_echoes" in result.stdout
    assert is_inert(result)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["http://127.0.0.1"], "is an HTTP address"),
        (["ws://127.0.0.1", "--only", "77"], "'77' is no section and no case"),
        (["ws://127.0.0.1", "--insecure"], "TLS options need a wss:// URL"),
        (["ws://127.0.0.1", "--timeout", "0"], "--timeout"),
        (["ws://127.0.0.1", "-H", "x"], "is no header"),
        ([], "Missing argument"),
    ],
)
def test_what_was_asked_wrongly_is_told(arguments: list[str], told: str) -> None:
    result = CliRunner().invoke(cli, ["check", *arguments])
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


async def test_a_wrong_command_line_ends_with_2(command: Command) -> None:
    result = await command.run("check", "ws://127.0.0.1", "--only", "77")
    assert (result.code, result.stdout) == (2, "")
    assert result.said == ["'77' is no section and no case: write --only 7, or --only 7/NAME."]


async def test_nobody_listening_is_told(command: Command) -> None:
    async with raw_server(servers.mute) as url:
        pass
    result = await command.run("check", url, "--json")
    assert (result.code, result.stdout) == (1, "")
    assert result.said == [f"Nobody is listening at {url}: start the server, or check host and port."]


async def test_a_narrow_encoding_of_stdout_is_no_reason_to_end(command: Command) -> None:
    async with serve(Market) as server:
        result = await command.run("check", server.url, "--only", "1", PYTHONIOENCODING="ascii")
    assert (result.code, result.stderr) == (0, "")
    assert "\\xa71 Transport" in result.stdout


def test_a_closed_stdout_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(SourceError, match="Stdout is closed"):
        run_check(ClientSpec(url="ws://127.0.0.1"), only=(), as_json=False, timeout_s=1)


async def test_a_reader_of_the_verdicts_that_goes_away_is_no_defect(command: Command) -> None:
    async with serve(Market) as server:
        process = await command.start("check", server.url)
        assert process.stdout is not None
        await process.stdout.readline()
        process.stdout._transport.close()  # type: ignore[attr-defined]  # as `head` does; there is no other way
        assert process.stderr is not None
        told = (await process.stderr.read()).decode()
        assert await process.wait() == 1
    assert told == ""


# -- the six servers of the matrix, H7 --------------------------------------------------------------------

Place = Callable[[], AbstractAsyncContextManager[str]]


@asynccontextmanager
async def mock() -> AsyncIterator[str]:
    async with serve(Market) as server:
        yield server.url


@asynccontextmanager
async def plain_http() -> AsyncIterator[str]:
    async with tcp_server(http("200 OK")) as port:
        yield f"ws://127.0.0.1:{port}"


@asynccontextmanager
async def garbage() -> AsyncIterator[str]:
    async with tcp_server(b"\x00\xfe garbage \x1b[2J\r\n") as port:
        yield f"ws://127.0.0.1:{port}"


@asynccontextmanager
async def holding() -> AsyncIterator[str]:
    async with servers.holding_tcp_server() as port:
        yield f"ws://127.0.0.1:{port}"


SERVERS: dict[str, tuple[Place, int, str]] = {
    "own mock": (mock, 0, "It conforms"),
    "legacy peer": (lambda: raw_server(servers.legacy), 0, "a legacy peer"),
    "echo server": (lambda: raw_server(servers.echo), 1, "echoes what it is sent"),
    "silent server": (lambda: raw_server(servers.mute), 1, "takes the connection and answers nothing"),
    "silent TCP server": (holding, 1, "did not answer in time"),
    "HTTP server": (plain_http, 1, "this is a web server, but no WebSocket is at this path"),
    "garbage server": (garbage, 1, "does not speak HTTP or WebSocket"),
    "garbage over WebSocket": (lambda: raw_server(servers.babble), 1, "sends messages that are no frames"),
}


async def judged(command: Command, name: str, *options: str) -> float:
    place, code, told = SERVERS[name]
    async with place() as url:
        began = time.monotonic()
        result = await command.run("check", url, *options)
        took_s = time.monotonic() - began
    assert (result.code, told in result.stdout + result.stderr) == (code, True), result
    assert "Traceback" not in result.stderr
    assert is_inert(result)
    return took_s


@pytest.mark.parametrize(
    "name", ["legacy peer", "echo server", "silent server", "HTTP server", "garbage server"]
)
async def test_every_sort_of_server_gets_its_verdict(command: Command, name: str) -> None:
    await judged(command, name, "--timeout", "1")


@pytest.mark.proof
async def test_every_sort_of_server_gets_its_verdict_in_time(command: Command, figure: Figure) -> None:
    slowest, where = max([(await judged(command, name), name) for name in SERVERS])
    figure(
        "H7", f"check: slowest of {len(SERVERS)} verdicts, seconds ({where})", slowest, f"<= {LONGEST_S:g}"
    )
    assert slowest <= LONGEST_S
