"""The commands for captures: open one, attach to what records one, take it away, bring one back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inspector_app.cli import launching
from inspector_app.filter_option import filter_option
from inspector_app.options import CONTEXT
from inspector_app.sentences import sentences

if TYPE_CHECKING:
    from inspector_app.capture.filter import Filter


@click.command("open", context_settings=CONTEXT)
@click.argument("capture", type=click.Path(path_type=Path))
def open_(*, capture: Path) -> None:
    """Open CAPTURE, a recording made earlier or right now by another window.

    A JSON Lines export or a HAR is opened too: it becomes a capture in the data folder first.

    \b
    Examples:
      slipstream-inspector open night.capture
      slipstream-inspector open frames.jsonl
    """  # noqa: D301 - click wants a real backspace
    from inspector_app.in_order import ended_in_order
    from inspector_app.sources.opening import capture_from

    launching.require_terminal(
        "`open` shows a screen: run it in a terminal, or use `export` to get the frames as text."
    )
    with sentences(), ended_in_order():
        found = capture_from(capture)
    sys.exit(launching.show(None, found, None))


@click.command(context_settings=CONTEXT)
@click.argument("capture", required=False, type=click.Path(path_type=Path))
@click.option("--control", is_flag=True, help="Take part: send, cancel, reconnect, end the engine.")
@click.option("--list", "only_list", is_flag=True, help="List the engines that run, and end.")
def attach(*, capture: Path | None, control: bool, only_list: bool) -> None:
    """Look at what a running engine inspects, from a second window; without --control nothing is sent.

    CAPTURE says which one, by the file that it records into; with one engine running it can be left out, with
    several there is a choice. An engine ends with the window that started it, unless it was told to stay.
    A run without a screen can be looked at, too.

    \b
    Examples:
      slipstream-inspector attach
      slipstream-inspector attach night.capture --control
      slipstream-inspector attach --list
    """  # noqa: D301 - click wants a real backspace
    from inspector_app.attaching import chosen_engine, list_engines

    with sentences():
        if only_list:
            sys.exit(list_engines())
        launching.require_terminal("`attach` shows a screen: run it in a terminal, or use --list.")
        engine = chosen_engine(capture)
    sys.exit(launching.show(None, None, None, attach=engine, control=control))


@click.command(context_settings=CONTEXT)
@click.argument("capture", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, metavar="FILE", help="Where to write; - for stdout.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["jsonl", "har", "csv", "markdown", "html", "parquet", "mock", "test"]),
    help="What to write, if the ending of FILE does not tell.",
)
@filter_option("Only frames that match this filter.")
@click.option("--force", is_flag=True, help="Replace FILE if it exists already.")
@click.option("--no-redact", is_flag=True, help="Leave tokens, passwords, mail addresses, cards as they are.")
@click.option(
    "--rules", type=click.Path(path_type=Path), metavar="FILE", help="Redact by these rules, too (TOML)."
)
@click.option("--preview", is_flag=True, help="Write nothing; say what would be redacted.")
def export(
    *,
    capture: Path,
    output: str,
    format_: str | None,
    filter_: Filter | None,
    force: bool,
    no_redact: bool,
    rules: Path | None,
    preview: bool,
) -> None:
    """Write CAPTURE, or a part of it, as JSON Lines, HAR, CSV, Markdown, HTML or Parquet, a mock or a test.

    Secrets are replaced by placeholders first, the same by the same; what was replaced is said on stderr.
    With --no-redact, JSON Lines lose nothing: importing and exporting them again gives the same bytes.

    \b
    Examples:
      slipstream-inspector export night.capture -o night.jsonl
      slipstream-inspector export night.capture -o errors.html --filter 'type:error'
      slipstream-inspector export night.capture -o mock.toml --filter 'op:order.*'
      slipstream-inspector export night.capture -o - | jq 'select(.type == "error")'
    """  # noqa: D301 - click wants a real backspace
    from inspector_app.transfer import ExportAsked, run_export

    with sentences():
        run_export(
            ExportAsked(
                capture=capture,
                output=output,
                format=format_,
                filter=filter_.source if filter_ else "",
                force=force,
                redact=not no_redact,
                rules=rules,
                preview=preview,
            )
        )


@click.command("import", context_settings=CONTEXT)
@click.argument("file")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="CAPTURE",
    help="The new capture.",
)
def import_(*, file: str, output: Path) -> None:
    """Turn FILE, JSON Lines or a HAR from a browser, into a capture; - reads stdin.

    The file may come from anybody: it is only read, in bounds, and nothing in it is run or followed.

    \b
    Examples:
      slipstream-inspector import night.jsonl -o night.capture
      slipstream-inspector import network.har -o browser.capture
      zcat night.jsonl.gz | slipstream-inspector import - -o night.capture
    """  # noqa: D301 - click wants a real backspace
    from inspector_app.transfer import run_import

    with sentences():
        run_import(file, output)
