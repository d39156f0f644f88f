"""A step of a sequence in words: its verdicts, its answer, its times."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from inspector_app.display import formats

if TYPE_CHECKING:
    from inspector_app.display.lines import Part
    from inspector_app.messages.sequence import Step

SIGNS: Final = {"passed": "✓", "failed": "✗", "skipped": "-", "waiting": "·", "running": "◔"}
STYLES: Final = {
    "passed": "outcome-ok",
    "failed": "outcome-error",
    "skipped": "muted",
    "waiting": "muted",
    "running": "outcome-pending",
}
_SHOWN: Final = 20_000


def step_lines(step: Step, hide: Callable[[str], str]) -> list[list[Part]]:
    """Lay out what came of a step; `hide` masks secrets."""
    took = step.answer.duration_ns if step.answer is not None else None
    lines: list[list[Part]] = [
        [
            (f"{SIGNS[step.result]} {step.result}", STYLES[step.result]),
            (f"  {formats.duration(took)}" if took is not None else "", "muted"),
        ]
    ]
    if step.problem:
        lines.append([(hide(step.problem), "error")])
    for verdict in step.verdicts:
        if verdict.met:
            lines.append([("✓ ", "outcome-ok"), (verdict.expected, "")])
        else:
            lines.append([("✗ ", "outcome-error"), (f"{verdict.expected}: {hide(verdict.text)}", "")])
    answer = step.answer
    if answer is None:
        return lines
    values = list(answer.items) if answer.items else [answer.data] if answer.outcome == "ok" else []
    return lines + [[(hide(json.dumps(value, ensure_ascii=False))[:_SHOWN], "")] for value in values[:100]]
