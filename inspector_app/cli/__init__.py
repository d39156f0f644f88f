"""The command line: what can be typed, what it means, and what to say when it cannot be right.

Owns names, help texts and exit codes. It does none of the work: everything that does is imported when a
command runs, so that `--help` and `--version` answer at once. Commands of one subject stand beside it.
Exit codes: 0 done, 1 it did not work, 2 it was asked in a way that cannot work.
"""

from __future__ import annotations

import sys
from typing import Any

import click

from inspector_app.calling.options import call, describe
from inspector_app.cli import launching
from inspector_app.cli.captures import attach, export, import_, open_
from inspector_app.cli.sources import check, connect, demo, host, mock_schema
from inspector_app.messages.options import run_command
from inspector_app.operations.options import operations
from inspector_app.options import CONTEXT
from inspector_app.stderr import inert_usage_errors
from inspector_app.version import version


def _say_version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        click.echo(f"slipstream-inspector {version()}")
        context.exit()


class _Commands(click.Group):
    """Says what is wrong with a command line without repeating anything that could drive a terminal."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with inert_usage_errors():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with inert_usage_errors():
            return super().invoke(ctx)


@click.group(cls=_Commands, invoke_without_command=True, context_settings=CONTEXT)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_say_version,
    help="Show the version.",
)
@click.pass_context
def cli(context: click.Context) -> None:
    """See, explore and mock Slipstream RPC over WebSocket, in a terminal.

    Without a command it opens the home screen, from where everything else can be reached.

    \b
    First steps:
      slipstream-inspector demo                          look around, nothing else needed
      slipstream-inspector connect ws://localhost:8765   be a client of your server
      slipstream-inspector host handlers.py              be a server for your client
    \b
    In scripts and CI, lines instead of a screen:
      slipstream-inspector connect ws://localhost:8765 --headless --json --for 10

    Everything that is seen is also recorded, in a capture file that `open` shows again and `export`
    turns into text. Inside, press ? for the keys.
    """  # noqa: D301 - click wants a real backspace
    if context.invoked_subcommand is None:
        launching.require_terminal(
            "Run it in a terminal, or see `slipstream-inspector --help` for what works without."
        )
        sys.exit(launching.show(None, None, None))


for _command in (
    demo,
    connect,
    host,
    open_,
    attach,
    export,
    import_,
    operations,
    describe,
    call,
    run_command,
    check,
    mock_schema,
):
    cli.add_command(_command)
