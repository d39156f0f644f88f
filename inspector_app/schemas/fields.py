"""A JSON Schema as a tree of fields that a form can draw.

Owns what of a schema becomes which field. A schema comes from the other side: what it says is only read, in
bounds, nothing is fetched for it, and whatever a form cannot draw becomes a field of kind `json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal
from urllib.parse import unquote

FieldKind = Literal[
    "text", "number", "integer", "boolean", "choice", "null", "object", "array", "union", "json"
]

MOST_FIELDS: Final = 500
"""Fields that are made of one schema; what is beyond is edited as JSON."""
DEEPEST: Final = 8
"""Objects and arrays within each other; what is deeper, or never ends, is edited as JSON."""

_TEXT: Final = 1000
_CHOICES: Final = 200
_MOST_STEPS: Final = 20
_OF_THE_WHOLE: Final = ("default", "title", "description", "examples")
"""What a schema says of itself, and not of its variants."""
_LARGEST: Final = 1e300
"""Of numbers that a limit may be; what is beyond is none, and nothing can be worked out with it."""


class Absent:
    """Stands for no value, where None would be one."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One place in a value. `name`: its key, or what an item or a variant is called."""

    name: str
    kind: FieldKind
    doc: str = ""
    required: bool = False
    nullable: bool = False
    """Whether null is taken, too."""
    deprecated: bool = False
    default: object = ABSENT
    examples: tuple[object, ...] = ()
    choices: tuple[object, ...] = ()
    """The only values that a choice takes."""
    format: str = ""
    """Of a text: `date-time`, `date`, `email` and the like, as the schema names it."""
    limits: Limits
    members: tuple[Field, ...] = ()
    """Of an object: those that the schema names."""
    others: Field | None = None
    """Of an object: what further members are; None: there may be none."""
    item: Field | None = None
    """Of an array: what each item is; None: there may be none."""
    variants: tuple[Field, ...] = ()
    """Of a union: what it may be."""

    def member(self, name: str) -> Field | None:
        """Give what a member of this object is; None when it may not have one of that name."""
        return next((each for each in self.members if each.name == name), self.others)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a value must keep to, as the schema has it; None: nothing is said."""

    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    shortest: int | None = None
    longest: int | None = None
    fewest: int | None = None
    most: int | None = None
    pattern: str = ""
    step: float | None = None

    def let_through(self, number: float) -> bool:
        """Whether a number is in the range; of a step nothing is said."""
        return (
            (self.minimum is None or number >= self.minimum)
            and (self.maximum is None or number <= self.maximum)
            and (self.above is None or number > self.above)
            and (self.below is None or number < self.below)
        )

    def __str__(self) -> str:
        """In few words, such as `1 to 100` or `at most 20 characters`; empty when there are none."""
        words = [
            _range(self.minimum, self.maximum),
            f"above {self.above:g}" if self.above is not None else "",
            f"below {self.below:g}" if self.below is not None else "",
            f"in steps of {self.step:g}" if self.step is not None else "",
            _range(self.shortest, self.longest, "characters"),
            _range(self.fewest, self.most, "items"),
            f"matches {self.pattern}" if self.pattern else "",
        ]
        return ", ".join(word for word in words if word)


NO_LIMITS: Final = Limits()


def _range(low: float | None, high: float | None, unit: str = "") -> str:
    if low is None and high is None:
        return ""
    if high is None:
        words = f"at least {low:g}"
    elif low is None or (unit and not low):
        words = f"at most {high:g}"
    else:
        words = f"{low:g} to {high:g}" if low != high else f"exactly {low:g}"
    return f"{words} {unit}".rstrip()


def read_field(schema: object, name: str = "data") -> Field:
    """Read a schema. Never fails: what is no schema, or cannot be drawn, becomes a field of kind `json`."""
    return _Reader(schema).read(schema, name, depth=0)


Schema = Mapping[str, object]


class _Reader:
    """Reads one schema, and counts what it made."""

    def __init__(self, root: object) -> None:
        self._root = root
        self._made = 0

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
            default=merged["default"] if _is_json(merged.get("default", ABSENT)) else field.default,
            examples=tuple(filter(_is_json, examples[:_CHOICES]))
            if isinstance(examples, list)
            else field.examples,
        )

    # -- what kind it is ----------------------------------------------------------------------------------

    def _of(self, schema: Schema, name: str, depth: int) -> Field:
        choices = [schema["const"]] if "const" in schema else schema.get("enum")
        if isinstance(choices, list) and 0 < len(choices) <= _CHOICES and all(map(_is_json, choices)):
            return Field(
                name=name,
                kind="choice",
                choices=tuple(choices),
                nullable=None in choices,
                limits=NO_LIMITS,
            )
        for key in ("anyOf", "oneOf"):
            variants = schema.get(key)
            if isinstance(variants, list) and variants:
                rest = {each: value for each, value in schema.items() if each not in (key, *_OF_THE_WHOLE)}
                return self._union([_joined(rest, self._merged(each)) for each in variants], name, depth)
        kinds = schema.get("type")
        if isinstance(kinds, list):
            return self._union([{**schema, "type": kind} for kind in kinds], name, depth)
        if not isinstance(kinds, str):
            kinds = "object" if "properties" in schema else "array" if "items" in schema else ""
        return self._plain(kinds, schema, name, depth)

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
        properties, required = schema.get("properties"), schema.get("required")
        named = properties if isinstance(properties, Mapping) else {}
        needed = required if isinstance(required, list) else []
        others = schema.get("additionalProperties", schema.get("unevaluatedProperties", True))
        return Field(
            name=name,
            kind="object",
            members=tuple(
                self.read(member, str(key), depth=depth + 1, required=key in needed)
                for key, member in list(named.items())[:MOST_FIELDS]
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
        if all(each.kind == "choice" for each in fields):
            choices = tuple(choice for each in fields for choice in each.choices)
            return Field(name=name, kind="choice", choices=choices, nullable=nullable, limits=NO_LIMITS)
        return Field(name=name, kind="union", variants=tuple(fields), nullable=nullable, limits=NO_LIMITS)

    # -- what it refers to --------------------------------------------------------------------------------

    def _merged(self, schema: object, nested: int = 0) -> Schema | None:
        """Give the schema with what it refers to and consists of put together; None for what is none."""
        if schema is True:
            return {}
        merged: Schema = {}
        for _ in range(_MOST_STEPS):
            if not isinstance(schema, Mapping):
                return None
            merged = {**schema, **merged}
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
            joined = _joined(whole, merged)
            if joined is None:
                return None
            whole = joined
        return whole

    def _resolved(self, reference: object) -> object:
        if not isinstance(reference, str) or not reference.startswith("#"):
            return None
        found: object = self._root
        for step in unquote(reference).removeprefix("#").removeprefix("/").split("/"):
            if step:
                key = step.replace("~1", "/").replace("~0", "~")
                found = found.get(key) if isinstance(found, Mapping) else None
        return found


def _joined(one: Schema, other: Schema | None) -> Schema | None:
    """Give a schema that asks for what both ask for, as far as a form is concerned."""
    if other is None:
        return None
    joined = {**one, **other}
    for key in ("properties", "required"):
        first, second = one.get(key), other.get(key)
        if isinstance(first, Mapping) and isinstance(second, Mapping):
            joined[key] = {**first, **second}
        elif isinstance(first, list) and isinstance(second, list):
            joined[key] = [*first, *second]
    for key in ("description", "title"):
        if key in one:
            joined[key] = one[key]
    return joined


def _label(schema: Schema) -> str:
    title = schema.get("title")
    if isinstance(title, str) and title:
        return title[:_TEXT]
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        for member in properties.values():
            if isinstance(member, Mapping) and isinstance(member.get("const"), str):
                return str(member["const"])[:_TEXT]
    kind = schema.get("type")
    if isinstance(kind, str):
        return kind
    return str(schema["const"])[:_TEXT] if "const" in schema else "value"


def _is_json(value: object) -> bool:
    """Whether a value can be written again: a number of a schema may have been too large for a float."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


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
