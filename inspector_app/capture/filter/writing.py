"""Writing terms: what "only this" and "not this" add to a filter, quoted wherever that is needed.

A value comes from a capture, so it may be anything. A term is given only after reading it back.
"""

from __future__ import annotations

import json
import re

from inspector_app.capture.filter.errors import FilterError
from inspector_app.capture.filter.fields import FIELDS, INVALID, TYPES
from inspector_app.capture.filter.nodes import Begins, Between, Contains, Equals, Not, OneOf, Spelled, Term
from inspector_app.capture.filter.terms import parse_filter
from inspector_app.capture.filter.values import DURATIONS

_LONGEST_VALUE = 300
_KEY = re.compile(r"[\w$@-]+")


def only(field: str, value: str | None, *, negate: bool = False) -> str:
    """Give the term for the frames that have this value in this field; with `negate`, for all others.

    `value` is what the frame's row holds, written with `str`: bytes, nanoseconds, a name; for a path into
    the payload its text, its number, or `true`, `false`, `null`; None: no value. Of a very long text the
    beginning is taken. Raises `FilterError` for a field that there is not, or a number that is none.
    """
    if value is None:
        # The absence of a value is what the term without `negate` is about.
        return f"{'' if negate else '-'}{field}:*" if field != "type" else f"{'-' * negate}type:{INVALID}"
    term = f"{field}:{_written(field, value)}"
    parse_filter(term)
    return f"-{term}" if negate else term


def path_field(*path: str | int) -> str:
    """Give the field for a path into the payload: `data.items[0].name`."""
    steps = (
        f"[{key}]" if isinstance(key, int) else f".{key}" if _KEY.fullmatch(key) else f".{quoted(key)}"
        for key in path
    )
    return "".join(("data", *steps))


def quoted(text: str) -> str:
    """Write text in quotes, with escapes for what cannot be seen."""
    escaped = json.dumps(text, ensure_ascii=False)
    return "".join(
        character if character.isprintable() else json.dumps(character)[1:-1] for character in escaped
    )


def _written(field: str, value: str) -> str:
    name = field.partition(".")[0].partition("[")[0]
    if name in FIELDS and FIELDS[name].units and value.isdecimal() and FIELDS[name].units[0] in DURATIONS:
        return f"{value}ns"
    if len(value) > _LONGEST_VALUE:
        return f"{quoted(value[:_LONGEST_VALUE])}*"
    return value if _means(f"{field}:{value}", name, value) else quoted(value)


def _means(written: str, name: str, value: str) -> bool:
    """Whether a term without quotes is about exactly this value."""
    if not value.isprintable() or value.startswith("/") or (name == "type" and value not in TYPES):
        return False
    try:
        root = parse_filter(written).root
    except FilterError:
        return False
    match root:
        case Not(_):
            return False
        case Term(_, Equals(text) | Spelled(text, _) | OneOf((text,))):
            return str(text) == value
        case Term(_, Between(low, high)):
            return low == high and ".." not in value  # a range of one number is no value
        case Term("peer", Begins(text)):
            return text == value
        case Term("text" | "note", Contains(_, _)):
            return False
        case _:
            return name == "kind" and value == "fire_and_forget"  # which is a type of frames too
