"""What protocol.md promises to a legacy peer, both ways, against one that is written with nothing of ours."""

from __future__ import annotations

import ast
import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from slipstream import (
    ConnectionClosedError,
    ConnectionLostError,
    Limits,
    Protocol,
    ProtocolHandler,
    RemoteError,
    RequestTimeoutError,
    Server,
    StreamOverflowError,
    connect,
    describe,
    serve,
)
from slipstream.spelling import Spelling
from tests import legacy_peer
from tests.legacy_peer import Habits, LegacyError, LegacyPeer, legacy_client, legacy_server
from tests.proof.children import served
from tests.slipstream.support import Service, emptied, gather, soon

CREDIT = Limits().credit
MANY = 4 * CREDIT
SMALL = Limits(stream_buffer_bytes=64 * 1024, connection_buffer_bytes=256 * 1024)

UPPER = Spelling("upper", "_")

either_habit = pytest.mark.parametrize("heeds", [True, False], ids=["heeds stream_end", "ignores it"])


@asynccontextmanager
async def calling(
    *, limits: Limits | None = None, habits: Habits | None = None, spelling: Spelling | None = None
) -> AsyncIterator[tuple[Protocol, LegacyPeer]]:
    """The library as the client of a legacy server, which has not been heard of yet."""
    async with (
        legacy_server(habits=habits) as (url, peers),
        connect(url, limits=limits or Limits(), spelling=spelling) as protocol,
    ):
        yield protocol, peers[0]
        await emptied(protocol)


@asynccontextmanager
async def serving(
    *, service: ProtocolHandler | None = None, limits: Limits | None = None, habits: Habits | None = None
) -> AsyncIterator[tuple[Server, LegacyPeer]]:
    """The library as the server of a legacy client."""
    async with (
        serve(lambda: service or Service(), limits=limits or Limits()) as server,
        legacy_client(server.url, habits=habits) as peer,
    ):
        yield server, peer
        assert peer.killed_by is None
        await emptied(*server.protocols)


async def met(protocol: Protocol) -> None:
    """Hear the other side once, so that it is known what it is."""
    assert await protocol.request_response({"operation": "add", "a": 1, "b": 2}) == 3
    assert protocol.remote.modern is False


def types(peer: LegacyPeer) -> list[str]:
    return [frame["type"] for frame in peer.got]


def assert_a_legacy_peer_understands(peer: LegacyPeer) -> None:
    """Every frame that it got is of the types that it knows, and says nothing of `meta` but one hello."""
    assert peer.skipped == 0
    metas = [frame["meta"] for frame in peer.got if "meta" in frame]
    assert [list(meta) for meta in metas] == [["hello"]]
    assert "meta" in peer.got[0]
    assert not [frame for frame in peer.got if "slipstream." in json.dumps(frame["data"])]


# -- the peer itself -----------------------------------------------------------------------------------------


def test_the_legacy_peer_knows_nothing_of_the_library() -> None:
    tree = ast.parse(Path(legacy_peer.__file__).read_text())
    imported = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    imported |= {
        (node.module or "").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
    }
    assert not imported & {"slipstream", "inspector_app", "tests", "pydantic"}


async def test_two_legacy_peers_understand_each_other() -> None:
    async with legacy_server() as (url, _), legacy_client(url) as peer:
        assert await peer.request_response({"operation": "add", "a": 1, "b": 2}) == 3
        counted = await peer.request_stream({"operation": "count", "to": 3})
        assert [item async for item in counted] == [0, 1, 2]
        stream = await peer.stream_stream({"operation": "chat"})
        await stream.send("x")
        await stream.aclose()
        assert [item async for item in stream] == ["x"]


@pytest.mark.parametrize("hostile", ["[1]", "3", "null", b"\xff", "[" * 100_000, "9" * 5000], ids=range(6))
async def test_a_legacy_peer_dies_of_what_is_no_object(hostile: str | bytes) -> None:
    async with legacy_server() as (url, peers), legacy_client(url) as peer:
        assert await peer.request_response({"operation": "add", "a": 1, "b": 2}) == 3
        await peer.websocket.send(hostile)
        await peers[0].until(lambda: peers[0].killed_by)


@pytest.mark.parametrize("harmless", ["{", "{}", '{"type": "other"}', '{"type": ["x"], "requestId": 3}'])
async def test_a_legacy_peer_skips_a_bad_frame_without_a_word(harmless: str) -> None:
    async with legacy_server() as (url, peers), legacy_client(url) as peer:
        await peer.websocket.send(harmless)
        assert await peer.request_response({"operation": "add", "a": 1, "b": 2}) == 3
        assert (peers[0].skipped, len(peer.got)) == (1, 1)


async def test_a_legacy_peer_takes_a_null_for_the_end_of_a_stream() -> None:
    async with legacy_server() as (url, _), legacy_client(url) as peer:
        got = await peer.request_stream({"operation": "items", "items": [1, None, 2]})
        assert [item async for item in got] == [1]


async def test_a_legacy_peer_in_a_process_of_its_own_serves() -> None:
    async with served("tests.legacy_peer", "serve") as child, connect(child.url) as protocol:
        await met(protocol)
        counted = await protocol.request_stream({"operation": "count", "to": 3})
        assert [item async for item in counted] == [0, 1, 2]


# -- §3, §4: every kind of call ------------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", [None, UPPER], ids=["canonical", "upper case"])
async def test_the_library_calls_a_legacy_server_in_every_way(spelling: Spelling | None) -> None:
    habits = Habits(spell=str.upper if spelling else str)
    async with calling(habits=habits, spelling=spelling) as (protocol, peer):
        await met(protocol)
        counted = await protocol.request_stream({"operation": "count", "to": MANY})
        assert [item async for item in counted] == list(range(MANY))
        async with await protocol.stream_stream({"operation": "chat"}) as handle:
            await handle.send("é\ud83d")
            assert await handle.receive() == "é\ud83d"
        await protocol.fire_and_forget({"operation": "note", "value": 1})
        await peer.until(lambda: types(peer)[-1] == habits.spell("fire_and_forget"))
        assert_a_legacy_peer_understands(peer)


@pytest.mark.parametrize("spell", [str, str.upper], ids=["canonical", "upper case"])
async def test_a_legacy_client_calls_the_library_in_every_way(spell: Callable[[str], str]) -> None:
    service = Service()
    async with serving(service=service, habits=Habits(spell=spell)) as (_, peer):
        assert await peer.request_response({"operation": "add", "a": 1, "b": 2}) == 3
        got = await peer.request_stream({"operation": "items", "items": [1, "é\ud83d", {"a": None}]})
        assert [item async for item in got] == [1, "é\ud83d", {"a": None}]
        stream = await peer.stream_stream({"operation": "chat"})
        for number in range(MANY):
            await stream.send(number)
        await stream.aclose()
        assert [item async for item in stream] == list(range(MANY))
        await peer.fire_and_forget({"operation": "note", "value": 5})
        async with asyncio.timeout(5):
            assert await service.noted.get() == 5
        assert_a_legacy_peer_understands(peer)


async def test_the_library_as_a_server_calls_its_legacy_client() -> None:
    async with serving() as (server, peer):
        assert await peer.request_response({"operation": "add", "a": 1, "b": 2}) == 3
        (protocol,) = server.protocols
        await met(protocol)
        counted = await protocol.request_stream({"operation": "count", "to": 3})
        assert [item async for item in counted] == [0, 1, 2]
        assert_a_legacy_peer_understands(peer)


async def test_a_null_item_of_a_legacy_server_is_an_item() -> None:
    async with calling() as (protocol, _):
        got = await protocol.request_stream({"operation": "items", "items": [1, None, 2]})
        assert [item async for item in got] == [1, None, 2]


async def test_a_null_item_to_a_legacy_client_harms_no_other_call() -> None:
    async with serving() as (_, peer):
        got = await peer.request_stream({"operation": "items", "items": [1, None, 2]})
        assert [item async for item in got] == [1]  # its own defect
        assert await peer.request_response({"operation": "add", "a": 1, "b": 2}) == 3


# -- §8: nothing that it could choke on, before the hello and without one ------------------------------------


async def test_a_stream_given_up_before_anything_came_is_told_by_stream_end_alone() -> None:
    async with calling() as (protocol, peer):
        stream = await protocol.request_stream({"operation": "silence"})
        await stream.aclose()
        handle = await protocol.stream_stream({"operation": "chat"})
        await handle.abort()
        await met(protocol)
        assert types(peer) == [
            "stream_request",
            "stream_end",
            "stream_stream_request",
            "stream_end",
            "request",
        ]
        assert_a_legacy_peer_understands(peer)


async def test_a_request_given_up_is_told_by_nothing_before_and_after_it_is_known() -> None:
    async with calling() as (protocol, peer):
        for _ in range(2):
            with pytest.raises(RequestTimeoutError):
                await protocol.request_response({"operation": "hang", "delay": 0.1}, timeout=0.02)
            await met(protocol)  # what hangs there has been answered late, and ignored here
        assert types(peer) == ["request"] * 4
        assert_a_legacy_peer_understands(peer)


@either_habit
async def test_a_stream_given_up_ends_at_a_legacy_server_or_is_ignored_here(heeds: bool) -> None:
    async with calling(habits=Habits(heeds_stream_end=heeds)) as (protocol, peer):
        many = {"operation": "count", "to": 2000}
        async with await protocol.request_stream(many) as numbers:
            assert [await anext(numbers) for _ in range(3)] == [0, 1, 2]
        await peer.until(lambda: "stream_end" in types(peer))
        assert len(peer.running) == 1
        async with asyncio.timeout(5):
            ended = await asyncio.gather(*peer.running.values(), return_exceptions=True)
        assert [isinstance(how, asyncio.CancelledError) for how in ended] == [heeds]
        await met(protocol)
        assert types(peer) == ["stream_request", "stream_end", "request"]


async def test_a_conversation_given_up_after_its_half_has_ended_is_told_no_second_time() -> None:
    async with calling() as (protocol, peer):
        await met(protocol)
        handle = await protocol.stream_stream({"operation": "chat"})
        await handle.aclose()
        await handle.abort()
        await met(protocol)
        assert types(peer) == ["request", "stream_stream_request", "stream_end", "request"]


async def test_a_deadline_is_not_told_to_a_legacy_peer() -> None:
    async with calling() as (protocol, peer):
        await met(protocol)
        await protocol.request_response({"operation": "add", "a": 1, "b": 2}, timeout=7)
        assert_a_legacy_peer_understands(peer)


async def test_a_consumer_that_walks_away_without_a_word_is_noticed_when_its_connection_ends() -> None:
    service = Service()
    async with serving(service=service) as (_, peer):
        numbers = await peer.request_stream({"operation": "pausing", "items": [0]})
        assert await anext(numbers) == 0
        assert not service.stopped.is_set()
        await peer.websocket.close()
        await soon(service.stopped)


# -- §7: bad input, errors -----------------------------------------------------------------------------------


async def test_no_answer_to_bad_input_kills_a_legacy_peer() -> None:
    async with serving() as (_, peer):
        for hostile in (
            "[1]",
            "3",
            "null",
            "NaN",
            b"\xff",
            "[" * 1000,
            "9" * 5000,
            "{}",
            '{"type": "request"}',
        ):
            await peer.websocket.send(hostile)
        await peer.send("stream_data", ("nobody", 7), 1)
        await peer.send("request", (peer.peer_id, 100), "no object")
        await peer.send("request", (peer.peer_id, 101), {"operation": "no such"})
        await peer.send("stream_request", (peer.peer_id, 102), {"operation": "add"})
        await peer.send("stream_stream_request", (peer.peer_id, 103), {"operation": "items", "items": []})
        await peer.until(lambda: len(peer.got) == 4)
        codes = {frame["requestId"][1]: frame["data"]["code"] for frame in peer.got}
        assert codes == {100: "invalid_request", 101: "not_found", 102: "wrong_kind", 103: "wrong_kind"}
        assert_a_legacy_peer_understands(peer)


async def test_a_legacy_client_gets_the_text_of_an_error() -> None:
    async with serving() as (_, peer):
        with pytest.raises(LegacyError) as caught:
            await peer.request_response({"operation": "fail"})
        assert caught.value.args == ({"error": "no luck", "code": "application"},)
        got = await peer.request_stream({"operation": "items", "items": [1], "error": "broke"})
        assert [item async for item in got] == [1]  # its own defect: an error looks like the end
        assert peer.got[-1]["data"] == {"error": "broke", "code": "application"}


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("plain", "plain"),
        ({"error": "text"}, "text"),
        ({"message": "text", "code": "E1"}, "text"),
        ({"detail": "text"}, "text"),
        ([1, "x"], '[1,"x"]'),
        (None, "null"),
    ],
)
async def test_an_error_of_any_shape_is_read(told: Any, message: str) -> None:
    async with calling() as (protocol, _):
        with pytest.raises(RemoteError) as caught:
            await protocol.request_response({"operation": "fail", "error": told})
        assert (caught.value.message, caught.value.code) == (message, "application")
        got: list[Any] = []
        with pytest.raises(RemoteError):
            await gather(
                await protocol.request_stream({"operation": "items", "items": [1], "error": told}), got
            )
        assert got == [1]


# -- §9: no credit, bytes instead ----------------------------------------------------------------------------


async def test_neither_side_of_a_conversation_waits_for_credit() -> None:
    async with calling() as (protocol, peer):
        await met(protocol)
        handle = await protocol.stream_stream({"operation": "pour", "to": MANY})
        for number in range(MANY):
            await handle.send(number)
        await handle.aclose()
        assert [item async for item in handle] == [*range(MANY), MANY]
        assert_a_legacy_peer_understands(peer)


async def test_a_handler_sends_to_a_legacy_client_without_credit() -> None:
    async with serving() as (_, peer):
        got = await peer.request_stream({"operation": "items", "items": list(range(MANY))})
        await peer.until(lambda: types(peer)[-1:] == ["stream_end"])  # all has come, nothing was consumed
        assert [item async for item in got] == list(range(MANY))
        assert_a_legacy_peer_understands(peer)


@either_habit
async def test_a_stream_that_is_not_consumed_overflows_and_its_neighbours_live(heeds: bool) -> None:
    habits = Habits(heeds_stream_end=heeds)
    async with calling(limits=SMALL, habits=habits) as (protocol, peer):
        await met(protocol)
        chat = await protocol.stream_stream({"operation": "chat"})
        unread = await protocol.request_stream({"operation": "count", "padding": 1000, "to": 500})
        await peer.until(lambda: "stream_end" in types(peer))
        await chat.send("still here")
        assert await chat.receive() == "still here"
        await met(protocol)
        got: list[Any] = []
        with pytest.raises(StreamOverflowError):
            await gather(unread, got)
        assert [number for number, _ in got] == list(range(len(got)))
        assert 50 <= len(got) <= 64
        await chat.aclose()
        assert [item async for item in chat] == []
        assert_a_legacy_peer_understands(peer)


async def test_all_streams_together_are_bounded_too() -> None:
    async with calling(limits=SMALL) as (protocol, peer):
        await met(protocol)
        unread = []
        for _ in range(10):  # one after the other, so that the first ones have room
            data = {"operation": "count", "padding": 1000, "to": 50}
            unread.append(await protocol.request_stream(data))
            await met(protocol)
            await peer.until(lambda: not peer.running)
            await met(protocol)
        whole, overflown = 0, 0
        for stream in unread:
            got: list[Any] = []
            try:
                await gather(stream, got)
                whole += 1
                assert len(got) == 50
            except StreamOverflowError:
                overflown += 1
            assert [number for number, _ in got] == list(range(len(got)))
        assert (whole + overflown, whole) == (10, 4)


async def test_a_handler_that_does_not_read_overflows_and_its_client_hears_of_it() -> None:
    service = Service()
    async with serving(service=service, limits=SMALL) as (_, peer):
        stream = await peer.stream_stream({"operation": "mute"})
        neighbour = await peer.stream_stream({"operation": "chat"})
        for number in range(100):
            await stream.send([number, "x" * 1000])
        await peer.until(lambda: "error" in types(peer))
        assert peer.got[-1]["data"]["code"] == "overflow"
        await soon(service.stopped)
        await neighbour.send("still here")
        await neighbour.aclose()
        assert [item async for item in neighbour] == ["still here"]


# -- §10: describe -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answers", [True, False], ids=["with an error", "with silence"])
async def test_a_legacy_server_does_not_say_what_it_offers(answers: bool) -> None:
    limits = Limits(describe_timeout_s=0.1)
    async with calling(limits=limits, habits=Habits(answers_unknown=answers)) as (protocol, _):
        assert await describe(protocol) is None
        await met(protocol)


async def test_a_legacy_client_may_ask_what_the_library_offers() -> None:
    async with serving() as (_, peer):
        told = await peer.request_response({"operation": "slipstream.describe"})
        assert "add" in [operation["name"] for operation in told["operations"]]


# -- §6: how a connection ends -------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [1000, 1001])
async def test_a_legacy_server_that_leaves_normally_ends_everything_as_closed(code: int) -> None:
    async with calling() as (protocol, _):
        unread = await protocol.request_stream({"operation": "items", "items": [1, 2]})
        hanging = await protocol.stream_stream({"operation": "chat"})
        await hanging.send("x")
        assert await hanging.receive() == "x"  # so what was asked before it has come too
        with pytest.raises(ConnectionClosedError) as caught:
            await protocol.request_response({"operation": "leave", "code": code, "reason": "bye"})
        assert (type(caught.value), caught.value.code, caught.value.reason) == (
            ConnectionClosedError,
            code,
            "bye",
        )
        assert [item async for item in unread] == [1, 2]
        with pytest.raises(ConnectionClosedError):
            await hanging.receive()


async def test_a_legacy_server_that_is_lost_ends_everything_as_lost() -> None:
    async with calling() as (protocol, peer):
        await met(protocol)
        hanging = await protocol.stream_stream({"operation": "chat"})
        peer.websocket.transport.abort()
        with pytest.raises(ConnectionLostError):
            await hanging.receive()


async def test_a_legacy_client_whose_server_shuts_down_gets_a_normal_close() -> None:
    async with serve(Service) as server, legacy_client(server.url) as peer:
        stream = await peer.stream_stream({"operation": "chat"})
        await stream.send(1)
        await peer.until(lambda: peer.got)
        (protocol,) = server.protocols
        await protocol.aclose(1001, "bye")
        assert [item async for item in stream] == [1]
        assert (peer.websocket.close_code, peer.killed_by) == (1001, None)
