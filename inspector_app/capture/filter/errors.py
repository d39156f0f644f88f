"""What is said about a filter that cannot be understood. This module owns the exception and nothing else."""

from __future__ import annotations


class FilterError(ValueError):
    """A filter cannot be understood.

    `text` is one sentence that says what would be right; `start` and `end` are the place in the source that
    it speaks of, counted in characters (equal, when something is missing there).
    """

    def __init__(self, text: str, start: int, end: int) -> None:
        super().__init__(text)
        self.text = text
        self.start = start
        self.end = end

    def under(self, source: str) -> str:
        """Give the line for below `source`: carets under the place."""
        return " " * self.start + "^" * max(1, min(self.end, len(source)) - self.start)
