"""The border to the websockets library: the one place that knows its exceptions and what they mean.

Maps every way in which a connection can end to a state of protocol.md §6, a close code and a reason.
"""

from __future__ import annotations

from typing import NamedTuple

from websockets.exceptions import ConnectionClosed
from websockets.frames import Close
from websockets.protocol import State

from slipstream.errors import ConnectionClosedError, ConnectionLostError
from slipstream.lifecycle import ConnectionState

NORMAL_CODES = frozenset({1000, 1001})
NO_CLOSE_FRAME = 1006
"""Close code of a connection that ended without a closing handshake (RFC 6455 §7.1.5)."""

DROPPED = (ConnectionClosed, OSError, EOFError)
"""What reading from or writing to a websocket that has ended can raise."""

_REASON_BYTES = 123


class Ending(NamedTuple):
    """How a connection ended."""

    state: ConnectionState
    code: int | None
    reason: str | None

    def error(self) -> ConnectionClosedError:
        """The exception that tells this ending."""
        kind = ConnectionLostError if self.state is ConnectionState.LOST else ConnectionClosedError
        return kind(self.code, self.reason)


def ending_of(error: BaseException, *, closed_here: bool = False) -> Ending:
    """What an exception of the socket says of the connection's end (protocol.md §6).

    `closed_here`: this side closed on purpose, which is a normal end whatever the code.
    """
    normal = ConnectionState.CLOSED if closed_here else ConnectionState.LOST
    if not isinstance(error, ConnectionClosed):
        return Ending(normal, NO_CLOSE_FRAME, str(error) or type(error).__name__)
    close = error.rcvd or error.sent
    if close is None:
        return Ending(normal, NO_CLOSE_FRAME, "the connection dropped without a closing handshake")
    state = ConnectionState.CLOSED if close.code in NORMAL_CODES else normal
    return Ending(state, close.code, close.reason or None)


def ending_seen(websocket: object, *, closed_here: bool = False) -> Ending | None:
    """What a websocket itself knows of its end; None while it is open. Needs no reader to notice."""
    if is_open(websocket):
        return None
    close = _close_under_way(websocket)
    code = getattr(websocket, "close_code", None) if close is None else close.code
    reason = getattr(websocket, "close_reason", None) if close is None else close.reason
    normal = closed_here or code is None or code in NORMAL_CODES
    state = ConnectionState.CLOSED if normal else ConnectionState.LOST
    return Ending(state, code, reason or None)


def _close_under_way(websocket: object) -> Close | None:
    """The close frame that counts, known as soon as the closing handshake, or the failure, has begun."""
    protocol = getattr(websocket, "protocol", None)
    close: Close | None = getattr(protocol, "close_rcvd", None) or getattr(protocol, "close_sent", None)
    return close


def is_open(websocket: object) -> bool:
    """Whether a websocket can still be written to, as far as it knows."""
    return getattr(websocket, "state", State.OPEN) is State.OPEN


def cut(websocket: object) -> None:
    """Drop the socket without a closing handshake: its peer does not read, or does not answer one."""
    transport = getattr(websocket, "transport", None)
    if transport is not None:
        transport.abort()


def close_reason(text: str) -> str:
    """As much of a text as a close frame can carry (RFC 6455 §5.5)."""
    return text.encode("utf-8", "replace")[:_REASON_BYTES].decode("utf-8", "ignore")
