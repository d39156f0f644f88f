"""The value at a path into a frame's payload, for a column of the frame list.

Owns how a path is followed and what a huge or broken frame gives. Values are as they were written: a number
loses no digit. Only frames that are looked at are read, and what was read is kept for the last of them.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import msgspec

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.records import FrameRow
from inspector_app.payload_path import steps_of
from inspector_app.viewer.cells import EMPTY, Cell

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader

MOST_BYTES = 64 * 1024
"""Longest frame that is looked into: a screen full of them is still drawn in time."""

_KEPT = 4096
_SHOWN = 400
_TOO_LONG: Cell = ("(too long)", "muted")

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])
_text = msgspec.json.Decoder(str)


def value_at(raw: str | bytes, path: str) -> Cell:
    """Give the value at `path`, such as `data.user.id` or `data.items[0]`: text without its quotation marks.

    Empty when there is none, or the frame is no JSON.
    """
    try:
        found: msgspec.Raw | bytes = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
        for step in steps_of(path):
            found = _step(found, step)
        return _cell(bytes(found).strip())
    except (msgspec.DecodeError, KeyError, IndexError, ValueError, RecursionError):
        return EMPTY


def _step(value: msgspec.Raw | bytes, step: str | int) -> msgspec.Raw:
    return _array.decode(value)[step] if isinstance(step, int) else _object.decode(value)[step]


def _cell(value: bytes) -> Cell:
    if value.startswith(b'"'):
        return _text.decode(value)[:_SHOWN], "json-string"
    if value[:1] in (b"{", b"["):
        return value[:_SHOWN].decode("utf-8", "replace"), "json-punctuation"
    style = "json-literal" if value[:1] in (b"t", b"f", b"n") else "json-number"
    return value[:_SHOWN].decode("utf-8", "replace"), style


class PathValues:
    """Values at paths, kept for the frames that were drawn last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, str], Cell] = OrderedDict()

    def forget(self) -> None:
        """Keep nothing: another capture is looked at."""
        self._kept.clear()

    def cell(self, reader: CaptureReader, frame: FrameRow, path: str) -> Cell:
        """Give the cell of a frame at a path."""
        if frame.size_bytes > MOST_BYTES:
            return _TOO_LONG
        key = frame.seq, path
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        try:
            cell = value_at(reader.raw(frame.seq), path)
        except CaptureError:
            return EMPTY
        self._kept[key] = cell
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return cell
