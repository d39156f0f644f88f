"""Where uvloop is installed it is used, and where it is not, nothing misses it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
WHICH = """
import asyncio, gc, sys
from inspector_app.loop import COLLECTED, TURN_S, run_loop

async def main():
    assert sys.getswitchinterval() == TURN_S
    assert gc.get_threshold() == COLLECTED
    return type(asyncio.get_running_loop()).__name__

print(run_loop(main()))
"""
STAND_IN = "import asyncio\nclass Stand(asyncio.SelectorEventLoop): pass\nnew_event_loop = Stand\n"


def which(path: Path) -> str:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(path), str(ROOT)])}
    told = subprocess.run(
        [sys.executable, "-c", WHICH], capture_output=True, text=True, check=True, env=env, cwd=path
    )
    return told.stdout.strip()


def test_uvloop_is_used_where_it_is_installed(tmp_path: Path) -> None:
    (tmp_path / "uvloop.py").write_text(STAND_IN)
    assert which(tmp_path) == "Stand"


def test_without_uvloop_it_is_the_loop_of_asyncio(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as util\nfind = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'uvloop' else find(name, *rest)\n"
    )
    assert which(tmp_path).endswith("SelectorEventLoop")
