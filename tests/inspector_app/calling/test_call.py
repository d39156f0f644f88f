"""`call`: one exchange of each kind against real servers, what is printed, what is said, with which code."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from inspector_app.calling import command, output
from slipstream import (
    BiStreamHandle,
    FrameTap,
    HandlerError,
    ProtocolHandler,
    Server,
    Tap,
    connect,
    fire_and_forget,
    request_response,
    request_stream,
    serve,
    stream_stream,
)
from slipstream.limits import DEFAULT_LIMITS
from tests.inspector_app.calling.calls import Caller
from tests.inspector_app.check import servers
from tests.inspector_app.sources.helpers import raw_server
from tests.legacy_peer import legacy_server

HOSTILE = "\x1b]52;c;x\x07 \u202e [/] \x9b2J gr\u00fcn \U0001f600"


class Shop(ProtocolHandler):
    """A server with every kind of operation; what went on in it is in `seen`."""

    seen: list[Any]
    ended: asyncio.Event

    @request_response
    async def echo(self, data: dict[str, Any]) -> Any:
        return data.get("value")

    @request_response
    async def fail(self, data: dict[str, Any]) -> None:
        raise HandlerError(data["message"], code=data.get("code", "application"), details=data.get("details"))

    @request_response
    async def wait(self, data: dict[str, Any]) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()

    @request_stream
    async def count(self, data: dict[str, Any]) -> AsyncIterator[Any]:
        for number in range(data["to"]):
            yield number
        if "then" in data:
            raise HandlerError(data["then"])
        if data.get("wait"):
            try:
                await asyncio.Event().wait()
            finally:
                self.ended.set()

    @stream_stream
    async def double(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        try:
            async for item in stream:
                self.seen.append(item)
                await stream.send({"twice": item * 2})
        finally:
            self.ended.set()

    @stream_stream
    async def hello(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        await stream.send("hello")
        await stream.aclose()
        async for item in stream:
            self.seen.append(item)

    @fire_and_forget
    async def note(self, data: dict[str, Any]) -> None:
        self.seen.append(data)
        self.ended.set()

    @request_response
    async def old(self, data: dict[str, Any]) -> str:
        return "still here"

    old.__deprecated__ = "use echo"  # type: ignore[attr-defined]  # as the decorator of Python 3.13 does


@asynccontextmanager
async def shop(**options: Any) -> AsyncIterator[Server]:
    Shop.seen, Shop.ended = [], asyncio.Event()
    async with serve(Shop, **options) as server:
        yield server


async def until(true: Callable[[], object]) -> None:
    """Let the loop run until something holds."""
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - what is looked at is a file, and a list of another's
            await asyncio.sleep(0)


# -- answers ----------------------------------------------------------------------------------------------


async def test_an_answer_is_printed_on_one_line_and_the_exit_code_is_0(caller: Caller) -> None:
    async with shop() as server:
        ended = await caller.call(server.url, "echo", '{"value": {"a": [1, null]}}')
    assert (ended.code, ended.stdout, ended.stderr) == (0, '{"a":[1,null]}\n', "")


async def test_on_a_terminal_an_answer_is_laid_out(caller: Caller) -> None:
    caller.is_terminal = True
    async with shop() as server:
        ended = await caller.call(server.url, "echo", '{"value": {"a": [1, "gr\\u00fcn"]}}')
    assert ended.stdout == '{\n  "a": [\n    1,\n    "gr\u00fcn"\n  ]\n}\n'


@pytest.mark.parametrize("kind", [None, "request"])
async def test_the_kind_is_asked_for_or_given(caller: Caller, kind: Any) -> None:
    async with shop() as server:
        assert (await caller.call(server.url, "echo", kind=kind)).stdout == "null\n"


async def test_items_of_a_stream_are_printed_one_a_line(caller: Caller) -> None:
    async with shop() as server:
        ended = await caller.call(server.url, "count", '{"to": 3}')
    assert (ended.code, ended.stdout, ended.stderr) == (0, "0\n1\n2\n", "")


async def test_lines_of_stdin_are_items_and_their_end_ends_this_half(caller: Caller) -> None:
    async with shop() as server:
        ended = await caller.call(server.url, "double", stdin=b'1\n\n "ab" \r\n2.5')
    assert (ended.code, ended.stderr) == (0, "")
    assert [json.loads(line) for line in ended.stdout.splitlines()] == [
        {"twice": 2},
        {"twice": "abab"},
        {"twice": 5.0},
    ]


async def test_an_item_is_answered_while_stdin_is_open(caller: Caller, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    async with shop() as server:
        calling = asyncio.create_task(caller.call(server.url, "double", stdin=reading))
        os.write(writing, b"1\n2")
        printed = tmp_path / "stdout"
        await until(lambda: printed.exists() and printed.read_text())
        assert Shop.seen == [1]
        os.write(writing, b"0\n")
        os.close(writing)
        ended = await calling
    os.close(reading)
    assert ended.stdout == '{"twice":2}\n{"twice":40}\n'


async def test_a_server_may_end_its_half_before_stdin_ends(caller: Caller) -> None:
    reading, writing = os.pipe()
    async with shop() as server:
        calling = asyncio.create_task(caller.call(server.url, "hello", stdin=reading))
        os.write(writing, b'"one"\n')
        await until(lambda: Shop.seen)
        assert not calling.done()
        os.close(writing)
        ended = await calling
    os.close(reading)
    assert (ended.code, ended.stdout) == (0, '"hello"\n')


@pytest.mark.parametrize(
    ("after", "timeout_s", "told"),
    [
        ("drop", None, "The connection was lost with code 1006"),
        ("error", None, "'x' failed: Cannot send, the stream has ended: sorry (code=internal)."),
        ("nothing", 0.2, "'x' did not end within 0.2 s"),
    ],
)
async def test_a_stream_that_ends_while_stdin_is_awaited_is_told_at_once(
    caller: Caller, after: str, timeout_s: float | None, told: str
) -> None:
    async def talk(websocket: ServerConnection) -> None:
        asked = json.loads(await websocket.recv())
        await websocket.send(servers.frame_text("stream_end", asked["requestId"], None))
        await websocket.recv()
        if after == "drop":
            websocket.transport.abort()
        elif after == "error":
            data = {"error": "sorry", "code": "internal"}
            await websocket.send(servers.frame_text("error", asked["requestId"], data))
        await servers.mute(websocket)

    reading, writing = os.pipe()
    os.write(writing, b"1\n")
    async with raw_server(talk) as url:
        ended = await caller.call(url, "x", kind="bidirectional", stdin=reading, timeout_s=timeout_s)
    os.close(writing)
    os.close(reading)
    assert ended.code == 1
    assert ended.said[0].startswith(told)


async def test_a_one_way_message_is_sent_and_nothing_is_printed(caller: Caller) -> None:
    async with shop() as server:
        ended = await caller.call(server.url, "note", '{"x": 1}')
        async with asyncio.timeout(20):
            await Shop.ended.wait()
    assert (ended.code, ended.stdout, ended.stderr) == (0, "", "")
    assert Shop.seen == [{"operation": "note", "x": 1}]


async def test_data_comes_from_a_file_or_from_stdin(caller: Caller, tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text('\ufeff{"value": 7}', encoding="utf-8")
    async with shop() as server:
        of_file = await caller.call(server.url, "echo", f"@{tmp_path / 'data.json'}")
        of_stdin = await caller.call(server.url, "echo", "-", stdin=b'{"value":\n8}\n')
    assert (of_file.stdout, of_stdin.stdout) == ("7\n", "8\n")


# -- byte for byte, and harmless --------------------------------------------------------------------------

EXACT = '{"n": 1.10, "n": 12345678901234567890123, "e": 1e400, "s": "\\ud83d \\u001b[2J", "u": "%s"}'


async def exact(websocket: ServerConnection) -> None:
    """Answers with text that no JSON library writes: double keys, big numbers, half a surrogate pair."""
    async for message in websocket:
        asked = json.loads(message)
        request_id = json.dumps(asked["requestId"])
        data = EXACT % "\u202e\x9b2J \U0001f600"
        await websocket.send(
            f'{{"type": "Response", "requestId": {request_id}, "peerID": "s", "data": {data}}}'
        )


async def test_elsewhere_than_on_a_terminal_json_is_printed_as_it_came_in_ascii(caller: Caller) -> None:
    async with raw_server(exact) as url:
        ended = await caller.call(url, "x", kind="request")
    expected = EXACT.replace(", ", ",").replace(": ", ":") % "\\u202e\\u009b2J \\ud83d\\ude00"
    assert ended.stdout == f"{expected}\n"


async def test_on_a_terminal_nothing_from_the_wire_can_drive_it(caller: Caller) -> None:
    caller.is_terminal = True
    async with raw_server(exact) as url:
        ended = await caller.call(url, "x", kind="request")
    assert ended.stdout.replace("\n", "").isprintable()
    assert '"\\ud83d \\u001b[2J"' in ended.stdout
    assert "\ufffd" in ended.stdout
    assert "12345678901234567890123" in ended.stdout


async def test_hostile_errors_are_said_inert_and_cut(caller: Caller) -> None:
    data = {"message": HOSTILE * 100, "code": "application", "details": {"d": HOSTILE * 100}}
    async with shop() as server:
        ended = await caller.call(server.url, "fail", json.dumps(data))
    assert ended.code == 1
    assert ended.stderr.removesuffix("\n").isprintable()
    assert len(ended.stderr) < 1_500


# -- errors -----------------------------------------------------------------------------------------------


async def test_an_error_of_the_server_is_one_sentence_with_code_message_and_details(caller: Caller) -> None:
    data = '{"message": "no\\n way.", "code": "unavailable", "details": {"a": 1}}'
    async with shop() as server:
        ended = await caller.call(server.url, "fail", data)
    assert (ended.code, ended.stdout) == (1, "")
    assert ended.said == ["'fail' failed with 'unavailable': no way; details: {\"a\": 1}."]


async def test_what_came_before_an_error_is_printed(caller: Caller) -> None:
    async with shop() as server:
        ended = await caller.call(server.url, "count", '{"to": 2, "then": "damaged"}')
    assert (ended.code, ended.stdout) == (1, "0\n1\n")
    assert ended.said == ["'count' failed after 2 items with 'application': damaged."]


async def test_what_came_before_an_error_is_written_before_the_sentence(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, said = list[str](), threading.Event()

    def write(fd: int, data: bytes) -> None:
        said.wait(0.2)
        order.append("items")

    def say(text: str) -> None:
        said.set()
        order.append("sentence")

    monkeypatch.setattr(output, "_write_all", write)
    monkeypatch.setattr(command, "say", say)
    async with shop() as server:
        await caller.call(server.url, "count", '{"to": 1, "then": "damaged"}', kind="stream")
    assert order == ["items", "sentence"]


@pytest.mark.parametrize("kind", [None, "request"])
async def test_an_operation_that_is_not_there_is_told_with_the_nearest(caller: Caller, kind: Any) -> None:
    async with shop() as server:
        near = await caller.call(server.url, "ehco", kind=kind)
        far = await caller.call(server.url, "zzz", kind=kind)
    assert (near.code, far.code) == (1, 1)
    assert near.said[0].endswith("Did you mean 'echo'?")
    assert far.said[0].endswith("`describe` lists what the server offers.")


async def test_a_wrong_kind_is_told_with_the_right_one(caller: Caller) -> None:
    async with shop() as server:
        ended = await caller.call(server.url, "count", '{"to": 1}', kind="request")
    assert ended.code == 1
    assert ended.said[0].endswith("It is called with --kind stream.")


async def test_a_not_found_that_is_the_applications_own_suggests_nothing(caller: Caller) -> None:
    async with shop() as server:
        ended = await caller.call(server.url, "fail", '{"message": "no such order", "code": "not_found"}')
    assert ended.said == ["'fail' failed with 'not_found': no such order."]


async def test_a_deprecated_operation_is_called_with_a_warning(caller: Caller) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        async with shop() as server:
            ended = await caller.call(server.url, "old")
    assert (ended.code, ended.stdout) == (0, '"still here"\n')
    assert ended.said == ["Warning: 'old' is deprecated: the server asks not to use it any more."]


@pytest.mark.parametrize(("operation", "data"), [("wait", "{}"), ("count", '{"to": 1, "wait": true}')])
async def test_a_timeout_is_told_and_the_exchange_is_cancelled(
    caller: Caller, operation: str, data: str
) -> None:
    async with shop() as server:
        ended = await caller.call(server.url, operation, data, timeout_s=0.2)
        async with asyncio.timeout(20):
            await Shop.ended.wait()
    assert ended.code == 1
    assert ended.said[0].startswith(f"'{operation}' did not end within 0.2 s")
    assert len(ended.said) == 1


@pytest.mark.parametrize(
    ("timeout_s", "told"),
    [(30.0, "'fail' did not end within 30 s: "), (None, "'fail' failed with 'deadline_exceeded': late.")],
)
async def test_a_timeout_is_told_alike_whoever_notices_it_first(
    caller: Caller, timeout_s: float | None, told: str
) -> None:
    data = '{"message": "late", "code": "deadline_exceeded"}'
    async with shop() as server:
        ended = await caller.call(server.url, "fail", data, timeout_s=timeout_s)
    assert ended.code == 1
    assert ended.said[0].startswith(told)


async def test_a_server_that_answers_nothing_is_told_in_stages(caller: Caller) -> None:
    async with raw_server(servers.mute) as url:
        ended = await caller.call(url, "x", kind="request", timeout_s=0.1)
    assert ended.code == 1
    assert ended.said[0].startswith("'x' did not end within 0.1 s")
    assert ended.said[0].endswith("or look at the server.")
    assert ended.said[-1].startswith("  frame  -       listen to the server: nothing came. It may be slow")


async def test_a_guessed_kind_is_called_a_guess_when_nothing_comes(caller: Caller) -> None:
    async def talk(websocket: ServerConnection) -> None:
        asked = json.loads(await websocket.recv())
        await websocket.send(servers.frame_text("error", asked["requestId"], {"code": "not_found"}))
        await servers.mute(websocket)

    async with raw_server(talk) as url:
        ended = await caller.call(url, "x", timeout_s=0.2)
    assert (ended.code, len(ended.said)) == (1, 1)
    assert ended.said[0].endswith("The server does not describe itself: is 'x' a request?")


async def test_a_server_that_closes_is_told_with_its_code_and_in_stages(caller: Caller) -> None:
    async def talk(websocket: ServerConnection) -> None:
        await websocket.recv()
        await websocket.close(1008, "no token")

    async with raw_server(talk) as url:
        ended = await caller.call(url, "x", kind="request")
    assert ended.code == 1
    assert ended.said[0] == "The connection was lost with code 1008 (no token) before 'x' had ended."
    assert "FAILED  listen to the server: it closed with code 1008 (no token)" in ended.said[-1]
    assert len(ended.said) == 6


async def test_a_connection_that_drops_amid_a_stream_is_told_without_stages(caller: Caller) -> None:
    async def talk(websocket: ServerConnection) -> None:
        asked = json.loads(await websocket.recv())
        await websocket.send(servers.frame_text("stream_data", asked["requestId"], 1))
        await websocket.close(1011)

    async with raw_server(talk) as url:
        ended = await caller.call(url, "x", kind="stream")
    assert (ended.code, ended.stdout) == (1, "1\n")
    assert ended.said == ["The connection was lost with code 1011 before 'x' had ended after 1 item."]


async def test_no_connection_is_told_in_stages(caller: Caller) -> None:
    async with raw_server(servers.mute) as url:
        pass
    ended = await caller.call(url, "x")
    assert (ended.code, ended.stdout) == (1, "")
    assert ended.said[0] == f"Nobody is listening at {url}: start the server, or check host and port."
    assert [line.split()[:2] for line in ended.said[1:]] == [
        ["name", "ok"],
        ["TCP", "FAILED"],
        ["TLS", "-"],
        ["HTTP", "-"],
        ["frame", "-"],
    ]


async def test_what_broke_the_protocol_is_warned_of(caller: Caller) -> None:
    async def talk(websocket: ServerConnection) -> None:
        asked = json.loads(await websocket.recv())
        await websocket.send("[]")
        await websocket.send(servers.frame_text("response", asked["requestId"], 1))

    async with raw_server(talk) as url:
        ended = await caller.call(url, "x", kind="request")
    assert (ended.code, ended.stdout) == (0, "1\n")
    assert ended.said[0].startswith("Warning: the server broke the protocol once: ")


# -- asked in a way that cannot work ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ('{"a": 1,}', "--data is no JSON at column 9: "),
        ('{"a":\n 1 2}', "--data is no JSON at line 2, column 4: expecting ',' delimiter."),
        ("[1]", "--data must be a JSON object"),
        ("", "--data is no JSON at column 1: expecting value."),
        ('{"n": NaN}', "--data is no JSON: NaN is no JSON value."),
        ("[" * 100_000, "--data is nested too deeply to be sent."),
        ('{"operation": "other"}', "--data names another operation than the command line"),
        ("@missing.json", "Cannot read 'missing.json' (No such file or directory): check the path behind @."),
        ("@", "Cannot read ''"),
    ],
)
async def test_wrong_data_is_told_before_anything_is_connected(caller: Caller, data: str, told: str) -> None:
    ended = await caller.call("ws://127.0.0.1:1", "x", data)
    assert (ended.code, ended.stdout) == (2, "")
    assert ended.said[0].startswith(told)
    assert len(ended.said) == 1


async def test_a_wrong_line_of_stdin_is_told_and_the_stream_is_cancelled(caller: Caller) -> None:
    async with shop() as server:
        ended = await caller.call(server.url, "double", stdin=b"1\n\n{no}\n2\n")
        async with asyncio.timeout(20):
            await Shop.ended.wait()
    assert ended.code == 2
    assert ended.said == [
        "Line 3 of stdin is no JSON at column 2: expecting property name enclosed in double quotes."
    ]
    assert Shop.seen in ([], [1])


@pytest.mark.parametrize("kind", [None, "bidirectional"])
async def test_stdin_cannot_be_data_and_items_at_once(caller: Caller, kind: Any) -> None:
    async with shop() as server:
        ended = await caller.call(server.url, "double", "-", kind=kind, stdin=b"{}")
    assert ended.code == 2
    assert ended.said[0].startswith("--data - reads stdin, which holds the items")


async def test_stdin_that_does_not_end_in_time_is_told(caller: Caller) -> None:
    reading, writing = os.pipe()
    async with shop() as server:
        ended = await caller.call(server.url, "echo", "-", timeout_s=0.3, stdin=reading)
    os.close(writing)
    os.close(reading)
    assert ended.code == 1
    assert "Stdin did not end within 0.3 s, so nothing was sent." in ended.said[0]


async def test_an_item_that_is_too_large_is_told_and_the_stream_is_cancelled(caller: Caller) -> None:
    async with shop() as server:
        ended = await caller.call(server.url, "double", stdin=b'"' + b"x" * 2_000_000 + b'"\n')
        async with asyncio.timeout(20):
            await Shop.ended.wait()
    assert ended.code == 1
    assert "over the limit of 1048576" in ended.said[0]


# -- pace -------------------------------------------------------------------------------------------------


async def test_a_slow_reader_of_stdout_holds_the_server_up_by_credit(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "_FULL_BYTES", 1000)
    written, may_write, sent = threading.Event(), threading.Event(), 0

    def slowly(fd: int, data: bytes) -> OSError | None:
        written.set()
        may_write.wait()
        return None

    monkeypatch.setattr(output, "_write_all", slowly)

    class Many(ProtocolHandler):
        @request_stream
        async def items(self, data: dict[str, Any]) -> AsyncIterator[str]:
            nonlocal sent
            for _ in range(2_000):
                yield "x" * 1000
                sent += 1

        @request_response
        async def sent_so_far(self, data: dict[str, Any]) -> int:
            return sent

    async with serve(Many) as server, connect(server.url) as other:
        calling = asyncio.create_task(caller.call(server.url, "items", kind="stream"))
        await asyncio.to_thread(written.wait)
        counts = [-1, 0]
        while counts[-1] != counts[-2] or not counts[-1]:
            # Each question goes once through the server, which sends meanwhile whatever it may.
            counts.append(await other.request_response({"operation": "sent_so_far"}))
        assert counts[-1] <= DEFAULT_LIMITS.credit
        may_write.set()
        assert (await calling).code == 0
    assert sent == 2_000


async def test_items_wait_for_the_credit_of_the_server(caller: Caller) -> None:
    may_read, came = asyncio.Event(), 0

    class Slow(ProtocolHandler):
        @stream_stream
        async def take(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
            await may_read.wait()
            await stream.send(len([item async for item in stream]))

    class Counting(Tap):
        def frame(self, seen: FrameTap) -> None:
            nonlocal came
            came += seen.direction == "in" and '"stream_data"' in str(seen.message)

    async with serve(Slow, taps=lambda _: [Counting()]) as server, connect(server.url) as other:
        calling = asyncio.create_task(caller.call(server.url, "take", stdin=b"1\n" * 1_000))
        await until(lambda: came)
        for _ in range(50):
            await other.request_response({"operation": "slipstream.ping"})
        assert came == DEFAULT_LIMITS.credit
        may_read.set()
        ended = await calling
    assert (ended.code, ended.stdout) == (0, "1000\n")


async def test_a_legacy_server_is_called_in_every_way(caller: Caller) -> None:
    async with legacy_server() as (url, _):
        assert (await caller.call(url, "add", '{"a": 1, "b": 2}')).stdout == "3\n"
        counted = await caller.call(url, "count", '{"to": 3}', kind="stream")
        talked = await caller.call(url, "chat", kind="bidirectional", stdin=b'"hi"\n"there"\n')
        noted = await caller.call(url, "note", '{"text": "x"}', kind="oneway")
        failed = await caller.call(url, "nowhere", kind="request")
    assert len(counted.stdout.splitlines()) == 3
    assert len(talked.stdout.splitlines()) == 2
    assert [each.code for each in (counted, talked, noted, failed)] == [0, 0, 0, 1]
    assert len(failed.said) == 1
