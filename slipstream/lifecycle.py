"""The two state tables of the protocol as data (protocol.md §5, §6), and nothing that does I/O.

A table is total: every state meets every event. What is not legal is an entry too; its effect says whose
fault it is: `LOCAL_ERROR` ours, `FINDING` theirs.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class ConnectionState(Enum):
    """State of a connection (protocol.md §6)."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    CLOSING = "closing"
    CLOSED = "closed"
    LOST = "lost"


CONNECTION_TRANSITIONS: dict[ConnectionState, frozenset[ConnectionState]] = {
    ConnectionState.CONNECTING: frozenset(
        {ConnectionState.CONNECTED, ConnectionState.CLOSED, ConnectionState.LOST}
    ),
    ConnectionState.CONNECTED: frozenset(
        {ConnectionState.CLOSING, ConnectionState.CLOSED, ConnectionState.LOST}
    ),
    ConnectionState.CLOSING: frozenset({ConnectionState.CLOSED, ConnectionState.LOST}),
    ConnectionState.CLOSED: frozenset(),
    ConnectionState.LOST: frozenset(),
}
"""Where each connection state may go; CLOSED and LOST are final."""

ENDED = frozenset({ConnectionState.CLOSED, ConnectionState.LOST})


class StreamState(Enum):
    """State of an exchange's two halves, as one side sees them (protocol.md §5)."""

    __hash__ = object.__hash__  # that of Enum is computed in Python at every look-up in a table

    OPEN = "OPEN"
    HALF_CLOSED_LOCAL = "HALF_CLOSED_LOCAL"
    HALF_CLOSED_REMOTE = "HALF_CLOSED_REMOTE"
    CLOSED = "CLOSED"

    @property
    def local_open(self) -> bool:
        """Whether this side's half, *out*, may still send."""
        return self in (StreamState.OPEN, StreamState.HALF_CLOSED_REMOTE)

    @property
    def remote_open(self) -> bool:
        """Whether the other side's half, *in*, may still send."""
        return self in (StreamState.OPEN, StreamState.HALF_CLOSED_LOCAL)


class StreamEvent(Enum):
    """What can happen to an exchange (protocol.md §5)."""

    __hash__ = object.__hash__  # that of Enum is computed in Python at every look-up in a table

    SEND_DATA = "I send data"
    SEND_END = "I send end"
    SEND_RESPONSE = "I send the response"
    DATA = "data comes"
    END = "end comes"
    RESPONSE = "the response comes"
    ABORT = "error or cancellation, either way"
    CONNECTION_ENDED = "the connection ends"


class StreamEffect(Enum):
    """What follows from an event besides the new state."""

    PROCEED = "proceed"
    NOTHING = "nothing"
    IGNORE = "ignore"
    LOCAL_ERROR = "local error"
    FINDING = "finding"


class StreamStep(NamedTuple):
    """One cell of the table."""

    state: StreamState
    effect: StreamEffect


def _table() -> dict[tuple[StreamState, StreamEvent], StreamStep]:
    opened, local, remote, closed = StreamState
    cells: dict[StreamEvent, dict[StreamState, StreamStep]] = {
        StreamEvent.SEND_DATA: {
            opened: StreamStep(opened, StreamEffect.PROCEED),
            local: StreamStep(local, StreamEffect.LOCAL_ERROR),
            remote: StreamStep(remote, StreamEffect.PROCEED),
            closed: StreamStep(closed, StreamEffect.LOCAL_ERROR),
        },
        StreamEvent.SEND_END: {
            opened: StreamStep(local, StreamEffect.PROCEED),
            local: StreamStep(local, StreamEffect.NOTHING),
            remote: StreamStep(closed, StreamEffect.PROCEED),
            closed: StreamStep(closed, StreamEffect.NOTHING),
        },
        StreamEvent.SEND_RESPONSE: {
            opened: StreamStep(opened, StreamEffect.LOCAL_ERROR),
            local: StreamStep(local, StreamEffect.LOCAL_ERROR),
            remote: StreamStep(closed, StreamEffect.PROCEED),
            closed: StreamStep(closed, StreamEffect.NOTHING),
        },
        StreamEvent.DATA: {
            opened: StreamStep(opened, StreamEffect.PROCEED),
            local: StreamStep(local, StreamEffect.PROCEED),
            remote: StreamStep(remote, StreamEffect.FINDING),
            closed: StreamStep(closed, StreamEffect.IGNORE),
        },
        StreamEvent.END: {
            opened: StreamStep(remote, StreamEffect.PROCEED),
            local: StreamStep(closed, StreamEffect.PROCEED),
            remote: StreamStep(remote, StreamEffect.FINDING),
            closed: StreamStep(closed, StreamEffect.IGNORE),
        },
        StreamEvent.RESPONSE: {
            opened: StreamStep(opened, StreamEffect.FINDING),
            local: StreamStep(closed, StreamEffect.PROCEED),
            remote: StreamStep(remote, StreamEffect.FINDING),
            closed: StreamStep(closed, StreamEffect.IGNORE),
        },
        StreamEvent.ABORT: {
            opened: StreamStep(closed, StreamEffect.PROCEED),
            local: StreamStep(closed, StreamEffect.PROCEED),
            remote: StreamStep(closed, StreamEffect.PROCEED),
            closed: StreamStep(closed, StreamEffect.IGNORE),
        },
        StreamEvent.CONNECTION_ENDED: {
            opened: StreamStep(closed, StreamEffect.PROCEED),
            local: StreamStep(closed, StreamEffect.PROCEED),
            remote: StreamStep(closed, StreamEffect.PROCEED),
            closed: StreamStep(closed, StreamEffect.NOTHING),
        },
    }
    return {(state, event): step for event, row in cells.items() for state, step in row.items()}


STREAM_TRANSITIONS = _table()
"""`(state, event) -> (next state, effect)` for every state and every event."""
