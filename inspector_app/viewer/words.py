"""Whether a text goes with what was typed, in time proportional to the text.

`textual.fuzzy`, made for titles of commands, tries all ways to find letters in a text: for a dozen `a` in a
name of a hundred times `a` it never ends.
"""

from __future__ import annotations


def in_order(text: str, letters: str) -> bool:
    """Tell whether a text has these letters in this order, whatever stands between them."""
    end = -1
    for letter in letters:
        end = text.find(letter, end + 1)
        if end < 0:
            return False
    return True
