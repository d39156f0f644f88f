"""RowList: the list that every table of the inspector is drawn with, at a cost that ignores how long it is.

Owns a cursor, the place it is scrolled to and the follow mode; rows it fetches from a `RowSource`, only those
on screen, and keeps none but what is drawn. It draws its own header and scrollbar. It must not know what the
rows mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from inspector_app.display.painting import Painted
from inspector_app.display.row_painter import RowPainter
from inspector_app.display.table import Cell, Column, NoRows, Row, RowSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events

__all__ = ["Cell", "Column", "RowList", "RowSource"]

WHEEL_ROWS = 3


class RowList(Painted, can_focus=True):
    """A virtual list with a cursor.

    With `follow` on, the cursor stays on the last row as rows arrive, or on the first row of a list that
    has what matters most on top. Moving away, wheel or scrollbar switch it off, and from then on nothing
    moves what is on screen; `behind` says how many rows came since.
    """

    DEFAULT_CSS = """
    RowList { width: 1fr; height: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "first", "First", show=False),
        Binding("end,G", "last", "Last", show=False),
        Binding("enter", "choose", "Choose", show=False),
        Binding("left", "cell(-1)", "Cell before", show=False),
        Binding("right", "cell(1)", "Next cell", show=False),
    ]

    class Highlighted(Message):
        """The cursor came to rest on another row; `index` is None when the list has become empty."""

        def __init__(self, row_list: RowList, index: int | None) -> None:
            super().__init__()
            self.row_list = row_list
            self.index = index

        @property
        def control(self) -> RowList:
            """The list that sent it."""
            return self.row_list

    class Chosen(Message):
        """Enter or a double click on a row."""

        def __init__(self, row_list: RowList, index: int) -> None:
            super().__init__()
            self.row_list = row_list
            self.index = index

        @property
        def control(self) -> RowList:
            """The list that sent it."""
            return self.row_list

    class FollowChanged(Message):
        """Follow went on or off, whoever caused it."""

        def __init__(self, row_list: RowList, *, follow: bool) -> None:
            super().__init__()
            self.row_list = row_list
            self.follow = follow

        @property
        def control(self) -> RowList:
            """The list that sent it."""
            return self.row_list

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        hint: str = "",
        tails: bool = False,
        heads: bool = False,
        header: bool = True,
        cells: bool = False,
        id: str | None = None,  # noqa: A002  # the name every widget uses
        classes: str | None = None,
    ) -> None:
        """Make a list; `hint` is shown if it is empty.

        It can follow if rows arrive at its end (`tails`), or if what matters most is on top (`heads`). With
        `cells`, left and right choose one cell of the row under the cursor.
        """
        super().__init__(id=id, classes=classes)
        self._columns = tuple(columns)
        self._hint = hint
        self._tails = tails
        self._heads = heads
        self._header = header
        self._cells = cells
        self._cell: int | None = None
        self._source: RowSource = NoRows()
        self._count = 0
        self._cursor: int | None = None
        self._first = 0
        self._follow = tails or heads
        self._seen = 0
        self._drawn_first = 0
        self._drawn: tuple[Row, ...] = ()
        self._dragging = False
        self._width = 0
        self._body_height = 0
        self._painter = RowPainter()

    # -- what a screen uses -------------------------------------------------------------------------------

    @property
    def cursor(self) -> int | None:
        """Index of the row under the cursor; None in an empty list."""
        return self._cursor

    @property
    def cell(self) -> int | None:
        """Index of the column whose cell is chosen in the row under the cursor; None: the row as a whole."""
        return self._cell

    @property
    def cell_width(self) -> int:
        """How wide the chosen column is drawn."""
        return self._painter.grid.width_of(self._cell) if self._cell is not None else 0

    def choose_cell(self, cell: int | None) -> None:
        """Choose the cell of a column, or none; a column that is not shown gives way to its neighbour."""
        indices = self._painter.grid.indices
        if cell is not None and cell not in indices:
            wanted = cell
            cell = min(indices, key=lambda index: abs(index - wanted), default=None)
        if cell != self._cell:
            self._cell = cell
            self.forget_strips()
            self.refresh()

    @property
    def row_count(self) -> int:
        """Rows the list knows of, as of the last refresh."""
        return self._count

    @property
    def top(self) -> int:
        """Index of the first row on screen."""
        return self._first

    @property
    def page(self) -> int:
        """How many rows there is room for."""
        return self._body_height

    @property
    def follow(self) -> bool:
        """Whether the cursor stays on the last row, or the first of a list that heads. May be set.

        A list that does neither ignores it.
        """
        return self._follow

    @follow.setter
    def follow(self, follow: bool) -> None:
        follow = follow and (self._tails or self._heads)
        if follow:
            self._place(self._end)
        self._set_follow(follow)

    @property
    def behind(self) -> int:
        """Rows that arrived since follow stopped."""
        return 0 if self._follow or not self._tails else max(0, self._count - self._seen)

    @property
    def hint(self) -> str:
        """What an empty list says; more lines with newlines. May be set."""
        return self._hint

    @hint.setter
    def hint(self, hint: str) -> None:
        if hint != self._hint:
            self._hint = hint
            if not self._count:
                self.refresh()

    def set_source(self, source: RowSource, *, cursor: int | None = None) -> None:
        """Show the rows of another source, with the cursor on row `cursor`.

        Without one it starts on the last row of a list that tails, which then follows, else on the first.
        """
        self._source = source
        self._count = source.count
        self._seen = self._count
        self._first = 0
        self._set_follow((self._tails or self._heads) and cursor is None)
        start = cursor if cursor is not None else self._end
        self._cursor = min(max(start, 0), self._count - 1) if self._count else None
        self._show(self._cursor)
        self._fetch()
        self.refresh()
        self.post_message(self.Highlighted(self, self._cursor))

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Change the columns; the source must give as many cells from now on."""
        self._columns = tuple(columns)
        if self._cell is not None:
            self._cell = min(self._cell, len(self._columns) - 1)
        self.forget_strips()
        self._fetch()
        self.refresh()

    def refresh_rows(self, *, cursor: int | None = None) -> None:
        """Take over what changed in the source, repainting only if that shows.

        `cursor`: where the row under the cursor has moved to, in a list whose order changes; it stays
        where it is on screen. A list that follows goes to its last row, or to its first if it heads.
        """
        count = self._source.count
        grown = count != self._count
        self._count = count
        old_cursor, old_first = self._cursor, self._first
        if not count:
            self._cursor = None
        elif self._follow:
            self._cursor = self._end
        elif cursor is not None:
            moved = min(max(cursor, 0), count - 1)
            if self._cursor is not None:
                self._first += moved - self._cursor
                old_cursor = moved
            else:  # it was empty: there is no place on screen to keep
                self._first = max(0, moved - self._body_height // 2)
            self._cursor = moved
        else:
            self._cursor = min(self._cursor or 0, count - 1)
        self._seen = min(self._seen, count)
        self._first = min(max(self._first, 0), self._last_first)
        if self._follow:
            self._show(self._cursor)
        drawn = self._drawn
        self._fetch()
        if self._drawn != drawn or old_first != self._first or old_cursor != self._cursor:
            self.refresh()
        elif grown:
            self.refresh(Region(self.size.width - 1, 0, 1, self.size.height))
        if self._cursor != old_cursor:
            self.post_message(self.Highlighted(self, self._cursor))

    def move_to(self, index: int) -> None:
        """Put the cursor on row `index`, or the nearest there is, and show it.

        Follow goes off unless that is the row it stays on.
        """
        if self._count:
            index = min(max(index, 0), self._count - 1)
            if index != self._end:
                self._set_follow(False)
            self._place(index)

    # -- where things are ---------------------------------------------------------------------------------

    @property
    def _end(self) -> int:
        """The row that follow stays on."""
        return self._count - 1 if self._tails else 0

    @property
    def _last_first(self) -> int:
        return max(0, self._count - self._body_height)

    def _show(self, index: int | None) -> None:
        """Scroll as little as needed to have row `index` on screen."""
        if index is not None and self._body_height:
            self._first = min(max(self._first, index - self._body_height + 1), index)
        self._first = min(max(self._first, 0), self._last_first)

    def _place(self, index: int) -> None:
        if not self._count:
            return
        old_cursor, old_first = self._cursor, self._first
        self._cursor = index
        self._show(index)
        if self._first != old_first:
            self._fetch()
            self.refresh()
        elif index != old_cursor:
            for row in (old_cursor, index):
                if row is not None and 0 <= row - self._first < self._body_height:
                    self.refresh(Region(0, row - self._first + self._header, self.size.width, 1))
        if index != old_cursor:
            self.post_message(self.Highlighted(self, index))

    def _set_follow(self, follow: bool) -> None:
        if follow != self._follow:
            self._follow = follow
            self._seen = self._count
            self.refresh(Region(self.size.width - 1, 0, 1, self.size.height))
            self.post_message(self.FollowChanged(self, follow=follow))

    def _scroll(self, first: int) -> None:
        first = min(max(first, 0), self._last_first)
        if first != self._first:
            self._set_follow(False)
            self._first = first
            self._fetch()
            self.refresh()

    def _fetch(self) -> None:
        wanted = min(self._body_height, self._count - self._first)
        rows = self._source.rows(self._first, wanted) if wanted > 0 else ()
        self._drawn_first = self._first
        self._drawn = tuple(tuple(row) for row in rows)

    def on_resize(self) -> None:
        """Keep the cursor on screen, and the end in view while following."""
        self._take_size()
        self.refresh()

    def _take_size(self) -> None:
        """Follow a change of size; kept, as asking a widget for it is too slow to do for each row."""
        width, height = self.size
        body_height = max(0, height - self._header)
        if (width, body_height) != (self._width, self._body_height):
            self._width, self._body_height = width, body_height
            self.forget_strips()
            self._show(self._cursor)
            self._fetch()

    def on_focus(self) -> None:
        """Show the cursor as active."""
        self.refresh()

    def on_blur(self) -> None:
        """Show the cursor as resting."""
        self.refresh()

    # -- keys and mouse -----------------------------------------------------------------------------------

    def action_move(self, rows: int) -> None:
        """Move the cursor by some rows."""
        if self._cursor is not None:
            self.move_to(self._cursor + rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by some screens, keeping one row of the old one."""
        self.action_move(pages * max(1, self._body_height - 1))

    def action_first(self) -> None:
        """Go to the first row, and stay there if the list heads."""
        self.move_to(0)
        self.follow = self._follow or self._heads

    def action_last(self) -> None:
        """Go to the last row, and follow from there if the list tails."""
        self.move_to(self._count - 1)
        self.follow = self._follow or self._tails

    def action_cell(self, step: int) -> None:
        """Choose the cell beside the chosen one; left of the first is the row as a whole."""
        indices = self._painter.grid.indices
        if not self._cells or not indices:
            return
        place = indices.index(self._cell) + step if self._cell in indices else (0 if step > 0 else -1)
        self.choose_cell(indices[min(place, len(indices) - 1)] if place >= 0 else None)

    def action_choose(self) -> None:
        """Choose the row under the cursor."""
        if self._cursor is not None:
            self.post_message(self.Chosen(self, self._cursor))

    def _row_at(self, y: int) -> int | None:
        row = self._first + y - self._header
        return row if y >= self._header and row < self._count else None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Put the cursor on the row pressed, or take hold of the scrollbar."""
        if event.button != 1:
            return
        if event.x == self.size.width - 1 and self._last_first and event.y >= self._header:
            self._dragging = True
            self.capture_mouse()
            self._drag_to(event.y)
        elif (row := self._row_at(event.y)) is not None:
            if self._heads:  # a row that is pointed at is meant, not the place it is in
                self._set_follow(False)
            self.move_to(row)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the scrollbar."""
        if self._dragging:
            self._drag_to(event.y)

    def on_mouse_up(self) -> None:
        """Let go of the scrollbar."""
        if self._dragging:
            self._dragging = False
            self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        """Choose on a double click."""
        if event.chain == 2 and event.x < self.size.width - 1 and self._row_at(event.y) is not None:
            self.action_choose()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll without moving the cursor."""
        event.stop()
        self._scroll(self._first + WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll without moving the cursor."""
        event.stop()
        self._scroll(self._first - WHEEL_ROWS)

    def _drag_to(self, y: int) -> None:
        travel = max(1, self._body_height - 1)
        self._scroll(round(min(max(y - self._header, 0), travel) / travel * self._last_first))

    # -- drawing ------------------------------------------------------------------------------------------

    def forget_strips(self) -> None:
        """Drop what was kept for the colours, the columns or the width of before."""
        self._painter.fit(self._columns, self._width, self._cell)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the strips in `crop`, for the size that the list has by now."""
        self._take_size()
        return super().render_lines(crop)

    def paint(self, y: int, width: int) -> Strip:
        """Return line `y`: the header, a row, or the hint of an empty list."""
        if width < 2:
            return self.blank(width)
        if self._header and y == 0:
            return self._painter.header(self.palette)
        y -= self._header
        if not self._count:
            return self._painter.hint(self._hint, y, self._body_height, self.palette)
        index = self._first + y
        bar = self._bar_segment(y)
        place = index - self._drawn_first
        if not 0 <= place < len(self._drawn):
            return Strip([*self.blank(width - 1), bar], width)
        look = "background"
        if index == self._cursor:
            look = "row-cursor" if self.has_focus else "row-cursor-resting"
        chosen = self._cell if index == self._cursor else None
        return self._painter.row(self._drawn[place], look, bar, chosen, self.palette)

    def _bar_segment(self, y: int) -> Segment:
        """Return the scrollbar's cell in body line `y`."""
        height = self._body_height
        if not self._last_first or height < 2:
            return Segment(" ", self.palette.style(""))
        length = max(1, height * height // self._count)
        top = round(self._first / self._last_first * (height - length))
        if top <= y < top + length:
            return Segment("┃", self.palette.style("bar-thumb"))
        return Segment("│", self.palette.style("bar-track"))
