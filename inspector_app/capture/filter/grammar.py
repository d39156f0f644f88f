"""The grammar of the filter language, and the way from text to a tree of words.

This module knows where a term begins and ends, what belongs together, and what to say when that is unclear.
It knows no field and no unit: `fields` makes terms of the words. The parser is made at the first filter.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from inspector_app.capture.filter.errors import FilterError

if TYPE_CHECKING:
    from lark import Lark, Token
    from lark.exceptions import UnexpectedInput

LONGEST = 4000
"""Characters of a filter."""
MOST_TERMS = 200
DEEPEST = 40
"""Parentheses within each other."""

_GRAMMAR = r"""
    start: either?
    either: both (_OR both)*
    both: part (_AND? part)*
    part: negation* atom
    negation: MINUS | NOT
    ?atom: _OPEN either _CLOSE | field | word
    field: FIELD value (WITHIN value)?
    value: COMPARISON? (QUOTED | REGEX | VALUE)
    word: QUOTED | REGEX | WORD

    _OPEN: "("
    _CLOSE: ")"
    _OR.4: /or(?=[\s()"]|\Z)/i
    _AND.4: /and(?=[\s()"]|\Z)/i
    NOT.4: /not(?=[\s()"]|\Z)/i
    MINUS.4: /-(?=[^\s)])/
    WITHIN.5: /within:/i
    FIELD.3: /[A-Za-z_][A-Za-z0-9_]*(?:\.(?:[\w$@-]+|"(?:[^"\\]|\\.)*")|\[(?:-?\d{1,9}|\*)\])*:/
    COMPARISON.3: />=|<=|>|<|=/
    QUOTED.3: /"(?:[^"\\]|\\.)*"\*?/s
    REGEX.3: /\/(?:[^\/\\]|\\.)+\/[A-Za-z]*(?=[\s()]|\Z)/
    VALUE.1: /[^\s()"]+/
    WORD.1: /[^\s()"]+/

    %ignore /\s+/
"""


class Place(NamedTuple):
    """A part of the source: what it says, and where."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Value:
    """What stands behind the colon of a field.

    `kind`: `quoted`, `begins` (quoted, with a star behind), `regex` or `bare`.
    """

    kind: str
    text: str
    """Without its quotes and escapes; of a regular expression, what is between the slashes."""
    comparison: str
    flags: str
    place: Place
    """The value alone."""
    whole: Place
    """With its comparison."""


@dataclass(frozen=True, slots=True)
class Words:
    """A term as it was written. Without `field` it is free text."""

    field: Place | None
    value: Value
    within: Value | None = None


@dataclass(frozen=True, slots=True)
class Negated:
    """What stands behind a minus or `not`."""

    part: Written


@dataclass(frozen=True, slots=True)
class Group:
    """Parts that belong together: all of them (`and`), or one of them (`or`)."""

    together: bool
    parts: tuple[Written, ...]


Written = Words | Negated | Group


def read(source: str) -> Written:
    """Read a filter that has at least one term. Raises `FilterError`."""
    if len(source) > LONGEST:
        raise FilterError(
            f"A filter has at most {LONGEST} characters: make it shorter.", LONGEST, len(source)
        )
    from lark.exceptions import UnexpectedInput

    _check_depth(source)
    try:
        written: Written = _parser().parse(source)  # type: ignore[assignment]  # made by `_Builder`
    except UnexpectedInput as error:
        raise _explained(error, source) from None
    return written


@cache
def _parser() -> Lark:
    from lark import Lark, Transformer

    class Builder(_Builder, Transformer):  # type: ignore[type-arg]  # lark's generics are for its own trees
        pass

    return Lark(_GRAMMAR, parser="lalr", transformer=Builder(visit_tokens=False))


def warm_up() -> None:
    """Make the parser, which takes some tens of milliseconds: to be called where nobody waits."""
    _parser()


class _Builder:
    """What each rule becomes; called by the parser as it goes, so nothing is nested deeper than `Written`."""

    def start(self, parts: list[Written]) -> Written:
        return parts[0] if parts else Group(True, ())

    def either(self, parts: list[Written]) -> Written:
        return parts[0] if len(parts) == 1 else Group(False, tuple(parts))

    def both(self, parts: list[Written]) -> Written:
        return parts[0] if len(parts) == 1 else Group(True, tuple(parts))

    def part(self, parts: list[Any]) -> Written:
        *negations, atom = parts
        return Negated(atom) if len(negations) % 2 else atom

    def negation(self, _: list[Token]) -> None:
        return None

    def field(self, parts: list[Any]) -> Words:
        field, value, *within = parts
        return Words(_place(field), value, within[1] if within else None)

    def word(self, tokens: list[Token]) -> Words:
        return Words(None, self.value(tokens))

    def value(self, tokens: list[Token]) -> Value:
        *comparison, token = tokens
        place = _place(token)
        whole = Place(place.text, _place(comparison[0]).start, place.end) if comparison else place
        kind, text, flags = _unwrapped(token)
        return Value(kind, text, str(comparison[0]) if comparison else "", flags, place, whole)


def _place(token: Token) -> Place:
    return Place(str(token), token.start_pos or 0, token.end_pos or 0)


def _unwrapped(token: Token) -> tuple[str, str, str]:
    if token.type == "REGEX":
        pattern, _, flags = token[1:].rpartition("/")
        return "regex", pattern.replace(r"\/", "/"), flags.lower()
    if token.type == "QUOTED":
        begins = token.endswith("*")
        return "begins" if begins else "quoted", unquoted(_place(token), token.removesuffix("*")), ""
    return "bare", str(token), ""


def unquoted(place: Place, quoted: str) -> str:
    """Take quotes and escapes away, which are those of JSON. Raises `FilterError`."""
    try:
        text = json.loads(quoted, strict=False)
    except ValueError:
        raise FilterError(
            r"In quotes a backslash stands before \" \\ / b f n r t or uXXXX: write \\ for itself.",
            place.start,
            place.end,
        ) from None
    return str(text)


# -- what to say ---------------------------------------------------------------------------------------------


_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


def _check_depth(source: str) -> None:
    # Quotes are blanked out so that what is in them counts for nothing.
    depth = 0
    for place, character in enumerate(_QUOTED.sub(lambda found: " " * len(found[0]), source)):
        depth += (character == "(") - (character == ")")
        if depth > DEEPEST:
            raise FilterError(
                f"Parentheses are nested deeper than {DEEPEST}: say it in a simpler way.", place, place + 1
            )


def _explained(error: UnexpectedInput, source: str) -> FilterError:
    """Say what is missing, or too much, where the parser could not go on."""
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    if isinstance(error, UnexpectedCharacters):
        start = cast("int", error.pos_in_stream)
        return FilterError('This quote is not closed: put another " behind the text.', start, len(source))
    if not isinstance(error, UnexpectedToken):
        return FilterError("This cannot be understood: put text in quotes.", 0, len(source))
    token, expected = error.token, error.accepts or error.expected
    if token.type == "$END":
        return _unfinished(source, expected)
    place = _place(token)
    if token.type == "_CLOSE":
        text = (
            "There is nothing between these parentheses: put terms there."
            if source[: place.start].rstrip().endswith("(")
            else "A term is missing before this parenthesis."
            if "_CLOSE" not in expected and "FIELD" in expected
            else "No parenthesis was opened for this one: take it away, or put it in quotes."
        )
        if "VALUE" in expected:
            text = "A value is missing before this parenthesis."
        return FilterError(text, place.start, place.end)
    if token.type in {"_OR", "_AND"}:
        text = f"A term is missing before {place.text}: put one there, or put the word in quotes."
        return FilterError(text, place.start, place.end)
    return FilterError(f"A value is missing before {place.text}: put one there.", place.start, place.end)


def _unfinished(source: str, expected: set[str]) -> FilterError:
    end = len(source.rstrip())
    words = source.split()
    last = words[-1] if words else ""
    if "VALUE" in expected:
        return FilterError(f"A value is missing behind {last}", end, end)
    if "_CLOSE" in expected:
        start = _unclosed(source)
        return FilterError(
            "This parenthesis is not closed: put ) behind what belongs together.", start, start + 1
        )
    return FilterError(f"A term is missing behind {last}", end, end)


def _unclosed(source: str) -> int:
    opened: list[int] = []
    for place, character in enumerate(_QUOTED.sub(lambda found: " " * len(found[0]), source)):
        if character == "(":
            opened.append(place)
        elif character == ")" and opened:
            opened.pop()
    return opened[-1] if opened else 0
