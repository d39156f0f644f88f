"""A collection run many times over one connection: what `run --repeat` does and prints.

Each run has what it saved to itself, as if it were the only one.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from inspector_app.display.formats import duration, rate
from inspector_app.display.inert import inert
from inspector_app.messages.repeat import Figures, Pace, keep_pace
from inspector_app.messages.sequence import run_sequence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inspector_app.messages.answers import Caller
    from inspector_app.messages.collection import Message
    from inspector_app.messages.sequence import Step
    from inspector_app.messages.variables import Scope


@dataclass(slots=True)
class Load:
    """What came of it so far: figures of each message by its name."""

    by_name: dict[str, Figures]
    runs: int = 0
    failed_runs: int = 0
    took_s: float = 0.0
    reason: str = ""
    """Why the first failed that did, in one sentence."""
    asked: int = 0
    """How many runs there were to be."""
    ended_early: bool = False
    """Whether there are no more of them because the connection has ended."""

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.failed_runs


class _EndedError(Exception):
    """There is no connection any more: what is left would fail at once, and tell nothing."""


async def put_load(
    load: Load, messages: Sequence[Message], scope: Scope, caller: Caller, pace: Pace, *, keep_going: bool
) -> None:
    """Run the messages as often as asked, counting in `load`, also when it is cancelled."""
    began = time.monotonic()
    load.asked = pace.times

    def count(step: Step) -> None:
        if step.answer is not None:
            load.ended_early = load.ended_early or step.answer.outcome in ("closed", "lost")
            load.by_name[step.message.name].took(step.answer.duration_ns, well=step.result == "passed")
        if step.result == "failed" and not load.reason:
            load.reason = f"{step.message.name}: {scope.hide(step.reasons[0] if step.reasons else 'failed')}"

    async def once(_: int) -> None:
        own = replace(scope, saved=dict(scope.saved))
        report = await run_sequence(messages, own, caller, keep_going=keep_going, on_step=count)
        load.runs += 1
        load.failed_runs += not report.passed
        if load.ended_early:
            raise _EndedError

    try:
        await keep_pace(once, pace)
    except _EndedError:
        return
    finally:
        load.took_s = time.monotonic() - began


def load_told(load: Load) -> list[str]:
    """Tell it in lines: the whole, then each message."""
    per_second = load.runs / load.took_s if load.took_s else 0.0
    lines = [f"{load.runs:,} runs in {load.took_s:.1f} s, {rate(per_second)}, {load.failed_runs:,} failed"]
    width = max((len(inert(name)) for name in load.by_name), default=0)
    for name, figures in load.by_name.items():
        told = [f"{each} {duration(ns)}" for each, ns in figures.percentiles().items() if ns is not None]
        told += [f"{figures.ended:,} sent"] + ([f"{figures.failed:,} failed"] if figures.failed else [])
        lines.append(f"  {inert(name):{width}}  {'  '.join(told)}")
    if load.ended_early:
        lines.append(f"  ended early, after {load.runs:,} of {load.asked:,}: the connection has ended")
    return [*lines, f"  first failure: {inert(load.reason)}"] if load.reason else lines


def load_object(load: Load) -> str:
    """Tell it as a line of JSON."""
    told: dict[str, Any] = {
        "runs": load.runs,
        "failed": load.failed_runs,
        "ended_early": load.ended_early,
        "seconds": round(load.took_s, 3),
        "first_failure": load.reason or None,
        "messages": {
            name: {
                "sent": figures.ended,
                "failed": figures.failed,
                **{
                    f"{each}_ms": ns / 1e6 if ns is not None else None
                    for each, ns in figures.percentiles().items()
                },
            }
            for name, figures in load.by_name.items()
        },
    }
    return json.dumps(told, ensure_ascii=True)
