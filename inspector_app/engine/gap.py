"""What is missing in a capture, to be told in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspector_app.capture.records import Noted
from inspector_app.capture.times import to_iso

if TYPE_CHECKING:
    from inspector_app.capture.records import FrameSeen


class Gap:
    """Frames that could not be held while writing was slow or failed: how many, how big, when and why."""

    def __init__(self) -> None:
        self.frames = 0
        self.size_bytes = 0
        self.first_ns = 0
        self.last_ns = 0
        self.why: str | None = None

    def add(self, frame: FrameSeen, why: str | None) -> None:
        """Count a frame; `why` it could not be held, if that is known."""
        self.first_ns = self.first_ns or frame.time_ns
        self.last_ns = frame.time_ns
        self.frames += 1
        self.size_bytes += len(frame.raw)
        self.why = self.why or why

    def as_note(self) -> Noted:
        """Tell it."""
        times = f"from {to_iso(self.first_ns)} to {to_iso(self.last_ns)}"
        return Noted(
            time_ns=self.last_ns,
            level="problem",
            text=f"{self.frames} frames ({self.size_bytes} bytes) {times} were not recorded: "
            + (self.why or "they came faster than they could be written."),
        )
