"""From words to a filter: every term is given its meaning.

This module owns how terms that stand together become one, and what a filter is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from inspector_app.capture.filter.errors import FilterError
from inspector_app.capture.filter.fields import FIELDS, WITHIN
from inspector_app.capture.filter.grammar import (
    MOST_TERMS,
    Group,
    Negated,
    Place,
    Value,
    Words,
    Written,
    read,
    unquoted,
)
from inspector_app.capture.filter.nodes import (
    All,
    Between,
    Compares,
    Either,
    Equals,
    Key,
    Near,
    Node,
    Not,
    Number,
    OneOf,
    Present,
    Term,
    Test,
)
from inspector_app.capture.filter.readers import nearest

_STEP = re.compile(r'\.([\w$@-]+)|\.("(?:[^"\\]|\\.)*")|\[(-?\d+|\*)\]')
_DEEPEST_PATH = 50
_MISPLACED = "within: belongs right behind after: or before:, as in after:error within:1s."


EVERYTHING = All(())
"""The tree of a filter that leaves out nothing."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter that was understood. False when it takes every frame."""

    source: str
    root: Node = EVERYTHING

    def __bool__(self) -> bool:
        """Whether it leaves out anything."""
        return self.root != EVERYTHING

    @property
    def changes(self) -> bool:
        """Whether a frame that did not fit may fit later, or the other way round: it asks about now."""
        return any(FIELDS[each.field].changes for each in self.terms)

    @property
    def ages(self) -> bool:
        """Whether what fits depends on the time at which it is asked."""
        return any(each.field == "age" for each in self.terms)

    @property
    def terms(self) -> list[Term]:
        """What it asks, wherever in the tree."""
        return _terms(self.root)


def _terms(node: Node) -> list[Term]:
    match node:
        case Term():
            return [node]
        case Not(part):
            return _terms(part)
        case All(parts) | Either(parts):
            return [term for part in parts for term in _terms(part)]


def parse_filter(text: str) -> Filter:
    """Read a filter; of blank text, the one that takes everything. Raises `FilterError`."""
    if not text.strip():
        return Filter(text)
    written = read(text)
    if _count(written) > MOST_TERMS:
        raise FilterError(f"A filter has at most {MOST_TERMS} terms: leave some out.", 0, len(text))
    return Filter(text, _meant(written))


def _count(written: Written) -> int:
    match written:
        case Words():
            return 1
        case Negated(part):
            return _count(part)
        case Group(_, parts):
            return sum(map(_count, parts))


def _meant(written: Written) -> Node:
    match written:
        case Negated(part):
            return Not(_meant(part))
        case Group(together, parts):
            meant = tuple(map(_meant, parts))
            return All(meant) if together else Either(meant)
        case Words(None, value, _):
            return _free(value)
        case Words(field, value, within):
            assert field is not None  # noqa: S101 - the case above
            return _field(field, value, within)


def _free(value: Value) -> Node:
    word = value.text.lower()
    if value.kind == "bare" and word in FIELDS and FIELDS[word].alone:
        return Term(word, Present())
    if value.kind == "bare" and word in {"or", "and"}:
        text = f"A term is missing before {value.text}: put one there, or put the word in quotes."
        raise FilterError(text, value.place.start, value.place.end)
    if value.kind == "bare" and value.text == "*":
        return EVERYTHING
    return Term("text", FIELDS["text"].read(value))


def _field(written: Place, value: Value, within: Value | None) -> Node:
    name, path = _name_and_path(written)
    if within is not None and name not in {"after", "before"}:
        raise FilterError(_MISPLACED, within.whole.start - len("within:"), within.whole.end)
    test = FIELDS[name].read(value)
    if name in {"after", "before"}:
        return _near(name, test, value, within)
    if isinstance(test, OneOf) and "" in test.values:
        # What is no frame has no type.
        named = OneOf(tuple(each for each in test.values if each))
        invalid = Not(Term(name, Present()))
        return Either((Term(name, named), invalid)) if named.values else invalid
    if name == "kind" and isinstance(test, OneOf) and "fire_and_forget" in test.values:
        return Either((Term(name, test), Term("type", OneOf(("fire_and_forget",)))))
    return Term(name, test, path)


def _name_and_path(written: Place) -> tuple[str, tuple[Key, ...]]:
    word = re.match(r"\w+", written.text)
    assert word is not None  # noqa: S101 - the grammar
    name = word[0].lower()
    end = written.start + len(word[0])
    if name == "within":
        raise FilterError(_MISPLACED, written.start, written.end)
    if name not in FIELDS:
        raise FilterError(
            f"There is no field {word[0][:40]}: {nearest(name, list(FIELDS))} Quote text with a colon.",
            written.start,
            end,
        )
    rest = written.text[len(word[0]) : -1]
    if rest and name != "data":
        raise FilterError(f"Only data has paths: write {name}: alone.", end, written.end - 1)
    path = tuple(_step(found, written) for found in _STEP.finditer(rest))
    if len(path) > _DEEPEST_PATH:
        raise FilterError(
            f"A path has at most {_DEEPEST_PATH} steps: make it shorter.", written.start, written.end
        )
    return name, path


def _step(found: re.Match[str], written: Place) -> Key:
    name, quoted, place = found.groups()
    if name is not None:
        return str(name)
    if quoted is not None:
        return unquoted(written, quoted)
    return None if place == "*" else int(place)


def _near(name: str, test: Test, value: Value, within: Value | None) -> Node:
    if within is None:
        raise FilterError(
            f"Say how soon {name} it, as in {name}:{value.place.text[:40]} within:1s.",
            value.whole.end,
            value.whole.end,
        )
    duration = _duration(WITHIN(within), within)
    match test:
        case OneOf(values):
            types: tuple[str | None, ...] = tuple(each or None for each in values)
        case Equals(str(text)):
            types = (text,)
        case _:
            raise FilterError(f"{name}: takes one type of frames.", value.whole.start, value.whole.end)
    near: tuple[Node, ...] = tuple(Term(name, Near(each, duration, later=name == "before")) for each in types)
    return near[0] if len(near) == 1 else Either(near)


def _duration(test: Test, within: Value) -> Number:
    match test:
        case Between(low, high) if low == high and low >= 0:
            return low
        case Compares("<" | "<=", number) if number >= 0:
            return number
        case _:
            raise FilterError("Here stands one duration, such as 1s.", within.whole.start, within.whole.end)
