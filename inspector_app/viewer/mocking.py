"""What is hosted, as lists: operations with what was asked of them, holes, faults, calls that wait.

Owns which rows there are and their cells, and what a person reads about one. How it stands is told by the
engine; nothing is asked here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TypeVar

from msgspec.structs import replace

from inspector_app.display import formats
from inspector_app.display.lines import Part
from inspector_app.standing import FaultStanding, HeldStanding, HoleStanding, MockStanding, RuleStanding
from inspector_app.viewer.cells import EMPTY, Cell

RowT = TypeVar("RowT")

_ENDINGS = {"ok": "outcome-ok", "error": "outcome-error", "cancelled": "outcome-cancelled"}


class MockView:
    """How it stood when it was last told."""

    def __init__(self) -> None:
        self.standing = MockStanding(name="")
        self.now_ns = 0
        self.answerers = AnswererRows(self)
        self.faults = FaultRows(self)
        self.held = HeldRows(self)

    def show(self, standing: MockStanding, now_ns: int) -> None:
        """Take over how it stands."""
        self.standing, self.now_ns = standing, now_ns

    def switch(self, fault: FaultStanding) -> bool:
        """Take a fault for switched, before that is told, and give whether it is on then."""
        on = not fault.on
        self.standing = replace(
            self.standing,
            faults=tuple(
                replace(each, on=on) if each.title == fault.title else each for each in self.standing.faults
            ),
        )
        return on

    def hold(self, operation: str) -> bool:
        """Take an operation for held, or let go of, before that is told, and give whether it is held then."""
        others = tuple(each for each in self.standing.holding if each != operation)
        on = operation not in self.standing.holding
        self.standing = replace(self.standing, holding=(*others, operation) if on else others)
        return on

    def holds(self, operation: str) -> bool:
        """Whether calls of an operation are held."""
        return operation in self.standing.holding

    @property
    def broken(self) -> str:
        """Say why the newest version is not at work; empty when it is."""
        problem = self.standing.problem
        return f"{problem} The version from before serves on." if problem else ""

    @property
    def headline(self) -> list[Part]:
        """Say in a line what there is."""
        standing = self.standing
        unanswered = standing.unanswered
        calls, errors = standing.calls + unanswered, standing.errors
        parts: list[Part] = [
            (standing.name.rpartition("/")[2] or "the demo's handler", "emphasis bold"),
            (f"  {_many(calls, 'call')}", ""),
            (f"  {_many(errors, 'error')}", "outcome-error" if errors else "muted"),
        ]
        if unanswered:
            parts.append((f"  {_many(unanswered, 'call')} that nothing answers", "severity-warning"))
        if standing.more:
            parts.append((f"  {formats.count(standing.more)} rows are not shown", "muted"))
        return parts


def _many(count: int, what: str) -> str:
    return f"{formats.count(count)} {what}{'' if count == 1 else 's'}"


class AnswererRows:
    """What answers, then what nothing answers, then what is only held."""

    def __init__(self, view: MockView) -> None:
        self._view = view

    @property
    def all(self) -> Sequence[RuleStanding | HoleStanding]:
        """All of them."""
        standing = self._view.standing
        named = {rule.operation for rule in standing.rules} | {hole.operation for hole in standing.holes}
        held = [RuleStanding(kind="any", operation=name) for name in standing.holding if name not in named]
        return (*standing.rules, *standing.holes, *held)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.all)

    def row(self, index: int | None) -> RuleStanding | HoleStanding | None:
        """Give one; None when there is none."""
        return _at(self.all, index)

    def rows(self, first: int, count: int) -> Sequence[Sequence[Cell]]:
        """Draw some: kind, operation, what it is, calls, errors, last call, what came of that."""
        return [self._cells(each) for each in self.all[first : first + count]]

    def _cells(self, row: RuleStanding | HoleStanding) -> Sequence[Cell]:
        held: Cell = ("held", "severity-warning bold") if self._view.holds(row.operation) else EMPTY
        if isinstance(row, HoleStanding):
            return (
                (row.kind, "muted"),
                (row.operation, "severity-warning"),
                held if held != EMPTY else ("hole", "severity-warning"),
                (formats.count(row.calls), ""),
                ("-", "muted"),
                (self._ago(row.last_ns), ""),
                (row.why, "severity-warning"),
            )
        what: Cell = (
            ("edited", "primary") if row.edited else (f"line {row.line}" if row.line else "", "muted")
        )
        text = row.error or row.ending
        return (
            (row.kind, "muted"),
            (row.operation, "emphasis"),
            held if held != EMPTY else what,
            (formats.count(row.hits), "" if row.hits else "muted"),
            (formats.count(row.errors), "outcome-error" if row.errors else "muted"),
            (self._ago(row.last_ns), ""),
            (text, _ENDINGS.get(row.ending, "")),
        )

    def _ago(self, time_ns: int | None) -> str:
        return "-" if time_ns is None else f"{formats.short_age(max(0, self._view.now_ns - time_ns))} ago"


class FaultRows:
    """Faults, in the order of their file."""

    def __init__(self, view: MockView) -> None:
        self._view = view

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._view.standing.faults)

    def row(self, index: int | None) -> FaultStanding | None:
        """Give one; None when there is none."""
        return _at(self._view.standing.faults, index)

    def rows(self, first: int, count: int) -> Sequence[Sequence[Cell]]:
        """Draw some: whether it is on, its title, how often it did something, what it does."""
        return [
            (
                ("on", "severity-warning bold") if each.on else ("off", "muted"),
                (each.title, "emphasis" if each.on else "muted"),
                (formats.count(each.hits), "" if each.hits else "muted"),
                (each.what, "" if each.on else "muted"),
            )
            for each in self._view.standing.faults[first : first + count]
        ]


class HeldRows:
    """Calls that wait, the longest first."""

    def __init__(self, view: MockView) -> None:
        self._view = view

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._view.standing.held)

    def row(self, index: int | None) -> HeldStanding | None:
        """Give one; None when there is none."""
        return _at(self._view.standing.held, index)

    def rows(self, first: int, count: int) -> Sequence[Sequence[Cell]]:
        """Draw some: how long it waits, connection, kind, operation, items so far, data."""
        return [
            (
                (formats.age(max(0, self._view.now_ns - each.since_ns)), "outcome-pending"),
                (str(each.conn or "-"), "muted"),
                (each.kind, "muted"),
                (each.operation, "emphasis"),
                ("-", "muted") if each.kind == "request" else (formats.count(each.items), ""),
                (each.data_json, ""),
            )
            for each in self._view.standing.held[first : first + count]
        ]


def _at(rows: Sequence[RowT], index: int | None) -> RowT | None:
    return rows[index] if index is not None and 0 <= index < len(rows) else None


def about(row: RuleStanding | HoleStanding | FaultStanding | HeldStanding | None) -> list[list[Part]]:
    """Say in lines what there is to read about a row."""
    match row:
        case HeldStanding():
            hint = (
                "a answers it, x with an error, l lets the mock."
                if row.kind == "request"
                else ("a sends an item, e ends it, x with an error, l lets the mock.")
            )
            return [
                [(f"{row.kind} {row.operation} waits: ", "emphasis"), (hint, "muted")],
                *_laid_out(row.data_json),
            ]
        case HoleStanding():
            head: list[Part] = [(f"{row.operation}: ", "emphasis"), (row.why, "severity-warning")]
            head.append((". o has it answered.", "muted"))
            return [head, [("The data of the last call:", "muted")], *_laid_out(row.data_json)]
        case FaultStanding():
            state = "on" if row.on else "off"
            more = " It was added here: d removes it." if row.is_added else ""
            hint = f"It is {state}. Space switches it.{more}"
            return [[(row.title, "emphasis")], [(row.what, "")], [(hint, "muted")]]
        case RuleStanding():
            lines: list[list[Part]] = [[(f"{row.kind} {row.operation}", "emphasis")]]
            if row.error:
                lines.append([(f"The last call: {row.error}", "outcome-error")])
            if row.place is None:
                return [
                    *lines,
                    [("A handler in Python answers: its file is loaded anew when it changes.", "muted")],
                ]
            if not row.answer_json:
                return [*lines, [("Edit the file to change what it does.", "muted")]]
            how = "Answers, until the file is read anew" if row.edited else "Answers"
            return [*lines, [(f"{how} (o edits it):", "muted")], *_laid_out(row.answer_json)]
    return []


def _laid_out(text: str) -> list[list[Part]]:
    try:
        shown = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        shown = text  # it was cut
    return [[(line, "")] for line in shown.split("\n")]
