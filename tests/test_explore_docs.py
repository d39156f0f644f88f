"""What docs/explore.md shows is run, against the market, and comes out as it is shown."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from inspector_app.mock.demo import Market
from slipstream import serve

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "explore.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```sh\n(.*?)^```\n\n```text\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
FILES = re.findall(r"^```toml\n# (\S+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
TIMES = re.compile(r"\d+(\.\d+)?( (µs|ms|s)\b|/s)")
"""They differ each time."""
PROGRAM = f'slipstream-inspector() {{ "{sys.executable}" -W error -m inspector_app "$@"; }}\n'


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed: no example can be run")
async def test_its_examples_come_out_as_they_are_shown(tmp_path: Path) -> None:
    assert len(EXAMPLES) >= 8
    assert len(FILES) == 2
    for name, text in FILES:
        (tmp_path / name).write_text(text, encoding="utf-8")
    async with serve(Market) as server:
        address = server.url.removeprefix("ws://")
        port = address.rpartition(":")[2]

        async def run(script: str) -> str:
            """What a script prints, with the server's address as the page has it."""
            script = script.replace("localhost:8765", address)
            process = await asyncio.create_subprocess_exec(
                "bash",
                "-euc",
                PROGRAM + script,
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            printed, _ = await process.communicate()
            told = printed.decode().replace(address, "localhost:8765").replace(f"port {port}", "port 8765")
            told = told.replace("127.0.0.1 is an address", "look up localhost: ...")
            return told.replace("handshake for 127.0.0.1", "handshake for localhost")

        came = await asyncio.gather(*(run(script) for script, _ in EXAMPLES))
    shown = [untimed(script, text) for script, text in EXAMPLES]
    assert [untimed(script, text) for (script, _), text in zip(EXAMPLES, came, strict=True)] == shown


def untimed(script: str, text: str) -> str:
    """What a script prints, without the times that a run takes."""
    return TIMES.sub("TIME", text.rstrip()) if "slipstream-inspector run" in script else text.rstrip()


def test_it_names_every_option_of_its_commands() -> None:
    for command in ("call", "describe", "operations", "run"):
        helped = subprocess.run(
            [sys.executable, "-m", "inspector_app", command, "--help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        named = set(re.findall(r"(--[a-z-]+)", helped)) - {"--help", "--header"}
        assert not [option for option in named if option not in PAGE]
