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
    """What one peer allows. Sizes in bytes, times in seconds; None means no limit."""

    frame_bytes: int = 1024 * 1024
    in_flight: int = 16_384
    stream_buffer_bytes: int = 32 * 1024 * 1024
    connection_buffer_bytes: int = 128 * 1024 * 1024
    outbox_bytes: int = 64 * 1024 * 1024
    request_timeout_s: float | None = 600.0
    describe_timeout_s: float = 3.0
    close_timeout_s: float = 2.0
    handler_stop_s: float = 5.0
    findings_logged_per_s: int = 10
    bad_frames: int = 1024
    bad_frames_window_s: float = 10.0
    credit: int = 256


DEFAULT_LIMITS = Limits()
