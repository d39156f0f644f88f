"""Values with `{{ … }}` in their texts: compiled once, filled in for each exchange.

A text that is one expression and nothing else becomes what that gives, of whatever type; in all others it is
written into the text. Owns where in a file an expression stands, so that what fails says where.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from inspector_app.mock.script.calls import Value
from inspector_app.mock.script.expressions import Known, compiled
from inspector_app.mock.script.scope import Scope
from inspector_app.mock.script.values import ExpressionError, bounded, text_of
from inspector_app.toml_lines import Place

_PLACE = re.compile(
    r"""\{\{ ( (?: [^"'}] | "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | \}(?!\}) )* ) \}\}""",
    re.VERBOSE | re.DOTALL,
)
_DEEPEST = 100


class TemplateError(Exception):
    """A template has no value. `path` leads to it in the file; the text says why, without a full stop."""

    def __init__(self, path: Place, text: str) -> None:
        super().__init__(text)
        self.path = path
        self.text = text


Problems = Callable[[Place, str], None]
"""Hears of each template that cannot be compiled."""


@dataclass(frozen=True, slots=True)
class Template:
    """A value that may have templates in it. `source` is what was written."""

    source: Any
    fill: Callable[[Scope], Any]
    """Gives the value. Raises `TemplateError`."""

    def __call__(self, scope: Scope) -> Any:
        """Give the value, which is one answer or item and no larger than that may be."""
        scope.begin_value()
        return self.fill(scope)


def template(source: Any, path: Place, known: Known, problem: Problems) -> Template:
    """Compile a value of JSON, wherever in it templates stand; `path` is where it stands itself."""
    fill = _compiled(source, path, known, problem, depth=0)
    constant = _constant_of(fill)
    if constant is not None:
        return Template(source, lambda scope: scope.take(source))
    return Template(source, fill)


def expression(
    text: str, path: Place, known: Known, problem: Problems, *, lenient: bool = False
) -> Callable[[Scope], Any]:
    """Compile a bare expression, such as a condition; what it gives raises `TemplateError`."""
    try:
        return _located(compiled(text, known, lenient=lenient), path)
    except ExpressionError as error:
        problem(path, str(error))
        return lambda _: None


def _compiled(source: Any, path: Place, known: Known, problem: Problems, depth: int) -> Value:
    if depth > _DEEPEST:
        problem(path, f"values are nested deeper than {_DEEPEST}")
        return _fixed(None)
    match source:
        case str() if "{{" in source:
            return _text(source, path, known, problem)
        case dict():
            fields = {
                key: _compiled(each, (*path, key), known, problem, depth + 1) for key, each in source.items()
            }
            if all(_constant_of(fill) is not None for fill in fields.values()):
                return _fixed(source)
            return lambda scope: {key: fill(scope) for key, fill in fields.items()}
        case list():
            items = [
                _compiled(each, (*path, at), known, problem, depth + 1) for at, each in enumerate(source)
            ]
            if all(_constant_of(fill) is not None for fill in items):
                return _fixed(source)
            return lambda scope: [fill(scope) for fill in items]
        case _:
            return _fixed(source)


def _text(source: str, path: Place, known: Known, problem: Problems) -> Value:
    parts: list[str | Value] = []
    at = 0
    while (begin := source.find("{{", at)) >= 0:
        found = _PLACE.match(source, begin)
        if found is None:
            problem(path, "a {{ has no }} behind it")
            return _fixed(None)
        parts += [source[at:begin], expression(found[1].strip(), path, known, problem)]
        at = found.end()
    parts.append(source[at:])
    kept = [part for part in parts if part != ""]
    if len(kept) == 1 and not isinstance(kept[0], str):
        whole = kept[0]
        return _located(lambda scope: scope.take(whole(scope)), path)
    return _located(lambda scope: scope.take(_joined(kept, scope)), path)


def _joined(parts: list[str | Value], scope: Scope) -> Any:
    return bounded("".join(part if isinstance(part, str) else text_of(part(scope)) for part in parts))


def _located(value: Value, path: Place) -> Value:
    def located(scope: Scope) -> Any:
        try:
            return value(scope)
        except ExpressionError as error:
            raise TemplateError(path, str(error)) from None
        except RecursionError:
            raise TemplateError(path, "this is nested too deeply: say it in a simpler way") from None

    return located


def _fixed(value: Any) -> Value:
    def fixed(scope: Scope) -> Any:
        return scope.take(value)

    fixed.fixed = (value,)  # type: ignore[attr-defined]  # a function of our own
    return fixed


def _constant_of(fill: Value) -> tuple[Any] | None:
    found: tuple[Any] | None = getattr(fill, "fixed", None)
    return found


def literal(value: Any) -> Any:
    """Write a value of JSON so that a file may hold it and a template gives back exactly this value."""
    match value:
        case None:
            return "{{ null }}"
        case str() if "{{" in value:
            return value.replace("{{", '{{ "{{" }}')
        case dict():
            return {key: literal(each) for key, each in value.items()}
        case list():
            return [literal(each) for each in value]
        case _:
            return value
