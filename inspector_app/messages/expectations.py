"""What is expected of an answer: `data.ok == true`, `latency < 200ms`, `code is not_found`.

Owns the little language and its judgement. It looks at an answer and changes nothing.
"""

from __future__ import annotations

import difflib
import json
import operator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from inspector_app.capture.filter.patterns import TooMuchWorkError, matcher, problem_of
from inspector_app.capture.filter.values import DURATIONS
from inspector_app.payload_path import follow, steps_of

if TYPE_CHECKING:
    from lark import Lark

    from inspector_app.messages.answers import Answer
    from inspector_app.payload_path import Step

LONGEST: Final = 2000
"""Characters of an expectation."""

_GRAMMAR: Final = r"""
    start: "expect"? subject predicate
    subject: SUBJECT
    predicate: COMPARISON value   -> compares
        | "contains" value        -> contains
        | "matches" REGEX         -> matches
        | "is" "missing"          -> missing
        | "exists"                -> exists
        | "is" WORD               -> is_word
    value: JSON | DURATION | WORD

    SUBJECT.2: /(?!(?:expect|exists)\b)[A-Za-z_]\w*(?:\.(?:[\w$@-]+|"(?:[^"\\]|\\.)*")|\[-?\d{1,9}\])*/
    COMPARISON: "==" | "!=" | "<=" | ">=" | "<" | ">"
    JSON.3: /"(?:[^"\\]|\\.)*"|[\[{].*|(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.µ])/s
    DURATION.2: /\d+(?:\.\d+)?(?:ns|us|µs|ms|s|min|m|h|d)\b/
    REGEX: /\/(?:[^\/\\]|\\.)+\/[ims]*/
    WORD: /[A-Za-z_][\w.-]*/

    %ignore /\s+/
"""

SUBJECTS: Final = {
    "data": "the result of a request",
    "items": "the items of a stream",
    "count": "how many items came",
    "outcome": "ok, error, timeout, cancelled, overflow, closed or lost",
    "code": "the code of an error",
    "message": "the text of an error",
    "details": "the details of an error",
    "latency": "until the first frame of the other side",
    "duration": "until the end",
}
"""What can be spoken of, with what it is; `data`, `items` and `details` take a path behind them."""

_PATHS: Final = ("data", "items", "details")
_OF_FAILURE: Final = {"outcome", "code", "message", "details"}
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "text": (str,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}
_COMPARE: Final = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_SHOWN: Final = 120


class ExpectationError(ValueError):
    """An expectation that cannot be read; the text is one sentence that says what to do."""


class _Missing:
    """Stands for what is not there."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an expectation was met; if not, `text` says what came instead."""

    met: bool
    expected: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that is expected. Made by `read_expectation`."""

    source: str
    subject: str
    steps: tuple[Step, ...]
    test: str
    """`==`, `!=`, `<`, `<=`, `>`, `>=`, `contains`, `matches`, `missing`, `exists` or `type`."""
    value: object = None

    @property
    def speaks_of_failure(self) -> bool:
        """Whether it is about how the exchange ended, so that an error may be what is expected."""
        return self.subject in _OF_FAILURE

    def judge(self, answer: Answer) -> Verdict:
        """Hold it against an answer."""
        found = self._found(answer)
        if self.test == "missing":
            return self._verdict(isinstance(found, _Missing), found)
        if isinstance(found, _Missing):
            return Verdict(False, self.source, "there is nothing")
        try:
            return self._verdict(self._holds(found), found)
        except TooMuchWorkError:
            return Verdict(False, self.source, "the text is too large for this expression")

    def _found(self, answer: Answer) -> object:
        value: object
        match self.subject:
            case "data":
                value = answer.data
            case "items":
                value = list(answer.items)
            case "count":
                value = len(answer.items)
            case "latency":
                value = answer.latency_ns
            case "duration":
                value = answer.duration_ns
            case "details":
                value = answer.details
            case name:
                value = str(getattr(answer, name))
        if value is None and self.subject in ("latency", "duration"):
            return _Missing()
        if value == "" and self.subject in ("code", "message"):
            return _Missing()
        try:
            return follow(value, list(self.steps))
        except LookupError:
            return _Missing()

    def _holds(self, found: object) -> bool:
        match self.test:
            case "exists":
                return True
            case "==":
                return _same(found, self.value)
            case "!=":
                return not _same(found, self.value)
            case "contains":
                return _contains(found, self.value)
            case "matches":
                pattern, flags = cast("tuple[str, str]", self.value)
                text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
                return matcher(pattern, flags)(text.encode("utf-8", "replace"))
            case "type":
                return _is_type(found, str(self.value))
            case _:
                return _compared(found, self.test, self.value)

    def _verdict(self, met: bool, found: object) -> Verdict:
        return Verdict(met, self.source, "" if met else f"it is {self._told(found)}")

    def _told(self, found: object) -> str:
        if self.subject in ("latency", "duration") and isinstance(found, int):
            return f"{found / 1e6:.3g} ms"
        text = json.dumps(found, ensure_ascii=False)
        return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _same(found: object, value: object) -> bool:
    """Compare as JSON does, however deep: `1` is `1.0`, and no number is `true`."""
    if isinstance(found, bool) or isinstance(value, bool):
        return found is value
    if isinstance(found, list) and isinstance(value, list):
        return len(found) == len(value) and all(map(_same, found, value))
    if isinstance(found, dict) and isinstance(value, dict):
        return found.keys() == value.keys() and all(_same(each, value[key]) for key, each in found.items())
    return found == value


def _contains(found: object, value: object) -> bool:
    if isinstance(found, str):
        return isinstance(value, str) and value in found
    if isinstance(found, list):
        return any(_same(each, value) for each in found)
    return isinstance(found, dict) and isinstance(value, str) and value in found


def _is_type(found: object, name: str) -> bool:
    if isinstance(found, bool):
        return name == "boolean"
    return isinstance(found, _TYPES[name])


def _compared(found: object, test: str, value: object) -> bool:
    both_numbers = all(
        isinstance(each, (int, float)) and not isinstance(each, bool) for each in (found, value)
    )
    if not both_numbers and not (isinstance(found, str) and isinstance(value, str)):
        return False
    left, right = cast("Any", found), cast("Any", value)
    return bool(_COMPARE[test](left, right))


# -- reading -----------------------------------------------------------------------------------------------


def read_expectation(source: str) -> Expectation:
    """Read an expectation. Raises `ExpectationError`."""
    from lark.exceptions import UnexpectedInput

    if len(source) > LONGEST:
        raise ExpectationError(f"An expectation has at most {LONGEST} characters: make it shorter.")
    try:
        tree: Any = _parser().parse(source)
    except UnexpectedInput as error:
        place = getattr(error, "pos_in_stream", None)
        at = place if isinstance(place, int) and 0 <= place < len(source) else len(source)
        raise ExpectationError(f"{_near(source, at)} {_EXAMPLES}") from None
    subject, predicate = tree.children
    name, steps = _subject(str(subject.children[0]))
    test, value = _test(predicate, name)
    return Expectation(source.strip(), name, steps, test, value)


_EXAMPLES: Final = "write data.ok == true, latency < 200ms, code is not_found or data.id exists."


def _near(source: str, at: int) -> str:
    if at >= len(source):
        return f"{source.strip()!r} is not finished:"
    return f"{source[at : at + 20]!r} is not understood:"


@cache
def _parser() -> Lark:
    from lark import Lark

    return Lark(_GRAMMAR, parser="lalr")


def _subject(path: str) -> tuple[str, tuple[Step, ...]]:
    try:
        first, *rest = steps_of(path)
    except ValueError:
        raise ExpectationError(f"{path[:40]} is no path that can be followed: make it shorter.") from None
    name = str(first)
    if name not in SUBJECTS:
        close = difflib.get_close_matches(name, SUBJECTS, n=1, cutoff=0.6)
        meant = f"did you mean {close[0]}?" if close else f"use {', '.join(SUBJECTS)}."
        raise ExpectationError(f"{name} is nothing that an answer has: {meant}")
    if rest and name not in _PATHS:
        raise ExpectationError(f"{name} has no parts: take {path[len(name) :]} away.")
    return name, tuple(rest)


def _test(predicate: Any, subject: str) -> tuple[str, object]:
    children = predicate.children
    match predicate.data:
        case "compares":
            value = _value(children[1].children[0], subject)
            if subject in ("latency", "duration") and (isinstance(value, bool) or not isinstance(value, int)):
                raise ExpectationError(f"{subject} is a time: write it with its unit, such as 200ms.")
            return str(children[0]), value
        case "contains":
            return "contains", _value(children[0].children[0], subject)
        case "matches":
            pattern, _, flags = str(children[0])[1:].rpartition("/")
            problem = problem_of(pattern, flags)
            if problem is not None:
                raise ExpectationError(problem)
            return "matches", (pattern, flags)
        case "is_word":
            word = str(children[0])
            if subject in ("outcome", "code", "message"):
                return "==", word
            if word not in _TYPES:
                raise ExpectationError(f"{word} is no type: use {', '.join(_TYPES)}.")
            return "type", word
        case name:
            return str(name), None


def _value(token: Any, subject: str) -> object:
    text = str(token)
    if token.type == "DURATION":
        number = text.rstrip("abcdefghijklmnopqrstuvwxyzµ")
        return round(float(number) * DURATIONS[text[len(number) :]])
    if token.type == "JSON":
        if subject in ("latency", "duration"):
            raise ExpectationError(f"{subject} is a time: write it with its unit, such as 200ms.")
        try:
            return json.loads(text)
        except ValueError:
            raise ExpectationError(f"{text[:40]} is no JSON value: mend it.") from None
    return text
