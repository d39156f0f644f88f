"""The same thing many times: at a rate, with so many in flight, and how long each took.

Owns the pace and the figures. What is repeated is the caller's.
"""

from __future__ import annotations

import asyncio
import logging
import math
from bisect import insort
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

_LOG: Final = logging.getLogger(__name__)

MOST_TIMES: Final = 100_000
MOST_IN_FLIGHT: Final = 1_000
MOST_PER_SECOND: Final = 100_000.0

PERCENTILES: Final = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
"""The figures that are told of latencies, with the share of them that is no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often, at most how many a second (None: as fast as it goes), and how many at a time."""

    times: int
    per_second: float | None = None
    in_flight: int = 1

    @property
    def problem(self) -> str:
        """One sentence on what cannot be; empty: nothing."""
        if not 1 <= self.times <= MOST_TIMES:
            return f"Repeat from 1 to {MOST_TIMES:,} times."
        if not 1 <= self.in_flight <= MOST_IN_FLIGHT:
            return f"Keep from 1 to {MOST_IN_FLIGHT:,} in flight."
        rate = self.per_second
        if rate is not None and not (math.isfinite(rate) and 0 < rate <= MOST_PER_SECOND):
            return f"Give a rate of more than 0 and at most {MOST_PER_SECOND:,.0f} a second, or none."
        return ""


async def keep_pace(once: Callable[[int], Awaitable[None]], pace: Pace) -> None:
    """Do `once` with each number from 0. What it raises ends all of it, and is raised."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    numbers: Iterator[int] = iter(range(pace.times))

    async def work() -> None:
        for number in numbers:  # all workers take from the same
            due = began + number / pace.per_second if pace.per_second is not None else began
            await asyncio.sleep(due - loop.time())  # in any case others have their turn
            await once(number)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(pace.in_flight, pace.times)):
                group.create_task(work(), name="repeat")
    except BaseExceptionGroup as several:
        raise first_of(several) from None


def first_of(several: BaseExceptionGroup[BaseException]) -> BaseException:
    """Give one error of a group, and log it whole: those of one connection are all alike."""
    _LOG.debug("several failed at once", exc_info=several)
    error: BaseException = several
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def percentile(ordered: Sequence[int], share: float) -> int | None:
    """Give the least value that is not exceeded by `share` of them (nearest rank); None: there are none."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


@dataclass(slots=True)
class Figures:
    """What came of something that was repeated. `ordered`: nanoseconds of those that went well."""

    ended: int = 0
    failed: int = 0
    ordered: list[int] = field(default_factory=list)

    def took(self, duration_ns: int | None, *, well: bool) -> None:
        """Count one that has ended."""
        self.ended += 1
        self.failed += not well
        if well and duration_ns is not None:
            insort(self.ordered, duration_ns)

    def percentiles(self) -> dict[str, int | None]:
        """Give the figures by name, in nanoseconds."""
        return {name: percentile(self.ordered, share) for name, share in PERCENTILES.items()}
