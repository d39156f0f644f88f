from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from slipstream import (
    BiStreamHandle,
    ConnectionClosedError,
    ConnectionLostError,
    HandlerError,
    Limits,
    Protocol,
    ProtocolHandler,
    RemoteError,
    current_protocol,
    fire_and_forget,
    request_response,
    request_stream,
    stream_stream,
)
from slipstream.testing import In, Out, Transcript, listening, peers, websocket_pair
from tests.slipstream.support import Observer, PlainStreams, Service, emptied, gather, soon


async def failure(operation: str, handler: object, **data: Any) -> RemoteError:
    async with peers(None, handler) as (left, right):
        with pytest.raises(RemoteError) as caught:
            await left.request_response({"operation": operation, **data})
        await emptied(left, right)
    return caught.value


async def test_a_model_is_validated_from_the_data() -> None:
    async with peers(None, Service()) as (left, _):
        assert await left.request_response({"operation": "add", "a": 1, "b": 2}) == 3


async def test_data_that_fails_the_model_is_an_invalid_request() -> None:
    assert (await failure("add", Service(), a="many")).code == "invalid_request"


async def test_an_unknown_operation_is_not_found() -> None:
    assert (await failure("nothing", Service())).code == "not_found"


async def test_without_a_handler_nothing_is_found() -> None:
    assert (await failure("add", None)).code == "not_found"


async def test_an_operation_of_another_kind_is_the_wrong_kind() -> None:
    assert (await failure("items", Service())).code == "wrong_kind"


async def test_a_handler_chooses_code_and_details() -> None:
    error = await failure("fail", Service(), code="unavailable", details={"retry": 1})
    assert (error.message, error.code, error.details) == ("no luck", "unavailable", {"retry": 1})


class Odd(ProtocolHandler):
    """Handlers that misbehave, each in its own way."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.stopped = asyncio.Event()
        self.release = threading.Event()
        self.seen: list[Any] = []
        self.loop = asyncio.get_running_loop()

    @request_response
    async def gives_up(self, data: dict[str, Any]) -> None:
        raise HandlerError("no time left", code="deadline_exceeded")

    @request_response
    async def raises(self, data: dict[str, Any]) -> None:
        raise KeyError("secret place")

    @request_response
    async def unwritable(self, data: dict[str, Any]) -> Any:
        return {1, 2}

    @request_response
    async def huge(self, data: dict[str, Any]) -> str:
        return "x" * 2_000_000

    @request_response
    async def odd_details(self, data: dict[str, Any]) -> None:
        from slipstream import HandlerError

        raise HandlerError("told anyway", code="application", details={1})

    @request_response
    async def cancels_itself(self, data: dict[str, Any]) -> None:
        task = asyncio.create_task(asyncio.sleep(60))
        task.cancel()
        await task

    @request_response
    def stops(self, data: dict[str, Any]) -> Any:
        return next(iter([]))

    @request_response
    def plainly_awaited(self, data: dict[str, Any]) -> Any:
        async def later() -> str:
            return "later"

        return later()

    @request_response
    async def stubborn(self, data: dict[str, Any]) -> str:
        self.started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            try:
                await asyncio.Event().wait()
            finally:
                self.stopped.set()
        return "never sent"

    @request_response
    async def goes_on(self, data: dict[str, Any]) -> str:
        self.started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.stopped.set()
        return "ignored"

    @request_stream
    async def no_generator(self, data: dict[str, Any]) -> Any:
        return 5

    @request_stream
    async def gives_iterator(self, data: dict[str, Any]) -> Any:
        class Count:
            def __init__(self) -> None:
                self.left = 3

            def __aiter__(self) -> Count:
                return self

            async def __anext__(self) -> int:
                self.left -= 1
                if self.left < 0:
                    raise StopAsyncIteration
                return self.left

        return Count()

    @request_stream
    async def unwritable_items(self, data: dict[str, Any]) -> AsyncIterator[Any]:
        yield 1
        yield {2}

    @request_stream
    async def huge_items(self, data: dict[str, Any]) -> AsyncIterator[Any]:
        yield 1
        yield "x" * 2_000_000

    @request_stream
    async def ignores_cancellation(self, data: dict[str, Any]) -> AsyncIterator[int]:
        self.started.set()
        number = 0
        try:
            while True:
                with suppress(asyncio.CancelledError):
                    await asyncio.sleep(0)
                    yield number
                    number += 1
        finally:
            self.stopped.set()

    @request_stream
    async def ignores_exit(self, data: dict[str, Any]) -> AsyncIterator[int]:
        self.started.set()
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            self.stopped.set()
            yield 2

    @request_stream
    def blocks(self, data: dict[str, Any]) -> Iterator[int]:
        loop = self.loop
        try:
            yield 1
            loop.call_soon_threadsafe(self.started.set)
            self.release.wait(5)
            yield 2
        finally:
            loop.call_soon_threadsafe(self.stopped.set)

    @stream_stream
    async def returns_at_once(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        self.seen.append(await stream.receive())

    @stream_stream
    async def aborts(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        await stream.abort("enough", code="application")

    @stream_stream
    async def raises_in_stream(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        await stream.send(1)
        raise ValueError("broken")

    @fire_and_forget
    async def fails_silently(self, data: dict[str, Any]) -> None:
        raise ValueError("nobody hears")

    @request_response
    async def who(self, data: dict[str, Any]) -> str:
        return current_protocol().peer_id

    @request_response
    def who_plainly(self, data: dict[str, Any]) -> str:
        return current_protocol().peer_id

    @request_response
    async def closes_other(self, data: dict[str, Any]) -> None:
        from slipstream import ConnectionClosedError

        raise ConnectionClosedError(1000, "of another connection")


@pytest.mark.parametrize(
    ("operation", "code", "text"),
    [
        ("raises", "application", "KeyError"),
        ("unwritable", "internal", "JSON"),
        ("huge", "too_large", "limit"),
        ("odd_details", "application", "told anyway"),
        ("cancels_itself", "cancelled", "cancelled"),
        ("stops", "application", "StopIteration"),
        ("closes_other", "application", "of another connection"),
    ],
)
async def test_a_handler_that_fails_has_one_error_as_its_answer(operation: str, code: str, text: str) -> None:
    error = await failure(operation, Odd())
    assert error.code == code
    assert text in error.message
    assert "Traceback" not in error.message


async def test_a_plain_handler_may_return_something_to_await() -> None:
    async with peers(None, Odd()) as (left, _):
        assert await left.request_response({"operation": "plainly_awaited"}) == "later"


async def test_a_plain_handler_runs_beside_the_reader() -> None:
    async with peers(None, Service()) as (left, _):
        assert await left.request_response({"operation": "plain", "value": [1]}) == [1]


async def test_a_plain_generator_is_a_stream() -> None:
    async with peers(None, PlainStreams()) as (left, right):
        items = await left.request_stream({"operation": "letters", "letters": "abc"})
        assert [item async for item in items] == ["a", "b", "c"]
        await emptied(left, right)


async def test_any_iterator_of_plain_python_is_a_stream() -> None:
    class Ranging(ProtocolHandler):
        @request_stream
        def numbers(self, data: dict[str, Any]) -> Iterator[int]:
            return iter(range(3))

    async with peers(None, Ranging()) as (left, _):
        assert [item async for item in await left.request_stream({"operation": "numbers"})] == [0, 1, 2]


async def test_a_plain_generator_that_is_given_up_is_closed_when_its_step_is_done() -> None:
    odd = Odd()
    async with peers(None, odd) as (left, right):
        items = await left.request_stream({"operation": "blocks"})
        assert await anext(items) == 1
        await soon(odd.started)
        await items.aclose()
        assert not odd.stopped.is_set()
        odd.release.set()
        await soon(odd.stopped)
        await emptied(left, right)


async def test_a_coroutine_may_return_an_iterator() -> None:
    async with peers(None, Odd()) as (left, _):
        assert [n async for n in await left.request_stream({"operation": "gives_iterator"})] == [2, 1, 0]


@pytest.mark.parametrize(
    ("operation", "items", "code"),
    [
        ("no_generator", [], "internal"),
        ("unwritable_items", [1], "internal"),
        ("huge_items", [1], "too_large"),
    ],
)
async def test_a_stream_that_fails_delivers_first_what_came_before(
    operation: str, items: list[Any], code: str
) -> None:
    got: list[Any] = []
    async with peers(None, Odd()) as (left, right):
        with pytest.raises(RemoteError) as caught:
            await gather(await left.request_stream({"operation": operation}), got)
        await emptied(left, right)
    assert (got, caught.value.code) == (items, code)


@pytest.mark.parametrize("operation", ["ignores_cancellation", "ignores_exit"])
async def test_a_generator_that_ignores_its_end_sends_nothing_more(operation: str) -> None:
    odd, observer = Odd(), Observer()
    async with peers(None, odd, left_taps=[observer]) as (left, right):
        await left.request_response({"operation": "who"})
        items = await left.request_stream({"operation": operation})
        await anext(items)
        await soon(odd.started)
        await items.aclose()
        await soon(odd.stopped)
        await emptied(left, right)
    assert observer.findings == []


async def test_a_handler_that_swallows_its_cancellation_is_told_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    odd = Odd()
    async with peers(None, odd, limits=Limits(handler_stop_s=0.01)) as (left, right):
        await left.request_response({"operation": "who"})
        with pytest.raises(TimeoutError):
            await left.request_response({"operation": "stubborn"}, timeout=0.01)
        await soon(odd.stopped)
        await emptied(left, right)
    assert "did not stop" in caplog.text


async def test_a_handler_that_stops_at_once_is_not_told_again(caplog: pytest.LogCaptureFixture) -> None:
    service = Service()
    async with peers(None, service, limits=Limits(handler_stop_s=0.0)) as (left, right):
        await left.request_response({"operation": "add", "a": 1})
        with pytest.raises(TimeoutError):
            await left.request_response({"operation": "hang"}, timeout=0.01)
        await soon(service.stopped)
        await emptied(left, right)
    assert caplog.text == ""


async def test_the_result_of_a_handler_that_went_on_is_not_sent() -> None:
    odd, observer = Odd(), Observer()
    async with peers(None, odd, left_taps=[observer]) as (left, right):
        await left.request_response({"operation": "who"})
        with pytest.raises(TimeoutError):
            await left.request_response({"operation": "goes_on"}, timeout=0.01)
        await soon(odd.stopped)
        await emptied(left, right)
    # The responder may say for itself that time is up, or hear it from the opener first.
    assert [frame["type"] for frame in map(json.loads, observer.messages("in"))].count("response") == 1


async def test_returning_ends_the_half_and_what_comes_later_is_not_kept() -> None:
    odd = Odd()
    async with peers(None, odd) as (left, right):
        handle = await left.stream_stream({"operation": "returns_at_once"})
        await handle.send("first")
        assert [item async for item in handle] == []
        for _ in range(3):
            await handle.send("unread")
        assert await left.request_response({"operation": "who"}) == right.peer_id
        assert right._consumers._budget.used_bytes == 0
        await handle.aclose()
        await emptied(left, right)
    assert odd.seen == ["first"]


async def test_an_opener_that_goes_on_sending_to_nobody_is_stopped() -> None:
    async with peers(None, Odd(), right_limits=Limits(credit=2)) as (left, right):
        handle = await left.stream_stream({"operation": "returns_at_once"})
        await handle.send("first")
        assert [item async for item in handle] == []
        assert await left.request_response({"operation": "who"}) == right.peer_id
        with pytest.raises(ConnectionError, match="overflow"):
            await send_for_ever(handle.send)
        await emptied(left, right)


async def send_for_ever(send: Callable[[Any], Awaitable[None]]) -> None:
    async with asyncio.timeout(5):
        while True:
            await send("unread")
            await asyncio.sleep(0)


async def test_a_handler_may_end_both_halves() -> None:
    async with peers(None, Odd()) as (left, right):
        handle = await left.stream_stream({"operation": "aborts"})
        with pytest.raises(RemoteError, match="enough"):
            await handle.receive()
        await emptied(left, right)


async def test_a_bidirectional_handler_that_raises_aborts_its_stream() -> None:
    async with peers(None, Odd()) as (left, right):
        handle = await left.stream_stream({"operation": "raises_in_stream"})
        assert await handle.receive() == 1
        with pytest.raises(RemoteError, match="ValueError: broken"):
            await handle.receive()
        await emptied(left, right)


async def test_an_unknown_bidirectional_operation_keeps_nothing_of_its_items() -> None:
    async with peers(None, Odd()) as (left, right):
        handle = await left.stream_stream({"operation": "nothing"})
        await handle.send(1)
        with pytest.raises(RemoteError):
            await handle.receive()
        await emptied(left, right)


async def test_fire_and_forget_is_taken_and_never_answered() -> None:
    service, observer = Service(), Observer()
    async with peers(None, service, left_taps=[observer]) as (left, _):
        await left.fire_and_forget({"operation": "note", "value": 7})
        async with asyncio.timeout(5):
            assert await service.noted.get() == 7
    assert observer.messages("in") == []


@pytest.mark.parametrize(
    ("operation", "logged"),
    [
        ("fails_silently", "nobody hears"),
        ("nothing", "no operation"),
        ("who", "request_response operation"),
    ],
)
async def test_a_fire_and_forget_that_fails_is_logged(
    operation: str, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    observer = Observer()
    async with peers(None, Odd(), left_taps=[observer]) as (left, right):
        await left.fire_and_forget({"operation": operation})
        await left.request_response({"operation": "who"})
        await emptied(left, right)
    assert logged in caplog.text
    assert len(observer.messages("in")) == 1


async def test_a_flood_of_fire_and_forgets_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    notice = '{"type":"fire_and_forget","peerID":"them","data":{"operation":"note","value":1}}'
    service = Service()
    with caplog.at_level(logging.WARNING, "slipstream"):
        async with Transcript(*[In(notice)] * 50).play(service, limits=Limits(in_flight=1)) as protocol:
            await emptied(protocol)
    assert service.noted.qsize() < 50
    assert 1 <= caplog.text.count("dropped") <= Limits().findings_logged_per_s


async def test_handlers_start_in_arrival_order() -> None:
    service = Service()
    async with peers(None, service) as (left, _):
        for value in range(20):
            await left.fire_and_forget({"operation": "note", "value": value})
        async with asyncio.timeout(5):
            assert [await service.noted.get() for _ in range(20)] == list(range(20))


async def test_a_handler_asks_which_connection_it_serves() -> None:
    odd = Odd()
    async with peers(None, odd) as (one, first), peers(None, odd) as (two, second):
        for operation in ("who", "who_plainly"):
            assert await one.request_response({"operation": operation}) == first.peer_id
            assert await two.request_response({"operation": operation}) == second.peer_id
    with pytest.raises(LookupError):
        current_protocol()


async def test_what_runs_keeps_the_handler_it_started_with() -> None:
    service = Service()
    async with peers(None, service) as (left, right):
        asking = asyncio.create_task(left.request_response({"operation": "hang", "value": "old"}))
        await soon(service.started)
        right.set_handler(Odd())
        service.release.set()
        assert await asking == "old"
        assert await left.request_response({"operation": "who"}) == right.peer_id


async def test_an_id_that_is_used_again_while_its_handler_stops_is_refused() -> None:
    def frame(kind: str, operation: str = "") -> str:
        data = {"operation": operation} if operation else None
        return json.dumps({"type": kind, "requestId": ["them", 0], "peerID": "them", "data": data})

    odd = Odd()
    one, other = websocket_pair()
    async with listening(Protocol(other, handler=odd, limits=Limits(handler_stop_s=0.01))) as protocol:
        await one.send(frame("request", "stubborn"))
        await soon(odd.started)
        await one.send(frame("stream_end"))
        await one.send(frame("request", "who"))
        answer = json.loads(await one.recv())
        assert (answer["type"], answer["data"]["code"]) == ("error", "invalid_request")
        await soon(odd.stopped)
        await emptied(protocol)
        assert one.waiting == ()


async def test_a_call_that_is_given_up_before_its_handler_ran_never_runs_it() -> None:
    service = Service()
    call = '{"type":"request","requestId":["them",0],"peerID":"them","data":{"operation":"hang"}}'
    end = '{"type":"stream_end","requestId":["them",0],"peerID":"them"}'
    async with peers(service, None) as (protocol, _):
        protocol._receive(call)
        protocol._receive(end)  # in the same turn: the reader may let others run between two messages
        await emptied(protocol)
    assert not service.started.is_set()


async def test_items_that_come_before_the_handler_runs_are_kept_for_it() -> None:
    opening = {
        "type": "stream_stream_request",
        "requestId": ["them", 0],
        "peerID": "them",
        "data": {"operation": "chat"},
    }
    item = {"type": "stream_data", "requestId": ["them", 0], "peerID": "them", "data": None}
    end = {"type": "stream_end", "requestId": ["them", 0], "peerID": "them"}
    script = Transcript(
        In(opening),
        In(item),
        In(end),
        Out({"type": "stream_data", "data": None}),
        Out({"type": "stream_end"}),
    )
    async with script.play(Service()) as protocol:
        pass
    await emptied(protocol)


async def test_a_peer_cannot_flood_the_log_with_calls_that_nobody_takes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with peers(limits=Limits(findings_logged_per_s=3)) as (left, right):
        for _ in range(50):
            await left.fire_and_forget({"operation": "nobody_takes_this"})
        await left.request_response({"operation": "slipstream.ping"})
        await emptied(left, right)
    assert 0 < sum("nobody_takes_this" in message for message in caplog.messages) <= 6


class Yielding(ProtocolHandler):
    """Handlers that yield though their kind does not."""

    @request_response
    async def unary(self, data: dict[str, Any]) -> AsyncIterator[int]:
        yield 1

    @stream_stream
    async def chat(self, data: dict[str, Any], stream: BiStreamHandle) -> AsyncIterator[int]:
        yield 1

    @stream_stream
    def plain(self, data: dict[str, Any], stream: BiStreamHandle) -> Iterator[int]:
        yield 1


async def test_a_unary_handler_that_yields_is_told_so() -> None:
    error = await failure("unary", Yielding())
    assert (error.code, "yields" in error.message) == ("internal", True)


@pytest.mark.parametrize("operation", ["chat", "plain"])
async def test_a_bidirectional_handler_that_yields_does_not_end_as_if_all_were_well(operation: str) -> None:
    async with peers(None, Yielding()) as (left, right):
        handle = await left.stream_stream({"operation": operation})
        with pytest.raises(RemoteError, match="yields") as caught:
            await handle.receive()
        assert caught.value.code == "internal"
        await emptied(left, right)


class UnspeakableError(Exception):
    """Cannot be told."""

    def __str__(self) -> str:
        raise LookupError("no text")


class Ruinous(ProtocolHandler):
    """Raises what is no ordinary exception."""

    @request_response
    async def leave(self, data: dict[str, Any]) -> None:
        raise SystemExit(7)

    @request_response
    async def generator_exit(self, data: dict[str, Any]) -> None:
        raise GeneratorExit

    @request_response
    async def unspeakable(self, data: dict[str, Any]) -> None:
        raise UnspeakableError

    @fire_and_forget
    async def leave_silently(self, data: dict[str, Any]) -> None:
        raise SystemExit(7)

    @fire_and_forget
    async def give_up(self, data: dict[str, Any]) -> None:
        raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("operation", "text"),
    [("leave", "SystemExit: 7"), ("generator_exit", "GeneratorExit"), ("unspeakable", "it has no text")],
)
async def test_whatever_a_handler_raises_its_exchange_is_answered(operation: str, text: str) -> None:
    error = await failure(operation, Ruinous())
    assert error.code == "application"
    assert text in error.message


@pytest.mark.parametrize("operation", ["leave_silently", "give_up"])
async def test_whatever_a_one_way_handler_raises_the_connection_goes_on(operation: str) -> None:
    async with peers(None, Ruinous()) as (left, right):
        await left.fire_and_forget({"operation": operation})
        assert (await left.request_response({"operation": "slipstream.ping"}))["state"] == "connected"
        await emptied(left, right)


class Slow(ProtocolHandler):
    """Handlers that keep the event loop."""

    @request_response
    async def block(self, data: dict[str, Any]) -> None:
        time.sleep(0.25)  # noqa: ASYNC251 - the point of the test

    @request_response
    async def block_shortly(self, data: dict[str, Any]) -> None:
        time.sleep(0.002)  # noqa: ASYNC251 - likewise

    @fire_and_forget
    async def block_silently(self, data: dict[str, Any]) -> None:
        time.sleep(0.25)  # noqa: ASYNC251 - likewise

    @request_response
    def block_a_thread(self, data: dict[str, Any]) -> None:
        time.sleep(0.25)


def blocked(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [message for message in caplog.messages if "kept the event loop" in message]


async def test_a_handler_that_keeps_the_event_loop_is_named(caplog: pytest.LogCaptureFixture) -> None:
    async with peers(None, Slow()) as (left, right):
        await left.request_response({"operation": "block"})
        await left.fire_and_forget({"operation": "block_silently"})
        await left.request_response({"operation": "block_a_thread"})
        await emptied(left, right)
    assert [message.split("'")[1] for message in blocked(caplog)] == ["block", "block_silently"]


async def test_blocking_is_told_only_so_often(caplog: pytest.LogCaptureFixture) -> None:
    limits = Limits(loop_block_warn_s=0.001, findings_logged_per_s=1)
    async with peers(None, Slow(), limits=limits) as (left, _):
        await asyncio.gather(*[left.request_response({"operation": "block_shortly"}) for _ in range(9)])
    assert 0 < len(blocked(caplog)) < 9


async def test_blocking_may_be_nobodys_business(caplog: pytest.LogCaptureFixture) -> None:
    async with peers(None, Slow(), limits=Limits(loop_block_warn_s=None)) as (left, _):
        await left.request_response({"operation": "block"})
    assert blocked(caplog) == []


@pytest.mark.parametrize("operation", ["fails_silently", "raises"])
async def test_failures_of_handlers_are_logged_only_so_often(
    operation: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with peers(None, Odd(), limits=Limits(findings_logged_per_s=3)) as (left, right):
        for _ in range(20):
            if operation == "raises":
                with pytest.raises(RemoteError):
                    await left.request_response({"operation": operation})
            else:
                await left.fire_and_forget({"operation": operation})
        await emptied(left, right)
    assert 0 < sum(f"{operation!r} failed" in message for message in caplog.messages) <= 6


async def test_what_is_reserved_is_no_failure_of_a_one_way_handler(caplog: pytest.LogCaptureFixture) -> None:
    async with peers(None, Service()) as (left, right):
        await left.fire_and_forget({"operation": "slipstream.unheard_of"})
        await left.request_response({"operation": "add", "a": 1})
        await emptied(left, right)
    assert caplog.messages == []


async def test_the_end_of_the_connection_stops_every_handler() -> None:
    class Waiting(Service):
        @fire_and_forget
        async def wait_silently(self, data: dict[str, Any]) -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

    begun, ended, service = asyncio.Event(), asyncio.Event(), Waiting()
    async with peers(None, service) as (left, right):
        await left.fire_and_forget({"operation": "wait_silently"})
        call = asyncio.create_task(left.request_response({"operation": "hang"}))
        await soon(begun)
        await soon(service.started)
        await left.aclose()
        with pytest.raises(ConnectionClosedError):
            await call
        await soon(ended)
        await soon(service.stopped)
        await emptied(left, right)


class Overflowing(ProtocolHandler):
    """In the step of such a handler more waits to be written than may, and the connection ends."""

    def __init__(self) -> None:
        self.stopped = asyncio.Event()

    @request_response
    async def call(self, data: dict[str, Any]) -> None:
        await self.overflow()

    @fire_and_forget
    async def tell(self, data: dict[str, Any]) -> None:
        await self.overflow()

    async def overflow(self) -> None:
        items = await current_protocol().request_stream({"operation": "endless"})
        await items.aclose()  # the frame that says so is one too many
        try:
            await asyncio.Event().wait()
        finally:
            self.stopped.set()


@pytest.mark.parametrize("operation", ["call", "tell"])
async def test_a_handler_in_whose_own_step_the_connection_ended_is_stopped_too(operation: str) -> None:
    handler = Overflowing()
    async with peers(Service(), handler, right_limits=Limits(outbox_bytes=1)) as (left, right):
        if operation == "call":
            with pytest.raises(ConnectionLostError):
                await left.request_response({"operation": operation})
        else:
            await left.fire_and_forget({"operation": operation})
        await soon(handler.stopped)
        await emptied(left, right)


async def test_results_wait_until_the_other_side_reads() -> None:
    raw, socket = websocket_pair(capacity=1)
    async with listening(Protocol(socket, handler=Service())) as protocol:
        for number in range(10):
            data = {"operation": "echo", "value": f"{number}" * 400_000}
            await raw.send(
                json.dumps({"type": "request", "peerID": "raw", "requestId": ["raw", number], "data": data})
            )
        async with asyncio.timeout(5):
            while protocol.stats().frames_in < 10:  # noqa: ASYNC110 - counting has no event; this yields
                await asyncio.sleep(0)
        for _ in range(20):  # every handler takes its few steps
            await asyncio.sleep(0)
        assert protocol.stats().unwritten_bytes < 2_000_000
        answers = [json.loads(await raw.recv()) for _ in range(10)]
    assert [answer["data"][0] for answer in answers] == list("0123456789")


async def test_a_deadline_that_the_responder_noticed_first_is_a_timeout_too() -> None:
    async with peers(None, Odd()) as (left, _):
        with pytest.raises(TimeoutError) as caught:
            await left.request_response({"operation": "gives_up"})
        assert isinstance(caught.value, RemoteError)
        assert caught.value.code == "deadline_exceeded"


class Counted:
    """Items that come from an object of its own, which is no generator."""

    def __init__(self, end: int) -> None:
        self.numbers = iter(range(end))

    def __aiter__(self) -> Counted:
        return self

    async def __anext__(self) -> int:
        try:
            return next(self.numbers)
        except StopIteration:
            raise StopAsyncIteration from None


class Counting(ProtocolHandler):
    @request_stream
    async def by_generator(self, data: dict[str, Any]) -> AsyncIterator[int]:
        for number in range(data["end"]):
            yield number

    @request_stream
    def by_object(self, data: dict[str, Any]) -> Counted:
        return Counted(data["end"])


@pytest.mark.parametrize("operation", ["by_generator", "by_object"])
async def test_the_items_of_a_handler_wait_for_credit(operation: str) -> None:
    async with peers(None, Counting(), limits=Limits(credit=2)) as (left, right):
        await right.fire_and_forget({"operation": "hello"})
        stream = await left.request_stream({"operation": operation, "end": 9})
        assert [item async for item in stream] == list(range(9))


async def test_while_answers_fill_the_outbox_no_handler_starts() -> None:
    service = Service()
    raw, near = websocket_pair(capacity=1)
    async with listening(Protocol(near, handler=service)) as protocol:
        for number, data in enumerate(
            [{"operation": "echo", "value": "x" * 900_000}] * 2 + [{"operation": "hang"}]
        ):
            frame = {"type": "request", "peerID": "raw", "requestId": ["raw", number], "data": data}
            protocol._receive(json.dumps(frame))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not service.started.is_set()
        for _ in range(2):
            await raw.recv()
        await soon(service.started)


async def test_an_answer_whose_handler_began_before_waits_for_the_others_to_be_taken() -> None:
    service = Service()
    raw, near = websocket_pair(capacity=1)
    async with listening(Protocol(near, handler=service)) as protocol:

        def call(number: int, **data: Any) -> None:
            frame = {"type": "request", "peerID": "raw", "requestId": ["raw", number], "data": data}
            protocol._receive(json.dumps(frame))

        call(0, operation="hang", value="last")
        await soon(service.started)
        for number in (1, 2):
            call(number, operation="echo", value="x" * 900_000)
        for _ in range(20):
            await asyncio.sleep(0)
        service.release.set()
        answers = [json.loads(await raw.recv())["requestId"][1] for _ in range(3)]
    assert answers == [1, 2, 0]
