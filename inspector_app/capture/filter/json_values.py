"""A value inside a payload tested in Python: the slow way, exact for whatever a message holds.

It says what the conditions of `payload` say, key by key and number by number: of equal keys the first counts,
and an integer beyond 64 bits is a number with a fraction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from inspector_app.capture.filter import nodes
from inspector_app.capture.filter.globs import globbing
from inspector_app.capture.filter.nodes import (
    Begins,
    Between,
    Compares,
    Equals,
    Glob,
    Key,
    Present,
    Regex,
    Spelled,
    Test,
)
from inspector_app.capture.filter.patterns import matcher
from inspector_app.capture.filter.values import LARGEST

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_CONSTANTS: dict[str, object] = {"true": True, "false": False, "null": None}


@lru_cache(maxsize=256)
def fitting(told: str) -> Callable[[bytes], bool]:
    """Give the function for a test and its path, as `payload.told` wrote them: whether a message fits."""
    path, kind, values = json.loads(told)
    test: Test = getattr(nodes, kind)(**values)
    fits = _fits(test)

    def message_fits(raw: bytes) -> bool:
        try:
            frame = json.loads(
                _text(raw), object_pairs_hook=_first_of_each, parse_int=_number, parse_constant=_no_json
            )
        except (ValueError, RecursionError):
            return False
        return any(map(fits, _at(frame, ["data", *path])))

    return message_fits


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace")


def _first_of_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    return dict(reversed(pairs))


def _number(digits: str) -> int | float:
    number = int(digits) if len(digits) <= len(str(LARGEST)) + 1 else float(digits)
    return number if -LARGEST - 1 <= number <= LARGEST else float(digits)


def _no_json(name: str) -> None:
    raise ValueError(name)


def _at(value: object, path: list[Key]) -> Iterator[object]:
    """Give every value at a path."""
    if not path:
        yield value
        return
    for each in _steps(value, path[0]):
        yield from _at(each, path[1:])


def _steps(value: object, key: Key) -> Iterable[object]:
    match value, key:
        case dict(), str():
            return [value[key]] if key in value else []
        case list(), int():
            return [value[key]] if -len(value) <= key < len(value) else []
        case dict(), None:
            return value.values()
        case list(), None:
            return value
        case _:
            return []


def _fits(test: Test) -> Callable[[object], bool]:
    match test:
        case Present():
            return lambda _: True
        case Equals(value):
            return lambda found: isinstance(found, str) and found == value
        case Spelled(word, number):
            constant = _CONSTANTS.get(word, _CONSTANTS)
            return lambda found: (
                found == word
                if isinstance(found, str)
                else found == number
                if _is_number(found)
                else found is constant
            )
        case Compares(operator, number):
            holds = _COMPARISONS[operator]
            return lambda found: _is_number(found) and holds(found, number)
        case Between(low, high):
            return lambda found: _is_number(found) and low <= found <= high  # type: ignore[operator]  # a number
        case Begins(text):
            return lambda found: isinstance(found, str) and found.startswith(text)
        case Glob(pattern):
            whole = globbing(pattern)
            return lambda found: (word := _word(found)) is not None and whole(word)
        case Regex(pattern, flags):
            matches = matcher(pattern, flags)
            return lambda found: (
                (word := _word(found)) is not None and matches(word.encode("utf-8", "surrogatepass"))
            )
        case _:
            raise AssertionError(test)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _word(value: object) -> str | None:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
