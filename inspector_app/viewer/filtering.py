"""The filter of the frame list, and the second search that highlights: what is asked, and what was found.

Owns which searches run over the capture. A filter that is wrong changes nothing but what is said about it:
the list keeps showing what the last good one found. It draws nothing and waits for no query.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from inspector_app.viewer.matches import Matches

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader

ERRORS = "type:error or finding:*"
"""What the density strip shows as errors."""


class Wrong(Struct, frozen=True):
    """What is wrong with a filter, in one sentence, and where: from index `start` to `end`."""

    text: str
    start: int
    end: int


class StillSearchingError(Exception):
    """It is not known yet."""


class FilteringContext(Protocol):
    """What filtering depends on."""

    @property
    def reader(self) -> CaptureReader | None:
        """The capture; None while there is none yet."""

    @property
    def frame_count(self) -> int:
        """Frames to show."""

    @property
    def now_ns(self) -> int:
        """The time that ages are counted to."""


Start = Callable[[Path, str, Callable[[], int]], Matches]
"""Starts a search: over the capture at a path, for a filter, with the time."""


def start_search(path: Path, source: str, now_ns: Callable[[], int]) -> Matches:
    """Run a filter over a capture. Raises `FilterError`."""
    from inspector_app.capture.filter import parse_filter
    from inspector_app.capture.search import Search

    return Search(path, parse_filter(source), now_ns=now_ns)


def find_wrong(source: str) -> Wrong | None:
    """Say what is wrong with a filter; None when nothing is."""
    from inspector_app.capture.filter import FilterError, parse_filter

    try:
        parse_filter(source)
    except FilterError as error:
        return Wrong(error.text, error.start, error.end)
    return None


class Hunt:
    """One filter at work: its text, the matches so far, and what is wrong with what was typed last."""

    def __init__(self, context: FilteringContext, start: Start = start_search) -> None:
        self._context = context
        self._start = start
        self._within = ""
        self._generation = -1
        self._frames = 0
        self.source = ""
        """The filter that `matches` are of; empty: none."""
        self.wrong: Wrong | None = None
        self.matches: Matches | None = None
        self.before = ""
        """What it was before it was typed in, to be brought back."""
        self._closed: Matches | None = None

    def ask(self, source: str, *, within: str = "") -> bool:
        """Look for what matches `source`, of that which matches `within`. Tell whether the search is another.

        An empty one ends the search.
        """
        source = source.strip()
        self.wrong = find_wrong(source) if source else None
        if self.wrong is not None or (source, within) == (self.source, self._within):
            return False
        self.source, self._within = source, within
        self._end()
        self._begin()
        return True

    def begin_if_due(self) -> None:
        """Begin what was asked for before there was a capture."""
        if self.source and self.matches is None:
            self._begin()

    def _begin(self) -> None:
        reader = self._context.reader
        if reader is None or not self.source:
            return
        whole = f"({self._within}) ({self.source})" if self._within else self.source
        self.matches = self._start(reader.path, whole, lambda: self._context.now_ns)
        self._frames = 0
        self._generation = -1

    def take_over(self, frames: int) -> bool:
        """Have new frames looked at. Tell whether there are any, or anything was found since then."""
        matches = self.matches
        if matches is None:
            return False
        grown = frames > self._frames
        if grown:
            self._frames = frames
            matches.grow(frames)
        before, self._generation = self._generation, matches.generation
        return grown or before != self._generation

    def holds(self, seq: int) -> bool:
        """Tell whether a frame is known to match."""
        matches = self.matches
        return matches is not None and list(matches.seqs(matches.index_of(seq), 1)) == [seq]

    def _end(self) -> None:
        if self.matches is not None:
            self.matches.close()
            self._closed, self.matches = self.matches, None

    def close(self) -> None:
        """End the search; what is asked stays known."""
        self._end()

    def wait_closed(self, timeout_s: float) -> bool:
        """Wait until the search has let go of the capture, once closed; False when it has not in time."""
        return self._closed is None or self._closed.wait_closed(timeout_s)


class Filtering:
    """The filter of the frame list, the search that highlights in it, and where errors are in all frames."""

    def __init__(self, context: FilteringContext, start: Start = start_search) -> None:
        self._context = context
        self._errors_wanted = False
        self.filter = Hunt(context, start)
        self.highlight = Hunt(context, start)
        self.errors = Hunt(context, start)

    # -- the filter ---------------------------------------------------------------------------------------

    def ask(self, source: str) -> bool:
        """Show only frames that match. Tell whether the list shows other frames now."""
        asked = self.filter.ask(source)
        if asked and self.highlight.source:
            self.highlight.ask(self.highlight.source, within=self.filter.source)
        return asked

    # -- highlighting -------------------------------------------------------------------------------------

    def ask_highlight(self, source: str) -> bool:
        """Highlight what matches among the frames that are shown; an empty text ends that."""
        return self.highlight.ask(source, within=self.filter.source)

    def next_match(self, seq: int, step: int) -> int | None:
        """Give the next highlighted frame after `seq`, or the one before it; None when there is none.

        Raises `StillSearchingError` while a nearer one may turn up.
        """
        matches = self.highlight.matches
        if matches is None:
            raise StillSearchingError
        reached = matches.reached(seq + 1 if step > 0 else 1)
        place = matches.index_of(seq + 1) if step > 0 else matches.index_of(seq) - 1
        found = next(iter(matches.seqs(place, 1)), None) if place >= 0 else None
        # The newest are found first, so on the way up what is found is the nearest.
        if not reached and (step > 0 or found is None) and not matches.problem:
            raise StillSearchingError
        return found

    # -- time ---------------------------------------------------------------------------------------------

    def look_for_errors(self) -> None:
        """Find out where errors are, from now on."""
        if not self._errors_wanted:
            self._errors_wanted = True
            self.errors.ask(ERRORS)

    def take_over(self) -> bool:
        """Take over what the searches found. Tell whether the list or what is highlighted has changed."""
        frames = self._context.frame_count
        for each in (self.filter, self.highlight, self.errors):
            each.begin_if_due()
        self.errors.take_over(frames)
        found = self.filter.take_over(frames)
        return self.highlight.take_over(frames) or found

    def close(self) -> None:
        """End every search."""
        for each in (self.filter, self.highlight, self.errors):
            each.close()

    def wait_closed(self, timeout_s: float) -> bool:
        """Wait until every search has let go of the capture, once closed; False when one has not in time."""
        return all(each.wait_closed(timeout_s) for each in (self.filter, self.highlight, self.errors))
