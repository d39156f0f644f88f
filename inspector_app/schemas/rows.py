"""A form as rows: one for each place in a value, made of what the schema says and what the text holds.

Owns which rows there are, what each shows, and what becomes of what is typed into one. The text is the only
state: rows are made of it anew after each change, so form and text cannot differ.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from typing import Final, Literal

from inspector_app.display.json_check import json_problem
from inspector_app.messages.variables import is_variable
from inspector_app.schemas.document import Document, Node, NotJsonError, Path
from inspector_app.schemas.examples import example
from inspector_app.schemas.fields import NO_LIMITS, Field

MOST_BYTES: Final = 64 * 1024
"""Longest text that rows are made of; a longer one is edited as it is."""
MOST_ROWS: Final = 2000

_ANY: Final = Field(name="", kind="json", nullable=True, limits=NO_LIMITS)
_SHOWN: Final = 400
_FROM_NODE: Final = {
    "object": "object",
    "array": "array",
    "string": "text",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a form. `depth` counts from 0; `text` is the value as a person would type it."""

    path: Path
    depth: int
    field: Field
    known: bool
    """Whether the schema names it."""
    present: bool
    text: str = ""
    is_null: bool = False
    is_text: bool = False
    """Whether what is there is a string, whatever the schema asks for."""
    parts: int | None = None
    """Of an object or an array that is there: how many members or items it has."""
    is_list: bool = False
    """Whether what is there is an array, whatever the schema asks for."""
    open: bool = True
    variant: str = ""
    """Of a union that is there: which of its variants it is taken for."""
    adds: Literal["", "item", "member"] = ""
    """It is no place yet, but where a new item or member is made."""

    @property
    def name(self) -> str:
        """What the row is called."""
        if self.adds:
            return f"add {'an item' if self.adds == 'item' else 'a member'}"
        step = self.path[-1] if self.path else self.field.name
        return f"[{step}]" if isinstance(step, int) else step

    @property
    def is_variable(self) -> bool:
        """Whether what is there stands for a value that is put in later."""
        return self.is_text and is_variable(self.text)

    @property
    def typed_as_json(self) -> bool:
        """Whether what is typed here is JSON, and no plain text or number."""
        return self.field.kind in ("json", "object", "array", "union")


def rows_of(field: Field, document: Document, *, folded: Set[Path] = frozenset()) -> list[Row]:
    """Give the rows of the members of a form's object; those below a path in `folded` are left out."""
    rows: list[Row] = []
    for row in _Rows(document, folded).of_members(field, (), document.root, 0):
        rows.append(row)
        if len(rows) == MOST_ROWS:
            break
    return rows


class _Rows:
    def __init__(self, document: Document, folded: Set[Path]) -> None:
        self._document = document
        self._folded = folded

    def of_members(self, field: Field, path: Path, node: Node, depth: int) -> Iterator[Row]:
        """Those of an object: the members that the schema names, in its order, then those that are there."""
        named = {member.name for member in field.members}
        for member in field.members:
            place = node.index_of(member.name)
            found = None if place is None else node.nodes[place]
            yield from self._of((*path, member.name), member, found, depth, known=True)
        for key in dict.fromkeys(node.keys):
            place = node.index_of(key)
            if key not in named and place is not None:
                other = replace(field.others or _ANY, name=key)
                yield from self._of((*path, key), other, node.nodes[place], depth, known=False)
        if field.others is not None and field.kind == "object" and path:
            yield Row(path=path, depth=depth, field=field.others, known=False, present=False, adds="member")

    def _of_items(self, field: Field, path: Path, node: Node, depth: int) -> Iterator[Row]:
        item = field.item or _ANY
        for place, each in enumerate(node.nodes):
            yield from self._of((*path, place), item, each, depth, known=True)
        if field.item is not None and (field.limits.most is None or len(node.nodes) < field.limits.most):
            yield Row(
                path=(*path, len(node.nodes)), depth=depth, field=item, known=True, present=False, adds="item"
            )

    def _of(self, path: Path, field: Field, node: Node | None, depth: int, *, known: bool) -> Iterator[Row]:
        if node is None:
            yield Row(path=path, depth=depth, field=field, known=known, present=False)
            return
        chosen = self._chosen(field, node)
        row = Row(
            path=path,
            depth=depth,
            field=field if chosen is field else replace(field, limits=chosen.limits, choices=chosen.choices),
            known=known,
            present=True,
            text=self._text(node),
            is_null=node.kind == "null",
            is_text=node.kind == "string",
            parts=len(node.nodes) if node.kind in ("object", "array") else None,
            is_list=node.kind == "array",
            open=path not in self._folded,
            variant=chosen.name if field.kind == "union" else "",
        )
        yield row
        if row.open and node.kind == "object":
            yield from self.of_members(chosen if chosen.kind == "object" else _OBJECT, path, node, depth + 1)
        elif row.open and node.kind == "array":
            yield from self._of_items(chosen if chosen.kind == "array" else _ARRAY, path, node, depth + 1)

    def _chosen(self, field: Field, node: Node) -> Field:
        """Give the variant of a union that a value is closest to."""
        if field.kind != "union":
            return field
        return max(field.variants, key=lambda variant: self._likeness(variant, node))

    def _likeness(self, field: Field, node: Node) -> float:
        if field.kind == "choice":
            return 3 if node.kind not in ("object", "array") and self._is_choice(field, node) else 0
        if field.kind == "json":
            return 0.5
        kind = "integer" if field.kind == "integer" else _FROM_NODE[node.kind]
        if field.kind == "integer":
            return 2 if node.kind == "number" and self._document.source(node).lstrip("-").isdigit() else 0
        if field.kind != kind:
            return 0
        if field.kind != "object":
            return 1
        likeness = 1.0
        for member in field.members:
            place = node.index_of(member.name)
            if place is None:
                likeness -= 2 if member.required else 0
            elif member.kind == "choice":
                # One value that only this variant takes says more than many names that are alike.
                likeness += 10 if self._is_choice(member, node.nodes[place]) else -10
            else:
                likeness += 1
        return likeness

    def _is_choice(self, field: Field, node: Node) -> bool:
        if node.kind in ("object", "array"):
            return False
        try:
            value = json.loads(self._document.source(node))
        except ValueError:
            return False
        return any(choice == value and type(choice) is type(value) for choice in field.choices)

    def _text(self, node: Node) -> str:
        if node.kind == "string":
            return self._document.string(node)
        if node.kind in ("object", "array"):
            return ""
        return self._document.source(node)


_OBJECT: Final = Field(name="", kind="object", others=_ANY, limits=NO_LIMITS)
_ARRAY: Final = Field(name="", kind="array", item=_ANY, limits=NO_LIMITS)


# -- what is typed ------------------------------------------------------------------------------------------


class NotTakenError(ValueError):
    """What was typed cannot stand there; the text is one sentence."""


def json_of(row: Row, typed: str) -> str:
    """Give the JSON of what was typed into a row. Raises `NotTakenError`.

    A text is taken as it is, quotation marks, backslashes and all; only where it could be something else, as
    in a field that takes any JSON, must it be written as JSON. Anywhere a variable may stand for the value.
    """
    field, text = row.field, typed.strip()
    if field.kind == "text":
        return json.dumps(typed, ensure_ascii=False)
    if is_variable(text):
        return json.dumps(text, ensure_ascii=False)
    try:
        return _by_kind(field, typed)
    except NotTakenError:
        if text.startswith("$"):
            raise NotTakenError("A variable is written ${name}.") from None
        raise


def _by_kind(field: Field, typed: str) -> str:
    match field.kind:
        case "choice":
            return _choice(field, typed)
        case "integer" | "number":
            return _number(field, typed)
        case "boolean":
            return _literal(typed, ("true", "false"), field)
        case "null":
            return _literal(typed, ("null",), field)
        case _:
            problem = json_problem(typed)
            if problem is not None:
                raise NotTakenError(f"This takes JSON: {problem.text}.")
            return typed.strip()


def _number(field: Field, typed: str) -> str:
    text = typed.strip()
    if field.nullable and text == "null":
        return text
    if text and json_problem(text) is None and text[0] in "-0123456789":
        if field.kind == "integer" and not text.lstrip("-").isdigit():
            raise NotTakenError(f"{text} is no whole number.")
        return text
    raise NotTakenError(
        "Type a whole number, such as 42." if field.kind == "integer" else "Type a number, such as 2.5."
    )


def _literal(typed: str, literals: tuple[str, ...], field: Field) -> str:
    text = typed.strip().lower()
    if text in literals or (field.nullable and text == "null"):
        return text
    raise NotTakenError(f"Type {' or '.join(literals)}.")


def _choice(field: Field, typed: str) -> str:
    for choice in field.choices:
        if typed == choice or typed.strip() == json.dumps(choice, ensure_ascii=False):
            return json.dumps(choice, ensure_ascii=False)
    if field.nullable and typed.strip() == "null":
        return "null"
    raise NotTakenError(f"Choose one of {', '.join(choice_text(each) for each in field.choices[:8])}.")


def choice_text(choice: object) -> str:
    """Give a choice as a person would type it."""
    return choice if isinstance(choice, str) else json.dumps(choice, ensure_ascii=False)


def next_choice(row: Row, step: int = 1) -> str | None:
    """Give the JSON of the value after the one that is there: of a boolean, a choice; None for others."""
    field = row.field
    values: list[object] = [*field.choices] if field.kind == "choice" else []
    if field.kind == "boolean":
        values = [True, False]
    if not values:
        return None
    if field.nullable and None not in values:
        values.append(None)
    texts = [choice_text(value) for value in values]
    place = texts.index(row.text) + step if row.present and row.text in texts else 0
    return json.dumps(values[place % len(values)], ensure_ascii=False)


def next_variant(row: Row, step: int = 1) -> str | None:
    """Give the JSON of an example of the union's next variant; None for what is no union."""
    variants = row.field.variants
    if not variants:
        return None
    names = [variant.name for variant in variants]
    place = names.index(row.variant) + step if row.present and row.variant in names else 0
    return json.dumps(example(variants[place % len(variants)]), ensure_ascii=False)


def beginning(field: Field) -> str:
    """Give the JSON that a place begins with when it is filled in."""
    return json.dumps(example(field), ensure_ascii=False)


def readable(text: str) -> Document | None:
    """Read the text that rows are to be made of; None when it is too long, broken, or no object."""
    if len(text) > MOST_BYTES:
        return None
    try:
        document = Document(text)
    except (NotJsonError, RecursionError):
        return None
    return document if document.root.kind == "object" else None


def shown(row: Row) -> str:
    """Give what a row shows of its value, on one line."""
    if row.parts is not None:
        unit = "item" if row.is_list else "member"
        return f"{row.parts} {unit}{'' if row.parts == 1 else 's'}"
    return row.text[:_SHOWN].replace("\n", "⏎")
