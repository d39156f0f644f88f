"""Times as text: exact to the nanosecond, both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector_app.capture.times import from_iso, to_iso

LARGEST = 2**63 - 1


def test_a_time_is_utc_with_nanoseconds() -> None:
    assert to_iso(1_795_346_433_123_456_789) == "2026-11-22T11:20:33.123456789Z"
    assert to_iso(0) == "1970-01-01T00:00:00.000000000Z"
    assert to_iso(-1) == "1969-12-31T23:59:59.999999999Z"


@given(st.integers(-LARGEST, LARGEST))
def test_every_time_comes_back_as_it_was(time_ns: int) -> None:
    assert from_iso(to_iso(time_ns)) == time_ns


@pytest.mark.parametrize(
    ("text", "time_ns"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000_000),
        ("1970-01-01T00:00:00.5Z", 500_000_000),
        ("1970-01-01T01:00:00.000000001+01:00", 1),
        ("1969-12-31T19:00:00-05:00", 0),
    ],
)
def test_other_offsets_and_fewer_decimals_are_read(text: str, time_ns: int) -> None:
    assert from_iso(text) == time_ns


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-22",
        "2026-13-01T00:00:00Z",
        "2026-11-22T11:20:33",
        "2026-11-22T11:20:33.1234567890Z",
    ],
)
def test_other_text_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_iso(text)
