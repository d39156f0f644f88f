"""Ordinary frames are folded at less cost, and to the same: two tables see the same frames, one each way."""

from __future__ import annotations

from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipstream.exchanges import CREDIT, Effect, Exchange, ExchangeKind, ExchangeTable, Outcome, Step
from slipstream.frames import OPENING_TYPES, Frame, MessageType
from slipstream.lifecycle import StreamState
from slipstream.limits import MAX_COUNTER

ME, THEM, THIRD = "me", "them", "third"
SIZE = 10
KINDS = {
    MessageType.REQUEST: ExchangeKind.UNARY,
    MessageType.STREAM_REQUEST: ExchangeKind.SERVER_STREAM,
    MessageType.STREAM_STREAM_REQUEST: ExchangeKind.BIDIRECTIONAL,
}

Passing = tuple[bool, Frame]
"""Whether a frame comes in, and the frame."""


def slowly(table: ExchangeTable, incoming: bool, frame: Frame) -> Step:
    return table.received(frame, SIZE) if incoming else table.sent(frame, SIZE)


def quickly(table: ExchangeTable, incoming: bool, frame: Frame) -> Effect | None:
    """Fold a frame as an ordinary one; its effect, or None if it is not ordinary."""
    if frame.request_id is None or frame.peer_id == (ME if incoming else THEM):
        return None
    return came(table, frame, frame.request_id) if incoming else went(table, frame, frame.request_id)


def came(table: ExchangeTable, frame: Frame, request_id: tuple[str, int]) -> Effect | None:
    if frame.type is MessageType.STREAM_DATA:
        return Effect.ITEM if table.item_came(request_id, SIZE) else None
    if frame.type is MessageType.RESPONSE:
        return Effect.RESULT if table.response_came(request_id) else None
    if frame.type is MessageType.STREAM_END:
        return Effect.END if table.end_passed(request_id, incoming=True) else None
    kind = KINDS.get(frame.type)
    if kind is not None:
        return Effect.OPENED if table.request_came(request_id, frame.peer_id, "add", kind) else None
    return None


def went(table: ExchangeTable, frame: Frame, request_id: tuple[str, int]) -> Effect | None:
    exchange = table.get(request_id)
    if frame.type in KINDS and request_id == (ME, table.next_number):
        table.open(KINDS[frame.type], "add")
        return Effect.OPENED
    if frame.type is MessageType.STREAM_DATA and exchange is not None and exchange.takes_items:
        table.item_sent(exchange, SIZE)
        return Effect.ITEM
    unary = exchange is not None and exchange.kind is ExchangeKind.UNARY and not exchange.mine
    if frame.type is MessageType.RESPONSE and exchange is not None and unary:
        table.response_sent(exchange)
        return Effect.RESULT
    if frame.type is MessageType.STREAM_END:
        return Effect.END if table.end_passed(request_id, incoming=False) else None
    return None


def passing(incoming: bool, kind: MessageType, opener: str, number: int, sender: str) -> Passing:
    data = {"operation": "add"} if kind in OPENING_TYPES else {"error": "x", "code": "cancelled"}
    return incoming, Frame(kind, (opener, number), sender, data)


def crediting(incoming: bool, opener: str, number: int, limit: int) -> Passing:
    data = {"operation": CREDIT, "requestId": [opener, number], "limit": limit}
    return incoming, Frame(MessageType.FIRE_AND_FORGET, None, THEM if incoming else ME, data)


numbers = st.sampled_from([0, 0, 0, 0, 0, 1, 1, 2, -1, MAX_COUNTER])
openers = st.sampled_from([ME, THEM])
follow = st.sampled_from([kind for kind in MessageType if kind is not MessageType.FIRE_AND_FORGET])
usual = st.builds(
    lambda incoming, kind, opener, number: passing(incoming, kind, opener, number, THEM if incoming else ME),
    st.booleans(),
    follow,
    openers,
    numbers,
)
odd = st.builds(passing, st.booleans(), follow, st.sampled_from([ME, THEM, THIRD]), numbers, openers)
credit_frames = st.builds(crediting, st.booleans(), openers, numbers, st.integers(0, 5))
scripts = st.lists(usual | usual | usual | odd | credit_frames, max_size=30)


@settings(max_examples=500, deadline=None)
@given(script=scripts, credit=st.sampled_from([None, 1, 2]))
def test_whatever_goes_by_is_folded_the_same(script: list[Passing], credit: int | None) -> None:
    one, other = (ExchangeTable(ME, credit_in=credit, credit_out=credit) for _ in range(2))
    for incoming, frame in script:
        before = deepcopy(other)
        effect = quickly(other, incoming, frame)
        step = slowly(one, incoming, frame)
        if effect is None:
            assert other == before
            slowly(other, incoming, frame)
        else:
            assert (step.effect, step.findings) == (effect, ())
        assert one == other


@pytest.mark.parametrize("kind", ExchangeKind)
@pytest.mark.parametrize("operation", ["add", None, 3])
def test_an_exchange_of_ones_own_has_the_next_number(kind: ExchangeKind, operation: object) -> None:
    table = ExchangeTable(ME)
    opened = [table.open(kind, operation) for _ in range(2)]
    assert [exchange.request_id for exchange in opened] == [(ME, 0), (ME, 1)]
    assert {exchange.operation for exchange in opened} == {"add" if operation == "add" else None}
    assert list(table) == opened


def test_nearly_everything_is_ordinary() -> None:
    table = ExchangeTable(ME, credit_in=2, credit_out=2)
    table.received(Frame(MessageType.REQUEST, (THEM, 0), THEM, {"operation": "add"}), SIZE)
    ordinary = [
        passing(True, MessageType.REQUEST, THEM, 5, THEM),
        passing(False, MessageType.RESPONSE, THEM, 5, ME),
        passing(False, MessageType.REQUEST, ME, 0, ME),
        passing(True, MessageType.RESPONSE, ME, 0, THEM),
        passing(False, MessageType.STREAM_REQUEST, ME, 1, ME),
        passing(True, MessageType.STREAM_DATA, ME, 1, THEM),
        passing(False, MessageType.STREAM_STREAM_REQUEST, ME, 2, ME),
        passing(False, MessageType.STREAM_DATA, ME, 2, ME),
        passing(True, MessageType.STREAM_DATA, ME, 2, THEM),
        passing(False, MessageType.STREAM_END, ME, 2, ME),
        passing(True, MessageType.STREAM_END, ME, 2, THEM),
        passing(True, MessageType.STREAM_REQUEST, THEM, 6, THEM),
        passing(False, MessageType.STREAM_END, THEM, 6, ME),
    ]
    assert [quickly(table, *each) for each in ordinary] == [
        *(Effect.OPENED, Effect.RESULT) * 2,
        *(Effect.OPENED, Effect.ITEM) * 2,
        Effect.ITEM,
        *(Effect.END, Effect.END),
        *(Effect.OPENED, Effect.END),
    ]


@pytest.mark.parametrize(
    ("request_id", "peer_id"),
    [
        ((THEM, 0), THEM),  # used before
        ((THEM, 1), THIRD),
        ((THEM, MAX_COUNTER), THEM),
        ((THIRD, 1), THIRD),  # never heard of
        ((ME, 1), ME),
    ],
)
def test_a_request_with_an_odd_number_or_name_is_not_ordinary(
    request_id: tuple[str, int], peer_id: str
) -> None:
    table = ExchangeTable(ME)
    table.received(Frame(MessageType.REQUEST, (THEM, 0), THEM, {"operation": "add"}), SIZE)
    table.sent(Frame(MessageType.REQUEST, (ME, 0), ME, {"operation": "add"}), SIZE)
    before = deepcopy(table)
    assert table.request_came(request_id, peer_id, "add") is None
    assert table == before


@pytest.mark.parametrize("opening", KINDS)
def test_an_item_where_none_may_come_is_not_ordinary(opening: MessageType) -> None:
    table = ExchangeTable(ME)
    slowly(table, *passing(False, opening, ME, 0, ME))
    end = passing(True, MessageType.STREAM_END, ME, 0, THEM)
    if opening is not MessageType.REQUEST:
        slowly(table, *end)
    before = deepcopy(table)
    assert quickly(table, *passing(True, MessageType.STREAM_DATA, ME, 0, THEM)) is None
    assert table == before


@pytest.mark.parametrize("incoming", [True, False])
def test_a_second_end_of_a_half_is_not_ordinary(incoming: bool) -> None:
    table = ExchangeTable(ME)
    slowly(table, *passing(False, MessageType.STREAM_STREAM_REQUEST, ME, 0, ME))
    end = passing(incoming, MessageType.STREAM_END, ME, 0, THEM if incoming else ME)
    assert quickly(table, *end) is Effect.END
    before = deepcopy(table)
    assert quickly(table, *end) is None
    assert table == before


def test_what_is_in_flight_is_counted_whoever_opened_it() -> None:
    table = ExchangeTable(ME)
    slowly(table, *passing(False, MessageType.REQUEST, ME, 0, ME))
    slowly(table, *passing(True, MessageType.STREAM_REQUEST, THEM, 0, THEM))
    slowly(table, *passing(True, MessageType.REQUEST, THEM, 1, THEM))
    assert (table.in_flight, table.opened_by_peer) == (3, 2)
    slowly(table, *passing(True, MessageType.RESPONSE, ME, 0, THEM))
    assert (table.in_flight, table.opened_by_peer) == (2, 2)


@pytest.mark.parametrize("mine", [True, False])
@pytest.mark.parametrize("kind", ExchangeKind)
def test_items_may_be_sent_where_ones_half_of_a_stream_is_open(kind: ExchangeKind, mine: bool) -> None:
    def takes_items(state: StreamState) -> bool:
        return Exchange((ME, 0), kind, None, mine, state).takes_items

    taking = {state for state in StreamState if takes_items(state)}
    unary = kind is ExchangeKind.UNARY
    assert taking == (set() if unary else {StreamState.OPEN, StreamState.HALF_CLOSED_REMOTE})


# -- credit (protocol.md §9) -------------------------------------------------------------------------------


@pytest.fixture
def table() -> ExchangeTable:
    """A bidirectional stream of mine is open; each side may send two items on it to begin with."""
    table = ExchangeTable(ME, credit_in=2, credit_out=2)
    table.open(ExchangeKind.BIDIRECTIONAL, "chat")
    return table


def stream_of(table: ExchangeTable) -> Exchange:
    (stream,) = table
    return stream


def test_without_credit_there_is_no_limit() -> None:
    table = ExchangeTable(ME)
    stream = table.open(ExchangeKind.BIDIRECTIONAL, "chat")
    stream.items_out = 1_000_000
    assert table.may_send(stream)


def sent_until_held_up(table: ExchangeTable) -> int:
    stream = stream_of(table)
    while table.may_send(stream):
        table.item_sent(stream, SIZE)
    return stream.items_out


def test_items_may_be_sent_up_to_the_limit(table: ExchangeTable) -> None:
    assert sent_until_held_up(table) == 2
    for limit, sent in ((0, 2), (3, 3), (5, 5)):
        slowly(table, *crediting(True, ME, 0, limit))
        assert sent_until_held_up(table) == sent


def test_a_limit_is_a_running_total_that_only_grows(table: ExchangeTable) -> None:
    slowly(table, *crediting(True, ME, 0, 5))
    slowly(table, *crediting(True, ME, 0, 4))
    assert sent_until_held_up(table) == 5
    slowly(table, *crediting(False, ME, 0, 5))
    slowly(table, *crediting(False, ME, 0, 4))
    assert stream_of(table).limit_in == 5


def test_an_item_beyond_the_limit_is_a_finding_and_is_taken_all_the_same(table: ExchangeTable) -> None:
    item = passing(True, MessageType.STREAM_DATA, ME, 0, THEM)
    assert [quickly(table, *item) for _ in range(3)] == [Effect.ITEM, Effect.ITEM, None]
    step = slowly(table, *item)
    assert step.effect is Effect.ITEM
    assert [(finding.rule, finding.section) for finding in step.findings] == [("credit_exceeded", "§9")]
    assert "Item 3 came where 2 were let through" in step.findings[0].text
    slowly(table, *crediting(False, ME, 0, 4))
    assert quickly(table, *item) is Effect.ITEM
    assert quickly(table, *item) is None
    assert "Item 5 came where 4" in slowly(table, *item).findings[0].text


def test_an_opener_may_have_sent_before_it_could_know_of_any_limit() -> None:
    table = ExchangeTable(ME, credit_in=1)
    slowly(table, *passing(True, MessageType.STREAM_STREAM_REQUEST, THEM, 0, THEM))
    for _ in range(5):
        assert slowly(table, *passing(True, MessageType.STREAM_DATA, THEM, 0, THEM)).findings == ()


def test_credit_says_which_stream_it_is_for(table: ExchangeTable) -> None:
    assert slowly(table, *crediting(True, ME, 0, 9)) == Step(Effect.CREDIT, stream_of(table))
    assert (stream_of(table).limit_out, stream_of(table).limit_in) == (9, 0)
    assert slowly(table, *crediting(False, ME, 0, 7)) == Step(Effect.CREDIT, stream_of(table))
    assert (stream_of(table).limit_out, stream_of(table).limit_in) == (9, 7)


def test_credit_for_what_has_ended_is_late(table: ExchangeTable) -> None:
    table.settle((ME, 0), Outcome.CANCELLED)
    assert slowly(table, *crediting(True, ME, 0, 9)) == Step(Effect.LATE)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"requestId": [ME, 0]},
        {"limit": 3},
        {"requestId": [ME, 0], "limit": -1},
        {"requestId": [ME, 0], "limit": 3.5},
        {"requestId": [ME, 0], "limit": "3"},
        {"requestId": [ME], "limit": 3},
        {"requestId": [0, ME], "limit": 3},
        {"requestId": "me", "limit": 3},
    ],
)
def test_credit_that_says_neither_stream_nor_limit_is_a_finding(
    table: ExchangeTable, told: dict[str, object]
) -> None:
    before = deepcopy(table)
    frame = Frame(MessageType.FIRE_AND_FORGET, None, THEM, {"operation": CREDIT, **told})
    step = table.received(frame, SIZE)
    assert step.effect is Effect.REFUSED
    assert [(finding.rule, finding.section) for finding in step.findings] == [("bad_credit", "§9")]
    assert table == before
