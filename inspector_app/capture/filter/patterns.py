"""Regular expressions that cannot hang: compiled and run by RE2, in time proportional to the text.

RE2 has no look-around and no back-references, so nothing ever backtracks, and it bounds its memory. The one
thing left is a large expression over a large text; the work allowed for one text bounds that, so how long it
takes at most does not depend on who wrote the expression or sent the text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

FLAGS = {"i": "ignore case", "m": "^ and $ at every line", "s": ". is a line break too"}
"""What may stand behind a regular expression."""

MOST_MEMORY = 1 << 20
"""Bytes that an expression may take, compiled and while it runs."""
MOST_WORK = 200_000_000
"""Steps for one text: its bytes times the instructions of the expression; two seconds at worst."""


class TooMuchWorkError(Exception):
    """A text is too large for an expression."""


class Compiled(Protocol):
    """What is used of a compiled expression."""

    @property
    def programsize(self) -> int:
        """Its instructions."""

    def search(self, text: bytes) -> object:
        """Find it in UTF-8 text; None when it is not there."""


@lru_cache(maxsize=32)
def compiled(pattern: str, flags: str) -> Compiled:
    """Compile an expression. Raises `re2.error` and `UnicodeEncodeError`."""
    import re2

    options = re2.Options()
    options.max_mem = MOST_MEMORY
    options.log_errors = False
    options.never_capture = True
    before = f"(?{flags})" if flags else ""
    made: Compiled = re2.compile(before + pattern, options)
    return made


def problem_of(pattern: str, flags: str) -> str | None:
    """Say in a sentence why an expression cannot be used; None when it can."""
    import re2

    try:
        compiled(pattern, flags)
    except UnicodeEncodeError:
        return "A regular expression has no half of a surrogate pair in it: write another one."
    except re2.error as error:
        (why,) = error.args or ("unknown",)
        told = why.decode(errors="replace") if isinstance(why, bytes) else str(why)
        return f"This regular expression cannot be used ({told}): write another one."
    return None


def matcher(pattern: str, flags: str) -> Callable[[bytes], bool]:
    """Give the function that tells whether UTF-8 text has the expression in it.

    It raises `TooMuchWorkError` for a text that is too large for the expression.
    """
    made = compiled(pattern, flags)
    search, most = made.search, MOST_WORK // max(1, made.programsize)

    def matches(text: bytes) -> bool:
        if len(text) > most:
            raise TooMuchWorkError
        return search(text) is not None

    return matches


_LITERAL = re.compile(r"[A-Za-z0-9_ :\"'=<>/,;!@#%&~`-]")
_BEYOND = re.compile(r"[|(]|\\[^\W_dDwWsSbBnrtAz]")
"""Alternatives, groups, and escapes that are more than two characters long or that change what follows."""
_REPEATED = re.compile(r"[*?+{]")
_ONE = re.compile(r"\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|\{[^}]*\}|.", re.DOTALL)
"""An escape, a class of characters, how often, or a character."""


def text_in_all(pattern: str) -> str | None:
    """Give text, maybe empty, that is in whatever an expression fits; None when that is not easily told."""
    if _BEYOND.search(pattern):
        return None
    runs, run = [], ""
    pieces = _ONE.findall(pattern)
    for piece, behind in zip(pieces, [*pieces[1:], ""], strict=True):
        if _LITERAL.fullmatch(piece) and not _REPEATED.match(behind):
            run += piece
        else:
            runs.append(run)
            run = ""
    return max([*runs, run], key=len)
