"""Sessions at their limits: sizes of frames, and frames sent as typed."""

from __future__ import annotations

import pytest

from slipstream.errors import FrameTooLargeError
from slipstream.events import Answered, Called, Failed, HalfEnded, Settled
from slipstream.exchanges import ExchangeKind
from slipstream.limits import Limits
from tests.slipstream.transcripts import (
    BISTREAM,
    UNARY,
    answer,
    error,
    errors_written,
    modern,
    session,
    written,
)
from tests.slipstream.wire import HELLO, ME, PEER, call, text

# -- sizes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("max_frame", [1, 200])
def test_a_frame_over_the_other_sides_limit_is_not_sent(max_frame: int) -> None:
    me = modern(hello={**HELLO, "maxFrame": max_frame})
    with pytest.raises(FrameTooLargeError) as caught:
        me.open(UNARY, call("x" * 300), timeout_s=1)
    assert caught.value.limit_bytes == max_frame
    assert (list(me.table), me.outgoing, me.deadlines.next) == ([], [], None)


def test_my_own_limit_holds_where_the_other_sides_is_higher() -> None:
    me = modern(hello={**HELLO, "maxFrame": 10_000}, limits=Limits(frame_bytes=500))
    with pytest.raises(FrameTooLargeError) as caught:
        me.notify(call("x" * 600))
    assert caught.value.limit_bytes == 500


def test_a_result_over_the_limit_leaves_the_exchange_to_be_failed() -> None:
    me = modern(limits=Limits(frame_bytes=500))
    me.receive(text("request", 0, call("x")))
    with pytest.raises(FrameTooLargeError):
        me.respond((PEER, 0), "x" * 600)
    me.fail((PEER, 0), "too_large", "over the limit")
    assert errors_written(me) == [error(0, "too_large")]


@pytest.mark.parametrize(
    ("message", "details"), [("why", object()), ("why", "x" * 600), ("why" + "x" * 5000, None)]
)
def test_a_failure_that_cannot_be_said_whole_is_said_in_short_or_not_at_all(
    message: str, details: object
) -> None:
    me = modern(limits=Limits(frame_bytes=500))
    me.receive(text("request", 0, call("x")))
    me.fail((PEER, 0), "internal", message, details)
    said = written(me)
    assert list(me.table) == []
    if len(message) > 100:
        assert said == []
    else:
        assert said[0]["data"]["error"].startswith("why (the rest was left out: ")
        assert (said[0]["data"]["code"], "details" in said[0]["data"]) == ("internal", False)


def test_a_peer_that_can_be_told_nothing_leaves_nothing_behind() -> None:
    me = modern(hello={**HELLO, "maxFrame": 1}, limits=Limits(in_flight=1))
    me.receive(text("request", 0, None))
    me.receive(text("request", 1, call("x"), peerID=None))
    me.receive(text("request", 2, call("x")))
    me.receive(text("request", 3, call("x")))
    assert [exchange.request_id for exchange in me.table] == [(PEER, 2)]
    assert me.outgoing == []


@pytest.mark.parametrize("kind", ExchangeKind)
def test_giving_up_towards_a_peer_that_can_be_told_nothing_still_ends_here(kind: ExchangeKind) -> None:
    me = session()
    request_id = me.open(kind, call("x"), timeout_s=1)
    me.receive(text("fire_and_forget", data=call("x"), meta={"hello": {**HELLO, "maxFrame": 1}}))
    written(me)
    assert [event.request_id for event in me.tick(2) if isinstance(event, Settled)] == [request_id]
    assert (list(me.table), me.outgoing) == ([], [])


# -- as typed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["nonsense", "[1]", '{"type":"banana"}', "\u202e", ""])
def test_anything_is_sent_as_typed(typed: str) -> None:
    me = session()
    assert me.send_as_typed(typed) == []
    assert me.outgoing == [typed]
    me.outgoing.clear()
    me.notify(call("x"))
    assert "hello" in written(me)[0]["meta"]


def test_a_frame_sent_as_typed_is_kept_account_of() -> None:
    me = modern()
    assert me.send_as_typed(text("request", 5, call("x"), opener=ME, peerID=ME)) == []
    assert me.receive(answer("response", 5, 1)) == [Answered((ME, 5), 1)]
    assert me.open(UNARY, call("x")) == (ME, 6)


def test_a_counter_typed_out_of_range_is_not_counted_on_from() -> None:
    me = modern()
    me.send_as_typed(text("request", 2**53, call("x"), opener=ME, peerID=ME))
    assert me.open(UNARY, call("x")) == (ME, 0)


def test_a_first_frame_typed_without_hello_is_not_followed_by_one() -> None:
    me = session()
    me.send_as_typed(text("fire_and_forget", data=call("x"), peerID=ME))
    me.notify(call("x"))
    assert all("meta" not in frame for frame in written(me))


@pytest.mark.parametrize(
    ("word", "data", "code"),
    [("error", {"error": "x", "code": "overflow"}, "overflow"), ("stream_end", None, "cancelled")],
)
def test_an_exchange_that_a_typed_frame_ends_has_its_ending_here_too(
    word: str, data: object, code: str
) -> None:
    me = modern()
    request_id = me.open(UNARY, call("x"))
    (event,) = me.send_as_typed(text(word, 0, data, opener=ME, peerID=ME))
    assert isinstance(event, Failed)
    assert (event.request_id, event.code) == (request_id, code)
    assert list(me.table) == []


def test_a_typed_answer_stops_the_handler_that_would_give_another() -> None:
    me = modern()
    me.receive(text("request", 0, call("x")))
    (event,) = me.send_as_typed(text("response", 0, 1, peerID=ME))
    assert isinstance(event, Failed)
    assert event.request_id == (PEER, 0)


def test_a_typed_end_of_the_second_half_is_a_normal_end() -> None:
    me = modern()
    me.open(BISTREAM, call("x"))
    me.receive(answer("stream_end", 0))
    assert me.send_as_typed(text("stream_end", 0, opener=ME, peerID=ME)) == [HalfEnded((ME, 0))]


@pytest.mark.parametrize("word", ["request", "stream_request", "stream_stream_request"])
def test_as_many_exchanges_as_are_allowed_are_let_through_and_not_one_more(word: str) -> None:
    me = session(limits=Limits(in_flight=2))
    came = [[type(event) for event in me.receive(text(word, number, call("x")))] for number in range(3)]
    assert came == [[Called], [Called], []]
    assert errors_written(me) == [error(2, "overloaded")]
