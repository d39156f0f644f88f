"""Where what is written in a form goes, and what is known there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inspector_app.messages.variables import Scope

if TYPE_CHECKING:
    from inspector_app.capture.records import ExchangeRow
    from inspector_app.intents import Done, Intent
    from inspector_app.screens.draft_desk import DraftDesk
    from inspector_app.viewer.draft_schemas import Learn
    from inspector_app.viewer.operations import Operation

Send = Callable[["Intent"], Awaitable["Done"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where what is written goes: to a connection, or on a stream."""

    operations: Sequence[Operation] = ()
    conn: int | None = None
    stream: ExchangeRow | None = None
    title: str = ""
    hint: str = ""
    """What to do to reach another target; empty: there is none."""
    learn: Learn | None = None
    """Gives what the traffic tells of calls; it may take a while, so a thread calls it."""
    peer: str | None = None
    """How this side calls itself on the connection."""
    number: int = 0
    """The number of the next exchange there."""
    scope: Callable[[], Scope] = Scope
    """Gives what variables stand for. Raises `VariableError`."""
    desk: DraftDesk | None = None
    """What carries out the commands that do something else with what is typed."""
