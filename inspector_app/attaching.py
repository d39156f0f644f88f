"""Choosing a running engine on the command line: by its capture, or from a list."""

from __future__ import annotations

from pathlib import Path

import click

from inspector_app.capture.files import told_source
from inspector_app.display.formats import date_and_clock
from inspector_app.display.inert import inert
from inspector_app.engine.running import RunningEngine, engines_of, running_engines
from inspector_app.sources.failures import BAD_USAGE, FAILED, SourceError
from inspector_app.stderr import say

OK = 0
_NONE_RUN = "No engine is running: start one with `demo`, `connect` or `host`."


def chosen_engine(capture: Path | None) -> RunningEngine:
    """Give the engine that records into `capture`, else the only one there is, else the one that is chosen.

    Raises `SourceError` when there is none, `CaptureError` when the data folder cannot be read.
    """
    found = running_engines() if capture is None else engines_of(capture)
    if not found and capture is not None:
        raise SourceError(f"No engine records into {capture}: `attach --list` tells which run.", BAD_USAGE)
    if not found:
        raise SourceError(_NONE_RUN, FAILED)
    if len(found) == 1:
        return found[0]
    for number, engine in enumerate(found, 1):
        say(f"{number}  {engine_line(engine)}")
    return found[click.prompt("Which one", type=click.IntRange(1, len(found)), default=1, err=True) - 1]


def list_engines() -> int:
    """Print the engines that run, a line each, the youngest first; give the exit code."""
    found = running_engines()
    for engine in found:
        click.echo(engine_line(engine))
    if not found:
        say(_NONE_RUN)
    return OK if found else FAILED


def engine_line(engine: RunningEngine) -> str:
    """Tell of an engine: what it inspects and where, since when, into which file."""
    source = told_source(engine.source).split(" ")[0] or "source"
    return inert(f"{source} {engine.address}  since {date_and_clock(engine.started_ns)}  {engine.capture}")
