"""What the signs of expressions do with values: steps along a path, comparisons, sums. Pure, and bounded.

Whatever has no value raises `ExpressionError`, a step that leads nowhere one of the errors of looking up.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from inspector_app.mock.script.values import ExpressionError, bounded, equal, is_number, named

COMPARES: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WORKS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}


class _Every:
    """Stands for the step to every item, `[*]`: no value is it, whatever comes."""


EVERY = _Every()


def step_told(step: Any) -> str:
    """Write one step of a path."""
    if step is EVERY:
        return "[*]"
    return f"[{str(step)[:60]}]" if is_number(step) else f".{str(step)[:60]}"


def stepped(value: Any, step: Any) -> Any:
    """Give what one step of a path leads to. Raises `KeyError`, `IndexError` or `TypeError`."""
    match value, step:
        case list(), _Every():
            return value
        case dict(), _Every():
            return list(value.values())
        case dict(), str():
            return value[step]
        case dict(), int() | float():
            return value[str(step)]
        case list(), int() if not isinstance(step, bool):
            return value[step]
        case _:
            raise TypeError


def has_step(value: Any, step: Any) -> bool:
    """Tell whether a step leads anywhere."""
    try:
        stepped(value, step)
    except (KeyError, IndexError, TypeError):
        return False
    return True


def contains(value: Any, part: Any, *, lenient: bool) -> bool:
    """Tell whether a list, an object or a text has a part in it."""
    match value:
        case list():
            return any(equal(each, part) for each in value)
        case dict():
            return isinstance(part, str) and part in value
        case str() if isinstance(part, str):
            return part in value
    if lenient:
        return False
    raise ExpressionError(f"in looks into a list, an object or a text, not {named(value)}")


def worked_out(sign: str, one: Any, other: Any) -> Any:
    """Give what a sign of arithmetic makes of two values."""
    together = sign == "+" and any(isinstance(one, kind) and isinstance(other, kind) for kind in (str, list))
    if not together and not (is_number(one) and is_number(other)):
        raise ExpressionError(f"{sign} does not work with {named(one)} and {named(other)}")
    try:
        return bounded(_WORKS[sign](one, other))
    except ZeroDivisionError:
        raise ExpressionError("nothing can be divided by 0") from None
    except OverflowError:
        raise ExpressionError("the number gets too large") from None
