"""How long until something is on the screen: `python benchmarks/start_up.py [REPETITIONS]`.

Starts each program in a pseudo terminal of 120×40 and waits for the first text it draws, all programs in turn
so that a noisy machine is noisy for all of them. Prints medians in milliseconds and ratios to a bare Textual
app, of the time that passed and of the processor time that the program took by then, which other programs
disturb less. All modules are compiled before, as they are in an installed package; Textual's are anyway. The
command line libraries are compared by the time of a process that only imports them; one that is not installed
is left out.
"""

from __future__ import annotations

import compileall
import importlib.util
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pexpect

BARE = """
from textual.app import App
from textual.widgets import Static

class Bare(App):
    def compose(self):
        yield Static("bare app")

Bare().run()
"""


FRAMES = 10_000
"""In the capture that is opened; how many there are makes no difference."""

Took = tuple[float, float]
"""Milliseconds that passed, and of processor time; NaN where that is not known."""


def painted(arguments: list[str], text: str, environment: dict[str, str]) -> Took:
    """Measure from the start of a process until `text` has reached its terminal."""
    began = time.perf_counter()
    child = pexpect.spawn(sys.executable, arguments, dimensions=(40, 120), env=environment, timeout=30)
    child.delaybeforesend = None
    child.expect_exact(text)
    took, computed = time.perf_counter() - began, computed_s(child.pid)
    child.close(force=True)
    return took * 1000, computed * 1000


def computed_s(pid: int) -> float:
    """Seconds of processor time that the threads of a process have taken; NaN where Linux does not tell."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    try:
        return sum(int(each.read_text().split()[0]) for each in threads) / 1e9 or math.nan
    except OSError:
        return math.nan


def finished(environment: dict[str, str], *arguments: str) -> Took:
    """Measure a process from its start to its end."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, env=environment)
    return (time.perf_counter() - began) * 1000, math.nan


def capture_in(folder: str) -> str:
    """Make a capture to open."""
    path = f"{folder}/some.capture"
    generator = Path(__file__).with_name("big_capture.py")
    subprocess.run([sys.executable, generator, path, str(FRAMES)], check=True, capture_output=True)
    return path


def main(repetitions: int) -> None:
    """Measure in turn, then print."""
    for package in ("slipstream", "inspector_app"):
        compileall.compile_dir(Path(__file__).parent.parent / package, quiet=1)
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "SLIPSTREAM_INSPECTOR_DATA": f"{folder}/data",
            "SLIPSTREAM_INSPECTOR_CONFIG": f"{folder}/config",
        }
        app = ["-m", "inspector_app"]
        nobody = ["connect", "ws://127.0.0.1:9"]
        programs: dict[str, Callable[[], Took]] = {
            "a bare Textual app": lambda: painted(["-c", BARE], "bare app", environment),
            "home": lambda: painted(app, "Recent captures", environment),
            "demo": lambda: painted([*app, "demo"], "CLIENT", environment),
            "connect": lambda: painted([*app, *nobody], "CLIENT", environment),
            "open": partial(painted, [*app, "open", capture_in(folder)], "FILE", environment),
            "--version": lambda: finished(environment, *app, "--version"),
            "python -c pass": lambda: finished(environment, "-c", "pass"),
        }
        for library in ("click", "cyclopts"):
            if importlib.util.find_spec(library):
                programs[f"import {library}"] = partial(finished, environment, "-c", f"import {library}")
        measured: dict[str, list[Took]] = {name: [] for name in programs}
        for measure in programs.values():
            measure()
        for _ in range(repetitions):
            for name, measure in programs.items():
                measured[name].append(measure())
    bare = measured["a bare Textual app"]
    print(f"{'program':<24}{'median ms':>10}{'ratio to bare app':>20}{'by processor time':>20}")
    for name, times in measured.items():
        passed = statistics.median(took for took, _ in times)
        print(f"{name:<24}{passed:>10.0f}{ratio(times, bare, 0):>20}{ratio(times, bare, 1):>20}")


def ratio(times: list[Took], bare: list[Took], which: int) -> str:
    """Tell the median ratio to the bare app in the same repetition; nothing where it is not known."""
    found = statistics.median(one[which] / other[which] for one, other in zip(times, bare, strict=True))
    return "" if math.isnan(found) else f"{found:.2f}"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
