import asyncio
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK
from websockets.protocol import State

from slipstream import ConnectionLostError, RemoteError
from slipstream.testing import (
    ANYTHING,
    Ends,
    In,
    Out,
    Slot,
    Transcript,
    TranscriptError,
    peers,
    websocket_pair,
)
from tests.slipstream.support import Service

REQUEST = {"type": "request", "requestId": Slot("id"), "peerID": ANYTHING, "data": {"operation": "add"}}
RESPONSE = {"type": "response", "requestId": Slot("id"), "peerID": "them", "data": 3}


async def test_messages_arrive_in_order_as_they_were_sent() -> None:
    one, other = websocket_pair()
    await one.send("a")
    await one.send(b"b")
    assert other.waiting == ("a", b"b")
    assert [await other.recv(), await other.recv()] == ["a", b"b"]


async def test_a_lone_surrogate_cannot_be_sent() -> None:
    one, _ = websocket_pair()
    with pytest.raises(UnicodeEncodeError):
        await one.send("\ud800")


@pytest.mark.parametrize("code", [1000, 1001])
async def test_a_normal_close_is_ok_at_both_ends(code: int) -> None:
    one, other = websocket_pair()
    await one.close(code, "done")
    for end, rcvd_then_sent in ((one, False), (other, True)):
        with pytest.raises(ConnectionClosedOK) as caught:
            await end.recv()
        assert caught.value.rcvd is not None
        assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (code, "done")
        assert caught.value.rcvd_then_sent is rcvd_then_sent
        assert (end.state, end.close_code, end.close_reason) == (State.CLOSED, code, "done")


async def test_any_other_close_is_an_error_at_both_ends() -> None:
    one, other = websocket_pair()
    await one.close(4400, "strict")
    for end in (one, other):
        with pytest.raises(ConnectionClosedError, match="4400"):
            await end.send("late")


async def test_closing_again_does_nothing() -> None:
    one, other = websocket_pair()
    await one.close(1001)
    await other.close(1011)
    assert other.close_code == 1001


async def test_a_dropped_connection_has_no_close_frames() -> None:
    one, other = websocket_pair()
    assert (one.close_code, one.close_reason) == (None, None)
    one.transport.abort()
    with pytest.raises(ConnectionClosedError) as caught:
        await other.recv()
    assert (caught.value.rcvd, caught.value.sent) == (None, None)
    assert (other.close_code, other.close_reason) == (1006, "")


async def test_what_was_sent_before_the_end_is_received_before_it() -> None:
    one, other = websocket_pair()
    await one.send("last words")
    one.abort()
    assert await other.recv() == "last words"
    with pytest.raises(ConnectionClosedError):
        await other.recv()


async def test_a_close_that_is_never_answered_hangs_until_the_connection_drops() -> None:
    one, other = websocket_pair()
    other.never_answer_close()
    closing = asyncio.create_task(one.close())
    sending = asyncio.create_task(other.send("too late"))
    await asyncio.wait([closing], timeout=0)
    assert (one.state, other.state) == (State.CLOSING, State.CLOSING)
    one.abort()
    await closing
    with pytest.raises(ConnectionClosedError):
        await sending


async def test_a_full_end_makes_the_sender_wait() -> None:
    one, other = websocket_pair(capacity=1)
    await one.send("first")
    second = asyncio.create_task(one.send("second"))
    await asyncio.wait([second], timeout=0)
    assert other.waiting == ("first",)
    assert [await other.recv(), await other.recv()] == ["first", "second"]
    await second


async def test_a_fault_changes_what_arrives() -> None:
    one, other = websocket_pair()
    one.fault = lambda message: [] if message == "lost" else [message, message]
    for message in ("lost", "twice"):
        await one.send(message)
    assert other.waiting == ("twice", "twice")


async def test_peers_are_two_listening_protocols() -> None:
    async with peers(Service(), Service()) as (left, right):
        assert await left.request_response({"operation": "add", "a": 1, "b": 2}) == 3
        assert await right.request_response({"operation": "add", "a": 2, "b": 2}) == 4
    assert (left.state.name, right.state.name) == ("CLOSED", "CLOSED")


async def test_a_transcript_plays_the_other_side() -> None:
    script = Transcript(Out(REQUEST), In(RESPONSE))
    async with script.play() as protocol:
        assert await protocol.request_response({"operation": "add"}) == 3
    assert script.slots["id"] == [protocol.peer_id, 0]


async def test_a_transcript_calls_the_handler() -> None:
    call = {"type": "request", "requestId": ["them", 0], "peerID": "them"}
    script = Transcript(
        In({**call, "data": {"operation": "add", "a": 1, "b": 1}}),
        Out({"type": "response", "requestId": ("them", 0), "data": 2}),
    )
    async with script.play(Service()):
        pass


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "response"},
        {"type": "request", "data": {"operation": "sub"}},
        {"type": "request", "data": {"operation": "add", "more": 1}},
        {"type": "request", "requestId": [Slot("peer"), 1]},
        {"type": "request", "requestId": [Slot("peer")]},
        {"type": "request", "peerID": Slot("twice"), "requestId": Slot("twice")},
        {"type": "request", "nothing": ANYTHING},
    ],
)
async def test_a_frame_that_differs_fails_and_ends_the_connection(wrong: dict[str, Any]) -> None:
    async def play() -> None:
        async with Transcript(Out(wrong), In(RESPONSE)).play() as protocol:
            with pytest.raises(ConnectionLostError):
                await protocol.request_response({"operation": "add"})

    with pytest.raises(TranscriptError, match="Step 1"):
        await play()


async def test_a_script_that_is_left_unfinished_fails() -> None:
    with pytest.raises(TranscriptError, match="unfinished"):
        async with Transcript(Out(REQUEST), patience_s=0.01).play():
            pass


async def test_a_frame_that_is_not_in_the_script_fails() -> None:
    async def play() -> None:
        async with Transcript(Out(REQUEST), In(RESPONSE)).play() as protocol:
            await protocol.request_response({"operation": "add"})
            await protocol.fire_and_forget({"operation": "more"})

    with pytest.raises(TranscriptError, match="over, but this was sent"):
        await play()


async def test_a_slot_that_nothing_filled_cannot_be_sent() -> None:
    with pytest.raises(TranscriptError, match=r"Slot\('id'\)"):
        async with Transcript(In(RESPONSE)).play():
            pass


async def test_a_script_that_goes_on_after_the_end_fails() -> None:
    with pytest.raises(TranscriptError, match="Step 2 of the script found the connection closed"):
        async with Transcript(Ends(1000), In("more")).play():
            pass


@pytest.mark.parametrize("code", [None, 1011])
async def test_a_script_ends_the_connection(code: int | None) -> None:
    async with Transcript(Out(REQUEST), Ends(code, "over")).play() as protocol:
        with pytest.raises(ConnectionLostError):
            await protocol.request_response({"operation": "add"})


async def test_a_failure_in_the_block_is_told_when_the_script_held() -> None:
    error = {"type": "error", "requestId": Slot("id"), "peerID": "them", "data": "no"}
    with pytest.raises(RemoteError, match="no"):
        async with Transcript(Out(REQUEST), In(error)).play() as protocol:
            await protocol.request_response({"operation": "add"})
