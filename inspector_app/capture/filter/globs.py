"""Globs where SQLite has none: in values that Python read, and in text with a NUL, at which its own ends."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from inspector_app.capture.filter.texts import bound, glob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GLOB_FITS: Final = "slipstream_glob_fits"
"""The function of a pattern and of the bytes of a text, for conditions."""


def glob_condition(column: str, pattern: str) -> tuple[str, tuple[str | bytes, ...]]:
    """Give the condition that all of a column, which is not NULL, fits a glob, and its parameters."""
    data = f"CAST({column} AS BLOB)"
    sql = f"CASE WHEN instr({data}, x'00') THEN {GLOB_FITS}(?, {data}) ELSE CAST({column} AS TEXT) GLOB ? END"
    return sql, (bound(pattern), bound(glob(pattern)))


def glob_fits(pattern: str | bytes, data: bytes) -> bool:
    """Tell whether all of a text fits a glob; both may come as bytes with halves of surrogate pairs."""
    return globbing(_text(pattern))(_text(data))


def _text(told: str | bytes) -> str:
    if isinstance(told, str):
        return told
    try:
        return told.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:  # a column that no writer makes
        return told.decode("utf-8", "replace")


@lru_cache(maxsize=32)
def globbing(pattern: str) -> Callable[[str], bool]:
    """Fit a glob piece by piece, each at its first place, which takes no longer than text times pattern."""
    first, *rest = [re.compile(_piece(piece), re.DOTALL) for piece in re.split(r"\*+", pattern)]

    def whole(text: str) -> bool:
        found = first.match(text)
        if found is None:
            return False
        if not rest:
            return found.end() == len(text)
        at = found.end()
        for piece in rest[:-1]:
            found = piece.search(text, at)
            if found is None:
                return False
            at = found.end()
        return any(piece_end == len(text) for piece_end in _ends(rest[-1], text, at))

    return whole


def _piece(piece: str) -> str:
    return "".join("." if character == "?" else re.escape(character) for character in piece)


def _ends(piece: re.Pattern[str], text: str, at: int) -> Iterator[int]:
    # A piece is of fixed length: it fits at the end, or nowhere that counts.
    length = len(re.sub(r"\\(.)", r"\1", piece.pattern, flags=re.DOTALL))
    if len(text) - length >= at and (found := piece.match(text, len(text) - length)) is not None:
        yield found.end()
