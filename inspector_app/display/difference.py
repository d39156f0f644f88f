"""What differs between two messages, as lines: beside each other where there is room, else below each other.

Owns the glyphs and the layout. Colour is never the only sign of what a change is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from inspector_app.display.cells import CellLine, fit
from inspector_app.display.inert import inert
from inspector_app.display.json_layout import lay_out
from inspector_app.display.json_tree import path_text
from inspector_app.display.lines import TextLines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inspector_app.display.lines import Part

WIDE: Final = 100
"""Cells from which both sides stand beside each other."""

_ROWS_LIMIT: Final = 12
"""Rows of one side of one change; the rest is said to be left out."""

_NAME_SHOWN: Final = 200
_GLYPHS: Final = {"added": "+", "removed": "-", "changed": "~", "moved": "»"}
_STYLES: Final = {"added": "success", "removed": "error", "changed": "warning", "moved": "accent"}
_OLD: Final = "- ", "error"
_NEW: Final = "+ ", "success"


class Change(Protocol):
    """What is needed of `comparing.changes.Change`."""

    @property
    def kind(self) -> str:
        """`added`, `removed`, `changed` or `moved`."""

    @property
    def path(self) -> tuple[str | int, ...]:
        """Where it is."""

    @property
    def moved_to(self) -> tuple[str | int, ...]:
        """Where it is now."""

    @property
    def old(self) -> str | None:
        """What was there."""

    @property
    def new(self) -> str | None:
        """What is there now."""


def summary(changes: Sequence[Change], more: int) -> list[Part]:
    """Tell how many changes of each kind there are."""
    if not changes:
        return [("No difference", "emphasis bold")]
    parts: list[Part] = []
    for kind, glyph in _GLYPHS.items():
        count = sum(1 for each in changes if each.kind == kind)
        if count:
            parts.append((f"{glyph} {count} {kind}  ", f"{_STYLES[kind]} bold"))
    return [*parts, (f"and {more} more", "muted")] if more else parts


def difference_lines(changes: Sequence[Change], width: int, root: tuple[str, ...] = ()) -> TextLines:
    """Lay out changes in `width` cells."""
    lines: list[list[Part]] = []
    for change in changes:
        where = path_text((*root, *change.path), _NAME_SHOWN) or "(all of it)"
        head: list[Part] = [(f"{_GLYPHS[change.kind]} ", f"{_STYLES[change.kind]} bold"), (where, "emphasis")]
        if change.moved_to:
            head += [(" is now ", "muted"), (path_text((*root, *change.moved_to), _NAME_SHOWN), "emphasis")]
        lines.append(head)
        sides = _beside if width >= WIDE else _below
        lines += sides(change, width)
        lines.append([])
    return TextLines(lines)


def _beside(change: Change, width: int) -> list[list[Part]]:
    half = (width - 3) // 2
    old, new = _rows(change.old, half - 2), _rows(change.new, half - 2)
    lines: list[list[Part]] = []
    for place in range(max(len(old), len(new))):
        left = old[place] if place < len(old) else ""
        right = new[place] if place < len(new) else ""
        lines.append(
            [
                (_OLD[0] if left else "  ", _OLD[1]),
                (fit(left, half - 2), ""),
                (" │ ", "muted"),
                (_NEW[0] if right else "  ", _NEW[1]),
                (right, ""),
            ]
        )
    return lines


def _below(change: Change, width: int) -> list[list[Part]]:
    sides = ((_OLD, change.old), (_NEW, change.new))
    return [[sign, (row, "")] for sign, text in sides for row in _rows(text, width - 2)]


def _rows(text: str | None, width: int) -> list[str]:
    """Fold a side to `width` cells, laid out if it is JSON."""
    if text is None:
        return []
    layout = lay_out(text)
    shown = text if layout.reason else layout.text.decode("utf-8", "surrogatepass")
    rows: list[str] = []
    for line in shown.split("\n"):
        cells = CellLine(inert(line))
        index = 0
        while (ends := cells.row(index, max(2, width))) is not None:
            if len(rows) == _ROWS_LIMIT:
                return [*rows, "…"]
            rows.append(cells.text[ends[0] : ends[1]])
            index += 1
    return rows
