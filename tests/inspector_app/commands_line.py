"""Running the command line as a user does: a process of its own, with a data folder of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
WAIT_S = 40.0


@dataclass
class Result:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def said(self) -> list[str]:
        """The lines on stderr, without the name of the program."""
        return [line.removeprefix("slipstream-inspector: ") for line in self.stderr.splitlines()]


class Command:
    """Starts commands in `folder`, with the data folder `folder/data`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.program: tuple[str, ...] = ("-m", "inspector_app")

    async def start(
        self,
        *arguments: str,
        stdout: int = asyncio.subprocess.PIPE,
        stdin: int | IO[bytes] = asyncio.subprocess.DEVNULL,
        environment: Mapping[str, str] | None = None,
    ) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-W",
            "error",
            *self.program,
            *arguments,
            stdin=stdin,
            stdout=stdout,
            stderr=asyncio.subprocess.PIPE,
            cwd=self.folder,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "SLIPSTREAM_INSPECTOR_DATA": str(self.data),
                **(environment or {}),
            },
            limit=32 * 1024 * 1024,
        )

    async def run(self, *arguments: str, **environment: str) -> Result:
        """Run a command to its end, with these variables in its environment."""
        return await finish(await self.start(*arguments, environment=environment))

    async def pipe(self, file: str, *arguments: str) -> Result:
        """Run a command to its end that reads a file from stdin."""
        with (self.folder / file).open("rb") as stdin:
            return await finish(await self.start(*arguments, stdin=stdin))

    def captures(self) -> list[Path]:
        return sorted(self.data.glob("*.capture"))

    def left(self) -> list[str]:
        """The names of all files in the data folder and below."""
        return sorted(path.name for path in self.data.rglob("*") if path.is_file())


async def finish(process: asyncio.subprocess.Process) -> Result:
    """Wait for the end of a command; what it wrote until then and was not read."""
    async with asyncio.timeout(WAIT_S):
        stdout, stderr = await process.communicate()
    assert process.returncode is not None
    return Result(process.returncode, (stdout or b"").decode(), stderr.decode())
