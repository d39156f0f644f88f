"""The comparison of two messages as the viewer asks for it: bounded, and never without an answer.

Owns the process that compares, and what is tried when it fails. It blocks: call it in a thread.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import inspector_app
from inspector_app.comparing.changes import Outcome, outcome_of
from inspector_app.display.document import bytes_of
from inspector_app.display.json_layout import data_of, lay_out

SIZE_LIMIT: Final = 32 * 1024 * 1024
TIME_LIMIT_S: Final = 8.0
"""For each of the two ways to compare."""

_FOLDER: Final = Path(inspector_app.__file__).parent.parent
_NOTHING: Final = Outcome(())


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs, or in `problem`, one sentence, why that is not known. `note` is what to know of it."""

    outcome: Outcome
    note: str = ""
    problem: str = ""
    root: tuple[str, ...] = ()


class Comparing:
    """One comparison. `run` blocks until it is done, or until `stop` is called, by any thread."""

    def __init__(self, old: str | bytes, new: str | bytes, *, time_limit_s: float = TIME_LIMIT_S) -> None:
        self._old = old
        self._new = new
        self._time_limit_s = time_limit_s
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def stop(self) -> None:
        """Give it up."""
        self._stopped = True
        if self._process is not None:
            self._process.kill()

    def run(self) -> Comparison:
        """Compare what two frames say: their data if both have it, else all of them.

        By what the JSON holds, or, where there is none or that takes too long, line by line.
        """
        old, new = self._old, self._new
        if len(old) + len(new) > SIZE_LIMIT:
            limit = SIZE_LIMIT // 2**20
            return Comparison(_NOTHING, problem=f"Frames of more than {limit} MiB together are not compared.")
        before, after = data_of(old), data_of(new)
        root: tuple[str, ...] = ("data",)
        if before is None or after is None:
            before, after, root = bytes_of(old), bytes_of(new), ()
        found = self._ask("json", before, after)
        if found is not None:
            return Comparison(found, root=root)
        found = self._ask("lines", lay_out(before).text, lay_out(after).text)
        if found is not None:
            return Comparison(found, "Compared line by line: no JSON, or too large or too deep for more.")
        return Comparison(_NOTHING, problem="Comparing took too long: write both to files (y, W) for that.")

    def _ask(self, mode: str, old: bytes, new: bytes) -> Outcome | None:
        """Have a process compare; None when it failed or had to be ended."""
        command = [sys.executable, "-m", "inspector_app.comparing.changes"]
        request = f"{mode} {len(old)}\n".encode() + old + new
        pipe = subprocess.PIPE
        try:
            # Ourselves; what is compared is on its standard input.
            self._process = subprocess.Popen(  # noqa: S603 - as above
                command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, cwd=_FOLDER
            )
            if self._stopped:
                self._process.kill()
            with self._process as process:
                try:
                    told, _ = process.communicate(request, timeout=self._time_limit_s)
                finally:
                    process.kill()
            return outcome_of(told)
        except (subprocess.SubprocessError, OSError, ValueError, KeyError, TypeError):
            return None
