"""Text measured in terminal cells: fitting, slicing and folding of inert text, fast on very long lines.

Takes text that went through `inert`, so the width of a string is the sum over its characters. It knows no
styles and no widgets.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from rich.cells import cell_len, get_character_cell_size

BLOCK = 4096
"""Characters measured at a time, so a far place in a line is found without measuring all before it twice."""


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return inert `text` padded or cropped to exactly `width` cells; what is cropped ends in `…`."""
    if width <= 0:
        return ""
    measured = len(text) if text.isascii() else cell_len(text)
    if measured > width:
        shown = text[: _end(text, 0, width - 1)]
        gap = " " * (width - 1 - (len(shown) if shown.isascii() else cell_len(shown)))
        return f"{shown}{gap}…"
    padding = " " * (width - measured)
    return padding + text if right else text + padding


def _end(text: str, start: int, width: int) -> int:
    """Return the index behind the longest run from `start` that takes at most `width` cells."""
    end = min(start + width, len(text))
    cells = cell_len(text[start:end])
    if end == len(text):
        if cells <= width:
            return end
    elif cells == width and get_character_cell_size(text[end]):
        return end
    end, cells = start, 0
    while end < len(text):
        cells += get_character_cell_size(text[end])
        if cells > width:
            break
        end += 1
    return end


def _all_narrow(text: str) -> bool:
    return all(get_character_cell_size(character) == 1 for character in text)


class CellLine:
    """One line of inert text that can be sliced and folded by cells, however long it is.

    All positions it takes and gives, save `cells`, are indices into `text`.
    """

    __slots__ = ("_block_cells", "_rows", "_rows_width", "narrow", "text", "words")

    def __init__(self, text: str, *, words: bool = False) -> None:
        self.text = text
        self.words = words
        """Whether it is folded between words; a word that is wider than a row is folded anywhere."""
        self.narrow = text.isascii() or (len(text) <= BLOCK and _all_narrow(text))
        """Whether each character takes one cell."""
        self._block_cells: list[int] | None = None
        self._rows = [0]
        self._rows_width = 0

    @property
    def cells(self) -> int:
        """Width of the whole line."""
        return len(self.text) if self.narrow else self._blocks()[-1]

    def _blocks(self) -> list[int]:
        if self._block_cells is None:
            lengths = (cell_len(self.text[at : at + BLOCK]) for at in range(0, len(self.text), BLOCK))
            self._block_cells = list(accumulate(lengths, initial=0))
        return self._block_cells

    def slice(self, first_cell: int, width: int) -> tuple[int, int, int]:
        """Find what is seen in `width` cells from `first_cell` on: start, end and the blank cells before it.

        A wide character cut by the left edge is left out, and one blank cell stands for its right half.
        """
        if self.narrow:
            return min(first_cell, len(self.text)), min(first_cell + width, len(self.text)), 0
        blocks = self._blocks()
        block = min(max(bisect_right(blocks, first_cell) - 1, 0), len(blocks) - 1)
        at, cell = block * BLOCK, blocks[block]
        while at < len(self.text) and cell < first_cell:
            cell += get_character_cell_size(self.text[at])
            at += 1
        # Marks that combine with a character left of the edge go with it.
        while 0 < at < len(self.text) and first_cell and not get_character_cell_size(self.text[at]):
            at += 1
        blank = cell - first_cell if at < len(self.text) else 0
        return at, _end(self.text, at, width - blank), blank

    # -- folding ------------------------------------------------------------------------------------------

    def row(self, index: int, width: int) -> tuple[int, int] | None:
        """Return start and end of row `index` of the line folded at `width` cells, at least 2.

        None is behind the last row. Rows are found in order and kept, so only what was looked at costs.
        """
        if self.narrow and not self.words:
            start = index * width
            if index and start >= len(self.text):
                return None
            return start, min(start + width, len(self.text))
        self._fold(index, width)
        if index >= len(self._rows) - 1:
            return None if index else (0, 0)
        start, end = self._rows[index], self._rows[index + 1]
        # The space that a row is folded at is not drawn: there may be no room for it.
        return start, end - (self.words and end < len(self.text) and self.text[end - 1] == " ")

    def row_count(self, width: int) -> int:
        """Return how many rows the line takes when folded at `width` cells; an empty line takes one."""
        if self.narrow and not self.words:
            return max(1, -(-len(self.text) // width))
        self._fold(len(self.text), width)
        return max(1, len(self._rows) - 1)

    def _fold(self, index: int, width: int) -> None:
        if self._rows_width != width:
            self._rows, self._rows_width = [0], width
        rows = self._rows
        while len(rows) <= index + 1 and rows[-1] < len(self.text):
            end = max(_end(self.text, rows[-1], width), rows[-1] + 1)
            if self.words and end < len(self.text):
                space = self.text.rfind(" ", rows[-1], end + 1)
                # Blanks that a line begins with are no place to fold it.
                end = space + 1 if self.text[rows[-1] : space + 1].strip() else end
            rows.append(end)
