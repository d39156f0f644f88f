"""How long to wait before the next attempt to connect (protocol.md §11)."""

from __future__ import annotations

from random import Random

from slipstream import Backoff


def test_the_bound_doubles_up_to_the_longest() -> None:
    backoff = Backoff(first_s=0.5, longest_s=30.0)
    assert [backoff.bound_s(failures) for failures in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert backoff.bound_s(10_000) == 30


def test_a_wait_is_anywhere_between_nothing_and_the_bound() -> None:
    backoff = Backoff(random=Random(1))
    waits = [backoff.wait_s(3) for _ in range(1000)]
    assert 0 <= min(waits) < 0.1
    assert 1.9 < max(waits) <= 2


def test_the_same_seed_waits_the_same_times() -> None:
    first, second = (Backoff(random=Random(7)) for _ in range(2))
    assert [first.wait_s(n) for n in range(1, 9)] == [second.wait_s(n) for n in range(1, 9)]


def test_without_a_number_of_attempts_it_goes_on_for_ever() -> None:
    assert not Backoff().exhausted(1_000_000)
    assert [Backoff(attempts=3).exhausted(failures) for failures in (2, 3)] == [False, True]
