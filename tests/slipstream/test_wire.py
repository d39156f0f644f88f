"""Which way a connection is read and written, and the documented way by itself."""

from __future__ import annotations

import asyncio
import time

import pytest
from websockets.asyncio.client import connect as connect_websocket
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import serve as serve_websockets

from slipstream.direct_wire import DirectWire, wire_of
from slipstream.wire import _MESSAGES_A_TURN, _TURN_S, PublicWire
from tests.slipstream.raw_socket import raw_connection
from tests.slipstream.reading import (
    both_roles,
)

# -- which way --------------------------------------------------------------------------------------------


@both_roles
async def test_a_connection_of_the_library_is_read_the_direct_way(
    as_server: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SLIPSTREAM_DIRECT", raising=False)
    async with raw_connection(as_server=as_server) as (ours, _):
        assert isinstance(wire_of(ours), DirectWire)


async def test_the_environment_switches_the_direct_way_off_unless_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with raw_connection(as_server=True) as (ours, _):
        monkeypatch.setenv("SLIPSTREAM_DIRECT", "0")
        assert isinstance(wire_of(ours), PublicWire)
        assert isinstance(wire_of(ours, direct=True), DirectWire)
        monkeypatch.setenv("SLIPSTREAM_DIRECT", "1")
        assert isinstance(wire_of(ours), DirectWire)
        assert isinstance(wire_of(ours, direct=False), PublicWire)


def test_what_is_no_connection_of_the_library_is_read_by_what_it_documents() -> None:
    assert isinstance(wire_of(object()), PublicWire)
    assert isinstance(wire_of(object(), direct=True), PublicWire)


async def test_where_compression_was_agreed_on_the_library_reads() -> None:
    async def attend(websocket: Connection) -> None:
        await websocket.wait_closed()

    async with serve_websockets(attend, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with connect_websocket(f"ws://127.0.0.1:{port}", proxy=None) as client:
            assert client.protocol.extensions
            assert isinstance(wire_of(client, direct=True), PublicWire)


# -- the documented way by itself -------------------------------------------------------------------------


class Plain:
    """The two calls that are documented, and nothing else."""

    def __init__(self, *coming: str) -> None:
        self.coming = list(coming)
        self.sent: list[str] = []

    async def recv(self) -> str:
        if not self.coming:
            raise EOFError
        return self.coming.pop(0)

    async def send(self, message: str) -> None:
        self.sent.append(message)


async def test_messages_are_given_until_no_more_are_wanted() -> None:
    websocket, got = Plain("a", "b", "c"), list[str | bytes]()

    def receive(message: str | bytes) -> bool:
        got.append(message)
        return message != "b"

    await PublicWire(websocket).read(receive)
    assert (got, websocket.coming) == (["a", "b"], ["c"])


async def test_other_tasks_have_their_turn_after_so_many_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slipstream.wire._TURN_S", 60)  # however slow this machine is
    got: list[str | bytes] = []
    turns: list[int] = []

    async def other() -> None:
        while True:
            turns.append(len(got))
            await asyncio.sleep(0)

    def receive(message: str | bytes) -> bool:
        got.append(message)
        return True

    beside = asyncio.create_task(other())
    with pytest.raises(EOFError):
        await PublicWire(Plain(*map(str, range(3 * _MESSAGES_A_TURN)))).read(receive)
    beside.cancel()
    assert turns == [_MESSAGES_A_TURN, 2 * _MESSAGES_A_TURN, 3 * _MESSAGES_A_TURN]
    assert len(got) == 3 * _MESSAGES_A_TURN


async def test_other_tasks_have_their_turn_after_a_message_that_took_long() -> None:
    got: list[str | bytes] = []
    seen: list[int] = []
    asyncio.get_running_loop().call_soon(lambda: seen.append(len(got)))

    def receive(message: str | bytes) -> bool:
        started = time.monotonic()
        while time.monotonic() - started < 2 * _TURN_S:
            pass
        got.append(message)
        return True

    with pytest.raises(EOFError):
        await PublicWire(Plain("a", "b")).read(receive)
    assert seen == [1]


async def test_messages_are_sent_one_after_the_other() -> None:
    websocket = Plain()
    wire = PublicWire(websocket)
    waiting = wire.write(["a", "b"])
    assert waiting is not None
    await waiting
    assert websocket.sent == ["a", "b"]
    assert wire.unsent_bytes() == 0


async def test_what_the_socket_has_not_taken_is_told_by_its_transport() -> None:
    class Transport:
        def get_write_buffer_size(self) -> int:
            return 7

    websocket = Plain()
    websocket.transport = Transport()  # type: ignore[attr-defined] # some connections have one
    assert PublicWire(websocket).unsent_bytes() == 7
