"""What is written down of a run, to be judged by `history`: the tapes of its wire, the log of its callers.

Times are ns of the monotonic clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from tests.chaos.tape import Tape

Kind = Literal["unary", "stream", "conversation"]
How = Literal["normal", "remote error", "closed", "lost", "timeout", "cancelled", "overflow"]


class Ending(NamedTuple):
    """How a call ended, as its caller was told."""

    time_ns: int
    how: How


@dataclass(slots=True)
class Call:
    """One call by the client, as its caller saw it: what it sent, what it received, how it ended."""

    number: int
    kind: Kind
    started_ns: int
    sent: list[Any] = field(default_factory=list)
    received: list[Any] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    first_received_ns: int | None = None
    produced: Sequence[Any] | None = None
    """What the other side's program is known to produce for this call, where it is."""


class Transition(NamedTuple):
    """A change of the client's connection state, as it was published."""

    time_ns: int
    old: str
    new: str
    code: int | None


@dataclass(slots=True)
class Rest:
    """What one process held before and after: everything must be as it was, memory within `bound_mib`."""

    who: str
    held: dict[str, Any] = field(default_factory=dict)
    """What is left in the tables, by name."""
    tasks: tuple[int, int] = (0, 0)
    files: tuple[int, int] = (0, 0)
    resident_mib: tuple[float, float] = (0.0, 0.0)
    bound_mib: float = float("inf")
    complaints: list[str] = field(default_factory=list)
    """What the event loop's exception handler was told."""


@dataclass(slots=True)
class Wire:
    """The four tapes of one connection: sent by the client, come to the server, and back."""

    sent_by_client: Tape = field(default_factory=Tape)
    came_to_server: Tape = field(default_factory=Tape)
    sent_by_server: Tape = field(default_factory=Tape)
    came_to_client: Tape = field(default_factory=Tape)


@dataclass(slots=True)
class History:
    """Everything that is known of one connection's run. The client made the calls."""

    wire: Wire
    calls: list[Call] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    rests: list[Rest] = field(default_factory=list)
    closed_here: bool = False
    """Whether the client closed on purpose."""
    frames_in: list[str | bytes] | None = None
    frames_out: list[str | bytes] | None = None
    """The client's own account of the messages, where it kept one."""
