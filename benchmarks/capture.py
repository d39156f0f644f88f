"""A capture of a million frames, beside what one would have otherwise: `python benchmarks/capture.py`.

Makes the capture (kept for the next run: `--keep FILE`), then measures, as medians:

- recording: processor time to fold and to write a frame, of the mix, of calls and of streams alone; the bytes
  of the file a frame;
- opening: until the first screen of rows is read; jumping: a screen of rows from anywhere;
- finding, newest first: until the first screen of matches, and until all are found, by what an index tells,
  by columns, by text, by a path into the payload, also where nothing is to be found; the processor time of
  all threads together; `grep -c` and `jq` over the same frames as JSON lines beside it;
- how late an event loop is at worst while a search runs;
- export to JSON lines, as it is and with secrets looked for, and import again.

A figure with a line to keep to says so; `--check` makes one that misses it an exit code of 1. Times are the
machine's: the ratios are to `grep` and `jq` in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from big_capture import OPERATIONS, RARE_TEXT, write

from inspector_app.capture.filter import parse_filter
from inspector_app.capture.search import Search
from inspector_app.capture.store import CaptureReader

SCREEN = 50


class Question(NamedTuple):
    """A filter. `all_ms`: within which it has found all; `screen_ms`: within which a screen of matches."""

    source: str
    all_ms: float | None = None
    screen_ms: float | None = 50


FILTERS = {
    "type": Question("type:error", 100),
    "operation": Question(f"op:{OPERATIONS[3]}", 100),
    "operations": Question(f"op:{OPERATIONS[3][:-2]}*", 100),
    "exchange": Question("exchange:1000", 100),
    "status": Question("status:error", 100),
    "status, none": Question("status:timeout", 100),
    "code, none": Question("code:no_such_code", 100),
    "errors and findings": Question("type:error or finding:*", 100),
    "no answer yet": Question("unanswered", 100),
    "answered late, none": Question("answered:>200ms", screen_ms=None),
    "latency, none": Question("latency:>200ms", screen_ms=None),
    "size, none": Question("size:>10kb", screen_ms=None),
    "text": Question(f'"{RARE_TEXT}"', 300),
    "text, none": Question('"nowhere at all"', 300, None),
    "payload path": Question("data.user.id:42", 700),
    "payload path, compared": Question("data.user.id:>990", 700),
    "payload path, rare": Question(f'data.text:"{RARE_TEXT}"', 700),
    "payload path, none": Question("data.user.nick:*", 700, None),
    "operation and payload path": Question(f"op:{OPERATIONS[30]} data.user.id:42", 700),
    "regular expression": Question("text:/needle.*hay/"),
}
"""What has no line for its first screen is nowhere, and no index tells: all frames are looked at."""


class Report:
    """Prints figures as they come, and remembers those that miss their line."""

    def __init__(self) -> None:
        self.missed: list[str] = []

    def add(self, what: str, value: float, unit: str, most: float | None = None, note: str = "") -> None:
        """One figure; `most` is the line that it must keep below."""
        line = f"{what:<46}{value:>12.2f} {unit:<14}"
        if most is not None:
            line += f"at most {most:g}"
            if value > most:
                self.missed.append(what)
                line += "  MISSED"
        print(f"{line}  {note}".rstrip(), flush=True)


def timed(act: Callable[[], object], repetitions: int) -> float:
    """Median milliseconds."""
    times = []
    for _ in range(repetitions):
        began = time.perf_counter()
        act()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def measure_recording(path: Path, frames: int, report: Report) -> None:
    """Make the capture; then smaller ones of calls alone and of streams alone, which are not kept."""
    told_recording("recording", write(path, frames), frames, report, 8)
    report.add("file", path.stat().st_size / frames, "bytes a frame", 400)
    few = min(frames, 200_000)
    for kind in ("calls", "streams"):
        with tempfile.TemporaryDirectory() as folder:
            took = write(Path(folder) / "some.capture", few, kind=kind)
        told_recording(f"recording {kind} alone", took, few, report)


def told_recording(
    what: str, took: tuple[float, float], frames: int, report: Report, most: float | None = None
) -> None:
    """Say what folding and writing took."""
    folding, writing = (seconds / frames * 1e6 for seconds in took)
    report.add(f"{what}: processor time a frame", folding + writing, "µs", most)
    report.add("  of it folding", folding, "µs")
    report.add("  of it writing", writing, "µs")


def measure_reading(path: Path, frames: int, report: Report) -> None:
    """Open, and jump about."""

    def opened() -> None:
        reader = CaptureReader(path)
        reader.totals()
        reader.frames(max(1, frames - SCREEN + 1), SCREEN)
        reader.close()

    report.add("open and read the first screen", timed(opened, 9), "ms", 300)
    reader, places = CaptureReader(path), random.Random(1)  # noqa: S311 - places to jump to
    jump = timed(lambda: reader.frames(places.randrange(1, frames), SCREEN), 200)
    report.add("jump anywhere", jump, "ms", 16)
    reader.close()


def search(path: Path, source: str) -> tuple[float, float, float, int]:
    """Milliseconds until a screen of matches, and until all; of the processor; how many there are."""
    worked, began = time.process_time(), time.perf_counter()
    found = Search(path, parse_filter(source), now_ns=time.time_ns)
    try:
        first = None
        while not found.done:
            if first is None and found.count >= SCREEN:
                first = time.perf_counter() - began
            if found.problem:
                raise SystemExit(found.problem)
            time.sleep(0.0005)
        whole = time.perf_counter() - began
        return (first or whole) * 1000, whole * 1000, (time.process_time() - worked) * 1000, found.count
    finally:
        found.close()


def measure_finding(path: Path, repetitions: int, report: Report) -> dict[str, float]:
    """Every filter; gives the milliseconds of each."""
    took: dict[str, float] = {}
    for name, (source, most, screen) in FILTERS.items():
        runs = [search(path, source) for _ in range(repetitions)]
        first, whole, worked = (statistics.median(run[place] for run in runs) for place in (0, 1, 2))
        report.add(f"find by {name}: all", whole, "ms", most, f"{runs[0][3]:,} matches of {source}")
        report.add("  first screen, or all there is", first, "ms", screen)
        report.add("  processor time", worked, "ms")
        took[name] = whole
    return took


async def lateness(path: Path, source: str) -> float:
    """Milliseconds that an event loop is late at worst while a search runs."""
    worst = 0.0
    found = Search(path, parse_filter(source), now_ns=time.time_ns)
    while not found.done:
        began = time.perf_counter()
        await asyncio.sleep(0.001)
        worst = max(worst, time.perf_counter() - began - 0.001)
    found.close()
    return worst * 1000


@contextmanager
def exported(path: Path, folder: Path, report: Report) -> Iterator[Path]:
    """The capture as JSON lines, by the command."""
    lines, again = folder / "export.jsonl", folder / "again.capture"

    def run(what: str, most: float | None, *arguments: str) -> None:
        before, began = _worked_by_children(), time.perf_counter()
        subprocess.run([sys.executable, "-m", "inspector_app", *arguments], check=True)
        report.add(what, time.perf_counter() - began, "s", most)
        report.add("  processor time", _worked_by_children() - before, "s")

    run("export to JSON lines", 5, "export", str(path), "-o", str(lines), "--no-redact")
    run("export, secrets looked for", None, "export", str(path), "-o", str(folder / "redacted.jsonl"))
    yield lines
    run("import of JSON lines", 30, "import", str(lines), "-o", str(again))


def _worked_by_children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def measure_others(lines: Path, took: dict[str, float], report: Report) -> None:
    """What a shell has for the same questions, over the exported lines."""
    questions = {
        "text": ["grep", "-c", RARE_TEXT, str(lines)],
        "type": ["jq", "-c", 'select(.type == "error")', str(lines)],
    }
    for name, command in questions.items():
        if shutil.which(command[0]) is None:
            print(f"{command[0]} is not installed")
            continue
        other = timed(lambda command=command: subprocess.run(command, capture_output=True, check=False), 1)
        report.add(f"{command[0]} for the same as by {name}", other / took[name], "times as long")


def main(arguments: list[str]) -> int:
    """Measure and print; the exit code."""
    parser = argparse.ArgumentParser(description="A capture of a million frames, measured.")
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--keep", type=Path, metavar="FILE", help="the capture; made if it is not there")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a figure misses its line")
    options = parser.parse_args(arguments)
    report = Report()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        path = options.keep or folder / "big.capture"
        if not path.exists():
            measure_recording(path, options.frames, report)
        measure_reading(path, options.frames, report)
        took = measure_finding(path, options.repetitions, report)
        late = max(asyncio.run(lateness(path, source)) for source, *_ in FILTERS.values())
        report.add("event loop late while a search runs, at worst", late, "ms")
        with exported(path, folder, report) as lines:
            measure_others(lines, took, report)
    return 1 if options.check and report.missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
