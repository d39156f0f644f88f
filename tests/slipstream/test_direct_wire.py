"""Reading directly and by what is documented brings the same messages, in both roles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect as connect_websocket
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import serve as serve_websockets
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from slipstream.wire import Wire
from tests.certificates import Authority, client_context, server_context
from tests.slipstream.raw_socket import BINARY, CLOSE, CONT, PING, PONG, TEXT, raw_connection
from tests.slipstream.reading import (
    SIZES,
    Reading,
    both_roles,
    both_ways,
    closed,
    has_read,
    raw_ping,
    stop,
    wire_for,
)


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


# -- handing the socket back ------------------------------------------------------------------------------


@both_ways
@both_roles
async def test_whoever_reads_on_after_a_cancelled_reading_misses_nothing(
    as_server: bool, direct: bool
) -> None:
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
async def test_no_mask_comes_twice_in_a_thousand_messages(direct: bool) -> None:
    async with raw_connection(as_server=False) as (ours, raw):
        writing = asyncio.create_task(written(wire_for(ours, direct), *["x"] * 1000))
        masks = {(await raw.read()).mask for _ in range(1000)}
        await writing
    # Of a thousand masks of 32 bits two are the same once in 8,600 times; that two pairs are, never.
    assert len(masks) >= 999


@both_ways
@both_roles
async def test_writing_waits_while_the_socket_takes_no_more(as_server: bool, direct: bool) -> None:
    async with raw_connection(as_server=as_server) as (ours, raw):
        wire = wire_for(ours, direct)
        raw.writer.transport.pause_reading()
        message, sent, stuck = "x" * 2**20, 0, False
        while not stuck:
            sent += 1
            writing = asyncio.create_task(written(wire, message))
            # What the socket takes at once it takes within this time; how much that is, the system decides.
            stuck = not (await asyncio.wait([writing], timeout=0.05))[0]
        unsent = wire.unsent_bytes()
        assert unsent > 0
        raw.writer.transport.resume_reading()
        for _ in range(sent):
            assert len((await raw.read()).payload) == len(message)
        await writing
        assert wire.unsent_bytes() == 0


@both_ways
@both_roles
@pytest.mark.parametrize("how", ["closing", "closed"])
async def test_writing_on_a_connection_that_ends_raises_how_it_ended(
    as_server: bool, direct: bool, how: str
) -> None:
    async with raw_connection(as_server=as_server) as (ours, raw):
        wire = wire_for(ours, direct)
        closing = asyncio.create_task(ours.close(1001))
        assert await raw.close_code() == 1001
        writing = asyncio.create_task(written(wire, "late"))
        if how == "closed":
            raw.send(raw.frame(CLOSE, (1001).to_bytes(2, "big")))
        raw.writer.close()
        await closing
        with pytest.raises(ConnectionClosed):
            await writing


@both_ways
async def test_writing_once_the_transport_has_gone_raises_how_it_ended(direct: bool) -> None:
    async with raw_connection(as_server=True) as (ours, _):
        wire = wire_for(ours, direct)
        ours.transport.abort()
        await written(wire, "nobody can know yet")
        with pytest.raises(ConnectionClosed):
            await written(wire, "late")


@both_ways
@both_roles
async def test_messages_wait_for_the_end_of_one_that_the_program_sends_in_parts(
    as_server: bool, direct: bool
) -> None:
    more = asyncio.Event()

    async def parts() -> AsyncIterator[str]:
        yield "one "
        await more.wait()
        yield "whole"

    async with raw_connection(as_server=as_server) as (ours, raw):
        wire = wire_for(ours, direct)
        by_hand = asyncio.create_task(ours.send(parts()))
        first = await raw.reader.readexactly(6 if not as_server else 2)
        assert first[0] == TEXT, "the first part of several"
        writing = asyncio.create_task(written(wire, "after"))
        await asyncio.sleep(0)
        assert not writing.done()
        more.set()
        await asyncio.gather(by_hand, writing)


@both_ways
@both_roles
async def test_what_is_read_and_what_is_written_do_not_wait_for_each_other(
    as_server: bool, direct: bool
) -> None:
    async with raw_connection(as_server=as_server) as (ours, raw):
        wire = wire_for(ours, direct)
        reading = Reading(wire)
        raw.text("reads")
        await reading.until(1)
        raw.writer.transport.pause_reading()
        writing = asyncio.create_task(written(wire, "x" * 2**23))
        async with asyncio.timeout(5):
            while not ours.paused:  # noqa: ASYNC110 - the library tells nobody; this yields
                await asyncio.sleep(0)
        raw.text("still reads")
        assert await reading.until(2) == ["reads", "still reads"]
        assert not writing.done()
        raw.writer.transport.resume_reading()
        assert len((await raw.read()).payload) == 2**23
        await writing


# -- TLS --------------------------------------------------------------------------------------------------


@both_ways
async def test_over_tls_messages_go_both_ways_and_reading_can_be_handed_back(
    tmp_path: Path, direct: bool
) -> None:
    authority = Authority(tmp_path)
    offering, trusting = server_context(authority.issue("server")), client_context(authority)
    messages = ["a", "x" * 70000, "é"]

    async def echo(websocket: Connection) -> None:
        wire = wire_for(websocket, direct)
        reading = Reading(wire)
        await written(wire, *map(str, await reading.until(3)))
        await stop(reading)
        await websocket.send(await websocket.recv())

    async with serve_websockets(echo, "127.0.0.1", 0, ssl=offering, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        url = f"wss://127.0.0.1:{port}"
        async with connect_websocket(url, ssl=trusting, compression=None, proxy=None) as client:
            wire = wire_for(client, direct)
            reading = Reading(wire)
            await written(wire, *messages)
            assert await reading.until(3) == messages
            await stop(reading)
            await written(wire, "by hand")
            async with asyncio.timeout(5):
                assert await client.recv() == "by hand"
