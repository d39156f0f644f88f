"""Watching a coroutine from step to step: one that keeps the event loop for too long is named.

Only code that runs on the loop is watched; a plain `def` handler runs in a thread and keeps nobody.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Coroutine, Generator
from time import perf_counter
from typing import Any


@types.coroutine
def watched(
    work: Coroutine[Any, Any, Any], limit_s: float | None, tell: Callable[[str, float], None], name: str
) -> Generator[Any, Any, Any]:
    """Await `work`, and tell each time over `limit_s` for which it kept the event loop, with its `name`.

    Times are in seconds; None for `limit_s` means that nothing is told.
    """
    if limit_s is None:
        return (yield from work)
    step: Callable[[Any], Any] = work.send
    value: Any = None
    try:
        while True:
            began = perf_counter()
            try:
                wanted = step(value)
            finally:
                value = None  # an error that is kept would keep the frames it went through, this one too
                if (took_s := perf_counter() - began) > limit_s:
                    tell(name, took_s)
            try:
                value = yield wanted
                step = work.send
            except GeneratorExit:
                raise
            except BaseException as error:  # noqa: BLE001 - what is thrown in is meant for the work
                step, value = work.throw, error
    except StopIteration as end:
        return end.value
    finally:
        work.close()
