"""JSON as text, token by token, sound or not: where a key is, and what that makes of the value behind it.

Owns the tokens and the place they have; a JSON Schema under the name of a secret is known for what it is.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inspector_app.capture.redaction.rules import Rules

TOKEN = re.compile(r'"((?:[^"\\]|\\.)*+)(?:"(\s*+:)?|\Z)|[{}\[\]]|[^\s",:{}\[\]]++', re.DOTALL)
_SCHEMA = re.compile(
    r'\{\s*(?:"(?:title|description|format|default|min\w+|max\w+)"\s*:\s*(?:"[^"\\]*"|[\d.]+)\s*,\s*){0,6}'
    r'"(?:type"\s*:\s*"(?:string|number|integer|boolean|object|array)"|(?:anyOf|oneOf|allOf|\$ref|enum)")'
)
"""A JSON Schema under the name of a secret says how one looks; only the values in it may be one."""
_SCHEMA_VALUES = frozenset({"default", "example", "examples", "const", "enum", "value"})


class Place:
    """Where in a JSON text its tokens are, as far as it matters to what is secret."""

    def __init__(self, rules: Rules) -> None:
        self.key = ""
        """The key whose value comes next."""
        self._rules = rules
        self._level = 0
        self._within = ""
        self._within_level = self._schema_level = 0

    def enter(self, text: str, start: int) -> None:
        """An object or array begins."""
        self._level += 1
        if self.key and not self._within_level and self._secret(self.key):
            if not self._schema_level and _SCHEMA.match(text, start):
                self._schema_level = self._level
            else:
                self._within_level, self._within = self._level, self.key
        self.key = ""

    def leave(self) -> None:
        """It ends."""
        if self._level == self._within_level:
            self._within_level = 0
        if self._level == self._schema_level:
            self._schema_level = 0
        self._level -= 1
        self.key = ""

    def secret_key(self) -> str:
        """Give the key that makes a secret of the value that comes next; an empty text when none does."""
        if self._within_level:
            return self._within
        return self.key if self.key and self._secret(self.key) else ""

    def _secret(self, key: str) -> bool:
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
        json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return False
    return True


def is_schema(value: object) -> bool:
    """Tell whether a value looks like a JSON Schema."""
    return isinstance(value, dict) and not value.keys().isdisjoint(
        {"type", "anyOf", "oneOf", "allOf", "$ref"}
    )
