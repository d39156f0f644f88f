"""Running a source, on a screen or without one: the options that say how, and what happens then.

Owns when there is a screen, and which file a run is recorded into.
"""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from inspector_app.filter_option import filter_option
from inspector_app.sentences import sentences
from inspector_app.stderr import say

if TYPE_CHECKING:
    from typing import NoReturn

    from inspector_app.capture.filter import Filter
    from inspector_app.intents import SourceSpec

DEMO_SECONDS_WITHOUT_TERMINAL = 10.0


class RunOptions(NamedTuple):
    """How to run a source: on a screen or without one, for how long, recording where."""

    headless: bool
    as_json: bool
    seconds: float | None
    frames: int | None
    record: Path | None
    filter: Filter | None = None
    stay: bool = False

    @property
    def wants_no_screen(self) -> bool:
        """Whether lines were asked for; limits, `--filter` and `--json` only make sense as lines."""
        asked = (self.seconds, self.frames, self.filter)
        return self.headless or self.as_json or any(each is not None for each in asked)


def run_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that `demo`, `connect` and `host` share; they arrive as `run: RunOptions`."""

    @click.option("--headless", is_flag=True, help="Print one line a record on stdout instead of a screen.")
    @click.option(
        "--json", "as_json", is_flag=True, help="Headless, each line a JSON object as `export` writes it."
    )
    @click.option(
        "--for",
        "seconds",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="Headless, and end after so many seconds.",
    )
    @click.option(
        "--frames", type=click.IntRange(min=1), metavar="N", help="Headless, and end after N frames."
    )
    @filter_option("Headless, and print only the frames that fit; --frames counts these.")
    @click.option(
        "--record",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Record into this new file instead of the data folder.",
    )
    @click.option("--stay", is_flag=True, help="Run on when the screen is closed; `attach` comes back to it.")
    @functools.wraps(command)
    def with_run(
        *args: Any,
        headless: bool,
        as_json: bool,
        seconds: float | None,
        frames: int | None,
        filter_: Filter | None,
        record: Path | None,
        stay: bool,
        **kwargs: Any,
    ) -> None:
        run = RunOptions(
            headless=headless,
            as_json=as_json,
            seconds=seconds,
            frames=frames,
            record=record,
            filter=filter_,
            stay=stay,
        )
        if stay and run.wants_no_screen:
            raise click.UsageError("--stay is for a run with a screen: leave it out, or run with a screen.")
        command(*args, run=run, **kwargs)

    return with_run


def launch(spec: SourceSpec, run: RunOptions) -> NoReturn:
    """Run a source on the screen, or without one where none is wanted or there is no terminal."""
    from inspector_app.intents import DemoSpec, ServerSpec

    seconds = run.seconds
    if run.wants_no_screen or not has_terminal():
        if not run.wants_no_screen:
            until = "until Ctrl-C"
            if isinstance(spec, DemoSpec):
                seconds, until = DEMO_SECONDS_WITHOUT_TERMINAL, f"for {DEMO_SECONDS_WITHOUT_TERMINAL:g} s"
            say(f"No terminal here, so this runs headless {until}; --headless asks for it without this line.")
        from inspector_app.headless import run_headless

        with sentences():
            sys.exit(
                run_headless(
                    spec,
                    capture=_record_path(run.record) or _new_capture(spec),
                    as_json=run.as_json,
                    seconds=seconds,
                    frames=run.frames,
                    filter_=run.filter,
                )
            )
    with sentences():
        record = _record_path(run.record)
    if isinstance(spec, ServerSpec) and spec.token and spec.port:
        _say_url(spec.host, spec.port, spec.token)
    sys.exit(show(spec, None, record, stay=run.stay))


def _say_url(host: str, port: int, token: str) -> None:
    from inspector_app.sources.address import url_of, with_token

    say(f"Clients come in by {with_token(url_of(host, port), token)}")


def show(spec: SourceSpec | None, capture: Path | None, record: Path | None, **more: Any) -> int:
    """Show the screen of a source, of a capture, or home; give the exit code."""
    # Nothing of what is imported now is garbage; the app collects it again once there is a screen.
    gc.disable()
    from inspector_app.app import run_app

    return run_app(spec, capture, record, **more)


def _new_capture(spec: SourceSpec) -> Path:
    from inspector_app.capture.files import capture_label, new_capture_path

    return new_capture_path(capture_label(spec))


def _record_path(record: Path | None) -> Path | None:
    if record is None:
        return None
    try:
        record.lstat()
    except (FileNotFoundError, NotADirectoryError):
        if not record.absolute().parent.is_dir():
            raise click.UsageError(
                f"There is no folder {record.parent}: make it, or record somewhere else."
            ) from None
    except OSError as error:
        raise click.UsageError(
            f"{record} cannot be a file ({error.strerror}): give --record another name."
        ) from None
    else:
        raise click.UsageError(f"{record} exists already: give --record a new file, nothing is overwritten.")
    return record


def has_terminal() -> bool:
    """Tell whether somebody types and looks."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout is not None and sys.stdout.isatty()


def require_terminal(advice: str) -> None:
    """Refuse to go on without a terminal. Raises `click.UsageError` with the advice."""
    if not has_terminal():
        raise click.UsageError(f"There is no terminal here. {advice}")
