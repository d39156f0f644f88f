"""Makes the plan of a failing run small: leaves out calls and faults while it still fails likewise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.sim.checker import violations
from tests.sim.plan import Call, Plan
from tests.sim.world import run


def rules_broken(plan: Plan) -> set[str]:
    """The names of the rules that a run of this plan breaks; a run that cannot be finished breaks `crash`."""
    try:
        return {violation.rule for violation in violations(plan, run(plan))}
    except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
        return {"crash"}


def shrunk(plan: Plan) -> Plan:
    """A plan that breaks one of the rules that this one breaks, and of which nothing can be left out."""
    rules = rules_broken(plan)
    while (smaller := next((one for one in _smaller(plan) if rules & rules_broken(one)), None)) is not None:
        plan = smaller
    return plan


def _smaller(plan: Plan) -> Iterator[Plan]:
    for call in plan.calls:
        yield replace(plan, calls=_without(plan.calls, call.number))
    for fault in plan.faults:
        yield replace(plan, faults=tuple(kept for kept in plan.faults if kept is not fault))


def _without(calls: tuple[Call, ...], number: int) -> tuple[Call, ...]:
    """The calls but this one, and those that are made within it."""
    within = {number}
    while found := {call.number for call in calls if call.parent in within} - within:
        within |= found
    return tuple(_not_along(call, within) for call in calls if call.number not in within)


def _not_along(call: Call, numbers: set[int]) -> Call:
    asked = tuple(number for number in call.asking.along if number not in numbers)
    answered = tuple(number for number in call.answering.along if number not in numbers)
    return replace(
        call, asking=replace(call.asking, along=asked), answering=replace(call.answering, along=answered)
    )
