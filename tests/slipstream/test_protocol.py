import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

import pytest
from websockets.protocol import State

from slipstream import (
    ConnectionClosedError,
    ConnectionLostError,
    ConnectionState,
    ExchangeCancelledError,
    ExchangeKind,
    FrameTap,
    FrameTooLargeError,
    Limits,
    Outcome,
    OverloadedError,
    Protocol,
    ProtocolError,
    ProtocolHandler,
    RemoteError,
    RequestTimeoutError,
    SlipstreamError,
    StreamClosedError,
    StreamOverflowError,
    Tap,
    request_response,
)
from slipstream.events import Event
from slipstream.session import Session
from slipstream.testing import (
    ANYTHING,
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
from tests.slipstream.support import PATIENCE_S, Observer, Service, emptied, gather, leftovers, soon

HELLO = {"hello": {"version": 1, "credit": 256, "maxFrame": 1048576, "software": "script"}}
ASK = {"type": "request", "requestId": Slot("id"), "data": {"operation": "x"}}
NOTICE = {"type": "fire_and_forget", "peerID": "them", "data": {"operation": "slipstream.nothing"}}
GREETING = In({**NOTICE, "meta": HELLO})
QUICK = Limits(close_timeout_s=0.05, handler_stop_s=0.02)


def answer(kind: str, **fields: Any) -> In:
    return In({"type": kind, "requestId": Slot("id"), "peerID": "them", **fields})


async def call(protocol: Protocol) -> Any:
    return await protocol.request_response({"operation": "x"})


async def stream(protocol: Protocol) -> list[Any]:
    return [item async for item in await protocol.request_stream({"operation": "x"})]


async def talk(protocol: Protocol) -> list[Any]:
    handle = await protocol.stream_stream({"operation": "x"})
    await handle.aclose()
    return [item async for item in handle]


CALLS: dict[str, tuple[str, Callable[[Protocol], Awaitable[Any]], list[Any]]] = {
    "unary": ("request", call, []),
    "server stream": ("stream_request", stream, []),
    "bidirectional": ("stream_stream_request", talk, [Out({"type": "stream_end"})]),
}
every_kind = pytest.mark.parametrize("kind", CALLS)


def opening(kind: str) -> list[Any]:
    return [Out({"type": CALLS[kind][0], "requestId": Slot("id"), "peerID": ANYTHING}), *CALLS[kind][2]]


# -- the invariant: one ending, and nothing left ------------------------------------------------------------


async def test_a_request_ends_with_its_result() -> None:
    async with Transcript(Out(ASK), answer("response", data={"n": 1})).play() as protocol:
        assert await call(protocol) == {"n": 1}
        await emptied(protocol)


async def test_a_request_may_have_null_for_its_result() -> None:
    async with Transcript(Out(ASK), answer("response")).play() as protocol:
        assert await call(protocol) is None


@pytest.mark.parametrize("kind", ["server stream", "bidirectional"])
async def test_a_null_item_is_an_item_like_any_other(kind: str) -> None:
    items = [answer("stream_data", data=item) for item in ("a", None, "b")]
    async with Transcript(*opening(kind), *items, answer("stream_end")).play() as protocol:
        assert await CALLS[kind][1](protocol) == ["a", None, "b"]
        await emptied(protocol)


@every_kind
async def test_an_error_frame_is_a_remote_error(kind: str) -> None:
    error = {"error": "no luck", "code": "not_found", "details": [1]}
    async with Transcript(*opening(kind), answer("error", data=error)).play() as protocol:
        with pytest.raises(RemoteError, match="no luck") as caught:
            await CALLS[kind][1](protocol)
        assert (caught.value.message, caught.value.code, caught.value.details) == (
            "no luck",
            "not_found",
            [1],
        )
        await emptied(protocol)


ENDINGS = [
    (1000, ConnectionClosedError),
    (1001, ConnectionClosedError),
    (1011, ConnectionLostError),
    (4400, ConnectionLostError),
    (None, ConnectionLostError),
]


@every_kind
@pytest.mark.parametrize(("code", "error"), ENDINGS)
async def test_the_end_of_the_connection_ends_every_exchange(
    kind: str, code: int | None, error: type[ConnectionClosedError]
) -> None:
    async with Transcript(*opening(kind), Ends(code, "gone")).play() as protocol:
        with pytest.raises(ConnectionClosedError) as caught:
            await CALLS[kind][1](protocol)
        assert type(caught.value) is error
        assert caught.value.code == (code or 1006)
        await protocol.wait_closed()
        await emptied(protocol)


@pytest.mark.parametrize("code", [1000, None])
async def test_items_before_an_abnormal_end_are_delivered_first(code: int | None) -> None:
    got: list[Any] = []
    items = [answer("stream_data", data=item) for item in (1, None, 3)]
    async with Transcript(*opening("server stream"), *items, Ends(code)).play() as protocol:
        incoming = await protocol.request_stream({"operation": "x"})
        await protocol.wait_closed()
        with pytest.raises(ConnectionClosedError):
            await gather(incoming, got)
    assert got == [1, None, 3]


async def test_a_deadline_ends_a_request_on_both_sides() -> None:
    service = Service()
    async with peers(None, service) as (left, right):
        await left.request_response({"operation": "add", "a": 1})
        with pytest.raises(RequestTimeoutError) as caught:
            await left.request_response({"operation": "hang"}, timeout=0.01)
        assert isinstance(caught.value, TimeoutError)
        await soon(service.stopped)
        await emptied(left, right)


async def test_the_connection_has_a_deadline_of_its_own() -> None:
    async with peers(limits=Limits(request_timeout_s=0.01), right=Service()) as (left, _):
        with pytest.raises(RequestTimeoutError):
            await left.request_response({"operation": "hang"})


async def test_no_deadline_means_none() -> None:
    service = Service()
    async with peers(None, service, limits=Limits(request_timeout_s=0.0)) as (left, _):
        waiting = asyncio.create_task(left.request_response({"operation": "hang", "value": 1}, timeout=None))
        await soon(service.started)
        service.release.set()
        assert await waiting == 1


async def test_a_later_deadline_waits_for_its_own_time() -> None:
    async with peers(None, Service()) as (left, _):
        early = asyncio.create_task(left.request_response({"operation": "hang"}, timeout=0.02))
        late = asyncio.create_task(left.request_response({"operation": "hang"}, timeout=0.04))
        earlier = asyncio.create_task(left.request_response({"operation": "hang"}, timeout=0.01))
        ended: list[asyncio.Task[Any]] = []
        for task in (early, late, earlier):
            task.add_done_callback(ended.append)
        for task in (early, late, earlier):
            with pytest.raises(RequestTimeoutError):
                await task
        await asyncio.sleep(0)
        assert ended == [earlier, early, late]


async def test_a_deadline_ends_a_request_to_a_peer_that_takes_no_frames() -> None:
    tiny = {"hello": {"version": 1, "maxFrame": 1}}
    async with Transcript(Out(ASK), In({**NOTICE, "meta": tiny})).play() as protocol:
        with pytest.raises(RequestTimeoutError):
            await protocol.request_response({"operation": "x"}, timeout=0.01)
        await emptied(protocol)


USES: dict[str, Callable[[Protocol], Coroutine[Any, Any, Any]]] = {
    "unary": lambda protocol: protocol.request_response({"operation": "hang"}),
    "server stream": lambda protocol: consume(protocol.request_stream({"operation": "endless"})),
    "bidirectional": lambda protocol: consume(protocol.stream_stream({"operation": "chat"})),
}


async def consume(stream: Awaitable[AsyncIterator[Any]]) -> None:
    async for _ in await stream:
        pass


@every_kind
async def test_a_cancelled_caller_leaves_nothing(kind: str) -> None:
    observer = Observer()
    async with peers(None, Service(), left_taps=[observer]) as (left, right):
        await left.request_response({"operation": "add", "a": 1})
        service = right.handler
        task = asyncio.create_task(USES[kind](left))
        await soon(service.started)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        del task
        await soon(service.stopped)
        await emptied(left, right)
    assert [outcome for outcome, _ in observer.settlings] == [Outcome.CANCELLED]
    assert json.loads(observer.messages("out")[-1])["data"]["code"] == "cancelled"


async def test_cancelling_a_legacy_peers_request_sends_nothing() -> None:
    script = Transcript(Out(ASK), In(NOTICE), Out({"type": "fire_and_forget", "data": {"operation": "y"}}))
    async with script.play() as protocol:
        asking = asyncio.create_task(call(protocol))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        await emptied(protocol)
        await protocol.fire_and_forget({"operation": "y"})


async def test_cancelling_a_legacy_peers_stream_sends_stream_end() -> None:
    script = Transcript(
        *opening("server stream"),
        In(NOTICE),
        Out({"type": "stream_end", "requestId": Slot("id"), "data": None}),
        answer("stream_data", data="still in flight"),
        answer("stream_end"),
    )
    observer = Observer()
    async with script.play(taps=[observer]) as protocol:
        items = await protocol.request_stream({"operation": "x"})
        await observer.until(lambda: len(observer.messages("in")) == 1)
        await items.aclose()
        await emptied(protocol)
    assert observer.findings == []


@pytest.mark.parametrize("operation", ["hang", "mute"])
async def test_what_was_given_up_before_the_peer_was_known_is_told_when_it_is(operation: str) -> None:
    service = Service()
    async with peers(None, service) as (left, right):
        kind = ExchangeKind.UNARY if operation == "hang" else ExchangeKind.BIDIRECTIONAL
        request_id = left.open_exchange(kind, {"operation": operation})
        await soon(service.started)
        await left.cancel(request_id)
        assert right.exchanges == 1
        await left.request_response({"operation": "add", "a": 1})
        await soon(service.stopped)
        await emptied(left, right)


async def test_a_legacy_peer_is_not_told_later_either() -> None:
    script = Transcript(Out(ASK), In(NOTICE), Out({"type": "fire_and_forget"}))
    observer = Observer()
    async with script.play(taps=[observer]) as protocol:
        protocol.abandon(protocol.open_exchange(ExchangeKind.UNARY, {"operation": "x"}))
        await observer.until(lambda: len(observer.messages("in")) == 1)
        await protocol.fire_and_forget({"operation": "y"})


async def test_the_answer_that_shows_the_peer_is_not_cancelled() -> None:
    late = answer("response", data=1, meta=HELLO)
    script = Transcript(Out(ASK), late, Out({"type": "fire_and_forget"}))
    observer = Observer()
    async with script.play(taps=[observer]) as protocol:
        protocol.abandon(protocol.open_exchange(ExchangeKind.UNARY, {"operation": "x"}))
        await observer.until(lambda: len(observer.messages("in")) == 1)
        await protocol.fire_and_forget({"operation": "y"})


async def test_an_answer_after_the_end_is_ignored() -> None:
    script = Transcript(Out(ASK), GREETING, Out({"type": "error"}), answer("response", data="late"))
    observer = Observer()
    async with script.play(taps=[observer]) as protocol:
        asking = asyncio.create_task(call(protocol))
        await observer.until(lambda: len(observer.messages("in")) == 1)
        asking.cancel()
        await asyncio.wait([asking])
    assert protocol._session.table.late == 1
    assert observer.findings == []


# -- before anything is sent --------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [None, 1, "text", ["list"]])
async def test_data_that_is_no_dict_is_a_type_error(data: Any) -> None:
    async with peers() as (left, _):
        for method in (
            left.request_response,
            left.request_stream,
            left.stream_stream,
            left.fire_and_forget,
        ):
            with pytest.raises(TypeError, match="dict"):
                await method(data)
        assert left._session.table.next_number == 0


@pytest.mark.parametrize("value", [{1}, float("nan"), b"bytes"])
async def test_data_that_json_cannot_say_opens_nothing(value: object) -> None:
    async with peers() as (left, _):
        with pytest.raises(ProtocolError):
            await left.request_response({"operation": "x", "value": value})
        assert (left._session.table.next_number, leftovers(left)) == (0, {})


async def test_a_frame_over_the_limit_fails_only_its_own_call() -> None:
    async with peers(None, Service(), limits=Limits(frame_bytes=1000)) as (left, _):
        with pytest.raises(FrameTooLargeError):
            await left.request_response({"operation": "echo", "value": "x" * 1000})
        assert await left.request_response({"operation": "echo", "value": "y"}) == "y"


async def test_a_frame_over_the_other_sides_limit_is_not_sent() -> None:
    async with peers(None, Service(), right_limits=Limits(frame_bytes=1000)) as (left, _):
        assert await left.request_response({"operation": "echo", "value": 1}) == 1
        with pytest.raises(FrameTooLargeError):
            await left.request_response({"operation": "echo", "value": "x" * 1000})


async def test_too_many_exchanges_of_mine_are_refused_here() -> None:
    service = Service()
    async with peers(None, service, limits=Limits(in_flight=1)) as (left, _):
        asking = asyncio.create_task(left.request_response({"operation": "hang", "value": 1}))
        await soon(service.started)
        with pytest.raises(OverloadedError):
            await left.request_stream({"operation": "items", "items": []})
        service.release.set()
        assert await asking == 1


async def test_too_many_exchanges_of_theirs_are_answered_overloaded() -> None:
    service = Service()
    async with peers(None, service, right_limits=Limits(in_flight=1)) as (left, _):
        asking = asyncio.create_task(left.request_response({"operation": "hang", "value": 1}))
        await soon(service.started)
        with pytest.raises(RemoteError) as caught:
            await left.request_response({"operation": "add", "a": 1})
        assert caught.value.code == "overloaded"
        service.release.set()
        assert await asking == 1


# -- after the end ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "error"), ENDINGS)
async def test_every_call_after_the_end_fails_at_once(
    code: int | None, error: type[ConnectionClosedError]
) -> None:
    async with Transcript(Ends(code)).play() as protocol:
        await protocol.wait_closed()
        request_id = (protocol.peer_id, 0)
        for attempt in (
            call(protocol),
            stream(protocol),
            talk(protocol),
            protocol.fire_and_forget({"operation": "x"}),
            protocol.send_item(request_id, 1),
            protocol.end_half(request_id),
            protocol.send_raw("{}"),
        ):
            with pytest.raises(ConnectionError, match="WebSocket is closed") as caught:
                await attempt
            assert type(caught.value) is error
        await protocol.cancel(request_id)
        protocol.abandon(request_id)


async def test_a_call_on_a_socket_that_nobody_reads_and_that_was_lost_tells_so() -> None:
    one, other = websocket_pair()
    protocol = Protocol(one)
    other.abort()
    with pytest.raises(ConnectionLostError, match="WebSocket is closed"):
        await stream(protocol)


async def test_a_call_on_a_socket_that_is_being_closed_tells_so() -> None:
    one, other = websocket_pair()
    protocol = Protocol(one)
    one.never_answer_close()
    closing = asyncio.create_task(other.close())
    await asyncio.wait([closing], timeout=0)
    with pytest.raises(ConnectionClosedError, match="WebSocket is closed"):
        await talk(protocol)
    one.abort()
    await closing


async def test_a_request_made_before_listening_is_answered_when_it_starts() -> None:
    one, other = websocket_pair()
    left, right = Protocol(one), Protocol(other, handler=Service())
    asking = asyncio.create_task(left.request_response({"operation": "add", "a": 2}))
    async with listening(left), listening(right):
        assert await asking == 2


# -- listening ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [1000, 1001])
async def test_listening_returns_after_a_normal_close(code: int) -> None:
    one, other = websocket_pair()
    protocol = Protocol(one)
    task = asyncio.create_task(protocol.listen())
    await other.close(code)
    await task
    assert protocol.state is ConnectionState.CLOSED


@pytest.mark.parametrize("code", [1005, 1011, 4400])
async def test_listening_raises_lost_after_any_other_close(code: int) -> None:
    async with Transcript(Ends(code if code != 1005 else 3000, "why")).play() as protocol:
        await protocol.wait_closed()
    assert protocol.state is ConnectionState.LOST


async def test_listening_tells_code_and_reason_of_a_loss() -> None:
    one, other = websocket_pair()
    protocol = Protocol(one)
    task = asyncio.create_task(protocol.listen())
    await other.close(1011, "broken")
    with pytest.raises(ConnectionLostError, match=r"Connection lost: broken \(code=1011\)") as caught:
        await task
    assert (caught.value.code, caught.value.reason) == (1011, "broken")


async def test_only_one_listens() -> None:
    async with peers() as (left, _):
        with pytest.raises(RuntimeError, match="once"):
            await left.listen()
    with pytest.raises(RuntimeError, match="once"):
        await left.listen()


async def test_a_cancelled_listener_settles_everything_and_says_so() -> None:
    one, other = websocket_pair()
    protocol = Protocol(one)
    task = asyncio.create_task(protocol.listen())
    asking = asyncio.create_task(call(protocol))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ConnectionClosedError, match="stopped listening"):
        await asking
    assert (protocol.state, leftovers(protocol)) == (ConnectionState.CLOSED, {})
    assert other.close_code is None
    await protocol.aclose()
    assert other.close_code == 1000


class Defect(Session):
    def receive(self, message: str | bytes, now: float = 0.0) -> list[Event]:
        raise ZeroDivisionError


async def test_a_defect_while_reading_ends_the_connection_and_is_raised() -> None:
    one, other = websocket_pair()
    protocol = Protocol(one)
    protocol._session = Defect(protocol.peer_id)
    asking = asyncio.create_task(call(protocol))
    task = asyncio.create_task(protocol.listen())
    await other.send("{}")
    with pytest.raises(ZeroDivisionError):
        await task
    with pytest.raises(ConnectionLostError, match="internal error: ZeroDivisionError"):
        await asking
    assert other.state is State.CLOSED


async def test_a_long_burst_lets_other_tasks_run() -> None:
    one, other = websocket_pair()
    protocol = Protocol(one)
    for _ in range(200):
        await other.send(json.dumps(NOTICE))
    seen: list[int] = []
    task = asyncio.create_task(protocol.listen())
    for _ in range(3):
        await asyncio.sleep(0)
        seen.append(len(one.waiting))
    assert seen[0] > 0
    await other.close()
    await task


# -- states -------------------------------------------------------------------------------------------------


def path(observer: Observer) -> list[str]:
    return [observer.transitions[0].old.name, *(step.new.name for step in observer.transitions)]


async def test_every_transition_is_told_once() -> None:
    left, right = Observer(), Observer()
    async with peers(left_taps=[left], right_taps=[right]) as (here, _):
        await here.aclose(1001, "bye")
        await here.aclose()
    assert path(left) == ["CONNECTING", "CONNECTED", "CLOSING", "CLOSED"]
    assert path(right) == ["CONNECTING", "CONNECTED", "CLOSED"]
    assert (right.transitions[-1].code, right.transitions[-1].reason) == (1001, "bye")


async def test_a_lost_connection_is_told_with_code_and_reason() -> None:
    observer = Observer()
    async with Transcript(Ends(4429, "flood")).play(taps=[observer]) as protocol:
        await protocol.wait_closed()
    assert path(observer) == ["CONNECTING", "CONNECTED", "LOST"]
    assert (observer.transitions[-1].code, observer.transitions[-1].reason) == (4429, "flood")


async def test_a_protocol_that_never_listened_can_be_closed() -> None:
    one, other = websocket_pair()
    observer = Observer()
    await Protocol(one, taps=[observer]).aclose()
    assert path(observer) == ["CONNECTING", "CLOSED"]
    assert other.close_code == 1000


# -- closing ------------------------------------------------------------------------------------------------


async def test_closing_writes_first_what_is_queued() -> None:
    service = Service()
    async with peers(None, service) as (left, right):
        sending = [
            asyncio.create_task(left.fire_and_forget({"operation": "note", "value": n})) for n in (1, 2)
        ]
        await asyncio.sleep(0)
        await left.aclose()
        await asyncio.gather(*sending)
        await right.wait_closed()
    assert right._session.remote.peer_id == left.peer_id


async def test_closing_ends_what_is_in_flight_on_both_sides() -> None:
    service = Service()
    async with peers(None, service) as (left, right):
        asking = asyncio.create_task(left.request_response({"operation": "hang"}))
        await soon(service.started)
        await right.aclose(1001, "shutting down")
        with pytest.raises(ConnectionClosedError, match="shutting down") as caught:
            await asking
        assert type(caught.value) is ConnectionClosedError
        await soon(service.stopped)
        await emptied(left, right)


async def test_while_closing_nothing_new_is_opened_and_what_runs_may_finish() -> None:
    service = Service()
    async with peers(None, service) as (left, right):
        handle = await left.stream_stream({"operation": "chat"})
        await soon(service.started)
        closing = asyncio.create_task(right.aclose(drain_s=60.0))
        await asyncio.sleep(0)
        assert right.state is ConnectionState.CLOSING
        with pytest.raises(ConnectionClosedError):
            await right.request_response({"operation": "x"})
        with pytest.raises(RemoteError) as caught:
            await left.request_response({"operation": "add", "a": 1})
        assert caught.value.code == "unavailable"
        await handle.send("still works")
        assert await handle.receive() == "still works"
        await handle.aclose()
        assert [item async for item in handle] == []
        async with asyncio.timeout(5):
            await closing
        await left.wait_closed()
        assert left.state is ConnectionState.CLOSED


async def test_draining_has_a_limit() -> None:
    service = Service()
    async with peers(None, service) as (left, right):
        asking = asyncio.create_task(left.request_response({"operation": "hang"}))
        await soon(service.started)
        await right.aclose(drain_s=0.01)
        with pytest.raises(ConnectionClosedError):
            await asking


async def test_a_connection_lost_while_draining_stops_the_drain() -> None:
    service = Service()
    async with peers(None, service) as (left, right):
        asking = asyncio.create_task(left.request_response({"operation": "hang"}))
        await soon(service.started)
        closing = asyncio.create_task(right.aclose(drain_s=60.0))
        await asyncio.sleep(0)
        left.websocket.abort()
        await closing
        with pytest.raises(ConnectionLostError):
            await asking


async def test_a_drain_that_is_cancelled_drops_the_connection_at_both_ends() -> None:
    service = Service()
    async with peers(None, service) as (left, right):
        asking = asyncio.create_task(left.request_response({"operation": "hang"}))
        await soon(service.started)
        closing = asyncio.create_task(right.aclose(drain_s=60.0))
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(ConnectionLostError):
            await asking
        assert left.state is ConnectionState.LOST


async def test_a_peer_that_does_not_answer_the_close_is_left_behind() -> None:
    one, other = websocket_pair()
    other.never_answer_close()
    protocol = Protocol(one, limits=QUICK)
    task = asyncio.create_task(protocol.listen())
    await asyncio.sleep(0)
    await protocol.aclose()
    await task
    assert (protocol.state, other.state) == (ConnectionState.CLOSED, State.CLOSED)


async def test_a_peer_that_does_not_read_is_left_behind() -> None:
    one, other = websocket_pair(capacity=0)
    protocol = Protocol(one, limits=QUICK)
    task = asyncio.create_task(protocol.listen())
    sending = asyncio.create_task(protocol.fire_and_forget({"operation": "x", "text": "x" * 100_000}))
    await asyncio.sleep(0)
    await protocol.aclose()
    await task
    with pytest.raises(ConnectionClosedError):
        await sending
    assert other.state is State.CLOSED


async def test_a_cancelled_close_still_ends_the_connection() -> None:
    one, other = websocket_pair()
    other.never_answer_close()
    protocol = Protocol(one)
    task = asyncio.create_task(protocol.listen())
    await asyncio.sleep(0)
    closing = asyncio.create_task(protocol.aclose())
    await asyncio.wait([closing], timeout=0)
    closing.cancel()
    await asyncio.wait([closing])
    await task
    assert protocol.state is ConnectionState.CLOSED


async def test_a_reason_too_long_for_a_close_frame_is_cut() -> None:
    one, other = websocket_pair()
    await Protocol(one).aclose(1000, "é" * 200)
    assert other.close_reason == "é" * 61


async def test_a_reader_that_does_not_notice_the_end_dispatches_nothing_more() -> None:
    one, other = websocket_pair()
    monitor = Observer()
    protocol = Protocol(one, limits=QUICK, taps=[monitor])
    task = asyncio.create_task(protocol.listen())
    await asyncio.sleep(0)
    one.abort = lambda: None  # type: ignore[method-assign]  # a socket that cannot even be dropped
    other.never_answer_close()
    await protocol.aclose()
    one._here.inbox.extend([json.dumps(NOTICE)] * 2)
    one._here.changed.set()
    await task
    assert monitor.messages("in") == []


async def test_closing_from_within_a_handler_ends_the_connection() -> None:
    class Closing(Service):
        async def echo(self, data: dict[str, Any]) -> None:
            assert self.protocol is not None
            await self.protocol.aclose()

    Closing.echo._slipstream_endpoint = Service.echo._slipstream_endpoint  # type: ignore[attr-defined]  # the mark
    async with peers(None, Closing()) as (left, right):
        with pytest.raises(ConnectionClosedError):
            await left.request_response({"operation": "echo"})
        await right.wait_closed()


async def test_closing_from_within_a_handler_does_not_wait_for_a_silent_peer() -> None:
    closed = asyncio.Event()

    class Closing(Service):
        async def echo(self, data: dict[str, Any]) -> None:
            assert self.protocol is not None
            await self.protocol.aclose()
            closed.set()

    Closing.echo._slipstream_endpoint = Service.echo._slipstream_endpoint  # type: ignore[attr-defined]  # the mark
    one, other = websocket_pair()
    one.never_answer_close()
    other.abort = lambda: None  # type: ignore[method-assign]  # nothing else ends it either
    left, right = Protocol(one), Protocol(other, handler=Closing(), limits=QUICK)
    async with listening(left), listening(right):
        asking = asyncio.create_task(left.request_response({"operation": "echo"}))
        await soon(closed)
        assert right.state is ConnectionState.CLOSED
        one.abort()
        with pytest.raises(ConnectionClosedError):
            await asking


# -- overflow -----------------------------------------------------------------------------------------------

SMALL = Limits(stream_buffer_bytes=400)


async def test_overflow_of_one_stream_leaves_its_neighbour_alone() -> None:
    service = Service()
    async with peers(None, service, limits=SMALL) as (left, right):
        unread = await left.request_stream({"operation": "endless"})
        await soon(service.stopped)
        items = [item async for item in await left.request_stream({"operation": "items", "items": [1, 2]})]
        assert items == [1, 2]
        got: list[Any] = []
        with pytest.raises(StreamOverflowError):
            await gather(unread, got)
        assert got == list(range(len(got)))
        assert got
        await emptied(left, right)


async def test_overflow_at_the_responder_is_an_error_for_the_opener() -> None:
    service = Service()
    async with peers(None, service, right_limits=SMALL) as (left, right):
        handle = await left.stream_stream({"operation": "mute"})
        with pytest.raises(StreamClosedError, match="overflow"):
            await asyncio.wait_for(_send_for_ever(handle.send), 5)
        with pytest.raises(RemoteError) as caught:
            await handle.receive()
        assert caught.value.code == "overflow"
        await emptied(left, right)


async def _send_for_ever(send: Callable[[Any], Awaitable[None]]) -> None:
    while True:
        await send("x" * 50)
        await asyncio.sleep(0)


async def test_the_streams_of_a_connection_share_a_budget() -> None:
    limits = Limits(connection_buffer_bytes=600)
    async with peers(None, Service(), limits=limits) as (left, _):
        full = await left.request_stream({"operation": "items", "items": list(range(3))})
        await emptied_except(left)
        other = await left.request_stream({"operation": "items", "items": list(range(3))})
        with pytest.raises(StreamOverflowError):
            _ = [item async for item in other]
        assert [item async for item in full] == [0, 1, 2]
        again = await left.request_stream({"operation": "items", "items": list(range(3))})
        assert [item async for item in again] == [0, 1, 2]


async def emptied_except(protocol: Protocol) -> None:
    while protocol.exchanges:  # noqa: ASYNC110 - yields until the stream has come whole
        await asyncio.sleep(0)


async def test_an_unread_stream_that_is_dropped_gives_its_room_back() -> None:
    async with peers(None, Service(), limits=Limits(connection_buffer_bytes=600)) as (left, right):
        for _ in range(5):
            items = await left.request_stream({"operation": "items", "items": list(range(3))})
            await emptied_except(left)
            assert await anext(items) == 0
            del items
            await emptied(left, right)


# -- a peer that does not read ------------------------------------------------------------------------------


async def test_answers_that_nobody_takes_end_the_connection() -> None:
    one, other = websocket_pair(capacity=4)
    limits = Limits(outbox_bytes=2000, close_timeout_s=0.01)
    protocol = Protocol(one, handler=Service(), limits=limits)
    task = asyncio.create_task(protocol.listen())
    for number in range(100):
        frame = {
            "type": "request",
            "requestId": ["them", number],
            "peerID": "them",
            "data": {"operation": "x"},
        }
        with contextlib.suppress(Exception):
            await other.send(json.dumps(frame))
    with pytest.raises(ConnectionLostError, match="does not read"):
        await task
    assert one.state is State.CLOSED


async def test_many_calls_at_once_are_no_peer_that_does_not_read() -> None:
    limits = Limits(outbox_bytes=1000)
    async with peers(None, Service(), limits=limits, capacity=2) as (left, _):
        calls = [left.request_response({"operation": "echo", "value": "x" * 100 + str(n)}) for n in range(50)]
        assert len(await asyncio.gather(*calls)) == 50


class BrokenPipe(MemoryWebSocket):
    """Can be read, cannot be written."""

    def __init__(self, whole: MemoryWebSocket, error: Exception, *, drops: bool = False) -> None:
        super().__init__(whole._here, whole._there, None)
        self.error = error
        self.drops = drops

    async def send(self, message: str | bytes) -> None:
        if self.drops:
            self.abort()
        raise self.error


@pytest.mark.parametrize("error", [OSError("broken pipe"), RuntimeError("the transport is gone")])
@pytest.mark.parametrize("drops", [False, True])
async def test_a_socket_that_can_only_be_read_is_a_lost_one(error: Exception, drops: bool) -> None:
    one, _ = websocket_pair()
    protocol = Protocol(BrokenPipe(one, error, drops=drops))
    task = asyncio.create_task(protocol.listen())
    await asyncio.sleep(0)
    with pytest.raises(ConnectionLostError):
        await call(protocol)
    with pytest.raises(ConnectionLostError):
        await task


async def test_without_a_reader_a_failed_write_ends_the_connection() -> None:
    one, _ = websocket_pair()
    protocol = Protocol(BrokenPipe(one, OSError("broken pipe")))
    with pytest.raises(ConnectionLostError, match="broken pipe"):
        await protocol.fire_and_forget({"operation": "x", "text": "x" * 100_000})
    assert protocol.state is ConnectionState.LOST


# -- taps ---------------------------------------------------------------------------------------------------


async def test_taps_get_the_exact_text_in_order() -> None:
    observer = Observer()
    odd = ' {"type":"fire_and_forget" , "peerID":"them","data":{"operation":"slipstream.\\u00e9"}} '
    script = Transcript(In(odd), In(b"\xff\xfe"), In("no json"), Out(ASK), answer("response", data=1))
    async with script.play(taps=[observer]) as protocol:
        await observer.until(lambda: len(observer.frames) == 3)
        await call(protocol)
    assert observer.messages("in")[:3] == [odd, b"\xff\xfe", "no json"]
    assert [seen.direction for seen in observer.frames] == ["in", "in", "in", "out", "in"]
    assert [finding.rule for finding in observer.findings] == ["bad_frame", "bad_frame"]
    times = [seen.time_ns for seen in observer.frames]
    assert times == sorted(times)


async def test_what_one_side_taps_out_the_other_taps_in() -> None:
    left, right = Observer(), Observer()
    async with peers(None, Service(), left_taps=[left], right_taps=[right]) as (here, _):
        await here.request_response({"operation": "echo", "value": "é\ud800"})
        _ = [item async for item in await here.request_stream({"operation": "items", "items": [1, None]})]
    assert left.messages("out") == right.messages("in")
    assert right.messages("out") == left.messages("in")


async def test_a_failing_tap_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Tap):
        def frame(self, seen: FrameTap) -> None:
            raise RuntimeError("tap")

    observer = Observer()
    async with peers(None, Service(), left_taps=[Failing(), observer]) as (left, _):
        assert await left.request_response({"operation": "add", "a": 1}) == 1
    assert len(observer.frames) == 2
    assert "A tap failed" in caplog.text


# -- both ends call -----------------------------------------------------------------------------------------


async def test_both_ends_call_at_once() -> None:
    async with peers(Service(), Service()) as (left, right):
        asked = [
            end.request_response({"operation": "echo", "value": [name, n]})
            for n in range(50)
            for name, end in (("left", left), ("right", right))
        ]
        assert await asyncio.gather(*asked) == [[name, n] for n in range(50) for name in ("left", "right")]
        await emptied(left, right)


async def test_a_handler_calls_back_while_it_answers() -> None:
    class Asking(Service):
        async def echo(self, data: dict[str, Any]) -> Any:
            assert self.protocol is not None
            return await self.protocol.request_response({"operation": "add", "a": data["value"], "b": 1})

    Asking.echo._slipstream_endpoint = Service.echo._slipstream_endpoint  # type: ignore[attr-defined]  # the mark
    async with peers(Service(), Asking()) as (left, _):
        assert await left.request_response({"operation": "echo", "value": 41}) == 42


async def test_a_consumer_may_call_for_each_item() -> None:
    async with peers(None, Service(), capacity=1) as (left, _):
        total = 0
        async for item in await left.request_stream({"operation": "items", "items": list(range(100))}):
            total += await left.request_response({"operation": "add", "a": item})
        assert total == sum(range(100))


# -- bad input ----------------------------------------------------------------------------------------------

BAD = [
    "[1]",
    "3",
    "null",
    "",
    "{",
    b"\xff\xfe{}",
    '{"type":"stream_data","data":' + "9" * 5000 + "}",
    "[" * 100_000,
    '{"a":' * 100_000,
    '{"type":"nonsense"}',
    '{"type":"request","requestId":["x",0],"data":{"operation":"add"}}',
    '{"type":"response"}',
    '{"type":"response","requestId":["stranger",0]}',
    '{"type":"stream_data","requestId":["x",true],"peerID":"them"}',
    '{"type":"error","peerID":"them","data":{"error":[]}}',
    json.dumps({"type": "request", "requestId": ["é" * 300_000, 0], "peerID": "them", "data": {}}),
    json.dumps(
        {"type": "request", "requestId": ["é" * 150_000, 0], "peerID": "x", "data": {"operation": "a"}}
    ),
]


@pytest.mark.parametrize("message", BAD, ids=range(len(BAD)))
async def test_bad_input_never_ends_a_connection(message: str | bytes) -> None:
    one, other = websocket_pair()
    observer = Observer()
    async with (
        listening(Protocol(one, taps=[observer])),
        listening(Protocol(other, handler=Service())) as there,
    ):
        await one.send(message)
        asked = {
            "type": "request",
            "requestId": ["good", 0],
            "peerID": "good",
            "data": {"operation": "add", "a": 1},
        }
        await one.send(json.dumps(asked))
        await observer.until(lambda: any('"good",0' in str(m) for m in observer.messages("in")))
        assert there.state is ConnectionState.CONNECTED
        await emptied(there)


async def test_an_echo_server_gets_no_answers() -> None:
    one, other = websocket_pair()
    observer = Observer()

    async def echo() -> None:
        with contextlib.suppress(Exception):
            while True:
                await other.send(await other.recv())

    echoing = asyncio.create_task(echo())
    async with listening(Protocol(one, handler=Service(), taps=[observer])) as protocol:
        with pytest.raises(RequestTimeoutError):
            await protocol.request_response({"operation": "add", "a": 1}, timeout=0.02)
        assert len(observer.messages("out")) == 1
        assert [finding.rule for finding in observer.findings] == ["own_peer_id"]
    await echoing


async def test_findings_are_logged_without_payload(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "slipstream"):
        async with Transcript(*[In('{"secret')] * 50).play():
            pass
    assert 1 <= len(caplog.records) <= 10
    assert "secret" not in caplog.text


# -- tools that drive exchanges by ID -----------------------------------------------------------------------


async def test_an_exchange_that_nobody_consumes_is_seen_by_taps_alone() -> None:
    observer = Observer()
    async with peers(None, Service(), limits=SMALL, left_taps=[observer]) as (left, right):
        request_id = left.open_exchange(
            ExchangeKind.SERVER_STREAM, {"operation": "items", "items": ["x" * 100] * 20}
        )
        assert request_id == (left.peer_id, 0)
        assert left.in_flight(request_id)
        await observer.until(lambda: len(observer.messages("in")) == 21)
        await emptied(left, right)


async def test_all_that_is_in_flight_can_be_looked_at_whoever_opened_it() -> None:
    observer = Observer()
    async with peers(Service(), Service(), left_taps=[observer]) as (left, right):
        mine = left.open_exchange(ExchangeKind.UNARY, {"operation": "hang"})
        theirs = right.open_exchange(ExchangeKind.BIDIRECTIONAL, {"operation": "chat"})
        await observer.until(lambda: left.exchanges == 2)
        found = [(each.request_id, each.mine, each.operation) for each in left.all_in_flight()]
        assert found == [(mine, True, "hang"), (theirs, False, "chat")]


async def test_what_may_still_be_sent_on_a_stream_can_be_asked_for() -> None:
    observer = Observer()
    limits = Limits(credit=5)
    async with peers(None, Service(), limits=limits, left_taps=[observer]) as (left, _):
        assert left.credit(("nobody", 0)) == (0, 0)
        request_id = left.open_exchange(ExchangeKind.BIDIRECTIONAL, {"operation": "chat"})
        await left.send_item(request_id, "hi")
        await observer.until(lambda: left.credit(request_id) == (4, 4))


async def test_a_deadline_may_be_given_for_any_exchange() -> None:
    observer = Observer()
    async with peers(None, Service(), left_taps=[observer]) as (left, _):
        left.open_exchange(ExchangeKind.UNARY, {"operation": "hang"}, timeout_s=0.01)
        await observer.until(lambda: bool(observer.settlings))
    assert observer.settlings[0][0] is Outcome.TIMEOUT


async def test_items_and_halves_are_driven_by_id() -> None:
    observer = Observer()
    async with peers(None, Service(), left_taps=[observer]) as (left, right):
        request_id = left.open_exchange(ExchangeKind.BIDIRECTIONAL, {"operation": "chat"})
        await left.send_item(request_id, "hi")
        await left.end_half(request_id)
        await left.end_half(request_id)
        with pytest.raises(StreamClosedError):
            await left.send_item(request_id, "late")
        await emptied(left, right)
    assert [json.loads(message)["type"] for message in observer.messages("in")] == [
        "stream_data",
        "stream_end",
    ]


async def test_cancelling_one_of_theirs_stops_its_handler_and_tells_them() -> None:
    service = Service()
    async with peers(None, service) as (left, right):
        asking = asyncio.create_task(left.request_response({"operation": "hang"}))
        await soon(service.started)
        await right.cancel((left.peer_id, 0))
        with pytest.raises(RemoteError) as caught:
            await asking
        assert caught.value.code == "cancelled"
        await soon(service.stopped)
        await emptied(left, right)


async def test_mine_is_ended_with_any_code() -> None:
    async with peers(None, Service()) as (left, right):
        asking = asyncio.create_task(left.request_response({"operation": "hang"}))
        await soon(right.handler.started)
        await left.abort((left.peer_id, 0), "application", "enough")
        with pytest.raises(ExchangeCancelledError, match="enough"):
            await asking
        await soon(right.handler.stopped)
        await emptied(left, right)


async def test_raw_text_goes_out_as_it_is() -> None:
    one, other = websocket_pair()
    async with listening(Protocol(one)) as protocol:
        for text in (" no frame ", '{"type":"request"}'):
            await protocol.send_raw(text)
            assert await other.recv() == text


async def test_raw_text_that_utf8_cannot_say_is_refused_and_harms_nothing() -> None:
    async with peers(None, Service()) as (left, _):
        with pytest.raises(ProtocolError, match="surrogate"):
            await left.send_raw("\ud800")
        assert await left.request_response({"operation": "add", "a": 1}) == 1


async def test_a_raw_frame_that_ends_an_exchange_ends_its_waiter() -> None:
    service = Service()
    async with peers(None, service) as (left, right):
        asking = asyncio.create_task(left.request_response({"operation": "hang"}))
        await soon(service.started)
        frame = {"type": "error", "requestId": [left.peer_id, 0], "peerID": left.peer_id, "data": "enough"}
        await left.send_raw(json.dumps(frame))
        with pytest.raises(SlipstreamError):
            await asking
        await soon(service.stopped)
        await emptied(left, right)


async def test_a_raw_answer_stops_the_handler() -> None:
    service = Service()
    async with peers(None, service) as (left, right):
        asking = asyncio.create_task(left.request_response({"operation": "hang"}))
        await soon(service.started)
        frame = {"type": "response", "requestId": [left.peer_id, 0], "peerID": right.peer_id, "data": 7}
        await right.send_raw(json.dumps(frame))
        assert await asking == 7
        await soon(service.stopped)
        await emptied(left, right)


async def test_items_of_a_stream_that_was_opened_raw_are_kept_for_nobody() -> None:
    observer = Observer()
    async with peers(None, Service(), limits=SMALL, left_taps=[observer]) as (left, right):
        data = {"operation": "items", "items": ["x" * 100] * 20}
        frame = {
            "type": "stream_request",
            "requestId": [left.peer_id, 5],
            "peerID": left.peer_id,
            "data": data,
        }
        await left.send_raw(json.dumps(frame))
        await observer.until(lambda: len(observer.messages("in")) == 21)
        await emptied(left, right)
        assert await left.request_response({"operation": "add", "a": 1}) == 1
    assert observer.settlings == []


# -- what it is ---------------------------------------------------------------------------------------------


async def test_it_tells_what_it_is() -> None:
    service = Service()
    async with peers(service, None) as (left, right):
        assert left.handler is service
        assert service.protocol is left
        assert repr(left).startswith(f"<Protocol {left.peer_id[:8]} to unknown CONNECTED")
        await left.fire_and_forget({"operation": "x"})
        await right.request_response({"operation": "add", "a": 1})
        assert left.remote.peer_id == right.peer_id
        assert left.remote.modern
        assert (
            repr(left)
            == f"<Protocol {left.peer_id[:8]} to {right.peer_id[:8]} CONNECTED 0 exchanges in flight>"
        )


async def test_a_peer_id_may_be_given() -> None:
    one, _ = websocket_pair()
    assert Protocol(one, peer_id="me").peer_id == "me"


class Late(ProtocolHandler):
    """Holds its answers, long ones, until they are released."""

    def __init__(self) -> None:
        self.waiting = asyncio.Semaphore(0)
        self.release = asyncio.Event()

    @request_response
    async def report(self, data: dict[str, Any]) -> str:
        self.waiting.release()
        await self.release.wait()
        return "x" * 3000


async def test_a_peer_that_does_not_read_answers_is_lost() -> None:
    one, other = websocket_pair(capacity=1)
    late = Late()
    protocol = Protocol(one, handler=late, limits=Limits(send_timeout_s=0.01, close_timeout_s=0.01))
    task = asyncio.create_task(protocol.listen())
    for number in range(4):
        frame = {"type": "request", "requestId": ["them", number], "peerID": "them"}
        await other.send(json.dumps({**frame, "data": {"operation": "report"}}))
    for _ in range(4):
        await late.waiting.acquire()
    assert protocol.state is ConnectionState.CONNECTED
    late.release.set()
    with pytest.raises(ConnectionLostError):
        await task
    await emptied(protocol)


async def test_a_call_waits_for_room_within_its_deadline() -> None:
    one, _ = websocket_pair(capacity=1)
    async with listening(Protocol(one, limits=Limits(outbox_bytes=1000, close_timeout_s=0.01))) as protocol:
        for _ in range(3):
            protocol.open_exchange(ExchangeKind.UNARY, {"operation": "echo", "value": "x" * 900})
        with pytest.raises(RequestTimeoutError, match="Nothing was sent"):
            await protocol.request_response({"operation": "echo"}, timeout=0.01)
        assert protocol.exchanges == 3


@pytest.mark.parametrize("opening", ["request_stream", "stream_stream"])
async def test_the_timeout_of_a_stream_counts_while_it_waits_for_room(opening: str) -> None:
    one, _ = websocket_pair(capacity=1)
    async with listening(Protocol(one, limits=Limits(close_timeout_s=0.01))) as protocol:
        for _ in range(3):
            protocol.open_exchange(ExchangeKind.UNARY, {"operation": "echo", "value": "x" * 50_000})
        with pytest.raises(RequestTimeoutError, match="Nothing was sent"):
            await getattr(protocol, opening)({"operation": "items"}, timeout=0.01)
        assert protocol.exchanges == 3


async def test_a_stream_is_left_at_once_though_the_peer_does_not_read() -> None:
    one, _ = websocket_pair(capacity=1)
    async with listening(Protocol(one, limits=Limits(close_timeout_s=0.01))) as protocol:
        stream = await protocol.request_stream({"operation": "items"})
        for _ in range(3):
            protocol.open_exchange(ExchangeKind.UNARY, {"operation": "echo", "value": "x" * 50_000})
        async with asyncio.timeout(PATIENCE_S):
            await stream.aclose()
        assert protocol.exchanges == 3


async def test_an_abort_that_is_too_long_to_be_said_ends_the_exchange_all_the_same() -> None:
    async with peers(None, Service()) as (left, right):
        handle = await left.stream_stream({"operation": "chat"})
        await handle.abort("x" * 2_000_000, code="application")
        assert handle.is_closed()
        await emptied(left, right)


async def test_a_state_that_cannot_follow_is_a_defect_that_shows() -> None:
    async with peers() as (left, _):
        pass
    with pytest.raises(RuntimeError, match="does not go from CLOSED to CONNECTED"):
        left._advance(ConnectionState.CONNECTED)
