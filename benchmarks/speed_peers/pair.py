"""A server and a client of one implementation, in two processes that were started for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from speed_peers.workloads import Measured, Workload

BENCHMARKS = Path(__file__).parents[1]


class MeasuringError(Exception):
    """An implementation did not do what it was asked; the text says how."""


@dataclass(frozen=True, slots=True)
class Contender:
    """An implementation: its name in the tables, its module, and the Python that has its packages."""

    name: str
    module: str
    python: str = sys.executable
    lacks: frozenset[str] = frozenset()
    """Kinds of workload that it has nothing for."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The running client, which measures what it is told."""

    client: Child

    def measure(self, workload: Workload) -> Measured:
        """Run one workload. Raises `MeasuringError`."""
        line = self.client.ask(json.dumps(asdict(workload)))
        if not line:
            raise MeasuringError("its client ended, or took too long")
        answer = json.loads(line)
        if "error" in answer:
            raise MeasuringError(answer["error"])
        return Measured(**answer)


@contextmanager
def started(contender: Contender, core: int, loop: str) -> Iterator[Pair]:
    """Start both ends on one core; they are killed at the end. Raises `MeasuringError`."""
    with ExitStack() as stack:
        server = stack.enter_context(Child(contender, "server", str(core), loop))
        port = server.line()
        if not port:
            raise MeasuringError("its server did not start")
        client = stack.enter_context(Child(contender, "client", str(core), loop, port, str(server.pid)))
        if not client.line():
            raise MeasuringError("its client did not start")
        yield Pair(client)


class Child:
    """A process of this package, talked to in lines; killed at the end of the block."""

    def __init__(self, contender: Contender, *arguments: str) -> None:
        end, *more = arguments
        self._process = subprocess.Popen(
            [contender.python, "-m", "speed_peers.child", end, contender.module, *more],
            cwd=BENCHMARKS,
            env={**os.environ, "PYTHONPATH": str(BENCHMARKS.parent)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid

    def line(self) -> str:
        """The next line that it prints; empty where it has ended."""
        stdout = self._process.stdout
        return stdout.readline().strip() if stdout is not None else ""

    def ask(self, question: str) -> str:
        """Send a line, and wait for one."""
        stdin = self._process.stdin
        if stdin is not None:
            with suppress(OSError):  # an empty answer tells that it has ended
                stdin.write(question + "\n")
                stdin.flush()
        return self.line()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        with suppress(OSError):  # what was never read by it
            self._process.communicate()
