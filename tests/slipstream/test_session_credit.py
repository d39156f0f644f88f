"""Credit in a session: both directions of every stream, with whom it counts, and for how long (§9)."""

from __future__ import annotations

from typing import Any

import pytest

from slipstream.errors import StreamClosedError
from slipstream.events import Credited, Failed, ItemArrived
from slipstream.exchanges import ExchangeKind, Outcome
from slipstream.limits import Limits
from slipstream.session import Session
from tests.slipstream.transcripts import (
    BISTREAM,
    STREAM,
    UNARY,
    answer,
    legacy,
    modern,
    rules,
    session,
    written,
)
from tests.slipstream.wire import HELLO, ME, PEER, call, text

STREAMS = [STREAM, BISTREAM]


def credit_frame(number: int, limit: object, opener: str = ME) -> str:
    return text("fire_and_forget", data=call("slipstream.credit", requestId=[opener, number], limit=limit))


def streaming(kind: ExchangeKind = BISTREAM, *, credit: object = 3, **more: Any) -> Session:
    """A session with a stream of its own, and what the other side's hello says of credit."""
    me = modern(hello={**HELLO, "credit": credit}, **more)
    me.open(kind, call("x"))
    written(me)
    return me


def served(*, credit: object = 3, kind: str = "stream_request") -> Session:
    """A session that answers a stream of the other side's."""
    me = modern(hello={**HELLO, "credit": credit})
    me.receive(text(kind, 0, call("x")))
    return me


# -- what goes out ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("own", [True, False], ids=["opened here", "opened there"])
def test_items_are_sent_up_to_the_credit_of_the_hello_and_then_wait(own: bool) -> None:
    me, request_id = (streaming(), (ME, 0)) if own else (served(), (PEER, 0))
    assert [me.send_item(request_id, number) for number in range(5)] == [True, True, True, False, False]
    assert [frame["data"] for frame in written(me)] == [0, 1, 2]


def test_credit_lets_through_as_many_in_all_as_it_says() -> None:
    me = streaming()
    for number in range(3):
        me.send_item((ME, 0), number)
    assert me.receive(credit_frame(0, 5)) == [Credited((ME, 0))]
    assert [me.send_item((ME, 0), number) for number in (3, 4, 5)] == [True, True, False]


@pytest.mark.parametrize("credit", [None, "3", True, -1, 1.5])
def test_a_hello_without_a_credit_that_can_be_kept_sets_no_limit(credit: object) -> None:
    me = streaming(credit=credit)
    assert all(me.send_item((ME, 0), number) for number in range(1000))


def test_a_hello_with_a_credit_of_nothing_lets_nothing_through() -> None:
    me = streaming(credit=0)
    assert not me.send_item((ME, 0), 1)
    me.receive(credit_frame(0, 1))
    assert [me.send_item((ME, 0), number) for number in (1, 2)] == [True, False]


def test_a_legacy_peer_sets_no_limit() -> None:
    me = legacy()
    me.open(BISTREAM, call("x"))
    assert all(me.send_item((ME, 0), number) for number in range(1000))


def test_before_the_hello_there_is_no_limit_and_what_was_sent_counts_then() -> None:
    me = session()
    me.open(BISTREAM, call("x"))
    assert all(me.send_item((ME, 0), number) for number in range(10))
    me.receive(text("request", 0, call("x"), meta={"hello": {**HELLO, "credit": 10}}))
    assert not me.send_item((ME, 0), 10)
    me.receive(credit_frame(0, 11))
    assert [me.send_item((ME, 0), number) for number in (10, 11)] == [True, False]


def test_the_end_of_a_half_and_an_error_need_no_credit() -> None:
    me = streaming(credit=0)
    me.end((ME, 0))
    me.fail((ME, 0), "application", "x")
    assert [frame["type"] for frame in written(me)] == ["stream_end", "error"]


def test_an_item_where_none_may_be_sent_is_refused_and_does_not_wait() -> None:
    me = streaming(STREAM, credit=0)
    for request_id in ((ME, 0), (ME, 9), (PEER, 0)):
        with pytest.raises(StreamClosedError):
            me.send_item(request_id, 1)
    me.open(BISTREAM, call("x"))
    me.end((ME, 1))
    with pytest.raises(StreamClosedError):
        me.send_item((ME, 1), 1)


@pytest.mark.parametrize("limit", [True, "5", -1, None])
def test_credit_that_says_no_number_is_found_and_lets_nothing_through(limit: object) -> None:
    me = streaming(credit=0)
    assert rules(me.receive(credit_frame(0, limit))) == ["bad_credit"]
    assert not me.send_item((ME, 0), 1)


def test_late_credit_is_nothing() -> None:
    me = streaming()
    me.give_up((ME, 0), Outcome.CANCELLED)
    assert me.receive(credit_frame(0, 9)) == []
    assert me.findings == 0


# -- what comes in ----------------------------------------------------------------------------------------


def credits_written(of: Session) -> list[tuple[list[Any], int]]:
    frames = written(of)
    assert all(frame["data"]["operation"] == "slipstream.credit" for frame in frames)
    assert all(frame["type"] == "fire_and_forget" and "requestId" not in frame for frame in frames)
    return [(frame["data"]["requestId"], frame["data"]["limit"]) for frame in frames]


@pytest.mark.parametrize(("credit", "step"), [(1, 1), (2, 1), (3, 1), (8, 4), (256, 128)])
def test_credit_is_given_each_time_half_the_window_was_consumed(credit: int, step: int) -> None:
    me = streaming(limits=Limits(credit=credit))
    assert me.credit_step == step
    assert me.consumed((ME, 0), step) == 2 * step
    assert credits_written(me) == [([ME, 0], step + credit)]
    exchange = me.table.get((ME, 0))
    assert exchange is not None
    assert exchange.limit_in == step + credit


def test_an_item_over_what_was_let_through_is_taken_and_found() -> None:
    me = streaming(limits=Limits(credit=2))
    came = [me.receive(answer("stream_data", 0, number)) for number in range(3)]
    assert [rules(events) for events in came] == [[], [], ["credit_exceeded"]]
    assert all(isinstance(events[-1], ItemArrived) for events in came)
    me.consumed((ME, 0), 3)
    assert rules(me.receive(answer("stream_data", 0, 3))) == []


def test_a_legacy_peer_may_send_what_it_likes_and_is_given_no_credit() -> None:
    me = legacy(limits=Limits(credit=2))
    me.open(STREAM, call("x"))
    written(me)
    for number in range(10):
        assert rules(me.receive(answer("stream_data", 0, number))) == []
    assert me.consumed((ME, 0), 5) == 6
    assert me.outgoing == []


@pytest.mark.parametrize("how", ["ended", "half ended", "unknown"])
def test_credit_is_not_given_where_nothing_can_come(how: str) -> None:
    me = streaming(limits=Limits(credit=4))
    if how != "unknown":
        me.receive(answer("stream_end" if how == "half ended" else "error", 0, "x"))
    assert me.consumed((ME, 9 if how == "unknown" else 0), 2) == 4
    assert me.outgoing == []


def test_a_peer_that_takes_no_frame_of_that_size_gets_no_credit() -> None:
    me = modern(hello={**HELLO, "maxFrame": 10})
    me.receive(text("stream_stream_request", 0, call("x")))
    assert me.consumed((PEER, 0), 128) == 256
    assert me.outgoing == []


# -- a stream that nobody reads ---------------------------------------------------------------------------


def test_what_is_left_of_the_credit_is_borne() -> None:
    me = streaming(limits=Limits(credit=4))
    assert me.patience((ME, 0)) == 4
    me.receive(answer("stream_data", 0, 1))
    assert me.patience((ME, 0)) == 3
    me.consumed((ME, 0), 1)
    assert me.patience((ME, 0)) == 4
    assert me.patience((ME, 9)) == 4
    assert len(credits_written(me)) == 1


def test_a_peer_that_has_used_up_its_credit_gets_some_more_to_learn_that_nobody_reads() -> None:
    me = streaming(limits=Limits(credit=2))
    for number in range(2):
        me.receive(answer("stream_data", 0, number))
    assert me.patience((ME, 0)) == 2
    assert credits_written(me) == [([ME, 0], 4)]


def test_a_legacy_peer_is_borne_for_a_window() -> None:
    me = legacy(limits=Limits(credit=4))
    me.open(STREAM, call("x"))
    me.receive(answer("stream_data", 0, 1))
    assert me.patience((ME, 0)) == 4


# -- answers that nobody may send -------------------------------------------------------------------------


def test_a_result_where_none_may_be_sent_is_refused() -> None:
    me = streaming()
    me.open(UNARY, call("x"))
    for request_id in ((ME, 0), (ME, 1)):
        with pytest.raises(StreamClosedError):
            me.respond(request_id, 1)
    me.respond((PEER, 9), 1)
    assert [frame["type"] for frame in written(me)] == ["request"]


def test_a_failure_of_the_other_side_ends_what_waited_for_credit() -> None:
    me = streaming(credit=0)
    (event,) = me.receive(answer("error", 0, {"error": "x", "code": "cancelled"}))
    assert isinstance(event, Failed)
    with pytest.raises(StreamClosedError):
        me.send_item((ME, 0), 1)
