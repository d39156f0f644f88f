"""The history as a list: what of it fits what is typed, the newest first, and what there is to say of each.

Owns the cells of an entry and the lines of its detail. The store is `messages.history`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from inspector_app.display import formats
from inspector_app.display.json_view import JsonLines
from inspector_app.messages.history import Sent

if TYPE_CHECKING:
    from inspector_app.display.lines import Part

Cell = tuple[str, str]


class HistoryRows:
    """Rows of entries: a source for a list."""

    def __init__(self) -> None:
        self.all: Sequence[Sent] = ()
        self.entries: Sequence[Sent] = ()

    def take(self, entries: Sequence[Sent], fits: Callable[[str], bool] | None) -> None:
        """Take over what there is, and what of it fits; None: all does."""
        self.all = entries
        self.entries = [each for each in entries if fits(each.text)] if fits is not None else entries

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.entries)

    def rows(self, first: int, count: int) -> Sequence[Sequence[Cell]]:
        """Give the cells of some rows."""
        return [_cells(each) for each in self.entries[first : first + count]]

    def index_of(self, id_: int) -> int | None:
        """Give where an entry is."""
        return next((place for place, each in enumerate(self.entries) if each.id == id_), None)


def _cells(sent: Sent) -> Sequence[Cell]:
    took = formats.short_duration(sent.latency_ns) if sent.latency_ns is not None else ""
    data = " ".join(sent.data[:400].split())
    return (
        (_when(sent.sent_ns), "muted"),
        (sent.kind, "muted"),
        (sent.operation or "-", "emphasis"),
        (outcome_label(sent), outcome_style(sent)),
        (took, ""),
        (sent.environment, "muted"),
        (data, ""),
    )


def _when(sent_ns: int) -> str:
    """Write the time of day, or of another day the date: `11:20:33`, `26-11-22`."""
    told, today = formats.date_and_clock(sent_ns), formats.date_and_clock(time.time_ns())[:10]
    return told[11:] if told.startswith(today) else told[2:10]


def outcome_label(sent: Sent) -> str:
    """Write how it ended; `sent`: there was nothing to come, `9 sent`: it was repeated."""
    if sent.outcome == "sent":
        return f"→ {sent.code} sent" if sent.code else "→ sent"
    return formats.outcome_label(sent.outcome, sent.code or None)


def outcome_style(sent: Sent) -> str:
    """Give the style of that."""
    return "muted" if sent.outcome == "sent" else formats.outcome_style(sent.outcome)


def about(sent: Sent) -> list[list[Part]]:
    """Lay out what is known of an entry besides its data and its answer."""
    lines: list[list[Part]] = [
        [(outcome_label(sent), outcome_style(sent)), (_took(sent), "muted")],
        [("sent ", "muted"), (formats.date_and_clock(sent.sent_ns), ""), ("  to ", "muted"), (sent.url, "")],
    ]
    if sent.environment:
        lines.append([("environment ", "muted"), (sent.environment, "emphasis")])
    values = _values(sent)
    if values:
        lines.append([("variables were ", "muted"), (values, "")])
    if sent.timeout:
        lines.append([("timeout ", "muted"), (f"{sent.timeout} s", "")])
    if sent.cut:
        lines.append([("It was too large to be kept whole, so it cannot be sent again.", "severity-warning")])
    if sent.capture and not Path(sent.capture).exists():
        lines.append([("Its capture is gone; what was kept of its answer is here.", "muted")])
    return lines


def _took(sent: Sent) -> str:
    return f"  in {formats.duration(sent.latency_ns)}" if sent.latency_ns is not None else ""


def values_of(sent: Sent) -> dict[str, object]:
    """Give the values that its variables had; what stands for a secret is a reference to it."""
    try:
        values = json.loads(sent.variables)
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _values(sent: Sent) -> str:
    values = values_of(sent)
    return ", ".join(f"{name} = {json.dumps(values[name], ensure_ascii=False)}" for name in values)


def items_of(sent: Sent) -> tuple[str, ...]:
    """Give the items that this side sent on a bidirectional stream, each as JSON, as typed."""
    try:
        items = json.loads(sent.items)
    except (ValueError, RecursionError):
        return ()
    return tuple(each for each in items if isinstance(each, str)) if isinstance(items, list) else ()


def laid_out(text: str) -> list[list[Part]]:
    """Lay out what is JSON, be it a value or one a line, and show anything else as it is."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        many = [_whole(line) for line in text.split("\n")[:500]]
        if len(many) == 1 or any(each is None for each in many):
            return [[(line, "")] for line in text.split("\n")]
        return [line for each in many if each is not None for line in each]
    return _whole(text) or [[(text, "")]]


def _whole(text: str) -> list[list[Part]] | None:
    lines = JsonLines(text)
    if lines.reason:
        return None
    return [list(lines.line(index)) for index in range(lines.count)]
