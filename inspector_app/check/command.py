"""`slipstream-inspector check` from options to exit code: which cases, which report, where it goes."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

from inspector_app.check.cases import CaseError, load_cases
from inspector_app.check.report import JsonReport, TextReport
from inspector_app.check.run import Check, Report
from inspector_app.check.verdicts import select
from inspector_app.loop import run_loop
from inspector_app.sources.failures import BAD_USAGE, SourceError
from inspector_app.stderr import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inspector_app.intents import ClientSpec


def run_check(spec: ClientSpec, *, only: Sequence[str], as_json: bool, timeout_s: float) -> int:
    """Check a server and print the verdicts on stdout; give the exit code.

    Raises `SourceError` for what was asked wrongly, and for a server that cannot be checked.
    """
    if sys.stdout is None:
        raise SourceError("Stdout is closed, so there is nowhere to print: let it go to a file.")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a narrow encoding is no reason to end
    try:
        cases = select(load_cases(), only)
    except CaseError as error:
        raise SourceError(f"{error}.", BAD_USAGE) from error
    report: Report = JsonReport(_write, say) if as_json else TextReport(_write, colour=_may_colour())
    return run_loop(Check(spec, timeout_s=timeout_s).run(cases, report))


def _write(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the verdicts are what this command is for


def _may_colour() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ
