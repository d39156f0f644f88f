"""What is searched for in one text, where it is, and how the places are made visible.

Owns what may be typed, the search itself, bounded in time and in places, and the styles of what was found. It
is made for a thread of its own: it lets others run while it searches.
"""

from __future__ import annotations

import re
import sys
import time
from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from inspector_app.display.lines import Part, Text

TIME_LIMIT_S: Final = 2.0
PLACES_LIMIT: Final = 100_000
MARKED_LIMIT: Final = 500
"""Places in one line that are made visible, those around the current one."""
LENGTH_LIMIT: Final = 500
"""Characters of a pattern."""

_WINDOW_BYTES: Final = 256 * 1024
"""Searched at a time: so often the time is looked at. A place longer than the overlap may be missed."""
_LEAST_WINDOW_BYTES: Final = 16 * 1024
_WINDOW_STEPS: Final = 10_000_000
"""Bytes times instructions of a large expression, a fraction of a second: what is searched at a time then."""
_OVERLAP_BYTES: Final = 4 * 1024
_MEMORY_BYTES: Final = 1 << 20
_FOUND: Final = "underline bold"
_CURRENT: Final = "reverse bold"
_NO_MARK: Final = (sys.maxsize, sys.maxsize, "")
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2} *)+")


class PatternError(ValueError):
    """What was typed cannot be searched for; the text is one sentence that says what to do."""


class Pattern:
    """What to search for: words as they are, whatever their case, or a regular expression between slashes.

    `/…/` keeps to the case, `/…/i` does not. In bytes, pairs of hexadecimal digits stand for values as well.
    RE2 runs it: in a time that grows with the text alone, in bounded memory, while other threads go on.
    """

    def __init__(self, typed: str) -> None:
        """Take what was typed. Raises `PatternError`."""
        # Late: nobody searches before the first paint.
        import re2

        if not typed or len(typed) > LENGTH_LIMIT:
            raise PatternError(f"Type what to search for, in 1 to {LENGTH_LIMIT} characters.")
        self.typed = typed
        body, slash, flags = typed[1:].rpartition("/")
        is_expression = typed[0] == "/" and slash and body and flags in ("", "i")
        try:
            self._source: str = body if is_expression else re2.escape(typed)
            self._flags = f"(?m{flags})" if is_expression else "(?i)"
            self.compiled(in_bytes=False)
        except UnicodeEncodeError:
            raise PatternError("Half of a surrogate pair cannot be searched for: leave it out.") from None
        except re2.error as error:
            why = error.args[0] if error.args else "unknown"
            told = why.decode(errors="replace") if isinstance(why, bytes) else str(why)
            raise PatternError(
                f"This is no regular expression ({told}): mend it, or leave out the slashes."
            ) from error

    def compiled(self, *, in_bytes: bool) -> Compiled:
        """Compile it, for text or, with digits taken for values, for bytes."""
        import re2

        options = re2.Options()
        options.max_mem = _MEMORY_BYTES
        options.log_errors = False
        options.never_capture = True
        source = self._source.encode()
        if in_bytes:
            options.encoding = re2.Options.Encoding.LATIN1
            if _HEX.fullmatch(self.typed):
                source += b"|" + b"".join(b"\\x%02x" % byte for byte in bytes.fromhex(self.typed))
        made: Compiled = re2.compile(self._flags.encode() + source, options)
        return made


class Compiled(Protocol):
    """What is used of a compiled expression."""

    @property
    def programsize(self) -> int:
        """Its instructions."""

    def finditer(self, text: bytes, pos: int, endpos: int, /) -> Iterator[Found]:
        """Find it between two places of a text."""


class Found(Protocol):
    """One place that was found."""

    def span(self) -> tuple[int, int]:
        """Give its beginning and its end."""


class Matches:
    """Where a pattern is in a text. `problem` says in one sentence why there may be more than was found."""

    def __init__(self, starts: Sequence[int] = (), ends: Sequence[int] = (), problem: str = "") -> None:
        self.starts = array("Q", starts)
        self.ends = array("Q", ends)
        self.problem = problem

    def __len__(self) -> int:
        return len(self.starts)

    def after(self, offset: int) -> int | None:
        """Return the index of the first match at `offset` or behind it; behind the last comes the first."""
        return bisect_left(self.starts, offset) % len(self) if len(self) else None

    def within(self, start: int, end: int) -> range:
        """Return the indices of the matches of which a part is in the bytes `start` up to `end`."""
        return range(bisect_right(self.ends, start), bisect_left(self.starts, end))


def search(
    data: bytes, pattern: Pattern, *, in_bytes: bool = False, wanted: Callable[[], bool] = lambda: True
) -> Matches:
    """Search `data`; give up what is not `wanted` any more, with what was found so far.

    `in_bytes`: it is looked at as bytes, not as text.
    """
    found = Matches()
    compiled = pattern.compiled(in_bytes=in_bytes)
    size = min(_WINDOW_BYTES, max(_LEAST_WINDOW_BYTES, _WINDOW_STEPS // compiled.programsize))
    deadline = time.monotonic() + TIME_LIMIT_S
    start = 0
    while start < len(data) and wanted():
        end, is_whole = _window(data, start, size)
        start = _search_window(data, compiled, found, (start, end), is_whole=is_whole)
        if len(found) >= PLACES_LIMIT:
            found.problem = f"Only the first {PLACES_LIMIT:,} places are shown: search for something longer."
            break
        if time.monotonic() > deadline:
            found.problem = f"The search was stopped after {TIME_LIMIT_S:g} s: search for something simpler."
            break
    return found


def _window(data: bytes, start: int, size: int) -> tuple[int, bool]:
    """Return where the window from `start` on ends, and whether that is the end of a line."""
    end = start + size
    if end >= len(data):
        return len(data), True
    newline = data.rfind(b"\n", start, end)
    return (newline + 1, True) if newline >= 0 else (end, False)


def _search_window(
    data: bytes, compiled: Compiled, found: Matches, window: tuple[int, int], *, is_whole: bool
) -> int:
    """Search one window; return where to go on."""
    start, end = window
    seam = end if is_whole else end - _OVERLAP_BYTES
    for match in compiled.finditer(data, start, end):
        first, last = match.span()
        if not is_whole and first >= seam and last == end:
            break  # it may go on: the next window has all of it
        if first < last:
            found.starts.append(first)
            found.ends.append(last)
            start = last
            if len(found) >= PLACES_LIMIT:
                break
    return max(seam, start)


class Marked:
    """Lines with the matches in them made visible, and the current one more so."""

    def __init__(self, text: Text, matches: Matches, current: int | None) -> None:
        self._text = text
        self._matches = matches
        self._current = current

    @property
    def count(self) -> int:
        """How many lines there are."""
        return self._text.count

    def line(self, index: int) -> Sequence[Part]:
        """Return the parts of line `index`."""
        parts = self._text.line(index)
        start, end = self._text.span(index)
        places = self._matches.within(start, end) if end > start else range(0)
        if len(places) > MARKED_LIMIT:
            here = self._current if self._current in places else None
            first = max(0, here - places.start - MARKED_LIMIT // 2) if here is not None else 0
            places = places[first : first + MARKED_LIMIT]
        marks: list[tuple[int, int, str]] = []
        for place in places:
            style = _CURRENT if place == self._current else _FOUND
            columns = self._text.columns(index, self._matches.starts[place], self._matches.ends[place])
            marks += [(first, last, style) for first, last in columns]
        return _restyled(parts, sorted(marks)) if marks else parts


def _restyled(parts: Sequence[Part], marks: Sequence[tuple[int, int, str]]) -> list[Part]:
    """Return parts with marks, which are in order, laid over them."""
    restyled: list[Part] = []
    waiting = iter(marks)
    first, last, style = next(waiting)
    start = 0
    for text, name in parts:
        end, at = start + len(text), start
        while at < end:
            if at >= last:
                first, last, style = next(waiting, _NO_MARK)
                continue
            inside = first <= at
            stop = min(end, last if inside else first)
            restyled.append((text[at - start : stop - start], f"{name} {style}" if inside else name))
            at = stop
        start = end
    return restyled
