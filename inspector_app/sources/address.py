"""Addresses as people type them: what is a WebSocket URL, what is loopback.

Pure functions; the sentences about wrong addresses live here.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from inspector_app.sources.failures import BAD_USAGE, SourceError

_TOKEN_IN_URL = re.compile(r"([?&](?:access_)?token=)[^&#\s]+")
_SCHEMES = {"http": "ws", "https": "wss"}


def check_url(url: str) -> SplitResult:
    """Split a WebSocket URL; raises `SourceError` with what to write instead."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise SourceError(f"{url!r} is not a URL ({error}): {_EXAMPLE}", BAD_USAGE) from None
    if parts.scheme in _SCHEMES:
        right = urlunsplit(parts._replace(scheme=_SCHEMES[parts.scheme]))
        raise SourceError(f"{url} is an HTTP address: write {right} for its WebSocket.", BAD_USAGE)
    if parts.scheme not in {"ws", "wss"}:
        typed = url.strip()
        looks_right = "://" not in typed and " " not in typed and typed
        hint = f"write ws://{typed} or wss://{typed}." if looks_right else _EXAMPLE
        raise SourceError(f"{url!r} is not a WebSocket URL: {hint}", BAD_USAGE)
    if not parts.hostname or any(letter.isspace() for letter in parts.netloc):
        raise SourceError(f"{url!r} names no host: {_EXAMPLE}", BAD_USAGE)
    if port == 0:
        raise SourceError(f"{url!r} has port 0, which nothing listens on: {_EXAMPLE}", BAD_USAGE)
    if parts.fragment:
        raise SourceError(f"{url!r} has a part behind '#', which a WebSocket cannot have.", BAD_USAGE)
    return parts


_EXAMPLE = "write one such as ws://127.0.0.1:8765 or wss://example.com/rpc."


def without_password(url: str) -> str:
    """Give the URL without user name, password and token, fit for a screen and a file."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return without_token(url)
    return without_token(urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])))


def without_token(url: str) -> str:
    """Give a URL, or a path with its query, with the token in it hidden."""
    return _TOKEN_IN_URL.sub(r"\1(hidden)", url)


def token_of(typed: str) -> str | None:
    """Give the token that a person asked for: `auto` has one made up, and nothing typed is none."""
    return secrets.token_urlsafe(24) if typed == "auto" else typed or None


def with_token(url: str, token: str) -> str:
    """Give the URL that lets in whoever opens it, a browser too."""
    return f"{url}/?token={quote(token, safe='')}"


def is_loopback(host: str) -> bool:
    """Whether binding `host` is certain to reach this machine alone.

    Every spelling that is not certain counts as open to the network (`0`, `0x7f000001`, the empty string).
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def url_of(host: str, port: int, scheme: str = "ws") -> str:
    """Give the URL of a listening socket."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
