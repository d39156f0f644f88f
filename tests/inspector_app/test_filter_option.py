"""`--filter` on the command line: what is printed, and what is said of a filter that is none."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from inspector_app import cli as command_line
from inspector_app.capture.filter import parse_filter
from inspector_app.capture.store import CaptureReader
from inspector_app.printing import Printer
from tests.inspector_app.commands_line import Command
from tests.inspector_app.recordings import Recording
from tests.inspector_app.sources.helpers import raw_server
from tests.inspector_app.test_headless import saying

WAIT_S = 20.0


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path)


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(command_line.cli, arguments)


@pytest.mark.parametrize(
    "name", ["demo", "connect ws://localhost:1", "host handler.py", "export a.capture -o -"]
)
def test_a_filter_that_is_none_ends_with_code_2_a_sentence_and_carets_under_the_place(name: str) -> None:
    result = invoke(*name.split(), "--filter", "dir:in typ:error")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "slipstream-inspector: There is no field typ: did you mean type? Quote text with a colon.",
        "  dir:in typ:error",
        "         ^^^",
    ]
    assert not result.stdout


def test_carets_stand_under_wide_characters_too_and_nothing_drives_the_terminal() -> None:
    result = invoke("demo", "--filter", "注文\x1b[2J typ:x")
    assert result.stderr.splitlines()[1:] == ["  注文␛[2J typ:x", "           ^^^"]


def test_of_a_very_long_filter_the_part_around_the_place_is_shown() -> None:
    result = invoke("demo", "--filter", "x" * 300 + " typ:error " + "y" * 300)
    _, shown, carets = result.stderr.splitlines()
    assert len(shown) < 140
    assert shown[carets.index("^") : len(carets)] == "typ"
    result = invoke("demo", "--filter", "x " * 300)
    assert max(map(len, result.stderr.splitlines())) < 140


async def test_only_frames_that_fit_are_printed_and_counted(command: Command) -> None:
    result = await command.run(
        "demo", "--json", "--frames", "4", "--filter", "type:response op:get_quote", "--record", "a.capture"
    )
    assert result.code == 0
    header, *lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert header["slipstream_capture"]
    assert [(line["type"], line["op"]) for line in lines] == [("response", "get_quote")] * 4
    reader = CaptureReader(command.folder / "a.capture")
    assert reader.totals().frames > 4
    reader.close()
    assert any(line.startswith("4 frames printed, ") for line in result.said)


@pytest.mark.parametrize(("wanted", "printed"), [(2, [0, 10]), (5, [0, 10, 20])])
async def test_the_frames_that_end_a_run_are_those_that_fit(
    command: Command, wanted: int, printed: list[int]
) -> None:
    frame = '{"type":"fire_and_forget","peerID":"s","data":{"operation":"%s","n":%d}}'
    sent = [frame % ("tick" if number % 10 else "tock", number) for number in range(25)]
    async with raw_server(saying(*sent)) as url:
        result = await command.run("connect", url, "--json", "--frames", str(wanted), "--filter", "op:tock")
    assert result.code == 0
    _, *lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [json.loads(line["raw"])["data"]["n"] for line in lines] == printed
    assert ("The connection was closed" in result.stderr) == (len(printed) < wanted)


async def test_a_run_with_a_filter_ends_with_its_connection(command: Command) -> None:
    frame = '{"type":"fire_and_forget","peerID":"s","data":{"operation":"tick","n":%d}}'
    async with raw_server(saying(*(frame % number for number in range(5)))) as url:
        result = await command.run("connect", url, "--headless", "--filter", "data.n:>=3")
    assert result.code == 0
    assert len(result.stdout.splitlines()) == 2
    assert "The connection was closed" in result.stderr


def test_with_a_filter_there_are_lines_for_frames_and_for_nothing_else(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(3).raw("in", "nonsense").note("a note")
    recording.state("CONNECTED", "CLOSED").commit()
    out, done = io.StringIO(), threading.Event()
    printer = Printer(
        recording.path,
        out,
        wake=threading.Event(),
        as_json=False,
        frames=None,
        filter_=parse_filter("finding:* or type:request data.symbol:BEAN"),
        until_ended=True,
        on_done=done.set,
    )
    assert done.wait(WAIT_S)
    printer.finish()
    assert printer.ended is not None
    assert [line.split()[2] for line in out.getvalue().splitlines()] == ["request"] * 3 + ["(no"]
    recording.close()
