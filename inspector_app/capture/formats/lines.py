"""Lines of a file from a stranger: numbered, bounded, and counted for whoever watches. Parses nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from inspector_app.capture.errors import CaptureError

LONGEST_LINE = 160 * 1024 * 1024
"""Bytes. The largest frame that is ever recorded, with every byte of it escaped, is shorter."""

LONGEST_DOCUMENT = 512 * 1024 * 1024
"""Bytes of a document that cannot be read in parts."""

_START = 4096
_TELL_EVERY = 1 << 20


class Lines:
    """The lines of a stream, as bytes. `size`: bytes there are, for `progress`; 0 when nobody knows."""

    def __init__(
        self, stream: BinaryIO, size: int = 0, progress: Callable[[int, int], None] | None = None
    ) -> None:
        self._stream = stream
        self._size = size
        self._progress = progress
        self._start = b""
        self._done = self._told = 0

    def peek(self) -> bytes:
        """Give the beginning of the first line, which comes again."""
        if not self._start:
            self._start = self._stream.readline(_START)
        return self._start

    def __iter__(self) -> Iterator[bytes]:
        """Give each line. Raises `CaptureError` for one that is longer than anything recorded."""
        number = 0
        while line := self._next():
            number += 1
            if len(line) > LONGEST_LINE:
                raise CaptureError(
                    f"Line {number} is longer than {LONGEST_LINE >> 20} MB, which no recorded frame is: "
                    "this is no export of a capture."
                )
            self._count(len(line))
            yield line
        self._count(0, last=True)

    def _next(self) -> bytes:
        start, self._start = self._start, b""
        if start.endswith(b"\n"):
            return start
        return start + self._stream.readline(LONGEST_LINE + 1 - len(start))

    def rest(self) -> bytes:
        """Give all there is. Raises `CaptureError` for more than `LONGEST_DOCUMENT`."""
        parts, size = [self.peek()], len(self._start)
        while part := self._stream.read(_TELL_EVERY):
            parts.append(part)
            size += len(part)
            if size > LONGEST_DOCUMENT:
                raise CaptureError(
                    f"This file is larger than {LONGEST_DOCUMENT >> 20} MB, and must be read in one piece: "
                    "import JSON Lines instead."
                )
            self._count(len(part))
        return b"".join(parts)

    def _count(self, size: int, *, last: bool = False) -> None:
        self._done += size
        if self._progress is not None and (last or self._done - self._told >= _TELL_EVERY):
            self._told = self._done
            self._progress(self._done, self._size)
