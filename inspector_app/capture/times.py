"""Nanoseconds since the Unix epoch to and from ISO 8601 text in UTC, losing nothing.

This module owns the one form of a time that leaves the inspector: `2026-11-22T11:20:33.123456789Z`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND_NS = 1_000_000_000
_DIGITS = 9
_ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII).fullmatch


def believed_ns(value: object) -> int:
    """Give a time that a file tells, if it is one between the years 1677 and 2262; else 0."""
    return value if isinstance(value, int) and abs(value) < 1 << 63 else 0


def to_iso(time_ns: int) -> str:
    """Write a time. Raises `OverflowError` outside the years 1 to 9999."""
    return f"{second_of(time_ns // SECOND_NS)}.{time_ns % SECOND_NS:09d}Z"


def from_iso(text: str) -> int:
    """Read a time with any offset and up to nine decimals. Raises `ValueError` for any other text."""
    found = _ISO(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is no time like 2026-11-22T11:20:33.123456789Z")
    second, fraction, zone = found.groups()
    return _seconds(second, zone) * SECOND_NS + int((fraction or "").ljust(_DIGITS, "0"))


# Frames come in runs within one second.
@lru_cache(maxsize=64)
def second_of(seconds: int) -> str:
    """Write the second that a time is in, as far as the point. Raises `OverflowError` as `to_iso` does."""
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=64)
def _seconds(second: str, zone: str) -> int:
    moment = datetime.fromisoformat(second + ("+00:00" if zone == "Z" else zone))
    return (moment - _EPOCH) // timedelta(seconds=1)
