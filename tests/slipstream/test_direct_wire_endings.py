"""Reading directly and by what is documented ends the same way, in both roles."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK

from slipstream.direct_wire import wire_of
from tests.slipstream.raw_socket import CLOSE, CONT, PING, TEXT, RawSocket, raw_connection
from tests.slipstream.reading import (
    Reading,
    both_roles,
    both_ways,
    closed,
    wire_for,
)


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


BREACHES: dict[str, tuple[int, Callable[[RawSocket], bytes]]] = {
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
        raw.send(raw.frame(TEXT, "", fin=False), raw.frame(CONT, "", fin=False) * 4100)
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


@both_ways
@both_roles
async def test_reading_a_connection_that_has_ended_says_how(as_server: bool, direct: bool) -> None:
    async with raw_connection(as_server=as_server) as (ours, raw):
        wire = wire_for(ours, direct)
        raw.send(raw.frame(TEXT, "last"), raw.frame(CLOSE, (1001).to_bytes(2, "big")))
        assert await raw.close_code() == 1001
        raw.writer.close()
        await ours.wait_closed()
        reading = Reading(wire)
        assert await closed(reading) == (ConnectionClosedOK, 1001)
        assert reading.messages == ["last"]


@both_ways
@both_roles
async def test_a_peer_that_takes_no_part_in_closing_is_left_behind(as_server: bool, direct: bool) -> None:
    async with raw_connection(as_server=as_server, close_timeout=0.05) as (ours, raw):
        reading = Reading(wire_for(ours, direct))
        raw.send(raw.frame(TEXT, b"\xff"))
        assert await raw.close_code() == 1007
        assert await closed(reading) == (ConnectionClosedError, 1007)


@both_ways
@pytest.mark.parametrize(("more", "comes"), [(4095, True), (4096, False)])
async def test_a_message_has_so_many_fragments_and_not_one_more(more: int, comes: bool, direct: bool) -> None:
    async with raw_connection(as_server=False) as (ours, raw):
        reading = Reading(wire_for(ours, direct))
        raw.send(raw.frame(TEXT, "x", fin=False), raw.frame(CONT, "", fin=False) * (more - 1))
        raw.send(raw.frame(CONT, "y"))
        if comes:
            assert await reading.until(1) == ["xy"]
        else:
            assert await raw.close_code() == 1009
