"""When an app in a test has come to rest: known from its event loop, not guessed from the clock."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import textual.app
import textual.pilot
import textual.screen

if TYPE_CHECKING:
    import pytest

FRAME_S = 1 / 60
"""What is due so soon is waited for."""
PAINTING_S = FRAME_S / 4
"""How often a screen paints in a test; it may put off painting by up to twice as long."""


async def wait_for_idle(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Let the loop run until nothing is ready in it and no timer is due within a frame.

    Textual's own waits until the process has used no time for 20 ms: long where nothing happens, and not
    long enough where another process has the processor. Gives up after `max_sleep` seconds, as that does:
    something that repeats faster than the screen is painted never rests.
    """
    loop: Any = asyncio.get_running_loop()
    end = loop.time() + max_sleep
    while loop.time() < end:
        await asyncio.sleep(0)
        if loop._ready:
            continue
        now = loop.time()
        due = min((timer.when() for timer in loop._scheduled if not timer.cancelled()), default=end)
        if due > now + FRAME_S:
            return
        await asyncio.sleep(max(0.0, due - now))


def use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every pilot wait like this."""
    monkeypatch.setattr(textual.screen, "UPDATE_PERIOD", PAINTING_S)
    monkeypatch.setattr(textual.app, "wait_for_idle", wait_for_idle)
    monkeypatch.setattr(textual.pilot, "wait_for_idle", wait_for_idle)
