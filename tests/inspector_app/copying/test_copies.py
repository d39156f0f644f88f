"""Each text is run, by the interpreter or shell that a person would run it with, against a real server."""

import asyncio
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector_app.copying.message import CopiedMessage, one_line
from inspector_app.copying.texts import COPIES
from slipstream import (
    BiStreamHandle,
    HandlerError,
    ProtocolHandler,
    fire_and_forget,
    request_response,
    request_stream,
    serve,
    stream_stream,
)

NASTY = "'\"; touch hacked; `touch hacked` $(touch hacked) \\ \n\t\u2028 </script> é😀 %s {x} ${x} # //"
DATA = {"text": NASTY, "n": 7, "deep": {"list": [1.5, None, True, {"é": "x"}]}}


class Peer(ProtocolHandler):
    def __init__(self) -> None:
        super().__init__()
        self.noted: list[Any] = NOTED

    @request_response
    async def echo(self, data: dict[str, Any]) -> dict[str, Any]:
        return data

    @request_response
    async def fail(self, data: dict[str, Any]) -> None:
        raise HandlerError("no such order", code="not_found")

    @request_stream
    async def count(self, data: dict[str, Any]) -> AsyncIterator[Any]:
        yield data["text"]
        yield 2

    @stream_stream
    async def talk(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        async for item in stream:
            await stream.send([data["n"], item])

    @fire_and_forget
    async def note(self, data: dict[str, Any]) -> None:
        NOTED.append(data)
        HEARD.set()


NOTED: list[Any] = []
HEARD = asyncio.Event()

# The command line program itself is in no package registry; this stands for it and takes its options, so that
# the shell, the quoting and the frames are the real ones.
WEBSOCAT = """#!{python}
import asyncio, sys
from websockets.asyncio.client import connect

async def main(words):
    url, headers, flags = words.pop(), [], ""
    while words:
        word = words.pop(0)
        if word == "-H":
            name, _, value = words.pop(0).partition(":")
            headers.append((name, value.strip()))
        else:
            flags += word.lstrip("-")
    async with connect(url, additional_headers=headers) as socket:
        for line in sys.stdin.read().splitlines():
            await socket.send(line)
        if "n" not in flags:
            return
        async for text in socket:
            print(text, flush=True)
            if "1" in flags or '"stream_end"' in text:
                return

asyncio.run(main(sys.argv[1:]))
"""


@pytest.fixture
async def url() -> AsyncIterator[str]:
    NOTED.clear()
    HEARD.clear()
    async with serve(Peer, "127.0.0.1", 0, token="t0ken") as server:
        yield server.url


def _message(url: str, kind: Any, operation: str, **more: Any) -> CopiedMessage:
    return CopiedMessage(
        url=url, kind=kind, operation=operation, data_json=json.dumps(DATA), needs_token=True, **more
    )


def _command(name: str, text: str, folder: Path) -> list[str]:
    if name == "websocat":
        program = folder / "websocat"
        program.write_text(WEBSOCAT.replace("{python}", sys.executable))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return ["/bin/sh", "-c", text]
    if name == "javascript":
        script = folder / "sent.mjs"
        script.write_text(text)
        return ["node", "--experimental-websocket", "--no-warnings", str(script)]
    script = folder / "sent.py"
    script.write_text(text)
    return [sys.executable, "-W", "error", str(script)]


async def _run(name: str, message: CopiedMessage, folder: Path) -> tuple[int, list[Any], str]:
    """Run a copy; give its exit code, the JSON that it printed and what it said on stderr."""
    text = COPIES[name][1](message)
    environ = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "SLIPSTREAM_TOKEN": "t0ken"}
    process = await asyncio.create_subprocess_exec(
        *_command(name, text, folder),
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert not (folder / "hacked").exists()
    printed = [json.loads(line) for line in out.decode().split("\n") if line]
    if name == "websocat":
        printed = [frame["data"] for frame in printed if frame["type"] != "stream_end"]
    return process.returncode or 0, printed, err.decode()


def _needs(name: str) -> None:
    if name == "javascript" and shutil.which("node") is None:
        pytest.skip("node is not installed")


PROGRAMS = ["python", "websockets", "websocat"]


@pytest.mark.parametrize("name", PROGRAMS)
async def test_a_copied_request_gives_its_answer(name: str, url: str, tmp_path: Path) -> None:
    code, printed, err = await _run(name, _message(url, "request", "echo", timeout_s=20.0), tmp_path)
    assert (code, printed, err) == (0, [{"operation": "echo", **DATA}], "")


@pytest.mark.parametrize("name", PROGRAMS)
async def test_a_copied_stream_gives_its_items(name: str, url: str, tmp_path: Path) -> None:
    code, printed, err = await _run(name, _message(url, "stream", "count"), tmp_path)
    assert (code, printed, err) == (0, [NASTY, 2], "")


@pytest.mark.parametrize("name", PROGRAMS)
async def test_a_copied_bidirectional_stream_sends_its_items(name: str, url: str, tmp_path: Path) -> None:
    message = _message(url, "bidirectional", "talk", items_json=(json.dumps(NASTY), "null"))
    code, printed, err = await _run(name, message, tmp_path)
    assert (code, printed, err) == (0, [[7, NASTY], [7, None]], "")


@pytest.mark.parametrize("name", PROGRAMS)
async def test_a_copied_one_way_message_arrives(name: str, url: str, tmp_path: Path) -> None:
    code, printed, err = await _run(name, _message(url, "oneway", "note"), tmp_path)
    assert (code, printed, err) == (0, [], "")
    await asyncio.wait_for(HEARD.wait(), 30)
    assert NOTED == [{"operation": "note", **DATA}]


@pytest.mark.parametrize("name", ["python", "websockets"])
async def test_an_error_ends_a_copied_program_with_a_code(name: str, url: str, tmp_path: Path) -> None:
    code, printed, err = await _run(name, _message(url, "request", "fail"), tmp_path)
    assert (code, printed) == (1, [])
    assert "no such order" in err


@pytest.mark.parametrize("kind", ["request", "stream", "bidirectional", "oneway"])
async def test_copied_javascript_runs(kind: str, tmp_path: Path) -> None:
    _needs("javascript")
    NOTED.clear()
    HEARD.clear()
    operation = {"request": "echo", "stream": "count", "bidirectional": "talk", "oneway": "note"}[kind]
    items = (json.dumps(NASTY), "null") if kind == "bidirectional" else ()
    async with serve(Peer, "127.0.0.1", 0) as server:
        message = _message(server.url, kind, operation, items_json=items)
        code, printed, err = await _run("javascript", message, tmp_path)
        if kind == "oneway":
            await asyncio.wait_for(HEARD.wait(), 30)
    expected = {
        "request": [{"operation": "echo", **DATA}],
        "stream": [NASTY, 2],
        "bidirectional": [[7, NASTY], [7, None]],
        "oneway": [],
    }[kind]
    assert (code, printed, err) == (0, expected, "")


async def test_an_error_ends_copied_javascript_with_a_code(tmp_path: Path) -> None:
    _needs("javascript")
    async with serve(Peer, "127.0.0.1", 0) as server:
        code, _, err = await _run("javascript", _message(server.url, "request", "fail"), tmp_path)
    assert code == 1
    assert "no such order" in err


async def test_copied_json_is_the_frame_as_it_was_typed() -> None:
    typed = '{"n": 12345678901234567890123, "f": 1.10, "a": 1, "a": 2, "e": "é"}'
    message = CopiedMessage(url="ws://x", kind="request", operation="x", data_json=typed)
    text = COPIES["json"][1](message)
    frame = json.loads(text)
    assert frame["type"] == "request"
    assert frame["requestId"] == [frame["peerID"], 0]
    for part in ("12345678901234567890123", "1.10", '"a": 1', '"a": 2', "\\u00e9"):
        assert part in text


@pytest.mark.parametrize("name", list(COPIES))
def test_no_copy_has_a_token_in_it(name: str) -> None:
    message = CopiedMessage(url="ws://x", kind="request", operation="x", needs_token=True)
    text = COPIES[name][1](message)
    assert ("SLIPSTREAM_TOKEN" in text) == (name in {"python", "websockets", "websocat"})


def test_numbers_that_javascript_rounds_are_told_of() -> None:
    message = CopiedMessage(url="ws://x", kind="request", operation="x", data_json='{"n": 9007199254740993}')
    assert "rounds it" in COPIES["javascript"][1](message)
    assert "rounds it" not in COPIES["javascript"][1](
        CopiedMessage(url="ws://x", kind="request", operation="x")
    )


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)
)


@given(values)
def test_one_line_is_ascii_and_says_the_same(value: object) -> None:
    text = one_line(json.dumps(value, ensure_ascii=False, indent=1))
    assert text.isascii()
    assert "\n" not in text
    assert json.loads(text) == value


@pytest.mark.parametrize("data", ['{"__proto__": {"x": 1}, "a": 1}', '{"a": {"__pr\\u006fto__": 1, "b": 2}}'])
async def test_copied_javascript_sends_a_member_that_would_be_a_prototype(data: str, tmp_path: Path) -> None:
    _needs("javascript")
    async with serve(Peer, "127.0.0.1", 0) as server:
        message = CopiedMessage(url=server.url, kind="request", operation="echo", data_json=data)
        code, printed, _ = await _run("javascript", message, tmp_path)
    assert (code, printed) == (0, [{"operation": "echo", **json.loads(data)}])


@pytest.mark.parametrize("name", list(COPIES))
def test_half_a_surrogate_pair_is_copied_like_all_else(name: str) -> None:
    message = CopiedMessage(
        url="ws://h",
        kind="bidirectional",
        operation="\ud800",
        data_json='{"\\ud800": 1}',
        items_json=('"\ud800"',),
    )
    text = COPIES[name][1](message)
    assert text.count("\\ud800") == 2 + (name != "json")
    assert text.isascii()
