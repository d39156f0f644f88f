"""Whether a text is JSON that may be sent, and if not, where and why, in words for the person typing it.

Stricter than Python's parser where protocol.md §2 is. It sends and draws nothing.
"""

from __future__ import annotations

import re
from typing import Final, Literal, NoReturn

from msgspec import Struct

NESTING_LIMIT: Final = 200
"""protocol.md §11; a payload stands one level deep in its frame."""

_TOKENS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|-?Infinity|NaN|[\[\]{}]', re.DOTALL)

_PLAINER: Final = {
    "Expecting value": "a value is expected here",
    "Expecting property name enclosed in double quotes": "a name in double quotes is expected here",
    "Expecting ',' delimiter": "a comma is missing here",
    "Expecting ':' delimiter": "a colon is missing here",
    "Extra data": "the value has ended before this",
    "Unterminated string starting at": "this text is not closed by a double quote",
    "Invalid control character at": "a control character must be written as an escape, such as \\n",
    "Invalid \\escape": "there is no such escape",
    "Invalid \\uXXXX escape": "four hexadecimal digits must follow \\u",
    "Illegal trailing comma before end of object": "no comma may stand before the closing brace",
    "Illegal trailing comma before end of array": "no comma may stand before the closing bracket",
}


class JsonProblem(Struct, frozen=True):
    """What is wrong with a text, and where. Line and column count from 1, the column in characters."""

    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"{self.line}:{self.column} {self.text}"


def json_problem(text: str, expect: Literal["any", "object"] = "any") -> JsonProblem | None:
    """Return what keeps `text` from being sent as JSON, or None. `expect` object: no other value will do."""
    if not text.strip():
        return JsonProblem(
            1, 1, "type a JSON object, such as {}" if expect == "object" else "type a JSON value"
        )
    import json

    try:
        # Numbers stay text: their values do not matter here, and huge ones would be refused.
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        reason = error.msg.removesuffix(": ")
        return JsonProblem(error.lineno, error.colno, _PLAINER.get(reason, reason))
    except _NotInJsonError as error:
        return _at(text, _find(text, str(error)), f"JSON has no {error}")
    except RecursionError:
        return _too_deep(text)
    if expect == "object" and not isinstance(value, dict):
        return _at(text, len(text) - len(text.lstrip()), "this must be an object, in braces")
    if text.count("[") + text.count("{") >= NESTING_LIMIT:
        return _too_deep(text)
    return None


class _NotInJsonError(Exception):
    """NaN or an infinity, which Python's parser would take."""


def _refuse(constant: str) -> NoReturn:
    raise _NotInJsonError(constant)


def _find(text: str, constant: str) -> int:
    return next((token.start() for token in _TOKENS.finditer(text) if token[0] == constant), 0)


def _too_deep(text: str) -> JsonProblem | None:
    depth = 0
    for token in _TOKENS.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth >= NESTING_LIMIT:
                return _at(text, token.start(), f"nested deeper than {NESTING_LIMIT} levels")
        elif token[0] in "]}":
            depth -= 1
    return None


def _at(text: str, index: int, message: str) -> JsonProblem:
    line_start = text.rfind("\n", 0, index) + 1
    return JsonProblem(text.count("\n", 0, index) + 1, index - line_start + 1, message)
