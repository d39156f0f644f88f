"""Where the view is to go once the capture holds it: the exchange or frame that was just sent.

Owns the looking out for it, also in a capture that is not open. An intent is answered before its frame is in
the capture, so the view waits here.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from msgspec import Struct

from inspector_app.capture.errors import CaptureError

if TYPE_CHECKING:
    from pathlib import Path

    from inspector_app.capture.reader import CaptureReader


_SCANNED_FRAMES = 500
PATIENCE_NS = 5_000_000_000
"""How long a goal is looked out for; nobody wants to be moved around later than that."""


class ExchangeGoal(Struct, frozen=True, kw_only=True):
    """The exchange that a message opened."""

    conn: int
    opener: str
    number: int

    def find(self, reader: CaptureReader) -> int | None:
        """Give its number in the capture; None while it is not there."""
        found = reader.find_exchange(self.conn, self.opener, self.number)
        return found.id if found else None


def why_not_in(path: Path, goal: ExchangeGoal) -> str:
    """Say in a sentence why a capture does not lead to an exchange; empty: it has it."""
    from inspector_app.capture.reader import CaptureReader

    if not path.is_file():
        return "Its capture is gone: what was kept of its answer is here."
    try:
        with closing(CaptureReader(path)) as reader:
            there = goal.find(reader) is not None
    except CaptureError as error:
        return str(error)
    return "" if there else f"{path} is another capture by now, without this exchange."


class FrameGoal(Struct, kw_only=True):
    """The first frame sent after frame `after_seq` with this text, or of this type and operation."""

    after_seq: int
    text: str | None = None
    type: str | None = None
    operation: str | None = None

    def find(self, reader: CaptureReader) -> int | None:
        """Give its number; None while it is not there."""
        frames = reader.frames(self.after_seq + 1, _SCANNED_FRAMES)
        for frame in frames:
            if frame.direction != "out":
                continue
            if self.text is not None:
                if reader.raw(frame.seq) == self.text:
                    return frame.seq
            elif (frame.type, frame.operation) == (self.type, self.operation):
                return frame.seq
        if frames:
            self.after_seq = frames[-1].seq
        return None
