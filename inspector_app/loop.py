"""Which event loop the inspector's processes run on: uvloop where it is installed, else asyncio's own.

Owns also how long a thread beside the loop may hold it up.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from importlib.util import find_spec
from typing import Any, TypeVar

Result = TypeVar("Result")


TURN_S = 0.0005
"""How long one thread computes while another waits. With Python's 5 ms the loop waits so long for the thread
that records, again and again: at the limit, half as many frames again go by with this."""


def run_loop(main: Coroutine[Any, Any, Result]) -> Result:
    """Run a program's main coroutine to its end, like `asyncio.run`."""
    sys.setswitchinterval(TURN_S)
    if find_spec("uvloop") is None:
        return asyncio.run(main)
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
