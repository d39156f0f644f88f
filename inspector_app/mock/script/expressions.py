"""The language of templates and conditions: from text to something that gives a value.

Owns the grammar and what its parts mean. There are no loops, no assignments and no way to anything but the
names of a scope, so an expression ends, and takes no more time than its values are large. A part of a value
is named as in filters: `data.items[0].name`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from functools import cache
from typing import Any, cast

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedInput, UnexpectedToken, VisitError

from inspector_app.capture.filter.readers import nearest
from inspector_app.mock.script.calls import Value, called, constant, made_up
from inspector_app.mock.script.scope import NAMES, Scope
from inspector_app.mock.script.values import ExpressionError, MissingError, bounded, equal, is_number, named
from inspector_app.mock.script.working import (
    COMPARES,
    EVERY,
    contains,
    has_step,
    step_told,
    stepped,
    worked_out,
)

Known = Mapping[str, Set[str] | None]
"""The names that an expression may begin with, and the parts that each has; None: whatever comes."""

LONGEST = 2000
"""Characters of an expression."""
_LONGEST_PATH = 50

_GRAMMAR = r"""
    ?start: choice
    ?choice: either ["if" either "else" choice]
    ?either: both ("or" both)*
    ?both: negation ("and" negation)*
    ?negation: "not" negation -> no
        | comparison
    ?comparison: sum [COMPARES sum]
        | sum "in" sum -> within
        | sum "not" "in" sum -> not_within
    ?sum: product (ADDS product)*
    ?product: signed (TIMES signed)*
    ?signed: "-" signed -> minus
        | piped
    ?piped: part ("|" NAME ["(" values ")"])*
    ?part: atom step*
    step: "." KEY | "." QUOTED | "[" choice "]" | "[" "*" "]"
    ?atom: NUMBER -> number
        | QUOTED -> quoted
        | "true" -> true
        | "false" -> false
        | "null" -> null
        | "fake" "." KEY ["(" values ")"] -> fake
        | NAME "(" values ")" -> call
        | NAME -> name
        | "[" values "]" -> listed
        | "(" choice ")"
    values: [choice ("," choice)*]

    COMPARES: "==" | "!=" | "<=" | ">=" | "<" | ">"
    ADDS: "+" | "-"
    TIMES: "*" | "//" | "/" | "%"
    NAME: /[A-Za-z_]\w*/
    KEY: /[\w$@-]+/
    NUMBER: /\d+(\.\d+)?([eE][+-]?\d+)?/
    QUOTED: /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/
    %ignore /\s+/
"""


def compiled(text: str, known: Known, *, lenient: bool = False) -> Value:
    """Read an expression. With `lenient` what is not there is null, and compares with nothing.

    Raises `ExpressionError`.
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"an expression has at most {LONGEST} characters")
    try:
        tree = _parser().parse(text)
        made: Value = _Maker(known, lenient=lenient).transform(tree)
    except UnexpectedInput as error:
        raise ExpressionError(_explained(error, text)) from None
    except VisitError as error:
        if isinstance(error.orig_exc, ExpressionError):
            raise error.orig_exc from None
        raise
    except RecursionError:
        raise ExpressionError("this is nested too deeply: say it in a simpler way") from None
    return made


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", maybe_placeholders=True)


def _explained(error: UnexpectedInput, text: str) -> str:
    at_end = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    rest = "" if at_end else text[cast("int", error.pos_in_stream) :][:20].strip()
    return f"{text[:200]!r} cannot be understood at {rest!r}" if rest else f"{text[:200]!r} is not finished"


class _Maker(Transformer[Token, Value]):
    """Makes of each part of the tree what gives its value."""

    def __init__(self, known: Known, *, lenient: bool) -> None:
        super().__init__()
        self._known = known
        self._lenient = lenient

    # -- what is written out ------------------------------------------------------------------------------

    def number(self, parts: list[Token]) -> Value:
        text = str(parts[0])
        return constant(bounded(int(text) if text.isdecimal() else float(text)))

    def quoted(self, parts: list[Token]) -> Value:
        return constant(_unquoted(parts[0]))

    def true(self, _: list[Any]) -> Value:
        return constant(True)

    def false(self, _: list[Any]) -> Value:
        return constant(False)

    def null(self, _: list[Any]) -> Value:
        return constant(None)

    def listed(self, parts: list[list[Value]]) -> Value:
        (values,) = parts
        return lambda scope: bounded([value(scope) for value in values])

    def values(self, parts: list[Value | None]) -> list[Value]:
        return [part for part in parts if part is not None]

    # -- names and paths ----------------------------------------------------------------------------------

    def name(self, parts: list[Token]) -> Value:
        return self._path(_no_sign(parts[0]), [])

    def part(self, parts: list[Any]) -> Value:
        first, *steps = parts
        if len(steps) > _LONGEST_PATH:
            raise ExpressionError(f"a path has at most {_LONGEST_PATH} steps")
        root = getattr(first, "root", None)
        if root is not None:
            return self._path(root, steps)
        return self._stepping(first, steps, "the value")

    def step(self, parts: list[Any]) -> Any:
        if not parts:
            return EVERY
        (key,) = parts
        if isinstance(key, Token):
            return _unquoted(key) if key.type == "QUOTED" else str(key)
        return key

    def _path(self, root: str, steps: list[Any]) -> Value:
        if root not in self._known:
            raise ExpressionError(f"there is no {root} here: {nearest(root, [*self._known])}".rstrip("."))
        parts = self._known[root]
        if parts is not None and steps and isinstance(steps[0], str) and steps[0] not in parts:
            hint = nearest(steps[0], sorted(parts)) if parts else f"declare it in [{root}]"
            raise ExpressionError(f"there is no {root}.{steps[0]}: {hint}".rstrip("."))
        lenient = self._lenient

        def begin(scope: Scope) -> Any:
            if root in scope.names or lenient:
                return scope.names.get(root)
            raise MissingError(f"there is no {root} yet")

        value = self._stepping(begin, steps, root)
        if not steps:
            value.root = root  # type: ignore[attr-defined]  # a function of our own, asked for in `part`
        return value

    def _stepping(self, begin: Value, steps: list[Any], root: str) -> Value:
        keys = [(key if callable(key) else constant(key)) for key in steps]
        lenient = self._lenient

        def value(scope: Scope) -> Any:
            found, told = begin(scope), root
            spread = False
            for key in keys:
                step = key(scope)
                told += step_told(step)
                try:
                    if spread:
                        found = [stepped(each, step) for each in found if has_step(each, step)]
                    else:
                        found = stepped(found, step)
                except (KeyError, IndexError, TypeError):
                    if lenient:
                        return None
                    raise MissingError(f"there is no {told}") from None
                spread = spread or step is EVERY
            return found

        return value

    # -- calls --------------------------------------------------------------------------------------------

    def call(self, parts: list[Any]) -> Value:
        return self._called(_no_sign(parts[0]), parts[1])

    def piped(self, parts: list[Any]) -> Value:
        value: Value = parts[0]
        for name, more in zip(parts[1::2], parts[2::2], strict=True):
            value = self._called(str(name), [value, *(more or [])])
        return value

    def fake(self, parts: list[Any]) -> Value:
        return made_up(str(parts[0]), parts[1] or [])

    def _called(self, name: str, values: list[Value]) -> Value:
        return called(name, values, lenient=self._lenient)

    # -- what is worked out -------------------------------------------------------------------------------

    def choice(self, parts: list[Any]) -> Value:
        value, condition, other = parts
        if condition is None:
            return value  # type: ignore[no-any-return]  # made here
        return lambda scope: value(scope) if condition(scope) else other(scope)

    def either(self, parts: list[Value]) -> Value:
        def first_true(scope: Scope) -> Any:
            found = None
            for part in parts:
                found = part(scope)
                if found:
                    break
            return found

        return first_true

    def both(self, parts: list[Value]) -> Value:
        def last_true(scope: Scope) -> Any:
            found = None
            for part in parts:
                found = part(scope)
                if not found:
                    break
            return found

        return last_true

    def no(self, parts: list[Value]) -> Value:
        (part,) = parts
        return lambda scope: not part(scope)

    def comparison(self, parts: list[Any]) -> Value:
        one, sign, other = parts
        if sign is None:
            return one  # type: ignore[no-any-return]  # made here
        if sign in {"==", "!="}:
            wanted = sign == "=="
            return lambda scope: equal(one(scope), other(scope)) is wanted
        compare, lenient = COMPARES[sign], self._lenient

        def holds(scope: Scope) -> bool:
            left, right = one(scope), other(scope)
            if (is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str)):
                return bool(compare(left, right))
            if lenient:
                return False
            raise ExpressionError(f"{sign} compares numbers or texts, not {named(left)} and {named(right)}")

        return holds

    def within(self, parts: list[Value]) -> Value:
        one, other = parts
        return lambda scope: contains(other(scope), one(scope), lenient=self._lenient)

    def not_within(self, parts: list[Value]) -> Value:
        one, other = parts
        return lambda scope: not contains(other(scope), one(scope), lenient=self._lenient)

    def sum(self, parts: list[Any]) -> Value:
        return _folded(parts)

    def product(self, parts: list[Any]) -> Value:
        return _folded(parts)

    def minus(self, parts: list[Value]) -> Value:
        (part,) = parts
        return lambda scope: worked_out("-", 0, part(scope))


def _no_sign(name: Token) -> str:
    if name in {"and", "or", "not", "in", "if", "else"}:
        raise ExpressionError(f"{name} cannot stand here: put parentheses around what belongs together")
    return str(name)


def _unquoted(token: Token) -> str:
    text = str(token)
    if text[0] == "'":
        inner = text[1:-1].replace("\\'", "'").replace('"', '\\"')
        text = f'"{inner}"'
    try:
        return str(json.loads(text, strict=False))
    except ValueError:
        raise ExpressionError(f"the backslashes in {str(token)[:40]} are none of JSON") from None


def _folded(parts: list[Any]) -> Value:
    first, rest = parts[0], list(zip(parts[1::2], parts[2::2], strict=True))

    def value(scope: Scope) -> Any:
        found = first(scope)
        for sign, other in rest:
            found = worked_out(str(sign), found, other(scope))
        return found

    return value


EVERYWHERE: Known = dict.fromkeys(NAMES)
"""Every name, with whatever parts."""
