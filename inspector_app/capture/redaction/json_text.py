"""JSON as text, token by token, sound or not: where a key is, and what that makes of the value behind it.

Owns the tokens and the place they have; a JSON Schema under the name of a secret is known for what it is.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from inspector_app.capture.redaction.rules import Rules

TOKEN = re.compile(r'"((?:[^"\\]|\\.)*+)(?:"(\s*+:)?|\Z)|[{}\[\]]|[^\s",:{}\[\]]++', re.DOTALL)
_SCHEMA = re.compile(
    r'\{\s*(?:"(?:title|description|format|default|min\w+|max\w+)"\s*:\s*(?:"[^"\\]*"|[\d.]+)\s*,\s*){0,6}'
    r'"(?:type"\s*:\s*"(?:string|number|integer|boolean|object|array)"|(?:anyOf|oneOf|allOf|\$ref|enum)")'
)
"""A JSON Schema under the name of a secret says how one looks; only the values in it may be one."""
_NAMES = frozenset(case(word) for word in ("name", "key", "header", "field") for case in (str, str.title))
_VALUES = frozenset(case(word) for word in ("value", "val") for case in (str, str.title))
TELLING = _NAMES | _VALUES | {""}
"""Keys whose string `Place.told` wants to hear; the empty one is that of an array's members."""
_LONGEST_NAME = 64
_NOTHING = (0, "")
_SCHEMA_VALUES = frozenset({"default", "example", "examples", "const", "enum", "value"})


class Place:
    """Where in a JSON text its tokens are, as far as it matters to what is secret."""

    def __init__(self, rules: Rules) -> None:
        self.key = ""
        """The key whose value comes next."""
        self._rules = rules
        self._level = 0
        self._within = ""
        self._within_level = self._schema_level = self._headers_level = 0
        self._named = self._valued = _NOTHING

    def enter(self, text: str, start: int) -> None:
        """An object or array begins."""
        secret = "" if self._within_level else self.secret_key()
        self._level += 1
        if secret:
            if not self._schema_level and _SCHEMA.match(text, start):
                self._schema_level = self._level
            else:
                self._within_level, self._within = self._level, secret
        elif not self._headers_level and self.key.lower().endswith("headers"):
            self._headers_level = self._level
        self.key = ""

    def leave(self) -> None:
        """It ends."""
        if self._level == self._within_level:
            self._within_level = 0
        if self._level == self._schema_level:
            self._schema_level = 0
        if self._level == self._headers_level:
            self._headers_level = 0
        if self._level == self._named[0]:
            self._named = _NOTHING
        if self._level == self._valued[0]:
            self._valued = _NOTHING
        self._level -= 1
        self.key = ""

    def secret_key(self) -> str:
        """Give the key that makes a secret of the value that comes next; an empty text when none does."""
        if self._within_level:
            return self._within
        if self._named[0] == self._level and (self.key in _VALUES or self._in_pair()):
            return self._named[1]
        return self.key if self.key and self._secret(self.key) else ""

    def told(self, content: str) -> tuple[str, str] | None:
        """Hear of a string that is a value; give name and secret when it names the value before it.

        `{"name": "token", "value": "…"}` names what comes, in any order, and so does `["X-Api-Key", "…"]`
        among headers.
        """
        if self._in_pair():
            paired = self._named[0] != self._level and self._is_name(content)
            self._named = (self._level, content) if paired else _NOTHING
        elif self.key in _VALUES:
            self._valued = (self._level, content)
        elif self.key in _NAMES and self._is_name(content):
            self._named = (self._level, content)
            if self._valued[0] == self._level:
                return content, self._valued[1]
        return None

    def _in_pair(self) -> bool:
        return not self.key and self._headers_level > 0

    def _is_name(self, content: str) -> bool:
        return len(content) <= _LONGEST_NAME and self._rules.secret_header(content)

    def _secret(self, key: str) -> bool:
        if self._headers_level:
            return self._rules.secret_header(key)
        return self._rules.secret_key(key) or (self._schema_level > 0 and key in _SCHEMA_VALUES)


def decoded(content: str) -> str:
    """Give what the content of a JSON string says; content that is no JSON string stays as it is."""
    if "\\" not in content:
        return content
    try:
        found = json.loads(f'"{content}"', strict=False)
    except ValueError:
        return content
    return found if isinstance(found, str) else content


def is_json(text: str) -> bool:
    """Tell whether a text is JSON as far as can be read."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)  # makes no objects: 10 MB hold up nobody
    except (ValueError, RecursionError):
        pass
    else:
        return True
    try:
        json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return False
    return True


def is_schema(value: object) -> bool:
    """Tell whether a value looks like a JSON Schema."""
    return isinstance(value, dict) and not value.keys().isdisjoint(
        {"type", "anyOf", "oneOf", "allOf", "$ref"}
    )
