"""Where values differ from the schema that their sender described, and in which frame first.

Owns what counts as a difference: a field that is not described, one that is missing, another type, a value
that is none of the choices. Limits and patterns are the matter of `checking`. Bounded whatever comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from inspector_app.payload_path import spelled
from inspector_app.schemas.learning import MOST_ITEMS, type_of
from inspector_app.schemas.reading import read_field

if TYPE_CHECKING:
    from inspector_app.payload_path import Step
    from inspector_app.schemas.fields import Field

MOST_DIFFERENCES: Final = 50
MOST_COMPARED: Final = 50_000
"""Places of one value that are compared, each with each variant of a union; one with more tells nothing."""
MOST_COMPARED_IN_ALL: Final = 20 * MOST_COMPARED
"""Of all values together; what comes then tells nothing."""

_TAKES: Final = {
    "text": ("string",),
    "number": ("number", "integer"),
    "integer": ("integer",),
    "boolean": ("boolean",),
    "null": ("null",),
    "object": ("object",),
    "array": ("array",),
}
_WORDS: Final = {"text": "string"}


@dataclass(slots=True)
class Difference:
    """One way in which values differ at one place. `first_seq`: the first frame of those looked at."""

    path: str
    what: str
    first_seq: int
    count: int = 0


class Drift:
    """Compares values with one schema, and keeps the differences apart by place and sort."""

    def __init__(self, schema: object) -> None:
        self._field = read_field(schema)
        self._found: dict[tuple[str, str], Difference] = {}
        self._left = MOST_COMPARED_IN_ALL

    @property
    def differences(self) -> list[Difference]:
        """What was found, by place."""
        return sorted(self._found.values(), key=lambda each: (each.path, each.what))

    def compare(self, value: object, seq: int) -> None:
        """Compare the data of a frame."""
        comparison = _Comparison(min(self._left, MOST_COMPARED))
        try:
            found = comparison.differences(self._field, value, ("data",))
        except _TooLongError:
            found = []
        self._left -= comparison.compared
        for place, what in dict.fromkeys(found):
            key = (spelled(place), what)
            known = self._found.get(key)
            if known is None:
                if len(self._found) >= MOST_DIFFERENCES:
                    continue
                known = self._found[key] = Difference(*key, first_seq=seq)
            known.first_seq = min(known.first_seq, seq)
            known.count += 1


_Found = list[tuple[tuple["Step", ...], str]]


class _TooLongError(Exception):
    """More would be compared than may be."""


class _Comparison:
    """Compares one value, and counts how much of it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.compared = 0

    def differences(self, field: Field, value: object, path: tuple[Step, ...]) -> _Found:
        self._count()
        kind = type_of(value)
        if field.kind == "json" or (value is None and field.nullable):
            return []
        if field.kind == "choice":
            return [] if self._is_choice(field, value) else [(path, "is none of the choices")]
        if field.kind == "union":
            fitting = [each for each in field.variants if self._takes(each, value, kind)]
            if not fitting:
                return [(path, f"is {_article(kind)}, which is not described")]
            return min((self.differences(each, value, path) for each in fitting), key=len)
        if not self._takes(field, value, kind):
            return [(path, f"is {_article(kind)}, not {_article(_WORDS.get(field.kind, field.kind))}")]
        if isinstance(value, dict):
            return self._of_members(field, value, path)
        if isinstance(value, list) and field.item is not None:
            item = field.item
            return [
                found for each in value[:MOST_ITEMS] for found in self.differences(item, each, (*path, "*"))
            ]
        return []

    def _of_members(self, field: Field, value: dict[object, object], path: tuple[Step, ...]) -> _Found:
        named = {member.name: member for member in field.members}
        found: _Found = [
            ((*path, member.name), "is missing")
            for member in field.members
            if member.required and member.name not in value
        ]
        for name, inner in islice(value.items(), MOST_DIFFERENCES):
            member = named.get(str(name))
            if member is None and field.others is not None and (field.others.kind != "json" or not named):
                member = field.others  # a map, whose names are nobody's to describe
            place = (*path, str(name))
            found += (
                [(place, "is not described")] if member is None else self.differences(member, inner, place)
            )
        return found

    def _takes(self, field: Field, value: object, kind: str) -> bool:
        """Whether a field takes a value of a type, whatever is in it."""
        self._count()
        if field.kind == "json" or (value is None and field.nullable):
            return True
        if field.kind == "choice":
            return self._is_choice(field, value)
        if field.kind == "union":
            return any(self._takes(each, value, kind) for each in field.variants)
        whole = field.kind == "integer" and isinstance(value, float) and value.is_integer()
        return whole or kind in _TAKES[field.kind]

    def _is_choice(self, field: Field, value: object) -> bool:
        return any(_same(value, each) for each in field.choices)

    def _count(self) -> None:
        self.compared += 1
        if self.compared > self._most:
            raise _TooLongError


def _same(value: object, choice: object) -> bool:
    return value == choice and isinstance(value, bool) == isinstance(choice, bool)


def _article(kind: str) -> str:
    return kind if kind == "null" else f"{'an' if kind[0] in 'aio' else 'a'} {kind}"
