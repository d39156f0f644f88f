"""One end of one implementation, in a process of its own that stays on one core.

`python -m speed_peers.child server MODULE CORE LOOP` prints its port and serves until it is killed.
`python -m speed_peers.child client MODULE CORE LOOP PORT SERVER` takes one workload a line on stdin, as JSON,
and prints what it measured, or what went wrong; each workload has a connection of its own. SERVER is the ID
of the server's process.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, cast

from speed_peers.workloads import Implementation, Stopwatch, Workload, run

PATIENCE_S = 60
"""A start or a workload that takes longer is given up, with its process."""


def main(end: str, module: str, core: str, loop: str, *server: str) -> None:
    """Be the server or the client of an implementation."""
    signal.alarm(PATIENCE_S)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core)})
    implementation = cast("Implementation", importlib.import_module(f"speed_peers.{module}"))
    with asyncio.Runner(loop_factory=_loop_factory(loop)) as runner:
        if end == "server":
            runner.run(implementation.serve(_told))
        else:
            port, process = map(int, server)
            Stopwatch.processes = [os.getpid(), process] if sys.platform == "linux" else []
            _told("ready")
            _measure(runner, implementation, port)


def _told(started: object) -> None:
    """Tell that this end has started, which nothing else should do while others are measured."""
    signal.alarm(0)
    print(started, flush=True)


def _loop_factory(loop: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    if loop != "uvloop":
        return None
    import uvloop

    return uvloop.new_event_loop


def _measure(runner: asyncio.Runner, implementation: Implementation, port: int) -> None:
    async def measure(workload: Workload) -> dict[str, Any]:
        async with implementation.connected(port) as client:
            return (await run(client, workload))._asdict()

    for line in sys.stdin:
        signal.alarm(PATIENCE_S)
        try:
            answer = runner.run(measure(Workload(**json.loads(line))))
        except Exception as error:  # noqa: BLE001 - whatever a peer raises belongs into the table
            answer = {"error": f"{type(error).__name__}: {error}"}
        signal.alarm(0)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
