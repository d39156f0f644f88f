"""How a peer spells frame types: case and separator (protocol.md §2).

Reading ignores both; a partner that spells another way is answered in its own spelling. This module only
turns names into names; who mirrors whom is decided by the session.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way to write `stream_data`: `STREAM_DATA`, `stream-data`, `streamData`, `StreamData` …"""

    case: Literal["lower", "upper", "camel", "pascal"] = "lower"
    separator: Literal["_", "-", ""] = "_"

    def spell(self, canonical: str) -> str:
        """Write a type, given in lower snake case, in this spelling."""
        words = canonical.split("_")
        match self.case:
            case "upper":
                words = [word.upper() for word in words]
            case "camel":
                words = [words[0], *(word.capitalize() for word in words[1:])]
            case "pascal":
                words = [word.capitalize() for word in words]
        return self.separator.join(words)


CANONICAL = Spelling()


def detect(spelled: str, canonical: str) -> Spelling | None:
    """The spelling that writes `canonical` as `spelled`; None if that is no regular spelling.

    One word tells nothing about the separator: the usual partner of its case is taken.
    """
    for spelling in _REGULAR:
        if spelling.spell(canonical) == spelled:
            return spelling
    return None


def follow(current: Spelling, spelled: str, canonical: str) -> Spelling:
    """The spelling of a partner that wrote so until now, and has just written `canonical` as `spelled`."""
    if current is CANONICAL and spelled == canonical:
        return current
    if current.spell(canonical) == spelled:
        return current  # a single word fits many spellings: what was learned from two words stays
    return detect(spelled, canonical) or current


_REGULAR = (
    CANONICAL,
    Spelling("upper", "_"),
    Spelling("camel", ""),
    Spelling("pascal", ""),
    Spelling("lower", "-"),
    Spelling("upper", "-"),
    Spelling("lower", ""),
    Spelling("upper", ""),
    Spelling("pascal", "_"),
    Spelling("pascal", "-"),
)
