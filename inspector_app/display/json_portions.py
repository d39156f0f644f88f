"""A large JSON text laid out portion by portion, so that no pass over it keeps the interpreter long.

Owns where it is cut: at a comma between members. Each portion is laid out as JSON of its own, between
brackets that stand for what is open there. That proves the cuts, so finding them may be quick, not strict.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

PORTION_BYTES: Final = 512 * 1024
_WINDOW_BYTES: Final = 4 * 1024
"""Bytes at the end of a portion in which it is cut."""
_DEEPEST: Final = 200
_PAIR_ROUNDS: Final = 4

_NEITHER_BRACKETS_NOR_QUOTES: Final = bytes(set(range(256)) - set(b'[]{}"'))
_TOKEN: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},"]', re.DOTALL)
_REST_OF_STRING: Final = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_CLOSES: Final = {ord("{"): b"}", ord("["): b"]"}
_OPENS: Final = {ord("}"): ord("{"), ord("]"): ord("[")}


class CannotCutError(ValueError):
    """The text is no JSON, or none that can be cut: it has to be laid out as a whole."""


def in_portions(data: bytes, lay_out: Callable[[bytes], bytes], size: int = PORTION_BYTES) -> bytes:
    """Lay out a JSON text by `lay_out`, which indents by two and raises for what is no JSON."""
    pieces: list[bytes] = []
    stack, start = b"", 0
    while start + size < len(data):
        cut, inner = _cut(data, start, start + size, stack)
        pieces.append(_piece(lay_out, data[start:cut], stack, inner))
        stack, start = inner, cut + 1
    pieces.append(_piece(lay_out, data[start:], stack, b""))
    return b",\n".join(pieces)


def _piece(lay_out: Callable[[bytes], bytes], body: bytes, before: bytes, behind: bytes) -> bytes:
    """Lay out what stands between two cuts; `before` and `behind` are what is open there, outermost first."""
    head = lines = tail = below = b""
    for depth, bracket in enumerate(before):
        name = b'"":' if head.endswith(b"{") else b""
        head += name + bytes([bracket])
        lines += b"  " * depth + name.replace(b":", b": ") + bytes([bracket]) + b"\n"
    for depth, bracket in enumerate(behind):
        tail = _CLOSES[bracket] + tail
        below = b"\n" + b"  " * depth + _CLOSES[bracket] + below
    text = lay_out(head + body + tail)
    if not (text.startswith(lines) and text.endswith(below)):
        raise CannotCutError
    return text[len(lines) : len(text) - len(below)]


def _cut(data: bytes, start: int, end: int, stack: bytes) -> tuple[int, bytes]:
    """Find the last comma before `end` that is inside of brackets, and which are open there."""
    window = max(start, end - _WINDOW_BYTES)
    window -= len(data[start:window]) - len(data[start:window].rstrip(b"\\"))
    inside, open_now = _state(data[start:window], stack)
    if inside:
        rest = _REST_OF_STRING.match(data, window, end)
        if rest is None:
            raise CannotCutError
        window = rest.end()
    found: tuple[int, bytes] | None = None
    for token in _TOKEN.finditer(data, window, end):
        if token[0] == b",":
            found = token.start(), open_now
        elif token[0] == b'"':
            break
        elif len(token[0]) == 1:
            open_now = _step(open_now, token[0][0])
    if found is None or not found[1] or len(found[1]) > _DEEPEST:
        raise CannotCutError
    return found


def _state(text: bytes, stack: bytes) -> tuple[bool, bytes]:
    """Tell whether the end of `text` is in a string, and which brackets are open there."""
    if b"\\" in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    pieces = text.translate(None, _NEITHER_BRACKETS_NOR_QUOTES).replace(b'""', b"").split(b'"')
    brackets = b"".join(pieces[::2])
    for _ in range(_PAIR_ROUNDS):  # most of them
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    for bracket in brackets:
        stack = _step(stack, bracket)
    return len(pieces) % 2 == 0, stack


def _step(stack: bytes, bracket: int) -> bytes:
    if bracket in _CLOSES:
        if len(stack) > _DEEPEST:
            raise CannotCutError
        return stack + bytes([bracket])
    if not stack or stack[-1] != _OPENS[bracket]:
        raise CannotCutError
    return stack[:-1]
