"""Makes text from outside harmless to draw: the one edge that every string from the wire crosses.

Owns the rule of what may reach a terminal. A control character, a bidirectional override, an invisible
or an unpaired code unit is shown as a visible mark in its place; nothing is dropped, so positions in the
result are positions in the original. It knows no styles and no widgets and imports neither Textual nor Rich.
"""

from __future__ import annotations

import unicodedata

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
JOINT = "\N{MIDDLE DOT}"
"""Stands for what would merge neighbouring characters into one picture of a width terminals disagree on."""

MARK_LIMIT = 3
"""Combining marks kept on one base character; stacks of thousands would spill over other rows."""


class _Table(dict[int, str | int]):
    """Code point to what is shown for it, filled as code points are met."""

    def __init__(self) -> None:
        super().__init__()
        self.marks: set[str] = set()
        """Combining marks met so far, which `_cap_marks` has to count."""

    def __missing__(self, code: int) -> str | int:
        shown = self[code] = _shown(code)
        if shown == code and _combines(code):
            self.marks.add(chr(code))
        return shown


def _combines(code: int) -> bool:
    conjoining_jamo = 0x1160 <= code <= 0x11FF or 0xD7B0 <= code <= 0xD7FF
    return conjoining_jamo or unicodedata.category(chr(code)).startswith("M")


def _shown(code: int) -> str | int:
    if code < 0x20:
        return 0x2400 + code
    if code == 0x7F:
        return 0x2421
    if code == 0xA0:
        return "\N{OPEN BOX}"
    if code in (0x034F, 0x115F, 0x1160, 0x3164, 0xFFA0) or 0xE0100 <= code <= 0xE01EF:
        return REPLACEMENT
    if code == 0x200D or 0xFE00 <= code <= 0xFE0F or 0x1F3FB <= code <= 0x1F3FF:
        return JOINT
    if 0x1F1E6 <= code <= 0x1F1FF:
        return 0x24B6 + code - 0x1F1E6
    return code if chr(code).isprintable() else REPLACEMENT


_table = _Table()
_table_with_newlines = _Table()
_table_with_newlines[0x0A] = 0x0A


def inert(text: str, *, keep_newlines: bool = False) -> str:
    """Return `text` with every character that could do more than be seen replaced by a visible mark.

    The result has the length of `text`, is printable (save for kept newlines) and can be encoded as UTF-8.
    C0 controls and DEL become their pictures (ESC is `␛`, tab `␉`), emoji joiners and modifiers `·`, flag
    letters `Ⓐ` to `Ⓩ`, a no-break space `␣`; all else that is not printable, and combining marks beyond
    three in a row, become U+FFFD.
    """
    if text.isascii() and text.isprintable():
        return text
    table = _table_with_newlines if keep_newlines else _table
    shown = text.translate(table)
    if table.marks and not table.marks.isdisjoint(shown):
        return _cap_marks(shown, table.marks)
    return shown


def _cap_marks(text: str, marks: set[str]) -> str:
    shown = []
    room = 0
    for character in text:
        if character not in marks:
            room = MARK_LIMIT
            shown.append(character)
        elif room:
            room -= 1
            shown.append(character)
        else:
            shown.append(REPLACEMENT)
    return "".join(shown)
