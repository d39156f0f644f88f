"""JSON from the wire laid out a member a line, with every number, escape and duplicate key as it was sent.

Owns what is laid out and what is not. No step of it keeps the interpreter longer than one pass over the text
in C, about 10 ms for 10 MB: everything that takes longer goes portion by portion.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Final

import msgspec
from msgspec import Struct

from inspector_app.display.document import bytes_of
from inspector_app.display.json_portions import CannotCutError, in_portions

LAYOUT_LIMIT_BYTES: Final = 64 * 1024 * 1024
"""Deep nesting makes indentation grow with the square of the size; beyond this it is not laid out."""

_PORTION_BYTES: Final = 256 * 1024
_PAIR_ROUNDS: Final = 4
_SURROGATES: Final = [b"\\u" + bytes(digits) for digits in product(b"dD", b"89abcdefABCDEF")]
_NEITHER_BRACKETS_NOR_QUOTES: Final = bytes(set(range(256)) - set(b'[]{}"'))
_STEP: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_TOO_DEEP: Final = "Nested too deeply to lay out: shown as it is on the wire."


class _Frame(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(b"null")


class Layout(Struct, frozen=True):
    """A text as it is to be shown; `reason` says in one line why it is shown as it is, or is empty."""

    text: bytes
    reason: str = ""


def data_of(raw: str | bytes) -> bytes | None:
    """Return the JSON text of a frame's `data` as it stands in the frame (protocol.md §2).

    Absent, it is `null`. None: the message is not a JSON object.
    """
    try:
        return _despite_surrogates(_take_data, bytes_of(raw))
    except (msgspec.DecodeError, RecursionError):
        return None


def lay_out(raw: str | bytes) -> Layout:
    """Lay out a JSON text; what is none, or is nested too deeply, stays as it is, with the reason."""
    data = bytes_of(raw)
    if not _fits(data):
        return Layout(data, _TOO_DEEP)
    try:
        return Layout(_despite_surrogates(_indented, data))
    except RecursionError:
        return Layout(data, _TOO_DEEP)
    except msgspec.DecodeError as error:
        text = str(error).removeprefix("JSON is malformed: ").removeprefix("Input data was ")
        return Layout(data, f"Not JSON ({text}): shown as it is on the wire.")


def _indented(text: bytes) -> bytes:
    try:
        return in_portions(text, _indented_at_once)
    except (
        CannotCutError,
        msgspec.DecodeError,
    ):  # told with its place in the whole, if there is anything to tell
        return _indented_at_once(text)


def _indented_at_once(text: bytes) -> bytes:
    return msgspec.json.format(text, indent=2)


def in_one_line(raw: str | bytes) -> bytes:
    """Return a JSON text without blanks between its tokens; what is no JSON with newlines as escapes."""
    data = bytes_of(raw)
    try:
        return _despite_surrogates(lambda text: msgspec.json.format(text, indent=-1), data)
    except (msgspec.DecodeError, RecursionError):
        return data.replace(b"\r", b"\\r").replace(b"\n", b"\\n")


def _take_data(data: bytes) -> bytes:
    return bytes(msgspec.json.decode(data, type=_Frame).data)


# -- lone surrogates --------------------------------------------------------------------------------------


def _despite_surrogates(work: Callable[[bytes], bytes], data: bytes) -> bytes:
    r"""Do `work`, which refuses escapes such as `\ud800`, though JSON allows a lone one.

    If it does, bytes that UTF-8 never has stand for their backslashes, and for escaped ones, while it works.
    """
    try:
        return work(data)
    except msgspec.DecodeError:
        if not any(map(data.__contains__, _SURROGATES)) or b"\xff" in data or b"\xfe" in data:
            raise
    data = data.replace(b"\\\\", b"\xfe\xfe")
    for escape in _SURROGATES:
        data = data.replace(escape, b"\xff" + escape[1:])
    return work(data).replace(b"\xffu", b"\\u").replace(b"\xfe\xfe", b"\\\\")


# -- how deep it is ---------------------------------------------------------------------------------------


def _fits(data: bytes) -> bool:
    """Tell whether laying out `data` adds no more than is allowed."""
    marks = _marks(data)
    openings = marks.count(b"[") + marks.count(b"{")
    deepest = LAYOUT_LIMIT_BYTES // (2 * (data.count(b",") + 2 * openings + 1))
    return openings <= deepest or is_no_deeper(marks, deepest)


def _marks(data: bytes) -> bytes:
    """Return the brackets and quotes of `data`, without those quotes that are escaped."""
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Without escapes every quote begins or ends a string. Neighbours go: what is between them is nothing.
    return data.translate(None, _NEITHER_BRACKETS_NOR_QUOTES).replace(b'""', b"")


def is_no_deeper(marks: bytes, limit: int) -> bool:
    """Tell whether brackets that are not between quotes are nested no deeper; a few levels early."""
    if limit < _PAIR_ROUNDS:
        return False
    depth, inside = 0, False
    for start in range(0, len(marks), _PORTION_BYTES):
        pieces = marks[start : start + _PORTION_BYTES].split(b'"')
        brackets = b"".join(pieces[inside::2])
        inside ^= len(pieces) % 2 == 0
        for _ in range(_PAIR_ROUNDS):  # the innermost, most of them, are counted without being looked at
            brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
        for byte in brackets:
            depth += _STEP[byte]
            if depth + _PAIR_ROUNDS > limit:
                return False
    return True
