"""Waiting on streams: for items, for too long, for credit; and what is told of items consumed (§9)."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from slipstream import (
    BiStreamHandle,
    ConnectionClosedError,
    Limits,
    Outcome,
    ProtocolHandler,
    RemoteError,
    RequestTimeoutError,
    StreamClosedError,
    stream_stream,
)
from slipstream.streams import _ITEMS_A_TURN, Budget, Inlet
from slipstream.testing import peers
from tests.slipstream.support import PATIENCE_S, Observer, Service, emptied, gather, soon


def inlet(**more: Any) -> Inlet:
    return Inlet(10_000, Budget(10_000), **more)


# -- the buffer -------------------------------------------------------------------------------------------


async def test_a_full_buffer_lets_other_tasks_run_between_its_items() -> None:
    buffer, turns = inlet(), list[int]()
    for number in range(3 * _ITEMS_A_TURN):
        buffer.offer(number, 1)

    async def other() -> None:
        while True:
            turns.append(buffer._consumed)
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    assert [await buffer.next() for _ in range(3 * _ITEMS_A_TURN)] == list(range(3 * _ITEMS_A_TURN))
    beside.cancel()
    assert turns == [0, _ITEMS_A_TURN, 2 * _ITEMS_A_TURN]


async def test_an_item_that_another_reader_took_meanwhile_is_waited_for_again() -> None:
    buffer = inlet()
    buffer.offer("only", 1)
    first, second = asyncio.create_task(buffer.next()), asyncio.create_task(buffer.next())
    assert await first == "only"
    await asyncio.sleep(0)
    assert not second.done()
    buffer.offer("next", 1)
    assert await second == "next"


async def test_a_reader_that_is_cancelled_while_others_have_their_turn_takes_no_item_with_it() -> None:
    buffer = inlet()
    buffer.offer("only", 1)
    first, second = asyncio.create_task(buffer.next()), asyncio.create_task(buffer.next())
    await asyncio.sleep(0)
    first.cancel()
    async with asyncio.timeout(5):
        assert await second == "only"


async def test_the_first_error_after_a_normal_end_is_kept_for_whoever_sends() -> None:
    buffer = inlet()
    buffer.finish()
    first = ConnectionClosedError(1000)
    for error in (first, ConnectionClosedError(1001), None):
        buffer.finish(error)
    assert buffer.error is first
    with pytest.raises(StopAsyncIteration):
        await buffer.next()


def test_what_comes_after_the_ending_is_taken_and_dropped() -> None:
    buffer = inlet()
    buffer.finish()
    assert buffer.offer("late", 10**9)


# -- telling what was consumed ----------------------------------------------------------------------------


async def test_what_was_consumed_is_told_when_it_was_asked_for_and_then_when_it_is_wanted_again() -> None:
    told: list[int] = []
    wanted = iter([5, 6, 100])

    def consumed(items: int) -> int:
        told.append(items)
        return next(wanted)

    buffer = inlet(consumed=consumed, tell_after=2)
    for number in range(8):
        buffer.offer(number, 1)
    for _ in range(8):
        await buffer.next()
    assert told == [2, 5, 6]


def test_items_that_nobody_will_read_count_as_consumed() -> None:
    told: list[int] = []

    def consumed(items: int) -> int:
        told.append(items)
        return items + 2

    buffer = inlet(consumed=consumed, tell_after=2)
    buffer.discard()
    assert all(buffer.offer(number, 10**9) for number in range(5))
    assert told == [2, 4]


def test_items_that_are_borne_with_patience_are_not_told() -> None:
    def untold(items: int) -> int:
        raise AssertionError(items)

    buffer = inlet(consumed=untold, tell_after=1)
    buffer.discard(patience_items=3)
    assert [buffer.offer(number, 1) for number in range(3)] == [True, True, False]


# -- waiting too long for an item -------------------------------------------------------------------------


async def test_a_reader_that_waits_too_long_has_its_stream_ended() -> None:
    buffer = inlet()
    buffer.give_up_after(0.01, lambda: buffer.finish(RequestTimeoutError("idle")))
    buffer.offer("first", 1)
    assert await buffer.next() == "first"
    with pytest.raises(RequestTimeoutError, match="idle"):
        await buffer.next()


async def test_a_reader_that_does_not_wait_has_no_time_to_keep() -> None:
    acted: list[str] = []
    buffer = inlet()
    buffer.give_up_after(0, lambda: acted.append("gave up"))
    buffer.offer("first", 1)
    await asyncio.sleep(0.01)
    assert await buffer.next() == "first"
    assert acted == []


async def test_each_wait_for_an_item_has_its_own_time() -> None:
    buffer = inlet()
    buffer.give_up_after(60, lambda: None)
    loop = asyncio.get_running_loop()
    for number in range(3):
        waiting = asyncio.create_task(buffer.next())
        await asyncio.sleep(0)
        buffer.offer(number, 1)
        assert await waiting == number
    pending = [handle for handle in loop._scheduled if not handle.cancelled()]  # type: ignore[attr-defined]
    assert [handle for handle in pending if handle.when() > loop.time() + 30] == []


@pytest.mark.parametrize("kind", ["request_stream", "stream_stream"])
@pytest.mark.parametrize("where", ["call", "limits"])
async def test_a_stream_without_items_for_too_long_is_given_up(kind: str, where: str) -> None:
    observer, service = Observer(), Service()
    limits = Limits(idle_timeout_s=0.02 if where == "limits" else 60)
    more: dict[str, Any] = {"idle_timeout": 0.02} if where == "call" else {}
    async with peers(None, service, limits=limits, left_taps=[observer]) as (left, right):
        await left.request_response({"operation": "add", "a": 1})
        operation = {"operation": "pausing" if kind == "request_stream" else "mute", "items": [1]}
        stream = await getattr(left, kind)(operation, **more)
        if kind == "request_stream":
            assert await anext(stream) == 1
        with pytest.raises(RequestTimeoutError, match=r"No item came for 0\.02 s"):
            await anext(stream)
        await soon(service.stopped)
        await emptied(left, right)
    assert [outcome for outcome, _ in observer.settlings] == [Outcome.TIMEOUT]


async def test_no_idle_time_can_be_asked_for_where_the_connection_has_one() -> None:
    service = Service()
    async with peers(None, service, limits=Limits(idle_timeout_s=0.01)) as (left, _):
        stream = await left.request_stream({"operation": "pausing", "items": []}, idle_timeout=None)
        waiting = asyncio.create_task(anext(stream))
        await asyncio.wait([waiting], timeout=0.05)
        assert not waiting.done()
        service.release.set()
        with pytest.raises(StopAsyncIteration):
            await waiting


async def test_an_idle_time_that_passes_as_the_stream_ends_changes_nothing() -> None:
    observer = Observer()
    async with peers(None, Service(), left_taps=[observer]) as (left, right):
        stream = await left.request_stream({"operation": "items", "items": []}, idle_timeout=60)
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
        await emptied(left, right)
        left._idle_out(stream.request_id, 60)
    assert observer.settlings == []


@pytest.mark.parametrize("kind", ["request_stream", "stream_stream"])
async def test_a_stream_ends_at_its_timeout_however_it_goes(kind: str) -> None:
    service = Service()
    async with peers(None, service) as (left, right):
        await left.request_response({"operation": "add", "a": 1})
        operation = {"operation": "endless" if kind == "request_stream" else "mute"}
        stream = await getattr(left, kind)(operation, timeout=0.03)
        with pytest.raises(RequestTimeoutError, match="came within the deadline"):
            await gather(stream, [])
        await soon(service.stopped)
        await emptied(left, right)


# -- waiting for credit -----------------------------------------------------------------------------------

ONE = Limits(credit=1)


class Slow(ProtocolHandler):
    """Reads nothing of a stream before it is let to."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.how: Any = None
        self.got: list[Any] = []
        self.over = asyncio.Event()

    @stream_stream
    async def take(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        await self.go.wait()
        if self.how is not None:
            await self.how(stream)
            return
        async for item in stream:
            self.got.append(item)
        self.over.set()


async def stuck(left: Any) -> tuple[Any, asyncio.Task[None]]:
    """A stream whose sender waits for credit, once both sides know each other."""
    await greet(left)
    handle = await left.stream_stream({"operation": "take"})
    await handle.send(0)
    sending = asyncio.create_task(handle.send(1))
    await waits_for_credit(left)
    return handle, sending


async def greet(left: Any) -> None:
    with pytest.raises(RemoteError):
        await left.request_response({"operation": "hello"})


async def waits_for_credit(left: Any) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not left.stats().streams_waiting_for_credit:  # noqa: ASYNC110 - it has no event; this yields
            await asyncio.sleep(0)


async def test_items_wait_for_credit_and_come_in_order() -> None:
    service = Slow()
    async with peers(None, service, limits=ONE) as (left, right):
        handle, sending = await stuck(left)
        service.go.set()
        await sending
        for number in range(2, 10):
            await handle.send(number)
        await handle.aclose()
        await soon(service.over)
        assert service.got == list(range(10))
        await emptied(left, right)


async def test_the_end_of_this_half_wakes_an_item_that_waits_for_credit() -> None:
    service = Slow()
    async with peers(None, service, limits=ONE) as (left, _):
        handle, sending = await stuck(left)
        await handle.aclose()
        with pytest.raises(StreamClosedError, match="Cannot send on a closed BiStreamHandle"):
            await sending
        assert left.stats().streams_waiting_for_credit == 0
        service.go.set()
        await soon(service.over)
        assert service.got == [0]


async def test_an_item_on_a_half_that_was_ended_by_request_id_is_refused() -> None:
    async with peers(None, Slow(), limits=ONE) as (left, _):
        handle, sending = await stuck(left)
        await left.end_half(handle.request_id)
        with pytest.raises(StreamClosedError, match="Not sent: A stream_data after the end"):
            await sending


async def test_an_abort_of_this_side_wakes_an_item_that_waits_for_credit() -> None:
    async with peers(None, Slow(), limits=ONE) as (left, right):
        handle, sending = await stuck(left)
        await handle.abort("enough")
        with pytest.raises(StreamClosedError):
            await sending
        await emptied(left, right)


async def test_an_abort_of_the_other_side_wakes_an_item_that_waits_for_credit_and_says_why() -> None:
    service = Slow()
    async with peers(None, service, limits=ONE) as (left, right):

        async def abort(stream: BiStreamHandle) -> None:
            await stream.abort("no more", code="application")

        service.how = abort
        _, sending = await stuck(left)
        service.go.set()
        with pytest.raises(StreamClosedError, match="no more"):
            await sending
        await emptied(left, right)


async def test_the_end_of_the_connection_wakes_an_item_that_waits_for_credit() -> None:
    async with peers(None, Slow(), limits=ONE) as (left, _):
        _, sending = await stuck(left)
        await left.aclose()
        with pytest.raises(ConnectionClosedError):
            await sending


async def test_an_item_of_a_cancelled_sender_is_not_sent() -> None:
    service = Slow()
    async with peers(None, service, limits=ONE) as (left, _):
        handle, sending = await stuck(left)
        sending.cancel()
        await asyncio.wait([sending])
        service.go.set()
        await handle.send(2)
        await handle.aclose()
        await soon(service.over)
        assert service.got == [0, 2]


async def test_a_sender_is_let_go_where_the_reader_has_left_and_its_credit_is_used_up() -> None:
    service = Slow()
    async with peers(None, service, limits=Limits(credit=4)) as (left, right):

        async def leave(stream: BiStreamHandle) -> None:
            async with stream:
                pass
            service.over.set()

        service.how = leave
        await greet(left)
        handle = await left.stream_stream({"operation": "take"})
        sending = asyncio.create_task(send_for_ever(handle))
        await waits_for_credit(left)
        service.go.set()
        await soon(service.over)
        with pytest.raises(StreamClosedError):
            await sending
        await emptied(left, right)


async def send_for_ever(handle: Any) -> None:
    while True:
        await handle.send("more")


async def test_a_server_stream_never_has_more_on_its_way_than_was_let_through() -> None:
    observer, service = Observer(), Service()
    async with peers(None, service, limits=Limits(credit=4), left_taps=[observer]) as (left, right):
        await left.request_response({"operation": "add", "a": 1})
        stream = await left.request_stream({"operation": "endless"})
        for _ in range(50):
            await asyncio.sleep(0)
        items = [
            message for message in observer.messages("in") if json.loads(message)["type"] == "stream_data"
        ]
        assert len(items) == 4
        assert [await anext(stream) for _ in range(100)] == list(range(100))
        await stream.aclose()
        await emptied(left, right)
    assert observer.findings == []


def test_a_buffer_takes_items_up_to_its_last_byte_and_that_of_its_neighbours() -> None:
    own, shared = Inlet(10, Budget(100)), Inlet(100, Budget(10))
    assert [own.offer("x", 10), own.offer("y", 1)] == [True, False]
    assert [shared.offer("x", 10), shared.offer("y", 1)] == [True, False]


async def test_nothing_is_sent_on_a_handle_that_was_given_up_here() -> None:
    async with peers(None, Slow()) as (left, _):
        handle = await left.stream_stream({"operation": "take"})
        await handle.abort("enough")
        with pytest.raises(StreamClosedError, match="Cannot send on a closed BiStreamHandle"):
            await handle.send(1)
