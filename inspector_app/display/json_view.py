"""JSON from the wire as indented, coloured lines, with every number, escape and duplicate key as it was sent.

Owns the layout and the colours of JSON. Laying out a document of 1 MiB takes milliseconds; a line is lexed
when it is asked for. What is no JSON, or cannot be laid out, is shown as it is under one line that says why.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inspector_app.display.lines import Part

LEX_LIMIT: Final = 2_000
"""Characters of one line that are coloured by token; the rest takes the colour of the last of them."""

LAYOUT_LIMIT_BYTES: Final = 64 * 1024 * 1024
"""Deep nesting makes indentation grow with the square of the size; beyond this it is not laid out."""

_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SURROGATE_ESCAPE: Final = re.compile(rb"(?<!\\)((?:\\\\)*)\\(u[dD][89a-fA-F][0-9a-fA-F]{2})")
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_STEP: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


class _Frame(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(b"null")


def data_of(raw: str | bytes) -> bytes | None:
    """Return the JSON text of a frame's `data` as it stands in the frame (protocol.md §2).

    Absent, it is `null`. None: the message is not a JSON object.
    """
    hidden = _hide_surrogates(_encoded(raw))
    try:
        return _show_surrogates(bytes(msgspec.json.decode(hidden, type=_Frame).data))
    except (msgspec.DecodeError, RecursionError):
        return None


class JsonLines:
    """A JSON text as a `LineSource`."""

    def __init__(self, raw: str | bytes) -> None:
        self.reason = ""
        """Why the text is shown as it is; empty when it is laid out."""
        try:
            self._lines = _laid_out(raw).split("\n")
        except _NotLaidOutError as error:
            self.reason = str(error)
            text = raw if isinstance(raw, str) else raw.decode("utf-8", "backslashreplace")
            self._lines = text.split("\n")

    @property
    def count(self) -> int:
        """How many lines there are, with that of the reason."""
        return len(self._lines) + bool(self.reason)

    def line(self, index: int) -> Sequence[Part]:
        """Return line `index`; for text that is not laid out, line 0 is the reason."""
        if not self.reason:
            return lexed(self._lines[index])
        if index == 0:
            return [(self.reason, "severity-warning")]
        return [(self._lines[index - 1], "")]


class _NotLaidOutError(Exception):
    """The text stays as it is; the message says why in one line."""


def _encoded(raw: str | bytes) -> bytes:
    return raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw


def _laid_out(raw: str | bytes) -> str:
    data = _encoded(raw)
    if _layout_bytes(data) > LAYOUT_LIMIT_BYTES:
        raise _NotLaidOutError("Nested too deeply to lay out: shown as it is on the wire.")
    try:
        formatted = _show_surrogates(msgspec.json.format(_hide_surrogates(data), indent=2))
    except RecursionError:
        raise _NotLaidOutError("Nested too deeply to lay out: shown as it is on the wire.") from None
    except msgspec.DecodeError as error:
        text = str(error).removeprefix("JSON is malformed: ").removeprefix("Input data was ")
        raise _NotLaidOutError(f"Not JSON ({text}): shown as it is on the wire.") from error
    return formatted.decode("utf-8", "surrogatepass" if isinstance(raw, str) else "backslashreplace")


def _hide_surrogates(data: bytes) -> bytes:
    r"""Return `data` with escapes such as `\ud800` in a form the formatter takes as it finds them.

    It refuses a lone one, though JSON allows it; a byte that UTF-8 never has stands for their backslash.
    """
    if b"\\u" not in data or b"\xff" in data:
        return data
    return _SURROGATE_ESCAPE.sub(rb"\1" + b"\xff" + rb"\2", data)


def _show_surrogates(data: bytes) -> bytes:
    return data.replace(b"\xffu", b"\\u")


def _layout_bytes(data: bytes) -> int:
    """Return an upper bound of what laying out `data` adds."""
    openings = data.count(b"[") + data.count(b"{")
    lines = data.count(b",") + 2 * openings + 1
    if 2 * lines * openings <= LAYOUT_LIMIT_BYTES:
        return 2 * lines * openings
    brackets = _STRING.sub(b"", data).translate(None, _NOT_BRACKETS)
    depth = max(accumulate((_STEP[byte] for byte in brackets), initial=0))
    return 2 * lines * depth


def lexed(line: str) -> list[Part]:
    """Return one line of JSON as parts with the style names `json-key`, `json-string` and so on."""
    # Late, as pygments is not needed before the first detail is drawn.
    from pygments.lexers.data import JsonLexer
    from pygments.token import Error, Keyword, Name, Number, Punctuation, String

    styles = (
        (Name.Tag, "json-key"),
        (String, "json-string"),
        (Number, "json-number"),
        (Keyword, "json-literal"),
        (Punctuation, "json-punctuation"),
        (Error, "severity-problem"),
    )
    head, rest = line[:LEX_LIMIT], line[LEX_LIMIT:]
    parts: list[Part] = []
    tokens = JsonLexer().get_tokens_unprocessed(head)  # type: ignore[no-untyped-call]  # its stub names no types
    for _, token, text in tokens:
        style = next((style for kind, style in styles if token in kind), "")
        parts.append((text, style))
    if rest:
        text, style = parts.pop()
        parts.append((text + rest, "json-string" if style == "severity-problem" else style))
    return parts
