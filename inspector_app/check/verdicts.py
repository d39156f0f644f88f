"""What is known of a server under check, which cases apply to it, and what came of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from inspector_app.check.cases import Case, CaseError
from inspector_app.check.player import Difference


@dataclass(frozen=True, slots=True)
class Server:
    """What a server under check has told of itself. `operations` is None where it does not say."""

    modern: bool
    software: str = ""
    operations: frozenset[str] | None = None

    @property
    def dialect(self) -> str:
        """How it speaks: a peer that has said no hello is judged as a legacy one (protocol.md §8)."""
        return "modern" if self.modern else "legacy"


class Verdict(Enum):
    """What came of a case."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    DIFFERS = "differs"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Result:
    """The verdict on one case: with the difference where there is one, or why it does not apply."""

    case: Case
    verdict: Verdict
    why: str = ""
    difference: Difference | None = None


def not_applicable(case: Case, server: Server) -> str | None:
    """Why a case cannot be played against this server from outside; None if it can."""
    if case.role == "opener":
        return "opener role: what a server calls cannot be driven from outside"
    if case.needs_program:
        return "needs the server's own program to act"
    if case.needs.limits:
        settings = ", ".join(f"{name} {str(value).lower()}" for name, value in case.needs.limits.items())
        return f"needs a server that is set up so: {settings}"
    if not server.modern and not case.of_legacy:
        return "legacy peer: only a modern one must do this"
    offered = server.operations or frozenset()
    missing = [name for name in case.needs.operations if name not in offered]
    if missing:
        what = "operation" if len(missing) == 1 else "operations"
        why = "does not describe" if server.operations is not None else "describes none"
        return f"needs {what} {', '.join(missing)}: the server {why}"
    return None


def select(cases: Sequence[Case], only: Sequence[str]) -> list[Case]:
    """The cases that `only` names: `7` or `§7`, `7/name`, or `name`; all where it names none.

    Raises `CaseError` for one that names nothing.
    """
    wanted = [each.removeprefix("§") for each in only]
    for each in wanted:
        if not any(_names(each, case) for case in cases):
            raise CaseError(f"{each!r} is no section and no case: write --only 7, or --only 7/NAME")
    return [case for case in cases if not wanted or any(_names(each, case) for each in wanted)]


def _names(wanted: str, case: Case) -> bool:
    return wanted in (str(case.number), case.path, case.name)
