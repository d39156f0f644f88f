"""Lines of styled text that are made when they are looked at: what a detail view shows.

Owns the shape of such a source and the plainest one of them. It measures and draws nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

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
