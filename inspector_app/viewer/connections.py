"""The rows of the Connection and Findings lists.

Owns which cells a transition and a finding have.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from inspector_app.capture.records import ConnectionRow, FindingRow, StateRow
from inspector_app.display import formats
from inspector_app.viewer.cells import EMPTY, CaptureRows, Cell

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader

_LOOK_AHEAD = 500
ENDED = frozenset({"CLOSED", "LOST"})


class ConnectionContext(Protocol):
    """What the cells depend on besides the row."""

    @property
    def reader(self) -> CaptureReader | None:
        """The capture; None while there is none yet."""

    @property
    def now_ns(self) -> int:
        """The time that ages are counted to."""

    def connection(self, conn: int) -> ConnectionRow | None:
        """A connection as it stands."""


class TransitionRows(CaptureRows[tuple[StateRow, int | None]]):
    """Every transition, oldest first; rows carry when the new state was left again, None: not yet."""

    columns = 8

    def __init__(self, context: ConnectionContext) -> None:
        self._context = context
        self._count = 0

    @property
    def count(self) -> int:
        """Transitions to show."""
        return self._count

    def show(self, count: int) -> None:
        """Take over how many transitions there are."""
        self._count = count

    def fetch(self, first: int, count: int) -> Sequence[tuple[StateRow, int | None]]:
        """Fetch transitions, each with the time of the next one of the same connection."""
        reader = self._context.reader
        if reader is None:
            return ()
        count = min(count, self._count - first)
        states = reader.states(first, min(count + _LOOK_AHEAD, self._count - first))
        left: list[int | None] = [None] * len(states)
        newest: dict[int, int] = {}
        for index in reversed(range(len(states))):
            left[index] = newest.get(states[index].conn)
            newest[states[index].conn] = states[index].time_ns
        return list(zip(states, left, strict=True))[:count]

    def cells(self, row: tuple[StateRow, int | None]) -> Sequence[Cell]:
        """Draw a transition: time, connection, old and new state, time in that, code, reason, frame."""
        state, left_ns = row
        return (
            (formats.clock(state.time_ns), "muted"),
            (str(state.conn), ""),
            (state.old or "-", "muted"),
            (formats.state_label(state.new), f"{formats.state_style(state.new)} bold"),
            self.spent(state, left_ns),
            (str(state.code), "") if state.code is not None else EMPTY,
            (state.reason, ""),
            (str(state.after_seq), "muted") if state.after_seq else EMPTY,
        )

    def spent(self, state: StateRow, left_ns: int | None) -> Cell:
        """Tell how long the new state lasted, or lasts by now."""
        if left_ns is not None:
            return formats.duration(left_ns - state.time_ns), ""
        if state.new in ENDED:
            return "-", "muted"
        return formats.age(self._context.now_ns - state.time_ns), formats.state_style(state.new)


class FindingRows(CaptureRows[FindingRow]):
    """What broke the protocol, oldest first."""

    columns = 5

    def __init__(self, context: ConnectionContext) -> None:
        self._context = context
        self._count = 0

    @property
    def count(self) -> int:
        """Findings to show."""
        return self._count

    def show(self, count: int) -> None:
        """Take over how many findings there are."""
        self._count = count

    def fetch(self, first: int, count: int) -> Sequence[FindingRow]:
        """Fetch findings."""
        reader = self._context.reader
        return reader.findings(first, min(count, self._count - first)) if reader else ()

    def cells(self, row: FindingRow) -> Sequence[Cell]:
        """Draw a finding: frame, time, rule, section of the protocol, text."""
        return (
            (str(row.seq) if row.seq is not None else "-", "muted"),
            (formats.clock(row.time_ns), "muted"),
            (row.rule, "severity-warning"),
            (row.section, "muted"),
            (row.text, ""),
        )
