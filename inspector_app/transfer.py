"""`export` and `import` on the command line: what is asked, what is said meanwhile and afterwards.

Owns the words on stderr and the exit codes. What is written and read is the matter of `capture.taking` and
`sources.file`.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inspector_app.capture.excerpt import Selection
from inspector_app.capture.formats.known import STDOUT, format_for
from inspector_app.capture.redaction.told import times
from inspector_app.capture.taking import excerpt_of, export_capture, opened
from inspector_app.in_order import ended_in_order
from inspector_app.sources.failures import BAD_USAGE, SourceError
from inspector_app.stderr import say

if TYPE_CHECKING:
    from inspector_app.capture.redaction import Rules, Told

_TELL_EVERY_S = 0.2
_MOST_LISTED = 40
_BAR = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportAsked:
    """An export as it was asked for."""

    capture: Path
    output: str
    format: str | None
    filter: str
    force: bool
    redact: bool
    rules: Path | None
    preview: bool


def run_export(asked: ExportAsked) -> None:
    """Export, and say what was redacted. Raises `CaptureError` and `SourceError`."""
    rules = _rules(asked)
    selection = Selection(filter=asked.filter)
    bar = Bar("frames", {"looking": "Looking for secrets", "writing": "Writing"})
    try:
        if asked.preview:
            with opened(asked.capture) as reader:
                told = excerpt_of(reader, selection, rules, bar.progress).told
            bar.clear()
            for line in preview_lines(told):
                sys.stdout.write(f"{line}\n")
            return
        _check_target(asked)
        format_ = format_for(asked.output, asked.format)
        with ended_in_order():
            exported = export_capture(
                asked.capture, asked.output, format_, selection=selection, rules=rules, progress=bar.progress
            )
    finally:
        bar.clear()
    if not asked.redact and asked.output == STDOUT:
        return
    if asked.redact:
        for line in exported.told.report():
            say(line)


def _rules(asked: ExportAsked) -> Rules | None:
    from inspector_app.capture.redaction import DEFAULT_RULES, RulesError, load_rules

    if not asked.redact:
        if asked.rules is not None:
            raise SourceError("--rules say what to redact, and --no-redact not to: give one.", BAD_USAGE)
        return None
    if asked.rules is None:
        return DEFAULT_RULES
    try:
        return load_rules(asked.rules)
    except RulesError as error:
        raise SourceError(str(error), BAD_USAGE) from error


def _check_target(asked: ExportAsked) -> None:
    if asked.output == STDOUT:
        if sys.stdout is None:
            raise SourceError("Stdout is closed: give -o a file.")
        return
    target = Path(asked.output)
    if not target.is_file():
        return
    if asked.capture.exists() and target.samefile(asked.capture):
        raise SourceError(f"{asked.output} is the capture itself: give -o another name.")
    if not asked.force:
        raise SourceError(
            f"{asked.output} exists already: give -o another name, or --force to replace it.", BAD_USAGE
        )


def run_import(source: str, target: Path) -> None:
    """Import, and say how many frames there are. Raises `CaptureError`."""
    from inspector_app.sources.file import import_file

    bar = Bar("bytes", {"": "Importing"})
    try:
        with ended_in_order():
            frames = import_file(source, target, lambda done, total: bar.progress("", done, total))
    finally:
        bar.clear()
    say(f"{target} holds {frames:,} frame{'' if frames == 1 else 's'}.")


def preview_lines(told: Told) -> list[str]:
    """Give what would be redacted, a line a secret: placeholder, first characters, rule, places."""
    if not told.on:
        return [told.sentence()]
    lines = [
        f"{each.placeholder}  {each.hint}  {', '.join(each.rules[:3])}  {times(each.count)}, first in "
        f"{', '.join(each.places)}"
        for each in told.secrets[:_MOST_LISTED]
    ]
    if len(told.secrets) > _MOST_LISTED or told.beyond:
        lines.append(f"and {len(told.secrets) - len(lines):,} more, and {told.beyond:,} places beyond those")
    return lines or ["No rule finds anything to redact."]


class Bar:
    """A progress bar on stderr, on a terminal alone; `tasks` maps names of tasks to words."""

    def __init__(self, unit: str, tasks: dict[str, str]) -> None:
        self._unit = unit
        self._tasks = tasks
        self._shown = False
        self._next = 0.0
        self._on = sys.stderr is not None and sys.stderr.isatty()

    def progress(self, task: str, done: int, total: int) -> None:
        """Show how far it is."""
        if not self._on or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _TELL_EVERY_S
        self._shown = True
        share = f"{_drawn(done / total)} {done / total:4.0%}" if total else f"{done:,} {self._unit}"
        sys.stderr.write(f"\r\x1b[K{self._tasks[task]} {share}")
        sys.stderr.flush()

    def clear(self) -> None:
        """Take it away."""
        if self._shown:
            self._shown = False
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _drawn(share: float) -> str:
    full = round(min(1.0, share) * _BAR)
    return "█" * full + "·" * (_BAR - full)
