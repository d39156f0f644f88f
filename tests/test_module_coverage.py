"""The demand that each module is covered by its own tests, on a library made for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import module_coverage
from tests.module_coverage import ROOT, own_tests

MODULE = """
def sign(number):
    if number < 0:
        return -1
    return 1
"""

CHECK = """
import sys
from pathlib import Path
from tests import module_coverage
sys.path.insert(0, sys.argv[1])
module_coverage.LIBRARY = Path(sys.argv[1])
module_coverage.TESTS = Path(sys.argv[1], "tests")
sys.exit(module_coverage.main([]))
"""


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A module; its tests are for each test to write."""
    (tmp_path / "signs.py").write_text(MODULE)
    (tmp_path / "tests").mkdir()
    return tmp_path


def check(library: Path, *tests: str, name: str = "test_signs.py") -> tuple[int, str]:
    lines = ["from signs import sign"]
    lines += [f"def test_{number}(): assert {test}" for number, test in enumerate(tests)]
    (library / "tests" / name).write_text("\n".join(lines))
    told = subprocess.run(
        [sys.executable, "-c", CHECK, str(library)], cwd=ROOT, capture_output=True, check=False, text=True
    )
    return told.returncode, told.stdout.splitlines()[-1]


def test_a_module_whose_tests_take_every_branch_passes(library: Path) -> None:
    assert check(library, "sign(-2) == -1", "sign(2) == 1") == (0, f"{'signs':<14}{4:>7}{2:>10}  ")


def test_lines_and_branches_that_were_not_taken_are_told(library: Path) -> None:
    assert check(library, "sign(2) == 1") == (1, f"{'signs':<14}{4:>7}{2:>10}  4 3->4")


def test_a_test_that_fails_is_not_made_up_for_by_coverage(library: Path) -> None:
    code, _ = check(library, "sign(-2) == -1", "sign(2) == 3")
    assert code == 1


def test_tests_of_another_name_do_not_count(library: Path) -> None:
    code, told = check(library, "sign(-2) == -1", "sign(2) == 1", name="test_signsmanship.py")
    assert code == 1
    assert "everything" in told


def test_the_tests_of_a_module_are_those_with_its_name(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (library / "signs_of_life.py").touch()
    for name in ("signs", "signs_more", "signs_of_life", "signs_of_life_more", "signsmanship"):
        (library / "tests" / f"test_{name}.py").touch()
    monkeypatch.setattr(module_coverage, "LIBRARY", library)
    monkeypatch.setattr(module_coverage, "TESTS", library / "tests")
    assert [path.stem for path in own_tests("signs")] == ["test_signs", "test_signs_more"]
    assert [path.stem for path in own_tests("signs_of_life")] == [
        "test_signs_of_life",
        "test_signs_of_life_more",
    ]
