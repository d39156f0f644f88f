"""A filter as a tree: what it asks of a frame, without a word on how that is found out.

Plain data, compared by value. Numbers are in the unit of the column that they are compared with: bytes,
nanoseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Number = int | float
Operator = Literal["<", "<=", ">", ">="]
Key = str | int | None
"""A step into a payload: a key, a place in an array (negative: from its end), None for any place."""


# -- tests of one value --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Equals:
    """The value is this text, or this number."""

    value: str | int


@dataclass(frozen=True, slots=True)
class Spelled:
    """A word of a payload as it was written: the text, the number or the constant that it spells."""

    word: str
    number: Number | None


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value is one of these texts; an empty tuple fits nothing."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compares:
    """The value stands so to a number."""

    operator: Operator
    number: Number


@dataclass(frozen=True, slots=True)
class Between:
    """The value is neither below `low` nor above `high`."""

    low: Number
    high: Number


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of day is from `first_ns` to `last_ns`; over midnight when the first is later."""

    first_ns: int
    last_ns: int


@dataclass(frozen=True, slots=True)
class Begins:
    """The value begins with this text."""

    text: str


@dataclass(frozen=True, slots=True)
class Glob:
    """The whole value fits a pattern: `*` is any text, `?` any character, all else is itself."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Regex:
    """A part of the value fits a regular expression; `flags` are letters out of `ims`."""

    pattern: str
    flags: str


@dataclass(frozen=True, slots=True)
class Present:
    """There is a value."""


@dataclass(frozen=True, slots=True)
class Contains:
    """The value has this text in it; `exact`: with the same upper and lower case of ASCII letters."""

    text: str
    exact: bool


@dataclass(frozen=True, slots=True)
class Near:
    """A frame of this type went by at most `within_ns` before (or, `later`, after)."""

    type: str | None
    within_ns: Number
    later: bool


Test = (
    Equals | Spelled | OneOf | Compares | Between | Clock | Begins | Glob | Regex | Present | Contains | Near
)


# -- the tree ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Term:
    """One field of a frame and what is asked of it. `path` leads into the payload, for the field `data`."""

    field: str
    test: Test
    path: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Node


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; without parts, any frame fits."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One part at least holds."""

    parts: tuple[Node, ...]


Node = Term | Not | All | Either
