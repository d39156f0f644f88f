"""Every limit of protocol.md §11 and §9 in one record. This module owns the defaults and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

MAX_NESTING = 200
"""Depth of JSON nesting that is still a frame (protocol.md §7, §11). The JSON reader's own bound."""

MAX_COUNTER = 2**53
"""An exchange counter stays under this, so that every JSON reader keeps it exact (protocol.md §2)."""

MAX_PEER_ID = 128
"""Characters of a peer ID (protocol.md §2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one peer allows. Sizes in bytes, times in seconds; None means no limit.

    Raises `ValueError` for a value that cannot be kept.
    """

    frame_bytes: int = 1024 * 1024
    """Size of a frame's text, both ways; checked before sending."""
    nesting: int = MAX_NESTING
    """Depth of JSON nesting, from 2, which every frame has, to 200."""
    in_flight: int = 16_384
    """Exchanges in flight, each way."""
    stream_buffer_bytes: int = 32 * 1024 * 1024
    """Items of one stream that wait for their consumer."""
    connection_buffer_bytes: int = 128 * 1024 * 1024
    """Items of all streams of a connection that wait for their consumers."""
    outbox_bytes: int = 64 * 1024 * 1024
    """What the other side caused and does not read; over it, the connection is lost."""
    credit: int = 256
    """Items that the other side may send on a stream before the first of them are consumed."""
    request_timeout_s: float | None = 600.0
    """Deadline of a unary exchange, unless the call has one of its own."""
    idle_timeout_s: float | None = None
    """How long the consumer of a stream waits for the next item, unless the call says otherwise."""
    send_timeout_s: float | None = 60.0
    """How long a socket may take nothing before the connection is lost."""
    describe_timeout_s: float = 3.0
    """How long `slipstream.describe` is waited for."""
    drain_s: float = 0.0
    """What is in flight gets so long to end by itself when this side closes."""
    close_timeout_s: float = 2.0
    """The other side gets so long to take part in the closing handshake."""
    handler_stop_s: float = 5.0
    """A handler that goes on after it was cancelled is cancelled again after so long."""
    loop_block_warn_s: float | None = 0.2
    """A handler that keeps the event loop for so long is named in a warning."""
    findings_logged_per_s: int = 10
    """Findings that are logged; all are counted and told to taps."""
    bad_frames: int | None = 1024
    """So many bad frames within `bad_frames_window_s` close the connection with 4429."""
    bad_frames_window_s: float = 10.0
    strict: bool = False
    """Whether the first bad frame closes the connection (4400), and a collision of peer IDs (4409)."""

    def __post_init__(self) -> None:
        if not 2 <= self.nesting <= MAX_NESTING:
            raise ValueError(f"nesting is from 2 to {MAX_NESTING}, not {self.nesting}")
        if self.credit < 1:
            raise ValueError(f"credit is 1 or more, not {self.credit}: with less no stream would ever move")


DEFAULT_LIMITS = Limits()
