"""A text of any size in lines that are found without being listed: the ground of every view of a frame.

Owns where lines begin. Making it costs about a millisecond for a megabyte and no step of it longer than one
pass over the text in C, so the thread that makes it holds up no other. It knows no styles and draws nothing.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import Final

BLOCK_BYTES: Final = 16 * 1024
"""Bytes whose lines are found together. A line that is longer is cut into pieces of about this size."""

_KEPT_BLOCKS: Final = 8


class Document:
    """UTF-8 text in lines. A line that is longer than a block counts as several, so none is costly to draw.

    `data` may hold lone surrogates as `surrogatepass` writes them. What is no UTF-8 at all is shown by its
    values, as hexadecimal escapes. Offsets are bytes from the beginning, columns are characters.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._starts = array("Q")
        self._firsts = array("Q")
        self._kept: dict[int, list[bytes]] = {}
        self.count = self._find_blocks()
        """How many lines there are; at least one."""

    def _find_blocks(self) -> int:
        data, start, lines = self.data, 0, 0
        while True:
            self._starts.append(start)
            self._firsts.append(lines)
            end = start + BLOCK_BYTES
            if end >= len(data):
                return lines + data.count(b"\n", start) + 1
            newline = data.rfind(b"\n", start, end)
            if newline >= 0:
                end = newline + 1
                lines += data.count(b"\n", start, end)
            else:
                end = _character_start(data, end)
                lines += 1
                if data[end : end + 1] == b"\n":  # it ends the piece before it, and is no line of its own
                    end += 1
            start = end

    def _lines_of(self, block: int) -> list[bytes]:
        if (lines := self._kept.get(block)) is None:
            last = block + 1 == len(self._starts)
            end = len(self.data) if last else self._starts[block + 1]
            lines = self.data[self._starts[block] : end].split(b"\n")
            if not last and len(lines) > 1:
                lines.pop()
            if len(self._kept) >= _KEPT_BLOCKS:
                self._kept.clear()
            self._kept[block] = lines
        return lines

    def line_bytes(self, index: int) -> bytes:
        """Return line `index` as it stands, without its newline."""
        block = bisect_right(self._firsts, index) - 1
        return self._lines_of(block)[index - self._firsts[block]]

    def line(self, index: int) -> str:
        """Return the text of line `index`, from 0."""
        return text_of(self.line_bytes(index))

    def start(self, index: int) -> int:
        """Return the offset at which line `index` begins."""
        block = bisect_right(self._firsts, index) - 1
        lines = self._lines_of(block)[: index - self._firsts[block]]
        return self._starts[block] + sum(map(len, lines)) + len(lines)

    def is_continued(self, index: int) -> bool:
        """Tell whether line `index` goes on with the line before it, which was too long for one."""
        start = self.start(index)
        return start > 0 and self.data[start - 1] != 0x0A

    def line_at(self, offset: int) -> int:
        """Return the line that the byte at `offset` is in."""
        block = bisect_right(self._starts, offset) - 1
        line = self._firsts[block] + self.data.count(b"\n", self._starts[block], offset)
        following = self._firsts[block + 1] if block + 1 < len(self._firsts) else self.count
        return min(line, following - 1)

    def column(self, index: int, offset: int) -> int:
        """Return where in line `index` the character at `offset` is, within the line."""
        line, place = self.line_bytes(index), max(0, offset - self.start(index))
        return min(place, len(line)) if line.isascii() else len(text_of(line[:place]))


def text_of(data: bytes) -> str:
    """Return the text that stands in `data`, with lone surrogates, and what is no text by its values."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "backslashreplace")


def bytes_of(text: str | bytes) -> bytes:
    """Return `text` as the bytes that a document holds."""
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text


def _character_start(data: bytes, index: int) -> int:
    """Return the nearest place up to `index` where a character begins; `index` where there is none."""
    for back in range(4):
        if data[index - back] & 0xC0 != 0x80:
            return index - back
    return index
