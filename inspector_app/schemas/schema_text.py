"""The fields of a JSON Schema in a few words each: name, type, limits, default, description.

For reading on a terminal. What a schema says is read by `schemas.fields`; here is how it is put, in bounds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from inspector_app.schemas.fields import ABSENT, Field
from inspector_app.schemas.reading import read_field

_MOST_LINES: Final = 100
_MOST_NAMES: Final = 12
_LONGEST: Final = 120

_TYPES: Final = {"text": "string", "json": "anything"}


def parameter_lines(schema: object) -> Iterator[str]:
    """Lay out the fields of an object, one a line, those of objects within indented below."""
    if not isinstance(schema, Mapping):
        return
    lines = _members(read_field(schema), depth=0)
    yield from islice(lines, _MOST_LINES)
    if next(lines, None) is not None:
        yield "…"


def returned(schema: object) -> str | None:
    """Give the type of a schema in a few words, for an object with the names of its fields; None: unknown."""
    return _type(read_field(schema), named=True) if isinstance(schema, Mapping) else None


def _members(field: Field, *, depth: int) -> Iterator[str]:
    for member in field.members:
        yield f"{'  ' * depth}{_cut(member.name)}: {_told(member)}"
        inner = _object_within(member)
        if inner is not None:
            yield from _members(inner, depth=depth + 1)


def _told(field: Field) -> str:
    parts = [
        _type(field),
        "required" if field.required else "",
        _cut(str(field.limits)),
        f"default {_json(field.default)}" if field.default is not ABSENT else "",
        "deprecated" if field.deprecated else "",
    ]
    doc = "" if _same(field.doc, field.name) else " ".join(field.doc.split())
    return ", ".join(part for part in parts if part) + (f" - {_cut(doc)}" if doc else "")


def _type(field: Field, *, named: bool = False) -> str:
    match field.kind:
        case "choice":
            told = " | ".join(_some([_json(choice) for choice in field.choices]))
        case "array":
            told = f"array of {_type(field.item, named=named)}" if field.item is not None else "array"
        case "union":
            told = " or ".join(
                _some(list(dict.fromkeys(_type(each, named=named) for each in field.variants)))
            )
        case "object" if named and field.members:
            told = f"object ({', '.join(_some([_cut(member.name) for member in field.members]))})"
        case kind:
            told = _TYPES.get(kind, kind)
    told += f" ({_cut(field.format)})" if field.format else ""
    return f"{told} or null" if field.nullable else told


def _object_within(field: Field) -> Field | None:
    """The object whose fields are shown below a field: itself, its items, or the only object it may be."""
    if field.kind == "array" and field.item is not None:
        return _object_within(field.item)
    if field.kind == "union":
        objects = [each for each in field.variants if each.kind == "object"]
        return objects[0] if len(objects) == 1 else None
    return field if field.members else None


def _some(words: list[str]) -> list[str]:
    return words if len(words) <= _MOST_NAMES else [*words[:_MOST_NAMES], "…"]


def _same(title: str, name: str) -> bool:
    """Whether a title is but the name written another way, as it is where a program made it."""
    return title.replace(" ", "").lower() == name.replace("_", "").lower()


def _json(value: object) -> str:
    return _cut(json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
