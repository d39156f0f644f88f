"""`Stats`: what one connection has done and holds now, for whoever wonders why something does not move."""

from __future__ import annotations

from dataclasses import dataclass, fields

from slipstream.lifecycle import ConnectionState


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """Counts of one connection at one moment; `str()` has a line for each. Bytes are of frame text."""

    state: ConnectionState
    frames_in: int
    frames_out: int
    bytes_in: int
    bytes_out: int
    opened_here: int
    """Exchanges that this side has opened so far."""
    opened_there: int
    in_flight_here: int
    """Of those that this side opened, how many have not ended."""
    in_flight_there: int
    handlers_running: int
    streams_waiting_for_credit: int
    """Streams on which this side has something to send and may not (protocol.md §9)."""
    buffered_bytes: int
    """Items that have come and were not consumed."""
    unwritten_bytes: int
    """Frames that the socket has not taken."""
    late_frames: int
    """Frames for exchanges that had ended; legal, ignored (protocol.md §2)."""
    bad_frames: int
    findings: int
    findings_not_logged: int
    tap_failures: int

    def __str__(self) -> str:
        values = ((field.name.replace("_", " "), getattr(self, field.name)) for field in fields(self))
        return "\n".join(
            f"{name:<27} {value.name if isinstance(value, ConnectionState) else format(value, ',')}"
            for name, value in values
        )
