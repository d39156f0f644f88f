"""One line that tells what a frame carries.

This module owns how data is cut down to a line of a list. The work is bounded by the line, never by the data:
a megabyte costs no more than a screenful. Control characters inside strings come out as JSON escapes; other
characters are left as they are, and what draws them makes them inert.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring as _quoted

LIMIT = 200
"""Characters of a summary, the mark of a cut included."""

LONGEST_WITHOUT = 512
"""Characters, or bytes, of a message up to which its summary is not kept but made when it is looked at.

That of an `error` is always kept: what it says follows rules that are the protocol library's.
"""

NAME_LENGTH = 256
"""Characters of an operation or a peer ID that a row keeps; the frame's own text keeps all."""

CUT = "…"
"""Ends a summary that does not show everything."""

_OPENING = frozenset({"request", "stream_request", "stream_stream_request", "fire_and_forget"})

_LONGEST_NUMBER_BITS = 256
_BITS_PER_DIGIT = 3.33
_LONGEST_CHARACTER_BYTES = 4


def summary_of(message: str | bytes, kind: str | None, limit: int = LIMIT) -> str:
    """Tell on one line what a message carries: a frame of a type, or with None what is none."""
    if kind is not None:
        try:
            fields = json.loads(message.decode() if isinstance(message, bytes) else message)
        except (ValueError, RecursionError):
            fields = None  # only a file that nobody recorded holds that
        if isinstance(fields, dict):
            return data_summary(kind, fields.get("data"), limit)
    return message_summary(message, limit)


def data_summary(kind: str, data: object, limit: int = LIMIT) -> str:
    """Tell what a frame of a type carries, without what the list shows in other columns.

    The operation of an opening frame is left out; an end without data is empty.
    """
    if kind == "stream_end" and data is None:
        return ""
    if kind in _OPENING and isinstance(data, dict) and isinstance(data.get("operation"), str):
        line = _Line(limit)
        line.write_object(data, without="operation")
        return line.text() if len(data) > 1 else ""
    return summary(data, limit)


def summary(data: object, limit: int = LIMIT) -> str:
    """Write JSON data on one line of at most `limit` characters, like `{a: 1, list: ["x", null]}`.

    Keys that need no quotes have none. Takes anything; what is no JSON value shows as the name of its type.
    """
    line = _Line(limit)
    line.write(data)
    return line.text()


def message_summary(message: str | bytes, limit: int = LIMIT) -> str:
    """Give the beginning of a message that is no frame, as it was on the wire."""
    if isinstance(message, bytes):
        start = message[: limit * _LONGEST_CHARACTER_BYTES].decode("utf-8", "backslashreplace")
        return (
            cut(start, limit) if len(message) <= limit * _LONGEST_CHARACTER_BYTES else _cut_off(start, limit)
        )
    return cut(message, limit)


def cut(text: str, limit: int = LIMIT) -> str:
    """Shorten text to `limit` characters; lone surrogates come out as escapes (a backslash, `ud800`)."""
    if len(text) > limit:
        return _cut_off(text, limit)
    if text.isascii():
        return text
    escaped = _without_surrogates(text)
    return escaped if len(escaped) <= limit else _cut_off(escaped, limit)


def _cut_off(text: str, limit: int) -> str:
    return _without_surrogates(text[:limit])[: limit - len(CUT)] + CUT


def _without_surrogates(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


class _Line:
    """Text that grows until it is over the limit. Each value adds a character or more, so that bounds all."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._room = limit + 1
        self._parts: list[str] = []

    def text(self) -> str:
        return cut("".join(self._parts), self._limit)

    def write(self, value: object) -> None:
        if isinstance(value, str):
            self._add(self._string(value))
        elif isinstance(value, dict):
            self.write_object(value)
        elif isinstance(value, list | tuple):
            self._write_array(value)
        else:
            self._add(_scalar(value))

    def write_object(self, value: dict[object, object], without: str | None = None) -> None:
        self._add("{")
        separator = ""
        for key, item in value.items():
            if key == without:
                continue
            if self._room <= 0:
                return
            self._add(f"{separator}{self._key(key)}: ")
            separator = ", "
            self.write(item)
        self._add("}")

    def _write_array(self, value: list[object] | tuple[object, ...]) -> None:
        self._add("[")
        separator = ""
        for item in value:
            if self._room <= 0:
                return
            self._add(separator)
            separator = ", "
            self.write(item)
        self._add("]")

    def _key(self, key: object) -> str:
        text = key if isinstance(key, str) else str(key)
        if len(text) <= self._room and text.isidentifier():
            return text
        return self._string(text)

    def _string(self, value: str) -> str:
        # The room holds one character more than the line, so that a cut is seen to be one.
        return _quoted(value if len(value) <= self._room else value[: max(0, self._room)])

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self._room -= len(text)


def _scalar(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if value.bit_length() > _LONGEST_NUMBER_BITS:
            # Writing out a long integer takes time that grows with the square of its length.
            return f"<integer of about {round(value.bit_length() / _BITS_PER_DIGIT)} digits>"
        return str(value)
    if isinstance(value, float):
        return repr(value)
    return f"<{type(value).__name__}>"
