"""`operations` on the command line, as a process."""

import asyncio
import json
import signal
from pathlib import Path

import pytest

from tests.inspector_app.commands_line import WAIT_S, Command, finish
from tests.inspector_app.recordings import PEER, Recording


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path)


def recorded(folder: Path) -> str:
    recording = Recording(folder).connect()
    recording.describe(
        ("get_quote", "request_response", "Give a price."), ("slipstream.ping", "request_response", "")
    )
    recording.calls(3).request(3, symbol="BEAN", extra="\x1b[31m")
    for number in range(4, 8):
        recording.request(number, operation="log_in", password="hunter2hunter2").respond(number, "fine")
    recording.frame("in", "request", 0, {"operation": "approve", "id": 7}, opener=PEER)
    return str(recording.close().name)


async def test_described_and_learned_operations_are_told_without_values(
    tmp_path: Path, command: Command
) -> None:
    done = await command.run("operations", recorded(tmp_path))
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "test.capture: 3 operations, 1 described, 2 learned",
        "",
        "get_quote  (request)",
        "    Give a price.",
        "    symbol: string, required",
        "    count: integer, default 10",
        "    last used in frame 7, typically takes 10 ms",
        "    ! calls: data.extra is not described, in 1 message, first in frame 7",
        "",
        "log_in  (request, learned)",
        "    calls, 4 seen:",
        "      data.password  string  100%",
        "    answers, 4 seen:",
        "      data  string  100%",
        "    last used in frame 15, typically takes 10 ms",
        "",
        "approve  (request, called by the other side, learned)",
        "    calls, 1 seen:",
        "      data.id  integer  100%",
        "    last used in frame 16",
        "",
        "and of the protocol itself: slipstream.ping",
    ]


async def test_of_many_operations_each_is_told_once_it_is_known_and_ctrl_c_ends_that_at_once(
    tmp_path: Path, command: Command
) -> None:
    recording = Recording(tmp_path).connect()
    recording.describe(*((f"op{number:04}", "request_response", "doc " * 200) for number in range(2_000)))
    process = await command.start("operations", str(recording.close().name))
    assert process.stdout is not None
    first = await asyncio.wait_for(process.stdout.readline(), WAIT_S)
    assert first == b"test.capture: 2,000 operations, 2,000 described, 0 learned\n"
    process.send_signal(signal.SIGINT)
    ended = await finish(process)
    assert (ended.code, ended.stderr) == (130, "")
    assert "op1999" not in ended.stdout


async def test_values_are_shown_on_demand_without_secrets_unless_they_are_wanted_too(
    tmp_path: Path, command: Command
) -> None:
    capture = recorded(tmp_path)
    shown = (await command.run("operations", capture, "--examples")).stdout
    assert '"fine"' in shown
    assert "hunter2" not in shown
    assert "hunter2hunter2" in (await command.run("operations", capture, "--examples", "--no-redact")).stdout
    refused = await command.run("operations", capture, "--no-redact")
    assert refused.code == 2
    assert "give --examples" in refused.stderr


async def test_a_name_with_newlines_makes_no_lines_of_its_own(tmp_path: Path, command: Command) -> None:
    recording = Recording(tmp_path).connect().describe(("one\ntwo  (request)", "request_response", ""))
    recording.request(0, operation="three\nfour", **{"five\nsix": 1}).fail(0, "no", "seven\neight")
    told = await command.run("operations", str(recording.close().name), "--examples")
    lines = told.stdout.splitlines()
    assert r"one\u240atwo  (request)  (request)" in lines
    assert r"three\u240afour  (request, learned)" in lines
    assert r"    errors: seven\u240aeight 1" in lines
    assert [line for line in lines if line.lstrip().startswith(("two", "four", "six", "eight"))] == []


async def test_formats_for_programs_are_json_on_one_line(tmp_path: Path, command: Command) -> None:
    capture = recorded(tmp_path)
    told = {
        name: json.loads((await command.run("operations", capture, "--format", name)).stdout)
        for name in ("json", "json-schema", "asyncapi")
    }
    by_name = {each["name"]: each for each in told["json"]}
    assert by_name["approve"]["called_by"] == "other side"
    assert by_name["get_quote"]["differences"] == [
        {"path": "data.extra", "what": "is not described", "first_seq": 7, "count": 1}
    ]
    assert by_name["log_in"]["learned"]["returns"] == {"messages": 4, "schema": {"type": "string"}}
    assert sorted(told["json-schema"]["$defs"]) == [
        "approve.called.params",
        "get_quote.params",
        "log_in.params",
        "log_in.returns",
    ]
    assert list(told["asyncapi"]["operations"]) == ["get_quote", "log_in", "approve"]
    assert told["asyncapi"]["servers"]["slipstream"]["host"] == "127.0.0.1:8765"
    assert "hunter2" not in json.dumps(told)
