"""A viewer's end of an engine that another viewer started: looks on, or takes part.

Owns the control connection, and tells when the engine has ended. It ends no engine by ending itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from inspector_app.engine.calling import Calling, Unreachable
from inspector_app.engine.link import EngineFailed
from inspector_app.intents import Done, Question

if TYPE_CHECKING:
    from collections.abc import Callable

    from inspector_app.engine.running import RunningEngine
    from inspector_app.intents import EngineIntent, Intent

REACH_LIMIT_S = 30.0

_ENDED = "The engine has ended; its capture is complete."
_LOST = "The engine cannot be reached any more; what it recorded until now is here."


class AttachedEngine:
    """One engine, from `open` to `stop`. Without `control` nothing is sent to it.

    `on_problem`, `on_moved` and `on_exit` are as for `EngineLink`.
    """

    def __init__(self, engine: RunningEngine, *, control: bool, reach_limit_s: float = REACH_LIMIT_S) -> None:
        self.on_problem: Callable[[str, str], None] | None = None
        self.on_moved: Callable[[str], None] | None = None
        self.on_exit: Callable[[str], None] | None = None
        self._engine = engine
        self._may_send = control
        self._reach_limit_s = reach_limit_s
        self._calling = Calling(on_problem=self._heard_problem, on_moved=self._heard_moved)

    async def open(self) -> Path:
        """Connect; give the capture that is recorded into. Raises `EngineFailed`."""
        try:
            status = await self._calling.open(self._engine.control_url, self._engine.token)
        except Unreachable as failure:
            raise EngineFailed(str(failure)) from failure
        self._calling.hold(lambda: self._engine.alive, self._reach_limit_s, self._lost)
        return Path(str(status.get("capture", self._engine.capture)))

    @property
    def stays(self) -> bool:
        """Whether the engine runs on when the viewer that started it ends."""
        return self._calling.stays

    async def perform(self, intent: Intent | EngineIntent) -> Done:
        """Have the engine carry out an intent; `Done.error` says why it was not done."""
        if not self._may_send and not isinstance(intent, Question):
            return Done(error="This viewer only looks on: attach with --control to take part.")
        return await self._calling.perform(intent, lambda: self._engine.alive)

    async def stop(self) -> None:
        """Leave the engine to itself. Idempotent."""
        await self._calling.close()

    def _lost(self) -> None:
        if self.on_exit is not None:
            self.on_exit(_LOST if self._engine.alive else _ENDED)

    def _heard_problem(self, level: str, text: str) -> None:
        if self.on_problem is not None:
            self.on_problem(level, text)

    def _heard_moved(self, capture: str) -> None:
        if self.on_moved is not None:
            self.on_moved(capture)
