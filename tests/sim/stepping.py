"""Drives one coroutine from suspension to suspension, and cancels its task at the one that is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from enum import Enum
from typing import Any, TypeVar

Result = TypeVar("Result")


class Moment(Enum):
    """When within a suspension the task is cancelled."""

    WAITING = "while it waits"
    WOKEN = "when what it waits for has come and it has not run yet"


class Stepper:
    """Counts the suspensions of what it drives; at number `cancel_at`, from 1, it cancels the task."""

    def __init__(self, cancel_at: int | None = None, moment: Moment = Moment.WAITING) -> None:
        self.suspensions = 0
        self._cancel_at = cancel_at
        self._moment = moment

    async def drive(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Run it to its end; its task is the one that waits for this."""
        result: Result = await _Driven(self, coroutine)
        return result

    def suspended(self, awaited: Any) -> None:
        """What is driven waits for this now."""
        self.suspensions += 1
        if self.suspensions != self._cancel_at:
            return
        task = asyncio.current_task()
        assert task is not None
        if self._moment is Moment.WOKEN and isinstance(awaited, asyncio.Future):
            awaited.add_done_callback(lambda _: task.cancel())
        else:
            asyncio.get_running_loop().call_soon(task.cancel)


class _Driven:
    def __init__(self, stepper: Stepper, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._stepper = stepper
        self._coroutine = coroutine

    def __await__(self) -> Generator[Any, Any, Any]:
        error: BaseException | None = None
        try:
            while True:
                awaited = self._coroutine.send(None) if error is None else self._coroutine.throw(error)
                error = None
                self._stepper.suspended(awaited)
                try:
                    yield awaited
                except BaseException as thrown:  # noqa: BLE001 - it goes where it was meant to go
                    error = thrown
        except StopIteration as stop:
            return stop.value
        finally:
            error = None  # an exception that is kept keeps this frame, and all that the program holds
