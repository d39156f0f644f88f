"""Calling functions in expressions, and the functions that must see more than the values they are given.

`default` and `has` take what may be missing, `matches` an expression that is compiled once, `counter` a name
that is written out, so that there are no more counters than the file names.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from inspector_app.capture.filter.patterns import TooMuchWorkError, matcher, problem_of
from inspector_app.capture.filter.readers import nearest
from inspector_app.mock.script.fakes import FAKES
from inspector_app.mock.script.functions import FUNCTIONS
from inspector_app.mock.script.scope import Scope
from inspector_app.mock.script.values import LONGEST_TEXT, ExpressionError, MissingError, bounded, named

Value = Callable[[Scope], Any]
"""Gives the value of an expression. Raises `ExpressionError`."""


def constant(value: Any) -> Value:
    """Give what always gives this value."""

    def always(_: Scope) -> Any:
        return value

    always.constant = value  # type: ignore[attr-defined]  # a function of our own
    return always


def called(name: str, values: list[Value], *, lenient: bool) -> Value:
    """Call a function of the language by its name. Raises `ExpressionError` where there is none."""
    if name == "matches":
        return _matches(values, lenient=lenient)
    if name in OWN:
        return OWN[name](values)
    if name not in FUNCTIONS:
        raise ExpressionError(f"there is no function {name}: {_near_function(name)}")
    function = FUNCTIONS[name]
    _check_count(function, name, len(values))
    return lambda scope: _result(function, [value(scope) for value in values])


def _result(function: Callable[..., Any], values: list[Any]) -> Any:
    try:
        return bounded(function(*values))
    except (OverflowError, ValueError):  # what comes over the wire may be infinite, or no number
        raise ExpressionError("the number gets too large") from None


def made_up(name: str, values: list[Value]) -> Value:
    """Make something up. Raises `ExpressionError` for what cannot be."""
    if name not in FAKES:
        raise ExpressionError(f"there is no fake.{name}: {nearest(name, list(FAKES))}".rstrip("."))
    make = FAKES[name]
    _check_count(make, f"fake.{name}", len(values) + 1)
    return lambda scope: _result(make, [scope.chance, *(value(scope) for value in values)])


def _default(values: list[Value]) -> Value:
    value, other = _exactly(values, 2, "default takes a value and what to take in its place")

    def chosen(scope: Scope) -> Any:
        try:
            found = value(scope)
        except MissingError:
            return other(scope)
        return other(scope) if found is None else found

    return chosen


def _has(values: list[Value]) -> Value:
    (value,) = _exactly(values, 1, "has takes one value")

    def there(scope: Scope) -> bool:
        try:
            return value(scope) is not None
        except MissingError:
            return False

    return there


def _matches(values: list[Value], *, lenient: bool) -> Value:
    pattern, flags = (_constant_text(each) for each in [*values[1:3], constant(""), constant("")][:2])
    if len(values) not in {2, 3} or pattern is None or flags is None:
        raise ExpressionError("matches takes a value and a regular expression in quotes")
    if set(flags) - set("ims"):
        raise ExpressionError("the flags of a regular expression are i, m and s")
    if (problem := problem_of(pattern, flags)) is not None:
        raise ExpressionError(problem[0].lower() + problem[1:].rstrip("."))
    find, value = matcher(pattern, flags), values[0]

    def fits(scope: Scope) -> bool:
        found = value(scope)
        if not isinstance(found, str):
            if lenient:
                return False
            raise ExpressionError(f"matches takes a text, not {named(found)}")
        if len(found) > LONGEST_TEXT:
            raise ExpressionError(f"matches takes a text of up to {LONGEST_TEXT:,} characters")
        try:
            return find(found.encode("utf-8", "surrogatepass"))
        except TooMuchWorkError:
            raise ExpressionError("the text is too large for this regular expression") from None

    return fits


def _counter(values: list[Value]) -> Value:
    name = _constant_text(values[0]) if values else None
    start = getattr(values[1], "constant", None) if len(values) > 1 else 1
    if name is None or len(values) > 2 or not isinstance(start, int):
        raise ExpressionError('counter takes a name in quotes, and where to begin: counter("orders", 1000)')
    return lambda scope: scope.counter(name, start)


OWN: dict[str, Callable[[list[Value]], Value]] = {
    "default": _default,
    "has": _has,
    "counter": _counter,
}
"""Functions that are given what makes their values; `matches` is one more."""


def _constant_text(value: Value) -> str | None:
    text = getattr(value, "constant", None)
    return text if isinstance(text, str) else None


def _exactly(values: list[Value], count: int, text: str) -> list[Value]:
    if len(values) != count:
        raise ExpressionError(text)
    return values


def _near_function(name: str) -> str:
    told = nearest(name, [*FUNCTIONS, *OWN, "matches"])
    return told if told.endswith("?") else "see docs/mock.md for those that there are"


def _check_count(function: Callable[..., Any], name: str, given: int) -> None:
    least, most = _arity(function)
    if not least <= given <= most:
        raise ExpressionError(f"{name} does not take so many values")


@lru_cache(maxsize=256)
def _arity(function: Callable[..., Any]) -> tuple[int, int]:
    parameters = inspect.signature(function).parameters.values()
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return 1, 100
    return sum(each.default is each.empty for each in parameters), len(parameters)
