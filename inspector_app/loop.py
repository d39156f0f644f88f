"""Which event loop the inspector's processes run on: uvloop where it is installed, else asyncio's own.

Owns also what else such a process asks of the interpreter: how long a thread beside the loop may hold it up,
and how often it looks for garbage.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Coroutine
from importlib.util import find_spec
from typing import Any, TypeVar

Result = TypeVar("Result")

TURN_S = 0.0005
"""How long one thread computes while another waits. With Python's 5 ms the loop waits so long for the thread
that records, again and again: at the limit, half as many frames again go by with this."""

COLLECTED = (20_000, 20, 20)
"""New objects after which the interpreter looks for garbage, and rounds. What a frame is made of ends without
it; to look after each 700, as Python does, costs a tenth of recording a call."""


def run_loop(main: Coroutine[Any, Any, Result]) -> Result:
    """Run a program's main coroutine to its end, like `asyncio.run`."""
    sys.setswitchinterval(TURN_S)
    gc.set_threshold(*COLLECTED)
    if find_spec("uvloop") is None:
        return asyncio.run(main)
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
