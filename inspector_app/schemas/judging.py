"""Checking by a schema beside the event loop: bounded in time, and never without an answer.

Owns the process that checks, which is started at the first check and ended when it takes too long.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import inspector_app
from inspector_app.schemas.checking import MOST_SCHEMA_BYTES, Problem
from inspector_app.schemas.judge import answer_of, request_of

TIME_LIMIT_S: Final = 3.0
_LONGEST_ANSWER: Final = 8 * 1024 * 1024
_FOLDER: Final = Path(inspector_app.__file__).parent.parent
_NO_SCHEMA: Final = b'"none"'
_UNKNOWN: Final = (
    "The schema of this operation takes too long, or too much memory, to check data by: it is not checked."
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is wrong with a value; `unusable` says in a sentence why that is not known."""

    problems: tuple[Problem, ...] = ()
    unusable: str = ""


class Judge:
    """Checks one value at a time. `close` it, or its process runs until this one ends."""

    def __init__(self, *, time_limit_s: float = TIME_LIMIT_S) -> None:
        self._time_limit_s = time_limit_s
        self._process: subprocess.Popen[bytes] | None = None
        self._schema: bytes | None = None
        self._refused: dict[bytes, str] = {}
        self._turn = asyncio.Lock()
        self._given_up = False
        self._closed = False

    async def check(self, schema: object, text: str) -> Judgement:
        """Check a JSON text by a schema; None as a schema takes everything."""
        if schema is None:
            return Judgement()
        async with self._turn:
            try:
                return Judgement() if self._closed else await self._checked(_written(schema), text)
            finally:
                # It may have been started while this was closed.
                if self._closed and self._process is not None:
                    self._forget(self._process)

    async def _checked(self, schema: bytes, text: str) -> Judgement:
        if schema in self._refused:
            return Judgement(unusable=self._refused[schema])
        asking = asyncio.create_task(asyncio.to_thread(self._ask, schema, text))
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            # Whoever comes next must not find the process in the midst of this.
            self._given_up = True
            if self._process is not None:
                self._process.kill()
            await asyncio.wait([asking])
            self._given_up = False
            raise

    def close(self) -> None:
        """End the process, if there is one, for good; a check that is under way then knows nothing."""
        self._closed = True
        if self._turn.locked() and self._process is not None:
            self._process.kill()
        elif self._process is not None:
            self._forget(self._process)

    def _ask(self, schema: bytes, text: str) -> Judgement:
        try:
            process = self._started()
            with _killed_after(self._time_limit_s, process):
                return self._judgement(process, schema, text.encode("utf-8", "surrogatepass"))
        except (OSError, ValueError, KeyError, TypeError):
            if self._process is not None:
                self._forget(self._process)
            if not self._given_up:
                self._refused[schema] = _UNKNOWN
            return Judgement(unusable=_UNKNOWN)

    def _judgement(self, process: subprocess.Popen[bytes], schema: bytes, value: bytes) -> Judgement:
        if self._schema != schema:
            _, unusable = answer_of(_exchange(process, request_of("schema", schema)))
            self._schema = schema
            if unusable:
                self._refused[schema] = unusable
        if schema in self._refused:
            return Judgement(unusable=self._refused[schema])
        problems, _ = answer_of(_exchange(process, request_of("value", value)))
        return Judgement(tuple(problems))

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self._forget(self._process)
        if self._process is None:
            pipe = subprocess.PIPE
            # Ourselves; what is checked is on its standard input.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "inspector_app.schemas.judge"],
                stdin=pipe,
                stdout=pipe,
                stderr=subprocess.DEVNULL,
                cwd=_FOLDER,
            )
            # How long it takes to be there, on a busy machine, is not the schema's fault.
            _exchange(self._process, request_of("schema", b"true"))
        return self._process

    def _forget(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        with contextlib.suppress(OSError), process:
            pass
        self._process, self._schema = None, None


@contextlib.contextmanager
def _killed_after(seconds: float, process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Kill a process that is not done in time; raises `OSError` also if it just was."""
    late = threading.Event()

    def kill() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(seconds, kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
    if late.is_set():
        raise OSError("the process was ended")


def _written(schema: object) -> bytes:
    try:
        written = json.dumps(schema).encode()
    except (TypeError, ValueError, RecursionError):
        return _NO_SCHEMA
    return written if len(written) <= MOST_SCHEMA_BYTES else _NO_SCHEMA


def _exchange(process: subprocess.Popen[bytes], request: bytes) -> bytes:
    if process.stdin is None or process.stdout is None:
        raise OSError("the process has no pipes")
    process.stdin.write(request)
    process.stdin.flush()
    answer = process.stdout.readline(_LONGEST_ANSWER)
    if not answer.endswith(b"\n"):
        raise OSError("the process has ended")
    return answer
