"""`run` as it is typed: arguments, options, help.

Imports little, like the command line; all that does the work is imported when it runs.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from inspector_app.options import CONTEXT, server_options_with_url_option
from inspector_app.sentences import sentences

if TYPE_CHECKING:
    from inspector_app.intents import ClientSpec

_VARIABLE: Final = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)


def _variables(_: click.Context, option: click.Parameter, typed: tuple[str, ...]) -> dict[str, str]:
    read: dict[str, str] = {}
    for each in typed:
        found = _VARIABLE.fullmatch(each)
        if found is None:
            name = each.partition("=")[0]
            raise click.BadParameter(f"{name!r} gives no variable a value: write NAME=VALUE.", param=option)
        read[found[1]] = found[2]
    return read


@click.command("run", context_settings=CONTEXT)
@click.argument("collection", type=click.Path(path_type=Path))
@server_options_with_url_option
@click.option(
    "--env", "environment", default="", metavar="NAME", help="Take the variables of this environment."
)
@click.option(
    "--env-file",
    "environments",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where environments are, if not in environments.toml beside COLLECTION.",
)
@click.option(
    "--var",
    "variables",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_variables,
    help="Give a variable a value. May be given several times.",
)
@click.option(
    "--only", multiple=True, metavar="NAME", help="Send this message alone. May be given several times."
)
@click.option("--keep-going", is_flag=True, help="Send the others, too, after one that failed.")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write JUnit XML, for CI.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a message.")
@click.option(
    "--repeat", "times", type=int, metavar="N", help="Run all of it N times, and print how long it took."
)
@click.option(
    "--rate", "per_second", type=float, metavar="R", help="With --repeat: begin at most R runs a second."
)
@click.option("--in-flight", type=int, metavar="K", help="With --repeat: K runs at a time.")
def run_command(
    *,
    spec: ClientSpec,
    collection: Path,
    environment: str,
    environments: Path | None,
    variables: dict[str, str],
    only: tuple[str, ...],
    keep_going: bool,
    junit: Path | None,
    as_json: bool,
    times: int | None,
    per_second: float | None,
    in_flight: int | None,
) -> None:
    """Send the messages of COLLECTION in order, and hold each answer against what is expected of it.

    COLLECTION is a TOML file of saved messages. The exit code is 0 if every message passed, 1 if one failed
    or there was no connection, 2 if it was asked in a way that cannot work, 130 after Ctrl-C.

    \b
    Examples:
      slipstream-inspector run orders.toml --url ws://localhost:8765
      slipstream-inspector run orders.toml --env staging --only login --only order
      slipstream-inspector run orders.toml --env ci --keep-going --junit report.xml
      slipstream-inspector run orders.toml --repeat 1000 --rate 200 --in-flight 20
    """  # noqa: D301 - click wants a real backspace
    from inspector_app.messages.command import RunAsked, run_collection
    from inspector_app.messages.repeat import Pace

    if times is None and (per_second is not None or in_flight is not None):
        raise click.UsageError("--rate and --in-flight are for --repeat: give it, too.")
    pace = None if times is None else Pace(times=times, per_second=per_second, in_flight=in_flight or 1)
    if pace is not None and pace.problem:
        raise click.UsageError(pace.problem)
    if pace is not None and junit is not None:
        raise click.UsageError("--junit tells of one run: leave it out, or --repeat.")
    with sentences():
        sys.exit(
            run_collection(
                RunAsked(
                    collection=collection,
                    spec=spec,
                    environment=environment,
                    environments=environments,
                    variables=variables,
                    only=only,
                    keep_going=keep_going,
                    junit=junit,
                    as_json=as_json,
                    pace=pace,
                )
            )
        )
