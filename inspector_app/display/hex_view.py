"""Bytes as rows of an offset, their values and their characters.

Owns the layout of such a row. A row is made when it is looked at, so size costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inspector_app.display.lines import Part

WIDTHS: Final = (32, 16, 8, 4)
"""How many bytes a row may show."""

_DOTS: Final = bytes(byte if 0x20 <= byte < 0x7F else ord(".") for byte in range(256))
_GAP: Final = 2
_DIGITS: Final = 3


class HexLines:
    """Rows of as many bytes as `width` cells have room for; `data` may be the beginning of `size_bytes`."""

    def __init__(self, data: bytes, width: int, size_bytes: int = 0) -> None:
        self.data = data
        self._offset_digits = max(4, len(f"{max(1, len(data), size_bytes) - 1:x}"))
        self.per_row = next((count for count in WIDTHS if self._cells(count) <= width), WIDTHS[-1])

    def _cells(self, per_row: int) -> int:
        return self._offset_digits + _GAP + per_row * _DIGITS + _GAP - 1 + per_row

    @property
    def count(self) -> int:
        """How many rows there are."""
        return -(-len(self.data) // self.per_row)

    def line(self, index: int) -> Sequence[Part]:
        """Return row `index`."""
        start, end = self.span(index)
        row = self.data[start:end]
        values = row.hex(" ").ljust(self.per_row * _DIGITS - 1)
        return [
            (f"{start:0{self._offset_digits}x}" + " " * _GAP, "muted"),
            (values + " " * _GAP, ""),
            (row.translate(_DOTS).decode("ascii"), "json-string"),
        ]

    def line_at(self, offset: int) -> int:
        """Return the row of the byte at `offset`."""
        return offset // self.per_row

    def span(self, index: int) -> tuple[int, int]:
        """Return the bytes of row `index`."""
        start = index * self.per_row
        return start, min(start + self.per_row, len(self.data))

    def columns(self, index: int, start: int, end: int) -> Sequence[tuple[int, int]]:
        """Return where those bytes are seen: as values, and as characters."""
        first, last = self.span(index)
        start, end = max(start, first) - first, min(end, last) - first
        values = self._offset_digits + _GAP
        characters = values + self.per_row * _DIGITS - 1 + _GAP
        return [
            (values + start * _DIGITS, values + end * _DIGITS - 1),
            (characters + start, characters + end),
        ]
