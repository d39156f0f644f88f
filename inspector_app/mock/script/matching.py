"""Whether a rule, a reply or a step fits: parts of a value that must be there, and a condition.

What is not there is null in a condition, and compares with nothing; so a condition fails only where it asks
for what has no answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from inspector_app.mock.script.expressions import Known
from inspector_app.mock.script.scope import Scope
from inspector_app.mock.script.templates import Problems, expression
from inspector_app.mock.script.values import equal
from inspector_app.toml_lines import Place

_ANYTHING = object()
_NULL = re.compile(r"\{\{\s*null\s*\}\}")


@dataclass(frozen=True, slots=True)
class Matcher:
    """What must hold; without anything it fits whatever comes."""

    part: Any = _ANYTHING
    condition: Callable[[Scope], Any] | None = None

    def fits(self, value: Any, scope: Scope) -> bool:
        """Tell whether a value fits. Raises `TemplateError`."""
        if self.part is not _ANYTHING and not has_part(value, self.part):
            return False
        return self.condition is None or bool(self.condition(scope))


def matcher_of(part: Any, when: str | None, path: Place, known: Known, problem: Problems) -> Matcher:
    """Compile `match`, None for none, and `when`; `path` leads to what has them."""
    condition = None
    if when is not None:
        condition = expression(when, (*path, "when"), known, problem, lenient=True)
    return Matcher(_ANYTHING if part is None else _with_nulls(part), condition)


def _with_nulls(part: Any) -> Any:
    """Have null stand where a file can only write the template for it; nothing else here is a template."""
    match part:
        case dict():
            return {key: _with_nulls(each) for key, each in part.items()}
        case list():
            return [_with_nulls(each) for each in part]
        case str() if _NULL.fullmatch(part):
            return None
        case _:
            return part


def has_part(value: Any, part: Any) -> bool:
    """Tell whether a value has a part: an object all of its keys, anything else the same value."""
    if not isinstance(part, dict):
        return equal(value, part)
    if not isinstance(value, dict):
        return False
    return all(key in value and has_part(value[key], each) for key, each in part.items())
