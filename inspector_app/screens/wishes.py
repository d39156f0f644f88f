"""What a screen asks of the app: messages that bubble up to it. A screen never imports the app."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from inspector_app.intents import SourceSpec

if TYPE_CHECKING:
    from inspector_app.engine.running import RunningEngine
    from inspector_app.viewer.goal import ExchangeGoal


class Inspect(Message):
    """Start a source and look at it."""

    def __init__(self, spec: SourceSpec) -> None:
        super().__init__()
        self.spec = spec


class Attach(Message):
    """Look at what a running engine inspects; `with_control`, take part."""

    def __init__(self, engine: RunningEngine, *, with_control: bool) -> None:
        super().__init__()
        self.engine = engine
        self.with_control = with_control


class OpenFile(Message):
    """Look at a capture, at a JSONL export or at a HAR; at an exchange of it, where `goal` names one."""

    def __init__(self, path: Path, goal: ExchangeGoal | None = None) -> None:
        super().__init__()
        self.path = path
        self.goal = goal


class Restart(Message):
    """Start the source of this world again, with a new engine and a new capture."""


class GoHome(Message):
    """Leave this world."""


class FilterBy(Message):
    """Filter further: only frames that `term`, of the filter language, takes."""

    def __init__(self, term: str) -> None:
        super().__init__()
        self.term = term


class Remember(Message):
    """Keep settings for the next run, by the names they have in `settings.Settings`."""

    def __init__(self, **changes: object) -> None:
        super().__init__()
        self.changes = changes
