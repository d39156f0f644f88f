"""What a session tells its shell: what the other side called, answered, sent, ended, and what it broke.

Records of one message or one moment each; the sections are those of protocol.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from slipstream.exchanges import ExchangeKind, Finding, Outcome, RequestId


# One of these comes with nearly every frame, and a tuple is made at the least cost. What is rarer is no
# frozen record, which costs three times as much as one that is not.
class Called(NamedTuple):
    """The other side opened an exchange that a handler should answer."""

    request_id: RequestId
    kind: ExchangeKind
    operation: str
    data: dict[str, Any]


@dataclass(slots=True)
class Notified:
    """A fire-and-forget came."""

    operation: str
    data: dict[str, Any]


class Answered(NamedTuple):
    """A unary exchange of mine has its result."""

    request_id: RequestId
    data: Any


class ItemArrived(NamedTuple):
    """A stream brought an item; `size_bytes` is what it takes of the receiving buffer."""

    request_id: RequestId
    data: Any
    size_bytes: int


@dataclass(slots=True)
class HalfEnded:
    """The other side sends no more items on this stream."""

    request_id: RequestId


@dataclass(slots=True)
class Failed:
    """The other side ended the exchange with an error, or, as its opener, gave it up."""

    request_id: RequestId
    message: str
    code: str
    details: Any = None


@dataclass(slots=True)
class Settled:
    """This side ended the exchange: its deadline passed, it was cancelled, its buffer overflowed."""

    request_id: RequestId
    outcome: Outcome
    message: str


@dataclass(slots=True)
class Credited:
    """The other side lets more items through on this stream (§9)."""

    request_id: RequestId


@dataclass(slots=True)
class Expired:
    """The time is up that the other side gave for an answer; it has been told so (§8)."""

    request_id: RequestId
    message: str


@dataclass(slots=True)
class Found:
    """The other side broke the protocol."""

    finding: Finding


@dataclass(slots=True)
class Violated:
    """The other side went further than a connection bears: it is to be closed with this code (§11)."""

    code: int
    reason: str


Event = (
    Called
    | Notified
    | Answered
    | ItemArrived
    | HalfEnded
    | Failed
    | Settled
    | Credited
    | Expired
    | Found
    | Violated
)
