"""The records that flow through the inspector, and the rows that are folded from them.

A *record* is one fact as a source saw it: a frame went by, a connection changed state, a note. A *row* is
what the fold made of it and what a capture file holds; screens draw rows and nothing else. Plain data:
this module imports neither the store nor the protocol library.

Times are integer nanoseconds since the Unix epoch. Sizes are bytes of the frame's UTF-8 text.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple

from msgspec import Struct, field

Direction = Literal["in", "out"]
"""`in`: received by the side that is inspected; `out`: sent by it."""

Kind = Literal["request_response", "request_stream", "stream_stream", "fire_and_forget"]
"""The four ways to talk, named as `slipstream.describe` names them (protocol.md §10)."""

Outcome = Literal["pending", "ok", "error", "timeout", "cancelled", "overflow", "closed", "lost"]
"""How an exchange stands: `pending` until it ended, then the one ending it had."""


# -- records: what a source emits -----------------------------------------------------------------------


class ConnectionOpened(Struct, frozen=True, kw_only=True):
    """A connection is being made. `conn` is its number in this capture, from 1."""

    conn: int
    time_ns: int
    role: Literal["client", "server"]
    address: str
    local_peer: str
    handshake: dict[str, object] = {}


class HandshakeSeen(Struct, frozen=True, kw_only=True):
    """The HTTP upgrade of a connection is known: request and response line and headers."""

    conn: int
    time_ns: int
    handshake: dict[str, object]


class FrameSeen(NamedTuple):
    """One message as it was on the wire: text as `str`, a binary message as `bytes`."""

    conn: int
    time_ns: int
    direction: Direction
    raw: str | bytes


class StateChanged(Struct, frozen=True, kw_only=True):
    """A connection went from one state of protocol.md §6 to another."""

    conn: int
    time_ns: int
    old: str
    new: str
    code: int | None = None
    reason: str = ""


class ExchangeSettled(Struct, frozen=True, kw_only=True):
    """An exchange ended on the inspected side without a frame that says so (a deadline, a cancellation)."""

    conn: int
    time_ns: int
    request_id: tuple[str, int]
    outcome: Outcome
    message: str = ""


class OperationsDescribed(Struct, frozen=True, kw_only=True):
    """The peer of a connection told its operations (protocol.md §10, `slipstream.describe`)."""

    conn: int
    time_ns: int
    operations: tuple[dict[str, object], ...]


class Noted(Struct, frozen=True, kw_only=True):
    """Something a person should read: a failed connection, a gap in the recording.

    `level` is `info`, `warning` or `problem`.
    """

    time_ns: int
    level: Literal["info", "warning", "problem"]
    text: str
    conn: int | None = None


class FaultMet(Struct, frozen=True, kw_only=True):
    """A frame met a fault that was made on purpose. `text` says what the fault is, and what it did.

    `raw` is the text of the frame that was just sent because of it; None: none was, so it is the opening
    frame of `request_id` that is marked.
    """

    conn: int
    time_ns: int
    text: str
    raw: str | None = None
    request_id: tuple[str, int] | None = None


Record = (
    ConnectionOpened
    | HandshakeSeen
    | FrameSeen
    | StateChanged
    | ExchangeSettled
    | OperationsDescribed
    | Noted
    | FaultMet
)


# -- rows: what the fold makes and the capture holds ------------------------------------------------------


# Not frozen: a frozen one takes four times as long to make, and a screen makes fifty at a time.
class FrameRow(Struct, kw_only=True):
    """One frame. `seq` counts from 1 without gaps, so row *i* of the list is frame *i + 1*."""

    seq: int
    time_ns: int
    conn: int
    direction: Direction
    type: str | None
    """One of the eight names of protocol.md §3, in lower snake case; None: not a frame."""
    opener: str | None
    """First part of `requestId`: who opened the exchange."""
    number: int | None
    """Second part of `requestId`."""
    exchange: int | None
    """Number of the exchange in this capture (`ExchangeRow.id`)."""
    operation: str | None
    size_bytes: int
    latency_ns: int | None
    """For an answer (`response`, the first item of a stream, `error`): time since the opening frame."""
    summary: str
    """The data on one line, cut to a few hundred characters; control characters not yet made inert."""
    findings: int
    binary: bool


Null = float
"""The type of `NULL`."""

NULL: Final[Null] = math.nan
"""What is not there, in a folded row: SQLite stores it as NULL, as it does None, which costs Python's sqlite3
five times as much to hand over. Compare with `is`."""


Values = tuple[Any, ...]
"""The values of a folded row. A tuple without names takes half the time to make and hand over to SQLite."""


class FoldedFrame(NamedTuple):
    """A frame as it is folded and written: the fields of `FrameRow`, in their order, and `raw`.

    `opener` is a number that `Batch.peers` gave to a name. None stands for `NULL` where that is rare.
    """

    seq: int
    time_ns: int
    conn: int
    direction: Direction
    type: str | None
    opener: int | None
    number: int | None
    exchange: int | None
    operation: str | None
    size_bytes: int
    latency_ns: int | Null | None
    summary: str | Null | None
    """`NULL` for a message that is so short that its summary is made whenever it is looked at."""
    findings: int
    binary: int
    """0 or 1."""
    raw: str | bytes
    """The message as it was on the wire: `bytes` of a binary one."""


class ExchangeRow(Struct, kw_only=True):
    """One exchange: a unary request, a server stream, a bidirectional stream."""

    id: int
    conn: int
    opener: str
    number: int
    mine: bool
    """Opened by the inspected side."""
    kind: Kind
    operation: str | None
    opened_ns: int
    opened_seq: int
    state: str
    """OPEN, HALF_CLOSED_LOCAL, HALF_CLOSED_REMOTE or CLOSED (protocol.md §5), of the inspected side."""
    outcome: Outcome = "pending"
    code: str | None = None
    """Error code (protocol.md §7), when the outcome is an error."""
    message: str = ""
    ended_ns: int | None = None
    ended_seq: int | None = None
    items_in: int = 0
    items_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    last_item_ns: int | None = None


class FoldedExchange(NamedTuple):
    """An exchange likewise: the fields of `ExchangeRow`, in their order, with a number as `opener`.

    `ending` counts the requests, or the streams, that ended up to and with this one; `NULL`: it is pending.
    """

    id: int
    conn: int
    opener: int
    number: int
    mine: int
    """0 or 1."""
    kind: Kind
    operation: str | None
    opened_ns: int
    opened_seq: int
    state: str
    outcome: Outcome
    code: str | Null | None
    message: str
    ended_ns: int | Null | None
    ended_seq: int | Null | None
    items_in: int
    items_out: int
    bytes_in: int
    bytes_out: int
    last_item_ns: int | Null | None
    ending: int | Null | None


class ConnectionRow(Struct, kw_only=True):
    """One connection as it stands."""

    conn: int
    role: Literal["client", "server"]
    address: str
    local_peer: str
    remote_peer: str | None
    state: str
    opened_ns: int
    changed_ns: int
    """When `state` was entered."""
    code: int | None = None
    reason: str = ""
    handshake: dict[str, object] = {}


class StateRow(Struct, frozen=True, kw_only=True):
    """One transition of a connection. `after_seq`: number of the last frame before it (0: none)."""

    id: int
    time_ns: int
    conn: int
    old: str
    new: str
    code: int | None
    reason: str
    after_seq: int


class SettledRow(Struct, frozen=True, kw_only=True):
    """One exchange that ended on the inspected side without a frame: the record, kept for the export.

    States, notes and settlements share one count of `id`, so their order among each other is known too.
    """

    id: int
    time_ns: int
    conn: int
    opener: str
    number: int
    outcome: Outcome
    message: str
    after_seq: int


class FindingRow(Struct, frozen=True, kw_only=True):
    """Something that broke the protocol. `seq` is the frame that shows it, None when no frame does."""

    id: int
    time_ns: int
    conn: int
    seq: int | None
    exchange: int | None
    rule: str
    """Stable name of the broken rule, such as `data_after_end`."""
    section: str
    """Section of protocol.md that the rule comes from, such as `§5`."""
    text: str


class NoteRow(Struct, frozen=True, kw_only=True):
    """A note kept in the capture."""

    id: int
    time_ns: int
    conn: int | None
    level: Literal["info", "warning", "problem"]
    text: str
    after_seq: int


class OperationRow(Struct, frozen=True, kw_only=True):
    """One operation that the peer of a connection offers, as it described itself."""

    conn: int
    name: str
    kind: str
    doc: str
    params: object
    returns: object
    deprecated: bool


class Mark(Struct, frozen=True):
    """What a person put on a frame: that it matters, and why. `note` may be empty."""

    seq: int
    made_ns: int
    note: str


class Totals(Struct, kw_only=True):
    """Counters of a whole capture, kept by the writer so that no screen has to count."""

    frames: int = 0
    frames_in: int = 0
    frames_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    exchanges: int = 0
    requests: int = 0
    requests_pending: int = 0
    streams: int = 0
    streams_open: int = 0
    findings: int = 0
    notes: int = 0
    connections: int = 0
    connections_open: int = 0
    first_ns: int = 0
    last_ns: int = 0


class Batch(Struct):
    """What one write puts into a capture, in one transaction.

    Frames, states, settlements, findings and notes are appended; exchanges and connections replace the row
    of the same number; operations replace those of the same connection.
    """

    frames: list[Values] = []
    """The values of a `FoldedFrame` each."""
    exchanges: dict[int, Values] = {}
    """The values of a `FoldedExchange` each, by its number."""
    peers: dict[int, str] = {}
    """Names of peers by the numbers that frames and exchanges have for them; each is given once."""
    connections: dict[int, ConnectionRow] = {}
    states: list[StateRow] = []
    settled: list[SettledRow] = []
    findings: list[FindingRow] = []
    notes: list[NoteRow] = []
    marks: list[Mark] = []
    """Put beside what a person may have noted on the same frame."""
    operations: dict[int, list[OperationRow]] = {}
    seen: set[tuple[str, Kind, Direction]] = set()
    """Operations that were called: by the inspected side (`out`), or by the other. Some are given again."""
    totals: Totals = field(default_factory=Totals)

    def named_frames(self) -> Iterator[FoldedFrame]:
        """Give the frames with names to their values."""
        return map(FoldedFrame._make, self.frames)

    def named_exchanges(self) -> Iterator[FoldedExchange]:
        """Give the exchanges likewise."""
        return map(FoldedExchange._make, self.exchanges.values())

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(
            self.frames
            or self.exchanges
            or self.connections
            or self.states
            or self.settled
            or self.findings
            or self.notes
            or self.marks
            or self.operations
        )
