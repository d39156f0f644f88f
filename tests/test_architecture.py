"""The directions of the house, and what must not be imported before it is needed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Entry points, and what each must not pull in before its first output.
LEAN = {
    "inspector_app.cli": {"textual", "rich", "websockets", "pydantic", "msgspec", "pygments", "sqlite3"},
    "inspector_app.app": {"websockets", "pydantic", "inspector_app.engine", "inspector_app.sources"},
    "inspector_app.headless": {"textual", "rich"},
    "inspector_app.engine.process": {"textual", "rich", "inspector_app.viewer", "inspector_app.display"},
    "inspector_app.check.command": {"textual", "rich", "slipstream", "pydantic", "sqlite3", "msgspec"},
    "inspector_app.calling.command": {"textual", "rich", "sqlite3", "inspector_app.engine"},
    "slipstream": {"textual", "rich", "click", "msgspec", "sqlite3", "inspector_app"},
}


def test_the_import_contracts_hold() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("module", LEAN)
def test_an_entry_point_imports_nothing_before_it_is_needed(module: str) -> None:
    script = f"import {module}, sys; print('\\n'.join(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(result.stdout.split())
    assert not {name for name in LEAN[module] if name in loaded}


def test_the_page_says_what_every_module_of_the_library_is_for() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    table = page.partition("| module of `slipstream` |")[2].partition("\n\n")[0]
    named = {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named == {path.stem for path in (ROOT / "slipstream").glob("*.py") if path.stem[0] != "_"}


def test_the_page_says_once_what_every_part_of_the_inspector_is_for() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    table = page.partition("| folder of `inspector_app` |")[2].partition("\n\n")[0]
    named = [name for row in table.splitlines()[2:] for name in re.findall(r"`([\w/]+)`", row.split("|")[1])]
    package = ROOT / "inspector_app"
    folders = [path.parent.relative_to(package).as_posix() + "/" for path in package.glob("*/__init__.py")]
    modules = [path.stem for path in package.glob("*.py") if path.stem[0] != "_"]
    inner = [name for name in named if name.count("/") > 1]
    assert sorted(named) == sorted([*folders, *modules, *inner])
    assert [name for name in inner if not (package / name / "__init__.py").exists()] == []


def test_the_page_says_no_decision_twice() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    decisions = re.findall(r"^- \*\*(.+?)\*\*", page, re.MULTILINE)
    assert sorted(decisions) == sorted(set(decisions))


def test_the_version_is_the_same_everywhere() -> None:
    from importlib.metadata import version

    from slipstream import __version__

    result = subprocess.run(
        [sys.executable, "-m", "inspector_app", "--version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert __version__ in result.stdout
    assert version("slipstream-inspector") == __version__
