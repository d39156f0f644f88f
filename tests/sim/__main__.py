"""`python -m tests.sim SEED` shows one run: its plan, everything that happened, and what is wrong with it.

    python -m tests.sim SEED            one run
    python -m tests.sim SEED --shrink   the same, with all left out of the plan that the failure does not need
    python -m tests.sim FIRST LAST      only the verdicts, of the seeds from FIRST up to LAST, without LAST

The exit code is 1 if any rule was broken.
"""

from __future__ import annotations

import sys
import time
from typing import NamedTuple

from tests.sim.checker import violations
from tests.sim.plan import Plan, plan_of
from tests.sim.shrink import shrunk
from tests.sim.world import run

_SHOWN = 3


class Verdicts(NamedTuple):
    """What many seeds came to: the texts of the failing ones by seed."""

    seeds: int
    messages: int
    seconds: float
    failing: dict[int, list[str]]


def judge(first: int, last: int) -> Verdicts:
    """Run the seeds from `first` up to `last`, without `last`."""
    began, messages, failing = time.monotonic(), 0, {}
    for seed in range(first, last):
        plan = plan_of(seed)
        history = run(plan)
        messages += len(history.passings)
        if wrong := violations(plan, history):
            failing[seed] = [str(violation) for violation in wrong]
    return Verdicts(last - first, messages, time.monotonic() - began, failing)


def show(plan: Plan) -> bool:
    """Print a run whole; tells whether nothing is wrong with it."""
    history = run(plan)
    wrong = violations(plan, history)
    facts = {
        name: getattr(plan, name) for name in plan.__dataclass_fields__ if name not in ("calls", "limits")
    }
    print(facts)
    for side, limits in plan.limits.items():
        print(side, limits)
    for call in plan.calls:
        print(call)
    print(*history.trace, sep="\n")
    print("\n".join(map(str, wrong)) or "Every rule was kept.")
    return not wrong


def main(arguments: list[str]) -> int:
    """The command."""
    numbers = [int(argument) for argument in arguments if argument != "--shrink"]
    if len(numbers) == 1:
        plan = plan_of(numbers[0])
        return 0 if show(shrunk(plan) if "--shrink" in arguments else plan) else 1
    verdicts = judge(*numbers)
    for seed, texts in verdicts.failing.items():
        print(f"seed {seed}: {'; '.join(texts[:_SHOWN])}")
    print(f"{verdicts.seeds} seeds, {len(verdicts.failing)} failing, {verdicts.messages} messages")
    return 1 if verdicts.failing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
