"""Credit in the table of exchanges: what lets an item through, raises a limit, or breaks it (§9)."""

from __future__ import annotations

from typing import Any

import pytest

from slipstream.exchanges import CREDIT, Effect, Exchange, ExchangeKind, ExchangeTable, RequestId
from slipstream.frames import Frame, MessageType
from slipstream.lifecycle import StreamState

ME, PEER = "me", "peer"
STREAMS = [ExchangeKind.SERVER_STREAM, ExchangeKind.BIDIRECTIONAL]


def mine(kind: ExchangeKind = ExchangeKind.BIDIRECTIONAL, **more: Any) -> tuple[ExchangeTable, Exchange]:
    table = ExchangeTable(ME, **more)
    return table, table.open(kind, "x")


def theirs(**more: Any) -> tuple[ExchangeTable, Exchange]:
    table = ExchangeTable(ME, **more)
    opening = Frame(MessageType.STREAM_STREAM_REQUEST, (PEER, 0), PEER, {"operation": "x"})
    exchange = table.received(opening, 1).exchange
    assert exchange is not None
    return table, exchange


def credit(request_id: object, limit: object) -> Frame:
    data = {"operation": CREDIT, "requestId": request_id, "limit": limit}
    return Frame(MessageType.FIRE_AND_FORGET, None, PEER, data)


def item(request_id: RequestId) -> Frame:
    return Frame(MessageType.STREAM_DATA, request_id, PEER, 1)


def test_without_credit_known_everything_may_be_sent() -> None:
    table, exchange = mine()
    exchange.items_out = 10**6
    assert table.may_send(exchange)


@pytest.mark.parametrize(("sent", "limit", "may"), [(0, 0, True), (2, 0, True), (3, 0, False), (3, 4, True)])
def test_an_item_may_be_sent_within_the_first_credit_or_the_limit(sent: int, limit: int, may: bool) -> None:
    table, exchange = mine(credit_out=3)
    exchange.items_out, exchange.limit_out = sent, limit
    assert table.may_send(exchange) is may


def test_with_a_credit_of_nothing_nothing_may_be_sent_before_the_limit_is_raised() -> None:
    table, exchange = mine(credit_out=0)
    assert not table.may_send(exchange)
    assert table.received(credit(["me", 0], 1), 1).effect is Effect.CREDIT
    assert table.may_send(exchange)


@pytest.mark.parametrize("opened", [mine, theirs], ids=["mine", "theirs"])
def test_credit_of_the_other_side_raises_what_goes_out_and_never_lowers_it(opened: Any) -> None:
    table, exchange = opened()
    for limit, expected in ((5, 5), (9, 9), (7, 9), (0, 9)):
        step = table.received(credit(list(exchange.request_id), limit), 1)
        assert (step.effect, step.exchange, step.findings) == (Effect.CREDIT, exchange, ())
        assert (exchange.limit_out, exchange.limit_in) == (expected, 0)


@pytest.mark.parametrize("opened", [mine, theirs], ids=["mine", "theirs"])
def test_credit_of_this_side_raises_what_comes_in_and_never_lowers_it(opened: Any) -> None:
    table, exchange = opened()
    for limit, expected in ((5, 5), (3, 5)):
        assert table.sent(credit(list(exchange.request_id), limit), 1).effect is Effect.CREDIT
        assert (exchange.limit_in, exchange.limit_out) == (expected, 0)


@pytest.mark.parametrize("limit", [None, "5", 1.0, True, False, -1, [5]])
def test_a_limit_that_is_no_whole_number_is_refused(limit: object) -> None:
    table, exchange = mine()
    step = table.received(credit(["me", 0], limit), 1)
    assert step.effect is Effect.REFUSED
    assert [finding.rule for finding in step.findings] == ["bad_credit"]
    assert exchange.limit_out == 0


@pytest.mark.parametrize("name", [None, "me", [], ["me"], ["me", "0"], ["me", 0.0], ["me", False], [1, 0], 5])
def test_credit_that_names_no_request_is_refused(name: object) -> None:
    table, exchange = mine()
    step = table.received(credit(name, 5), 1)
    assert [finding.rule for finding in step.findings] == ["bad_credit"]
    assert exchange.limit_out == 0


def test_credit_without_its_fields_is_refused() -> None:
    table, _ = mine()
    step = table.received(Frame(MessageType.FIRE_AND_FORGET, None, PEER, {"operation": CREDIT}), 1)
    assert [finding.rule for finding in step.findings] == ["bad_credit"]


def test_credit_that_crosses_the_end_of_its_stream_is_nobodys_fault() -> None:
    table, exchange = mine()
    table.received(Frame(MessageType.ERROR, exchange.request_id, PEER, "x"), 1)
    step = table.received(credit(["me", 0], 5), 1)
    assert (step.effect, step.findings) == (Effect.LATE, ())


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("limit", [0, 5])
def test_items_over_what_was_let_through_are_taken_and_found(kind: ExchangeKind, limit: int) -> None:
    table, exchange = mine(kind, credit_in=2)
    if limit:
        table.sent(credit(["me", 0], limit), 1)
    for number in range(1, 8):
        step = table.received(item(exchange.request_id), 10)
        assert (step.effect, exchange.items_in, exchange.bytes_in) == (Effect.ITEM, number, 10 * number)
        over = number > max(2, limit)
        assert [finding.rule for finding in step.findings] == ["credit_exceeded"] * over
    assert step.findings[0].text == f"Item 7 came where {max(2, limit)} were let through"
    assert step.findings[0].request_id == exchange.request_id


def test_an_opener_may_have_sent_items_before_it_knew_of_any_credit() -> None:
    table, exchange = theirs(credit_in=1)
    for _ in range(3):
        assert table.received(item(exchange.request_id), 1).findings == ()
    assert exchange.items_in == 3


def test_without_a_credit_told_no_item_is_over_it() -> None:
    table, exchange = mine()
    for _ in range(300):
        assert table.received(item(exchange.request_id), 1).findings == ()


def test_only_streams_take_items_and_only_while_this_half_is_open() -> None:
    table, unary = mine(ExchangeKind.UNARY)
    stream, both = table.open(ExchangeKind.SERVER_STREAM, "x"), table.open(ExchangeKind.BIDIRECTIONAL, "x")
    assert [one.takes_items for one in (unary, stream, both)] == [False, False, True]
    table.sent(Frame(MessageType.STREAM_END, both.request_id, ME), 1)
    takes = [both.takes_items]
    _, served = theirs()
    takes.append(served.takes_items)
    assert takes == [False, True]


@pytest.mark.parametrize("opened", [mine, theirs], ids=["mine", "theirs"])
@pytest.mark.parametrize("state", StreamState)
@pytest.mark.parametrize("sent", [0, 2, 3, 4])
def test_an_exchange_is_ready_for_an_item_where_it_takes_items_and_one_may_be_sent(
    opened: Any, state: StreamState, sent: int
) -> None:
    table, exchange = opened(credit_out=3)
    exchange.state, exchange.items_out, exchange.limit_out = state, sent, 4
    ready = exchange.takes_items and table.may_send(exchange)
    assert table.ready_for_item(exchange.request_id) is (exchange if ready else None)


def test_without_credit_known_a_stream_is_ready_and_a_request_or_an_unknown_exchange_never_is() -> None:
    table, unary = mine(ExchangeKind.UNARY)
    stream = table.open(ExchangeKind.BIDIRECTIONAL, "x")
    asked = [unary.request_id, stream.request_id, (ME, 9), (PEER, 0)]
    assert [table.ready_for_item(request_id) for request_id in asked] == [None, stream, None, None]
