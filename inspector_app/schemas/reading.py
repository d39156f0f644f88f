"""A JSON Schema read as a tree of fields that a form can draw.

Owns what of a schema becomes which field. A schema comes from the other side: what it says is only read,
nothing is fetched for it, and whatever a form cannot draw becomes a field of kind `json`. However it is made,
and however often it refers to the same, no more than so many fields come of it, at so much work.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Final
from urllib.parse import unquote

from inspector_app.schemas.fields import ABSENT, NO_LIMITS, Field, Limits

MOST_FIELDS: Final = 500
"""Fields that are made of one schema; what is beyond is edited as JSON."""
DEEPEST: Final = 8
"""Objects and arrays within each other; what is deeper, or never ends, is edited as JSON."""
MOST_WORK: Final = 100_000
"""Names of members, and schemas, that are looked at for one schema; then it is edited as JSON."""
LARGEST_VALUE: Final = 8 * 1024
"""Characters of a default, or of all choices, in JSON; what is larger is not offered."""

_TEXT: Final = 1000
_CHOICES: Final = 200
_EXAMPLES: Final = 5
_LOOKED_AT: Final = 50
_REFERENCE: Final = 1000
_MOST_STEPS: Final = 20
_TYPES: Final = 7
_OF_THE_WHOLE: Final = ("default", "title", "description", "examples")
"""What a schema says of itself, and not of its variants."""
_READ: Final = (
    *(*_OF_THE_WHOLE, "deprecated", "$ref", "allOf", "anyOf", "oneOf", "const", "enum", "type", "format"),
    *("properties", "required", "additionalProperties", "unevaluatedProperties", "patternProperties"),
    *("items", "prefixItems", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "minItems", "maxItems", "pattern"),
)
"""All that is read of a schema."""
_LARGEST: Final = 1e300
"""Of numbers that a limit may be; what is beyond is none, and nothing can be worked out with it."""

Schema = Mapping[str, object]


def read_field(schema: object, name: str = "data") -> Field:
    """Read a schema. Never fails: what is no schema, or cannot be drawn, becomes a field of kind `json`."""
    return _Reader(schema).read(schema, name, depth=0)


class _Reader:
    """Reads one schema, and counts what it made and what that took."""

    def __init__(self, root: object) -> None:
        self._root = root
        self._made = 0
        self._work = 0
        self._lengths: dict[int, int] = {}

    def read(self, schema: object, name: str, *, depth: int, required: bool = False) -> Field:
        self._made += 1
        merged = self._merged(schema)
        if merged is None or depth > DEEPEST or self._made > MOST_FIELDS:
            return Field(name=name, kind="json", required=required, limits=NO_LIMITS)
        field = self._of(merged, name, depth)
        examples = merged.get("examples")
        return replace(
            field,
            required=required,
            doc=_text(merged.get("description")) or field.doc or _text(merged.get("title")),
            deprecated=merged.get("deprecated") is True,
            default=merged["default"] if self._is_offered(merged.get("default", ABSENT)) else field.default,
            examples=tuple(filter(self._is_offered, examples[:_EXAMPLES]))
            if isinstance(examples, list)
            else field.examples,
        )

    def _takes(self, work: int) -> bool:
        """Count what something takes. Tells whether that is still to be done."""
        self._work += work
        return self._work <= MOST_WORK

    # -- what kind it is ----------------------------------------------------------------------------------

    def _of(self, schema: Schema, name: str, depth: int) -> Field:
        choices = self._choices(schema)
        if choices:
            return Field(
                name=name, kind="choice", choices=choices, nullable=None in choices, limits=NO_LIMITS
            )
        for key in ("anyOf", "oneOf"):
            variants = schema.get(key)
            if isinstance(variants, list) and variants:
                rest = {each: value for each, value in schema.items() if each not in (key, *_OF_THE_WHOLE)}
                joined = (self._joined(rest, self._merged(each)) for each in variants[:MOST_FIELDS])
                return self._union([*joined], name, depth)
        kinds = schema.get("type")
        if isinstance(kinds, list):
            return self._union([{**schema, "type": kind} for kind in kinds[:_TYPES]], name, depth)
        if not isinstance(kinds, str):
            kinds = "object" if "properties" in schema else "array" if "items" in schema else ""
        return self._plain(kinds, schema, name, depth)

    def _choices(self, schema: Schema) -> tuple[object, ...]:
        if "const" in schema:
            return (schema["const"],) if self._is_offered(schema["const"]) else ()
        choices = schema.get("enum")
        is_drawn = isinstance(choices, list) and len(choices) <= _CHOICES and self._is_offered(choices)
        return tuple(choices) if is_drawn and isinstance(choices, list) else ()

    def _plain(self, kind: str, schema: Schema, name: str, depth: int) -> Field:
        limits = _limits(schema)
        match kind:
            case "object":
                return self._object(schema, name, depth)
            case "array":
                item = self.read(schema.get("items", True), "item", depth=depth + 1)
                if isinstance(schema.get("prefixItems"), list):
                    item = Field(name="item", kind="json", limits=NO_LIMITS)
                return Field(name=name, kind="array", item=item, limits=limits)
            case "string":
                form = schema.get("format")
                return Field(
                    name=name, kind="text", format=form if isinstance(form, str) else "", limits=limits
                )
            case "integer" | "number" | "boolean" | "null":
                return Field(name=name, kind=kind, nullable=kind == "null", limits=limits)
            case _:
                return Field(name=name, kind="json", nullable=True, limits=NO_LIMITS)

    def _object(self, schema: Schema, name: str, depth: int) -> Field:
        named, needed = _named(schema), _needed(schema)
        if not self._takes(len(named) + len(needed)):
            return Field(name=name, kind="json", limits=NO_LIMITS)
        required = frozenset(each for each in needed if isinstance(each, str))
        others = _others(schema)
        return Field(
            name=name,
            kind="object",
            members=tuple(
                self.read(member, key, depth=depth + 1, required=key in required)
                for key, member in islice(named.items(), MOST_FIELDS)
            ),
            others=None if others is False else self.read(others, "", depth=depth + 1),
            limits=_limits(schema),
        )

    def _union(self, variants: list[Schema | None], name: str, depth: int) -> Field:
        kept = [each for each in variants if each is not None and each.get("type") != "null"]
        nullable = any(each is not None and each.get("type") == "null" for each in variants)
        if not kept or len(kept) + nullable < len(variants):
            return Field(name=name, kind="json", nullable=True, limits=NO_LIMITS)
        fields = [self.read(each, _label(each), depth=depth + 1) for each in kept]
        nullable = nullable or any(each.nullable for each in fields)
        if len(fields) == 1:
            return replace(fields[0], name=name, nullable=nullable)
        choices = tuple(choice for each in fields for choice in each.choices)
        if all(each.kind == "choice" for each in fields) and _length(choices) <= LARGEST_VALUE:
            return Field(name=name, kind="choice", choices=choices, nullable=nullable, limits=NO_LIMITS)
        return Field(name=name, kind="union", variants=tuple(fields), nullable=nullable, limits=NO_LIMITS)

    # -- what it refers to --------------------------------------------------------------------------------

    def _merged(self, schema: object, nested: int = 0) -> Schema | None:
        """Give the schema with what it refers to and consists of put together; None for what is none."""
        if schema is True:
            return {}
        merged: Schema = {}
        for _ in range(_MOST_STEPS):
            if not isinstance(schema, Mapping) or not self._takes(1):
                return None
            merged = {**{key: schema[key] for key in _READ if key in schema}, **merged}
            reference = schema.get("$ref")
            if reference is None:
                return self._with_parts(
                    {key: value for key, value in merged.items() if key != "$ref"}, nested
                )
            schema = self._resolved(reference)
        return None

    def _with_parts(self, schema: Schema, nested: int) -> Schema | None:
        parts = schema.get("allOf")
        if not isinstance(parts, list):
            return schema
        if nested > DEEPEST:
            return None
        whole: Schema = {key: value for key, value in schema.items() if key != "allOf"}
        for part in parts[:_MOST_STEPS]:
            self._made += 1
            merged = self._merged(part, nested + 1) if self._made <= MOST_FIELDS else None
            joined = self._joined(whole, merged)
            if joined is None:
                return None
            whole = joined
        return whole

    def _joined(self, one: Schema, other: Schema | None) -> Schema | None:
        """Give a schema that asks for what both ask for, as far as a form is concerned."""
        if other is None:
            return None
        joined = {**one, **other}
        if "properties" in one and "properties" in other:
            joined["properties"] = {**_named(one), **_named(other)}
        if "required" in one and "required" in other:
            joined["required"] = [*_needed(one), *_needed(other)]
        joined |= {key: one[key] for key in ("description", "title") if key in one}
        return joined if self._takes(len(_named(joined)) + len(_needed(joined))) else None

    def _resolved(self, reference: object) -> object:
        if not isinstance(reference, str) or not reference.startswith("#") or len(reference) > _REFERENCE:
            return None
        found: object = self._root
        for step in unquote(reference).removeprefix("#").removeprefix("/").split("/"):
            key = step.replace("~1", "/").replace("~0", "~")
            if isinstance(found, list) and key.isdecimal():
                found = found[int(key)] if int(key) < len(found) else None
            elif step:
                found = found.get(key) if isinstance(found, Mapping) else None
        return found

    # -- values in it -------------------------------------------------------------------------------------

    def _is_offered(self, value: object) -> bool:
        """Whether a value can be written again, and is not too large to be put in.

        A number of a schema may have been too large for a float. The same value is there for any number of
        fields, and lives as long as the schema.
        """
        if value is ABSENT:
            return False
        if id(value) not in self._lengths:
            self._lengths[id(value)] = _length(value)
        return self._lengths[id(value)] <= LARGEST_VALUE


def _length(value: object) -> int:
    try:
        return len(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return LARGEST_VALUE + 1


def _named(schema: Schema) -> Schema:
    properties = schema.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _needed(schema: Schema) -> list[object]:
    required = schema.get("required")
    return required if isinstance(required, list) else []


def _others(schema: Schema) -> object:
    """Give the schema of the members that are not named; False: there may be none."""
    others = schema.get("additionalProperties", schema.get("unevaluatedProperties", True))
    patterns = schema.get("patternProperties")
    if others is False and isinstance(patterns, Mapping) and patterns:
        return next(iter(patterns.values())) if len(patterns) == 1 else True
    return others


def _label(schema: Schema) -> str:
    title = schema.get("title")
    if isinstance(title, str) and title:
        return title[:_TEXT]
    for member in islice(_named(schema).values(), _LOOKED_AT):
        if isinstance(member, Mapping) and isinstance(member.get("const"), str):
            return str(member["const"])[:_TEXT]
    kind = schema.get("type")
    if isinstance(kind, str):
        return kind
    constant = schema.get("const")
    return str(constant)[:_TEXT] if isinstance(constant, (str, int, float)) else "value"


def _text(value: object) -> str:
    return value[:_TEXT] if isinstance(value, str) else ""


def _limits(schema: Schema) -> Limits:
    def number(key: str) -> float | None:
        value = schema.get(key)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            return None
        return value if abs(value) <= _LARGEST else None

    def count(key: str) -> int | None:
        value = number(key)
        return int(value) if value is not None and 0 <= value < 1e15 else None

    return Limits(
        minimum=number("minimum"),
        maximum=number("maximum"),
        above=number("exclusiveMinimum"),
        below=number("exclusiveMaximum"),
        shortest=count("minLength"),
        longest=count("maxLength"),
        fewest=count("minItems"),
        most=count("maxItems"),
        pattern=_text(schema.get("pattern")),
        step=number("multipleOf"),
    )
