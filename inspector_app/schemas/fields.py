"""Fields: what a form draws, and what there is to know of each.

Owns what a field is. How a schema is read as fields is the matter of `reading`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

FieldKind = Literal[
    "text", "number", "integer", "boolean", "choice", "null", "object", "array", "union", "json"
]

_LONG: Final = 10**21
"""From where a whole number is written with an exponent."""


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
            f"above {_written(self.above)}" if self.above is not None else "",
            f"below {_written(self.below)}" if self.below is not None else "",
            f"in steps of {_written(self.step)}" if self.step is not None else "",
            _range(self.shortest, self.longest, "characters"),
            _range(self.fewest, self.most, "items"),
            f"matches {self.pattern}" if self.pattern else "",
        ]
        return ", ".join(word for word in words if word)


NO_LIMITS: Final = Limits()


def _range(low: float | None, high: float | None, unit: str = "") -> str:
    if low is None:
        words = "" if high is None else f"at most {_written(high)}"
    elif high is None:
        words = f"at least {_written(low)}"
    elif unit and not low:
        words = f"at most {_written(high)}"
    else:
        words = f"{_written(low)} to {_written(high)}" if low != high else f"exactly {_written(low)}"
    return f"{words} {unit}".rstrip() if words else ""


def _written(number: float) -> str:
    """Write a number with all the digits it has, short where it has none."""
    whole = int(number)
    return str(whole) if whole == number and abs(whole) < _LONG else f"{number:.15g}"
