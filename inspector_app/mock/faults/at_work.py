"""The faults of a hosted server: which there are, whether each is on, how often it did something.

Owns their titles, and what stays of them when files are read anew. What a fault does is `plan`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from inspector_app.mock.faults.rules import FaultRule

MOST_FAULTS: Final = 10_000


@dataclass(slots=True, eq=False)
class Fault:
    """A rule at work. `on` may be changed at any time."""

    rule: FaultRule
    on: bool
    title: str
    """What it goes by: no other one of the same server does."""
    is_added: bool = False
    """Whether it came by hand, and is in no file."""
    hits: int = 0
    """How often it did something, on all connections."""


class Faults:
    """All the faults of a hosted server."""

    def __init__(self, rules: Sequence[FaultRule] = (), *, seed: int = 1) -> None:
        self.seed = seed
        self.all: tuple[Fault, ...] = tuple(
            Fault(rule, rule.on, title) for title, rule in _titled(rules).items()
        )
        self._changed: list[Callable[[], None]] = []

    def take_over(self, rules: Sequence[FaultRule], seed: int) -> None:
        """Have other rules. One of a title that there was stays on or off, unless that was rewritten too.

        Those that were added by hand stay, but for one that the rules have a title of now.
        """
        self.seed = seed
        before = {fault.title: fault for fault in self.all}
        titled = _titled(rules)
        added = (fault for fault in self.all if fault.is_added and fault.title not in titled)
        self.all = (*(_taken_over(title, rule, before.get(title)) for title, rule in titled.items()), *added)
        for fault in before.values():
            if fault not in self.all:
                fault.on = False  # what it holds back goes on
        self._tell_changed()

    def add(self, rule: FaultRule) -> None:
        """Have one more. Raises `ValueError` with a sentence where there is one of its title."""
        if self._of(rule.title) is not None:
            raise ValueError(f"There is a fault {rule.title} already: give this one a name of its own.")
        if len(self.all) >= MOST_FAULTS:
            raise ValueError(f"There are {MOST_FAULTS} faults already: remove some from the file.")
        self.all = (*self.all, Fault(rule, rule.on, rule.title, is_added=True))
        self._tell_changed()

    def remove(self, title: str) -> None:
        """Have one less, of those that were added. Raises `ValueError` with a sentence."""
        fault = self._of(title)
        if fault is None:
            raise ValueError(f"There is no fault {title[:200]} any more.")
        if not fault.is_added:
            raise ValueError(f"The fault {title[:200]} is in a file: take it out there, or switch it off.")
        fault.on = False  # what it holds back goes on
        self.all = tuple(each for each in self.all if each is not fault)
        self._tell_changed()

    def _of(self, title: str) -> Fault | None:
        return next((fault for fault in self.all if fault.title == title), None)

    def _tell_changed(self) -> None:
        for tell in list(self._changed):
            tell()

    def switch(self, title: str, on: bool) -> bool:
        """Switch the fault of this title on or off; False when there is none."""
        fault = self._of(title)
        if fault is None:
            return False
        fault.on = on
        self._tell_changed()
        return True

    def when_switched(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Have `tell` called when anything is switched; give what ends that."""
        self._changed.append(tell)
        return lambda: self._changed.remove(tell)


def _titled(rules: Sequence[FaultRule]) -> dict[str, FaultRule]:
    """Give the rules by titles of their own: what two would both go by is numbered."""
    found: dict[str, FaultRule] = {}
    numbers: dict[str, int] = {}
    for rule in rules:
        title = rule.title
        while title in found:
            numbers[rule.title] = numbers.get(rule.title, 1) + 1
            title = f"{rule.title} ({numbers[rule.title]})"
        found[title] = rule
    return found


def _taken_over(title: str, rule: FaultRule, before: Fault | None) -> Fault:
    if before is None:
        return Fault(rule, rule.on, title)
    on = before.on if before.rule.on == rule.on else rule.on
    if before.rule.model_copy(update={"on": rule.on}) != rule:
        return Fault(rule, on, title)
    before.rule, before.on, before.is_added = rule, on, False
    return before
