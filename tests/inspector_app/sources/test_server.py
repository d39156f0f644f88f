"""The server source, against clients made with websockets and json alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import InvalidStatus

from inspector_app.capture.records import ConnectionOpened, FrameSeen, Noted, StateChanged
from inspector_app.intents import (
    Disconnect,
    Done,
    EndHalf,
    Reconnect,
    SendItem,
    SendMessage,
    SendRaw,
    ServerSpec,
)
from inspector_app.sources.failures import SourceError
from inspector_app.sources.server import ServerSource
from tests.inspector_app.sources.helpers import Records

ADDER = """
from slipstream import ProtocolHandler, request_response

class Adder(ProtocolHandler):
    @request_response
    async def add(self, data):
        return data["a"] + {step}
"""


@pytest.fixture
def handler(tmp_path: Path) -> Path:
    path = tmp_path / "adder.py"
    path.write_text(ADDER.format(step=1))
    return path


@asynccontextmanager
async def hosted(
    handler: Path | None = None, allow_origins: tuple[str, ...] = ()
) -> AsyncIterator[tuple[ServerSource, Records]]:
    name = str(handler) if handler else None
    source, records = ServerSource(ServerSpec(handler=name, port=0, allow_origins=allow_origins)), Records()
    await source.start(records)
    try:
        yield source, records
    finally:
        await source.stop()


def connect(source: ServerSource, **options: str) -> connect_websocket:
    return connect_websocket(source.address, proxy=None, **options)  # type: ignore[arg-type]  # any option it has


async def ask(client: ClientConnection, operation: str, number: int = 0, **data: object) -> dict[str, object]:
    data["operation"] = operation
    frame = {"type": "request", "requestId": ["client", number], "peerID": "client", "data": data}
    await client.send(json.dumps(frame))
    answer: dict[str, object] = json.loads(await client.recv())
    return answer


async def test_a_client_is_answered_by_the_handler_and_both_frames_are_seen(handler: Path) -> None:
    async with hosted(handler) as (source, records), connect(source) as client:
        assert (await ask(client, "add", a=41))["data"] == 42
        await records.until_frame("in", "request", operation="add")
        await records.until_frame("out", "response")


async def test_each_client_is_a_connection_of_its_own_with_its_address_and_handshake(handler: Path) -> None:
    async with hosted(handler) as (source, records):
        async with connect(source) as one, connect(source) as two:
            await ask(one, "add", a=1)
            await ask(two, "add", a=2)
        await records.until_state("CLOSED", conn=1)
        await records.until_state("CLOSED", conn=2)
    first, second = records.of(ConnectionOpened)
    assert (first.conn, first.role, first.address, second.conn) == (1, "server", source.address, 2)
    assert str(first.handshake["remote"]).startswith("127.0.0.1:")
    assert first.handshake["request_line"] == "GET / HTTP/1.1"
    assert first.local_peer != second.local_peer
    assert {frame.conn for frame in records.of(FrameSeen)} == {1, 2}


async def test_without_a_handler_the_market_of_the_demo_is_hosted() -> None:
    async with hosted() as (source, _), connect(source) as client:
        assert (await ask(client, "get_quote", symbol="BEAN"))["data"] == {
            "symbol": "BEAN",
            "price_cents": 412,
        }


async def test_a_browser_page_is_refused_unless_its_origin_is_allowed() -> None:
    async with hosted(allow_origins=("http://localhost:3000",)) as (source, records):
        with pytest.raises(InvalidStatus, match="403"):
            async with connect(source, origin="http://evil.example"):
                pass
        async with connect(source, origin="http://localhost:3000"):
            await records.until_state("CONNECTED")
    assert len(records.of(ConnectionOpened)) == 1


async def test_a_refused_browser_page_is_told_once_with_what_lets_it_in() -> None:
    async with hosted() as (source, records):
        for _ in range(3):
            with pytest.raises(InvalidStatus, match="403"):
                async with connect(source, origin="http://page.example"):
                    pass
    told = [note for note in records.of(Noted) if "page.example" in note.text]
    assert [note.level for note in told] == ["warning"]
    assert "--allow-origin http://page.example" in told[0].text


async def test_an_intent_without_a_connection_goes_to_the_newest_client() -> None:
    async with hosted() as (source, records), connect(source), connect(source) as newest:
        await records.until_state("CONNECTED", conn=2)
        assert await source.perform(SendMessage(kind="oneway", operation="hello")) == Done(conn=2)
        assert json.loads(await newest.recv())["data"] == {"operation": "hello"}


async def test_an_intent_goes_to_the_client_it_names() -> None:
    async with hosted() as (source, records), connect(source) as first, connect(source):
        await records.until_state("CONNECTED", conn=2)
        assert await source.perform(SendRaw(text="as typed", conn=1)) == Done(conn=1)
        assert await first.recv() == "as typed"
        assert (await source.perform(SendRaw(text="x", conn=9))).error == (
            "Connection 9 has ended: choose one that is open."
        )


async def test_a_stream_that_a_client_opened_takes_items_of_ours() -> None:
    async with hosted() as (source, records), connect(source) as client:
        opening = {"type": "stream_stream_request", "requestId": ["c", 0], "peerID": "c"}
        await client.send(json.dumps({**opening, "data": {"operation": "chat", "name": "Ada"}}))
        await records.until_frame("out", "stream_data")
        await client.recv()
        item = SendItem(conn=1, opener="c", number=0, data_json='"from a person"')
        assert (await source.perform(item)).error is None
        assert json.loads(await client.recv())["data"] == "from a person"
        assert (await source.perform(EndHalf(conn=1, opener="c", number=0))).error is None
        assert json.loads(await client.recv())["type"] == "stream_end"


async def test_without_a_client_nothing_can_be_sent() -> None:
    async with hosted() as (source, _):
        done = await source.perform(SendRaw(text="x"))
        assert done.error == f"No client is connected: have one connect to {source.address} first."
        assert (await source.perform(Disconnect())).error == "There is no connection to close."


async def test_disconnecting_closes_every_client_and_goes_on_listening() -> None:
    async with hosted() as (source, records):
        async with connect(source) as one, connect(source) as two:
            await records.until_state("CONNECTED", conn=2)
            assert (await source.perform(Disconnect())).error is None
            await asyncio.gather(one.wait_closed(), two.wait_closed())
            assert (one.close_code, two.close_code) == (1000, 1000)
        async with connect(source):
            await records.until_state("CONNECTED", conn=3)


async def test_disconnecting_waits_for_no_client_before_it_turns_to_the_next() -> None:
    async with hosted() as (source, records), connect(source), connect(source), connect(source):
        await records.until_state("CONNECTED", conn=3)
        assert (await source.perform(Disconnect())).error is None
        endings = [state.new for state in records.of(StateChanged) if state.new != "CONNECTED"]
        assert endings == ["CLOSING"] * 3 + ["CLOSED"] * 3


async def test_listening_again_twice_at_once_is_no_problem_and_stopping_ends_it() -> None:
    async with hosted() as (source, records), connect(source):
        await records.until_state("CONNECTED")
        done = await asyncio.gather(source.perform(Reconnect()), source.perform(Reconnect()))
        assert [each.error for each in done] == [None, None]
        assert records.notes("problem") == []
        await source.stop()
        with pytest.raises(ConnectionRefusedError):
            async with connect(source):
                pass


async def test_nothing_listens_after_the_source_was_stopped() -> None:
    async with hosted() as (source, records), connect(source):
        await records.until_state("CONNECTED")
        _, done = await asyncio.gather(source.stop(), source.perform(Reconnect()))
        assert done.error == "The source was stopped: start it again."
        with pytest.raises(ConnectionRefusedError):
            async with connect(source):
                pass


async def test_listening_again_takes_up_an_edited_handler_at_the_same_address(handler: Path) -> None:
    async with hosted(handler) as (source, _):
        address = source.address
        handler.write_text(ADDER.format(step=100))  # noqa: ASYNC240 - a few bytes, in a test
        assert (await source.perform(Reconnect())).error is None
        assert source.address == address
        async with connect(source) as client:
            assert (await ask(client, "add", a=1))["data"] == 101


async def test_a_handler_that_was_broken_meanwhile_leaves_the_old_one_at_work(handler: Path) -> None:
    async with hosted(handler) as (source, _):
        handler.write_text("class Adder(:\n")  # noqa: ASYNC240 - likewise
        assert "adder.py:1: not valid Python" in ((await source.perform(Reconnect())).error or "")
        async with connect(source) as client:
            assert (await ask(client, "add", a=1))["data"] == 2


async def test_a_handler_that_cannot_be_made_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "moody.py"
    path.write_text(
        "from slipstream import ProtocolHandler\n"
        "class Moody(ProtocolHandler):\n    def __init__(self):\n        raise OSError('no database')\n"
    )
    async with hosted(path) as (source, records):
        async with connect(source) as client:
            await client.wait_closed()
        (problem,) = await records.until(lambda found: found.notes("problem"))
        assert problem == "The handler could not be made (OSError: no database): mend it."


async def test_where_it_listens_is_noted_and_a_network_address_is_warned_about() -> None:
    source, records = ServerSource(ServerSpec(host="0.0.0.0", port=0)), Records()  # noqa: S104 - what is tested
    await source.start(records)
    await source.stop()
    assert records.notes("info") == [f"Listening on {source.address}."]
    assert records.notes("warning") == [f"{source.address} can be reached from other machines."]


async def test_a_port_in_use_is_refused_with_a_sentence() -> None:
    async with hosted() as (source, _):
        port = int(source.address.rpartition(":")[2])
        with pytest.raises(SourceError) as caught:
            await ServerSource(ServerSpec(port=port)).start(Records())
    assert caught.value.text.startswith(f"Port {port} on 127.0.0.1 is in use: choose another")
    assert caught.value.exit_code == 1


@pytest.mark.parametrize(
    ("host", "advice"),
    [
        ("192.0.2.1", "This machine has no address 192.0.2.1"),
        ("no.such.invalid", "is unknown"),
        ("a b", "is unknown"),
    ],
)
async def test_a_host_that_cannot_be_had_is_refused_with_a_sentence(host: str, advice: str) -> None:
    with pytest.raises(SourceError, match=advice):
        await ServerSource(ServerSpec(host=host, port=0)).start(Records())
