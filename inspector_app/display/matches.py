"""What is searched for in one text, where it is, and how the places are made visible.

Owns what may be typed, the search itself, bounded in time and in places, and the styles of what was found. It
is made for a thread of its own: it lets others run while it searches.
"""

from __future__ import annotations

import re
import time
from array import array
from bisect import bisect_left, bisect_right
from itertools import accumulate
from math import prod
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import regex

    from inspector_app.display.lines import Part, Text

TIME_LIMIT_S: Final = 2.0
PLACES_LIMIT: Final = 100_000
LENGTH_LIMIT: Final = 500
"""Characters of a pattern."""
REPEATS_LIMIT: Final = 20_000
"""Counts in braces, multiplied: the library writes repetitions out, those within each other all together."""

_FOUND: Final = "underline bold"
_CURRENT: Final = "reverse bold"
_REPEATS: Final = re.compile(r"(?<=[{,])[0-9]+(?=[,}])")
_RECURSION: Final = re.compile(r"\(\?(?:R|&|P>|[+-]?[0-9])")
_HEX: Final = r"(?:[0-9a-fA-F]{2}\s+)*[0-9a-fA-F]{2}"


class PatternError(ValueError):
    """What was typed cannot be searched for; the text is one sentence that says what to do."""


class Pattern:
    """What to search for: words as they are, whatever their case, or a regular expression between slashes.

    `/…/` keeps to the case, `/…/i` does not. In bytes, pairs of hexadecimal digits stand for values as well.
    """

    def __init__(self, typed: str) -> None:
        """Take what was typed. Raises `PatternError`."""
        # Late: nobody searches before the first paint.
        import regex

        if not typed or len(typed) > LENGTH_LIMIT:
            raise PatternError(f"Type what to search for, in 1 to {LENGTH_LIMIT} characters.")
        self.typed = typed
        body, slash, flags = typed[1:].rpartition("/")
        if typed[0] == "/" and slash and body and flags in ("", "i"):
            self._source, self._flags = body, regex.IGNORECASE if flags else 0
        else:
            self._source, self._flags = regex.escape(typed, literal_spaces=True), regex.IGNORECASE
        if _RECURSION.search(self._source):
            raise PatternError("It calls itself, which takes memory without end: write it without.")
        if prod(max(1, int(count)) for count in _REPEATS.findall(self._source)) > REPEATS_LIMIT:
            raise PatternError("It repeats its parts too often: write smaller numbers in the braces.")
        try:
            self.compiled(in_bytes=False)
        except (regex.error, RecursionError, OverflowError) as error:
            raise PatternError(
                f"This is no regular expression ({error}): mend it, or leave out the slashes."
            ) from error

    def compiled(self, *, in_bytes: bool) -> regex.Pattern[str]:
        """Compile it; `in_bytes` for bytes that are written as the characters of the same numbers."""
        import regex

        source = self._source
        if in_bytes:
            source = source.encode("utf-8", "surrogatepass").decode("latin-1")
            if regex.fullmatch(_HEX, self.typed):
                values = bytes.fromhex(self.typed).decode("latin-1")
                source += "|" + regex.escape(values)
        return regex.compile(source, self._flags | regex.MULTILINE)


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
    text, is_text = _characters(data, in_bytes=in_bytes)
    places = pattern.compiled(in_bytes=not is_text).finditer(text, concurrent=True, timeout=TIME_LIMIT_S)
    end = offset = 0
    began = time.monotonic()
    try:
        for match in places:
            first, last = match.span()
            if first == last:
                continue
            if len(found) >= PLACES_LIMIT:
                found.problem = f"Only the first {PLACES_LIMIT:,} places are shown: search for something longer."
                break
            offset += _size(text, end, first, is_text=is_text)
            found.starts.append(offset)
            offset += _size(text, first, last, is_text=is_text)
            found.ends.append(offset)
            end = last
            if not wanted():
                break
            if time.monotonic() - began > TIME_LIMIT_S:
                raise TimeoutError
    except TimeoutError:
        found.problem = f"The search was stopped after {TIME_LIMIT_S:g} s: search for something simpler."
    except MemoryError:
        found.problem = "The search took too much memory: search for something simpler."
    return found


def _characters(data: bytes, *, in_bytes: bool) -> tuple[str, bool]:
    """Return `data` as characters, and whether they are text and not the numbers of bytes."""
    if not in_bytes:
        try:
            return data.decode("utf-8", "surrogatepass"), True
        except UnicodeDecodeError:
            pass
    return data.decode("latin-1"), False


def _size(text: str, start: int, end: int, *, is_text: bool) -> int:
    if not is_text or text.isascii():  # which a text knows of itself
        return end - start
    return len(text[start:end].encode("utf-8", "surrogatepass"))


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
        for match in self._matches.within(start, end) if end > start else ():
            style = _CURRENT if match == self._current else _FOUND
            first, last = self._matches.starts[match], self._matches.ends[match]
            for columns in self._text.columns(index, first, last):
                parts = _restyled(parts, columns, style)
        return parts


def _restyled(parts: Sequence[Part], columns: tuple[int, int], style: str) -> list[Part]:
    first, last = columns
    restyled: list[Part] = []
    ends = accumulate(len(text) for text, _ in parts)
    for (text, name), end in zip(parts, ends, strict=True):
        start = end - len(text)
        low, high = min(max(first - start, 0), len(text)), min(max(last - start, 0), len(text))
        pieces = (text[:low], name), (text[low:high], f"{name} {style}"), (text[high:], name)
        restyled += [piece for piece in pieces if piece[0]]
    return restyled
