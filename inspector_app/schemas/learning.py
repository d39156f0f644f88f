"""What values looked like: types, how often a member was there, examples; as a JSON Schema.

Owns learning from values, in bounds however many come and whatever is in them. Where they come from is not
its matter. What is learned is what was seen, and no promise.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Final

DEEPEST: Final = 12
MOST_MEMBERS: Final = 100
"""Names of one object that are learned apart; with more it is a map, whose values are learned together."""
MOST_ITEMS: Final = 20
"""Items of one array that are looked at."""

_EXAMPLES: Final = 5
_EXAMPLE_LENGTH: Final = 80
_CHOICES: Final = 6
_ENOUGH: Final = 20
"""Values after which few different texts are taken for all that there are."""

_FORMATS: Final = {
    "date-time": re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,12})?([Zz]|[+-]\d\d:\d\d)"),
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "uuid": re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "email": re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{1,60}"),
    "uri": re.compile(r"(https?|wss?)://\S{1,2000}"),
}
_FORMAT_LENGTH: Final = 2100

_TYPE: Final[dict[type, str]] = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
}


def type_of(value: object) -> str:
    """Name the type of a JSON value as JSON Schema does; empty for what is none."""
    return _TYPE.get(type(value), "")


@dataclass(slots=True)
class Learned:
    """What was seen at one place of values of one sort."""

    count: int = 0
    """Values that were seen here."""
    types: dict[str, int] = field(default_factory=dict)
    """How many there were of each type, as JSON Schema names them."""
    members: dict[str, Learned] = field(default_factory=dict)
    """Of objects: each name that was there."""
    is_map: bool = False
    """Names differ from object to object; `item` stands for all values."""
    item: Learned | None = None
    """Of arrays: what their items are; of maps: their values."""
    examples: list[object] = field(default_factory=list)
    """Some different values, the shortest texts and numbers of the first that came."""
    texts: set[str] | None = field(default_factory=set)
    """The different texts; None when there are too many to be choices."""
    formats: set[str] | None = None
    """Formats that all texts had; None before the first text."""
    lowest: float | None = None
    highest: float | None = None

    def add(self, value: object, depth: int = 0) -> None:
        """Learn from one more value."""
        kind = type_of(value)
        if not kind or (isinstance(value, float) and not math.isfinite(value)):
            return  # no value of JSON
        self.count += 1
        self.types[kind] = self.types.get(kind, 0) + 1
        if isinstance(value, dict):
            if depth < DEEPEST:
                self._add_members(value, depth)
        elif isinstance(value, list):
            if depth < DEEPEST:
                self._add_items(value[:MOST_ITEMS], depth)
        else:
            self._add_scalar(value)

    def _add_members(self, value: dict[object, object], depth: int) -> None:
        if not self.is_map and len(self.members.keys() | value.keys()) > MOST_MEMBERS:
            self._become_map()
        if self.is_map:
            self._add_items(list(value.values())[:MOST_ITEMS], depth)
            return
        for key, member in value.items():
            learned = self.members.get(str(key))
            if learned is None:
                learned = self.members[str(key)] = Learned()
            learned.add(member, depth + 1)

    def _become_map(self) -> None:
        self.is_map = True
        self.item = self.item or Learned()
        for member in self.members.values():
            self.item.merge(member)
        self.members = {}

    def _add_items(self, items: list[object], depth: int) -> None:
        if items and self.item is None:
            self.item = Learned()
        for each in items:
            if self.item is not None:
                self.item.add(each, depth + 1)

    def _add_scalar(self, value: object) -> None:
        if isinstance(value, float) and not math.isfinite(value):
            return  # Python reads it, but it is no JSON
        if isinstance(value, str):
            self._add_text(value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            self.lowest = value if self.lowest is None else min(self.lowest, value)
            self.highest = value if self.highest is None else max(self.highest, value)
        fits = not isinstance(value, str) or len(value) <= _EXAMPLE_LENGTH
        if fits and value is not None and len(self.examples) < _EXAMPLES and value not in self.examples:
            self.examples.append(value)

    def _add_text(self, text: str) -> None:
        had = self.formats if self.formats is not None else _FORMATS.keys()
        if had:
            fits = len(text) <= _FORMAT_LENGTH
            self.formats = {name for name in had if fits and _FORMATS[name].fullmatch(text)}
        if self.texts is not None:
            if len(text) <= _EXAMPLE_LENGTH:
                self.texts.add(text)
            if len(text) > _EXAMPLE_LENGTH or len(self.texts) > _CHOICES:
                self.texts = None

    def merge(self, other: Learned) -> None:
        """Take over what was learned elsewhere."""
        self.count += other.count
        for kind, count in other.types.items():
            self.types[kind] = self.types.get(kind, 0) + count
        if other.is_map and not self.is_map:
            self._become_map()
        for name, member in other.members.items():
            if self.is_map and self.item is not None:
                self.item.merge(member)
            else:
                self.members.setdefault(name, Learned()).merge(member)
        if len(self.members) > MOST_MEMBERS:
            self._become_map()
        if other.item is not None:
            self.item = self.item or Learned()
            self.item.merge(other.item)
        self._merge_scalars(other)

    def _merge_scalars(self, other: Learned) -> None:
        self.examples += [each for each in other.examples if each not in self.examples]
        del self.examples[_EXAMPLES:]
        both = None if self.texts is None or other.texts is None else self.texts | other.texts
        self.texts = None if both is None or len(both) > _CHOICES else both
        if self.formats is None or other.formats is None:
            self.formats = other.formats if self.formats is None else self.formats
        else:
            self.formats &= other.formats
        lows = [each for each in (self.lowest, other.lowest) if each is not None]
        highs = [each for each in (self.highest, other.highest) if each is not None]
        self.lowest, self.highest = min(lows, default=None), max(highs, default=None)

    # -- what came of it ----------------------------------------------------------------------------------

    def share_of(self, name: str) -> float:
        """Tell in which part of the objects a member was there, from 0 to 1."""
        objects = self.types.get("object", 0)
        member = self.members.get(name)
        return min(member.count / objects, 1.0) if objects and member is not None else 0.0

    @property
    def choices(self) -> list[str]:
        """Give all the texts there were, if they were few and came often; else nothing."""
        seen = self.types.get("string", 0)
        is_few = self.texts is not None and seen >= _ENOUGH and len(self.texts) * 3 <= seen
        return sorted(self.texts or ()) if is_few and not self.formats else []

    def schema(self, *, examples: bool = True) -> dict[str, object]:
        """Write what was learned as a JSON Schema.

        `examples`: with values that went over the wire, which choices are, too.
        """
        schema: dict[str, object] = {}
        kinds = sorted(self.types)
        if "number" in kinds and "integer" in kinds:
            kinds.remove("integer")
        if kinds:
            schema["type"] = kinds[0] if len(kinds) == 1 else kinds
        if examples and self.choices and kinds == ["string"]:
            schema["enum"] = list(self.choices)
        elif self.formats:
            schema["format"] = min(self.formats)
        if self.is_map:
            schema["additionalProperties"] = self.item.schema(examples=examples) if self.item else True
        elif self.members:
            schema["properties"] = {
                name: member.schema(examples=examples) for name, member in sorted(self.members.items())
            }
            always = [name for name in sorted(self.members) if self.share_of(name) == 1.0]
            if always:
                schema["required"] = always
        if "array" in kinds and self.item is not None and not self.is_map:
            schema["items"] = self.item.schema(examples=examples)
        if examples and self.examples and "enum" not in schema:
            schema["examples"] = list(self.examples)
        return schema
