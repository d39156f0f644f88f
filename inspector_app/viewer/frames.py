"""The rows of the frame list and of an exchange's frames, with their three ways to tell time.

Owns which cells a frame has, and in what words. It queries, and keeps nothing but what it was told to show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from inspector_app.capture.records import ExchangeRow, FrameRow
from inspector_app.display import formats
from inspector_app.viewer.cells import EMPTY, CaptureRows, Cell
from inspector_app.viewer.columns import Shown
from inspector_app.viewer.filtering import Filtering
from inspector_app.viewer.marks import MarkBook
from inspector_app.viewer.matches import Everything, Moment
from inspector_app.viewer.payload import PathValues

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader

MARK = "◆"
HIGHLIGHT = "»"


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


class FrameListContext(FrameContext, Protocol):
    """What the frame list depends on besides."""

    @property
    def columns(self) -> Sequence[Shown]:
        """The columns to show."""

    @property
    def filtering(self) -> Filtering:
        """Which frames to show, and which to highlight."""

    @property
    def marks(self) -> MarkBook:
        """Marks on frames."""


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


Drawn = tuple[FrameRow, int | None]
"""A frame, and the time of the one above it."""


class FrameRows(CaptureRows[Drawn]):
    """The frames that are shown, in order: every one, row *i* being frame *i + 1*, or those that match.

    Matches are those of the last `take_over`: what is found later changes no row until the next one.
    """

    def __init__(self, context: FrameListContext) -> None:
        self._context = context
        self._everything = Everything(lambda: context.frame_count)
        self._shown: Everything | Moment = self._everything
        self._values = PathValues()
        self.settled = True
        """Whether the list has taken over what the last `take_over` brought, and its cursor goes by it."""
        self.near = 1
        """Number of the frame that the cursor is to stay at; of one that is not shown, at the next one."""

    @property
    def columns(self) -> int:
        """Cells in a row."""
        return len(self._context.columns)

    # -- which frames -------------------------------------------------------------------------------------

    def take_over(self) -> None:
        """Take over what matches now."""
        matches = self._context.filtering.filter.matches
        self._shown = Moment(matches, self._context.frame_count) if matches is not None else self._everything
        self.settled = False

    @property
    def filtered(self) -> bool:
        """Whether only matches are shown."""
        return self._shown is not self._everything

    def hold(self, cursor: int | None) -> None:
        """Take over where the cursor of a settled list is; where `near` put it, it is to stay near that."""
        if self.settled and cursor is not None and (not self.filtered or cursor != self.index_of(self.near)):
            self.near = self.seq_at(cursor) or self.near

    @property
    def count(self) -> int:
        """Frames to show."""
        return self._shown.count

    def seq_at(self, index: int | None) -> int | None:
        """Give the number of the frame in a row; None when there is no such row."""
        if index is None or not 0 <= index < self.count:
            return None
        return next(iter(self._shown.seqs(index, 1)), None)

    def index_of(self, seq: int) -> int:
        """Find the row of a frame; of one that is not shown, that of the next one."""
        return self._shown.index_of(seq)

    def holds(self, seq: int) -> bool:
        """Tell whether a frame is shown."""
        return self._shown.holds(seq)

    def fetch(self, first: int, count: int) -> Sequence[Drawn]:
        """Fetch frames, each with the time of the one above it."""
        reader = self._context.reader
        if reader is None:
            return ()
        before = min(1, first)
        count = min(count, self.count - first)
        if self.filtered:
            frames = reader.frames_at(self._shown.seqs(first - before, count + before))
        else:
            frames = reader.frames(first + 1 - before, count + before)
        times: list[int | None] = [None, *(frame.time_ns for frame in frames)]
        return list(zip(frames, times, strict=False))[before:]

    # -- what is in their cells ---------------------------------------------------------------------------

    def cells(self, row: Drawn) -> Sequence[Cell]:
        """Draw a frame: a cell for each column that is shown."""
        return [
            _CELLS[each.key](self._context, row) if each.key in _CELLS else self._value(row[0], each.key)
            for each in self._context.columns
        ]

    def _value(self, frame: FrameRow, path: str) -> Cell:
        reader = self._context.reader
        return self._values.cell(reader, frame, path) if reader is not None else EMPTY


def _seq_cell(context: FrameListContext, row: Drawn) -> Cell:
    seq = row[0].seq
    marked, highlighted = context.marks.note(seq) is not None, context.filtering.highlight.holds(seq)
    signs = f"{MARK if marked else ''}{HIGHLIGHT if highlighted else ''}"
    if highlighted:
        return f"{signs}{seq}", "accent bold"
    return f"{signs}{seq}", "warning bold" if marked else "muted"


def _data_cell(context: FrameListContext, row: Drawn) -> Cell:
    text, style = summary_cell(row[0])
    note = context.marks.note(row[0].seq)
    return (f"{MARK} {note}  {text}", "warning") if note else (text, style)


def _time_cell(context: FrameListContext, row: Drawn) -> Cell:
    return time_text(context.time_mode, row[0].time_ns, context.start_ns, row[1]), "muted"


def _in_mode(mode: TimeMode) -> Callable[[FrameListContext, Drawn], Cell]:
    return lambda context, row: (time_text(mode, row[0].time_ns, context.start_ns, row[1]), "muted")


def _latency_cell(_context: FrameListContext, row: Drawn) -> Cell:
    latency_ns = row[0].latency_ns
    return (formats.short_duration(latency_ns), "") if latency_ns is not None else EMPTY


_CELLS: dict[str, Callable[[FrameListContext, Drawn], Cell]] = {
    "seq": _seq_cell,
    "time": _time_cell,
    "clock": _in_mode(TimeMode.CLOCK),
    "since": _in_mode(TimeMode.RELATIVE),
    "delta": _in_mode(TimeMode.DELTA),
    "dir": lambda _, row: direction_cell(row[0]),
    "type": lambda _, row: type_cell(row[0]),
    "conn": lambda _, row: (str(row[0].conn), "muted"),
    "exchange": lambda context, row: (context.label(row[0].conn, row[0].opener, row[0].number), ""),
    "opener": lambda _, row: (formats.short_peer(row[0].opener) if row[0].opener else "", "muted"),
    "op": lambda _, row: (row[0].operation or "", "emphasis"),
    "size": lambda _, row: (formats.size(row[0].size_bytes), "muted"),
    "latency": _latency_cell,
    "note": lambda context, row: (context.marks.note(row[0].seq) or "", "warning"),
    "data": _data_cell,
}


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
