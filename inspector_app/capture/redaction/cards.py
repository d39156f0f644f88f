"""Numbers of payment cards: telling them from other digits. Finds none; `rules` says where one may be."""

from __future__ import annotations

import re
from collections.abc import Sequence

_UUID = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Fa-f])")
_UUID_LENGTH = 36


def is_card(text: str) -> bool:
    """Whether the digits pass the check of Luhn, as the number of a payment card must."""
    digits: Sequence[int] = [int(character) for character in text if character.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def in_uuid(found: re.Match[str]) -> bool:
    """Whether these digits are a part of a UUID, which numbers of cards look like now and then."""
    around = _UUID.finditer(found.string, max(0, found.start() - _UUID_LENGTH), found.end() + _UUID_LENGTH)
    return any(each.start() < found.end() and found.start() < each.end() for each in around)
