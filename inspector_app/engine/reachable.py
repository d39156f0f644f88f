"""A recording that viewers find and reach: its control server, and the file that names it.

Owns both for as long as the block lasts. The engine process and a run without a screen use it, so that
`attach` knows no difference.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from inspector_app.capture.errors import CaptureError
from inspector_app.engine.control import control_server
from inspector_app.engine.running import Published, RunningEngine, machine
from inspector_app.sources.base import describe_spec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from inspector_app.engine.control import Control, Engine
    from inspector_app.engine.recording import Recording
    from inspector_app.intents import SourceSpec


class Reachable:
    """What viewers can reach; made by `reachable`."""

    def __init__(self, control: Control, running: RunningEngine) -> None:
        self.control = control
        self._running = running
        self._published: Published | None = None
        # Where it cannot be published nobody finds it; it works all the same.
        with contextlib.suppress(OSError, CaptureError):
            self._published = Published(running)

    def moved(self, capture: Path) -> None:
        """Have it found under another capture, and tell every viewer."""
        self.control.push_moved(capture)
        self._running = replace(self._running, capture=str(capture))
        if self._published is not None:
            with contextlib.suppress(OSError):  # then it is found under its old capture
                self._published.change(self._running)

    def end(self) -> None:
        """Be found no more."""
        if self._published is not None:
            with contextlib.suppress(OSError):
                self._published.end()


@contextlib.asynccontextmanager
async def reachable(
    recording: Recording, spec: SourceSpec, token: str, engine: Engine
) -> AsyncIterator[Reachable]:
    """Let viewers that know `token` reach a recording. Raises `OSError` where none can listen."""
    async with control_server(recording, token, engine) as control:
        reach = Reachable(
            control,
            RunningEngine(
                pid=os.getpid(),
                machine=machine(),
                started_ns=time.time_ns(),
                control_url=control.url,
                token=token,
                capture=str(recording.capture.absolute()),
                address=recording.source.address,
                source=describe_spec(spec),
            ),
        )
        try:
            yield reach
        finally:
            reach.end()
