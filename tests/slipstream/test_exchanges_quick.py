"""The quick way to fold an ordinary frame does what the whole rules do; every other it leaves alone."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from slipstream.exchanges import (
    CREDIT,
    Effect,
    Exchange,
    ExchangeKind,
    ExchangeTable,
    Outcome,
    Step,
    operation_of,
)
from slipstream.frames import Frame, MessageType
from slipstream.lifecycle import StreamState

ME, PEER = "me", "peer"
KINDS = {
    MessageType.REQUEST: ExchangeKind.UNARY,
    MessageType.STREAM_REQUEST: ExchangeKind.SERVER_STREAM,
    MessageType.STREAM_STREAM_REQUEST: ExchangeKind.BIDIRECTIONAL,
}


def quickly_received(table: ExchangeTable, frame: Frame, size: int) -> Exchange | bool | None:
    """What the quick way says of a frame that came; falsy where it leaves it to the whole rules."""
    request_id, operation = frame.request_id, operation_of(frame)
    if request_id is None:
        return None
    if frame.type is MessageType.STREAM_DATA:
        return table.item_came(request_id, size)
    if frame.type is MessageType.RESPONSE:
        return table.response_came(request_id)
    if frame.type is MessageType.REQUEST and operation is not None:
        return table.request_came(request_id, frame.peer_id, operation)
    return None


def quickly_sent(table: ExchangeTable, frame: Frame, size: int) -> bool:
    """Send a frame the quick way, if it is one for which there is one."""
    exchange = table.get(frame.request_id) if frame.request_id is not None else None
    if frame.type in KINDS and frame.request_id == (ME, table.next_number):
        opened = table.open(KINDS[frame.type], operation_of(frame))
        assert opened.request_id == frame.request_id
        return True
    if exchange is None:
        return False
    if frame.type is MessageType.STREAM_DATA and exchange.takes_items:
        table.item_sent(exchange, size)
        return True
    if frame.type is MessageType.RESPONSE and exchange.kind is ExchangeKind.UNARY and not exchange.mine:
        table.response_sent(exchange)
        return True
    return False


def legal(effect: Effect, step: Step) -> None:
    assert (step.effect, step.findings) == (effect, ())


EFFECTS = {
    MessageType.STREAM_DATA: Effect.ITEM,
    MessageType.RESPONSE: Effect.RESULT,
    **dict.fromkeys(KINDS, Effect.OPENED),
}

carrying = [MessageType.STREAM_DATA, MessageType.RESPONSE]
kinds = st.sampled_from(
    [*(kind for kind in MessageType if kind is not MessageType.FIRE_AND_FORGET), *carrying, *carrying]
)
numbers = st.sampled_from([0, 0, 1, 1, 1, 2, 2, 3, 4, 7, -1, 2**53])
request_ids = st.tuples(st.sampled_from([ME, ME, PEER, PEER, "third"]), numbers)
payloads: st.SearchStrategy[Any] = st.sampled_from([{"operation": "x"}, {"operation": 1}, None])
raises = st.builds(
    lambda request_id, limit: Frame(
        MessageType.FIRE_AND_FORGET,
        None,
        PEER,
        {"operation": CREDIT, "requestId": list(request_id), "limit": limit},
    ),
    request_ids,
    st.integers(-1, 6),
)
coming = raises | st.builds(
    lambda kind, request_id, peer, data: Frame(
        kind, request_id, peer or (PEER if request_id[0] == ME else request_id[0]), data
    ),
    kinds,
    request_ids,
    st.sampled_from(["", "", "", PEER, None]),
    payloads,
)
going = raises | st.builds(
    lambda kind, request_id, data: Frame(kind, request_id, ME, data), kinds, request_ids, payloads
)
opening = st.sampled_from([MessageType.REQUEST, MessageType.STREAM_STREAM_REQUEST])
# Enough of the legal to come somewhere: openings in order, and then what may follow.
orderly = st.lists(
    st.tuples(st.sampled_from(["open mine", "open theirs"]), st.sampled_from(list(KINDS))),
    min_size=2,
    max_size=6,
)
moves = st.lists(
    st.tuples(st.just("in"), coming)
    | st.tuples(st.just("out"), going)
    | st.tuples(st.just("settle"), request_ids),
    min_size=10,
    max_size=30,
)
credit_at_first = st.none() | st.integers(0, 3)


@given(first=orderly, then=moves, credit_in=credit_at_first, credit_out=credit_at_first)
@settings(max_examples=400, deadline=None)
def test_the_quick_way_and_the_whole_rules_leave_the_same_table(
    first: list[tuple[str, MessageType]],
    then: list[tuple[str, Any]],
    credit_in: int | None,
    credit_out: int | None,
) -> None:
    quick, whole = (ExchangeTable(ME, credit_in=credit_in, credit_out=credit_out) for _ in range(2))
    for number, (whose, kind) in enumerate(first):
        if whose == "open mine":
            take_out(quick, whole, Frame(kind, (ME, whole.next_number), ME, {"operation": "x"}))
        else:
            take_in(quick, whole, Frame(kind, (PEER, number), PEER, {"operation": "x"}))
    for direction, what in then:
        if direction == "in" and what.peer_id != ME:
            take_in(quick, whole, what)
        elif direction == "out":
            take_out(quick, whole, what)
        elif direction == "settle":
            quick.settle(what, Outcome.CANCELLED)
            whole.settle(what, Outcome.CANCELLED)
        assert quick == whole


def take_in(quick: ExchangeTable, whole: ExchangeTable, frame: Frame) -> None:
    before = deepcopy(quick)
    done = quickly_received(quick, frame, 7)
    step = whole.received(frame, 7)
    if done:
        event(f"quickly in: {frame.type.value}")
        legal(EFFECTS[frame.type], step)
        if frame.type is MessageType.REQUEST:
            assert done == step.exchange
    else:
        assert quick == before, "what is left to the whole rules is left as it was"
        assert quick.received(frame, 7) == step


def take_out(quick: ExchangeTable, whole: ExchangeTable, frame: Frame) -> None:
    if quickly_sent(quick, frame, 7):
        event(f"quickly out: {frame.type.value}")
        step = whole.sent(frame, 7)
        assert step.effect is EFFECTS[frame.type]
        assert [finding.rule for finding in step.findings] in ([], ["no_operation"])
    else:
        assert quick.sent(frame, 7) == whole.sent(frame, 7)


def test_an_operation_that_is_no_text_is_none() -> None:
    table = ExchangeTable(ME)
    assert table.open(ExchangeKind.UNARY, 5).operation is None


# -- each quick way by itself: which frames are ordinary --------------------------------------------------


def opened(kind: MessageType = MessageType.STREAM_STREAM_REQUEST, number: int = 0) -> ExchangeTable:
    """A table with one exchange of the other side, and one of each kind of this side's."""
    table = ExchangeTable(ME)
    table.received(Frame(kind, (PEER, number), PEER, {"operation": "x"}), 1)
    for mine in ExchangeKind:
        table.open(mine, "x")
    return table


def test_an_item_is_ordinary_on_a_stream_whose_other_half_is_open() -> None:
    table = opened()
    assert [table.item_came((ME, number), 1) for number in range(4)] == [False, True, True, False]
    assert table.item_came((PEER, 0), 1)
    table.received(Frame(MessageType.STREAM_END, (PEER, 0), PEER), 1)
    assert not table.item_came((PEER, 0), 1)


def test_an_item_within_the_credit_or_the_limit_is_ordinary_and_no_other() -> None:
    table = opened()
    table.credit_in = 1
    assert [table.item_came((ME, 2), 1) for _ in range(2)] == [True, False]
    exchange = table.get((ME, 2))
    assert exchange is not None
    exchange.limit_in = 2
    assert [table.item_came((ME, 2), 1) for _ in range(2)] == [True, False]
    assert exchange.items_in == 2


def test_a_response_is_ordinary_on_a_unary_exchange_of_this_side() -> None:
    table = opened(MessageType.REQUEST)
    assert [table.response_came((ME, number)) for number in (1, 2, 0, 0)] == [False, False, True, False]
    assert not table.response_came((PEER, 0))


def test_a_request_is_ordinary_with_the_next_number_of_a_peer_that_was_heard() -> None:
    table = opened(number=4)
    assert table.request_came(("third", 5), "third", "x") is None
    assert table.request_came((PEER, 5), "third", "x") is None
    assert table.request_came((ME, 5), ME, "x") is None
    assert table.request_came((PEER, 4), PEER, "x") is None
    assert table.request_came((PEER, 2**53), PEER, "x") is None
    exchange = table.request_came((PEER, 5), PEER, "x")
    assert exchange is table.get((PEER, 5))
    assert (table.opened_by_peer, table.in_flight) == (2, 5)


def test_a_response_sent_ends_its_exchange() -> None:
    table = opened(MessageType.REQUEST)
    exchange = table.get((PEER, 0))
    assert exchange is not None
    table.response_sent(exchange)
    assert (exchange.state, exchange.outcome) == (StreamState.CLOSED, Outcome.OK)
    assert table.get((PEER, 0)) is None


def test_an_item_sent_is_counted() -> None:
    table = opened()
    exchange = table.get((ME, 2))
    assert exchange is not None
    table.item_sent(exchange, 5)
    table.item_sent(exchange, 6)
    assert (exchange.items_out, exchange.bytes_out) == (2, 11)
