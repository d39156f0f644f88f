"""Conditions on a value inside a payload: by SQLite's JSON where that is exact, else by Python's.

SQLite reads a message of 200 bytes in half a microsecond, without holding the interpreter. But not every
version of it finds a key that is written with escapes, or reads text on behind a NUL. So a message that has
an escape like those in it goes the slow way (`json_values`), as does a path that SQLite cannot express.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict

from inspector_app.capture.filter.nodes import (
    Begins,
    Between,
    Compares,
    Equals,
    Glob,
    Key,
    Number,
    Present,
    Regex,
    Spelled,
    Test,
)
from inspector_app.capture.filter.texts import bound, glob

VALUE_FITS = "slip_value_fits"
"""A test and its path as `told` writes them, bytes of a message: whether a value at that path fits."""
MATCHES = "slip_matches"
"""Pattern, flags, bytes: whether the expression is in the text."""

Parameter = str | bytes | int | float

_MESSAGE = "CAST(frames.raw AS TEXT)"
_TYPE = f"json_type({_MESSAGE}, ?)"
_VALUE = f"json_extract({_MESSAGE}, ?)"
_CONSTANTS = {"true", "false", "null"}
_PLAIN_KEY = re.compile(r"[^\x00-\x1f\"\\]*")


def condition(path: tuple[Key, ...], test: Test) -> tuple[str, tuple[Parameter, ...]]:
    """Give the condition on the value at `path` in a frame's data, and its parameters."""
    slow = f"{VALUE_FITS}(?, CAST(frames.raw AS BLOB))"
    found = _sqlite_path(path)
    if found is None:
        return f"({slow})", (told(path, test),)
    fast, parameters = _fast(found, test)
    escape = "\\u00" if found.isascii() else "\\u"
    sql = f"(CASE WHEN instr(frames.raw, ?) THEN {slow} WHEN json_valid({_MESSAGE}) THEN {fast} ELSE 0 END)"
    return sql, (escape, told(path, test), *parameters)


def told(path: tuple[Key, ...], test: Test) -> str:
    """Write a test and its path as JSON; `json_values.fitting` reads it."""
    return json.dumps([path, type(test).__name__, asdict(test)])


def _sqlite_path(path: tuple[Key, ...]) -> str | None:
    steps = ["$.data"]
    for key in path:
        if key is None:
            return None
        if isinstance(key, int):
            steps.append(f"[{key}]" if key >= 0 else f"[#{key}]")
        elif _PLAIN_KEY.fullmatch(key) and _has_utf8(key):
            steps.append(f'."{key}"')
        else:
            return None
    return "".join(steps)


def _has_utf8(key: str) -> bool:
    return isinstance(bound(key), str)


def _fast(path: str, test: Test) -> tuple[str, tuple[Parameter, ...]]:
    match test:
        case Present():
            return f"{_TYPE} IS NOT NULL", (path,)
        case Equals(value):
            return _is_text(path, str(value))
        case Spelled(word, number):
            return _is_spelled(path, word, number)
        case Compares(operator, number):
            return _by_type(path, {"number": (f"{_VALUE} {operator} ?", (path, number))})
        case Between(low, high):
            return _by_type(path, {"number": (f"{_VALUE} BETWEEN ? AND ?", (path, low, high))})
        case Begins(text):
            start = text.encode("utf-8", "surrogatepass")
            begins = f"substr(CAST({_VALUE} AS BLOB), 1, ?) = ?"
            return _by_type(path, {"text": (begins, (path, len(start), start))})
        case Glob(pattern):
            return _on_words(path, f"CAST({_VALUE} AS TEXT) GLOB ?", (path, glob(pattern)))
        case Regex(pattern, flags):
            return _on_words(path, f"{MATCHES}(?, ?, CAST({_VALUE} AS BLOB))", (pattern, flags, path))
        case _:
            raise AssertionError(test)


_Part = tuple[str, tuple[Parameter, ...]]


def _is_text(path: str, text: str) -> _Part:
    if text[:1] not in {"[", "{"}:  # as which an array or object is given
        return f"{_VALUE} IS CAST(? AS TEXT)", (path, bound(text))
    return _by_type(path, {"text": (f"{_VALUE} IS CAST(? AS TEXT)", (path, bound(text)))})


def _is_spelled(path: str, word: str, number: Number | None) -> _Part:
    if word in _CONSTANTS:
        return f"coalesce({_TYPE} IN (?) OR {_VALUE} IS ?, 0)", (path, word, path, word)
    if number is None:
        return _is_text(path, word)
    if number not in {0, 1}:  # as which true and false are given
        return f"coalesce({_VALUE} IN (?, ?), 0)", (path, number, word)
    same = (f"{_VALUE} IN (?, ?)", (path, number, word))
    return _by_type(path, {"number": same, "text": same})


def _on_words(path: str, sql: str, parameters: tuple[Parameter, ...]) -> _Part:
    kinds = f"{_TYPE} IN ('text', 'integer')"
    return f"CASE WHEN {kinds} THEN {sql} ELSE 0 END", (path, *parameters)


def _by_type(path: str, parts: dict[str, _Part]) -> _Part:
    kinds = {"number": "'integer', 'real'", "text": "'text'"}
    among = ", ".join(kinds[kind] for kind in parts)
    sql, parameters = next(iter(parts.values()))
    return f"CASE WHEN {_TYPE} IN ({among}) THEN {sql} ELSE 0 END", (path, *parameters)
