"""What the proof measures with: peak memory, lateness of the event loop, lines of a log, percentiles."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

_BEAT_S = 0.002


class PeakMemory:
    """How far the resident memory of a process rose above what it was when this was made, in MiB (Linux)."""

    def __init__(self, pid: int | None = None) -> None:
        self._folder = Path("/proc") / str(pid or os.getpid())
        if pid is None:
            gc.collect()
        (self._folder / "clear_refs").write_text("5")  # the peak begins anew
        self._before = self._read("VmRSS")

    def grown_mib(self) -> float:
        """The highest it was since, above the beginning."""
        return self._read("VmHWM") - self._before

    def _read(self, name: str) -> float:
        for line in (self._folder / "status").read_text().splitlines():
            key, _, rest = line.partition(":")
            if key == name:
                return int(rest.split()[0]) / 1024
        raise LookupError(name)


def cpu_s(pid: int | None = None) -> float:
    """Processor time that a process has used so far, in seconds (Linux)."""
    fields = (Path("/proc") / str(pid or os.getpid()) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Lateness:
    """How late the event loop was at most, in seconds: what a timer of it has to wait beyond its time."""

    def __init__(self) -> None:
        self.worst_s = 0.0

    async def watch(self) -> None:
        """Look at it until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _BEAT_S
            await asyncio.sleep(_BEAT_S)
            self.worst_s = max(self.worst_s, loop.time() - due)

    async def take(self) -> float:
        """The worst since the last time that this was asked, up to now."""
        await asyncio.sleep(2 * _BEAT_S)  # a block that has just ended is seen by the beat behind it
        worst, self.worst_s = self.worst_s, 0.0
        return worst


@asynccontextmanager
async def watched_loop() -> AsyncIterator[Lateness]:
    """Watch the running loop during the block."""
    lateness = Lateness()
    task = asyncio.create_task(lateness.watch(), name="lateness")
    try:
        yield lateness
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


# A line is made some moments after it was let through, and one sooner than another.
_WRITING_S = 0.02


class LogRate(logging.Handler):
    """Counts what is logged: `total`, and `busiest`, the most lines within any one second."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.total = 0
        self.busiest = 0
        self._recent: deque[float] = deque()

    def emit(self, record: logging.LogRecord) -> None:
        """Count one line."""
        self.total += 1
        self._recent.append(record.created)
        while record.created - self._recent[0] >= 1.0 - _WRITING_S:
            self._recent.popleft()
        self.busiest = max(self.busiest, len(self._recent))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@contextmanager
def on_one_core(*others: int) -> Iterator[int]:
    """Run this process and the `others` on the same core during the block; gives which."""
    before = os.sched_getaffinity(0)
    core = max(before)
    for pid in (0, *others):
        os.sched_setaffinity(pid, {core})
    try:
        yield core
    finally:
        os.sched_setaffinity(0, before)
