"""How a call that failed is told: one sentence, with what the server said in it, cut."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from slipstream import (
    ConnectionClosedError,
    ConnectionLostError,
    FrameTooLargeError,
    OverloadedError,
    RemoteError,
    RequestTimeoutError,
    StreamOverflowError,
)

if TYPE_CHECKING:
    from inspector_app.calling.catalogue import Catalogue
    from inspector_app.intents import MessageKind
    from slipstream import SlipstreamError

EXPLAINED: Final = frozenset({"not_found", "wrong_kind"})
"""Codes of errors that a look at what the server offers may explain."""

_MESSAGE_LENGTH: Final = 500
_DETAILS_LENGTH: Final = 500


def failure_told(error: SlipstreamError, operation: str, *, items: int, limit_s: float | None) -> str:
    """Tell in one sentence how an exchange failed, after so many items of it."""
    after = f" after {items:,} item{'' if items == 1 else 's'}" if items else ""
    if isinstance(error, RequestTimeoutError) and (limit_s is not None or not isinstance(error, RemoteError)):
        # Which side notices first that the time is up is chance.
        within = f" within {limit_s:g} s" if limit_s is not None else " in time"
        return (
            f"{operation!r} did not end{within}{after}: give it more with --timeout, or look at the server."
        )
    if isinstance(error, RemoteError):
        return remote_told(error, operation, after)
    if isinstance(error, ConnectionClosedError):
        how = "was lost" if isinstance(error, ConnectionLostError) else "was closed by the server"
        code = f" with code {error.code}" if error.code is not None else ""
        why = f" ({_cut(error.reason, 200)})" if error.reason else ""
        return f"The connection {how}{code}{why} before {operation!r} had ended{after}."
    if isinstance(error, StreamOverflowError):
        return f"The items of {operation!r} came faster than stdout took them{after}: the stream was ended."
    if isinstance(error, (FrameTooLargeError, OverloadedError)):
        return f"{str(error).rstrip('.')}."
    return f"{operation!r} failed{after}: {_cut(str(error), _MESSAGE_LENGTH).rstrip('.')}."


def remote_told(error: RemoteError, operation: str, after: str = "") -> str:
    """Tell the error of a server: code, message, details."""
    message = _cut(" ".join(error.message.split()), _MESSAGE_LENGTH).rstrip(".")
    told = f"{operation!r} failed{after} with {_cut(error.code, 60)!r}"
    if message:
        told += f": {message}"
    if error.details is not None:
        told += f"; details: {_cut(json.dumps(error.details), _DETAILS_LENGTH)}"
    return f"{told}."


def hint(error: SlipstreamError, operation: str, kind: MessageKind, catalogue: Catalogue | None) -> str:
    """Say what may help, as a sentence to go behind; "" if nothing is known.

    `catalogue` is None where the server did not say what it offers.
    """
    code = error.code if isinstance(error, RemoteError) else None
    if catalogue is None:
        guessed = code == "wrong_kind" or isinstance(error, RequestTimeoutError)
        return f"The server does not describe itself: is {operation!r} a {kind}?" if guessed else ""
    if code not in EXPLAINED:
        return ""
    found = catalogue.find(operation)
    if found is not None:
        return f"It is called with --kind {found.kind}." if found.kind != kind else ""
    near = catalogue.nearest(operation)
    return f"Did you mean {near!r}?" if near is not None else "`describe` lists what the server offers."


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
