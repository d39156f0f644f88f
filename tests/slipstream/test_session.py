"""Sessions as transcripts: calling and being called, until everything has ended."""

from __future__ import annotations

from typing import Any

import pytest

from slipstream.errors import OverloadedError, ProtocolError, StreamClosedError
from slipstream.events import Answered, Called, Failed, HalfEnded, ItemArrived, Notified
from slipstream.exchanges import ExchangeKind, Outcome
from slipstream.limits import Limits
from tests.slipstream.transcripts import (
    BISTREAM,
    OPENING_WORDS,
    STREAM,
    UNARY,
    answer,
    error,
    errors_written,
    modern,
    rules,
    written,
)
from tests.slipstream.wire import ME, PEER, call, text

# -- calling -----------------------------------------------------------------------------------------------


def test_a_call_goes_out_and_its_answer_comes_in() -> None:
    me = modern()
    request_id = me.open(UNARY, call("add", a=1))
    assert request_id == (ME, 0)
    assert written(me) == [
        {"type": "request", "requestId": [ME, 0], "peerID": ME, "data": {"operation": "add", "a": 1}}
    ]
    assert me.receive(answer("response", 0, {"sum": 3})) == [Answered((ME, 0), {"sum": 3})]
    assert me.receive(answer("response", 0, {"sum": 3})) == []
    assert me.table.late == 1
    assert list(me.table) == []


def test_the_counter_grows_by_one_for_each_exchange_and_is_never_reused() -> None:
    me = modern()
    for number, kind in enumerate(OPENING_WORDS):
        assert me.open(kind, call("x")) == (ME, number)
        me.give_up((ME, number), Outcome.CANCELLED)
    assert me.open(UNARY, call("x")) == (ME, 3)


@pytest.mark.parametrize(("kind", "word"), OPENING_WORDS.items())
def test_each_kind_has_its_opening_frame(kind: ExchangeKind, word: str) -> None:
    me = modern()
    me.open(kind, call("x"))
    assert written(me)[0]["type"] == word


def test_a_stream_brings_its_items_in_order_then_its_end() -> None:
    me = modern()
    me.open(STREAM, call("count"))
    items: list[Any] = [1, None, {"a": []}]
    for item in items:
        message = answer("stream_data", 0, item)
        assert me.receive(message) == [ItemArrived((ME, 0), item, len(message))]
    assert me.receive(answer("stream_end", 0)) == [HalfEnded((ME, 0))]
    assert list(me.table) == []


def test_a_bidirectional_stream_goes_both_ways_until_both_halves_have_ended() -> None:
    me = modern()
    chat = me.open(BISTREAM, call("chat"))
    me.send_item(chat, "hello")
    assert len(me.receive(answer("stream_data", 0, "hi"))) == 1
    me.end(chat)
    assert [frame["type"] for frame in written(me)] == ["stream_stream_request", "stream_data", "stream_end"]
    assert me.table.get(chat) is not None
    assert me.receive(answer("stream_end", 0)) == [HalfEnded(chat)]
    assert me.table.get(chat) is None


def test_ending_a_half_twice_sends_one_end() -> None:
    me = modern()
    chat = me.open(BISTREAM, call("chat"))
    me.end(chat)
    me.end(chat)
    me.receive(answer("stream_end", 0))
    me.end(chat)
    assert [frame["type"] for frame in written(me)] == ["stream_stream_request", "stream_end"]


def test_nothing_is_sent_on_a_half_that_has_ended() -> None:
    me = modern()
    chat = me.open(BISTREAM, call("chat"))
    me.end(chat)
    written(me)
    with pytest.raises(StreamClosedError, match=r"^Not sent: "):
        me.send_item(chat, 1)
    me.receive(answer("error", 0, "gone"))
    with pytest.raises(StreamClosedError):
        me.send_item(chat, 1)
    assert written(me) == []


@pytest.mark.parametrize(
    ("data", "message", "code", "details"),
    [
        ("it broke", "it broke", "application", None),
        ({"error": "no", "code": "not_found", "details": [1]}, "no", "not_found", [1]),
        ({"error": "no", "code": "banana"}, "no", "application", None),
        ({"message": "no"}, "no", "application", None),
        ({"why": 7}, '{"why":7}', "application", None),
        (None, "null", "application", None),
        ([1], "[1]", "application", None),
    ],
)
def test_an_error_fails_the_call_whatever_its_shape(
    data: object, message: str, code: str, details: object
) -> None:
    me = modern()
    me.open(UNARY, call("x"))
    assert me.receive(answer("error", 0, data)) == [Failed((ME, 0), message, code, details)]
    assert me.outgoing != []
    written(me)
    assert me.receive(answer("error", 0, data)) == []
    assert written(me) == []


def test_an_error_that_json_cannot_say_is_named() -> None:
    me = modern()
    me.open(UNARY, call("x"))
    message = answer("error", 0).replace("null", "[NaN]")
    assert me.receive(message) == [Failed((ME, 0), "list", "application")]


def test_data_that_is_no_json_opens_nothing_and_spends_no_counter() -> None:
    me = modern()
    with pytest.raises(ProtocolError):
        me.open(UNARY, call("x", value=float("nan")), timeout_s=1)
    with pytest.raises(ProtocolError):
        me.notify(call("x", value=object()))
    assert (list(me.table), me.outgoing, me.deadlines.next) == ([], [], None)
    assert me.open(UNARY, call("x")) == (ME, 0)


def test_an_item_that_is_no_json_fails_alone() -> None:
    me = modern()
    chat = me.open(BISTREAM, call("chat"))
    with pytest.raises(ProtocolError):
        me.send_item(chat, {1, 2})
    me.send_item(chat, [1, 2])
    assert [frame["data"] for frame in written(me)][1:] == [[1, 2]]


def test_beyond_the_limit_of_exchanges_in_flight_nothing_is_opened() -> None:
    me = modern(limits=Limits(in_flight=2))
    me.open(UNARY, call("x"))
    me.open(STREAM, call("x"))
    with pytest.raises(OverloadedError):
        me.open(UNARY, call("x"))
    assert len(written(me)) == 2
    me.receive(answer("response", 0))
    assert me.open(UNARY, call("x")) == (ME, 2)


# -- being called ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "word"), OPENING_WORDS.items())
def test_a_call_of_the_other_side_is_an_event(kind: ExchangeKind, word: str) -> None:
    me = modern()
    data = call("add", a=1)
    assert me.receive(text(word, 0, data)) == [Called((PEER, 0), kind, "add", data)]
    assert me.outgoing == []


def test_a_call_is_answered_once() -> None:
    me = modern()
    me.receive(text("request", 0, call("add")))
    me.respond((PEER, 0), {"sum": 3})
    assert written(me) == [{"type": "response", "requestId": [PEER, 0], "peerID": ME, "data": {"sum": 3}}]
    me.respond((PEER, 0), {"sum": 3})
    me.fail((PEER, 0), "internal", "too late")
    assert written(me) == []
    assert list(me.table) == []


def test_a_call_is_failed_with_code_text_and_details() -> None:
    me = modern()
    me.receive(text("request", 0, call("add")))
    me.receive(text("request", 1, call("add")))
    me.fail((PEER, 0), "not_found", "no such thing", {"id": 7})
    me.fail((PEER, 1), "not_found", "no such thing")
    assert [frame["data"] for frame in written(me)] == [
        {"error": "no such thing", "code": "not_found", "details": {"id": 7}},
        {"error": "no such thing", "code": "not_found"},
    ]


def test_items_right_behind_the_opening_frame_are_taken() -> None:
    me = modern()
    me.receive(text("stream_stream_request", 0, call("chat")))
    message = text("stream_data", 0, None)
    assert me.receive(message) == [ItemArrived((PEER, 0), None, len(message))]
    assert me.receive(text("stream_end", 0)) == [HalfEnded((PEER, 0))]


def test_a_notice_is_an_event_and_never_answered() -> None:
    me = modern()
    assert me.receive(text("fire_and_forget", data=call("note", n=1))) == [
        Notified("note", call("note", n=1))
    ]
    assert rules(me.receive(text("fire_and_forget", data="note"))) == ["no_operation"]
    assert written(me) == []


@pytest.mark.parametrize("word", OPENING_WORDS.values())
@pytest.mark.parametrize("data", [None, "add", [1], {}, {"operation": 3}])
def test_a_call_without_an_operation_is_an_invalid_request(word: str, data: object) -> None:
    me = modern()
    assert rules(me.receive(text(word, 0, data))) == ["no_operation"]
    assert errors_written(me) == [error(0, "invalid_request")]
    assert list(me.table) == []


def test_a_side_that_is_closing_is_unavailable() -> None:
    me = modern()
    me.receive(text("request", 0, call("before")))
    me.closing = True
    assert me.receive(text("request", 1, call("after"))) == []
    assert errors_written(me) == [error(1, "unavailable")]
    me.respond((PEER, 0), "done")
    assert [frame["type"] for frame in written(me)] == ["response"]


def test_beyond_the_limit_a_call_is_refused_as_overloaded_and_those_in_flight_go_on() -> None:
    me = modern(limits=Limits(in_flight=2))
    assert [len(me.receive(text("request", number, call("x")))) for number in range(4)] == [1, 1, 0, 0]
    assert errors_written(me) == [error(2, "overloaded"), error(3, "overloaded")]
    me.respond((PEER, 0), None)
    assert len(me.receive(text("request", 4, call("x")))) == 1


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (text("stream_end", 0), "cancelled"),
        (text("error", 0, {"error": "enough", "code": "cancelled"}), "cancelled"),
        (text("error", 0, {"error": "slow", "code": "deadline_exceeded"}), "deadline_exceeded"),
    ],
)
def test_a_caller_that_gives_up_fails_the_call_and_gets_no_answer(message: str, code: str) -> None:
    me = modern()
    me.receive(text("request", 0, call("slow")))
    (event,) = me.receive(message)
    assert isinstance(event, Failed)
    assert (event.request_id, event.code) == ((PEER, 0), code)
    me.respond((PEER, 0), "too late")
    assert written(me) == []


def test_a_second_opening_of_an_active_exchange_is_a_finding_and_harms_neither() -> None:
    me = modern()
    me.receive(text("request", 0, call("x")))
    assert rules(me.receive(text("request", 0, call("y")))) == ["duplicate_open"]
    assert written(me) == []
    me.respond((PEER, 0), 1)
    assert len(written(me)) == 1


# -- the end -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [Outcome.CLOSED, Outcome.LOST])
def test_the_end_of_the_connection_ends_everything(outcome: Outcome) -> None:
    me = modern()
    me.open(UNARY, call("x"), timeout_s=5)
    me.open(BISTREAM, call("x"))
    me.receive(text("stream_request", 0, call("x")))
    ended = me.connection_ended(outcome)
    assert [exchange.request_id for exchange in ended] == [(ME, 0), (ME, 1), (PEER, 0)]
    assert {exchange.outcome for exchange in ended} == {outcome}
    assert (list(me.table), me.outgoing, me.deadlines.next, me.tick(1000)) == ([], [], None, [])
    assert me.connection_ended(outcome) == []
