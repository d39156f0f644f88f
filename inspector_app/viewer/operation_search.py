"""Operations that go with what was typed, the best first.

Owns what goes with what. Names and documentation come from the other side, so it takes time in proportion to
them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from inspector_app.viewer.words import in_order

if TYPE_CHECKING:
    from inspector_app.viewer.operations import Operation

_LOOKED_AT: Final = 300
_MOST_WORDS: Final = 10
_WORD_START: Final = re.compile(r"[^\W_]+")


def ranked(operations: Sequence[Operation], typed: str) -> list[Operation]:
    """Give those that have every word that was typed, in the name or the documentation's first line.

    Of the name its letters in that order will do.
    """
    words = typed.casefold().split()[:_MOST_WORDS]
    scored = [(_score(each, words), each) for each in operations]
    found = [(score, each) for score, each in scored if score is not None]
    return [each for _, each in sorted(found, key=lambda pair: -pair[0])]


def _score(operation: Operation, words: list[str]) -> float | None:
    name, doc = operation.name[:_LOOKED_AT].casefold(), operation.summary[:_LOOKED_AT].casefold()
    total = 0.0
    for word in words:
        score = _in_name(name, word) or (1.0 if word in doc else 0.0)
        if not score:
            return None
        total += score
    return total


def _in_name(name: str, word: str) -> float:
    """Say how well a word goes with a name, from 0 to 5; the greater share of it the better."""
    share = len(word) / max(1, len(name))
    if name.startswith(word):
        return 4 + share
    if word in name:
        starts = any(name.startswith(word, found.start()) for found in _WORD_START.finditer(name))
        return (3 if starts else 2) + share
    return 0.5 + share / 2 if in_order(name, word) else 0.0
