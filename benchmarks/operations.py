"""What the Operations view costs in a capture of any size: `python benchmarks/operations.py CAPTURE`.

Prints CPU time of this thread, the median and the worst of all operations: for the figures of one row, asked
for the first time and again, for a tick in another view and in this one with forty rows on screen, and
for learning one operation, which a thread does.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from inspector_app.capture.reader import CaptureReader
from inspector_app.capture.usage import last_use, usage_of
from inspector_app.viewer.learning import learn
from inspector_app.viewer.operations import known_operations
from inspector_app.viewer.state import ViewState
from inspector_app.viewer.world import World

TICK_NS = 200_000_000


def _took_ms(work: Callable[[], object]) -> float:
    begun = time.thread_time_ns()
    work()
    return (time.thread_time_ns() - begun) / 1e6


def _tell(what: str, took: list[float]) -> None:
    took.sort()
    print(f"{what:44} median {took[len(took) // 2]:8.3f} ms   worst {took[-1]:8.3f} ms")


def run(path: Path) -> None:
    """Measure, and print."""
    reader = CaptureReader(path)
    known = known_operations(reader)
    print(f"{reader.totals().frames:,} frames, {len(known)} operations")
    _tell(
        "figures of a row, first",
        [_took_ms(lambda each=each: usage_of(reader, each.calls)) for each in known],
    )
    _tell(
        "figures of a row, again",
        [_took_ms(lambda each=each: last_use(reader, each.calls)) for each in known],
    )
    view = ViewState(World(role="FILE", address=path.name, label="benchmark"))
    view.attach(CaptureReader(path))
    idle, busy = [], []
    for view_name, took in (("frames", idle), ("operations", busy)):
        view.show(view_name)
        now_ns = time.time_ns()
        for _ in range(100):
            now_ns += TICK_NS
            if view_name == "operations":
                view.operations.rows(0, 40)
            took.append(_took_ms(lambda now_ns=now_ns: view.tick(now_ns)))
    _tell("tick in another view", idle)
    _tell("tick with 40 rows of operations on screen", busy)
    _tell(
        "learning an operation, in a thread",
        [_took_ms(lambda each=each: learn(path, each.lesson)) for each in known],
    )
    view.close()
    reader.close()


if __name__ == "__main__":
    run(Path(sys.argv[1]))
