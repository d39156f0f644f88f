"""Whether a text may have something in it that one of the shipped patterns finds, told by one quick look.

This module owns what each of those patterns needs, and that other threads run on while a long text is looked
through.
"""

from __future__ import annotations

import re

_HINT = re.compile(
    r"@|eyJ|://|(?i:bearer|basic)\s|PRIVATE KEY-|[-_][A-Za-z0-9_-]{10}|[pousr]_[A-Za-z0-9]{10}|AKIA|ASIA|AIza"
    r"|[2-6]\d{3}(?:[ -]?\d){8}"
)
"""Without this in a text, none of the shipped patterns finds anything in it."""
_LONGEST = 32
PIECE = 1 << 16
"""Characters that are looked through at once: no other thread runs meanwhile."""


def is_hinted(text: str) -> bool:
    """Tell whether a shipped pattern may find anything."""
    if len(text) <= PIECE:
        return _HINT.search(text) is not None
    starts = range(0, len(text), PIECE)
    return any(_HINT.search(text, start, start + PIECE + _LONGEST) for start in starts)
