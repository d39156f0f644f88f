"""The rows of a form as lines: what each says of its value, its type and itself."""

from __future__ import annotations

import json
from typing import Final, Literal

from inspector_app.display.form_line import FormLine
from inspector_app.schemas.fields import ABSENT, Field
from inspector_app.schemas.rows import Row, choice_text, shown

_LONGEST: Final = 300
_MOST_CHOICES: Final = 200

_HINTS: Final = {
    "boolean": "Space, ← → another  Enter list  $ variable",
    "choice": "Space, ← → another  Enter list  $ variable",
    "union": "← → another variant  Enter list",
    "object": "Space folds",
    "array": "Space folds  Ins one more",
}


def line_of(row: Row, problem: str) -> FormLine:
    """Lay out a row; `problem` is what is wrong with its value."""
    field = row.field
    return FormLine(
        name=row.name,
        depth=row.depth,
        required=field.required and not row.adds,
        value=_value(row),
        typed=_typed(row),
        kind="" if row.adds else kind_of(row),
        problem=problem,
        state=_state(row),
        fold="" if row.parts is None else "open" if row.open else "closed",
        edit=_edit(row),
        choices=_choices(field),
        about=_about(row, problem),
        hint=_hint(row),
    )


def kind_of(row: Row) -> str:
    """Tell in few words what a value must be: its type, the variant of a union, its limits."""
    field = row.field
    kind = field.kind
    if kind == "text" and field.format:
        words = field.format
    elif kind == "choice":
        words = "one of " + ", ".join(choice_text(each) for each in field.choices[:8])
    elif kind == "union":
        words = (not row.is_null and row.variant) or " or ".join(
            variant.name for variant in field.variants[:8]
        )
    else:
        words = {"json": "any JSON", "boolean": "yes or no", "array": "list"}.get(kind, kind)
    if field.kind == "array" and field.item is not None and field.item.kind not in ("json", "union"):
        words = f"list of {field.item.format or field.item.kind}"
    if kind == "object" and field.others is not None and not field.members:
        words = "map" if field.others.kind == "json" else f"map of {field.others.kind}"
    limits = str(field.limits)
    nullable = field.nullable and kind not in ("json", "null")
    return ", ".join(each for each in (words, limits, "or null" if nullable else "") if each)[:_LONGEST]


def _value(row: Row) -> str:
    if row.adds:
        return ""
    if row.present:
        return shown(row)
    default = row.field.default
    return "" if default is ABSENT else f"({_written(default)} if left out)"


def _typed(row: Row) -> str:
    """Give what an edit begins with, so that to take it as it is changes nothing."""
    if row.is_null or row.adds:
        return ""
    as_json = row.field.kind in ("json", "object", "array")
    if row.present:
        return json.dumps(row.text) if as_json and row.is_text and not row.is_variable else row.text
    default = row.field.default
    if default is ABSENT or isinstance(default, (dict, list)):
        return ""
    return json.dumps(default) if as_json else choice_text(default)


def _state(row: Row) -> Literal["there", "missing", "unknown", "adds", "null"]:
    if row.adds:
        return "adds"
    if not row.present:
        return "missing"
    return "null" if row.is_null else "there" if row.known else "unknown"


def _edit(row: Row) -> Literal["text", "choices", "name", "none"]:
    if row.adds:
        return "name" if row.adds == "member" else "none"
    kind = row.field.kind
    if kind in ("boolean", "choice", "union"):
        plain = kind == "union" and row.parts is None and row.present
        return "text" if plain else "choices"
    # What is drawn as rows of its own is edited there, and as JSON in the editor.
    has_rows = row.parts is not None or (kind in ("object", "array") and not row.present)
    return "none" if has_rows else "text"


def _choices(field: Field) -> tuple[str, ...]:
    if field.kind == "boolean":
        return ("true", "false", "null") if field.nullable else ("true", "false")
    if field.kind == "union":
        return tuple(variant.name for variant in field.variants[:_MOST_CHOICES])
    texts = [choice_text(each) for each in field.choices[:_MOST_CHOICES]]
    return (
        (*texts, "null") if field.choices and field.nullable and None not in field.choices else tuple(texts)
    )


def _about(row: Row, problem: str) -> str:
    field = row.field
    if row.adds:
        return ""
    parts = [
        "A variable: checked once its value is known." if row.is_variable and not problem else "",
        "Deprecated." if field.deprecated else "",
        " ".join(field.doc.split()),
        "" if row.known else "The schema does not name this member.",
        "" if field.default is ABSENT else f"Default: {_written(field.default)}.",
        f"Such as {', '.join(_written(each) for each in field.examples[:3])}." if field.examples else "",
    ]
    return "  ".join(part for part in parts if part)


def _hint(row: Row) -> str:
    if row.adds:
        return "Enter adds one" if row.adds == "item" else "Enter, or type its name"
    field = row.field
    hint = _HINTS.get(field.kind, "")
    if not row.present:
        return f"Missing  Ins puts it in  {hint}".rstrip()
    if not hint:
        hint = "Enter or type to edit"
    extra = [
        "^T now" if field.format in ("date-time", "date", "time") else "",
        "^T new" if field.format == "uuid" else "",
        "Backspace null" if field.nullable else "",
        "⇧↑ ⇧↓ moves" if row.path and isinstance(row.path[-1], int) else "",
        "Del takes out",
        "F4 as JSON" if row.typed_as_json else "",
    ]
    return "  ".join(each for each in (hint, *extra) if each)


def _written(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
