"""The beginning of a JSON text as a JSON text of its own, so that it can be shown before the rest is read.

Owns where a text is cut off and what closes it there. What stands before the cut is laid out as it will be
when all of it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_DEEPEST: Final = 200
"""Levels that are closed: of what is nested more deeply no beginning is made."""

# The quote at its end is one that no other one closes.
_TOKEN: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},:"]', re.DOTALL)
_WHOLE_ESCAPES: Final = re.compile(rb'"[^"\\]*(?:\\(?:u[0-9a-fA-F]{4}|[^u])[^"\\]*)*', re.DOTALL)
_CLOSING: Final = {b"{": b"}", b"[": b"]"}


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first bytes of a JSON text and what closes them: a quote if a string is cut, a bracket a level."""

    head: bytes
    closing: bytes

    @property
    def text(self) -> bytes:
        """A JSON text, if that which it is the beginning of is one."""
        return self.head + self.closing

    def inside(self, value: bytes) -> Beginning:
        """Tell of a value in the text what of it is head and what closes it."""
        closing = self.closing[:-1] if self.text.endswith(value + self.closing[-1:]) else b""
        return Beginning(value[: len(value) - len(closing)], closing)

    def laid_out(self, layout: bytes) -> bytes:
        """Take from the laid out text what closes it, which stands in lines of its own."""
        for _ in range(len(self.closing.lstrip(b'"'))):
            layout = layout[: layout.rindex(b"\n")]
        return layout.removesuffix(b'"') if self.closing.startswith(b'"') else layout


def beginning_of(head: bytes) -> Beginning | None:
    """Cut the first bytes of a JSON text behind the last member that is whole, or in the string it ends in.

    None: there is no such member, or it is nested too deeply, or the text is not JSON.
    """
    closing = before = b""
    cut: Beginning | None = None
    for found in _TOKEN.finditer(head):
        token = found[0]
        if token in _CLOSING:
            closing = _CLOSING[token] + closing
        elif token in (b"}", b"]"):
            if not closing.startswith(token):
                return None
            closing = closing[1:]
        elif token == b"," and closing:
            cut = Beginning(head[: found.start()], closing)
        elif token == b'"':
            is_value = before == b":" or (before in (b",", b"[") and closing.startswith(b"]"))
            string = _WHOLE_ESCAPES.match(head, found.start()) if is_value else None
            if string is None:
                break
            return Beginning(whole_characters(head[: string.end()]), b'"' + closing)
        if len(closing) > _DEEPEST:
            return None
        before = token
    return cut


def whole_characters(head: bytes) -> bytes:
    """Return the first bytes of a text without a character of several bytes at their end: it may be cut."""
    for back in range(1, min(4, len(head)) + 1):
        if head[-back] & 0xC0 != 0x80:
            return head if head[-back] < 0x80 else head[:-back]
    return head
