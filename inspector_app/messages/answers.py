"""What came of a message that was sent. Plain data; who sent it and how is not its matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Protocol

MessageKind = Literal["request", "stream", "bidirectional", "oneway"]

Outcome = Literal["ok", "error", "timeout", "cancelled", "overflow", "closed", "lost"]

NOT_SENT: Final = "not_sent"
"""The code of an error where this side had a reason not to send; the message is a sentence on that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A message with all its values put in. `data_json`: an object, without `operation`."""

    kind: MessageKind
    operation: str
    data_json: str = "{}"
    items_json: tuple[str, ...] = ()
    """Of a bidirectional stream: what this side sends, before it ends its half."""
    take: int | None = None
    """Of a stream: give it up after so many items; None: wait for its end."""
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How an exchange ended. Times in nanoseconds from its opening; None where nothing came."""

    outcome: Outcome
    data: object = None
    """The result of a request."""
    items: tuple[object, ...] = ()
    code: str = ""
    message: str = ""
    details: object = None
    latency_ns: int | None = None
    """Until the first frame of the other side."""
    duration_ns: int | None = None
    """Until the end."""


class Caller(Protocol):
    """Whatever can send a message and wait for what comes of it."""

    async def call(self, message: Ready) -> Answer:
        """Send it, and give the answer when the exchange has ended. Never raises for what a peer did."""
