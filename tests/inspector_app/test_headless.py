"""A run without a screen, as a process of its own: its lines, its ends, and that nothing printed is lost."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from websockets.asyncio.client import connect as connect_websocket
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from inspector_app import cli as command_line
from inspector_app import settings
from inspector_app.capture.formats import jsonl
from inspector_app.capture.store import CaptureReader, CaptureWriter
from inspector_app.cli import launching
from slipstream import RemoteError, connect
from tests.inspector_app.commands_line import ROOT, WAIT_S, Command, finish
from tests.inspector_app.sources.helpers import raw_server
from tests.inspector_app.sources.test_client import silent

LINE = re.compile(
    r"(?P<time>\d\d:\d\d:\d\d\.\d{3})  (?P<dir>in |out)  "
    r"(?P<type>[a-z_]+|\(no frame\)) +(#(?P<exchange>\d+))? *"
    r"  (?P<op>\S+) +(?P<size>[\d.]+ k?B)(  (?P<summary>.*))?"
)


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path)


def flooding(count: int) -> Any:
    """A peer that sends so many frames as fast as it can, waits to be read, and closes."""

    async def talk(websocket: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            for number in range(count):
                data = {"operation": "tick", "n": number, "padding": "x" * 100}
                await websocket.send(json.dumps({"type": "fire_and_forget", "peerID": "s", "data": data}))

    return talk


def saying(*messages: str | bytes) -> Any:
    async def talk(websocket: ServerConnection) -> None:
        for message in messages:
            await websocket.send(message)

    return talk


@asynccontextmanager
async def running(command: Command, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await command.start(*arguments)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await finish(process)


async def read_until(process: asyncio.subprocess.Process, text: str) -> str:
    """Read lines of stdout up to the first one with `text`."""
    assert process.stdout is not None
    async with asyncio.timeout(WAIT_S):
        while line := (await process.stdout.readline()).decode():
            if text in line:
                return line
    raise AssertionError(f"{text!r} never came")


# -- lines ------------------------------------------------------------------------------------------------


async def test_a_line_tells_time_direction_type_exchange_operation_size_and_summary(command: Command) -> None:
    result = await command.run("demo", "--headless", "--frames", "12")
    lines = [LINE.fullmatch(line) for line in result.stdout.splitlines() if "  --  " not in line]
    assert len(lines) == 12
    assert all(lines)
    told = [line.groupdict() for line in lines if line]
    request = next(line for line in told if line["type"] == "request" and line["op"] == "get_quote")
    answer = next(line for line in told if line["type"] == "response" and line["op"] == "get_quote")
    assert (request["dir"], answer["dir"].strip()) == ("out", "in")
    assert request["exchange"] == answer["exchange"]
    assert "symbol" in request["summary"]
    assert "\x1b" not in result.stdout


async def test_the_lines_in_json_are_the_lines_of_the_export(command: Command) -> None:
    result = await command.run("demo", "--json", "--frames", "40", "--record", "mine.capture")
    printed = result.stdout.splitlines()
    exported = (await command.run("export", "mine.capture", "-o", "-")).stdout.splitlines()
    assert printed[0] == exported[0]
    frames = [line for line in printed if json.loads(line).get("kind") == "frame"]
    assert len(frames) == 40
    assert frames == [line for line in exported if json.loads(line).get("kind") == "frame"][:40]
    assert [line for line in printed if "operations" not in line] == [
        line for line in exported if "operations" not in line
    ][: len([line for line in printed if "operations" not in line])]


async def test_what_was_recorded_beyond_the_frames_that_were_printed_is_told(command: Command) -> None:
    async with raw_server(flooding(2000)) as url:
        result = await command.run("connect", url, "--frames", "3", "--record", "mine.capture")
    reader = CaptureReader(command.folder / "mine.capture")
    recorded = reader.totals().frames
    reader.close()
    assert recorded > 3
    start = f"3 frames printed, {recorded:,} recorded in "
    assert any(line.startswith(start) for line in result.said)


async def test_findings_are_lines_in_json_too(command: Command) -> None:
    async with raw_server(saying("nonsense")) as url:
        result = await command.run("connect", url, "--json", "--record", "mine.capture")
    exported = (await command.run("export", "mine.capture", "-o", "-")).stdout.splitlines()
    found = [line for line in result.stdout.splitlines() if json.loads(line).get("kind") == "finding"]
    assert [json.loads(line)["rule"] for line in found] == ["bad_frame"]
    assert found == [line for line in exported if json.loads(line).get("kind") == "finding"]


async def test_what_was_printed_in_json_can_be_read_as_an_export(command: Command) -> None:
    result = await command.run("demo", "--json", "--for", "1")
    records = list(jsonl.read(result.stdout.splitlines(keepends=True))[1])
    names = {type(record).__name__ for record in records}
    assert {"ConnectionOpened", "StateChanged", "FrameSeen", "OperationsDescribed"} <= names


async def test_hostile_text_is_printed_inert(command: Command) -> None:
    hostile = "[/] \\u001b]52;c;eA==\\u0007 \\u202e \\u009b31m \\ud83d \\u0000"
    frame = (
        '{"type":"fire_and_forget","peerID":"p","data":{"operation":"\\u001b[2J","text":"' + hostile + '"}}'
    )
    async with raw_server(saying(frame, "\x1b]0;owned\x07", b"\xff\x1b[2J")) as url:
        result = await command.run("connect", url, "--headless")
    printable = result.stdout.replace("\n", "")
    assert printable.isprintable()
    assert "]52;c;eA==" in printable
    assert "␛]0;owned␇" in printable
    assert len([line for line in result.stdout.splitlines() if "(no frame)" in line]) == 2
    assert "finding: " in result.stdout


async def test_states_notes_and_local_endings_have_lines_of_their_own(command: Command) -> None:
    result = await command.run("demo", "--for", "4")
    assert "--   connection 1: CONNECTING -> CONNECTED" in result.stdout
    assert re.search(r"--   #\d+ ended here: cancelled", result.stdout)
    assert "--   connection 1: CLOSING -> CLOSED (code 1000)" in result.stdout


async def test_output_for_a_narrow_encoding_is_no_reason_to_end(command: Command) -> None:
    frame = '{"type":"fire_and_forget","peerID":"p","data":{"operation":"x","text":"\u20ac"}}'
    async with raw_server(saying(frame)) as url:
        result = await command.run("connect", url, "--headless", PYTHONIOENCODING="ascii")
    assert result.code == 0
    assert "\\u20ac" in result.stdout


# -- how it ends ------------------------------------------------------------------------------------------


async def test_it_ends_after_the_seconds_it_was_given(command: Command) -> None:
    result = await command.run("demo", "--for", "0.5")
    assert result.code == 0
    told = re.match(r"\d+ frames in (\d+\.\d) s: \d+ in \(.*\), \d+ out", result.said[0])
    assert told is not None
    assert 0.5 <= float(told[1]) < 5.0


async def test_it_ends_after_exactly_so_many_frames(command: Command) -> None:
    result = await command.run("demo", "--frames", "7")
    assert result.code == 0
    assert len([line for line in result.stdout.splitlines() if LINE.fullmatch(line)]) == 7


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_it_ends_cleanly_with_a_summary_when_asked(command: Command, number: signal.Signals) -> None:
    async with running(command, "demo", "--headless") as process:
        await read_until(process, "stream_data")
        process.send_signal(number)
        result = await finish(process)
    assert result.code == 0
    assert result.stdout.splitlines()[-1].endswith("CLOSING -> CLOSED (code 1000)")
    assert result.said[-1].startswith("Recorded in ")
    assert "Traceback" not in result.stderr
    (capture,) = command.captures()
    assert command.left() == [capture.name]


def test_without_a_terminal_it_says_so_in_one_line_and_the_demo_ends_by_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert launching.DEMO_SECONDS_WITHOUT_TERMINAL == 10
    monkeypatch.setattr(launching, "DEMO_SECONDS_WITHOUT_TERMINAL", 1)
    monkeypatch.setenv("SLIPSTREAM_INSPECTOR_DATA", str(tmp_path))
    result = CliRunner().invoke(command_line.cli, ["demo"])
    assert result.exit_code == 0
    lines = result.stderr.splitlines()
    assert lines[0] == (
        "slipstream-inspector: No terminal here, so this runs headless for 1 s; "
        "--headless asks for it without this line."
    )
    told = re.match(r"slipstream-inspector: \d+ frames in (\d+\.\d) s", lines[1])
    assert told is not None
    assert 1.0 <= float(told[1]) < 5.0


async def test_a_connection_that_the_server_closes_ends_the_run_with_code_0(command: Command) -> None:
    async def talk(websocket: ServerConnection) -> None:
        await websocket.recv()
        await websocket.close(1000, "done for today")

    async with raw_server(talk) as url:
        result = await command.run("connect", url, "--headless")
    assert result.code == 0
    assert result.said[0] == "The connection was closed (code 1000): done for today."


async def test_a_connection_that_is_lost_ends_the_run_with_code_1(command: Command) -> None:
    async def talk(websocket: ServerConnection) -> None:
        await websocket.recv()
        await websocket.close(1011, "\x1b[2J broken")

    async with raw_server(talk) as url:
        result = await command.run("connect", url, "--headless")
    assert result.code == 1
    assert result.said[0] == "The connection was lost (code 1011): ␛[2J broken."


async def test_a_host_goes_on_after_its_clients_have_left(command: Command) -> None:
    async with running(command, "host", "--port", "0", "--headless") as process:
        url = (await read_until(process, "Listening on")).split()[-1].rstrip(".")
        for number in (1, 2):
            async with connect_websocket(url, proxy=None):
                await read_until(process, f"connection {number}: CONNECTING -> CONNECTED")
            await read_until(process, f"connection {number}: CONNECTED -> CLOSED")
        process.send_signal(signal.SIGINT)
        assert (await finish(process)).code == 0


async def test_a_hosted_mock_says_its_url_takes_up_a_new_version_and_shows_holes(command: Command) -> None:
    mock = command.folder / "mock.toml"
    mock.write_text('[[request]]\noperation = "a"\nanswer = 1\n')
    arguments = ("mock.toml", "--port", "0", "--headless", "--token", "auto", "--seed", "1")
    async with running(command, "host", *arguments) as process:
        assert process.stderr is not None
        url = (await process.stderr.readline()).decode().split()[-1]
        await read_until(process, "info: Listening on")
        async with connect(url) as client:
            assert await client.request_response({"operation": "a"}) == 1
            mock.write_text('[[request]]\noperation = "a"\nansver = 2\n')
            await read_until(process, "problem: mock.toml:3: request[0].ansver: there is no such key here")
            assert await client.request_response({"operation": "a"}) == 1
            mock.write_text('[[request]]\noperation = "a"\nanswer = 2\n')
            await read_until(process, "info: Reloaded mock.toml: it answers from now on.")
            assert await client.request_response({"operation": "a"}) == 2
            with pytest.raises(RemoteError):
                await client.request_response({"operation": "b"})
            await read_until(process, "warning: mock.toml has no answer to the request b")
        process.send_signal(signal.SIGINT)
        assert (await finish(process)).code == 0
    token = url.partition("?token=")[2]
    (capture,) = command.captures()
    assert token.encode() not in capture.read_bytes()


async def test_a_reader_of_stdout_that_leaves_ends_it_quietly(command: Command) -> None:
    async with running(command, "demo", "--headless", "--json") as process:
        await read_until(process, "slipstream_capture")
        process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]  # as `| head -1` does
        async with asyncio.timeout(WAIT_S):
            assert process.stderr is not None
            said = (await process.stderr.read()).decode()
            assert await process.wait() == 0
    assert "Traceback" not in said
    assert "Broken" not in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
async def test_a_stdout_that_is_full_is_told(command: Command) -> None:
    with Path("/dev/full").open("wb") as full:  # noqa: ASYNC230 - a device
        process = await command.start("demo", "--headless", stdout=full.fileno())
        result = await finish(process)
    assert result.code == 1
    assert result.said[0] == "Cannot write to stdout: No space left on device."


@pytest.mark.parametrize("wanted", [[], ["--frames", "5"]])
async def test_what_can_no_longer_be_recorded_is_not_waited_for(command: Command, wanted: list[str]) -> None:
    (command.folder / "gone").mkdir()
    gone = asyncio.Event()

    async def talk(websocket: ServerConnection) -> None:
        await websocket.send('{"type":"fire_and_forget","peerID":"p","data":{"operation":"before"}}')
        await gone.wait()
        for _ in range(5):
            await websocket.send('{"type":"fire_and_forget","peerID":"p","data":{"operation":"after"}}')
        if wanted:
            await websocket.wait_closed()

    arguments = ["connect", "--headless", "--record", "gone/x.capture", *wanted]
    async with raw_server(talk) as url, running(command, *arguments, url) as process:
        await read_until(process, "before")
        shutil.rmtree(command.folder / "gone")
        gone.set()
        result = await finish(process)
    assert result.code == 1
    assert re.search(r"Not in the capture: \d+ records\. .*was removed", result.stderr)


BLOCKING = """
import time
from slipstream import ProtocolHandler, request_response
class Blocks(ProtocolHandler):
    @request_response
    async def block(self, data):
        while True:
            {how}
"""


# The same program, which waits half a second for its event loop to react, and not three.
IMPATIENT = """
import inspector_app.ending
inspector_app.ending.REACTION_S = 0.5
from inspector_app.__main__ import main
main()
"""


@asynccontextmanager
async def blocked_host(
    command: Command, *arguments: str, how: str = "pass"
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A headless host whose event loop a handler does not let go on."""
    (command.folder / "blocks.py").write_text(BLOCKING.format(how=how))
    async with running(command, "host", "blocks.py", "--port", "0", "--headless", *arguments) as process:
        url = (await read_until(process, "Listening on")).split()[-1].rstrip(".")
        async with connect_websocket(url, proxy=None, close_timeout=0) as client:
            data = {"operation": "block"}
            request = {"type": "request", "requestId": ["c", 0], "peerID": "c", "data": data}
            await client.send(json.dumps(request))
            await read_until(process, "block")
            yield process


async def ended_by_force(command: Command, process: asyncio.subprocess.Process) -> None:
    result = await finish(process)
    assert result.code == 1
    assert result.said[0].endswith("so it is ended by force.")
    assert result.said[-1].startswith("Recorded in ")
    (capture,) = command.captures()
    assert command.left() == [capture.name]
    reader = CaptureReader(capture)
    assert reader.totals().requests == 1
    reader.close()


@pytest.mark.parametrize(
    ("number", "how"),
    [(signal.SIGINT, "pass"), (signal.SIGTERM, "time.sleep(1000)"), (signal.SIGHUP, "pass")],
)
async def test_a_handler_that_blocks_cannot_keep_it_from_ending_when_asked(
    command: Command, number: signal.Signals, how: str
) -> None:
    command.program = ("-c", IMPATIENT)
    async with blocked_host(command, how=how) as process:
        process.send_signal(number)
        await ended_by_force(command, process)


async def test_a_handler_that_blocks_cannot_keep_it_from_ending_in_time(command: Command) -> None:
    command.program = ("-c", IMPATIENT)
    async with blocked_host(command, "--for", "2") as process:
        await ended_by_force(command, process)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs to see what signals are handled")
async def test_a_second_signal_ends_it_at_once(command: Command) -> None:
    async with blocked_host(command) as process:
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(WAIT_S):
            while handles(process.pid, signal.SIGTERM):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0)
        process.send_signal(signal.SIGTERM)
        assert (await finish(process)).code == -signal.SIGTERM


def handles(pid: int, number: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    (caught,) = [line.split()[1] for line in status.splitlines() if line.startswith("SigCgt")]
    return bool(int(caught, 16) >> (number - 1) & 1)


@pytest.mark.parametrize("leaving", ["sys.exit, 3", "signal.default_int_handler, 2, None"])
async def test_a_handler_that_ends_the_program_is_told(command: Command, leaving: str) -> None:
    how = f"import asyncio, signal, sys; asyncio.get_running_loop().call_soon({leaving}); return"
    async with blocked_host(command, how=how) as process:
        result = await finish(process)
    assert result.code == 1
    assert any(line.startswith("The run was ended from inside, by a handler: ") for line in result.said)
    assert "Traceback" not in result.stderr
    assert [Path(name).suffix for name in command.left()] == [".capture"]


async def test_a_connection_that_never_came_about_in_time_is_told(command: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as never_answering:
        port = never_answering.getsockname()[1]
        result = await command.run("connect", f"ws://127.0.0.1:{port}", "--for", "0.3")
    assert result.code == 1
    assert result.said[0] == (
        f"There was no connection to ws://127.0.0.1:{port} when the run ended: check host and port."
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(
    ("arguments", "stdout"),
    [
        ("demo --headless", ">&-"),
        ("export mine.capture -o -", ">&-"),
        ("export mine.capture -o -", "> /dev/full"),
        ("--version", "> /dev/full"),
    ],
)
async def test_a_stdout_that_takes_nothing_is_told_in_one_sentence(
    command: Command, arguments: str, stdout: str
) -> None:
    CaptureWriter(command.folder / "mine.capture", source={}, software="test").close()
    process = await asyncio.create_subprocess_shell(
        f"{shlex.quote(sys.executable)} -m inspector_app {arguments} {stdout}",
        stderr=asyncio.subprocess.PIPE,
        cwd=command.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SLIPSTREAM_INSPECTOR_DATA": str(command.data)},
    )
    result = await finish(process)
    assert result.code == 1
    assert "tdout" in result.said[0]
    assert "Traceback" not in result.stderr
    assert "Exception ignored" not in result.stderr


# -- nothing is lost --------------------------------------------------------------------------------------


@pytest.mark.parametrize("lines", [1, 50, 700, 2500, 6000])
async def test_whatever_was_printed_before_a_kill_is_in_the_capture(command: Command, lines: int) -> None:
    async with raw_server(flooding(200_000)) as url:
        process = await command.start("connect", url, "--json")
        assert process.stdout is not None
        printed = bytearray()
        for _ in range(lines):
            printed += await process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        printed += await process.stdout.read()
        await finish(process)
    whole = bytes(printed).rpartition(b"\n")[0].decode().splitlines()
    frames = [line for line in map(json.loads, whole) if line.get("kind") == "frame"]
    (capture,) = command.captures()
    reader = CaptureReader(capture)
    kept = reader.frames_with_raw(1, len(frames))
    assert [(line["seq"], line["raw"]) for line in frames] == [(row.seq, raw) for row, raw in kept]
    states = [line for line in map(json.loads, whole) if line.get("kind") == "state"]
    assert [state.new for state in reader.states(0, 10)][: len(states)] == [line["to"] for line in states]
    reader.close()


async def test_a_slow_reader_of_stdout_holds_up_nothing_but_the_lines(command: Command) -> None:
    frames = 5000
    async with raw_server(flooding(frames)) as url:
        process = await command.start("connect", url, "--json")
        await read_until(process, "slipstream_capture")
        process._transport.get_pipe_transport(1).pause_reading()  # type: ignore[attr-defined]  # nobody reads
        reader = CaptureReader(command.captures()[0])
        async with asyncio.timeout(WAIT_S):
            while reader.totals().frames_in < frames:  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.01)
        reader.close()
        process._transport.get_pipe_transport(1).resume_reading()  # type: ignore[attr-defined]  # as above
        result = await finish(process)
    incoming = [line for line in map(json.loads, result.stdout.splitlines()) if line.get("dir") == "in"]
    assert len(incoming) == frames
    assert result.code == 0


async def test_a_capture_whose_folder_goes_away_is_told_and_the_run_goes_on(command: Command) -> None:
    (command.folder / "gone").mkdir()
    async with running(command, "demo", "--headless", "--record", "gone/x.capture") as process:
        await read_until(process, "stream_data")
        shutil.rmtree(command.folder / "gone")
        assert process.stderr is not None
        async with asyncio.timeout(WAIT_S):
            told = (await process.stderr.readline()).decode()
        assert "was removed while it was recorded" in told
        assert process.returncode is None
        process.send_signal(signal.SIGINT)
        result = await finish(process)
    assert result.code == 1
    assert re.search(r"Not in the capture: \d+ records?\. .*was removed", result.stderr)


# -- the rest ---------------------------------------------------------------------------------------------


async def test_what_a_handler_logs_is_said_in_one_line(command: Command) -> None:
    (command.folder / "raises.py").write_text(
        "from slipstream import ProtocolHandler, request_response\n"
        "class Raises(ProtocolHandler):\n"
        "    @request_response\n"
        "    async def fail(self, data):\n"
        "        raise ValueError('no such luck')\n"
    )
    async with running(command, "host", "raises.py", "--port", "0", "--headless") as process:
        url = (await read_until(process, "Listening on")).split()[-1].rstrip(".")
        async with connect_websocket(url, proxy=None) as client:
            data = {"operation": "fail"}
            await client.send(
                json.dumps({"type": "request", "requestId": ["c", 0], "peerID": "c", "data": data})
            )
            assert json.loads(await client.recv())["type"] == "error"
        process.send_signal(signal.SIGINT)
        result = await finish(process)
    assert "The handler of 'fail' failed: ValueError: no such luck" in result.said
    assert "Traceback" not in result.stderr


async def test_the_silent_server_is_no_reason_to_wait_for_ever(command: Command) -> None:
    async with raw_server(silent) as url:
        result = await command.run("connect", url, "--for", "0.3")
    assert result.code == 0
    assert re.match(r"1 frame in \d\.\d s: ", result.said[0])


async def test_a_peer_cannot_flood_stderr(command: Command) -> None:
    async with raw_server(flooding(300)) as url:
        result = await command.run("connect", url, "--headless")
    assert len(result.said) < 10
    assert any(line.endswith("further log lines not shown.") for line in result.said)


async def test_old_captures_are_removed_as_is_set_and_that_is_said(command: Command, tmp_path: Path) -> None:
    settings.save(settings.config_folder(), settings.Settings(keep_days=7))
    command.data.mkdir()
    old = command.data / "old.capture"
    CaptureWriter(old, source={"kind": "demo"}, software="test").close()
    os.utime(old, (1, 1))
    process = await command.start(
        "demo", "--headless", "--for", "20", "--record", str(tmp_path / "new.capture")
    )
    assert process.stderr is not None
    said = await asyncio.wait_for(process.stderr.readline(), WAIT_S)
    assert b"Removed 1 old capture (" in said
    process.terminate()
    await finish(process)
    assert not old.exists()


async def test_a_capture_that_is_removed_is_said_at_once_and_the_connection_lives_on(
    command: Command, tmp_path: Path
) -> None:
    capture = tmp_path / "gone" / "one.capture"
    capture.parent.mkdir()
    async with raw_server(silent) as url:
        process = await command.start("connect", url, "--headless", "--record", str(capture))
        assert process.stdout is not None
        assert process.stderr is not None
        await asyncio.wait_for(process.stdout.readline(), WAIT_S)
        await asyncio.to_thread(shutil.rmtree, capture.parent)
        said = await asyncio.wait_for(process.stderr.readline(), WAIT_S)
        assert b"was removed while it was recorded" in said
        assert process.returncode is None
        process.terminate()
        await finish(process)
