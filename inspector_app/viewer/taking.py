"""An export under way, as a screen follows it: looking for secrets, writing, done; in a thread of its own.

Owns what is asked, how far it is and what came of it. It draws nothing, and a screen only ever looks at it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.excerpt import EVERYTHING, Selection
from inspector_app.capture.taking import Cancelled, excerpt_of, export_excerpt, opened

if TYPE_CHECKING:
    from inspector_app.capture.formats.known import Format
    from inspector_app.capture.redaction import Rules, Told

Stage = Literal["looking", "ready", "writing", "written", "cancelled", "failed"]


class Taking:
    """One export of a capture. `look` is called first, and again whenever what is taken changes.

    `generation` changes with everything else here. `problem` is one sentence when the stage is `failed`.
    """

    def __init__(self, capture: Path) -> None:
        self.capture = capture
        self.stage: Stage = "ready"
        self.share = 0.0
        self.frames = 0
        self.told: Told | None = None
        self.problem = ""
        self.generation = 0
        self._run = 0
        self._asked: tuple[Selection, Rules | None] = (EVERYTHING, None)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    @property
    def busy(self) -> bool:
        """Whether something is being done."""
        return self.stage in ("looking", "writing")

    def look(self, selection: Selection, rules: Rules | None) -> None:
        """Find out how many frames that is, and what is secret in them. Never blocks."""
        self._asked = (selection, rules)
        self._start("looking", lambda run: self._look(run, selection, rules))

    def write(self, output: Path, format_: Format) -> None:
        """Write what was looked at last to a file, replacing one of that name. Never blocks."""
        selection, rules = self._asked
        self._start("writing", lambda run: self._write(run, selection, rules, output, format_))

    def cancel(self) -> None:
        """Give up what is being done; no half file is left."""
        if self.busy:
            self._begin("cancelled")

    def wait(self) -> None:
        """Wait until nothing is done any more."""
        if self._thread is not None:
            self._thread.join()

    def _begin(self, stage: Stage) -> int:
        with self._lock:
            self._run += 1
            self.generation += 1
            self.stage, self.share, self.problem = stage, 0.0, ""
            return self._run

    def _start(self, stage: Stage, work: Callable[[int], None]) -> None:
        run, before = self._begin(stage), self._thread

        def work_after() -> None:
            if before is not None:
                before.join()  # it ends at its next portion
            try:
                work(run)
            except Cancelled:
                pass
            except CaptureError as error:
                self._now(run, "failed", problem=str(error))
            except Exception as error:  # noqa: BLE001 - told, or who waits for the end would wait for ever
                problem = f"Internal error ({type(error).__name__}: {error}): please report it."
                self._now(run, "failed", problem=problem)

        # A program that ends waits for what takes a half file away; looking leaves none.
        self._thread = threading.Thread(target=work_after, name="taking", daemon=stage != "writing")
        self._thread.start()

    def _now(self, run: int, stage: Stage, *, problem: str = "") -> None:
        with self._lock:
            if run == self._run:
                self.generation += 1
                self.stage, self.problem = stage, problem

    def _progress(self, run: int) -> Callable[[str, int, int], None]:
        def heard(task: str, done: int, total: int) -> None:
            if run != self._run:
                raise Cancelled
            share = done / total if total else 1.0
            # Writing begins with looking where secrets are to be found: the bar must not come back.
            if self.stage == "writing" and self._asked[1] is not None:
                share = share / 2 if task == "looking" else 0.5 + share / 2
            self.share = share
            self.generation += 1

        return heard

    def _look(self, run: int, selection: Selection, rules: Rules | None) -> None:
        with opened(self.capture) as reader:
            excerpt = excerpt_of(reader, selection, rules, self._progress(run))
            if run == self._run:
                self.frames, self.told = excerpt.frames, excerpt.told
        self._now(run, "ready")

    def _write(
        self, run: int, selection: Selection, rules: Rules | None, output: Path, format_: Format
    ) -> None:
        write = format_.writer()
        with opened(self.capture) as reader:
            excerpt = excerpt_of(reader, selection, rules, self._progress(run))
            exported = export_excerpt(excerpt, str(output), write)
            if run == self._run:
                self.frames, self.told = exported.frames, exported.told
        self._now(run, "written")
