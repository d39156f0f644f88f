"""Lines of styled text that are made when they are looked at: what a detail view shows.

Owns the shape of such a source, and of one that can be searched, and the plainest of them. It measures and
draws nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inspector_app.display.document import Document

Part = tuple[str, str]
"""A piece of text, not yet inert, and its style name; an empty name is plain text."""


class Prose(tuple[Part, ...]):
    """A line for people to read: folded between words. Any other line is folded anywhere."""

    __slots__ = ()


class LineSource(Protocol):
    """Lines by index. A line holds no newline; it must not raise for an index below `count`."""

    @property
    def count(self) -> int:
        """How many lines there are now."""
        ...

    def line(self, index: int) -> Sequence[Part]:
        """Return the parts of line `index`, from 0."""
        ...


class TextLines:
    """Lines that are all there already."""

    def __init__(self, lines: Sequence[Sequence[Part]]) -> None:
        self._lines = lines

    @classmethod
    def plain(cls, text: str, style: str = "") -> TextLines:
        """Return the lines of `text`, split at newlines only, all in one style."""
        return cls([[(line, style)] for line in text.split("\n")])

    @classmethod
    def prose(cls, lines: Sequence[Sequence[Part]]) -> TextLines:
        """Return lines that are folded between words."""
        return cls([Prose(line) for line in lines])

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    def line(self, index: int) -> Sequence[Part]:
        """Return the parts of line `index`."""
        return self._lines[index]


class Chained:
    """The lines of several sources, one behind the other, each made by its source when it is looked at."""

    def __init__(self, sources: Sequence[LineSource]) -> None:
        self._sources = sources
        self._ends = list(accumulate(source.count for source in sources))

    @property
    def count(self) -> int:
        """How many lines there are."""
        return self._ends[-1] if self._ends else 0

    def line(self, index: int) -> Sequence[Part]:
        """Return the parts of line `index`."""
        place = bisect_right(self._ends, index)
        begin = self._ends[place - 1] if place else 0
        return self._sources[place].line(index - begin)


class Text(LineSource, Protocol):
    """Lines of something that can be searched: `data`, of which places are offsets in bytes."""

    @property
    def data(self) -> bytes:
        """What is searched."""
        ...

    def line_at(self, offset: int) -> int:
        """Return the line that shows the byte at `offset`."""
        ...

    def span(self, index: int) -> tuple[int, int]:
        """Return the bytes that line `index` shows: from, up to. Both are equal for a line without any."""
        ...

    def columns(self, index: int, start: int, end: int) -> Sequence[tuple[int, int]]:
        """Return where in line `index` the bytes `start` up to `end` are seen, as characters from, up to."""
        ...


class DocumentLines:
    """The lines of a document, in one style, under an optional line that says something about it."""

    def __init__(self, document: Document, *, head: Part | None = None) -> None:
        self.document = document
        self._head = head
        self._above = 1 if head else 0

    @property
    def count(self) -> int:
        """How many lines there are."""
        return self.document.count + self._above

    @property
    def data(self) -> bytes:
        """The text of the document."""
        return self.document.data

    def line(self, index: int) -> Sequence[Part]:
        """Return the parts of line `index`."""
        if self._head and not index:
            return [self._head]
        return self.parts(index - self._above)

    def parts(self, index: int) -> Sequence[Part]:
        """Return the parts of line `index` of the document."""
        return [(self.document.line(index), "")]

    def line_at(self, offset: int) -> int:
        """Return the line that shows the byte at `offset`."""
        return self.document.line_at(offset) + self._above

    def span(self, index: int) -> tuple[int, int]:
        """Return the bytes of line `index`."""
        if index < self._above:
            return 0, 0
        start = self.document.start(index - self._above)
        return start, start + len(self.document.line_bytes(index - self._above))

    def columns(self, index: int, start: int, end: int) -> Sequence[tuple[int, int]]:
        """Return where in line `index` those bytes are seen."""
        line = index - self._above
        return [(self.document.column(line, start), self.document.column(line, end))]


class Stacked:
    """Lines above a text, which alone is searched."""

    def __init__(self, above: LineSource, below: Text) -> None:
        self._above = above
        self._below = below

    @property
    def count(self) -> int:
        """How many lines there are."""
        return self._above.count + self._below.count

    @property
    def data(self) -> bytes:
        """What is searched."""
        return self._below.data

    def line(self, index: int) -> Sequence[Part]:
        """Return the parts of line `index`."""
        above = self._above.count
        return self._above.line(index) if index < above else self._below.line(index - above)

    def line_at(self, offset: int) -> int:
        """Return the line that shows the byte at `offset`."""
        return self._above.count + self._below.line_at(offset)

    def span(self, index: int) -> tuple[int, int]:
        """Return the bytes that line `index` shows."""
        above = self._above.count
        return (0, 0) if index < above else self._below.span(index - above)

    def columns(self, index: int, start: int, end: int) -> Sequence[tuple[int, int]]:
        """Return where in line `index` those bytes are seen."""
        return self._below.columns(index - self._above.count, start, end)
