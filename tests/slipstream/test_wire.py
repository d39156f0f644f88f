"""Both ways to read and write a connection do the same, over real sockets, in both roles."""

from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.client import connect as connect_websocket
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import serve as serve_websockets
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK

from slipstream.direct_wire import DirectWire
from slipstream.wire import _MESSAGES_A_TURN, _TURN_S, PublicWire, Wire, wire_of
from tests.slipstream.raw_socket import (
    BINARY,
    CLOSE,
    CONT,
    PING,
    PONG,
    TEXT,
    RawSocket,
    raw_connection,
)

both_roles = pytest.mark.parametrize("as_server", [False, True], ids=["as client", "as server"])
both_ways = pytest.mark.parametrize("direct", [True, False], ids=["direct", "public"])

# Around every border between the three ways to write a length (RFC 6455 §5.2).
SIZES = [0, 1, 125, 126, 127, 65535, 65536, 70000]


class Reading:
    """What a wire has brought so far; `until` waits for so many messages."""

    def __init__(self, wire: Wire) -> None:
        self.messages: list[str | bytes] = []
        self._came = asyncio.Event()
        self.task = asyncio.create_task(wire.read(self._receive))

    def _receive(self, message: str | bytes) -> bool:
        self.messages.append(message)
        self._came.set()
        return True

    async def until(self, count: int) -> list[str | bytes]:
        async with asyncio.timeout(5):
            while len(self.messages) < count:
                self._came.clear()
                await self._came.wait()
        return self.messages

    async def ended(self) -> BaseException | None:
        """What the reading ended with."""
        async with asyncio.timeout(5):
            await asyncio.wait([self.task])
        return self.task.exception()


async def closed(reading: Reading) -> tuple[type[BaseException], int | None]:
    """How the connection ended: the library's own exception, and the close code that counts."""
    error = await reading.ended()
    assert isinstance(error, ConnectionClosed)
    close = error.rcvd or error.sent
    return type(error), close.code if close else None


def wire_for(websocket: Connection, direct: bool) -> Wire:
    wire = wire_of(websocket, direct=direct)
    assert isinstance(wire, DirectWire if direct else PublicWire)
    return wire


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


# -- reading ----------------------------------------------------------------------------------------------


@both_ways
@both_roles
async def test_messages_of_every_length_come_whole_and_in_order(as_server: bool, direct: bool) -> None:
    async with raw_connection(as_server=as_server) as (ours, raw):
        reading = Reading(wire_for(ours, direct))
        messages = ["x" * size for size in SIZES] + ["é" * 5000]
        raw.text(*messages)
        assert await reading.until(len(messages)) == messages


@both_ways
@both_roles
async def test_binary_messages_and_fragments_come_whole_and_in_order(as_server: bool, direct: bool) -> None:
    async with raw_connection(as_server=as_server) as (ours, raw):
        reading = Reading(wire_for(ours, direct))
        raw.send(
            raw.frame(TEXT, "one"),
            raw.frame(BINARY, b"\xfftwo"),
            raw.frame(TEXT, "th", fin=False),
            raw.frame(CONT, "r", fin=False),
            raw.frame(CONT, "", fin=False),
            raw.frame(CONT, "ee"),
            raw.frame(BINARY, b"\0fo", fin=False),
            raw.frame(CONT, b"ur"),
            raw.frame(TEXT, "five"),
        )
        assert await reading.until(5) == ["one", b"\xfftwo", "three", b"\0four", "five"]


@both_ways
@both_roles
async def test_a_letter_cut_by_a_border_between_fragments_comes_whole(as_server: bool, direct: bool) -> None:
    async with raw_connection(as_server=as_server) as (ours, raw):
        reading = Reading(wire_for(ours, direct))
        raw.send(raw.frame(TEXT, b"\xc3", fin=False), raw.frame(CONT, b"\xa9"))
        assert await reading.until(1) == ["é"]


@both_ways
@both_roles
async def test_pings_are_answered_also_between_fragments_and_pongs_are_taken(
    as_server: bool, direct: bool
) -> None:
    async with raw_connection(as_server=as_server) as (ours, raw):
        reading = Reading(wire_for(ours, direct))
        raw.send(
            raw.frame(TEXT, "a"),
            raw.frame(PING, b"first"),
            raw.frame(TEXT, "b", fin=False),
            raw.frame(PING, b"second"),
            raw.frame(PONG, b"nobody asked"),
            raw.frame(CONT, "c"),
            raw.frame(TEXT, "d"),
        )
        for payload in (b"first", b"second"):
            seen = await raw.read()
            assert (seen.opcode, seen.payload, seen.masked) == (PONG, payload, not as_server)
        assert await reading.until(3) == ["a", "bc", "d"]
        pong = await ours.ping(b"ours")
        seen = await raw.read()
        assert (seen.opcode, seen.payload) == (PING, b"ours")
        raw.send(raw.frame(PONG, b"ours"))
        async with asyncio.timeout(5):
            assert await pong >= 0


@both_ways
@both_roles
async def test_messages_that_came_before_anybody_read_come_first(as_server: bool, direct: bool) -> None:
    async with raw_connection(as_server=as_server) as (ours, raw):
        raw.send(raw.frame(TEXT, "a"), raw.frame(BINARY, b"b"), raw.frame(TEXT, "c", fin=False))
        await raw_ping(ours, raw)
        reading = Reading(wire_for(ours, direct))
        raw.send(raw.frame(CONT, "c"), raw.frame(TEXT, "d"))
        assert await reading.until(4) == ["a", b"b", "cc", "d"]


@both_ways
@both_roles
async def test_many_messages_that_came_before_anybody_read_let_the_socket_be_read_again(
    as_server: bool, direct: bool
) -> None:
    async with raw_connection(as_server=as_server, max_queue=4) as (ours, raw):
        await raw_ping(ours, raw)
        raw.text(*map(str, range(100)))
        while not ours.recv_messages.paused:  # noqa: ASYNC110 - the library tells nobody; this yields
            await asyncio.sleep(0)
        reading = Reading(wire_for(ours, direct))
        raw.text("last")
        assert await reading.until(101) == [*map(str, range(100)), "last"]


@both_ways
@both_roles
@pytest.mark.parametrize("cut", [1, 3, 6, 20])
async def test_a_frame_that_had_come_in_part_before_anybody_read_comes_whole(
    as_server: bool, direct: bool, cut: int
) -> None:
    async with raw_connection(as_server=as_server) as (ours, raw):
        whole = raw.frame(TEXT, "x" * 200)
        raw.send(whole[:cut])
        await has_read(ours, cut)
        reading = Reading(wire_for(ours, direct))
        await asyncio.sleep(0)
        raw.send(whole[cut:], raw.frame(TEXT, "next"))
        assert await reading.until(2) == ["x" * 200, "next"]


@both_ways
@both_roles
async def test_bad_text_that_came_before_anybody_read_ends_the_connection_before_what_came_after(
    as_server: bool, direct: bool
) -> None:
    async with raw_connection(as_server=as_server) as (ours, raw):
        raw.send(raw.frame(TEXT, "before"), raw.frame(TEXT, b"\xff"), raw.frame(TEXT, "after"))
        await raw_ping(ours, raw)
        reading = Reading(wire_for(ours, direct))
        assert await raw.close_code() == 1007
        raw.writer.close()
        assert await closed(reading) == (ConnectionClosedError, 1007)
        assert reading.messages == ["before"]


async def raw_ping(ours: Connection, raw: RawSocket) -> None:
    """Wait until the library has read all that was sent: it answers a ping behind it."""
    raw.send(raw.frame(PING, b"read?"))
    while (seen := await raw.read()).opcode != PONG:
        pass
    assert seen.payload == b"read?"


async def has_read(ours: Connection, size: int) -> None:
    """Wait until the library keeps so many bytes of a frame that has not come whole."""
    async with asyncio.timeout(5):
        while not ours.protocol.reader.buffer:  # noqa: ASYNC110 - the library tells nobody; this yields
            await asyncio.sleep(0)


# -- endings ----------------------------------------------------------------------------------------------


@both_ways
@both_roles
@pytest.mark.parametrize("code", [1000, 1001, 1002, 1011, 4400])
async def test_a_close_of_the_other_side_ends_reading_after_what_came_before(
    as_server: bool, direct: bool, code: int
) -> None:
    async with raw_connection(as_server=as_server) as (ours, raw):
        reading = Reading(wire_for(ours, direct))
        raw.send(raw.frame(TEXT, "last"), raw.frame(CLOSE, code.to_bytes(2, "big") + b"bye"))
        assert await raw.close_code() == code
        raw.writer.close()
        kind = ConnectionClosedOK if code < 1002 else ConnectionClosedError
        assert await closed(reading) == (kind, code)
        assert reading.messages == ["last"]


@both_ways
@both_roles
async def test_a_close_of_this_side_ends_reading(as_server: bool, direct: bool) -> None:
    async with raw_connection(as_server=as_server) as (ours, raw):
        reading = Reading(wire_for(ours, direct))
        await asyncio.sleep(0)
        closing = asyncio.create_task(ours.close(1001, "going"))
        assert await raw.close_code() == 1001
        raw.send(raw.frame(TEXT, "crossing"), raw.frame(CLOSE, (1001).to_bytes(2, "big")))
        raw.writer.close()
        await closing
        assert await closed(reading) == (ConnectionClosedOK, 1001)
        assert reading.messages == ["crossing"]


@both_ways
@both_roles
@pytest.mark.parametrize("how", ["reset", "end"])
async def test_a_socket_that_drops_ends_reading_after_what_came_before(
    as_server: bool, direct: bool, how: str
) -> None:
    async with raw_connection(as_server=as_server) as (ours, raw):
        reading = Reading(wire_for(ours, direct))
        raw.text("last")
        raw.send(raw.frame(TEXT, "never whole")[:5])
        await reading.until(1)
        if how == "reset":
            raw.reset()
        else:
            raw.writer.close()
        assert await closed(reading) == (ConnectionClosedError, None)
        assert reading.messages == ["last"]


BREACHES = {
    "wrong masking": (1002, lambda raw: raw.frame(TEXT, "x", masked=not raw.masks)),
    "reserved bits": (1002, lambda raw: raw.frame(TEXT, "x", rsv=4)),
    "an opcode that does not exist": (1002, lambda raw: raw.frame(3, "x")),
    "a ping in parts": (1002, lambda raw: raw.frame(PING, "x", fin=False)),
    "a ping too long": (1002, lambda raw: raw.frame(PING, "x" * 126)),
    "a fragment of nothing": (1002, lambda raw: raw.frame(CONT, "x")),
    "a message within another": (1002, lambda raw: raw.frame(TEXT, "x", fin=False) + raw.frame(TEXT, "y")),
    "text that is no UTF-8": (1007, lambda raw: raw.frame(TEXT, b"\xff")),
    "text in parts that is no UTF-8": (
        1007,
        lambda raw: raw.frame(TEXT, b"\xc3", fin=False) + raw.frame(CONT, b"\x28"),
    ),
    "a frame too long": (1009, lambda raw: raw.frame(TEXT, "x" * 1001)),
    "the head of a frame too long": (1009, lambda raw: raw.frame(TEXT, "x" * 70000)[:14]),
    "fragments too long together": (
        1009,
        lambda raw: raw.frame(TEXT, "x" * 600, fin=False) + raw.frame(CONT, "x" * 600),
    ),
}


@both_ways
@both_roles
@pytest.mark.parametrize("breach", BREACHES)
async def test_what_breaks_the_rules_of_websockets_ends_the_connection_with_its_code(
    as_server: bool, direct: bool, breach: str
) -> None:
    code, make = BREACHES[breach]
    async with raw_connection(as_server=as_server, max_size=1000) as (ours, raw):
        reading = Reading(wire_for(ours, direct))
        raw.send(raw.frame(TEXT, "before"), make(raw), raw.frame(TEXT, "after"))
        assert await raw.close_code() == code
        raw.writer.close()
        assert await closed(reading) == (ConnectionClosedError, code)
        assert reading.messages == ["before"]


@both_ways
@both_roles
async def test_a_message_as_long_as_is_allowed_comes(as_server: bool, direct: bool) -> None:
    async with raw_connection(as_server=as_server, max_size=1000) as (ours, raw):
        reading = Reading(wire_for(ours, direct))
        raw.text("x" * 1000)
        assert await reading.until(1) == ["x" * 1000]


@both_ways
@both_roles
async def test_without_a_limit_every_length_comes(as_server: bool, direct: bool) -> None:
    async with raw_connection(as_server=as_server, max_size=None) as (ours, raw):
        reading = Reading(wire_for(ours, direct))
        raw.text("x" * 2**20, "y")
        assert await reading.until(2) == ["x" * 2**20, "y"]


@both_ways
@both_roles
async def test_an_endless_row_of_empty_fragments_ends_the_connection(as_server: bool, direct: bool) -> None:
    async with raw_connection(as_server=as_server) as (ours, raw):
        reading = Reading(wire_for(ours, direct))
        raw.send(raw.frame(TEXT, "", fin=False), raw.frame(CONT, "", fin=False) * 5000)
        assert await raw.close_code() == 1009
        raw.writer.close()
        assert await closed(reading) == (ConnectionClosedError, 1009)


@both_ways
@both_roles
async def test_fragments_over_their_own_limit_end_the_connection(as_server: bool, direct: bool) -> None:
    async with raw_connection(as_server=as_server, max_size=(1000, 100)) as (ours, raw):
        reading = Reading(wire_of(ours, direct=direct))
        raw.text("x" * 101)
        assert await raw.close_code() == 1009
        raw.writer.close()
        assert await closed(reading) == (ConnectionClosedError, 1009)


# -- handing the socket back ------------------------------------------------------------------------------


async def stop(reading: Reading) -> None:
    reading.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading.task


@both_ways
@both_roles
async def test_whoever_reads_on_after_a_cancelled_reading_misses_nothing(as_server: bool, direct: bool) -> None:
    async with raw_connection(as_server=as_server) as (ours, raw):
        reading = Reading(wire_for(ours, direct))
        raw.text("one")
        await reading.until(1)
        await stop(reading)
        raw.send(raw.frame(TEXT, "two"), raw.frame(BINARY, b"three"))
        async with asyncio.timeout(5):
            assert [await ours.recv(), await ours.recv()] == ["two", b"three"]
        await ours.send("four")
        assert (await raw.read()).payload == b"four"


@both_ways
@both_roles
@pytest.mark.parametrize("cut", [1, 3, 6, 20])
async def test_a_frame_that_had_come_in_part_when_reading_was_cancelled_comes_whole(
    as_server: bool, direct: bool, cut: int
) -> None:
    async with raw_connection(as_server=as_server) as (ours, raw):
        reading = Reading(wire_for(ours, direct))
        whole = raw.frame(TEXT, "x" * 200)
        raw.send(raw.frame(TEXT, "one"), whole[:cut])
        await reading.until(1)
        await stop(reading)
        raw.send(whole[cut:])
        async with asyncio.timeout(5):
            assert await ours.recv() == "x" * 200


@both_ways
@both_roles
async def test_fragments_that_had_come_when_reading_was_cancelled_are_not_lost(
    as_server: bool, direct: bool
) -> None:
    async with raw_connection(as_server=as_server) as (ours, raw):
        reading = Reading(wire_for(ours, direct))
        raw.send(raw.frame(TEXT, "o", fin=False), raw.frame(CONT, "n", fin=False))
        await raw_ping(ours, raw)
        await stop(reading)
        raw.send(raw.frame(CONT, "e"))
        async with asyncio.timeout(5):
            assert await ours.recv() == "one"


@both_ways
@both_roles
async def test_another_wire_may_read_on_where_one_was_cancelled(as_server: bool, direct: bool) -> None:
    async with raw_connection(as_server=as_server) as (ours, raw):
        first = Reading(wire_for(ours, direct))
        raw.send(raw.frame(TEXT, "one"), raw.frame(TEXT, "tw", fin=False))
        await first.until(1)
        await raw_ping(ours, raw)
        await stop(first)
        second = Reading(wire_for(ours, direct))
        raw.send(raw.frame(CONT, "o"), raw.frame(TEXT, "three"))
        assert await second.until(2) == ["two", "three"]
        await stop(second)


@both_ways
async def test_what_the_receiver_raises_is_raised_by_reading(direct: bool) -> None:
    def refuse(message: str | bytes) -> bool:
        raise KeyError(message)

    async with raw_connection(as_server=True) as (ours, raw):
        reading = asyncio.create_task(wire_for(ours, direct).read(refuse))
        raw.text("one", "two")
        with pytest.raises(KeyError, match="one"):
            await reading


# -- writing ----------------------------------------------------------------------------------------------


async def written(wire: Wire, *messages: str) -> None:
    waiting = wire.write(messages)
    if waiting is not None:
        async with asyncio.timeout(5):
            await waiting


@both_ways
@both_roles
async def test_messages_of_every_length_are_written_whole_in_order_and_masked_by_a_client(
    as_server: bool, direct: bool
) -> None:
    async with raw_connection(as_server=as_server) as (ours, raw):
        wire = wire_for(ours, direct)
        messages = ["x" * size for size in SIZES] + ["é"]
        writing = asyncio.create_task(written(wire, *messages))
        for message in messages:
            seen = await raw.read()
            assert (seen.opcode, seen.payload, seen.masked) == (TEXT, message.encode(), not as_server)
        await writing


@both_ways
@both_roles
async def test_writing_waits_while_the_socket_takes_no_more(as_server: bool, direct: bool) -> None:
    async with raw_connection(as_server=as_server) as (ours, raw):
        wire = wire_for(ours, direct)
        message = "x" * 2**20
        raw.reader._transport.pause_reading()  # type: ignore[attr-defined] # nothing is read on the other side
        async with asyncio.timeout(5):
            while (waiting := wire.write([message])) is None or not wire.unsent_bytes():
                if waiting is not None:
                    task = asyncio.ensure_future(waiting)
                    await asyncio.wait([task], timeout=0.02)
                    if not task.done():
                        break
