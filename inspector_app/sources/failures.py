"""From exceptions to sentences: the one place that tells a person why a source cannot work.

Each sentence says what is wrong and what to do. Nothing here does I/O, and no other module of the inspector
puts the text of a network exception before a user.
"""

from __future__ import annotations

import errno
import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FAILED = 1
"""Exit code: what was asked was right, and did not work."""

BAD_USAGE = 2
"""Exit code: what was asked cannot work as it was written."""

_NO_WEBSOCKET = "this is a web server, but no WebSocket is at this path: check the URL"
_OLD_HTTP = "expected HTTP/1.1: HTTP/"
"""What the websockets library says of an answer in HTTP of another version, which it reads no further."""

_SERVER_FAULT = "the server has a fault of its own: look at its log"


class SourceError(Exception):
    """A source cannot begin. The text is a sentence for the user; `exit_code` is `FAILED` or `BAD_USAGE`."""

    def __init__(self, text: str, exit_code: int = FAILED) -> None:
        super().__init__(text)
        self.text = text
        self.exit_code = exit_code


def connect_failure(error: BaseException, url: str) -> str:
    """Tell in one sentence why no connection to `url` came about. `url` must be without password."""
    for each in _chain(error):
        told = _tls_told(each, url) or _http_told(each, url) or _network_told(each, url)
        if told is not None:
            return told
    return f"Cannot connect to {url}: {_plain(error)}."


def listen_failure(error: OSError | UnicodeError, host: str, port: int) -> str:
    """Tell in one sentence why nothing can listen on `host` and `port`."""
    place = f"{host}:{port}"
    if _is_unknown_host(error):
        return f"The host name {host!r} is unknown: give an address of this machine with --host."
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use: choose another with --port, or --port 0 for any free one."
    if number == errno.EACCES:
        return f"No permission to listen on {place}: choose another with --port, from 1024 on."
    # From Python 3.12 on, asyncio keeps the number to itself where no address could be had.
    if number == errno.EADDRNOTAVAIL or "could not bind on any address" in str(error):
        return f"This machine has no address {host}: give one of its own with --host, such as 127.0.0.1."
    return f"Cannot listen on {place}: {_plain(error)}."


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, and what caused it, outermost first; members of a group one after the other."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        if isinstance(seen, BaseExceptionGroup):
            for member in seen.exceptions:
                yield from _chain(member)
        seen = seen.__cause__


def _tls_told(error: BaseException, url: str) -> str | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"The TLS certificate of {url} is not trusted ({error.verify_message}): give its authority with "
            "--ca-file, or --insecure to go without checking."
        )
    if not isinstance(error, ssl.SSLError):
        return None
    reason = error.reason or str(error)
    if reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"}:
        return f"{url} does not speak TLS: try ws:// in place of wss://."
    if "CERTIFICATE_REQUIRED" in reason or "HANDSHAKE_FAILURE" in reason:
        return f"{url} refused the TLS handshake ({_words(reason)}): it may want a --cert and --key of yours."
    return f"TLS with {url} failed ({_words(reason)}): check the certificate and the URL."


def _http_told(error: BaseException, url: str) -> str | None:
    from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus, InvalidURI

    if isinstance(error, InvalidStatus):
        code = error.response.status_code
        if (place := error.response.headers.get("Location")) is not None:
            return f"{url} leads to {place[:200]}, another server: connect there if you trust it."
        answered = f"{url} answered HTTP {code} {error.response.reason_phrase or ''}".rstrip()
        return f"{answered}: {http_advice(code)}."
    if isinstance(error, InvalidMessage):
        if isinstance(error.__cause__, EOFError):
            return f"{url} hung up without an answer: check the port, {_or_what(url)}."
        if _OLD_HTTP in str(error.__cause__):
            return f"{url} answered as a plain HTTP server, and no WebSocket is there: check port and path."
        return f"{url} does not speak HTTP or WebSocket: check the port, {_or_what(url)}."
    if isinstance(error, InvalidURI):
        return f"{url} leads to {error.uri!r}, which is no WebSocket address: check the URL."
    if (header := header_of_ours(error)) is not None:
        return f"The header {header} cannot be sent: take out what HTTP cannot carry (-H, --token)."
    if isinstance(error, InvalidHandshake):
        return (
            f"{url} did not complete the WebSocket handshake ({_plain(error)}): check URL and --subprotocol."
        )
    return None


def http_advice(code: int) -> str:
    """Say what to do about an answer that is no upgrade to WebSocket; without a full stop."""
    # Late, as the first paint does not need it.
    from http import HTTPStatus

    advice: dict[int, str] = {
        HTTPStatus.UNAUTHORIZED: "give --token or an Authorization header with -H",
        HTTPStatus.FORBIDDEN: "the server refuses this client: check the token, the headers, "
        "its allowed origins",
        HTTPStatus.NOT_FOUND: "check the path of the URL",
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: "the proxy wants a login",
        HTTPStatus.UPGRADE_REQUIRED: "it wants another protocol: check the path of the URL",
        HTTPStatus.TOO_MANY_REQUESTS: "wait a while and try again",
    }
    return advice.get(code) or (_SERVER_FAULT if code >= HTTPStatus.INTERNAL_SERVER_ERROR else _NO_WEBSOCKET)


def header_of_ours(error: BaseException) -> str | None:
    """Name the header of this side that HTTP cannot carry, if that is what is wrong.

    Its value may be a secret, and the exception has it in its text.
    """
    from websockets.exceptions import InvalidHeader

    answered = ("sec-websocket-", "connection", "upgrade")
    if not isinstance(error, InvalidHeader) or error.name.lower().startswith(answered):
        return None
    return error.name


def _or_what(url: str) -> str:
    if url.startswith("wss:"):
        return "or give --cert and --key if it wants a certificate of yours"
    return "or try wss:// if it wants TLS"


def _network_told(error: BaseException, url: str) -> str | None:
    if _is_unknown_host(error):
        return f"The host of {url} is unknown: check its spelling and your network."
    if isinstance(error, ConnectionRefusedError) or _all_refused(error):
        return f"Nobody is listening at {url}: start the server, or check host and port."
    if isinstance(error, TimeoutError):
        return f"{url} did not answer in time: check host and port, and whether it wants wss://."
    if isinstance(error, ConnectionResetError):
        return f"{url} dropped the connection during the handshake: check the port, and ws:// against wss://."
    if isinstance(error, OSError) and error.errno in {errno.ENETUNREACH, errno.EHOSTUNREACH}:
        return f"There is no way to {url} from here: check your network."
    return None


def _is_unknown_host(error: BaseException) -> bool:
    import socket

    return isinstance(error, (socket.gaierror, UnicodeError))


def _all_refused(error: BaseException) -> bool:
    # asyncio merges the failures of several addresses (localhost: ::1 and 127.0.0.1) into one plain OSError.
    return isinstance(error, OSError) and error.errno is None and "refused" in str(error)


def _words(reason: str) -> str:
    return reason.replace("_", " ").lower()


def _plain(error: BaseException) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split()).rstrip(".") or type(error).__name__
