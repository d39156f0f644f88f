"""What a connection does at its limits, over real sockets and frame by frame (§7 to §9, §11)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.protocol import State

from slipstream import (
    ConnectionLostError,
    ExchangeKind,
    Finding,
    Limits,
    Protocol,
    RemoteError,
    RequestTimeoutError,
    StreamClosedError,
)
from slipstream.testing import listening, peers, websocket_pair
from tests.slipstream.raw_socket import TEXT, RawSocket, raw_connection
from tests.slipstream.reading import both_roles, both_ways
from tests.slipstream.support import Observer, Service, emptied, leftovers, soon
from tests.slipstream.wire import HELLO, PEER, call, text


@asynccontextmanager
async def against_raw(
    limits: Limits, *, as_server: bool = True, direct: bool = True, handler: object = None, **options: Any
) -> AsyncIterator[tuple[Protocol, RawSocket, asyncio.Task[None], Observer]]:
    """A protocol that listens, and the hand-written end of its connection."""
    async with raw_connection(as_server=as_server, **options) as (websocket, raw):
        observer = Observer()
        protocol = Protocol(websocket, handler=handler, limits=limits, taps=[observer], direct=direct)
        listening = asyncio.create_task(protocol.listen())
        await asyncio.sleep(0)
        yield protocol, raw, listening, observer
        raw.writer.close()
        async with asyncio.timeout(5):
            await asyncio.gather(listening, return_exceptions=True)


async def frame_from(raw: RawSocket) -> dict[str, Any]:
    seen = await raw.read()
    assert seen.opcode == TEXT
    frame = json.loads(seen.payload)
    assert isinstance(frame, dict)
    return frame


# -- floods and strictness --------------------------------------------------------------------------------

VIOLATIONS = {
    "a flood": (
        4429,
        "4 bad frames came within 60 s",
        Limits(bad_frames=4, bad_frames_window_s=60),
        ["{}"] * 9,
    ),
    "a bad frame, strictly": (4400, "strict: a bad frame came", Limits(strict=True), ["[1]", "[1]"]),
    "a collision of peer IDs, strictly": (
        4409,
        "strict: both sides have the same peer ID",
        Limits(strict=True),
        [text("request", 0, call("add"), opener="same", peerID="same")],
    ),
}


@both_ways
@both_roles
@pytest.mark.parametrize("violation", VIOLATIONS)
async def test_one_who_goes_too_far_is_told_the_code_and_everyone_who_waits_the_loss(
    violation: str, as_server: bool, direct: bool
) -> None:
    code, reason, limits, messages = VIOLATIONS[violation]
    async with raw_connection(as_server=as_server) as (websocket, raw):
        observer = Observer()
        protocol = Protocol(websocket, peer_id="same", limits=limits, taps=[observer], direct=direct)
        listening = asyncio.create_task(protocol.listen())
        waiting = asyncio.create_task(protocol.request_response({"operation": "x"}))
        await frame_from(raw)
        raw.text(*messages)
        assert await raw.close_code() == code
        raw.writer.close()
        for task in (waiting, listening):
            with pytest.raises(ConnectionLostError) as caught:
                await task
            assert (caught.value.code, caught.value.reason) == (code, reason)
        assert leftovers(protocol) == {}
        assert protocol.stats().frames_in <= len(messages)
        assert protocol._closing is not None
        await protocol._closing


async def test_what_comes_after_a_violation_is_not_looked_at() -> None:
    limits = Limits(bad_frames=2)
    async with against_raw(limits, handler=Service()) as (protocol, raw, _, observer):
        raw.text("[]", "[]", text("request", 0, call("add", a=1)), "[]")
        assert await raw.close_code() == 4429
        assert (protocol.stats().frames_in, protocol.stats().bad_frames) == (2, 2)
        assert len(observer.transitions) == 2


# -- pings ------------------------------------------------------------------------------------------------


@both_ways
@both_roles
async def test_a_peer_that_does_not_answer_a_ping_is_lost(as_server: bool, direct: bool) -> None:
    ping = {"ping_interval": 0.02, "ping_timeout": 0.02}
    async with against_raw(Limits(), as_server=as_server, direct=direct, **ping) as (
        _,
        _,
        listening,
        observer,
    ):
        with pytest.raises(ConnectionLostError, match="did not answer a ping"):
            await listening
        assert observer.transitions[-1].code == 1006


# -- times of callers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["request", "stream_request", "stream_stream_request"])
async def test_a_handler_is_stopped_when_its_caller_no_longer_waits(word: str) -> None:
    service = Service()
    operation = {"request": "hang", "stream_request": "pausing", "stream_stream_request": "chat"}[word]
    async with against_raw(Limits(), handler=service) as (protocol, raw, _, _):
        meta = {"hello": HELLO, "timeout": 0.03}
        raw.text(text(word, 0, call(operation, items=[]), meta=meta))
        await soon(service.started)
        error = await frame_from(raw)
        assert (error["type"], error["data"]["code"]) == ("error", "deadline_exceeded")
        await soon(service.stopped)
        await emptied(protocol)


async def test_the_timeout_of_a_call_stops_the_handler_on_the_other_side() -> None:
    service, seen = Service(), Observer()
    async with peers(None, service, right_taps=[seen]) as (left, right):
        await left.request_response({"operation": "add", "a": 1})
        with pytest.raises(RequestTimeoutError):
            await left.request_response({"operation": "hang"}, timeout=0.03)
        await soon(service.stopped)
        await emptied(left, right)
        calls = [json.loads(message) for message in seen.messages("in")]
        assert calls[1]["meta"] == {"timeout": 0.03}
    assert seen.findings == []


# -- credit, frame by frame -------------------------------------------------------------------------------


def credit(number: int, limit: object, opener: str) -> str:
    return text("fire_and_forget", data=call("slipstream.credit", requestId=[opener, number], limit=limit))


async def items_until_quiet(raw: RawSocket) -> list[Any]:
    """The items that come before the answer to a call made now."""
    items: list[Any] = []
    raw.text(text("request", 900 + next(CALLS), call("add", a=1)))
    while (frame := await frame_from(raw))["type"] != "response":
        items.append(frame["data"])
    return items


CALLS = iter(range(10**6))


async def test_a_server_stream_waits_for_credit_and_goes_on_as_far_as_it_lets_it() -> None:
    async with against_raw(Limits(), handler=Service()) as (protocol, raw, _, _):
        hello = {"hello": {**HELLO, "credit": 2}}
        raw.text(text("stream_request", 0, call("endless"), meta=hello))
        await waits_for_credit(protocol)
        assert await items_until_quiet(raw) == [0, 1]
        raw.text(credit(0, 5, PEER))
        await waits_for_credit(protocol)
        assert await items_until_quiet(raw) == [2, 3, 4]
        raw.text(credit(0, True, PEER), credit(0, 3, PEER))
        assert await items_until_quiet(raw) == []
        assert protocol.stats().findings == 1


async def waits_for_credit(protocol: Protocol) -> None:
    async with asyncio.timeout(5):
        while not protocol.stats().streams_waiting_for_credit:  # noqa: ASYNC110 - it has no event; this yields
            await asyncio.sleep(0)


async def test_items_over_the_credit_are_found_and_given_all_the_same() -> None:
    async with against_raw(Limits(credit=2)) as (protocol, raw, _, observer):
        stream = await protocol.request_stream({"operation": "x"})
        request_id = (await frame_from(raw))["requestId"]
        opener, number = request_id
        raw.text(text("stream_data", number, 0, opener=opener, meta={"hello": HELLO}))
        raw.text(*(text("stream_data", number, item, opener=opener) for item in (1, 2, 3)))
        raw.text(text("stream_end", number, opener=opener))
        await observer.until(lambda: len(observer.messages("in")) == 5)
        assert [item async for item in stream] == [0, 1, 2, 3]
        assert [finding.rule for finding in observer.findings] == ["credit_exceeded"] * 2


async def test_consumed_items_are_let_through_anew() -> None:
    async with against_raw(Limits(credit=4)) as (protocol, raw, _, _):
        stream = await protocol.request_stream({"operation": "x"})
        opener, number = (await frame_from(raw))["requestId"]
        raw.text(text("stream_data", number, 0, opener=opener, meta={"hello": HELLO}))
        raw.text(*(text("stream_data", number, item, opener=opener) for item in (1, 2, 3)))
        assert [await anext(stream) for _ in range(4)] == [0, 1, 2, 3]
        for limit in (6, 8):
            given = await frame_from(raw)
            assert given["data"] == call("slipstream.credit", requestId=[opener, number], limit=limit)


# -- by request ID, and in numbers ------------------------------------------------------------------------


async def test_the_buffer_of_an_exchange_that_has_ended_says_so() -> None:
    async with peers(None, Service()) as (left, _):
        with pytest.raises(StreamClosedError, match="The stream has ended"):
            await left.inlet(("nobody", 0)).next()
    with pytest.raises(ConnectionError):
        await left.inlet(("nobody", 0)).next()


async def test_an_item_and_an_end_after_the_end_of_the_connection_say_how_it_ended() -> None:
    async with peers(None, Service()) as (left, _):
        request_id = left.open_exchange(ExchangeKind.BIDIRECTIONAL, {"operation": "mute"})
    for late in (left.send_item(request_id, 1), left.end_half(request_id)):
        with pytest.raises(ConnectionError, match="WebSocket is closed"):
            await late


async def test_everything_is_counted() -> None:
    service = Service()
    async with peers(Service(), service) as (left, right):
        await left.request_response({"operation": "add", "a": 1})
        with pytest.raises(RemoteError):
            await left.request_response({"operation": "none"})
        stream = await left.request_stream({"operation": "pausing", "items": [1]})
        await soon(service.started)
        await right.request_response({"operation": "add", "a": 1})
        here, there = left.stats(), right.stats()
        assert (here.frames_in, here.frames_out) == (there.frames_out, there.frames_in)
        assert (here.bytes_in, here.bytes_out) == (there.bytes_out, there.bytes_in)
        assert (here.opened_here, here.opened_there) == (there.opened_there, there.opened_here) == (3, 1)
        assert (here.in_flight_here, here.in_flight_there, there.in_flight_there) == (1, 0, 1)
        assert (here.handlers_running, there.handlers_running) == (0, 1)
        assert here.buffered_bytes > 0
        assert (here.state.name, here.bad_frames, here.findings, here.tap_failures) == ("CONNECTED", 0, 0, 0)
        await stream.aclose()
        await emptied(left, right)
        assert left.stats().buffered_bytes == 0
    assert left.stats().state.name == "CLOSED"


# -- room -------------------------------------------------------------------------------------------------

LONG = "x" * 40_000


async def test_calls_that_send_wait_for_room_and_are_told_when_there_will_be_none() -> None:
    async with peers(None, Service(), limits=Limits(close_timeout_s=0.05), capacity=0) as (left, _):
        request_id = left.open_exchange(ExchangeKind.BIDIRECTIONAL, {"operation": "mute"})
        await left.fire_and_forget({"operation": "note", "value": LONG})
        sending = [
            asyncio.create_task(coroutine)
            for coroutine in (
                left.send_item(request_id, LONG),
                left.fire_and_forget({"operation": "note", "value": LONG}),
                left.request_stream({"operation": "items", "items": []}),
                left.end_half(request_id),
                left.abort(request_id, "application", "enough"),
            )
        ]
        for _ in range(5):
            await asyncio.sleep(0)
        stuck = [task for task in sending if not task.done()]
        await left.aclose()
        told = await asyncio.gather(*stuck, return_exceptions=True)
        assert stuck
        assert all(isinstance(error, ConnectionError) for error in told)


@pytest.mark.parametrize("what", ["item", "notice"])
async def test_what_is_sent_while_there_is_no_room_waits_unwritten_until_there_is(what: str) -> None:
    one, other = websocket_pair(capacity=1)
    protocol = Protocol(one)
    listening = asyncio.create_task(protocol.listen())
    await asyncio.sleep(0)
    request_id = protocol.open_exchange(ExchangeKind.BIDIRECTIONAL, {"operation": "x"})
    filling = asyncio.create_task(protocol.send_item(request_id, "x" * 100_000))
    await asyncio.sleep(0)
    unwritten = protocol.stats().unwritten_bytes
    assert not protocol._outbox.has_room
    sending = asyncio.create_task(
        protocol.send_item(request_id, "last")
        if what == "item"
        else protocol.fire_and_forget({"operation": "last"})
    )
    await asyncio.sleep(0)
    assert protocol.stats().unwritten_bytes == unwritten
    kinds = [json.loads(await other.recv())["type"] for _ in range(3)]
    assert kinds[:2] == ["stream_stream_request", "stream_data"]
    assert kinds[2] == ("stream_data" if what == "item" else "fire_and_forget")
    await asyncio.gather(filling, sending)
    await asyncio.gather(protocol.aclose(), other.close())
    await asyncio.wait([listening])


# -- ends that cross --------------------------------------------------------------------------------------


async def test_a_connection_that_an_observer_has_ended_is_not_closed_for_a_violation_too() -> None:
    class Ender(Observer):
        def finding(self, finding: Finding, time_ns: int) -> None:
            protocol.abandon(request_id)

    one, other = websocket_pair()
    protocol = Protocol(one, limits=Limits(strict=True, outbox_bytes=0), taps=[Ender()])
    listening = asyncio.create_task(protocol.listen())
    await asyncio.sleep(0)
    request_id = protocol.open_exchange(ExchangeKind.SERVER_STREAM, {"operation": "x"})
    await other.recv()
    await other.send("[]")
    with pytest.raises(ConnectionLostError, match="the peer does not read"):
        await listening
    assert protocol._closing is None


async def test_a_socket_that_was_closed_already_is_not_cut_when_writing_fails() -> None:
    class Dead:
        """A socket that is closed by the time it is written to, and does not say so to who reads."""

        state = State.OPEN
        cuts = 0

        def __init__(self) -> None:
            self.transport = self

        def abort(self) -> None:
            self.cuts += 1

        async def recv(self) -> str:
            await asyncio.Event().wait()
            return ""

        async def send(self, message: str) -> None:
            self.state = State.CLOSED
            raise OSError("gone")

    websocket = Dead()
    protocol = Protocol(websocket)
    listening = asyncio.create_task(protocol.listen())
    await asyncio.sleep(0)
    await protocol.fire_and_forget(call("x"))
    with pytest.raises(ConnectionLostError, match="gone"):
        await protocol._outbox.flushed()
    assert websocket.cuts == 0
    listening.cancel()
    await asyncio.wait([listening])


# -- idle streams -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["request_stream", "stream_stream"])
async def test_a_stream_that_brings_nothing_for_its_idle_time_is_given_up(kind: str) -> None:
    service = Service()
    async with peers(None, service) as (left, right):
        await left.request_response({"operation": "add", "a": 1})
        operation: dict[str, Any] = {
            "operation": "pausing" if kind == "request_stream" else "mute",
            "items": [],
        }
        stream = await getattr(left, kind)(operation, idle_timeout=0.02)
        with pytest.raises(RequestTimeoutError, match=r"No item came for 0\.02 s"):
            await anext(stream)
        await soon(service.stopped)
        await emptied(left, right)
        left._idle_out(stream.request_id, 0.02)
        assert leftovers(left) == {}


async def test_what_is_sent_while_nobody_reads_waits_before_it_is_queued_and_keeps_its_order() -> None:
    one, other = websocket_pair(capacity=1)
    async with listening(Protocol(one)) as protocol:
        handle = await protocol.stream_stream({"operation": "chat"})
        large = "x" * 100_000
        first = asyncio.create_task(protocol.fire_and_forget({"operation": "first", "text": large}))
        second = asyncio.create_task(protocol.fire_and_forget({"operation": "second"}))
        third = asyncio.create_task(handle.send("third"))
        done, _ = await asyncio.wait([first, second, third], timeout=0)
        assert not done
        assert protocol.stats().unwritten_bytes < 2 * len(large)
        frames = [json.loads(await other.recv())["data"] for _ in range(4)]
        await asyncio.gather(first, second, third)
    assert [frame if isinstance(frame, str) else frame["operation"] for frame in frames] == [
        "chat",
        "first",
        "second",
        "third",
    ]


async def test_nothing_is_sent_at_once_where_it_would_have_to_wait() -> None:
    near, _ = websocket_pair(capacity=1)
    protocol = Protocol(near)
    assert not protocol.send_item_at_once(("me", 0), "not connected")
    async with listening(protocol):
        handle = await protocol.stream_stream({"operation": "chat"})
        assert protocol.send_item_at_once(handle.request_id, "x" * 100_000)
        assert not protocol.send_item_at_once(handle.request_id, "there is no room")
        exchange = protocol.exchange(handle.request_id)
        assert exchange is not None
        assert exchange.items_out == 1


async def test_nothing_is_sent_at_once_without_credit() -> None:
    async with peers(None, Service(), right_limits=Limits(credit=1)) as (left, _):
        await left.request_response({"operation": "add", "a": 1})  # the other side has said its hello
        handle = await left.stream_stream({"operation": "mute"})
        sent = [left.send_item_at_once(handle.request_id, number) for number in range(2)]
    assert sent == [True, False]
