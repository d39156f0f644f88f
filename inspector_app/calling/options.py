"""`call` and `describe` as they are typed: arguments, options, help.

Imports little, like the command line; all that does the work is imported when a command runs.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from inspector_app.options import CONTEXT, server_options
from inspector_app.sentences import sentences

if TYPE_CHECKING:
    from inspector_app.intents import ClientSpec

_FORMATS: Final = ["text", "json", "json-schema", "asyncapi"]
_KINDS: Final = ["request", "stream", "bidirectional", "oneway"]


@click.command(context_settings=CONTEXT)
@server_options
@click.argument("operation")
@click.option(
    "--data",
    default="{}",
    metavar="JSON|@FILE|-",
    help="What is sent with it, a JSON object; from a file; from stdin.",
)
@click.option(
    "--kind",
    type=click.Choice(_KINDS),
    help="How to call. Without it the server is asked; one that does not say gets a request.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Give up after so many seconds, all in all.",
)
def call(*, spec: ClientSpec, operation: str, data: str, kind: Any, timeout_s: float | None) -> None:
    """Call OPERATION of the server at URL once, and print its answer as JSON.

    Items of a stream are printed as they come, one a line. Those that a bidirectional stream is to send are
    read from stdin, one a line; its end ends this half. The exit code is 0 for an answer, 1 for an error, a
    timeout or no connection, 2 if it was asked in a way that cannot work, 130 after Ctrl-C.

    \b
    Examples:
      slipstream-inspector call ws://localhost:8765 get_quote --data '{"symbol": "BEAN"}'
      slipstream-inspector call ws://localhost:8765 watch_prices --timeout 10 | jq .price_cents
      slipstream-inspector call ws://localhost:8765 create_order --data @order.json
      slipstream-inspector call ws://localhost:8765 chat < items.jsonl
    """  # noqa: D301 - click wants a real backspace
    from inspector_app.calling.command import CallAsked, run_call

    if timeout_s is not None and not math.isfinite(timeout_s):
        raise click.BadParameter("a number of seconds is wanted.", param_hint="--timeout")
    with sentences():
        sys.exit(
            run_call(CallAsked(spec=spec, operation=operation, data=data, kind=kind, timeout_s=timeout_s))
        )


@click.command(context_settings=CONTEXT)
@server_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="For reading; the answer as it came; one JSON Schema document; an AsyncAPI 3 document.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def describe(*, spec: ClientSpec, format_: str, as_json: bool) -> None:
    """List what the server at URL says that it offers: operations, kinds, documentation, parameters.

    A server that does not describe itself is told in one sentence, with exit code 1.

    \b
    Examples:
      slipstream-inspector describe ws://localhost:8765
      slipstream-inspector describe ws://localhost:8765 --json | jq '.operations[].name'
      slipstream-inspector describe ws://localhost:8765 --format asyncapi > asyncapi.json
    """  # noqa: D301 - click wants a real backspace
    from inspector_app.calling.command import run_describe

    with sentences():
        sys.exit(run_describe(spec, format_="json" if as_json else format_))
