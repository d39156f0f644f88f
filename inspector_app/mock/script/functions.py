"""The functions of expressions, but for those that the language itself must know. Pure, and bounded.

Each takes values of JSON and raises `ExpressionError` for those that it cannot do anything with.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from inspector_app.mock.script.values import (
    LARGEST_LIST,
    LONGEST_TEXT,
    ExpressionError,
    bounded,
    equal,
    is_number,
    named,
    text_of,
)


def _wanted(value: Any, kind: type | tuple[type, ...], what: str, function: str) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ExpressionError(f"{function} takes {what}, not {named(value)}")
    return value


def _text(value: Any, function: str) -> Any:
    return _wanted(value, str, "a text", function)


def _list(value: Any, function: str) -> Any:
    return _wanted(value, list, "a list", function)


def _number(value: Any, function: str) -> Any:
    return _wanted(value, (int, float), "a number", function)


def _length(value: Any) -> int:
    found: str | list[Any] | dict[str, Any] = _wanted(
        value, (str, list, dict), "a text, a list or an object", "length"
    )
    return len(found)


def _replace(text: Any, old: Any, new: Any) -> str:
    text, old, new = _text(text, "replace"), _text(old, "replace"), _text(new, "replace")
    if len(text) + text.count(old) * max(0, len(new) - len(old)) > LONGEST_TEXT:
        raise ExpressionError(f"the text gets longer than {LONGEST_TEXT:,} characters")
    return str(text.replace(old, new))


def _split(text: Any, separator: Any = " ") -> list[str]:
    text, separator = _text(text, "split"), _text(separator, "split")
    if not separator:
        raise ExpressionError("split takes a text to split at")
    return list(text.split(separator))


def _join(items: Any, separator: Any = ", ") -> str:
    between, parts, length = _text(separator, "join"), list[str](), 0
    for each in _list(items, "join"):
        parts.append(text_of(each))
        length += len(parts[-1]) + len(between)
        if length > LONGEST_TEXT:
            raise ExpressionError(f"the text gets longer than {LONGEST_TEXT:,} characters")
    return str(between.join(parts))


def _cut(text: Any, length: Any) -> str:
    return str(_text(text, "cut")[: max(0, int(_number(length, "cut")))])


def _to_number(value: Any) -> int | float:
    if is_number(value):
        return value  # type: ignore[no-any-return]  # the line before
    try:
        text = _text(value, "number")[:400]
        return int(text) if text.strip().lstrip("-+").isdecimal() else float(text)
    except ValueError:
        raise ExpressionError(f"{text[:40]!r} is no number") from None


def _to_int(value: Any) -> int:
    number: float = bounded(_to_number(value))
    return math.floor(number)


def _round(value: Any, digits: Any = 0) -> int | float:
    number, digits = _number(value, "round"), _number(digits, "round")
    rounded = round(number, max(-15, min(15, int(digits))))
    return int(rounded) if digits <= 0 else rounded


def _numbers(items: tuple[Any, ...], function: str) -> list[Any]:
    given = items[0] if len(items) == 1 and isinstance(items[0], list) else list(items)
    for each in given:
        _number(each, function)
    if not given:
        raise ExpressionError(f"{function} takes one number at least")
    return given


def _sum(items: Any) -> Any:
    return sum(_number(each, "sum") for each in _list(items, "sum"))


def _range(count: Any) -> list[int]:
    count = _wanted(count, int, "a whole number", "range")
    if count > LARGEST_LIST:
        raise ExpressionError(f"there are more than {LARGEST_LIST:,} items")
    return list(range(count))


def _first(items: Any) -> Any:
    return _end(items, 0, "first")


def _last(items: Any) -> Any:
    return _end(items, -1, "last")


def _end(items: Any, place: int, function: str) -> Any:
    if not _wanted(items, (list, str), "a list or a text", function):
        raise ExpressionError(f"{function} takes one item at least")
    return items[place]


def _put(value: Any, key: Any, new: Any) -> dict[str, Any]:
    return {**_wanted(value, dict, "an object", "put"), text_of(key): new}


def _remove(value: Any, key: Any) -> Any:
    if isinstance(value, list):
        return [each for each in value if not equal(each, key)]
    gone = text_of(key)
    return {name: each for name, each in _wanted(value, dict, "an object", "remove").items() if name != gone}


def _append(items: Any, new: Any) -> list[Any]:
    return [*_list(items, "append"), new]


def _now() -> str:
    return f"{datetime.now(UTC).isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "upper": lambda text: _text(text, "upper").upper(),
    "lower": lambda text: _text(text, "lower").lower(),
    "title": lambda text: _text(text, "title").title(),
    "trim": lambda text: _text(text, "trim").strip(),
    "replace": _replace,
    "split": _split,
    "join": _join,
    "cut": _cut,
    "starts": lambda text, with_: _text(text, "starts").startswith(_text(with_, "starts")),
    "ends": lambda text, with_: _text(text, "ends").endswith(_text(with_, "ends")),
    "text": text_of,
    "number": _to_number,
    "int": _to_int,
    "round": _round,
    "abs": lambda number: abs(_number(number, "abs")),
    "min": lambda *items: min(_numbers(items, "min")),
    "max": lambda *items: max(_numbers(items, "max")),
    "sum": _sum,
    "length": _length,
    "keys": lambda value: list(_wanted(value, dict, "an object", "keys")),
    "values": lambda value: list(_wanted(value, dict, "an object", "values").values()),
    "first": _first,
    "last": _last,
    "range": _range,
    "put": _put,
    "append": _append,
    "remove": _remove,
    "now": _now,
    "today": lambda: f"{datetime.now(UTC):%Y-%m-%d}",
    "timestamp": lambda: int(datetime.now(UTC).timestamp() * 1000),
}
"""Functions by name. `default`, `has`, `matches` and `counter` are the language's own."""
