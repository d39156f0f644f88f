"""DetailView: lines of styled text to read through, at a cost that ignores how many and how long they are.

Owns the place it is scrolled to and whether long lines are folded. Lines come from a `LineSource`, only those
on screen; it must not know what they say.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.strip import Strip

from inspector_app.display.cells import CellLine
from inspector_app.display.inert import inert
from inspector_app.display.lines import LineSource, Prose, TextLines
from inspector_app.display.painting import Painted, strip_of

if TYPE_CHECKING:
    from textual import events

WHEEL_ROWS = 3
SIDEWAYS_CELLS = 8
KEPT_LINES = 1024
COUNTED_LINES = 500
"""Up to so many lines the scrollbar counts the rows of a folded text; beyond, it counts lines."""
COUNTED_CHARACTERS = 100_000
"""As many as all these lines may have together for that."""

Place = tuple[int, int]
"""A line and a row of it; the row is 0 unless lines are folded."""


class _Line:
    """One line, made inert, that can tell the styles of any stretch of it."""

    def __init__(self, parts: list[tuple[str, str]], *, words: bool) -> None:
        self.cells = CellLine("".join(text for text, _ in parts), words=words)
        self._ends = list(accumulate(len(text) for text, _ in parts))
        self._styles = [style for _, style in parts]

    def parts(self, start: int, end: int) -> list[tuple[str, str]]:
        """Return the parts between two indices."""
        parts = []
        index = bisect_right(self._ends, start)
        while start < end and index < len(self._ends):
            stop = min(self._ends[index], end)
            parts.append((self.cells.text[start:stop], self._styles[index]))
            start, index = stop, index + 1
        return parts


class DetailView(Painted, can_focus=True):
    """A scrollable text. With `wrap` on lines are folded at the width, else they are moved sideways."""

    DEFAULT_CSS = """
    DetailView { width: 1fr; height: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_rows(-1)", "Up", show=False),
        Binding("down,j", "scroll_rows(1)", "Down", show=False),
        Binding("pageup", "scroll_pages(-1)", "Page up", show=False),
        Binding("pagedown,space", "scroll_pages(1)", "Page down", show=False),
        Binding("home,g", "scroll_to_start", "Start", show=False),
        Binding("end,G", "scroll_to_end", "End", show=False),
        Binding("left", "scroll_sideways(-1)", "Left", show=False),
        Binding("right", "scroll_sideways(1)", "Right", show=False),
    ]

    def __init__(
        self,
        *,
        hint: str = "",
        wrap: bool = True,
        id: str | None = None,  # noqa: A002  # the name every widget uses
        classes: str | None = None,
    ) -> None:
        """Make a view; `hint` is shown while there is nothing to show."""
        super().__init__(id=id, classes=classes)
        self._hint = hint
        self._wrap = wrap
        self._source: LineSource = TextLines([])
        self._lines: dict[int, _Line] = {}
        self._is_short: bool | None = None
        self._top: Place = (0, 0)
        self._left = 0
        self._places: list[Place] | None = None
        self._bar: range = range(0)
        self._dragging = False

    # -- what a screen uses -------------------------------------------------------------------------------

    def show(self, source: LineSource | None, *, keep_place: bool = False) -> None:
        """Show the lines of `source` from the start, or from where the last one was scrolled to."""
        self._source = source or TextLines([])
        if not keep_place:
            self._top, self._left = (0, 0), 0
        self.refresh_lines()

    def refresh_lines(self) -> None:
        """Take over what changed in the source; the place stays."""
        self._lines.clear()
        self._is_short = None
        self._relayout()

    def reveal(self, index: int, column: int) -> None:
        """Scroll to the character at `column` of line `index`, if it is not on screen."""
        row = 0
        while self._wrap and (ends := self._line(index).cells.row(row, self._text_width)):
            if column < ends[1]:
                break
            row += 1
        row = min(row, self._last_row(index))
        if (index, row) not in self._visible():
            self._go(self._moved((index, row), -(self.size.height // 3)))

    @property
    def wrap(self) -> bool:
        """Whether long lines are folded. May be set."""
        return self._wrap

    @wrap.setter
    def wrap(self, wrap: bool) -> None:
        if wrap != self._wrap:
            self._wrap = wrap
            self._top, self._left = (self._top[0], 0), 0
            self._relayout()

    @property
    def top(self) -> Place:
        """The line, and the row of it, at the top of the screen."""
        return self._clamped(self._top)

    @property
    def hint(self) -> str:
        """What a view without lines says. May be set."""
        return self._hint

    @hint.setter
    def hint(self, hint: str) -> None:
        self._hint = hint
        self.refresh()

    # -- where things are ---------------------------------------------------------------------------------

    @property
    def _text_width(self) -> int:
        """Cells for text: without a margin at the left, the mark of a cut line and the scrollbar."""
        return max(2, self.size.width - 3)

    def _relayout(self) -> None:
        self._places = None
        self.refresh()

    def _line(self, index: int) -> _Line:
        if (line := self._lines.get(index)) is None:
            if len(self._lines) >= KEPT_LINES:
                self._lines.clear()
            given = self._source.line(index)
            parts = [(inert(text), style) for text, style in given]
            line = self._lines[index] = _Line(parts, words=isinstance(given, Prose))
        return line

    def _after(self, place: Place) -> Place | None:
        index, row = place
        if self._wrap and self._line(index).cells.row(row + 1, self._text_width):
            return index, row + 1
        return (index + 1, 0) if index + 1 < self._source.count else None

    def _before(self, place: Place) -> Place | None:
        index, row = place
        if row:
            return index, row - 1
        return (index - 1, self._last_row(index - 1)) if index else None

    def _last_row(self, index: int) -> int:
        return self._line(index).cells.row_count(self._text_width) - 1 if self._wrap else 0

    def _moved(self, place: Place, rows: int) -> Place:
        step = self._after if rows > 0 else self._before
        for _ in range(abs(rows)):
            if (following := step(place)) is None:
                break
            place = following
        return place

    def _clamped(self, place: Place) -> Place:
        """Return `place`, or the nearest one that leaves no empty rows below the last line."""
        count = self._source.count
        if not count or place == (0, 0):
            return 0, 0
        index, row = place
        if index >= count:
            index, row = count - 1, self._last_row(count - 1)
        elif row and row > self._last_row(index):
            row = self._last_row(index)
        if count - index > self.size.height:
            return index, row
        end = (count - 1, self._last_row(count - 1))
        return min((index, row), self._moved(end, 1 - max(1, self.size.height)))

    def _go(self, place: Place) -> None:
        place = self._clamped(place)
        if place != self._top:
            self._top = place
            self._relayout()

    def _visible(self) -> list[Place]:
        """Return the place drawn in each row, from the top."""
        if self._places is None:
            self._top = self._clamped(self._top)
            place: Place | None = self._top if self._source.count else None
            self._places = []
            while place is not None and len(self._places) < self.size.height:
                self._places.append(place)
                place = self._after(place)
            self._bar = self._thumb()
        return self._places

    def _rows_of(self, index: int) -> int:
        """Return about how many rows line `index` takes; exact unless wide characters leave gaps."""
        cells = self._line(index).cells
        if self._wrap and cells.words:
            return cells.row_count(self._text_width)
        return max(1, -(-cells.cells // self._text_width)) if self._wrap else 1

    @property
    def _counts_rows(self) -> bool:
        """Whether the scrollbar goes by rows: in a folded text that is soon counted."""
        if not self._wrap or self._source.count > COUNTED_LINES:
            return False
        if self._is_short is None:
            room = COUNTED_CHARACTERS
            for index in range(self._source.count):
                room -= len(self._line(index).cells.text)
                if room < 0:
                    break
            self._is_short = room >= 0
        return self._is_short

    def _extent(self) -> tuple[int, int]:
        """Return rows before the top and rows in all, or lines where counting rows would be slow."""
        count = self._source.count
        index, row = self._top
        if not self._counts_rows:
            return index, count
        rows = [self._rows_of(line) for line in range(count)]
        return sum(rows[:index]) + row, sum(rows)

    def on_resize(self) -> None:
        """Lay out anew."""
        self._relayout()

    # -- keys and mouse -----------------------------------------------------------------------------------

    def action_scroll_rows(self, rows: int) -> None:
        """Scroll by some rows."""
        if self._source.count:
            self._go(self._moved(self.top, rows))

    def action_scroll_pages(self, pages: int) -> None:
        """Scroll by some screens, keeping one row of the old one."""
        self.action_scroll_rows(pages * max(1, self.size.height - 1))

    def action_scroll_to_start(self) -> None:
        """Go to the beginning of the first line."""
        self._left = 0
        self._top = (0, 0)
        self._relayout()

    def action_scroll_to_end(self) -> None:
        """Go to the last line."""
        if count := self._source.count:
            self._go((count - 1, self._last_row(count - 1)))

    def action_scroll_sideways(self, steps: int) -> None:
        """Move lines that are not folded sideways, no further than the longest on screen."""
        if self._wrap:
            return
        longest = max((self._line(index).cells.cells for index, _ in self._visible()), default=0)
        furthest = max(0, longest - self._text_width)
        left = min(max(0, self._left + steps * SIDEWAYS_CELLS), furthest)
        if left != self._left:
            self._left = left
            self.refresh()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll; sideways with Shift."""
        event.stop()
        if event.shift:
            self.action_scroll_sideways(1)
        else:
            self.action_scroll_rows(WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll; sideways with Shift."""
        event.stop()
        if event.shift:
            self.action_scroll_sideways(-1)
        else:
            self.action_scroll_rows(-WHEEL_ROWS)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the scrollbar."""
        if event.button == 1 and event.x == self.size.width - 1:
            self._dragging = True
            self.capture_mouse()
            self._drag_to(event.y)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the scrollbar."""
        if self._dragging:
            self._drag_to(event.y)

    def on_mouse_up(self) -> None:
        """Let go of the scrollbar."""
        if self._dragging:
            self._dragging = False
            self.release_mouse()

    def _drag_to(self, y: int) -> None:
        travel = max(1, self.size.height - 1)
        _, total = self._extent()
        target = round(min(max(y, 0), travel) / travel * max(0, total - self.size.height))
        if not self._counts_rows:
            self._go((target, 0))
            return
        for index in range(self._source.count):
            if target < (rows := self._rows_of(index)):
                self._go((index, target))
                return
            target -= rows

    def on_focus(self) -> None:
        """Show the scrollbar as active."""
        self.refresh()

    def on_blur(self) -> None:
        """Show the scrollbar as resting."""
        self.refresh()

    # -- drawing ------------------------------------------------------------------------------------------

    def paint(self, y: int, width: int) -> Strip:
        """Return row `y`."""
        if width < 4:
            return self.blank(width)
        if not self._source.count:
            return strip_of([(f"  {self._hint}" if y == 1 else "", "muted")], width, self.palette)
        places = self._visible()
        parts, cut = self._row_parts(places[y]) if y < len(places) else ([], False)
        text = strip_of([(" ", ""), *parts], width - 2, self.palette)
        mark = Segment("…" if cut else " ", self.palette.style("muted"))
        return Strip([*text, mark, self._bar_segment(y)], width)

    def _row_parts(self, place: Place) -> tuple[list[tuple[str, str]], bool]:
        """Return what is seen of a row, and whether the line goes on to the right."""
        index, row = place
        line = self._line(index)
        if self._wrap:
            start, end = line.cells.row(row, self._text_width) or (0, 0)
            return line.parts(start, end), False
        start, end, blank = line.cells.slice(self._left, self._text_width)
        return [(" " * blank, ""), *line.parts(start, end)], end < len(line.cells.text)

    def _thumb(self) -> range:
        """Return the rows that the scrollbar's thumb covers, none when all is on screen."""
        before, total = self._extent()
        height = self.size.height
        if total <= height:
            return range(0)
        length = max(1, height * height // total)
        top = min(round(before / (total - height) * (height - length)), height - length)
        return range(top, top + length)

    def _bar_segment(self, y: int) -> Segment:
        if not self._bar:
            return Segment(" ", self.palette.style(""))
        if y in self._bar:
            return Segment("┃", self.palette.style("row-cursor-edge" if self.has_focus else "bar-thumb"))
        return Segment("│", self.palette.style("bar-track"))
