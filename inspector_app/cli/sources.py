"""The commands that run a source: demo, connect, host; and what goes with them: check, mock-schema."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from inspector_app.cli.launching import RunOptions, launch, run_options
from inspector_app.options import CONTEXT, server_options
from inspector_app.sentences import sentences
from inspector_app.stderr import say

if TYPE_CHECKING:
    from inspector_app.intents import ClientSpec

_bad_frames_option = click.option(
    "--bad-frames",
    type=click.IntRange(min=1),
    metavar="N",
    help="Close a connection after N bad frames within 10 s. Without it, all of them are recorded.",
)


@click.command(context_settings=CONTEXT)
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same traffic.")
@run_options
def demo(*, seed: int, run: RunOptions) -> None:
    """Show live traffic of every kind between an embedded server and a client.

    Nothing leaves this machine. Requests, streams, errors, timeouts: a good place to learn the keys.

    \b
    Examples:
      slipstream-inspector demo
      slipstream-inspector demo --headless --for 5
      slipstream-inspector demo --json --frames 100 > frames.jsonl
    """  # noqa: D301 - click wants a real backspace
    from inspector_app.intents import DemoSpec

    launch(DemoSpec(seed=seed), run)


@click.command(context_settings=CONTEXT)
@server_options
@click.option("--handler", metavar="HANDLER", help="What answers when the server calls us; as for `host`.")
@_bad_frames_option
@run_options
def connect(*, spec: ClientSpec, handler: str | None, bad_frames: int | None, run: RunOptions) -> None:
    """Connect to a server at URL as a client, and see all that goes by.

    From the screen, messages of every kind can be sent. Headless, it ends when the connection does: with
    exit code 0 after a normal close, 1 if it was lost or never came about.

    \b
    Examples:
      slipstream-inspector connect ws://localhost:8765
      slipstream-inspector connect wss://example.com/rpc --token "$TOKEN" -H 'X-Tenant: blue'
      slipstream-inspector connect ws://localhost:8765 --handler answers.py:Answers
      slipstream-inspector connect ws://localhost:8765 --headless --for 30 --record night.capture
    """  # noqa: D301 - click wants a real backspace
    from msgspec.structs import replace

    from inspector_app.sources.address import check_url

    with sentences():
        check_url(spec.url)  # before any screen is drawn
    launch(replace(spec, handler=handler, bad_frames=bad_frames), run)


@click.command(context_settings=CONTEXT)
@server_options
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a case.")
@click.option(
    "--only",
    multiple=True,
    metavar="SECTION[/NAME]",
    help="Play these cases alone: 7, or 7/NAME. May be given several times.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0, min_open=True),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="Longest time for one case.",
)
def check(*, spec: ClientSpec, as_json: bool, only: tuple[str, ...], timeout_s: float) -> None:
    """Play the conformance cases against the server at URL, and say what it does differently.

    Each case says pass, DIFFERS (what was sent, expected, came, and the section of the protocol that this
    breaks) or n/a, and why. The exit code is 0 if nothing differs, 1 if something does or if there is no
    server to check, 2 if it was asked in a way that cannot work.

    \b
    Examples:
      slipstream-inspector check ws://localhost:8765
      slipstream-inspector check wss://example.com/rpc --token "$TOKEN" --only 7
      slipstream-inspector check ws://localhost:8765 --only 7/an_array_is_no_frame --timeout 1
      slipstream-inspector check ws://localhost:8765 --json | jq 'select(.verdict == "differs")'
    """  # noqa: D301 - click wants a real backspace
    from inspector_app.check.command import run_check

    with sentences():
        sys.exit(run_check(spec, only=only, as_json=as_json, timeout_s=timeout_s))


@click.command(context_settings=CONTEXT)
@click.argument("handler", required=False)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="Port to listen on; 0 takes any free one.",
)
@click.option(
    "--allow-origin",
    "allow_origins",
    multiple=True,
    metavar="ORIGIN",
    help="Let web pages of this origin connect, as http://localhost:3000. Others are refused.",
)
@click.option(
    "--token",
    metavar="TOKEN",
    envvar="SLIPSTREAM_TOKEN",
    show_envvar=True,
    help="Let in only who knows TOKEN; auto makes one up. The URL to come in by is said.",
)
@click.option(
    "--max-peers",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    metavar="N",
    help="Clients at the same time; what they hold in memory is bounded for all of them together.",
)
@click.option(
    "--faults",
    type=click.Path(dir_okay=False),
    metavar="FILE.toml",
    help="What is to go wrong on the wire: [[fault]] tables, besides those of a mock.",
)
@click.option(
    "--seed", type=int, help="What a mock makes up, and has fail; the same seed, the same data and delays."
)
@_bad_frames_option
@run_options
def host(
    *,
    handler: str | None,
    host: str,
    port: int,
    allow_origins: tuple[str, ...],
    token: str | None,
    max_peers: int,
    faults: str | None,
    seed: int | None,
    bad_frames: int | None,
    run: RunOptions,
) -> None:
    """Host HANDLER as a server, and see all that its clients do.

    HANDLER is FILE.py, FILE.py:Class or package.module:Class: a class derived from
    slipstream.ProtocolHandler; or FILE.toml: a mock without any Python (docs/mock.md). Without one, the
    demo's handler is hosted. A file that changes is taken up at once. Only this machine can connect, unless
    --host says otherwise. Hosting a Python file runs the code in it.

    \b
    Examples:
      slipstream-inspector host
      slipstream-inspector host handlers.py --port 9000
      slipstream-inspector host mock.toml --token auto
      slipstream-inspector host shop.rpc:Orders --allow-origin http://localhost:3000
      slipstream-inspector host handlers.py --faults faults.toml --seed 7
      slipstream-inspector host handlers.py --headless --json | jq .op
    """  # noqa: D301 - click wants a real backspace
    from inspector_app.intents import ServerSpec
    from inspector_app.sources.address import token_of

    _warn_if_open_to_network(host)
    spec = ServerSpec(
        handler=handler,
        host=host,
        port=port,
        allow_origins=allow_origins,
        bad_frames=bad_frames,
        token=token_of(token or ""),
        max_peers=max_peers,
        seed=seed,
        faults=faults,
    )
    launch(spec, run)


@click.command("mock-schema", context_settings=CONTEXT)
def mock_schema() -> None:
    """Print the JSON Schema of mock files, for editors that check and complete TOML.

    \b
    Examples:
      slipstream-inspector mock-schema > mock.schema.json
      (and as the first line of mock.toml:  #:schema ./mock.schema.json)
    """  # noqa: D301 - click wants a real backspace
    from inspector_app.mock.script.schema import schema_text

    click.echo(schema_text(), nl=False)


def _warn_if_open_to_network(host: str) -> None:
    from inspector_app.sources.address import is_loopback

    if not is_loopback(host):
        say(f"Warning: --host {host} lets other machines connect, and run what the handler offers.")
