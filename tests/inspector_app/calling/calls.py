"""Running `call` and `describe` in the test's own loop, with standard streams that are real files."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from inspector_app.calling.command import CallAsked, call, carry_out, describe
from inspector_app.intents import ClientSpec, MessageKind
from inspector_app.sentences import sentences


@dataclass
class Ended:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def said(self) -> list[str]:
        """The lines on stderr, without the name of the program."""
        return [line.removeprefix("slipstream-inspector: ") for line in self.stderr.splitlines()]


class Caller:
    """Runs the commands; what they read from stdin is `stdin`, and a terminal is told by `encoding`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._monkeypatch = monkeypatch
        self.is_terminal = False

    async def call(
        self,
        url: str,
        operation: str,
        data: str = "{}",
        *,
        kind: MessageKind | None = None,
        timeout_s: float | None = None,
        stdin: bytes | int = b"",
    ) -> Ended:
        spec = ClientSpec(url=url)
        asked = CallAsked(spec=spec, operation=operation, data=data, kind=kind, timeout_s=timeout_s)
        return await self.run(call(asked), stdin)

    async def describe(self, url: str, format_: str = "text") -> Ended:
        return await self.run(describe(ClientSpec(url=url), format_), b"")

    async def run(self, command: Coroutine[Any, Any, int], stdin: bytes | int) -> Ended:
        stderr = io.StringIO()
        code: Any
        with self._streams(stdin) as printed, contextlib.redirect_stderr(stderr):
            try:
                with sentences():
                    code = await carry_out(command)
            except SystemExit as end:
                code = end.code
        return Ended(code, printed.read_text(), stderr.getvalue())

    @contextlib.contextmanager
    def _streams(self, stdin: bytes | int) -> Iterator[Path]:
        read, printed = self._folder / "stdin", self._folder / "stdout"
        if isinstance(stdin, bytes):
            read.write_bytes(stdin)
        with (
            self._monkeypatch.context() as patch,
            read.open("rb") if isinstance(stdin, bytes) else os.fdopen(os.dup(stdin), "rb") as given,
            printed.open("w", encoding="utf-8") as taken,
        ):
            patch.setattr(sys, "stdin", given)
            patch.setattr(sys, "stdout", taken)
            if self.is_terminal:
                patch.setattr(os, "isatty", lambda fd: fd == taken.fileno())
            yield printed
