"""The client source, against servers that know nothing of the library: what it emits, and what it can do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from websockets.asyncio.server import ServerConnection

from inspector_app.capture.records import (
    ConnectionOpened,
    ExchangeSettled,
    FrameSeen,
    HandshakeSeen,
    OperationsDescribed,
    StateChanged,
)
from inspector_app.intents import (
    CancelExchange,
    ClientSpec,
    Disconnect,
    Done,
    EndHalf,
    Reconnect,
    SendItem,
    SendMessage,
    SendRaw,
)
from inspector_app.sources.base import HIDDEN
from inspector_app.sources.client import ClientSource
from inspector_app.sources.failures import SourceError
from inspector_app.sources.first_frame import FirstFrame
from inspector_app.sources.stages import Stage, from_handshake
from slipstream import ConnectionState
from tests.inspector_app.sources.helpers import Records, raw_server


async def silent(websocket: ServerConnection) -> None:
    """A peer that reads and never says anything."""
    async for _ in websocket:
        pass


async def describing(websocket: ServerConnection) -> None:
    """A peer that describes itself and answers nothing else."""
    async for message in websocket:
        frame = json.loads(message)
        if (frame.get("data") or {}).get("operation") == "slipstream.describe":
            operations = [{"name": "add", "kind": "request_response", "doc": "Adds.", "params": None}]
            await websocket.send(answer(frame, {"version": 1, "operations": operations}))


def answer(frame: dict[str, Any], data: object) -> str:
    return json.dumps({"type": "response", "requestId": frame["requestId"], "peerID": "server", "data": data})


@asynccontextmanager
async def started(spec: ClientSpec) -> AsyncIterator[tuple[ClientSource, Records]]:
    source, records = ClientSource(spec), Records()
    await source.start(records)
    try:
        yield source, records
    finally:
        await source.stop()


@asynccontextmanager
async def connected(talk: Any = silent) -> AsyncIterator[tuple[ClientSource, Records]]:
    async with raw_server(talk) as url, started(ClientSpec(url=url)) as (source, records):
        await records.until_state("CONNECTED")
        yield source, records


async def test_a_connection_is_told_from_its_beginning_to_its_end() -> None:
    async with connected() as (source, records):
        pass
    (opened,) = records.of(ConnectionOpened)
    assert (opened.conn, opened.role, opened.address) == (1, "client", source.address)
    assert [(each.old, each.new) for each in records.of(StateChanged)] == [
        ("CONNECTING", "CONNECTED"),
        ("CONNECTED", "CLOSING"),
        ("CLOSING", "CLOSED"),
    ]


async def test_a_frame_is_emitted_exactly_as_it_was_on_the_wire() -> None:
    text = '{ "type" :"fire_and_forget", "peerID":"p","data":{"operation":"x","s":"\\u00e9 \\ud83d"}}'

    async def talk(websocket: ServerConnection) -> None:
        await websocket.send(text)
        await websocket.send(b"\xff no frame")
        await silent(websocket)

    async with connected(talk) as (_, records):
        await records.until(lambda found: len([f for f in found.of(FrameSeen) if f.direction == "in"]) == 2)
    assert [frame.raw for frame in records.of(FrameSeen) if frame.direction == "in"] == [
        text,
        b"\xff no frame",
    ]


async def test_the_handshake_is_told_without_its_secrets() -> None:
    headers = (("X-Tenant", "blue"), ("Cookie", "session=7"))
    async with raw_server(silent) as url:
        spec = ClientSpec(url=url, token="s3cret", headers=headers)
        async with started(spec) as (_, records):
            await records.until_state("CONNECTED")
    (seen,) = records.of(HandshakeSeen)
    sent = dict(seen.handshake["request_headers"])  # type: ignore[call-overload]  # a list of pairs
    assert sent["X-Tenant"] == "blue"
    assert sent["Authorization"] == sent["Cookie"] == HIDDEN
    assert seen.handshake["response_line"] == "HTTP/1.1 101 Switching Protocols"
    assert "s3cret" not in str(records.all)


async def test_token_headers_and_subprotocol_reach_the_server() -> None:
    heard: list[Any] = []

    async def talk(websocket: ServerConnection) -> None:
        assert websocket.request is not None
        heard.append((websocket.request.headers["Authorization"], websocket.request.headers["X-A"]))
        heard.append(websocket.subprotocol)
        await silent(websocket)

    async with raw_server(talk, subprotocols=["two"]) as url:
        spec = ClientSpec(url=url, token="t", headers=(("X-A", "b"),), subprotocols=("one", "two"))
        async with started(spec) as (_, records):
            await records.until_state("CONNECTED")
            await records.until_frame("out", "request")
    assert heard == [("Bearer t", "b"), "two"]


async def test_the_password_of_a_url_is_sent_and_not_recorded() -> None:
    heard: list[str] = []

    async def talk(websocket: ServerConnection) -> None:
        assert websocket.request is not None
        heard.append(websocket.request.headers["Authorization"])
        await silent(websocket)

    async with (
        raw_server(talk) as url,
        started(ClientSpec(url=url.replace("//", "//ada:pa55@"))) as (source, records),
    ):
        await records.until_state("CONNECTED")
        assert source.address == url
        await records.until_frame("out", "request")
    assert heard[0].startswith("Basic ")
    assert "pa55" not in str(records.all)


async def test_a_server_that_describes_itself_is_heard() -> None:
    async with connected(describing) as (_, records):
        await records.until(lambda found: found.of(OperationsDescribed))
    (described,) = records.of(OperationsDescribed)
    assert [operation["name"] for operation in described.operations] == ["add"]


async def test_a_server_that_refuses_to_describe_itself_is_no_problem() -> None:
    async def talk(websocket: ServerConnection) -> None:
        async for message in websocket:
            frame = json.loads(message)
            error = {"error": "what?", "code": "not_found"}
            await websocket.send(
                json.dumps({"type": "error", "requestId": frame["requestId"], "data": error})
            )

    async with connected(talk) as (_, records):
        await records.until_frame("in", "error")
    assert records.of(OperationsDescribed) == []
    assert records.notes("problem") == []


async def test_a_connection_that_drops_is_lost_and_the_next_one_has_the_next_number() -> None:
    async def talk(websocket: ServerConnection) -> None:
        await websocket.recv()
        websocket.transport.abort()

    async with raw_server(talk) as url, started(ClientSpec(url=url)) as (source, records):
        lost = await records.until_state("LOST")
        assert lost.code == 1006
        assert await source.perform(Reconnect()) == Done(conn=2)
        await records.until_state("LOST", conn=2)
    assert [opened.conn for opened in records.of(ConnectionOpened)] == [1, 2]


async def test_a_failed_attempt_is_lost_with_a_sentence_and_the_source_lives_on() -> None:
    async with raw_server(silent) as url:
        pass
    async with started(ClientSpec(url=url)) as (source, records):
        lost = await records.until_state("LOST")
        assert lost.old == "CONNECTING"
        assert lost.reason == f"Nobody is listening at {url}: start the server, or check host and port."
        assert records.notes("problem") == [lost.reason]
        assert (
            await source.perform(SendRaw(text="x"))
        ).error == "There is no open connection: reconnect first."
        assert await source.perform(Reconnect()) == Done(conn=2)
        await records.until_state("LOST", conn=2)


async def test_reconnecting_closes_the_open_connection_first() -> None:
    async with connected() as (source, records):
        assert await source.perform(Reconnect()) == Done(conn=2)
        await records.until_state("CONNECTED", conn=2)
        assert (await records.until_state("CLOSED")).code == 1000


async def test_reconnecting_twice_at_once_leaves_one_connection_which_stopping_ends() -> None:
    async with connected() as (source, records):
        done = await asyncio.gather(source.perform(Reconnect()), source.perform(Reconnect()))
        assert [each.conn for each in done] == [2, 3]
        await records.until_state("CONNECTED", conn=3)
        await source.stop()
        last = {state.conn: state.new for state in records.of(StateChanged)}
        assert last == {1: "CLOSED", 2: "CLOSED", 3: "CLOSED"}


async def test_no_connection_begins_after_the_source_was_stopped() -> None:
    async with connected() as (source, records):
        _, done = await asyncio.gather(source.stop(), source.perform(Reconnect()))
        assert done.error == "The source was stopped: start it again."
        assert [opened.conn for opened in records.of(ConnectionOpened)] == [1]


async def test_disconnecting_closes_normally_and_only_once() -> None:
    async with connected() as (source, records):
        assert await source.perform(Disconnect()) == Done(conn=1)
        await records.until_state("CLOSED")
        assert (await source.perform(Disconnect())).error == "There is no connection to close."


@asynccontextmanager
async def mute_server() -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A server that takes connections and never says a word: its URL, and whether it was asked."""
    asked = asyncio.Event()

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(never, "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


async def test_a_server_that_never_answers_the_handshake_is_told() -> None:
    async with mute_server() as (url, _):
        source, records = ClientSource(ClientSpec(url=url), open_timeout_s=0.05), Records()
        await source.start(records)
        reason = (await records.until_state("LOST")).reason
        assert reason == f"{url} did not answer in time: check host and port, and whether it wants wss://."
        await source.stop()


async def test_an_attempt_that_is_given_up_ends_closed() -> None:
    async with mute_server() as (url, asked):
        source, records = ClientSource(ClientSpec(url=url)), Records()
        await source.start(records)
        await asked.wait()
        await source.stop()
        assert [(each.old, each.new) for each in records.of(StateChanged)] == [("CONNECTING", "CLOSED")]


# -- intents ----------------------------------------------------------------------------------------------


async def test_a_request_gives_its_exchange_at_once_and_its_answer_is_seen() -> None:
    async def talk(websocket: ServerConnection) -> None:
        async for message in websocket:
            frame = json.loads(message)
            if frame["data"]["operation"] == "add":
                await websocket.send(answer(frame, frame["data"]["a"] + 1))

    async with connected(talk) as (source, records):
        done = await source.perform(SendMessage(kind="request", operation="add", data_json='{"a": 1}'))
        assert (done.error, done.conn) == (None, 1)
        sent = await records.until_frame("out", "request", operation="add")
        assert sent["requestId"] == [done.opener, done.number]
        assert (await records.until_frame("in", "response"))["data"] == 2


async def test_a_request_has_the_deadline_it_was_given() -> None:
    async with connected() as (source, records):
        done = await source.perform(SendMessage(kind="request", operation="add", timeout_s=0.05))
        settled = await records.until(lambda found: found.of(ExchangeSettled))
        assert [(each.request_id, each.outcome) for each in settled] == [
            ((done.opener, done.number), "timeout")
        ]


async def test_a_server_stream_can_be_opened_and_cancelled() -> None:
    async def talk(websocket: ServerConnection) -> None:
        async for message in websocket:
            frame = json.loads(message)
            if frame["type"] == "stream_request":
                item = {"type": "stream_data", "requestId": frame["requestId"], "peerID": "s", "data": 1}
                await websocket.send(json.dumps(item))

    async with connected(talk) as (source, records):
        done = await source.perform(SendMessage(kind="stream", operation="count"))
        await records.until_frame("in", "stream_data")
        assert done.opener is not None
        assert done.number is not None
        cancel = CancelExchange(conn=1, opener=done.opener, number=done.number)
        assert (await source.perform(cancel)).error is None
        assert [each.outcome for each in records.of(ExchangeSettled)] == ["cancelled"]
        assert (
            await source.perform(cancel)
        ).error == f"Exchange {done.number} has ended, or never was: nothing was sent."


async def test_a_bidirectional_stream_takes_items_until_its_half_is_ended() -> None:
    async with connected() as (source, records):
        done = await source.perform(SendMessage(kind="bidirectional", operation="chat"))
        assert done.opener is not None
        assert done.number is not None
        item = SendItem(conn=1, opener=done.opener, number=done.number, data_json="null")
        assert (await source.perform(item)).error is None
        assert (await source.perform(EndHalf(conn=1, opener=done.opener, number=done.number))).error is None
        assert (await records.until_frame("out", "stream_data"))["data"] is None
        await records.until_frame("out", "stream_end")
        assert "Not sent" in ((await source.perform(item)).error or "")
        again = await source.perform(EndHalf(conn=1, opener=done.opener, number=done.number))
        assert "has ended: cancel the exchange instead" in (again.error or "")


async def test_a_stream_that_the_server_opened_takes_items_of_ours(tmp_path: Path) -> None:
    handler = tmp_path / "handler.py"
    handler.write_text(
        "from slipstream import ProtocolHandler, stream_stream\n"
        "class Ours(ProtocolHandler):\n"
        "    @stream_stream\n"
        "    async def chat(self, data, stream):\n"
        "        async for item in stream: pass\n"
    )

    async def talk(websocket: ServerConnection) -> None:
        opening = {"type": "stream_stream_request", "requestId": ["server", 0], "peerID": "server"}
        await websocket.send(json.dumps({**opening, "data": {"operation": "chat"}}))
        await silent(websocket)

    async with (
        raw_server(talk) as url,
        started(ClientSpec(url=url, handler=str(handler))) as (source, records),
    ):
        await records.until_frame("in", "stream_stream_request")
        item = SendItem(conn=1, opener="server", number=0, data_json='"hello"')
        assert (await source.perform(item)).error is None
        assert (await records.until_frame("out", "stream_data"))["data"] == "hello"
        assert (await source.perform(EndHalf(conn=1, opener="server", number=0))).error is None
        await records.until_frame("out", "stream_end")


async def test_faults_in_a_mock_that_only_answers_a_server_are_said_to_do_nothing(tmp_path: Path) -> None:
    mock = tmp_path / "mock.toml"
    mock.write_text('[[request]]\noperation = "a"\nanswer = 1\n[[fault]]\ndo = "lose"\n')
    async with (
        raw_server(silent) as url,
        started(ClientSpec(url=url, handler=str(mock))) as (_, records),
    ):
        said = "The faults in mock.toml do nothing here: they are for a hosted server."
        await records.until(lambda found: said in found.notes("warning"))


async def test_a_one_way_message_has_no_exchange() -> None:
    async with connected() as (source, records):
        done = await source.perform(SendMessage(kind="oneway", operation="note", data_json='{"x": 1}'))
        assert done == Done(conn=1)
        await records.until_frame("out", "fire_and_forget", operation="note", x=1)


@pytest.mark.parametrize(
    "text", ["", "not json", '{"type":"request"}', "[/] \x1b]52;c;x\x07 \u202e", '{"a": 1.10}  ']
)
async def test_raw_text_is_sent_exactly_as_typed(text: str) -> None:
    heard: asyncio.Queue[str | bytes] = asyncio.Queue()

    async def talk(websocket: ServerConnection) -> None:
        async for message in websocket:
            heard.put_nowait(message)

    async with connected(talk) as (source, records):
        await records.until_frame("out", "request")
        assert json.loads(await heard.get())["data"]["operation"] == "slipstream.describe"
        assert (await source.perform(SendRaw(text=text))).error is None
        assert await heard.get() == text
    assert text in [frame.raw for frame in records.of(FrameSeen)]


async def test_raw_text_with_half_a_surrogate_pair_is_refused_and_the_connection_lives() -> None:
    async with connected() as (source, records):
        assert "surrogate" in ((await source.perform(SendRaw(text="\ud83d"))).error or "")
        assert (await source.perform(SendRaw(text="x"))).error is None
    assert "LOST" not in [each.new for each in records.of(StateChanged)]


@pytest.mark.parametrize(
    ("intent", "advice"),
    [
        (SendMessage(kind="request", operation=""), "The operation is missing"),
        (SendMessage(kind="request", operation="x", data_json="{"), "The data is no JSON: "),
        (SendMessage(kind="request", operation="x", data_json="[1]"), "must be a JSON object"),
        (SendMessage(kind="request", operation="x", data_json='{"n": NaN}'), "NaN is no JSON value"),
        (
            SendMessage(kind="request", operation="x", data_json='{"operation": "y"}'),
            "names another operation",
        ),
        (SendMessage(kind="request", operation="x", data_json="[" * 200_000), "nested too deeply"),
        (SendMessage(kind="request", operation="x", timeout_s=0), "more than 0 seconds"),
        (
            SendMessage(kind="oneway", operation="x", data_json=f'"{"a" * 20_000_000}"'),
            "must be a JSON object",
        ),
        (
            SendMessage(kind="oneway", operation="x", data_json=f'{{"a": "{"a" * 20_000_000}"}}'),
            "over the limit",
        ),
        (SendMessage(kind="request", operation="x", conn=7), "Connection 7 has ended"),
        (SendItem(conn=1, opener="me", number=99, data_json="1"), "Exchange 99 has ended, or never was"),
        (EndHalf(conn=1, opener="me", number=99), "Exchange 99 has ended, or never was"),
    ],
)
async def test_what_cannot_be_sent_is_refused_with_a_sentence(intent: Any, advice: str) -> None:
    async with connected() as (source, records):
        await records.until_frame("out", "request")
        before = len(records.of(FrameSeen))
        done = await source.perform(intent)
        assert advice in (done.error or "")
        assert (done.error or "").endswith(".")
        assert len(records.of(FrameSeen)) == before


@pytest.mark.parametrize(
    ("spec", "advice"),
    [
        (ClientSpec(url="http://localhost"), "write ws://localhost"),
        (ClientSpec(url="ws://localhost", handler="missing.py"), "There is no file missing.py"),
        (ClientSpec(url="ws://localhost", insecure=True), "need a wss:// URL"),
    ],
)
def test_a_spec_that_cannot_work_is_refused_before_anything_starts(spec: ClientSpec, advice: str) -> None:
    with pytest.raises(SourceError, match=advice) as caught:
        ClientSource(spec)
    assert caught.value.exit_code == 2


BAD_FRAMES = 1100
"""More than a peer that is not here to be looked at is allowed."""


async def _misbehaving(websocket: ServerConnection) -> None:
    for _ in range(BAD_FRAMES):
        await websocket.send("[]")
    await websocket.wait_closed()


async def test_a_peer_that_misbehaves_is_recorded_as_long_as_it_does() -> None:
    async with raw_server(_misbehaving) as url, started(ClientSpec(url=url)) as (source, records):
        await records.until(lambda all_: sum(each.raw == "[]" for each in all_.of(FrameSeen)) == BAD_FRAMES)
        assert source.protocol is not None
        assert source.protocol.state is ConnectionState.CONNECTED


async def test_a_peer_that_misbehaves_is_closed_where_that_was_asked_for() -> None:
    spec = ClientSpec(url="", bad_frames=3)
    async with raw_server(_misbehaving) as url, started(replace(spec, url=url)) as (_, records):
        ended = await records.until(lambda all_: [each.code for each in all_.of(StateChanged) if each.code])
    assert ended == [4429]


# -- how far a connection got -----------------------------------------------------------------------------


def stages_in(records: Records) -> list[tuple[Stage, ...]]:
    return [told for seen in records.of(HandshakeSeen) if (told := from_handshake(seen.handshake))]


async def test_how_far_a_failed_attempt_got_is_told_before_it_is_lost() -> None:
    async with raw_server(silent) as url:
        pass
    async with started(ClientSpec(url=url)) as (_, records):
        await records.until_state("LOST")
    (stages,) = stages_in(records)
    assert [stage.outcome for stage in stages] == ["ok", "failed", "none", "none", "none"]
    kinds = [type(record) for record in records.all]
    assert kinds.index(HandshakeSeen) < kinds.index(StateChanged)


async def test_an_attempt_that_is_given_up_while_it_is_looked_into_is_lost_with_its_sentence() -> None:
    async with mute_server() as (url, asked):
        source, records = ClientSource(ClientSpec(url=url), open_timeout_s=0.3), Records()
        await source.start(records)
        await asked.wait()
        asked.clear()
        await asked.wait()  # a second time, so the first attempt has failed
        await source.stop()
    assert [(each.old, each.new) for each in records.of(StateChanged)] == [("CONNECTING", "LOST")]
    assert "did not answer in time" in records.notes("problem")[0]


@pytest.mark.parametrize("code", [1000, 1008])
async def test_a_connection_that_ends_before_its_first_frame_is_told_in_stages(code: int) -> None:
    async def talk(websocket: ServerConnection) -> None:
        await websocket.send("no frame")
        await websocket.close(code, "no [/]")

    async with raw_server(talk) as url, started(ClientSpec(url=url)) as (_, records):
        await records.until_state("CLOSED" if code == 1000 else "LOST")
    (stages,) = stages_in(records)
    assert [stage.outcome for stage in stages] == ["ok", "ok", "none", "ok", "failed"]
    assert stages[-1].came == "text that is no JSON: 'no frame'"
    assert records.notes("problem") == [
        f"{url} took the connection, but no frame came: text that is no JSON: 'no frame'."
    ]


async def test_a_connection_that_ended_after_a_frame_did_not_fail() -> None:
    async def talk(websocket: ServerConnection) -> None:
        await websocket.send('{"type": "fire_and_forget", "peerID": "s", "data": {"operation": "x"}}')
        await websocket.close(1011)

    async with raw_server(talk) as url, started(ClientSpec(url=url)) as (_, records):
        await records.until_state("LOST")
    assert stages_in(records) == []
    assert records.notes("problem") == []


async def test_a_connection_that_this_side_closes_did_not_fail() -> None:
    async with connected() as (_, records):
        pass
    assert stages_in(records) == []


async def test_nobody_watches_for_a_first_frame_that_has_come() -> None:
    async with connected(describing) as (source, records):
        await records.until(lambda found: found.of(OperationsDescribed))
        assert source.protocol is not None
        assert [tap for tap in source.protocol.taps._taps if isinstance(tap, FirstFrame)] == []
