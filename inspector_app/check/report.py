"""How the verdicts of a check are told: lines for people, or one JSON object a case.

Every word that came from the server is made inert here before it is printed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import click

from inspector_app.check.player import Difference
from inspector_app.check.verdicts import Result, Server, Verdict
from inspector_app.display.inert import inert

_TITLES: Final = {
    1: "Transport",
    2: "Frame",
    3: "Types",
    4: "Sequences",
    5: "State of an exchange",
    6: "State of a connection",
    7: "Errors and bad input",
    8: "meta",
    9: "Flow control",
    10: "Reserved operations",
    11: "Limits",
}
_COLOURS: Final = {Verdict.PASS: "green", Verdict.DIFFERS: "red", Verdict.NOT_APPLICABLE: "bright_black"}
_LABELS: Final = {Verdict.PASS: "pass", Verdict.DIFFERS: "DIFFERS", Verdict.NOT_APPLICABLE: "n/a"}
_SHOWN_CHARACTERS = 600
_SENT_LINES = 4


class TextReport:
    """Lines for people: a case each, with what was expected and what came where it differs."""

    def __init__(self, write: Callable[[str], None], *, colour: bool = False) -> None:
        self._write = write
        self._colour = colour
        self._section = 0

    def server(self, address: str, server: Server) -> None:
        """Say what is checked."""
        software = f" ({server.software})" if server.software else ""
        offered = "does not say what it offers"
        if server.operations is not None:
            offered = f"describes {_many(len(server.operations), 'operation')}"
        self._line(f"{address}: a {server.dialect} peer{software}; it {offered}.")

    def result(self, result: Result) -> None:
        """Say what came of a case."""
        case = result.case
        if case.number != self._section:
            self._section = case.number
            self._line("")
            self._line(f"{case.section} {_TITLES[case.number]}")
        label = _LABELS[result.verdict].ljust(8)
        coloured = click.style(label, fg=_COLOURS[result.verdict]) if self._colour else label
        self._write(f"  {coloured}{inert(case.name)}{inert(f': {result.why}' if result.why else '')}")
        if result.difference is not None:
            self._difference(result, result.difference)

    def summary(self, verdicts: Counter[Verdict]) -> None:
        """Say how it came out."""
        self._line("")
        self._line(summary_of(verdicts))

    def _difference(self, result: Result, difference: Difference) -> None:
        self._line(f"          {result.case.section}: {result.case.about}")
        told = [("sent", text) for text in difference.sent[-_SENT_LINES:]]
        for title, text in [*told, ("expected", difference.expected), ("came", difference.came)]:
            self._line(f"          {title:<9} {_cut(text)}")

    def _line(self, text: str) -> None:
        self._write(inert(text))


class JsonReport:
    """One line a case, each a JSON object."""

    def __init__(self, write: Callable[[str], None], say: Callable[[str], None]) -> None:
        self._write = write
        self._say = say

    def server(self, address: str, server: Server) -> None:
        """Nothing: the lines are cases."""

    def result(self, result: Result) -> None:
        """Write what came of a case."""
        case, difference = result.case, result.difference
        told: dict[str, Any] = {
            "section": case.section,
            "name": case.name,
            "role": case.role,
            "about": case.about,
            "verdict": result.verdict.value,
        }
        if result.why:
            told["why"] = result.why
        if difference is not None:
            told |= {
                "step": difference.step,
                "sent": list(difference.sent),
                "expected": difference.expected,
                "came": difference.came,
                "transcript": [[line.way, line.text] for line in difference.transcript],
            }
        self._write(json.dumps(told))

    def summary(self, verdicts: Counter[Verdict]) -> None:
        """Say how it came out, beside the lines."""
        self._say(summary_of(verdicts))


def summary_of(verdicts: Counter[Verdict]) -> str:
    """One line about all cases."""
    differ, passed = verdicts[Verdict.DIFFERS], verdicts[Verdict.PASS]
    if differ:
        outcome = "It does not conform"
    elif passed:
        outcome = "It conforms, as far as can be seen from outside"
    else:
        outcome = "Nothing could be checked"
    return (
        f"{outcome}: {_many(verdicts.total(), 'case')}, {passed} passed, {differ} differed, "
        f"{verdicts[Verdict.NOT_APPLICABLE]} not applicable."
    )


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]} ..."


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
