"""A search in what is read: what is searched for, where it is, and which place was gone to last.

Owns that these belong together, and that no place of another text is ever gone to. It starts no thread: `run`
is for one, all else for the event loop's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspector_app.display.hex_view import HexLines
from inspector_app.display.matches import Marked, Matches, Pattern, search

if TYPE_CHECKING:
    from collections.abc import Callable

    from inspector_app.display.lines import LineSource, Text


class TextSearch:
    """What is searched for stays the same when the text is another one, until it is cleared."""

    def __init__(self) -> None:
        self.pattern: Pattern | None = None
        self.matches: Matches | None = None
        """Where it is; None: not known yet."""
        self.current: int | None = None
        """The place gone to last."""
        self._text: Text | None = None

    def begin(self, pattern: Pattern | None) -> None:
        """Search for something else; None: for nothing."""
        self.pattern = pattern
        self.matches = self.current = None

    def look_at(self, text: Text | None) -> bool:
        """Take over which text is looked at; tell whether there is something to `run`."""
        if text is not self._text:
            self._text = text
            self.matches = self.current = None
        return text is not None and self.pattern is not None and self.matches is None

    def run(self) -> Callable[[], bool]:
        """Search. What comes back takes over the places, and tells whether they are wanted still."""
        text, pattern = self._text, self.pattern

        def wanted() -> bool:
            return self._text is text and self.pattern is pattern

        if text is None or pattern is None:
            return lambda: False
        found = search(text.data, pattern, in_bytes=isinstance(text, HexLines), wanted=wanted)

        def take_over() -> bool:
            if wanted():
                self.matches = found
            return wanted()

        return take_over

    def go(self, step: int, start: int) -> tuple[int, int] | None:
        """Go to the next place, or the one before; to the first behind offset `start` if there was none yet.

        Gives line and column of it; None when there is none.
        """
        text, found = self._text, self.matches
        if text is None or found is None or not len(found):
            return None
        if self.current is None:
            first = found.after(start) or 0
            self.current = first if step > 0 else (first - 1) % len(found)
        else:
            self.current = (self.current + step) % len(found)
        place = found.starts[self.current]
        line = text.line_at(place)
        return line, text.columns(line, place, found.ends[self.current])[0][0]

    def offset_of(self, line: int) -> int:
        """Give the offset at which a line of the text begins; 0 where there is none."""
        return self._text.span(line)[0] if self._text is not None and line < self._text.count else 0

    def marked(self) -> LineSource | None:
        """Give the text with the places made visible."""
        if self._text is None or self.matches is None or not len(self.matches):
            return self._text
        return Marked(self._text, self.matches, self.current)
