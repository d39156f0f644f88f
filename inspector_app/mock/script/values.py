"""JSON values within bounds: how large they may be, what equals what, how a template writes them.

Owns the bounds of everything that a mock makes or keeps. Values are never changed in place, so that they can
be shared.
"""

from __future__ import annotations

import json
from typing import Any

LONGEST_TEXT = 1_000_000
"""Characters of a text that an expression makes."""
LARGEST_LIST = 100_000
"""Items of a list, or keys of an object, that an expression makes."""
LARGEST_NUMBER = 2**63
_SHOWN_KEYS = 8
MOST_MADE = 16_000_000
"""Characters of all that one answer, or one item, is made of."""


class ExpressionError(Exception):
    """An expression has no value; the text says why, without a full stop."""


class MissingError(ExpressionError):
    """A path leads nowhere."""


def bounded(value: Any) -> Any:
    """Give a value that an expression made. Raises `ExpressionError` when it is too large."""
    match value:
        case str():
            if len(value) > LONGEST_TEXT:
                raise ExpressionError(f"the text gets longer than {LONGEST_TEXT:,} characters")
        case list() | dict():
            if len(value) > LARGEST_LIST:
                raise ExpressionError(f"there are more than {LARGEST_LIST:,} items")
        case bool():
            pass
        case int() | float():
            if not abs(value) <= LARGEST_NUMBER:  # which what is no number is not, either
                raise ExpressionError("the number gets too large")
    return value


def size_of(value: Any, limit: int) -> int:
    """Give about how many characters a value takes as JSON, or something above `limit` if it is more."""
    size, waiting = 0, [value]
    while waiting and size <= limit:
        match waiting.pop():
            case str(text):
                size += len(text) + 2
            case dict(fields):
                size += sum(len(key) + 4 for key in fields) + 2
                waiting += fields.values()
            case list(items):
                size += len(items) + 2
                waiting += items
            case _:
                size += 8
    return size


def text_of(value: Any) -> str:
    """Write a value within a text: a text as it is, all else as JSON."""
    if isinstance(value, str):
        return value
    if size_of(value, LONGEST_TEXT) > LONGEST_TEXT:
        raise ExpressionError(f"the text gets longer than {LONGEST_TEXT:,} characters")
    return json.dumps(value, ensure_ascii=False)


def is_number(value: object) -> bool:
    """Tell whether a value is a number of JSON."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def equal(one: Any, other: Any) -> bool:
    """Compare two values as JSON does: `1` is `1.0`, and no number is `true`."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    return bool(one == other)


def named(value: object) -> str:
    """Name what a value is, for a sentence."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "a text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"


def outline(value: object) -> str:
    """Tell what a value looks like, for notes: nothing of what may be secret."""
    if isinstance(value, dict):
        keys = [str(key)[:40] for key in value]
        more = f" and {len(keys) - _SHOWN_KEYS} more" if len(keys) > _SHOWN_KEYS else ""
        return f"an object with {', '.join(keys[:_SHOWN_KEYS])}{more}" if keys else "an empty object"
    return named(value)
