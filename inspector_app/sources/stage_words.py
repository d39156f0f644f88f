"""What the failure of a stage means, and what to do about it: from exceptions and codes to words.

Owns the words about names, TCP, TLS, HTTP and close codes. Does no I/O. Each function gives what came back
and the advice, both without a full stop.
"""

from __future__ import annotations

import errno
import socket
import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from websockets.exceptions import InvalidMessage, InvalidStatus

from inspector_app.sources.failures import header_of_ours, http_advice
from inspector_app.sources.stages import excerpt

if TYPE_CHECKING:
    from websockets.http11 import Response

Told = tuple[str, str]
"""What came back, and what to do."""

MAYBE_TLS: Final = "The port speaks TLS: write wss:// in place of ws://"
HUNG_UP_UNASKED: Final = "hung up right after the handshake"
_CHECK_PORT = "Check the port: another kind of server is there"
_NO_RULES = "What answers does not speak WebSocket by the rules: a proxy between, or a wrong path?"
_TLS_ALERT = b"\x15\x03"

_CERTIFICATE: Final[dict[int, str]] = {
    9: "It is not valid yet: look at the clock of this machine, then at the server's certificate",
    10: "It has expired: have the server's certificate renewed, or look at the clock of this machine",
    18: "It is signed by itself: trust it with --ca-file, or go without checking with --insecure",
    19: "Its authority is not known here: trust it with --ca-file",
    20: "Its authority is not known here: trust it with --ca-file",
    21: "The server does not send the certificates between its own and the authority's: have it send them",
    23: "It was revoked: have the server's certificate replaced",
    62: "It is for another host: connect by the name that it is for, or have one made for this name",
    64: "It is for another host: connect by the name that it is for, or have one made for this address",
}
"""By OpenSSL's number for what is wrong with a certificate."""

_OURS = ("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE", "BAD_CERTIFICATE", "CERTIFICATE_UNKNOWN", "UNKNOWN_CA")
_NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG")
_VERSIONS = ("PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE", "VERSION_TOO_LOW")

_CLOSE_ADVICE: Final = {
    1000: "The server takes the connection and ends it in good order: look into its log",
    1001: "The server is going away: try again when it is back",
    1002: "The server found a fault in what it was sent: is it a Slipstream server?",
    1003: "The server takes no text messages: it is no Slipstream server",
    1008: "The server refuses this client: check the token, the headers, its allowed origins",
    1009: "What was sent is too large for the server",
    1011: "The server has a fault of its own: look at its log",
    1012: "The server restarts: try again",
    1013: "The server is overloaded: try again later",
}
_CLOSED = "Look into the server's log, or its documentation, for what the code means"


def name_told(error: OSError | UnicodeError) -> Told:
    """Tell why a host name has no address."""
    if isinstance(error, UnicodeError):
        return "no host name can be spelled like this", "Check the spelling of the host"
    if isinstance(error, TimeoutError) or error.errno == socket.EAI_AGAIN:
        return "the name server gives no answer", "Check your network and its name server, then try again"
    return "no such name", "Check the spelling of the host, or give an address; check your network or VPN"


def tcp_told(error: OSError) -> Told:
    """Tell why nothing listens at an address, or cannot be reached."""
    if isinstance(error, ConnectionRefusedError):
        return "refused, nobody listens there", "Start the server, or check host and port"
    if error.errno in {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL}:
        return "unreachable, there is no way from here", "Check the host and your network or VPN"
    if isinstance(error, TimeoutError):
        return (
            silence_told(),
            "Check host and port, and whether a firewall is between",
        )
    if error.errno in {errno.EACCES, errno.EPERM}:
        return "forbidden by this machine", "Look at the firewall of this machine"
    return _plain(error), "Check host and port"


def tls_told(error: OSError) -> Told:
    """Tell why TLS did not come about."""
    if isinstance(error, ssl.SSLCertVerificationError):
        advice = _CERTIFICATE.get(error.verify_code, "Trust its authority with --ca-file")
        return f"the server's certificate is refused ({error.verify_message})", advice
    if isinstance(error, TimeoutError):
        return silence_told(), "The port takes connections and speaks no TLS: try ws://, or another port"
    reason = getattr(error, "reason", None) or ""
    words = reason.replace("_", " ").lower()
    if reason in _NOT_TLS:
        return "the answer is no TLS", "The port does not speak TLS: write ws:// in place of wss://"
    if any(part in reason for part in _VERSIONS):
        return (
            f"no common version ({words})",
            "The server must know TLS 1.2 or 1.3: update it",
        )
    if any(part in reason for part in _OURS) or "CERTIFICATE_EXPIRED" in reason:
        return (
            f"the server refuses this client ({words})",
            "It wants a certificate that it trusts: give --cert and --key",
        )
    if "UNRECOGNIZED_NAME" in reason:
        return "the server knows no such host", "Connect by a name that the server has a certificate for"
    if str(error) == HUNG_UP_UNASKED:
        return HUNG_UP_UNASKED, "It probably wants a certificate of this side: give --cert and --key"
    if not reason or "EOF" in reason:
        return "hung up during the handshake", "The port may speak no TLS (then write ws://), or want --cert"
    return words, "Check the URL and the server's TLS settings"


def http_told(error: Exception, raw: bytes, *, secure: bool) -> Told:
    """Tell why there was no upgrade to WebSocket; `raw` is the beginning of what came."""
    if (header := header_of_ours(error)) is not None:
        return f"the header {header} cannot be sent", "Take out what HTTP cannot carry: see -H and --token"
    if isinstance(error, InvalidStatus):
        return _status_told(error.response)
    if raw.startswith(b"HTTP/1.1 101") and isinstance(error, TimeoutError):
        return f"{excerpt(raw)!r}, and the rest of it not in time", _NO_RULES
    if raw.startswith(b"HTTP/1.1 101"):
        return f"101, but {_plain(error)}", _no_upgrade_advice(error)
    if raw.startswith(b"HTTP/"):
        return excerpt(raw), "A plain HTTP server, and no WebSocket is there: check port and path"
    if raw.startswith(_TLS_ALERT):
        return "an alert of TLS", MAYBE_TLS
    if raw:
        return f"{excerpt(raw)!r}, which is no HTTP", _CHECK_PORT
    if isinstance(error, TimeoutError):
        return silence_told(), _CHECK_PORT
    if isinstance(error, (ConnectionError, InvalidMessage, EOFError)):
        wants = "give --cert and --key if it wants them" if secure else "it may want TLS (wss://)"
        return "hung up without an answer", f"Check the port; {wants}"
    return _plain(error), "Check the URL"


def _status_told(response: Response) -> Told:
    came = f"{response.status_code} {response.reason_phrase or ''}".rstrip()
    body = excerpt(bytes(response.body or b""))
    place = response.headers.get("Location")
    if place is not None and 300 <= response.status_code < 400:
        return f"{came}, to {place[:200]}", "It is elsewhere: connect there if you trust it"
    said = f"{came}, saying {body!r}" if body else came
    if "subprotocol" in body.lower():
        return said, "Offer the subprotocol that the server wants: --subprotocol NAME"
    if response.status_code == HTTPStatus.UPGRADE_REQUIRED:
        wanted = response.headers.get("Upgrade", "")[:60]
        return said, f"It wants another protocol{f' ({wanted})' if wanted else ''}: check path and URL"
    advice = http_advice(response.status_code)
    return said, advice[0].upper() + advice[1:]


def _no_upgrade_advice(error: Exception) -> str:
    if "subprotocol" in str(error).lower():
        return "The server chose a subprotocol that was not offered: give it with --subprotocol"
    return _NO_RULES


def close_told(code: int | None, reason: str) -> Told:
    """Tell why a connection ended before anything was said; `code` None: the socket just ended."""
    if code is None or code == 1006:
        return (
            "the connection dropped without a closing handshake",
            "The server failed, or something between cuts WebSockets: look at the server's log",
        )
    because = f" ({excerpt(reason)})" if reason else ""
    return f"it closed with code {code}{because}", _CLOSE_ADVICE.get(code, _CLOSED)


def silence_told(limit_s: float | None = None) -> str:
    """Tell that nothing came."""
    return "no answer in time" if limit_s is None else f"nothing came within {limit_s:g} s"


def _plain(error: BaseException) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split()).rstrip(".")[:200] or type(error).__name__
