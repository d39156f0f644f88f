"""TreeView: rows that can be opened and closed, drawn at a cost that ignores how many there are.

Owns a cursor and the place it is scrolled to. What a row says and what opening it brings is its source's; it
must not know what the rows mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from inspector_app.display.painting import Painted, Part, head, segments, strip_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events

WHEEL_ROWS = 3
CURSOR_GLYPH = "▌"


class TreeSource(Protocol):
    """Rows of a tree, only those that are shown."""

    @property
    def count(self) -> int:
        """How many rows there are now."""
        ...

    def parts(self, index: int) -> Sequence[Part]:
        """Return row `index`; the first part is its margin and its glyph."""
        ...

    def open(self, index: int) -> None:
        """Show what row `index` holds."""
        ...

    def close(self, index: int) -> None:
        """Hide what row `index` holds."""
        ...

    def toggle(self, index: int) -> None:
        """Open what is closed, close what is open."""
        ...

    def parent(self, index: int) -> int:
        """Return the row that holds row `index`."""
        ...


class TreeView(Painted, can_focus=True):
    """A tree with a cursor: Right opens, Left closes or goes to what holds the row, Enter does either."""

    DEFAULT_CSS = """
    TreeView { width: 1fr; height: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "go(0)", "First", show=False),
        Binding("end,G", "go(-1)", "Last", show=False),
        Binding("left", "close", "Close", show=False),
        Binding("right", "open", "Open", show=False),
        Binding("enter,space", "turn", "Open or close", show=False),
    ]

    class Moved(Message):
        """The cursor came to rest on another row."""

    def __init__(self, *, hint: str = "", id: str | None = None) -> None:  # noqa: A002  # the name every widget uses
        """Make a view; `hint` is shown while there is nothing to show."""
        super().__init__(id=id)
        self.hint = hint
        self._source: TreeSource | None = None
        self._cursor = 0
        self._first = 0
        self._dragging = False

    # -- what a screen uses -------------------------------------------------------------------------------

    def show(self, source: TreeSource | None, *, keep_place: bool = False) -> None:
        """Show another tree, from its first row on or with the cursor where it was; without one, the hint."""
        self._source = source
        if not keep_place:
            self._cursor = self._first = 0
        self.refresh()

    @property
    def cursor(self) -> int | None:
        """Index of the row under the cursor; None without rows."""
        return self._cursor if self._count else None

    # -- where things are ---------------------------------------------------------------------------------

    @property
    def _count(self) -> int:
        return self._source.count if self._source is not None else 0

    def _go(self, index: int) -> None:
        self._cursor = min(max(index, 0), max(0, self._count - 1))
        self._first = min(max(self._first, self._cursor - self.size.height + 1), self._cursor)
        self._scroll(self._first)
        self.post_message(self.Moved())

    def _scroll(self, first: int) -> None:
        self._first = min(max(first, 0), max(0, self._count - self.size.height))
        self.refresh()

    def on_resize(self) -> None:
        """Keep the cursor on screen."""
        self._go(self._cursor)

    # -- keys and mouse -----------------------------------------------------------------------------------

    def action_move(self, rows: int) -> None:
        """Move the cursor by some rows."""
        self._go(self._cursor + rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by some screens, keeping one row of the old one."""
        self._go(self._cursor + pages * max(1, self.size.height - 1))

    def action_go(self, index: int) -> None:
        """Go to a row; -1 is the last."""
        self._go(index if index >= 0 else self._count - 1)

    def action_open(self) -> None:
        """Open the row under the cursor."""
        if self._source is not None and self._count:
            self._source.open(self._cursor)
            self._go(self._cursor)

    def action_close(self) -> None:
        """Close the row under the cursor; of one that is closed, go to what holds it."""
        if self._source is None or not self._count:
            return
        before = self._count
        self._source.close(self._cursor)
        self._go(self._cursor if self._count != before else self._source.parent(self._cursor))

    def action_turn(self) -> None:
        """Open or close the row under the cursor."""
        if self._source is not None and self._count:
            self._source.toggle(self._cursor)
            self._go(self._cursor)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll without moving the cursor."""
        event.stop()
        self._scroll(self._first + WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll without moving the cursor."""
        event.stop()
        self._scroll(self._first - WHEEL_ROWS)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Put the cursor on the row pressed; on its glyph, open or close it. Or take the scrollbar."""
        if event.button != 1:
            return
        if event.x == self.size.width - 1:
            self._dragging = True
            self.capture_mouse()
            self._drag_to(event.y)
        elif self._source is not None and self._first + event.y < self._count:
            self._go(self._first + event.y)
            if event.x + self._left <= len(self._source.parts(self._cursor)[0][0]):
                self.action_turn()

    def on_click(self, event: events.Click) -> None:
        """Open or close on a double click."""
        if event.chain == 2 and event.x < self.size.width - 1:
            self.action_turn()

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
        self._scroll(round(min(max(y, 0), travel) / travel * max(0, self._count - self.size.height)))

    def on_focus(self) -> None:
        """Show the cursor as active."""
        self.refresh()

    def on_blur(self) -> None:
        """Show the cursor as resting."""
        self.refresh()

    # -- drawing ------------------------------------------------------------------------------------------

    @property
    def _left(self) -> int:
        """Cells that are moved out at the left, so that a row deep inside is read."""
        if self._source is None or not self._count:
            return 0
        return max(0, len(self._source.parts(self._cursor)[0][0]) - self.size.width // 2)

    def paint(self, y: int, width: int) -> Strip:
        """Return row `y`."""
        if width < 4:
            return self.blank(width)
        if self._source is None or not self._count:
            return strip_of([(f"  {self.hint}" if y == 1 else "", "muted")], width, self.palette)
        index = self._first + y
        if index >= self._count:
            return self.blank(width)
        look = "background"
        if index == self._cursor:
            look = "row-cursor" if self.has_focus else "row-cursor-resting"
        style = self.palette.style
        (margin, name), *rest = self._source.parts(index)
        left = self._left
        margin, hidden = margin[left:], left > 0 and len(margin) - left < 2
        shown = [("« " if hidden else margin, name), *((head(text, width), name) for text, name in rest)]
        drawn = Strip(segments(shown, self.palette, look))
        edge = Segment(CURSOR_GLYPH if look != "background" else " ", style("row-cursor-edge", look))
        mark = Segment("…" if drawn.cell_length > width - 3 else " ", style("muted", look))
        text = drawn.adjust_cell_length(width - 3, style("", look))
        return Strip([edge, *text, mark, self._bar_segment(y)], width)

    def _bar_segment(self, y: int) -> Segment:
        height, count = self.size.height, self._count
        if count <= height or height < 2:
            return Segment(" ", self.palette.style(""))
        length = max(1, height * height // count)
        top = round(self._first / (count - height) * (height - length))
        if top <= y < top + length:
            return Segment("┃", self.palette.style("row-cursor-edge" if self.has_focus else "bar-thumb"))
        return Segment("│", self.palette.style("bar-track"))
