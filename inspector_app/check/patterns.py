"""Placeholders: filling them in where the driver sends, matching them where it looks at what came.

A pattern is JSON. An object matches one that has at least its fields, a list one of its length, `"$name"`
whatever comes first in its place and the same from then on. `tests/vectors/README.md` lists the words.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from inspector_app.check.cases import CaseError
from inspector_app.check.messages import fold

ABSENT: Final = "$absent"
DRIVER: Final = "driver"
SUBJECT: Final = "subject"
INDEX: Final = "index"


class UnknownNameError(CaseError):
    """A name is to be sent for which nothing has come yet."""


_NAME = re.compile(r"\$[a-z][a-z0-9_]*")
_MISSING: Final = object()


def _is_uuid4(value: Any) -> bool:
    try:
        return isinstance(value, str) and uuid.UUID(value).version == 4
    except ValueError:
        return False


_WORDS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "$any": lambda value: value is not _MISSING,
    ABSENT: lambda value: value is _MISSING,
    "$string": lambda value: isinstance(value, str),
    "$text": lambda value: isinstance(value, str) and bool(value.strip()),
    "$number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "$integer": lambda value: type(value) is int,
    "$object": lambda value: isinstance(value, dict),
    "$array": lambda value: isinstance(value, list),
    "$uuid4": _is_uuid4,
}


@dataclass(slots=True)
class Names:
    """What the names in a case stand for, and the driver's counter (protocol.md §2)."""

    bound: dict[str, Any] = field(default_factory=lambda: {DRIVER: str(uuid.uuid4())})
    counter: int = 0

    @property
    def driver(self) -> str:
        """The peer ID of the driver."""
        return str(self.bound[DRIVER])

    def new_id(self) -> list[Any]:
        """The ID of the next exchange that the driver opens."""
        self.counter += 1
        return [self.driver, self.counter - 1]

    # -- sending ------------------------------------------------------------------------------------------

    def fill(self, value: Any) -> Any:
        """What is to be sent for a value with placeholders. Raises `CaseError` for an unknown name."""
        if isinstance(value, dict):
            if "$repeat" in value:
                text, times = value["$repeat"]
                return text * times
            return {key: self._fill_field(key, each) for key, each in value.items() if each != ABSENT}
        if isinstance(value, list):
            return [self.fill(each) for each in value]
        if isinstance(value, str) and _NAME.fullmatch(value):
            return self._value_of(value)
        return value

    def _fill_field(self, key: str, value: Any) -> Any:
        """An ID that is sent for the first time opens an exchange: it is the next one of the driver's."""
        is_name = isinstance(value, str) and _NAME.fullmatch(value) is not None
        if key == "requestId" and is_name and value[1:] not in self.bound:
            self.bound[value[1:]] = self.new_id()
        return self.fill(value)

    def fill_text(self, parts: str | list[Any]) -> str:
        """The text of a raw message: its parts joined, peer IDs as they are, other names as JSON."""
        texts = [
            str(self.fill(part)) if isinstance(part, dict) else part
            for part in ([parts] if isinstance(parts, str) else parts)
        ]
        return "".join(_NAME.sub(self._in_text, text) for text in texts)

    def _in_text(self, found: re.Match[str]) -> str:
        name = found[0][1:]
        if name not in self.bound and name not in (DRIVER, SUBJECT, INDEX):
            self.bound[name] = self.new_id()
        value = self._value_of(found[0])
        return value if isinstance(value, str) else json.dumps(value)

    def _value_of(self, word: str) -> Any:
        if word[1:] not in self.bound:
            raise UnknownNameError(f"nothing is known yet for {word}")
        return self.bound[word[1:]]

    # -- looking ------------------------------------------------------------------------------------------

    def match(self, pattern: Any, value: Any, *, spelled: bool = False) -> bool:
        """Whether a value matches; only if it does, its names are bound from then on.

        The top-level `type` is compared as a reader of frames would, unless `spelled`.
        """
        before = dict(self.bound)
        if not spelled and isinstance(pattern, dict) and isinstance(value, dict):
            pattern, value = ({**each, "type": fold(each.get("type"))} for each in (pattern, value))
            if pattern["type"] is None:
                del pattern["type"]
        if self._matches(pattern, value):
            return True
        self.bound = before
        return False

    def _matches(self, pattern: Any, value: Any) -> bool:
        if isinstance(pattern, dict):
            return self._matches_operator(pattern, value)
        if isinstance(pattern, list):
            return (
                isinstance(value, list)
                and len(value) == len(pattern)
                and all(map(self._matches, pattern, value))
            )
        if isinstance(pattern, str) and _NAME.fullmatch(pattern):
            return self._matches_word(pattern, value)
        return _same(pattern, value)

    def _matches_operator(self, pattern: dict[str, Any], value: Any) -> bool:
        operators = {key: each for key, each in pattern.items() if key.startswith("$")}
        if operators:
            return all(self._operate(key, each, value) for key, each in operators.items())
        return isinstance(value, dict) and all(
            self._matches(each, value.get(key, _MISSING)) for key, each in pattern.items()
        )

    def _operate(self, operator: str, argument: Any, value: Any) -> bool:
        match operator:
            case "$either":
                return any(self._matches(each, value) for each in argument)
            case "$each":
                return isinstance(value, list) and all(self._matches(argument, each) for each in value)
            case "$includes":
                return isinstance(value, list) and any(self._matches(argument, each) for each in value)
            case "$sorted_by":
                return isinstance(value, list) and _is_sorted(value, argument)
            case "$has":
                return isinstance(value, str) and argument in value
            case "$at_least":
                return type(value) is int and value >= argument
            case "$at_most_long":
                return isinstance(value, str) and len(value) <= argument
            case "$repeat":
                return bool(value == argument[0] * argument[1])
            case _:
                raise CaseError(f"{operator} is no operator of a pattern")

    def _matches_word(self, word: str, value: Any) -> bool:
        if word in _WORDS:
            return _WORDS[word](value)
        if value is _MISSING:
            return False
        return _same(self.bound.setdefault(word[1:], value), value)

    def told(self, pattern: Any) -> str:
        """A pattern as text, with what its names stand for where that is known."""
        return json.dumps(self._known(pattern), ensure_ascii=True)

    def _known(self, pattern: Any) -> Any:
        if isinstance(pattern, dict):
            return {key: self._known(each) for key, each in pattern.items()}
        if isinstance(pattern, list):
            return [self._known(each) for each in pattern]
        return self.bound.get(pattern[1:], pattern) if isinstance(pattern, str) else pattern


def _same(expected: Any, value: Any) -> bool:
    """JSON equality: true is not 1, and everything inside counts."""
    if isinstance(expected, bool) or isinstance(value, bool):
        return expected is value
    if isinstance(expected, list) and isinstance(value, list):
        return len(expected) == len(value) and all(map(_same, expected, value))
    if isinstance(expected, dict) and isinstance(value, dict):
        return expected.keys() == value.keys() and all(_same(expected[key], value[key]) for key in expected)
    return bool(expected == value)


def _is_sorted(values: list[Any], key: str) -> bool:
    names = [str(value.get(key)) for value in values if isinstance(value, dict)]
    return len(names) == len(values) and names == sorted(names)
