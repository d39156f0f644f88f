"""The command line: what can be typed, what it means, and what to say when it cannot be right.

Owns names, help texts and exit codes, and turns options into a `SourceSpec`. It does none of the work:
everything that does is imported when a command runs, so that `--help` and `--version` answer at once.
Exit codes: 0 done, 1 it did not work, 2 it was asked in a way that cannot work.
"""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from inspector_app.calling.options import call, describe
from inspector_app.filter_option import filter_option
from inspector_app.messages.options import run_command
from inspector_app.operations.options import operations
from inspector_app.options import server_options
from inspector_app.sentences import sentences as _sentences
from inspector_app.stderr import inert_usage_errors, say
from inspector_app.version import version

if TYPE_CHECKING:
    from typing import NoReturn

    from inspector_app.capture.filter import Filter
    from inspector_app.intents import ClientSpec, SourceSpec

DEMO_SECONDS_WITHOUT_TERMINAL = 10.0

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


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


@click.group(cls=_Commands, invoke_without_command=True, context_settings=_CONTEXT)
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
        _require_terminal(
            "Run it in a terminal, or see `slipstream-inspector --help` for what works without."
        )
        sys.exit(_show(None, None, None))


def _run_options(command: Callable[..., None]) -> Callable[..., None]:
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


_bad_frames_option = click.option(
    "--bad-frames",
    type=click.IntRange(min=1),
    metavar="N",
    help="Close a connection after N bad frames within 10 s. Without it, all of them are recorded.",
)


@cli.command(context_settings=_CONTEXT)
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same traffic.")
@_run_options
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

    _launch(DemoSpec(seed=seed), run)


@cli.command(context_settings=_CONTEXT)
@server_options
@click.option("--handler", metavar="HANDLER", help="What answers when the server calls us; as for `host`.")
@_bad_frames_option
@_run_options
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

    with _sentences():
        check_url(spec.url)  # before any screen is drawn
    _launch(replace(spec, handler=handler, bad_frames=bad_frames), run)


@cli.command(context_settings=_CONTEXT)
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

    with _sentences():
        sys.exit(run_check(spec, only=only, as_json=as_json, timeout_s=timeout_s))


@cli.command(context_settings=_CONTEXT)
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
@_run_options
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
    _launch(spec, run)


@cli.command("mock-schema", context_settings=_CONTEXT)
def mock_schema() -> None:
    """Print the JSON Schema of mock files, for editors that check and complete TOML.

    \b
    Examples:
      slipstream-inspector mock-schema > mock.schema.json
      (and as the first line of mock.toml:  #:schema ./mock.schema.json)
    """  # noqa: D301 - click wants a real backspace
    from inspector_app.mock.script.schema import schema_text

    click.echo(schema_text(), nl=False)


@cli.command("open", context_settings=_CONTEXT)
@click.argument("capture", type=click.Path(path_type=Path))
def open_(*, capture: Path) -> None:
    """Open CAPTURE, a recording made earlier or right now by another window.

    A JSON Lines export or a HAR is opened too: it becomes a capture in the data folder first.

    \b
    Examples:
      slipstream-inspector open night.capture
      slipstream-inspector open frames.jsonl
    """  # noqa: D301 - click wants a real backspace
    from inspector_app.sources.opening import capture_from

    _require_terminal(
        "`open` shows a screen: run it in a terminal, or use `export` to get the frames as text."
    )
    with _sentences():
        found = capture_from(capture)
    sys.exit(_show(None, found, None))


@cli.command(context_settings=_CONTEXT)
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

    with _sentences():
        if only_list:
            sys.exit(list_engines())
        _require_terminal("`attach` shows a screen: run it in a terminal, or use --list.")
        engine = chosen_engine(capture)
    sys.exit(_show(None, None, None, attach=engine, control=control))


@cli.command(context_settings=_CONTEXT)
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

    with _sentences():
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


@cli.command("import", context_settings=_CONTEXT)
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

    with _sentences():
        run_import(file, output)


cli.add_command(call)
cli.add_command(describe)
cli.add_command(operations)
cli.add_command(run_command)


def _launch(spec: SourceSpec, run: RunOptions) -> NoReturn:
    """Run a source on the screen, or without one where none is wanted or there is no terminal."""
    from inspector_app.intents import DemoSpec, ServerSpec

    seconds = run.seconds
    has_terminal = _has_terminal()
    if run.wants_no_screen or not has_terminal:
        if not run.wants_no_screen:
            until = "until Ctrl-C"
            if isinstance(spec, DemoSpec):
                seconds, until = DEMO_SECONDS_WITHOUT_TERMINAL, f"for {DEMO_SECONDS_WITHOUT_TERMINAL:g} s"
            say(f"No terminal here, so this runs headless {until}; --headless asks for it without this line.")
        from inspector_app.headless import run_headless

        with _sentences():
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
    with _sentences():
        record = _record_path(run.record)
    if isinstance(spec, ServerSpec) and spec.token and spec.port:
        _say_url(spec.host, spec.port, spec.token)
    sys.exit(_show(spec, None, record, stay=run.stay))


def _say_url(host: str, port: int, token: str) -> None:
    from inspector_app.sources.address import url_of, with_token

    say(f"Clients come in by {with_token(url_of(host, port), token)}")


def _show(spec: SourceSpec | None, capture: Path | None, record: Path | None, **more: Any) -> int:
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


def _warn_if_open_to_network(host: str) -> None:
    from inspector_app.sources.address import is_loopback

    if not is_loopback(host):
        say(f"Warning: --host {host} lets other machines connect, and run what the handler offers.")


def _has_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout is not None and sys.stdout.isatty()


def _require_terminal(advice: str) -> None:
    if not _has_terminal():
        raise click.UsageError(f"There is no terminal here. {advice}")
