"""Values to begin with: what a form holds before anything was typed.

Owns what stands where the schema says nothing better; a default or an example of its own goes first.
"""

from __future__ import annotations

import json
import math
from typing import Final

from inspector_app.schemas.fields import ABSENT, Field
from inspector_app.schemas.reading import read_field

_OF_FORMAT: Final = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "time": "12:00:00Z",
    "email": "name@example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uri": "https://example.com/",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "hostname": "example.com",
}
"""A text of each format; addresses and names are those that are set aside for examples."""

_LONGEST: Final = 200
_MOST: Final = 20
_MOST_STEPS: Final = 1e300
_MOST_MADE: Final = 3000
"""Values within one, after which arrays have no more items."""
_MOST_GIVEN: Final = 32 * 1024
"""Characters of all defaults and examples of the schema that are taken into one value."""


def example(field: Field, *, whole: bool = False) -> object:
    """Make a value for a field: what must be there and what has a default, or with `whole` everything.

    Once it gets large, arrays have fewer items than asked for, and less of what the schema gives is in it.
    """
    return _Maker(whole).make(field)


class _Maker:
    """Makes one value, and counts what is in it."""

    def __init__(self, whole: bool) -> None:
        self._whole = whole
        self._made = 0
        self._given = 0

    def make(self, field: Field) -> object:
        self._made += 1
        given = field.default if field.default is not ABSENT else next(iter(field.examples), ABSENT)
        if given is not ABSENT and self._takes(given):
            return given
        match field.kind:
            case "choice":
                return field.choices[0]
            case "object":
                return {
                    member.name: self.make(member)
                    for member in field.members
                    if self._whole or member.required or member.default is not ABSENT
                }
            case "array":
                return self._array(field)
            case "union":
                return self.make(field.variants[0])
            case "text":
                return _text(field)
            case "boolean":
                return False
            case "integer" | "number":
                return _number(field)
            case _:
                return None

    def _takes(self, given: object) -> bool:
        self._given += len(json.dumps(given))
        return self._given <= _MOST_GIVEN

    def _array(self, field: Field) -> list[object]:
        items: list[object] = []
        count = min(max(field.limits.fewest or 0, int(self._whole)), _MOST)
        while field.item is not None and len(items) < count and self._made < _MOST_MADE:
            items.append(self.make(field.item))
        return items


def _text(field: Field) -> str:
    text = _OF_FORMAT.get(field.format, "")
    return text + "x" * (min(field.limits.shortest or 0, _LONGEST) - len(text))


def _number(field: Field) -> float:
    """Give the plainest number that the limits let through: 0, else one at their edge, else between them."""
    limits = field.limits
    step = limits.step if limits.step and limits.step > 0 else 1
    lows = [each for each in (limits.minimum, limits.above) if each is not None]
    highs = [each for each in (limits.maximum, limits.below) if each is not None]
    tried: list[float] = [0]
    for low in [each for each in lows if abs(each / step) < _MOST_STEPS]:
        tried += [math.ceil(low / step) * step, (math.floor(low / step) + 1) * step]
    for high in [each for each in highs if abs(each / step) < _MOST_STEPS]:
        tried += [math.floor(high / step) * step, (math.ceil(high / step) - 1) * step]
    if field.kind == "number":
        tried += [(low + high) / 2 for low in lows for high in highs] + lows + highs
    value = next((each for each in tried if limits.let_through(each)), 0)
    return int(value) if value == int(value) else value


def data_template(schema: object, *, whole: bool = False) -> str:
    """Lay out the data of an opening frame by a schema, without the name of the operation."""
    value = example(read_field(schema), whole=whole)
    data = value if isinstance(value, dict) else {}
    data.pop("operation", None)
    return json.dumps(data, indent=2, ensure_ascii=False)
