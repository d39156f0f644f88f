"""What may be typed next: fields, the values that they take, the units of their numbers.

This module looks at the text before the cursor and at what is known of a capture; it asks no capture itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inspector_app.capture.filter.fields import FIELDS, Field
from inspector_app.capture.filter.writing import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST = 50
"""Completions that are given at most."""

_WORD = re.compile(r'-?((?:[^\s()"]|"(?:[^"\\]|\\.)*"?)*)\Z')
_BARE = re.compile(r"[^\s()\"*?/<>=][^\s()\"*?]*")
_AMOUNT = re.compile(r"(?:<=|>=|<|>|=)?\d+(?:\.\d+)?")
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a capture: names that were seen, the likeliest first."""

    operations: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    """Fields of payloads, such as `data.user.id`."""
    rules: tuple[str, ...] = ()
    """Rules of the protocol that findings name."""
    peers: tuple[str, ...] = ()
    conns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """What could stand from `start` to `end` instead of what does, and what it means."""

    text: str
    start: int
    end: int
    help: str


def complete(text: str, cursor: int, known: Known) -> list[Completion]:
    """Give what may stand where the cursor is, the likeliest first; nothing within a quoted text."""
    cursor = max(0, min(cursor, len(text)))
    before = text[:cursor]
    found = _WORD.search(before)
    word = found[1] if found else ""
    if _in_quotes(before) and ":" not in word:
        return []
    start = cursor - len(word)
    name, colon, value = _halves(word)
    given: Iterable[tuple[str, str]]
    if colon:
        offset, given = start + len(name) + 1, _values(name, value, known)
    else:
        offset, given = start, _fields(word, known)
    return [Completion(each, offset, cursor, told) for each, told in given][:MOST]


def _in_quotes(before: str) -> bool:
    return len(re.findall(r'(?<!\\)"', before)) % 2 == 1


def _halves(word: str) -> tuple[str, bool, str]:
    outside = re.match(r'((?:[^":]|"(?:[^"\\]|\\.)*")*):(.*)\Z', word, re.DOTALL)
    return (outside[1], True, outside[2]) if outside else (word, False, "")


def _fields(word: str, known: Known) -> Iterator[tuple[str, str]]:
    typed = word.lower()
    for each in FIELDS.values():
        if each.name.startswith(typed):
            if each.alone:
                yield each.name, each.help
            if not each.alone or each.units or each.name == "note":
                yield f"{each.name}:" if each.name != "data" else "data.", each.help
    if typed.startswith("data"):
        for path in known.paths:
            if path.lower().startswith(typed):
                yield f"{path}:", "path seen in payloads"
    if typed:
        yield from ((word, told) for word, told in _WORDS if word.startswith(typed))


_WORDS = (("or", "one of both sides"), ("not", "the opposite of what follows"))


def _values(name: str, value: str, known: Known) -> Iterator[tuple[str, str]]:
    each = FIELDS.get(name.lower())
    if name.lower() == "within":
        yield from _units(value, FIELDS["age"])
        return
    if each is None:
        return
    typed = value.strip('"').lower()
    seen = {
        "op": known.operations,
        "code": known.codes,
        "finding": known.rules,
        "peer": known.peers,
        "conn": known.conns,
        "type": tuple(each for each in known.types if each in FIELDS["type"].choices),
    }.get(each.name, ())
    names = dict.fromkeys((*seen, *each.choices))
    for name_ in names:
        if name_.lower().startswith(typed) and len(name_) <= _LONGEST_NAME:
            yield _as_typed(name_), "seen in this capture" if name_ in seen else each.help
    if each.units:
        yield from _units(value, each)
    if not value:
        if each.name in {"finding", "op", "code"}:
            yield "*", "any"
        for example in each.examples:
            if example.startswith(f"{each.name}:") and not names:
                yield example.partition(":")[2], f"for example: {each.help}"


def _as_typed(name: str) -> str:
    return name if _BARE.fullmatch(name) and name.isprintable() else quoted(name)


def _units(value: str, each: Field) -> Iterator[tuple[str, str]]:
    amount = _AMOUNT.match(value)
    if amount is None:
        return
    typed = value[amount.end() :].lower()
    for unit in each.units:
        if unit.startswith(typed):
            yield amount[0] + unit, _UNIT_NAMES.get(unit, unit)


_UNIT_NAMES = {
    "b": "bytes",
    "kb": "1,000 bytes",
    "mb": "million bytes",
    "gb": "billion bytes",
    "kib": "1,024 bytes",
    "mib": "1,024 kib",
    "gib": "1,024 mib",
    "ns": "nanoseconds",
    "us": "microseconds",
    "µs": "microseconds",
    "ms": "milliseconds",
    "s": "seconds",
    "m": "minutes",
    "min": "minutes",
    "h": "hours",
    "d": "days",
}
