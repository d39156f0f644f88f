"""The rows of the frame list and of an exchange's frames, with their three ways to tell time.

Owns which cells a frame has, and in what words. It queries; it keeps nothing but the way it was told to show.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from inspector_app.capture.reader import CaptureReader
from inspector_app.capture.records import ExchangeRow, FrameRow
from inspector_app.display import formats
from inspector_app.viewer.cells import EMPTY, CaptureRows, Cell


class TimeMode(Enum):
    """How the time of a frame is told."""

    CLOCK = "clock"
    RELATIVE = "relative"
    DELTA = "delta"

    @property
    def title(self) -> str:
        """Its name in the head of a list."""
        return {"clock": "Time", "relative": "Since start", "delta": "Delta"}[self.value]

    @property
    def next(self) -> TimeMode:
        """The mode that one press of the key changes to."""
        modes = list(TimeMode)
        return modes[(modes.index(self) + 1) % len(modes)]


class FrameContext(Protocol):
    """What the cells of a frame depend on besides the frame."""

    @property
    def reader(self) -> CaptureReader | None:
        """The capture; None while there is none yet."""

    @property
    def time_mode(self) -> TimeMode:
        """How times are told."""

    @property
    def start_ns(self) -> int:
        """When the capture's first frame went by."""

    @property
    def frame_count(self) -> int:
        """Frames to show."""

    def label(self, conn: int, opener: str | None, number: int | None) -> str:
        """Name an exchange in a few cells."""


def time_text(mode: TimeMode, time_ns: int, start_ns: int, before_ns: int | None) -> str:
    """Tell the time of a frame; `before_ns` is the time of the frame before, None for the first."""
    if mode is TimeMode.CLOCK:
        return formats.clock(time_ns)
    if mode is TimeMode.RELATIVE:
        return formats.since_start(time_ns, start_ns)
    return "" if before_ns is None else formats.delta(time_ns - before_ns)


def type_cell(frame: FrameRow) -> Cell:
    """Name the type of a frame; what is no frame is `invalid`."""
    style = formats.type_style(frame.type)
    return formats.TYPE_SHORT.get(frame.type or "", "invalid"), style


def direction_cell(frame: FrameRow) -> Cell:
    """Show which way a frame went."""
    return formats.DIRECTION_GLYPH[frame.direction], formats.direction_style(frame.direction)


def summary_cell(frame: FrameRow) -> Cell:
    """Show the data of a frame on one line; a mark tells that the frame broke the protocol."""
    if frame.findings:
        return f"{formats.LEVEL_GLYPH['warning']} {frame.summary}", "severity-warning"
    if frame.type == "error":
        return frame.summary, "type-error"
    return frame.summary, ""


class FrameRows(CaptureRows[tuple[FrameRow, int | None]]):
    """Every frame, in order: row *i* is frame *i + 1*. Rows carry the time of the frame before."""

    columns = 9

    def __init__(self, context: FrameContext) -> None:
        self._context = context

    @property
    def count(self) -> int:
        """Frames to show."""
        return self._context.frame_count

    def fetch(self, first: int, count: int) -> Sequence[tuple[FrameRow, int | None]]:
        """Fetch frames, each with the time of the one before it."""
        reader = self._context.reader
        if reader is None:
            return ()
        before = min(1, first)
        count = min(count, self.count - first)
        frames = reader.frames(first + 1 - before, count + before)
        times: list[int | None] = [None, *(frame.time_ns for frame in frames)]
        return list(zip(frames, times, strict=False))[before:]

    def cells(self, row: tuple[FrameRow, int | None]) -> Sequence[Cell]:
        """Draw a frame: number, time, direction, type, exchange, operation, size, time to answer, data."""
        frame, before_ns = row
        context = self._context
        return (
            (str(frame.seq), "muted"),
            (time_text(context.time_mode, frame.time_ns, context.start_ns, before_ns), "muted"),
            direction_cell(frame),
            type_cell(frame),
            (context.label(frame.conn, frame.opener, frame.number), ""),
            (frame.operation or "", "emphasis"),
            (formats.size(frame.size_bytes), "muted"),
            (formats.short_duration(frame.latency_ns), "") if frame.latency_ns is not None else EMPTY,
            summary_cell(frame),
        )


class ExchangeFrameRows(CaptureRows[FrameRow]):
    """Every frame of one exchange, in order, with the time since its opening frame."""

    columns = 7

    def __init__(self, context: FrameContext) -> None:
        self._context = context
        self._exchange: ExchangeRow | None = None
        self._count = 0

    @property
    def exchange(self) -> ExchangeRow | None:
        """The exchange whose frames these are."""
        return self._exchange

    def show(self, exchange: ExchangeRow | None, count: int) -> None:
        """Show the first `count` frames of an exchange."""
        self._exchange, self._count = exchange, count if exchange else 0

    @property
    def count(self) -> int:
        """Frames of the exchange."""
        return self._count

    def fetch(self, first: int, count: int) -> Sequence[FrameRow]:
        """Fetch frames of the exchange."""
        reader = self._context.reader
        if reader is None or self._exchange is None:
            return ()
        return reader.exchange_frames(self._exchange.id, first, min(count, self._count - first))

    def index_of(self, seq: int) -> int:
        """Find the row of a frame; of one that is not here, where it would be."""
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            row = self.row(middle)
            if row is None or row.seq >= seq:
                high = middle
            else:
                low = middle + 1
        return low

    def cells(self, row: FrameRow) -> Sequence[Cell]:
        """Draw a frame: number, time since the opening, time of day, direction, type, size, data."""
        opened_ns = self._exchange.opened_ns if self._exchange else row.time_ns
        return (
            (str(row.seq), "muted"),
            (formats.delta(row.time_ns - opened_ns), ""),
            (formats.clock(row.time_ns), "muted"),
            direction_cell(row),
            type_cell(row),
            (formats.size(row.size_bytes), "muted"),
            summary_cell(row),
        )
