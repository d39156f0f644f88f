"""How long until something is on the screen: `python benchmarks/start_up.py [REPETITIONS]`.

Starts each program in a pseudo terminal of 120×40 and waits for the first text it draws, all programs in turn
so that a noisy machine is noisy for all of them. Prints medians in milliseconds and ratios to a bare Textual
app. The command line libraries are compared by the time of a process that only imports them; one that is not
installed is left out.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial

import pexpect

BARE = """
from textual.app import App
from textual.widgets import Static

class Bare(App):
    def compose(self):
        yield Static("bare app")

Bare().run()
"""


def painted(arguments: list[str], text: str, environment: dict[str, str]) -> float:
    """Milliseconds from the start of a process until `text` has reached its terminal."""
    began = time.perf_counter()
    child = pexpect.spawn(
        sys.executable, arguments, dimensions=(40, 120), env={**os.environ, **environment}, timeout=30
    )
    child.delaybeforesend = None
    child.expect_exact(text)
    took = time.perf_counter() - began
    child.close(force=True)
    return took * 1000


def finished(*arguments: str) -> float:
    """Milliseconds that a process takes from its start to its end."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return (time.perf_counter() - began) * 1000


def main(repetitions: int) -> None:
    """Measure in turn, then print."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "SLIPSTREAM_INSPECTOR_DATA": f"{folder}/data",
            "SLIPSTREAM_INSPECTOR_CONFIG": f"{folder}/config",
        }
        app = ["-m", "inspector_app"]
        programs: dict[str, Callable[[], float]] = {
            "a bare Textual app": lambda: painted(["-c", BARE], "bare app", environment),
            "home": lambda: painted(app, "Recent captures", environment),
            "demo": lambda: painted([*app, "demo"], "CLIENT", environment),
            "--version": lambda: finished(*app, "--version"),
            "python -c pass": lambda: finished("-c", "pass"),
        }
        for library in ("click", "cyclopts"):
            if importlib.util.find_spec(library):
                programs[f"import {library}"] = partial(finished, "-c", f"import {library}")
        measured: dict[str, list[float]] = {name: [] for name in programs}
        for measure in programs.values():
            measure()
        for _ in range(repetitions):
            for name, measure in programs.items():
                measured[name].append(measure())
    bare = measured["a bare Textual app"]
    print(f"{'program':<24}{'median ms':>10}{'ratio to bare app':>20}")
    for name, times in measured.items():
        ratio = statistics.median(one / other for one, other in zip(times, bare, strict=True))
        print(f"{name:<24}{statistics.median(times):>10.0f}{ratio:>20.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
