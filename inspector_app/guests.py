"""Viewers that attach to a run without a screen: let in as an engine lets them, and told what it is told.

Owns what such a run can be asked for. It prints what is in its capture and ends by its options, so neither
can be changed from outside; that it end can be asked for, like by a signal.
"""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING

from inspector_app.engine.reachable import reachable
from inspector_app.intents import RecordElsewhere, Stay
from inspector_app.stderr import say

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from inspector_app.ending import Ending
    from inspector_app.engine.reachable import Reachable
    from inspector_app.engine.recorder import Level
    from inspector_app.engine.recording import Recording
    from inspector_app.intents import EngineIntent, Intent, SourceSpec

_NO_MOVING = "A run without a screen prints what is in its capture, so it stays with that one."
_NO_STAYING = "A run without a screen ends with no viewer: its options say when, or who ends it."


class Guests:
    """The run as its guests see it, an `engine.control.Engine`. All on one event loop."""

    def __init__(self, spec: SourceSpec, ending: Ending) -> None:
        self._spec = spec
        self._ending = ending
        self._reach: Reachable | None = None

    @contextlib.asynccontextmanager
    async def let_in(self, recording: Recording) -> AsyncIterator[None]:
        """Let viewers attach, for as long as the block lasts. Where they cannot, it is said."""
        async with contextlib.AsyncExitStack() as stack:
            try:
                door = reachable(recording, self._spec, secrets.token_urlsafe(32), self)
                self._reach = await stack.enter_async_context(door)
            except OSError as error:
                say(f"No viewer can attach to this run: {error.strerror or error}.")
            yield
            self._reach = None

    def gone(self) -> None:
        """Be found no more, when the end is by force; from any thread."""
        if self._reach is not None:
            self._reach.end()

    def told(self, level: Level, text: str) -> None:
        """Tell them about a problem of the recording, or its end."""
        if self._reach is not None:
            self._reach.control.push_problem(level, text)

    @property
    def stay(self) -> bool:
        """It runs on whoever leaves."""
        return True

    def refuses(self, intent: Intent | EngineIntent) -> str | None:
        """Why it does not do that."""
        match intent:
            case RecordElsewhere():
                return _NO_MOVING
            case Stay():
                return _NO_STAYING
        return None

    def set_stay(self, on: bool) -> None:
        """Is refused before."""

    def moved(self, capture: Path) -> None:
        """Is refused before."""

    def end(self) -> None:
        """End as after a signal."""
        self._ending.ask()
