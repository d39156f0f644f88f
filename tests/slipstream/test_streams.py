import asyncio
import gc
import threading
import weakref
from collections.abc import AsyncIterator
from typing import Any

import pytest

from slipstream import (
    BiStreamHandle,
    ConnectionClosedError,
    ConnectionLostError,
    ExchangeCancelledError,
    FrameTooLargeError,
    Limits,
    Outcome,
    Protocol,
    ProtocolError,
    RemoteError,
    StreamClosedError,
    StreamOverflowError,
)
from slipstream.streams import Budget, Inlet
from slipstream.testing import (
    Ends,
    In,
    MemoryWebSocket,
    Out,
    Slot,
    Transcript,
    listening,
    peers,
    websocket_pair,
)
from tests.slipstream.support import Observer, Service, emptied, gather, soon


def inlet(limit_bytes: int = 100, budget: Budget | None = None) -> Inlet:
    return Inlet(limit_bytes, budget or Budget(1000))


# -- the buffer ---------------------------------------------------------------------------------------------


async def test_items_come_in_order_then_the_end() -> None:
    buffer = inlet()
    for item in (1, None, 3):
        assert buffer.offer(item, 10)
    buffer.finish()
    assert [await buffer.next() for _ in range(3)] == [1, None, 3]
    for _ in range(2):
        with pytest.raises(StopAsyncIteration):
            await buffer.next()


async def test_an_error_comes_after_the_items_and_every_time() -> None:
    buffer = inlet()
    buffer.offer(1, 10)
    buffer.finish(ConnectionLostError(1006, "gone"))
    assert await buffer.next() == 1
    for _ in range(2):
        with pytest.raises(ConnectionLostError):
            await buffer.next()


async def test_an_error_that_was_raised_keeps_nobody_alive() -> None:
    class Reader:
        """Something that lives in the frame of whoever reads."""

    async def read(buffer: Inlet, reader: Reader) -> None:
        with pytest.raises(ConnectionLostError):
            await buffer.next()

    buffer, reader = inlet(), Reader()
    buffer.finish(ConnectionLostError(1006, "gone"))
    alive = weakref.ref(reader)
    await read(buffer, reader)
    del reader
    gc.collect()
    assert alive() is None


async def test_the_first_ending_counts_for_the_reader() -> None:
    buffer = inlet()
    buffer.finish()
    buffer.finish(StreamClosedError("later"))
    with pytest.raises(StopAsyncIteration):
        await buffer.next()
    assert str(buffer.error) == "later"
    assert buffer.offer("late", 1_000_000)


def test_what_does_not_fit_is_refused_and_what_is_there_stays() -> None:
    budget = Budget(1000)
    buffer = inlet(100, budget)
    assert buffer.offer(1, 100)
    assert not buffer.offer(2, 1)
    assert budget.used_bytes == 100


async def test_room_comes_back_when_an_item_is_consumed() -> None:
    buffer = inlet(100)
    buffer.offer(1, 100)
    await buffer.next()
    assert buffer.offer(2, 100)


def test_neighbours_share_a_budget() -> None:
    budget = Budget(100)
    one, other = inlet(100, budget), inlet(100, budget)
    assert one.offer(1, 60)
    assert not other.offer(2, 60)
    del one
    assert other.offer(2, 60)


def test_what_is_discarded_takes_no_room() -> None:
    budget = Budget(100)
    buffer = inlet(100, budget)
    buffer.offer(1, 60)
    buffer.discard()
    assert budget.used_bytes == 0
    assert all(buffer.offer(number, 60) for number in range(10))


def test_patience_with_unread_items_ends() -> None:
    buffer = inlet()
    buffer.discard(patience_items=2)
    assert [buffer.offer(number, 1) for number in range(2)] == [True, False]


async def test_each_item_goes_to_one_of_several_readers() -> None:
    buffer = inlet()
    readers = [asyncio.create_task(buffer.next()) for _ in range(3)]
    await asyncio.sleep(0)
    for item in "abc":
        buffer.offer(item, 1)
    assert sorted(await asyncio.gather(*readers)) == ["a", "b", "c"]


async def test_the_end_reaches_every_reader() -> None:
    buffer = inlet()
    readers = [asyncio.create_task(gather(_items(buffer), [])) for _ in range(3)]
    await asyncio.sleep(0)
    buffer.finish()
    await asyncio.gather(*readers)


async def _items(buffer: Inlet) -> AsyncIterator[Any]:
    while True:
        try:
            item = await buffer.next()
        except StopAsyncIteration:
            return
        yield item


async def test_a_reader_that_is_cancelled_takes_no_item_with_it() -> None:
    buffer = inlet()
    first, second = asyncio.create_task(buffer.next()), asyncio.create_task(buffer.next())
    await asyncio.sleep(0)
    buffer.offer("only", 1)
    first.cancel()
    assert await second == "only"
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_reader_that_is_cancelled_while_it_waits_is_forgotten() -> None:
    buffer = inlet()
    first, second = asyncio.create_task(buffer.next()), asyncio.create_task(buffer.next())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    assert len(buffer._waiters) == 1
    buffer.offer("only", 1)
    assert await second == "only"


async def test_an_item_that_comes_just_when_a_reader_is_cancelled_goes_to_the_next() -> None:
    buffer = inlet()
    first, second = asyncio.create_task(buffer.next()), asyncio.create_task(buffer.next())
    await asyncio.sleep(0)
    first.cancel()
    buffer.offer("only", 1)
    assert await second == "only"
    assert first.cancelled()


# -- consumers that walk away -------------------------------------------------------------------------------

SMALL = Limits(stream_buffer_bytes=10_000_000)


async def leave_by_break(stream: Any) -> None:
    async for _ in stream:
        break


async def leave_by_aclose(stream: Any) -> None:
    await anext(stream)
    await stream.aclose()


async def leave_by_block(stream: Any) -> None:
    async with stream as items:
        await anext(items)


async def leave_at_once(stream: Any) -> None:
    pass


async def leave_as_garbage(stream: Any) -> None:
    circle: list[Any] = [stream]
    circle.append(circle)
    del stream, circle
    gc.collect()


async def leave_by_error(stream: Any) -> None:
    with pytest.raises(ValueError, match="mine"):
        async with stream:
            raise ValueError("mine")


LEAVING = [leave_by_break, leave_by_aclose, leave_by_block, leave_at_once, leave_as_garbage, leave_by_error]


@pytest.mark.parametrize("leave", LEAVING)
async def test_a_consumer_that_walks_away_stops_the_remote_handler(leave: Any) -> None:
    service, observer = Service(), Observer()
    async with peers(None, service, limits=SMALL, left_taps=[observer]) as (left, right):
        streams = [await left.request_stream({"operation": "endless"})]
        await soon(service.started)
        await leave(streams.pop())
        await soon(service.stopped)
        await emptied(left, right)
    assert [outcome for outcome, _ in observer.settlings] == [Outcome.CANCELLED]
    assert observer.findings == []


@pytest.mark.parametrize("leave", [leave_at_once, leave_as_garbage, leave_by_error])
async def test_a_handle_that_is_dropped_stops_the_remote_handler(leave: Any) -> None:
    service = Service()
    async with peers(None, service) as (left, right):
        await left.request_response({"operation": "add", "a": 1})
        handles = [await left.stream_stream({"operation": "mute"})]
        await soon(service.started)
        await leave(handles.pop())
        await soon(service.stopped)
        await emptied(left, right)


async def test_garbage_on_another_thread_is_given_up_too() -> None:
    service = Service()
    async with peers(None, service) as (left, right):
        held = [await left.request_stream({"operation": "pausing", "items": []})]
        thread = threading.Thread(target=held.clear)
        thread.start()
        thread.join()
        await soon(service.stopped)
        await emptied(left, right)


def test_garbage_after_the_loop_has_ended_harms_nobody() -> None:
    held: list[Any] = []

    async def use() -> None:
        async with peers(None, Service()) as (left, _):
            held.append(await left.request_stream({"operation": "pausing", "items": []}))

    asyncio.run(use())
    held.clear()


async def test_a_dropped_stream_that_has_ended_sends_nothing() -> None:
    observer = Observer()
    async with peers(None, Service(), left_taps=[observer]) as (left, right):
        items = await left.request_stream({"operation": "items", "items": [1]})
        await observer.until(lambda: len(observer.messages("in")) == 2)
        del items
        await emptied(left, right)
    assert len(observer.messages("out")) == 1


async def test_a_stream_that_was_closed_here_says_so() -> None:
    async with peers(None, Service()) as (left, _):
        items = await left.request_stream({"operation": "endless"})
        await anext(items)
        await items.aclose()
        await items.aclose()
        with pytest.raises(ExchangeCancelledError):
            await anext(items)


async def test_closing_wakes_whoever_waits_for_an_item() -> None:
    service = Service()
    async with peers(None, service) as (left, _):
        items = await left.request_stream({"operation": "pausing", "items": []})
        waiting = asyncio.create_task(gather(items, []))
        await soon(service.started)
        await items.aclose()
        with pytest.raises(ExchangeCancelledError):
            await waiting


async def test_a_timeout_while_waiting_for_an_item_does_not_end_the_stream() -> None:
    service = Service()
    async with peers(None, service) as (left, _):
        items = await left.request_stream({"operation": "pausing", "items": [1]})
        assert await anext(items) == 1
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await anext(items)
        service.release.set()
        assert [item async for item in items] == []


async def test_a_cancelled_opening_is_given_up() -> None:
    service = Service()
    async with peers(None, service, capacity=0) as (left, right):
        opening = asyncio.create_task(left.request_stream({"operation": "endless"}))
        await asyncio.sleep(0)
        opening.cancel()
        await asyncio.wait([opening])
        del opening
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert left.exchanges == 0
        assert right.exchanges == 0


# -- bidirectional ------------------------------------------------------------------------------------------


async def test_items_go_both_ways() -> None:
    async with peers(None, Service()) as (left, right):
        handle = await left.stream_stream({"operation": "chat"})
        for item in (1, None, "é"):
            await handle.send(item)
        await handle.aclose()
        assert [item async for item in handle] == [1, None, "é"]
        assert handle.is_closed()
        await emptied(left, right)


async def test_a_half_that_ended_may_still_be_answered() -> None:
    service = Service()
    async with peers(None, service) as (left, _):
        handle = await left.stream_stream({"operation": "mute"})
        await soon(service.started)
        assert repr(handle).endswith("open>")
        await handle.aclose()
        await handle.aclose()
        assert not handle.is_closed()
        assert repr(handle).endswith("half closed>")
        service.release.set()
        with pytest.raises(StreamClosedError, match="ended its half"):
            await handle.receive()
        assert handle.is_closed()
        assert repr(handle).endswith(" closed>")


async def test_sending_on_a_handle_that_was_closed_here_fails() -> None:
    async with peers(None, Service()) as (left, _):
        handle = await left.stream_stream({"operation": "mute"})
        await handle.aclose()
        with pytest.raises(ConnectionError, match="Cannot send on a closed BiStreamHandle"):
            await handle.send(1)


async def test_sending_after_the_connection_ended_says_how() -> None:
    script = Transcript(Out({"type": "stream_stream_request"}), Ends(1011, "broken"))
    async with script.play() as protocol:
        handle = await protocol.stream_stream({"operation": "x"})
        await protocol.wait_closed()
        with pytest.raises(ConnectionLostError, match="broken"):
            await handle.send(1)
        await handle.aclose()
        await handle.abort()


async def test_sending_after_the_other_side_aborted_says_why() -> None:
    error = In({"type": "error", "requestId": Slot("id"), "peerID": "them", "data": "enough"})
    script = Transcript(Out({"type": "stream_stream_request", "requestId": Slot("id")}), error)
    async with script.play() as protocol:
        handle = await protocol.stream_stream({"operation": "x"})
        with pytest.raises(RemoteError, match="enough"):
            await handle.receive()
        with pytest.raises(StreamClosedError, match="enough"):
            await handle.send(1)


async def test_sending_after_both_halves_ended_fails() -> None:
    async with peers(None, Service()) as (left, _):
        handle = await left.stream_stream({"operation": "chat"})
        await left.end_half(handle.request_id)
        assert [item async for item in handle] == []
        with pytest.raises(StreamClosedError, match="both halves"):
            await handle.send(1)


@pytest.mark.parametrize(("item", "error"), [({1}, ProtocolError), ("x" * 2_000_000, FrameTooLargeError)])
async def test_an_item_that_cannot_be_sent_fails_only_its_own_call(item: Any, error: type[Exception]) -> None:
    async with peers(None, Service()) as (left, _):
        handle = await left.stream_stream({"operation": "chat"})
        with pytest.raises(error):
            await handle.send(item)
        await handle.send("next")
        assert await handle.receive() == "next"


async def test_aborting_ends_both_halves_on_both_sides() -> None:
    service = Service()
    async with peers(None, service) as (left, right):
        handle = await left.stream_stream({"operation": "chat"})
        await soon(service.started)
        await handle.abort("enough")
        await soon(service.stopped)
        assert handle.is_closed()
        with pytest.raises(ExchangeCancelledError):
            await handle.receive()
        with pytest.raises(ConnectionError):
            await handle.send(1)
        await emptied(left, right)


async def test_leaving_the_block_lets_the_other_side_finish_what_was_sent() -> None:
    class Counting(Service):
        total = 0
        done = asyncio.Event()

        async def chat(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
            async for item in stream:
                self.total += item
                await stream.send(self.total)
            self.done.set()

    Counting.chat._slipstream_endpoint = Service.chat._slipstream_endpoint  # type: ignore[attr-defined]  # the mark
    counting = Counting()
    counting.done = asyncio.Event()
    async with peers(None, counting) as (left, right):
        async with await left.stream_stream({"operation": "chat"}) as handle:
            for number in range(50):
                await handle.send(number)
        del handle
        await soon(counting.done)
        await emptied(left, right)
    assert counting.total == sum(range(50))


async def test_leaving_the_block_stops_a_peer_that_goes_on_sending() -> None:
    class Endless(Service):
        async def chat(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
            try:
                while True:
                    await stream.send("more")
            finally:
                self.stopped.set()

    Endless.chat._slipstream_endpoint = Service.chat._slipstream_endpoint  # type: ignore[attr-defined]  # the mark
    endless = Endless()
    async with peers(None, endless) as (left, right):
        async with await left.stream_stream({"operation": "chat"}) as handle:
            async for _ in handle:
                break
        await soon(endless.stopped)
        await emptied(left, right)


async def test_leaving_the_block_after_the_connection_ended_is_quiet() -> None:
    async with peers(None, Service()) as (left, right), await left.stream_stream({"operation": "mute"}):
        await right.aclose()
        await left.wait_closed()


async def test_a_handle_of_an_exchange_that_is_over_does_not_look_like_a_normal_end() -> None:
    async with peers(None, Service()) as (left, _):
        handle = BiStreamHandle(left, (left.peer_id, 7))
        assert handle.is_closed()
        with pytest.raises(StreamClosedError, match="has ended"):
            await anext(handle)
    with pytest.raises(ConnectionClosedError):
        await anext(BiStreamHandle(left, (left.peer_id, 7)))


async def test_a_handle_overflows_alone() -> None:
    class Sending(Service):
        async def mute(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
            try:
                for number in range(1000):
                    await stream.send(number)
            finally:
                self.stopped.set()

    Sending.mute._slipstream_endpoint = Service.mute._slipstream_endpoint  # type: ignore[attr-defined]  # the mark
    sending = Sending()
    async with peers(None, sending, limits=Limits(stream_buffer_bytes=500)) as (left, right):
        handle = await left.stream_stream({"operation": "mute"})
        await soon(sending.stopped)
        got: list[int] = []
        with pytest.raises(StreamOverflowError):
            await gather(handle, got)
        assert got == list(range(len(got)))
        await emptied(left, right)


async def test_a_stream_tells_what_it_is() -> None:
    async with peers(None, Service()) as (left, _):
        items = await left.request_stream({"operation": "items", "items": []})
        assert items.request_id == (left.peer_id, 0)
        assert repr(items) == f"<ItemStream {left.peer_id[:8]}:0 open>"
        assert [item async for item in items] == []
        assert repr(items).endswith("ended>")


async def leave_after_the_end(opened: Any, socket: MemoryWebSocket) -> None:
    async with opened:
        socket.abort()
        raise LookupError("mine")


@pytest.mark.parametrize("kind", ["request_stream", "stream_stream"])
async def test_the_end_of_the_connection_does_not_hide_why_a_block_was_left(kind: str) -> None:
    one, other = websocket_pair()
    async with (
        listening(Protocol(one)) as left,
        listening(Protocol(other, handler=Service())),
    ):
        opened = await getattr(left, kind)({"operation": "endless" if kind == "request_stream" else "chat"})
        with pytest.raises(LookupError, match="mine"):
            await leave_after_the_end(opened, one)
