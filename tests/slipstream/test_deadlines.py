"""Deadlines of exchanges, and that those of exchanges that have ended go in time."""

from __future__ import annotations

from math import inf
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipstream.deadlines import _STALE, Deadlines
from slipstream.exchanges import Exchange, ExchangeKind, Outcome
from slipstream.lifecycle import StreamState


def exchange(number: int = 0) -> Exchange:
    return Exchange(("me", number), ExchangeKind.UNARY, "x", True, StreamState.HALF_CLOSED_LOCAL)


def ended(number: int = 0) -> Exchange:
    one = exchange(number)
    one.outcome = Outcome.OK
    return one


def test_without_deadlines_there_is_no_next() -> None:
    none = Deadlines()
    assert none.next is None
    assert none.earliest == inf
    assert list(none.passed(inf)) == []


def test_the_next_is_the_earliest_of_an_exchange_in_flight() -> None:
    deadlines = Deadlines()
    deadlines.set(3, exchange(0))
    deadlines.set(1, ended(1))
    deadlines.set(2, exchange(2))
    assert deadlines.earliest == 1, "which may be of one that has ended"
    assert deadlines.next == 2
    assert deadlines.earliest == 2


def test_those_that_have_passed_are_given_once_in_order() -> None:
    deadlines = Deadlines()
    late, later, ahead = exchange(0), exchange(1), exchange(2)
    deadlines.set(2, later)
    deadlines.set(1, late)
    deadlines.set(5, ahead)
    deadlines.set(1.5, ended(3))
    assert list(deadlines.passed(2)) == [late, later]
    assert list(deadlines.passed(2)) == []
    assert deadlines.next == 5


def test_deadlines_at_the_same_time_pass_in_the_order_they_were_set() -> None:
    deadlines = Deadlines()
    all_of_them = [exchange(number) for number in range(5)]
    for each in all_of_them:
        deadlines.set(1, each)
    assert list(deadlines.passed(1)) == all_of_them


def test_one_that_ends_while_others_are_given_is_passed_over() -> None:
    deadlines = Deadlines()
    first, second = exchange(0), exchange(1)
    deadlines.set(1, first)
    deadlines.set(1, second)
    passing = deadlines.passed(1)
    assert next(passing) is first
    second.outcome = Outcome.CANCELLED
    assert list(passing) == []


def test_clearing_forgets_all() -> None:
    deadlines = Deadlines()
    deadlines.set(1, exchange())
    deadlines.clear()
    assert deadlines.next is None


@pytest.mark.parametrize("first", [True, False], ids=["behind one that waits long", "alone"])
def test_exchanges_that_have_ended_are_not_kept(first: bool) -> None:
    deadlines, waiting = Deadlines(), exchange()
    if first:
        deadlines.set(0, waiting)
    for number in range(100 * _STALE):
        deadlines.set(number + 1, ended(number))
        assert len(deadlines._heap) <= 2 * _STALE + 2
    assert deadlines.next == (0 if first else None)


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=300), st.integers(0, 20))
def test_whatever_is_set_those_in_flight_pass_and_no_others(times: list[tuple[int, bool]], now: int) -> None:
    deadlines = Deadlines()
    expected = []
    for number, (when, ends) in enumerate(times):
        one = ended(number) if ends else exchange(number)
        deadlines.set(when, one)
        if when <= now and not ends:
            expected.append((when, number))
    assert [one.request_id[1] for one in deadlines.passed(now)] == [number for _, number in sorted(expected)]


def test_a_clean_up_leaves_the_order_as_it_was() -> None:
    deadlines, random = Deadlines(), Random(1)
    expected = []
    for number in range(20 * _STALE):
        when = random.random()
        in_flight = random.random() < 0.3
        deadlines.set(when, exchange(number) if in_flight else ended(number))
        expected += [(when, number)] if in_flight else []
    assert [one.request_id[1] for one in deadlines.passed(1)] == [number for _, number in sorted(expected)]
