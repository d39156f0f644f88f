"""Text that is edited line by line, also when it is a megabyte: what a text area is made to stand on.

Owns how a text is cut into lines, which is at line feeds alone, and which line stands where on the screen
when none is folded. Nothing here looks at all lines for the sake of one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar, overload

from textual.document._document import Document, EditResult, Location
from textual.document._wrapped_document import WrappedDocument
from textual.expand_tabs import get_tab_widths

MOST_FOLDED_LINES: Final = 2_000
"""Up to so many lines are folded at the width; of more, none is."""
MOST_FOLDED: Final = 256 * 1024
"""As many characters as all these lines may have together for that."""

Item = TypeVar("Item")


class LineDocument(Document):
    """Lines of a text that are put together again to what they were.

    Textual's own cuts at whatever Unicode calls the end of a line, also within a JSON string, and puts line
    feeds there.
    """

    def __init__(self, text: str) -> None:
        super().__init__("")
        self._newline = "\r\n" if "\r\n" in text and "\n" not in text.replace("\r\n", "") else "\n"
        self._lines = text.split(self._newline)

    def replace_range(self, start: Location, end: Location, text: str) -> EditResult:
        """Put a text in the place of what is between two locations."""
        (top, left), (bottom, right) = top_place, bottom_place = sorted((start, end))
        replaced = self.get_text_range(top_place, bottom_place)
        before = self._lines[top][:left] if top < len(self._lines) else ""
        after = self._lines[bottom][right:] if bottom < len(self._lines) else ""
        put = text.replace("\r\n", "\n").split("\n")
        put[0] = before + put[0]
        ended = top + len(put) - 1, len(put[-1])
        put[-1] += after
        self._lines[top : bottom + 1] = put
        return EditResult(ended, replaced)

    @property
    def is_long(self) -> bool:
        """Whether it has more lines, or in them more characters, than are folded."""
        lines = self._lines
        return len(lines) > MOST_FOLDED_LINES or sum(map(len, lines)) > MOST_FOLDED


class _PerLine(Sequence[Item]):
    """What is known of each line, found out when it is asked for."""

    def __init__(self, document: Document, of_line: Callable[[int], Item]) -> None:
        self._document = document
        self._of_line = of_line

    def __len__(self) -> int:
        return self._document.line_count

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | Sequence[Item]:
        if isinstance(index, slice):
            return [self._of_line(each) for each in range(*index.indices(len(self)))]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(index)
        return self._of_line(place)


class UnfoldedLines(WrappedDocument):
    """Where lines stand of which none is folded: line *i* in row *i*. Takes no time, whatever is edited."""

    def __init__(self, document: Document, tab_width: int = 4) -> None:
        super().__init__(LineDocument(""), 0, tab_width)
        self.document = document

        def tabs(index: int) -> list[int]:
            return [width for _, width in get_tab_widths(document.get_line(index), self._tab_width)]

        # Its base keeps lists of these, one entry a line.
        for name, of_line in {
            "_wrap_offsets": lambda _: [],
            "_tab_width_cache": tabs,
            "_offset_to_line_info": lambda index: (index, 0),
            "_line_index_to_offsets": lambda index: [index],
        }.items():
            setattr(self, name, _PerLine(document, of_line))

    @property
    def height(self) -> int:
        """How many rows there are."""
        return self.document.line_count

    def wrap(self, width: int, tab_width: int | None = None) -> None:  # as its base has it
        """Fold nothing."""

    def wrap_range(self, start: Location, old_end: Location, new_end: Location) -> None:
        """Fold nothing."""


class FoldedLines(WrappedDocument):
    """Where lines stand that are folded at the width; how many rows that makes is not counted anew."""

    @property
    def height(self) -> int:
        """How many rows there are."""
        return len(self._offset_to_line_info)
