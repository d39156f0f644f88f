"""An event loop with its own clock: it stands still while anything can run, then jumps to the next timer.

Nothing ever sleeps. What runs in it has no sockets and no threads, and happens in the same order every time.
A program that waits for what cannot come is told so, with what each of its tasks waits for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, TypeVarTuple

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")

SPINNING_TURNS = 200_000
"""So many turns of the loop without time passing are a program that waits by asking again and again."""

_RESOLUTION_S = 1e-9


class DeadlockError(RuntimeError):
    """Nothing can run, and no timer will ever change that."""


class SpinningError(RuntimeError):
    """The loop goes round and round and time does not pass."""


class VirtualLoop(asyncio.BaseEventLoop):
    """The loop. `time()` begins at 0.0 and is in seconds that nobody has to wait for."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._turns = 0
        self._tasks_made = 0
        # What the base class asks for readiness, and how close together two timers are one.
        self._selector = self
        self._clock_resolution = _RESOLUTION_S
        self.set_task_factory(self._make_task)

    def time(self) -> float:
        """Seconds of this loop's clock."""
        return self._now

    def select(self, timeout: float | None) -> list[Any]:
        """Let time pass until the next timer, at once. Raises where there is none or it never comes."""
        if timeout is None:
            raise DeadlockError(f"Nothing can run and no timer is set at {self._now:.6f} s.{self._waiting()}")
        if timeout > 0:
            self._now += timeout
            self._turns = 0
            return []
        self._turns += 1
        if self._turns > SPINNING_TURNS:
            raise SpinningError(f"No time passed in {SPINNING_TURNS} turns of the loop.{self._waiting()}")
        return []

    def timers(self) -> list[asyncio.TimerHandle]:
        """The timers that are set and not cancelled."""
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined] # of the base class
        return [timer for timer in scheduled if not timer.cancelled()]

    def run_in_executor(
        self, executor: Any, func: Callable[[*Arguments], Result], *args: *Arguments
    ) -> asyncio.Future[Result]:
        """Refused: a thread has a time of its own."""
        raise RuntimeError(f"{func!r} wants a thread, and in virtual time there is none")

    def _process_events(self, event_list: list[Any]) -> None:
        """Nothing: there are no sockets, so there are no events."""

    def _write_to_self(self) -> None:
        """Nothing: a loop that never sleeps needs no waking."""

    def _make_task(self, loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Future[Any]:
        self._tasks_made += 1
        return _NumberedTask(self._tasks_made, coro, loop, options)

    def _waiting(self) -> str:
        tasks = sorted(asyncio.all_tasks(self), key=hash)
        return "".join(f"\n  {task.get_name()} waits in {where(task)}" for task in tasks)


class _NumberedTask(asyncio.Task[Any]):
    """A task whose hash is its number, not its address: sets of tasks have the same order in every run."""

    def __init__(
        self, number: int, coro: Any, loop: asyncio.AbstractEventLoop, options: dict[str, Any]
    ) -> None:
        self._number = number
        super().__init__(coro, loop=loop, **options)

    def __hash__(self) -> int:
        return self._number


def where(task: asyncio.Task[Any]) -> str:
    """What a suspended task waits in: from its own function to the innermost one, with the line of that."""
    names: list[str] = []
    line = 0
    waiting: Any = task.get_coro()
    while (frame := _attribute(waiting, "frame")) is not None:
        names.append(frame.f_code.co_qualname)
        line = frame.f_lineno
        waiting = _attribute(waiting, "await")
    return f"{' > '.join(names)}, line {line}"


def _attribute(waiting: Any, name: str) -> Any:
    """Of a coroutine or an async generator; None of what is neither."""
    return getattr(waiting, f"cr_{name}", None) or getattr(waiting, f"ag_{name}", None)


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run a program to its end in a loop of its own, and what it left running by cancelling that."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
