"""Each module of the library is covered by its own tests: `python -m tests.module_coverage [MODULE...]`.

What some other test happens to run does not count. For each module of `slipstream/` only the tests that
mirror it (`tests/slipstream/test_<module>*.py`) are run, in a process of their own, and have to take every
line and branch of the module. Prints a table; exits with 1 if a module has less, has no tests, or one fails.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import coverage
import pytest

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "slipstream"
TESTS = ROOT / "tests" / "slipstream"
AT_ONCE = 2
LIMIT_S = 20
"""How long one test may take; all of them together take less than a minute."""

NAMES_ONLY = {"__init__", "_version", "base"}
"""Modules that do nothing but name what others hold; the names are the API, and so are its tests."""


@dataclass(frozen=True)
class Covered:
    """What the tests of one module have run of it; `missing` are lines and branches they have not."""

    module: str
    passed: bool
    lines: int = 0
    branches: int = 0
    missing: str = ""

    @property
    def whole(self) -> bool:
        return self.passed and not self.missing


def modules() -> list[str]:
    return sorted(path.stem for path in LIBRARY.glob("*.py"))


def own_tests(module: str) -> list[Path]:
    """The files `test_<module>.py` and `test_<module>_….py`, but those of a module with a longer name."""
    name = "api_contract" if module in NAMES_ONLY else module
    others = tuple(f"test_{other}" for other in modules() if other.startswith(f"{name}_"))
    found = [TESTS / f"test_{name}.py", *sorted(TESTS.glob(f"test_{name}_*.py"))]
    return [path for path in found if path.exists() and not path.stem.startswith(others)]


def measure(module: str, folder: Path) -> None:
    """Run the tests of a module and leave in `folder` what they said and what they covered.

    Runs in a process that has not imported the library: only the first import runs a module's own lines.
    """
    tests = own_tests(module)
    if not tests:
        return
    said = os.open(folder / f"{module}.log", os.O_WRONLY | os.O_CREAT)
    os.dup2(said, 1)
    os.dup2(said, 2)
    measuring = coverage.Coverage(
        data_file=None, config_file=False, branch=True, include=[str(LIBRARY / f"{module}.py")]
    )
    measuring.start()
    options = ["-q", "-n", "0", "-p", "no:cacheprovider", "--timeout", str(LIMIT_S)]
    failed = pytest.main([*options, *map(str, tests)])
    measuring.stop()
    measuring.json_report(outfile=str(folder / f"{module}.json"))
    (folder / f"{module}.passed").write_text("" if failed else "yes")


def read(module: str, folder: Path) -> Covered:
    """Take up what `measure` has left."""
    passed = folder / f"{module}.passed"
    if not passed.exists():
        return Covered(module, passed=False, missing="everything: it has no tests, or they broke off")
    (of_file,) = json.loads((folder / f"{module}.json").read_text())["files"].values()
    branches = (f"{origin}->{'exit' if goal < 0 else goal}" for origin, goal in of_file["missing_branches"])
    return Covered(
        module,
        passed=bool(passed.read_text()),
        lines=of_file["summary"]["num_statements"],
        branches=of_file["summary"]["num_branches"],
        missing=" ".join([*map(str, of_file["missing_lines"]), *branches]),
    )


def measured(wanted: Sequence[str], folder: Path) -> Iterator[Covered]:
    """Measure modules, a few at a time; gives each in its turn."""
    fork = multiprocessing.get_context("fork")  # what is imported here need not be imported again
    waiting = list(wanted)
    running: list[tuple[str, BaseProcess]] = []
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            module = waiting.pop(0)
            running.append((module, fork.Process(target=measure, args=(module, folder))))
            running[-1][1].start()
        module, process = running.pop(0)
        process.join()
        yield read(module, folder)


def main(wanted: Sequence[str]) -> int:
    assert "slipstream" not in sys.modules
    whole = True
    print(f"{'module':<14}{'lines':>7}{'branches':>10}  not covered by its own tests")
    with tempfile.TemporaryDirectory() as folder:
        for each in measured(wanted or modules(), Path(folder)):
            log = Path(folder) / f"{each.module}.log"
            if not each.passed and log.exists():
                print(log.read_text())
            print(f"{each.module:<14}{each.lines:>7}{each.branches:>10}  {each.missing}", flush=True)
            whole = whole and each.whole
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
