"""The data of a form as it is checked: with the values of its variables, as far as they have one.

Owns what is told of it: nothing of a place whose value is not known, and no secret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from inspector_app.messages.variables import Scope, VariableError
from inspector_app.schemas.checking import NO_VARIANT, Problem
from inspector_app.schemas.document import Document, NotJsonError, Path
from inspector_app.schemas.judging import Judgement
from inspector_app.schemas.rows import MOST_BYTES

if TYPE_CHECKING:
    from inspector_app.schemas.document import Node

_ALL: Final[Path] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """A JSON text to check in place of what was typed. `unknown`: places whose value is not known."""

    text: str
    unknown: frozenset[Path] = frozenset()
    scope: Scope = field(default_factory=Scope)

    def told(self, judgement: Judgement) -> Judgement:
        """Give what may be said of what was typed."""
        problems = [each for each in judgement.problems if not self._is_open(each)]
        return Judgement(tuple(map(self._hidden, problems)), judgement.unusable)

    def _is_open(self, problem: Problem) -> bool:
        if problem.path in self.unknown or _ALL in self.unknown:
            return True
        length = len(problem.path)
        return problem.text == NO_VARIANT and any(each[:length] == problem.path for each in self.unknown)

    def _hidden(self, problem: Problem) -> Problem:
        if not self.scope.secrets:
            return problem
        hide = self.scope.hide
        path = tuple(hide(step) if isinstance(step, str) else step for step in problem.path)
        return Problem(path, hide(problem.text))


def trial(typed: str, scope: Callable[[], Scope]) -> Trial:
    """Put values into a JSON text; a variable that has none stays as it is."""
    if "${" not in typed:
        return Trial(typed)
    try:
        known = scope()
    except VariableError:
        known = Scope()
    try:
        return Trial(known.json(typed), scope=known)
    except VariableError:
        return _partly(typed, known)


def _partly(typed: str, known: Scope) -> Trial:
    try:
        document = Document(typed) if len(typed) <= MOST_BYTES else None
    except (NotJsonError, RecursionError):
        document = None
    if document is None:
        return Trial(typed, frozenset([_ALL]), known)
    unknown: set[Path] = set()
    parts, end = [], 0
    for path, node in _strings(document.root, _ALL):
        source = document.source(node)
        try:
            value = known.json(source)
        except VariableError:
            unknown.add(path)
            continue
        parts += [typed[end : node.start], value]
        end = node.end
    return Trial("".join([*parts, typed[end:]]), frozenset(unknown), known)


def _strings(node: Node, path: Path) -> Iterator[tuple[Path, Node]]:
    if node.kind == "string":
        yield path, node
    steps: Iterable[str | int] = node.keys or range(len(node.nodes))
    for step, inner in zip(steps, node.nodes, strict=True):
        yield from _strings(inner, (*path, step))
