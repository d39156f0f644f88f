"""Peers in processes of their own: started, found by the address they print, looked at, and ended."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).parents[2]
START_S = 20.0

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Child:
    """A process that serves at `url`; its lines on stdout are read with `line`."""

    pid: int
    url: str
    process: asyncio.subprocess.Process

    def resident_mib(self) -> float:
        """Memory that it holds now, in MiB."""
        return resident_mib(self.pid)

    def send_signal(self, number: signal.Signals) -> None:
        """Signal it: SIGSTOP, SIGCONT, SIGKILL …"""
        os.kill(self.pid, number)

    async def line(self) -> str:
        """The next line that it prints."""
        assert self.process.stdout is not None
        return (await self.process.stdout.readline()).decode().rstrip("\n")


def resident_mib(pid: int) -> float:
    """Memory that a process holds now, in MiB (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@asynccontextmanager
async def served(module: str, *arguments: str) -> AsyncIterator[Child]:
    """Run `python -m module arguments`, which prints its address first; it is killed at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_S):
            url = (await process.stdout.readline()).decode().strip()
        assert url, f"{module} ended before it printed its address"
        yield Child(process.pid, url, process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def elsewhere(work: Callable[..., Coroutine[Any, Any, Result]], *arguments: Any) -> Result:
    """Run a coroutine function of a module in a process of its own, where no test has run, for its result."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, _run, work, arguments)


def _run(work: Callable[..., Coroutine[Any, Any, Result]], arguments: tuple[Any, ...]) -> Result:
    return asyncio.run(work(*arguments))
