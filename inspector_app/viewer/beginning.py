"""The beginning of a message that is not read yet, in each of the ways there are to read it.

Owns what can be told of a message by its first bytes. Nothing is taken from it but what is seen: it is shown
until the message itself is there.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final

from inspector_app.display.document import Document
from inspector_app.display.json_beginning import Beginning, beginning_of, whole_characters
from inspector_app.display.json_layout import Layout, data_of, lay_out
from inspector_app.display.json_tree import JsonTree
from inspector_app.display.json_view import JsonLines
from inspector_app.display.lines import DocumentLines

BEGINNING_BYTES: Final = 32 * 1024
"""Bytes of a message that fill any screen, and are laid out in a few milliseconds."""


class FrameBeginning:
    """The first bytes of a message of `size_bytes`, as it will be laid out."""

    def __init__(self, head: bytes, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.bytes = head

    def lines(self, detail: str) -> DocumentLines | None:
        """Give its first lines, as `FrameText.lines` gives all of them; None when they cannot be told yet."""
        if detail == "raw":
            return DocumentLines(Document(whole_characters(self.bytes)))
        begun = self._frame if detail == "frame" else self._data
        layout = lay_out(begun.text) if begun is not None else None
        if begun is None or layout is None or layout.reason:
            return None
        return JsonLines(Layout(begun.laid_out(layout.text)))

    @cached_property
    def _frame(self) -> Beginning | None:
        return beginning_of(self.bytes)

    @cached_property
    def _data(self) -> Beginning | None:
        data = data_of(self._frame.text) if self._frame is not None else None
        if self._frame is None or data in (None, b"null"):  # it may be told further behind
            return None
        return self._frame.inside(data)

    @cached_property
    def tree(self) -> JsonTree | None:
        """Give the first rows of its data as a tree; None when they cannot be told yet."""
        layout = lay_out(self._data.text) if self._data is not None else None
        if self._data is None or layout is None or layout.reason:
            return None
        return JsonTree(layout.text, ("data",), known=len(self._data.laid_out(layout.text)))
