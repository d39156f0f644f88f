"""What is chosen: a frame, an exchange, and the frames of that exchange.

Owns keeping them together: a frame brings its exchange along, an exchange its frames that are shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.records import ExchangeRow, FrameRow
from inspector_app.viewer.frames import ExchangeFrameRows, FrameContext

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader

_COUNT_NS = 200_000_000
_LOOKED_AT = 2_000
"""Frames of an exchange that are looked through for its answer."""


class SelectionContext(FrameContext, Protocol):
    """What the selection depends on."""

    @property
    def now_ns(self) -> int:
        """The time."""

    @property
    def paused(self) -> bool:
        """Whether what came later is not to be seen."""

    def report(self, problem: str) -> None:
        """Hear that the capture cannot be read."""


class Selection:
    """The chosen frame and the chosen exchange; either may be None."""

    def __init__(self, context: SelectionContext) -> None:
        self._context = context
        self._frame: FrameRow | None = None
        self._exchange: ExchangeRow | None = None
        self._origin: int | None = None
        self._counted_ns = 0
        self._stale = False
        self.frames = ExchangeFrameRows(context)
        """The frames of the exchange."""

    @property
    def frame(self) -> FrameRow | None:
        """The chosen frame."""
        return self._frame

    @property
    def origin(self) -> int | None:
        """Number of the frame that the list chose; `frame` may by now be another one of its exchange."""
        return self._origin

    @property
    def exchange(self) -> ExchangeRow | None:
        """The chosen exchange: one of a list, or that of the chosen frame."""
        return self._exchange

    def raw(self) -> str | bytes | None:
        """Give the text of the chosen frame exactly as it was on the wire; None when none is chosen."""
        reader = self._context.reader
        if self._frame is None or reader is None:
            return None
        try:
            return reader.raw(self._frame.seq)
        except CaptureError as error:
            self._context.report(str(error))
            return None

    def answer(self) -> int | None:
        """Give the number of the first frame of the exchange from the side that did not open it."""
        exchange, reader = self._exchange, self._context.reader
        if exchange is None or reader is None:
            return None
        opening = "out" if exchange.mine else "in"
        try:
            frames = reader.exchange_frames(exchange.id, 0, _LOOKED_AT)
        except CaptureError as error:
            self._context.report(str(error))
            return None
        shown = (frame for frame in frames if frame.seq <= self._context.frame_count)
        return next((frame.seq for frame in shown if frame.direction != opening), None)

    def choose_frame(self, frame: FrameRow | None, *, with_exchange: bool = True) -> None:
        """Choose a frame and, with it, its exchange; or, without that, another frame of the same exchange."""
        self._frame = frame
        if not with_exchange:
            return
        self._origin = frame.seq if frame is not None else None
        number = frame.exchange if frame is not None else None
        if number is None or self._exchange is None or self._exchange.id != number:
            self.choose_exchange(self._read_exchange(number))

    def choose_seq(self, seq: int | None) -> None:
        """Choose a frame by its number."""
        self.choose_frame(self._read_frame(seq))

    def return_to_origin(self) -> None:
        """Choose the frame again that the list chose."""
        if (self._frame.seq if self._frame is not None else None) != self._origin:
            self._frame = self._read_frame(self._origin)

    def choose_exchange(self, exchange: ExchangeRow | None) -> None:
        """Choose an exchange; the frame stays as it is."""
        self._exchange = exchange
        self._count()

    def refresh(self) -> None:
        """Take over how the chosen exchange stands now."""
        if self._exchange is None:
            return
        self._exchange = self._read_exchange(self._exchange.id) or self._exchange
        # Counting reads every entry of the index: of a stream of a million frames not at every tick.
        self._stale = True
        self.recount()

    def recount(self, *, at_once: bool = False) -> None:
        """Count the frames of the exchange, if some may have come and the last count is a while ago."""
        if self._stale and (at_once or self._context.now_ns - self._counted_ns >= _COUNT_NS):
            self._count()

    def _read_frame(self, seq: int | None) -> FrameRow | None:
        reader = self._context.reader
        if seq is None or reader is None:
            return None
        try:
            return reader.frame(seq)
        except CaptureError as error:
            self._context.report(str(error))
            return None

    def _read_exchange(self, number: int | None) -> ExchangeRow | None:
        reader = self._context.reader
        if number is None or reader is None:
            return None
        try:
            return reader.exchange(number)
        except CaptureError as error:
            self._context.report(str(error))
            return None

    def _count(self) -> None:
        exchange, reader, count = self._exchange, self._context.reader, 0
        if exchange is not None and reader is not None:
            try:
                count = self._frames_of(reader, exchange.id)
            except CaptureError as error:
                self._context.report(str(error))
        self._counted_ns = self._context.now_ns
        self._stale = False
        self.frames.show(exchange, count)

    def _frames_of(self, reader: CaptureReader, exchange_id: int) -> int:
        """Count the frames of an exchange, of those that are shown while the view is paused."""
        count = reader.exchange_frame_count(exchange_id)
        if not self._context.paused:
            return count
        low, high = 0, count
        while low < high:
            middle = (low + high) // 2
            frames = reader.exchange_frames(exchange_id, middle, 1)
            if frames and frames[0].seq <= self._context.frame_count:
                low = middle + 1
            else:
                high = middle
        return low
