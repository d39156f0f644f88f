"""Who waits for what, and how each of them is told."""

from __future__ import annotations

import asyncio

import pytest

from slipstream import ConnectionClosedError, StreamOverflowError
from slipstream.consumers import Consumers
from slipstream.events import Answered, ItemArrived
from slipstream.exchanges import RequestId

ID = ("me", 0)


def consumers() -> Consumers:
    return Consumers(100, 1000)


async def test_an_answer_goes_to_whoever_waits_for_it() -> None:
    waiting = consumers()
    answer = waiting.await_answer(ID)
    waiting.answer(Answered(ID, None))
    waiting.answer(Answered(ID, "second"))
    assert await answer is None


async def test_an_answer_that_nobody_waits_for_is_dropped() -> None:
    waiting = consumers()
    waiting.await_answer(ID)
    waiting.drop_answer(ID)
    waiting.drop_answer(ID)
    waiting.answer(Answered(ID, 1))


async def test_an_error_is_an_ending_once() -> None:
    waiting = consumers()
    answer = waiting.await_answer(ID)
    waiting.finish(ID, None)
    waiting.finish(ID, StreamOverflowError("first"))
    waiting.finish(ID, StreamOverflowError("second"))
    with pytest.raises(StreamOverflowError, match="first"):
        await answer


async def test_a_stream_has_one_buffer_until_it_ends() -> None:
    waiting = consumers()
    inlet = waiting.open_inlet(ID)
    assert waiting.open_inlet(ID) is inlet
    assert waiting.offer(ItemArrived(ID, "item", 10))
    waiting.end_items(ID)
    waiting.finish(ID, None)
    assert await inlet.next() == "item"
    with pytest.raises(StopAsyncIteration):
        await inlet.next()
    assert waiting.open_inlet(ID) is not inlet


async def test_a_full_buffer_says_so() -> None:
    waiting = consumers()
    waiting.open_inlet(ID)
    assert not waiting.offer(ItemArrived(ID, "item", 101))


async def test_items_without_a_buffer_are_dropped() -> None:
    waiting = consumers()
    assert waiting.offer(ItemArrived(ID, "item", 1_000_000))
    waiting.end_items(ID)


async def test_the_end_of_the_connection_reaches_everyone() -> None:
    waiting = consumers()
    answer, inlet = waiting.await_answer(ID), waiting.open_inlet(("me", 1))
    waiting.finish_all(ConnectionClosedError(1000))
    with pytest.raises(ConnectionClosedError):
        await answer
    with pytest.raises(ConnectionClosedError):
        await inlet.next()


async def test_of_those_who_wait_for_credit_one_may_give_up() -> None:
    waiting = consumers()
    first, second = (asyncio.create_task(waiting.await_credit(ID)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    assert waiting.senders == 1
    waiting.credited(ID)
    await second


async def test_a_stream_whose_senders_have_all_given_up_waits_for_no_credit() -> None:
    waiting = consumers()
    sending = asyncio.create_task(waiting.await_credit(ID))
    await asyncio.sleep(0)
    sending.cancel()
    await asyncio.wait([sending])
    assert waiting.senders == 0


async def test_a_sender_that_gives_up_just_when_credit_has_come_harms_nobody() -> None:
    waiting = consumers()
    sending = asyncio.create_task(waiting.await_credit(ID))
    await asyncio.sleep(0)
    waiting.credited(ID)
    sending.cancel()
    await asyncio.wait([sending])
    assert sending.cancelled()
    assert waiting.senders == 0


async def test_credit_that_comes_just_when_a_sender_gives_up_goes_to_the_others() -> None:
    waiting = consumers()
    first, second = (asyncio.create_task(waiting.await_credit(ID)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    waiting.credited(ID)
    await second
    assert first.cancelled()
    assert waiting.senders == 0


async def test_credit_wakes_everyone_who_waits_to_send_on_that_stream() -> None:
    waiting = consumers()
    sending = [asyncio.create_task(waiting.await_credit(ID)) for _ in range(2)]
    other = asyncio.create_task(waiting.await_credit(("me", 1)))
    await asyncio.sleep(0)
    assert waiting.senders == 2
    waiting.credited(ID)
    async with asyncio.timeout(5):
        await asyncio.gather(*sending)
    assert not other.done()
    assert waiting.senders == 1
    waiting.finish(("me", 1), None)
    async with asyncio.timeout(5):
        await other
    assert waiting.senders == 0


async def test_who_gave_up_sending_is_not_woken() -> None:
    waiting = consumers()
    sending = asyncio.create_task(waiting.await_credit(ID))
    await asyncio.sleep(0)
    sending.cancel()
    waiting.credited(ID)
    with pytest.raises(asyncio.CancelledError):
        await sending


async def test_the_end_of_the_connection_wakes_who_waits_to_send() -> None:
    waiting = consumers()
    sending = asyncio.create_task(waiting.await_credit(ID))
    await asyncio.sleep(0)
    waiting.finish_all(ConnectionClosedError(1000))
    async with asyncio.timeout(5):
        await sending


async def test_what_waits_to_be_consumed_is_counted_over_all_streams() -> None:
    waiting = consumers()
    one = waiting.open_inlet(ID)
    waiting.open_inlet(("me", 1))
    waiting.offer(ItemArrived(ID, "item", 10))
    waiting.offer(ItemArrived(("me", 1), "item", 20))
    assert waiting.buffered_bytes == 30
    await one.next()
    assert waiting.buffered_bytes == 20


async def test_each_stream_tells_what_of_it_was_consumed() -> None:
    told: list[tuple[tuple[str, int], int]] = []

    def consumed(request_id: tuple[str, int], items: int) -> int:
        told.append((request_id, items))
        return items + 1

    waiting = Consumers(100, 1000, consumed, 1)
    for number in (0, 1):
        inlet = waiting.open_inlet(("me", number))
        waiting.offer(ItemArrived(("me", number), "item", 1))
        await inlet.next()
    assert told == [(("me", 0), 1), (("me", 1), 1)]


async def test_a_buffer_of_no_exchange_takes_nothing_from_the_others() -> None:
    waiting = consumers()
    inlet = waiting.closed_inlet()
    assert waiting.open_inlet(ID) is not inlet
    inlet.finish()
    with pytest.raises(StopAsyncIteration):
        await inlet.next()


async def test_credit_wakes_everyone_who_waits_for_it_on_that_stream() -> None:
    waiting = consumers()
    one, other = (asyncio.create_task(waiting.await_credit(ID)) for _ in range(2))
    elsewhere = asyncio.create_task(waiting.await_credit(("me", 1)))
    await asyncio.sleep(0)
    assert waiting.senders == 2
    waiting.credited(ID)
    await asyncio.gather(one, other)
    assert (waiting.senders, elsewhere.done()) == (1, False)
    waiting.credited(("me", 1))
    await elsewhere


async def test_credit_that_nobody_waits_for_is_nothing() -> None:
    consumers().credited(ID)


async def test_credit_passes_over_one_that_was_cancelled() -> None:
    waiting = consumers()
    cancelled = asyncio.create_task(waiting.await_credit(ID))
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.wait([cancelled])
    waiting.credited(ID)
    assert waiting.senders == 0


@pytest.mark.parametrize("whose", ["exchange", "connection"])
async def test_an_ending_wakes_those_who_wait_for_credit(whose: str) -> None:
    waiting = consumers()
    sender = asyncio.create_task(waiting.await_credit(ID))
    await asyncio.sleep(0)
    if whose == "exchange":
        waiting.finish(ID, None)
    else:
        waiting.finish_all(ConnectionClosedError(1000))
    await sender
    assert waiting.senders == 0


async def test_what_is_consumed_is_told_with_the_stream_it_was_on() -> None:
    told: list[tuple[RequestId, int]] = []

    def consumed(request_id: RequestId, items: int) -> int:
        told.append((request_id, items))
        return items + 2

    waiting = Consumers(100, 1000, consumed, tell_after=1)
    inlet = waiting.open_inlet(ID)
    for number in range(4):
        waiting.offer(ItemArrived(ID, number, 10))
    assert waiting.buffered_bytes == 40
    for _ in range(4):
        await inlet.next()
    assert told == [(ID, 1), (ID, 3)]
    assert waiting.buffered_bytes == 0


async def test_a_buffer_of_no_exchange_tells_nobody() -> None:
    def untold(request_id: RequestId, items: int) -> int:
        raise AssertionError(request_id)

    waiting = Consumers(100, 1000, untold, tell_after=1)
    inlet = waiting.closed_inlet()
    inlet.offer("item", 1)
    assert await inlet.next() == "item"


async def test_an_answer_that_nobody_waits_for_any_more_is_not_kept() -> None:
    waiting = consumers()
    answer = waiting.await_answer(ID)
    waiting.drop_answer(ID)
    waiting.answer(Answered(ID, 1))
    assert (answer.done(), waiting._answers) == (False, {})


async def test_the_end_of_the_items_reaches_their_reader_before_the_exchange_has_ended() -> None:
    waiting = consumers()
    inlet = waiting.open_inlet(ID)
    waiting.end_items(ID)
    assert inlet.finished
    with pytest.raises(StopAsyncIteration):
        await inlet.next()


async def test_a_stream_whose_buffer_has_no_room_for_an_item_is_told_of() -> None:
    overflowed: list[RequestId] = []
    waiting = Consumers(100, 1000, overflowed=overflowed.append)
    waiting.open_inlet(ID)
    assert waiting.offer(ItemArrived(ID, "fits", 100))
    assert overflowed == []
    assert not waiting.offer(ItemArrived(ID, "does not", 1))
    assert overflowed == [ID]
