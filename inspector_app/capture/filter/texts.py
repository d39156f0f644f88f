"""Text of a user's as SQLite takes it: parameters, patterns, and the ways in which JSON spells it."""

from __future__ import annotations

import json
import re

_LIKE_MEANS = re.compile(r"[%_\\]")
_GLOB_MEANS = re.compile(r"[*?\[]")
_UPPER_TO_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def bound(text: str) -> str | bytes:
    """Give a parameter for text; half a surrogate pair, which has no UTF-8, makes it bytes as in captures."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def glob(pattern: str) -> str:
    """Give the pattern for SQLite's GLOB, in which a bracket would mean something."""
    return re.sub(r"\*+", "*", pattern).replace("[", "[[]")


def glob_around(text: str) -> str:
    """Give the pattern for GLOB that finds text anywhere."""
    return "*" + _GLOB_MEANS.sub(r"[\g<0>]", text) + "*"


def lower(text: str) -> str:
    """Make ASCII letters small, and no others, as SQLite's `lower` does."""
    return text.translate(_UPPER_TO_LOWER)


def encoded(text: str) -> bytes:
    """Give the bytes of text as a capture holds them."""
    return text.encode("utf-8", "surrogatepass")


def like_around(text: str) -> str:
    r"""Give the pattern for LIKE, with `\` as its escape, that finds text anywhere."""
    return "%" + _LIKE_MEANS.sub(r"\\\g<0>", text) + "%"


def spellings(text: str) -> list[str]:
    """Give text in every way a message may hold it: as it is, escaped as JSON, escaped down to ASCII."""
    return list(dict.fromkeys((text, json.dumps(text, ensure_ascii=False)[1:-1], json.dumps(text)[1:-1])))
