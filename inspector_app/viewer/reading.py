"""The message of the chosen frame, laid out in the ways there are to read it.

Owns what is fetched and laid out at once, and what is so large that a thread beside the event loop does it.
Of frames only one is kept; what was made for another is never given. It starts no thread itself.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final, Protocol

from inspector_app.capture.errors import CaptureError
from inspector_app.display.document import Document, bytes_of
from inspector_app.display.json_layout import data_of
from inspector_app.display.json_view import JsonLines
from inspector_app.display.lines import DocumentLines

if TYPE_CHECKING:
    from collections.abc import Callable

    from inspector_app.capture.reader import CaptureReader
    from inspector_app.display.json_tree import JsonTree
    from inspector_app.viewer.beginning import FrameBeginning

AT_ONCE_BYTES: Final = 64 * 1024
"""Up to so many bytes a frame is read in place: that takes less time than it does to hand it over."""


class FrameText:
    """One message and what was made of it so far. What makes something may take long if it is large."""

    def __init__(self, seq: int, raw: str | bytes) -> None:
        self.seq = seq
        self.bytes = bytes_of(raw)
        """The message as it was on the wire; a lone surrogate in three bytes."""
        self._made: dict[str, DocumentLines] = {}
        self._data: JsonLines | None = None
        self._root: tuple[str, ...] = ()
        self._tree: JsonTree | None = None

    def has(self, detail: str) -> bool:
        """Tell whether a way to read it costs nothing any more."""
        return detail == "hex" or detail in self._made

    def make(self, detail: str) -> None:
        """Make what a way to read it needs."""
        if not self.has(detail):
            self._made[detail] = self._make(detail)

    def lines(self, detail: str) -> DocumentLines:
        """Give its lines: of its data (`data`, `tree`), of the whole frame (`frame`), as it is (`raw`)."""
        self.make(detail)
        return self._made[detail]

    def _make(self, detail: str) -> DocumentLines:
        if detail == "raw":
            return DocumentLines(Document(self.bytes))
        if detail == "frame":
            return JsonLines(self.bytes)
        lines = self._data
        if lines is None:
            data = data_of(self.bytes)
            self._root = () if data is None else ("data",)
            lines = self._data = JsonLines(self.bytes if data is None else data)
        if detail == "tree" and not lines.reason:
            from inspector_app.display.json_tree import JsonTree

            self._tree = JsonTree(lines.data, self._root)
        return lines

    @property
    def tree(self) -> JsonTree | None:
        """Its data as a tree, if that was made; None when it is not laid out, as its lines say."""
        return self._tree


class ReadingContext(Protocol):
    """What reading depends on."""

    @property
    def reader(self) -> CaptureReader | None:
        """The capture."""

    def report(self, problem: str) -> None:
        """Hear that the capture cannot be read."""


class Reading:
    """Fetches and lays out one frame at a time. `load` is for a thread; all else for the event loop's."""

    def __init__(self, context: ReadingContext) -> None:
        self._context = context
        self._frame: FrameText | None = None
        self._wanted: tuple[int, str] | None = None
        self._loading = Lock()
        self._problem = ""

    @property
    def loading(self) -> bool:
        """Whether something waits for `load`."""
        return self._wanted is not None

    def frame(self, seq: int, detail: str) -> FrameText | None:
        """Give a frame that can be read that way now. None: `loading` tells whether it waits for `load`."""
        self._wanted = None
        frame = self._frame if self._frame is not None and self._frame.seq == seq else None
        try:
            if frame is None:
                self._frame = frame = self._fetch_small(seq)
        except CaptureError as error:
            self._context.report(str(error))
            return None
        if frame is not None and (len(frame.bytes) <= AT_ONCE_BYTES or frame.has(detail)):
            frame.make(detail)
            return frame
        if self._context.reader is not None:
            self._wanted = seq, detail
        return None

    def _fetch_small(self, seq: int) -> FrameText | None:
        reader = self._context.reader
        if reader is None or reader.raw_size(seq) > AT_ONCE_BYTES:
            return None
        return FrameText(seq, reader.raw(seq))

    def beginning(self) -> FrameBeginning | None:
        """Give the beginning of the frame that waits for `load`."""
        reader = self._context.reader
        if self._wanted is None or reader is None:
            return None
        # Most frames are small, and those that are not come after the first paint.
        from inspector_app.viewer.beginning import BEGINNING_BYTES, FrameBeginning

        seq, _ = self._wanted
        try:
            return FrameBeginning(reader.raw_head(seq, BEGINNING_BYTES), reader.raw_size(seq))
        except CaptureError as error:
            self._context.report(str(error))
            return None

    def load(self) -> Callable[[], bool]:
        """Fetch and lay out what is wanted by now.

        What comes back takes it over, and tells whether it is wanted still.
        """
        with self._loading:  # what nobody wants any more ends soon
            wanted, reader = self._wanted, self._context.reader
            if wanted is None or reader is None:
                return lambda: False
            seq, detail = wanted
            frame, problem = self._frame, ""
            try:
                if frame is None or frame.seq != seq:
                    frame = FrameText(seq, _raw_of(reader, seq))
                if self._wanted == wanted:
                    frame.make(detail)
            except CaptureError as error:
                problem = str(error)
            except MemoryError:
                problem = f"Frame {seq} is too large for the memory there is: close other programs."

        def take_over() -> bool:
            if self._wanted != wanted:
                return False
            self._wanted = None
            self._frame = frame
            if problem:
                self._context.report(problem)
            return True

        return take_over


def _raw_of(reader: CaptureReader, seq: int) -> str | bytes:
    """Fetch a message by a connection of its own: the other one is the event loop's."""
    from inspector_app.capture.reader import CaptureReader

    own = CaptureReader(reader.path)
    try:
        return own.raw(seq)
    finally:
        own.close()
