"""What the README shows is run, so that it stays true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_the_example_of_the_library_runs() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", example], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (result.stdout.split(), result.stderr) == (["3", "0", "1", "2", "42"], "")


def test_every_command_it_names_exists() -> None:
    named = set(re.findall(r"^slipstream-inspector ([a-z]+)", README, re.MULTILINE))
    helped = subprocess.run(
        [sys.executable, "-m", "inspector_app", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert named
    assert not [name for name in named if not re.search(rf"^  {name} ", helped.stdout, re.MULTILINE)]


def test_every_file_it_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert not [link for link in links if not (ROOT / link).exists()]
