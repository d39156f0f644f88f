"""Numbers, sizes, durations and times as they are written in a filter.

This module owns the units. Times without a zone are those of the place where the filter is read, as the
screen shows them.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inspector_app.capture.filter.nodes import Number

LARGEST = 2**63 - 1
"""The largest integer that a column holds."""

SIZES = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
SECOND_NS = 10**9
DURATIONS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "ms": 10**6,
    "s": SECOND_NS,
    "m": 60 * SECOND_NS,
    "min": 60 * SECOND_NS,
    "h": 3600 * SECOND_NS,
    "d": 86400 * SECOND_NS,
}
DAY_NS = DURATIONS["d"]

_AMOUNT = re.compile(r"([+-]?\d{1,30}(?:\.\d{1,30})?)([a-zµ]*)", re.ASCII)
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_CLOCK = re.compile(r"(\d\d?):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?", re.ASCII)
_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt](\d\d?:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|z|[+-]\d\d:?\d\d)?)?", re.ASCII
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BadValueError(ValueError):
    """A value is no number, size, duration or time; the text says what would be right."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time as exactly as it was written: nanoseconds from `first` to `last`, both within.

    `clock`: since midnight, of any day; otherwise since the epoch.
    """

    first: int
    last: int
    clock: bool


def integer(text: str) -> int:
    """Read a whole number. Raises `BadValueError`."""
    if re.fullmatch(r"\d{1,19}", text, re.ASCII) is None or int(text) > LARGEST:
        raise BadValueError("a whole number such as 12")
    return int(text)


def amount(text: str, units: dict[str, int], *, bare: int | None, example: str) -> Number:
    """Read a number with a unit, as so many of the smallest; `bare` is the unit of a number without one."""
    found = _AMOUNT.fullmatch(text.lower().replace("μ", "µ"))
    if found is not None and (unit := units.get(found[2]) if found[2] else bare) is not None:
        exact = Decimal(found[1]) * unit
        if abs(exact) <= LARGEST:
            return int(exact) if exact == exact.to_integral_value() else float(exact)
    names = ", ".join(units)
    raise BadValueError(f"a number with a unit ({names}) such as {example}")


def json_number(text: str) -> Number | None:
    """Read a number as a payload would spell it; None for anything else. Beyond 64 bits it is rounded."""
    if _JSON_NUMBER.fullmatch(text) is None or len(text) > 400:
        return None
    if text.lstrip("-").isdigit() and -LARGEST - 1 <= int(text) <= LARGEST:
        return int(text)
    number = float(text)
    return number if math.isfinite(number) else None


def moment(text: str) -> Span:
    """Read a time of day or a date, with or without a time. Raises `BadValueError`."""
    if (found := _CLOCK.fullmatch(text)) is not None:
        first, length = _clock(text)
        return Span(first, first + length - 1, clock=True)
    found = _DATE.fullmatch(text)
    if found is None:
        raise BadValueError("a time such as 14:05, 14:05:30.250, 2026-11-22 or 2026-11-22T14:05:30Z")
    first, length = _clock(found[4]) if found[4] else (0, DAY_NS)
    try:
        day = datetime(int(found[1]), int(found[2]), int(found[3]))  # noqa: DTZ001 - local, unless told below
        at = day + timedelta(seconds=first // SECOND_NS)
        second = (_with_zone(at, found[5]) - _EPOCH) // timedelta(seconds=1)
        start = second * SECOND_NS + first % SECOND_NS
        if not found[4]:
            end = (_with_zone(day + timedelta(days=1), None) - _EPOCH) // timedelta(seconds=1)
            length = end * SECOND_NS - start
    except (ValueError, OverflowError, OSError):
        raise BadValueError("a date that the calendar has, between the years 1971 and 2200") from None
    if not 0 <= start < start + length <= LARGEST:
        raise BadValueError("a date that the calendar has, between the years 1971 and 2200")
    return Span(start, start + length - 1, clock=False)


def _with_zone(at: datetime, zone: str | None) -> datetime:
    if zone is None:
        return at.astimezone()
    return datetime.fromisoformat(at.isoformat() + ("+00:00" if zone in "Zz" else zone))


def _clock(text: str) -> tuple[int, int]:
    """Give nanoseconds since midnight, and how long what was written lasts: a minute, a second or less."""
    found = _CLOCK.fullmatch(text)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59 or int(found[3] or 0) > 59:
        raise BadValueError("a time of day between 00:00 and 23:59:59")
    first = (int(found[1]) * 60 + int(found[2])) * 60 * SECOND_NS
    if found[3] is None:
        return first, 60 * SECOND_NS
    first += int(found[3]) * SECOND_NS
    if found[4] is None:
        return first, SECOND_NS
    return first + int(found[4].ljust(9, "0")), 10 ** (9 - len(found[4]))
