"""The pace of a repetition, and its figures."""

from __future__ import annotations

import asyncio

import pytest

from inspector_app.messages.repeat import Figures, Pace, keep_pace, percentile


async def test_each_number_is_done_once_and_never_more_at_a_time_than_asked() -> None:
    at_a_time = most = 0
    done: list[int] = []

    async def once(number: int) -> None:
        nonlocal at_a_time, most
        at_a_time += 1
        most = max(most, at_a_time)
        await asyncio.sleep(0)
        at_a_time -= 1
        done.append(number)

    await keep_pace(once, Pace(times=50, in_flight=4))
    assert sorted(done) == list(range(50))
    assert most == 4


async def test_none_begins_before_its_time() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    at: list[float] = []

    async def once(number: int) -> None:
        assert loop.time() - began >= number / 200 - 0.001
        at.append(loop.time())

    await keep_pace(once, Pace(times=5, per_second=200, in_flight=5))
    assert len(at) == 5


async def test_what_one_raises_ends_all_and_is_raised() -> None:
    async def once(number: int) -> None:
        if number == 3:
            raise ConnectionError("gone")
        await asyncio.sleep(0)

    with pytest.raises(ConnectionError, match="gone"):
        await keep_pace(once, Pace(times=1000, in_flight=2))


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = list(range(1, 101))
    assert [percentile(values, share) for share in (0.5, 0.9, 0.99, 1.0)] == [50, 90, 99, 100]
    assert percentile([7], 0.5) == 7
    assert percentile([], 0.5) is None


def test_a_failure_is_counted_and_has_no_part_in_the_latencies() -> None:
    figures = Figures()
    for ns in (30, 10, 20):
        figures.took(ns, well=True)
    figures.took(999, well=False)
    assert (figures.ended, figures.failed) == (4, 1)
    assert figures.percentiles() == {"p50": 20, "p90": 30, "p99": 30, "max": 30}


@pytest.mark.parametrize(
    "pace",
    [
        Pace(times=0),
        Pace(times=100_001),
        Pace(times=1, in_flight=0),
        Pace(times=1, in_flight=1001),
        Pace(times=1, per_second=0.0),
        Pace(times=1, per_second=float("nan")),
    ],
)
def test_a_pace_beyond_its_bounds_is_told_in_a_sentence(pace: Pace) -> None:
    assert pace.problem.endswith(".")
    assert Pace(times=100, per_second=5.0, in_flight=3).problem == ""
