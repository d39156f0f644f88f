"""`operations` on the command line: its name, options and help. What it does is imported when it runs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from inspector_app.options import CONTEXT
from inspector_app.sentences import sentences

_FORMATS = ("text", "json", "json-schema", "asyncapi")
GIVEN_UP = 130
"""Exit code after Ctrl-C, as shells have it."""


@click.command(context_settings=CONTEXT)
@click.argument("capture", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "format_",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="For reading; all that is known as JSON; one JSON Schema document; an AsyncAPI 3 document.",
)
@click.option("--examples", is_flag=True, help="With values that went over the wire, secrets replaced.")
@click.option("--no-redact", is_flag=True, help="With --examples: leave secrets as they are.")
def operations(*, capture: Path, format_: str, examples: bool, no_redact: bool) -> None:
    """List the operations in CAPTURE: those that were described, and those learned from the traffic.

    What was learned is marked so, and is no promise. Values that went by are left out unless asked for.

    \b
    Examples:
      slipstream-inspector operations night.capture
      slipstream-inspector operations night.capture --examples
      slipstream-inspector operations night.capture --format asyncapi > asyncapi.json
    """  # noqa: D301 - click wants a real backspace
    from inspector_app.operations.command import Asked, run_operations

    if no_redact and not examples:
        raise click.UsageError("--no-redact is about examples: give --examples, too.")
    with sentences():
        try:
            sys.exit(run_operations(Asked(capture, format_, examples=examples, redact=not no_redact)))
        except KeyboardInterrupt:
            sys.exit(GIVEN_UP)
