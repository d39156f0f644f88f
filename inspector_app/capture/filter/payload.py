"""Conditions on a value inside a payload: by SQLite's JSON where that is exact, else by Python's.

SQLite reads a message of 200 bytes in half a microsecond, without holding the interpreter. But not every
version of it finds a key that is written with escapes, or reads text on behind a NUL. So a message that has
an escape like those in it goes the slow way (`json_values`), as does a path that SQLite cannot express.
"""

from __future__ import annotations

import json
import math
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
from inspector_app.capture.filter.patterns import text_in_all
from inspector_app.capture.filter.texts import bound, encoded, glob, glob_around
from inspector_app.capture.filter.values import LARGEST

VALUE_FITS = "slip_value_fits"
"""A test and its path as `told` writes them, bytes of a message: whether a value at that path fits."""
MATCHES = "slip_matches"
"""Pattern, flags, bytes: whether the expression is in the text."""

Parameter = str | bytes | int | float
_Part = tuple[str, tuple[Parameter, ...]]

_MESSAGE = "CAST(frames.raw AS TEXT)"
_BYTES = "CAST(frames.raw AS BLOB)"
_TYPE = f"json_type({_MESSAGE}, ?)"
_VALUE = f"json_extract({_MESSAGE}, ?)"
_NUMBERS = "'integer', 'real'"
_MARGIN = 1e-9
_WORDS = "'text', 'integer'"
_ESCAPES, _ALL_ESCAPES, _NUL = "*\\u00*", "*\\u*", "*\\u0000*"
_CONSTANTS = {"true", "false", "null"}
_SPELLED_AS_IT_IS = re.compile(r"[^\x00-\x1f\x7f\"\\/]*")
_WHOLE = re.compile(r"-?\d+", re.ASCII)
_PLAIN_KEY = re.compile(r"[^\x00-\x1f\"\\]*")


def condition(path: tuple[Key, ...], test: Test) -> tuple[str, tuple[Parameter, ...]]:
    """Give the condition on the value at `path` in a frame's data, and its parameters."""
    found = _sqlite_path(path)
    if found is None or _has_nul(test):
        sql, parameters = _slow_if_anywhere(path, test)
    else:
        sql, parameters = _exact(found, path, test)
    needed = [text for text in (_key(path), _needed(test)) if text is not None]
    if not needed:
        return f"({sql})", parameters
    # Most messages are told not to fit by a look at their text, which costs a fifth of reading them.
    there = " AND ".join([f"{_MESSAGE} GLOB ?"] * len(needed))
    escapes = f"{_MESSAGE} GLOB '{_ESCAPES if ''.join(needed).isascii() else _ALL_ESCAPES}'"
    globs = [glob_around(text) for text in needed]
    known, told_by = _other_number(path, test)
    if known:
        sql, parameters = (
            f"CASE WHEN {known} AND NOT {escapes} THEN 0 ELSE {sql} END",
            (*told_by, *parameters),
        )
    return f"(CASE WHEN {there} OR {escapes} THEN {sql} ELSE 0 END)", (*globs, *parameters)


def _other_number(path: tuple[Key, ...], test: Test) -> _Part:
    """Give what holds for messages with such a key once, behind which no number is that fits; or nothing.

    It is told by the digits alone, a little inexactly and with a margin for that, in half the time of reading
    the message.
    """
    key = _key(path[-1:])
    if key is None or not isinstance(test, Compares | Between):
        return "", ()
    low, high = _limits(test)
    name = encoded(f"{key}:")
    value = f"CAST(substr({_BYTES}, nullif(instr({_BYTES}, ?), 0) + ?) AS REAL)"
    twice = glob_around(key) + glob_around(key)[1:]
    sql = f"NOT {value} BETWEEN ? AND ? AND {_MESSAGE} NOT GLOB ?"
    return sql, (name, len(name), low - abs(low) * _MARGIN, high + abs(high) * _MARGIN, twice)


def _limits(test: Compares | Between) -> tuple[Number, Number]:
    """Give the least and the largest number that fit, whole or not."""
    match test:
        case Between(low, high):
            return low, high
        case Compares(">", number):
            return _next(number, 1), math.inf
        case Compares(">=", number):
            return number, math.inf
        case Compares("<=", number):
            return -math.inf, number
        case Compares(_, number):
            return -math.inf, _next(number, -1)


def _next(number: Number, step: int) -> Number:
    # Beyond 53 bits there are whole numbers between two that have a fraction.
    if 1 << 53 <= abs(number) < LARGEST:
        return int(number) + step
    return math.nextafter(number, step * math.inf)


def asks_python(path: tuple[Key, ...], test: Test) -> bool:
    """Tell whether Python is asked about most messages, which is done by one thread at a time."""
    if isinstance(test, Regex):
        return _needed(test) is None
    return _sqlite_path(path) is None and _needed(test) is None and _anywhere(path, test) is None


def _slow(path: tuple[Key, ...], test: Test) -> _Part:
    return f"{VALUE_FITS}(?, CAST(frames.raw AS BLOB))", (told(path, test),)


def _slow_if_anywhere(path: tuple[Key, ...], test: Test) -> _Part:
    """Give the test by Python's JSON for messages that have a value that fits anywhere in their data."""
    slow, parameters = _slow(path, test)
    anywhere = _anywhere(path, test)
    if anywhere is None or _has_nul(test):
        return slow, parameters
    fits, values = anywhere
    some = f"EXISTS (SELECT 1 FROM json_tree({_MESSAGE}, '$.data') AS v WHERE {fits})"  # noqa: S608 - our own text
    sql = (
        f"CASE WHEN {_MESSAGE} GLOB '{_ALL_ESCAPES}' THEN {slow} WHEN NOT json_valid({_MESSAGE}) THEN 0 "
        f"WHEN {some} THEN {slow} ELSE 0 END"
    )
    return sql, (*parameters, *values, *parameters)


def _anywhere(path: tuple[Key, ...], test: Test) -> _Part | None:
    """Give what holds for a row `v` of `json_tree` wherever a value at a path fits; None where most would."""
    match test:
        case Compares() | Between():
            fits: _Part = "v.atom BETWEEN ? AND ?", _limits(test)
        case Equals(str(text)) if _has_utf8(text):
            fits = "v.atom = ?", (text,)
        case Spelled(word, _) if word in _CONSTANTS:
            fits = "(v.type = ? OR v.atom = ?)", (word, word)
        case Spelled(word, number) if _has_utf8(word):
            fits = "v.atom IN (?, ?)", (word, word if number is None else number)
        case Glob(pattern) if _has_utf8(pattern):
            fits = "CAST(v.atom AS TEXT) GLOB ?", (glob(pattern),)
        case _:
            return None
    key = path[-1] if path else None
    if isinstance(key, str) and _has_utf8(key):
        return f"v.key = ? AND {fits[0]}", (key, *fits[1])
    return fits


def _exact(found: str, path: tuple[Key, ...], test: Test) -> _Part:
    """Give the test by SQLite's JSON, and by Python's for the messages that SQLite does not read exactly."""
    slow, whole = _slow(path, test)
    fast, parameters = _fast(found, test)
    escaped = f"{_MESSAGE} GLOB '{_ESCAPES if found.isascii() else _ALL_ESCAPES}'"
    if isinstance(test, (Glob, Regex, Begins)):
        sql = (
            f"CASE WHEN {escaped} THEN {slow} WHEN json_valid({_MESSAGE}) THEN coalesce({fast}, 0) ELSE 0 END"
        )
        return sql, (*whole, *parameters)
    # Where no value is found, an escape in a key may be why; where text is, it may go on behind a NUL.
    is_text = isinstance(test, (Equals, Spelled))
    # A CASE, since AND and OR ask both sides for the value of an expression.
    surely = f"CASE WHEN {_MESSAGE} GLOB '{_NUL}' THEN {slow} ELSE 1 END" if is_text else "1"
    perhaps = f"CASE WHEN {escaped} THEN {slow} ELSE 0 END"
    cases = f"CASE {fast} WHEN 0 THEN 0 WHEN 1 THEN {surely} ELSE {perhaps} END"
    sql = f"CASE WHEN json_valid({_MESSAGE}) THEN {cases} ELSE 0 END"
    return sql, (*parameters, *(whole if is_text else ()), *whole)


def _needed(test: Test) -> str | None:
    """Give text that a message has in it wherever a value fits, but for escapes; None: there is none."""
    match test:
        case Equals(str(text)) | Begins(text):
            pass
        case Glob(pattern):
            text = max(re.split(r"[*?]", pattern), key=len)
        case Regex(pattern, flags) if "i" not in flags:
            text = text_in_all(pattern) or ""
        case Spelled(text, number) if number is None or _WHOLE.fullmatch(text):
            pass
        case _:
            return None
    return text if text and _SPELLED_AS_IT_IS.fullmatch(text) and _has_utf8(text) else None


def _key(path: tuple[Key, ...]) -> str | None:
    """Give the end of the last key of a path that a message has in it as it is, but for escapes."""
    keys = [key for key in path if isinstance(key, str) and _needed(Equals(key))]
    # A quote before it would be looked for at every other quote.
    return f'{keys[-1]}"' if keys else None


def _has_nul(test: Test) -> bool:
    match test:
        case Equals(str(text)) | Spelled(text, _):
            return "\0" in text
        case _:
            return False


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


def _fast(path: str, test: Test) -> _Part:
    """Give what is 1 or 0 for a value that fits or does not, and NULL where there is none."""
    match test:
        case Present():
            return f"CASE WHEN {_TYPE} IS NOT NULL THEN 1 END", (path,)
        case Equals(value):
            return _is_text(path, str(value))
        case Spelled(word, number):
            return _is_spelled(path, word, number)
        case Compares() | Between():
            return _is_number(path, test)
        case Begins(text):
            start = encoded(text)
            begins = f"substr(CAST({_VALUE} AS BLOB), 1, ?) = ?"
            return _if_of_type(path, "'text'", begins, (path, len(start), start))
        case Glob(pattern):
            return _if_of_type(path, _WORDS, f"CAST({_VALUE} AS TEXT) GLOB ?", (path, glob(pattern)))
        case Regex(pattern, flags):
            matches = f"{MATCHES}(?, ?, CAST({_VALUE} AS BLOB))"
            return _if_of_type(path, _WORDS, matches, (pattern, flags, path))
        case _:
            raise AssertionError(test)


def _is_text(path: str, text: str) -> _Part:
    if not _has_utf8(text):
        return _of_type(path, "'text'", f"CAST({_VALUE} AS BLOB) = ?", (path, encoded(text)))
    same = f"{_VALUE} = ?"
    if text[:1] not in {"[", "{"}:  # as which an array or object is given
        return same, (path, text)
    return _of_type(path, "'text'", same, (path, text))


def _is_spelled(path: str, word: str, number: Number | None) -> _Part:
    if word in _CONSTANTS:
        return f"({_TYPE} = ? OR {_VALUE} = ?)", (path, word, path, word)
    if number is None:
        return _is_text(path, word)
    same = f"{_VALUE} IN (?, ?)"
    if number not in {0, 1}:  # as which true and false are given
        return same, (path, number, word)
    return _of_type(path, f"'text', {_NUMBERS}", same, (path, number, word))


def _is_number(path: str, test: Compares | Between) -> _Part:
    # Text is greater than any number, also than infinity. True is given as 1, so where that fits, the type
    # is asked too.
    low, high = _limits(test)
    inside = f"{_VALUE} BETWEEN ? AND ?"
    if low > 1 or high < 0:
        return inside, (path, low, high)
    return f"CASE {inside} WHEN 0 THEN 0 WHEN 1 THEN {_TYPE} IN ({_NUMBERS}) END", (path, low, high, path)


def _of_type(path: str, types: str, sql: str, parameters: tuple[Parameter, ...]) -> _Part:
    return f"({_TYPE} IN ({types}) AND {sql})", (path, *parameters)


def _if_of_type(path: str, types: str, sql: str, parameters: tuple[Parameter, ...]) -> _Part:
    # What is costly is asked only of a value of these types.
    return f"CASE WHEN {_TYPE} IN ({types}) THEN {sql} END", (path, *parameters)
