"""From the written value of a term to the test that it stands for, one function a sort of field.

This module owns what values may look like, and the sentences for those that may not.
"""

from __future__ import annotations

import difflib
import re
from fnmatch import translate
from typing import TYPE_CHECKING, NoReturn

from inspector_app.capture.filter.errors import FilterError
from inspector_app.capture.filter.nodes import (
    Begins,
    Between,
    Clock,
    Compares,
    Contains,
    Equals,
    Glob,
    Number,
    OneOf,
    Operator,
    Present,
    Regex,
    Spelled,
    Test,
)
from inspector_app.capture.filter.patterns import FLAGS, problem_of
from inspector_app.capture.filter.values import (
    DAY_NS,
    BadValueError,
    Span,
    amount,
    integer,
    json_number,
    moment,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inspector_app.capture.filter.grammar import Value

_OPERATORS: dict[str, Operator] = {"<": "<", "<=": "<=", ">": ">", ">=": ">="}
_RANGE = ".."


def refuse(value: Value, text: str) -> NoReturn:
    """Say that a value is wrong."""
    raise FilterError(text, value.whole.start, value.whole.end)


def nearest(word: str, known: list[str]) -> str:
    """Give what was probably meant, as the end of a sentence; the beginning of one when nothing is near."""
    close = difflib.get_close_matches(word[:40].lower(), known, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"there is {', '.join(known[:-1])} and {known[-1]}."


# -- choices -------------------------------------------------------------------------------------------------


def choice(value: Value, name: str, choices: Mapping[str, tuple[str, ...]]) -> Test:
    """One of a few words, whatever their case; a pattern of them; in quotes, any text as it is."""
    if value.comparison not in {"", "="}:
        refuse(value, f"{name}: takes a word and no comparison: leave out {value.comparison}")
    match value.kind:
        case "quoted":
            return Equals(value.text)
        case "begins":
            return Begins(value.text)
        case "regex":
            refuse(
                value,
                f"{name}: takes no regular expression, but a pattern such as {name}:{next(iter(choices))}",
            )
    word = value.text.lower().replace("-", "_")
    if word == "*":
        return Present()
    if _is_glob(word):
        fits = re.compile(translate(word.replace("[", "[[]"))).fullmatch
        found = dict.fromkeys(each for name, held in choices.items() if fits(name) for each in held)
    else:
        found = dict.fromkeys(choices.get(word, ()))
    if not found:
        refuse(value, f"{name}: does not know {_short(value.text)}: {nearest(word, list(choices))}")
    return OneOf(tuple(found))


def nothing(value: Value) -> Test:
    """No value at all."""
    refuse(value, "This word stands alone: leave out the colon and what is behind it.")


# -- text ----------------------------------------------------------------------------------------------------


def text(value: Value) -> Test:
    """A text: whole, as a pattern, or as a regular expression."""
    return _text(value) or Equals(value.text)


def beginning(value: Value) -> Test:
    """A text by its beginning; in quotes, whole."""
    return _text(value) or (Equals(value.text) if value.kind == "quoted" else Begins(value.text))


def content(value: Value) -> Test:
    """Text that is somewhere: in any case, or in quotes as it is."""
    if value.comparison:
        refuse(value, f"Text cannot be compared: put {_short(value.comparison + value.text)} in quotes.")
    if value.kind == "regex":
        return _regex(value)
    if value.kind == "bare" and value.text == "*":
        return Present()
    return Contains(value.text, exact=value.kind != "bare")


def _text(value: Value) -> Test | None:
    if value.comparison not in {"", "="}:
        refuse(
            value, f"Names cannot be compared: leave out {value.comparison}, or write a pattern such as a*."
        )
    if value.kind == "regex":
        return _regex(value)
    if value.kind == "begins":
        return Begins(value.text)
    if value.kind == "bare" and value.text == "*":
        return Present()
    if value.kind == "bare" and _is_glob(value.text):
        return Glob(value.text)
    return None


def _is_glob(word: str) -> bool:
    return "*" in word or "?" in word


def _regex(value: Value) -> Regex:
    place = value.place
    unknown = next((flag for flag in value.flags if flag not in FLAGS), None)
    if unknown is not None:
        start = place.end - len(value.flags)
        text = f"Behind a regular expression stand only {', '.join(FLAGS)}: put text with slashes in quotes."
        raise FilterError(text, start, place.end)
    flags = "".join(sorted(set(value.flags)))
    problem = problem_of(value.text, flags)
    if problem is not None:
        raise FilterError(problem, place.start, place.end)
    return Regex(value.text, flags)


# -- numbers -------------------------------------------------------------------------------------------------


def measure(value: Value, units: dict[str, int], *, bare: int | None, example: str) -> Test:
    """A number with a unit, compared or as a range."""
    return _number(value, lambda text: amount(text, units, bare=bare, example=example))


def whole(value: Value, *, mark: str = "") -> Test:
    """A whole number, compared or as a range; `mark` may stand before it."""
    return _number(value, lambda text: integer(text.removeprefix(mark)))


def _number(value: Value, read: Callable[[str], Number]) -> Test:
    if value.kind == "bare" and value.text == "*" and not value.comparison:
        return Present()
    if value.kind != "bare":
        try:
            read("")
        except BadValueError as problem:
            refuse(value, f"Here stands {problem}, without quotes or slashes.")
    return _compared(value, lambda text, start: _read(read, text, start))


def _read(read: Callable[[str], Number], text: str, start: int) -> Number:
    try:
        return read(text)
    except BadValueError as problem:
        raise FilterError(f"Here stands {problem}.", start, start + len(text)) from None


def _compared(value: Value, read: Callable[[str, int], Number]) -> Test:
    start = value.place.start
    low, dots, high = value.text.partition(_RANGE)
    if dots:
        if value.comparison:
            refuse(value, f"A range is not compared: leave out {value.comparison}")
        return Between(read(low, start), read(high, start + len(low) + len(_RANGE)))
    number = read(value.text, start)
    if value.comparison in _OPERATORS:
        return Compares(_OPERATORS[value.comparison], number)
    return Between(number, number)


# -- times ---------------------------------------------------------------------------------------------------


def time(value: Value) -> Test:
    """A time of day or a date: compared, as a range, or as exactly as it is written."""
    if value.kind != "bare":
        refuse(value, "Here stands a time such as 14:05 or 2026-11-22, without quotes or slashes.")
    low, dots, high = value.text.partition(_RANGE)
    start = value.place.start
    first = _moment(low, start)
    last = _moment(high, start + len(low) + len(_RANGE)) if dots else first
    if first.clock != last.clock:
        refuse(value, "Both ends of a range are times of day, or both have a date.")
    if dots and value.comparison:
        refuse(value, f"A range is not compared: leave out {value.comparison}")
    if value.comparison in _OPERATORS:
        return _beside(_OPERATORS[value.comparison], first)
    return Clock(first.first, last.last) if first.clock else Between(first.first, last.last)


def _moment(text: str, start: int) -> Span:
    try:
        return moment(text)
    except BadValueError as problem:
        raise FilterError(f"Here stands {problem}.", start, start + len(text)) from None


def _beside(operator: Operator, span: Span) -> Test:
    at = span.first
    if not span.clock:
        return Compares(operator, at)
    match operator:
        case "<":
            return Clock(0, at - 1) if at else OneOf(())
        case "<=":
            return Clock(0, at)
        case ">":
            return Clock(at + 1, DAY_NS - 1)
        case ">=":
            return Clock(at, DAY_NS - 1)


# -- payloads ------------------------------------------------------------------------------------------------


def payload(value: Value) -> Test:
    """A value in a payload: text, number or constant, compared, as a pattern or as a regular expression."""
    if value.kind != "bare":
        if value.comparison not in {"", "="}:
            refuse(value, "Only numbers are compared in payloads: write one without quotes, such as >10.")
        return _text(value) or Equals(value.text)
    low, dots, high = value.text.partition(_RANGE)
    if value.comparison not in {"", "="} or (
        dots and json_number(low) is not None and json_number(high) is not None
    ):
        return _compared(value, _payload_number)
    return _text(value) or Spelled(value.text, json_number(value.text))


def _payload_number(text: str, start: int) -> Number:
    number = json_number(text)
    if number is None:
        raise FilterError(
            "Payloads are compared with plain numbers, without a unit, such as 10 or 0.5.",
            start,
            start + len(text),
        )
    return number


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
