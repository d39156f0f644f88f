"""Places in a capture that a person can name: a number, a time of day, a time from the start or from here.

Owns how they are written, and finding the frame at a time. It looks at frames and keeps none.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from inspector_app.display import formats

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader

_UNITS_NS = {
    "ns": 1,
    "us": formats.MICROSECOND_NS,
    "µs": formats.MICROSECOND_NS,
    "ms": formats.MILLISECOND_NS,
    "s": formats.SECOND_NS,
    "m": 60 * formats.SECOND_NS,
    "min": 60 * formats.SECOND_NS,
    "h": 3600 * formats.SECOND_NS,
    "d": 86400 * formats.SECOND_NS,
}
_DURATION = re.compile(
    r"(?:\d{1,12}(?:\.\d{1,9})?\s*(?:ns|us|µs|ms|min|s|m|h|d)\s*)+", re.ASCII | re.IGNORECASE
)
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|min|s|m|h|d)", re.ASCII | re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d{4}-\d\d-\d\d)[ T])?(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?", re.ASCII)

EXAMPLES = "412, 11:20:33.5, 90s from the start, +5s or -200ms from here"


class PlaceError(ValueError):
    """No place can be made of what was typed. The text is one sentence that says what to type."""


class Here(Struct, frozen=True):
    """What places are told from: the frames there are, the first one's time, and the chosen one's."""

    frames: int
    start_ns: int
    chosen_ns: int | None = None


class Place(Struct, frozen=True):
    """A frame by its number, or by a time: the first that is not earlier."""

    seq: int | None = None
    time_ns: int | None = None


def read_place(typed: str, here: Here) -> Place:
    """Make a place of what was typed. Raises `PlaceError`."""
    text = typed.strip()
    number = text.removeprefix("#")
    if number.isascii() and number.isdigit():
        if len(number) < 19 and 1 <= int(number) <= here.frames:
            return Place(seq=int(number))
        raise PlaceError(f"Type a number from 1 to {here.frames}.")
    if (clock := _CLOCK.fullmatch(text)) is not None:
        return Place(time_ns=_clock_ns(clock, here.start_ns))
    sign = text[:1] if text[:1] in ("+", "-") else ""
    if _DURATION.fullmatch(text.removeprefix(sign)):
        elapsed_ns = sum(int(float(amount) * _UNITS_NS[unit.lower()]) for amount, unit in _PART.findall(text))
        if not sign:
            return Place(time_ns=here.start_ns + elapsed_ns)
        if here.chosen_ns is None:
            raise PlaceError("Choose a frame first: + and - are told from it.")
        return Place(time_ns=here.chosen_ns + (elapsed_ns if sign == "+" else -elapsed_ns))
    raise PlaceError(f"Type a number from 1 to {here.frames}, or a time: {EXAMPLES}.")


def _clock_ns(clock: re.Match[str], start_ns: int) -> int:
    day, hour, minute, second, fraction = clock.groups()
    start = datetime.fromtimestamp(start_ns // formats.SECOND_NS)  # noqa: DTZ006  # as times are shown
    try:
        date = datetime.fromisoformat(day).date() if day else start.date()
        named = datetime(date.year, date.month, date.day, int(hour), int(minute), int(second or 0))  # noqa: DTZ001  # as above
        # A capture may run past midnight; without a date the first such time after its start is meant.
        if not day and named + timedelta(seconds=1) <= start:
            named += timedelta(days=1)
        seconds = int(named.timestamp())
    except (ValueError, OverflowError, OSError):
        raise PlaceError(f"There is no such time: type one as {EXAMPLES}.") from None
    return seconds * formats.SECOND_NS + int((fraction or "0").ljust(9, "0"))


def seq_at(reader: CaptureReader, time_ns: int, frames: int) -> int:
    """Give the number of the first frame of 1 to `frames` at or after a time; the last when all are earlier.

    Looks at a few frames only: they went by in order. Raises `CaptureError`.
    """
    low, high = 1, max(1, frames)
    while low < high:
        middle = (low + high) // 2
        frame = reader.frame(middle)
        if frame is not None and frame.time_ns < time_ns:
            low = middle + 1
        else:
            high = middle
    return low
