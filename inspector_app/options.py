"""The options that say which server to connect to, and how: the same for every command that does.

Owns their names and help texts, and turns them into a `ClientSpec`. Imports little, like the command line.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

import click

CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
"""What every command has in common."""


def server_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the argument URL and the options beside it; they arrive as `spec: ClientSpec`."""
    return _server_options(command, click.argument("url"))


def server_options_with_url_option(command: Callable[..., None]) -> Callable[..., None]:
    """Likewise with an option --url, for commands that may know it otherwise; then `spec.url` is empty."""
    url = click.option(
        "--url", default="", metavar="URL", help="The server, if not the one that is named there."
    )
    return _server_options(command, url)


def _server_options(
    command: Callable[..., None], url_parameter: Callable[[Callable[..., None]], Callable[..., None]]
) -> Callable[..., None]:
    @url_parameter
    @click.option(
        "-H",
        "--header",
        "headers",
        multiple=True,
        metavar="'NAME: VALUE'",
        help="Send this header with the handshake. May be given several times.",
    )
    @click.option(
        "--token",
        metavar="TOKEN",
        envvar="SLIPSTREAM_TOKEN",
        show_envvar=True,
        help="Send as Bearer token.",
    )
    @click.option(
        "--subprotocol", "subprotocols", multiple=True, metavar="NAME", help="Offer this subprotocol."
    )
    @click.option("--ca-file", metavar="FILE", help="Trust the authorities in this PEM file (wss://).")
    @click.option(
        "--cert", "cert_file", metavar="FILE", help="Show this client certificate, a PEM file (wss://)."
    )
    @click.option(
        "--key", "key_file", metavar="FILE", help="Private key of --cert, if it is in a file of its own."
    )
    @click.option("--insecure", is_flag=True, help="Do not check the server's certificate (wss://).")
    @functools.wraps(command)
    def with_server(
        *,
        url: str,
        headers: tuple[str, ...],
        token: str | None,
        subprotocols: tuple[str, ...],
        ca_file: str | None,
        cert_file: str | None,
        key_file: str | None,
        insecure: bool,
        **kwargs: Any,
    ) -> None:
        from inspector_app.intents import ClientSpec

        spec = ClientSpec(
            url=url,
            headers=tuple(_parse_header(text) for text in headers),
            token=token,
            subprotocols=subprotocols,
            ca_file=ca_file,
            cert_file=cert_file,
            key_file=key_file,
            insecure=insecure,
        )
        command(spec=spec, **kwargs)

    return with_server


def _parse_header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    name, value = name.strip(), value.strip()
    # RFC 9110 §5.6.2 names the characters of a token; a line break would smuggle in a header of its own.
    if (
        not colon
        or not name
        or not all(c.isascii() and (c.isalnum() or c in "!#$%&'*+-.^_`|~") for c in name)
    ):
        raise click.BadParameter(f"{text!r} is no header: write it as 'Name: value'.", param_hint="-H")
    if any(ord(c) < ord(" ") and c != "\t" for c in value):
        raise click.BadParameter(f"The value of {name} has control characters in it.", param_hint="-H")
    return name, value
