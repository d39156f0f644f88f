"""Times of day that SQLite computes are those of the place, also around a change of its clocks."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from inspector_app.capture.filter import prepare
from inspector_app.capture.filter.clock import CLOCK, _known_offset_s, clock, time_of_day
from tests.inspector_app.capture.filter.worlds import S, World

QUARTER = 900 * S
NOW = int(datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()) * S


@pytest.fixture
def place() -> Iterator[None]:
    """A place an hour east of Greenwich, two in summer."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "CET-1CEST,M3.5.0,M10.5.0/3"
    time.tzset()
    _known_offset_s.cache_clear()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()
    _known_offset_s.cache_clear()


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    "day", ["2024-05-01", "2025-10-26", "2026-03-29", "2026-10-25", "2026-11-26", "2027-03-28"]
)
def test_the_time_of_day_is_that_of_the_place(day: str) -> None:
    sql, parameters = time_of_day("at", NOW)
    first = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * S
    connection = World().connection()
    for at in (*range(first, first + 96 * QUARTER, QUARTER), first + QUARTER - 1):
        (found,) = connection.execute(f"SELECT {sql} FROM (SELECT {at} AS at)", parameters).fetchone()  # noqa: S608 - what is tested
        there = time.localtime(at // S)
        assert found == (there.tm_hour * 3600 + there.tm_min * 60 + there.tm_sec) * S + at % S == clock(at)
    connection.close()


@pytest.mark.usefixtures("place")
def test_python_is_not_asked_about_the_last_year() -> None:
    sql, parameters = time_of_day("at", NOW)
    connection = sqlite3.connect(":memory:")
    prepare(connection)
    asked: list[int] = []
    connection.create_function(CLOCK, 1, asked.append)
    for days in (-1, 0, 30, 120, 365, 500):
        at = NOW - days * 86_400 * S
        connection.execute(f"SELECT {sql} FROM (SELECT {at} AS at)", parameters).fetchone()  # noqa: S608 - what is tested
    connection.close()
    assert asked == [NOW - 500 * 86_400 * S]
