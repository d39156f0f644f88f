"""DetailPane: what is chosen, looked at in one of six ways, or as documentation or handshake.

Owns which lines are shown for what is chosen, that they are made once, and that what is large is made in a
thread. It keeps nothing of the capture.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from inspector_app.capture.records import ConnectionRow, FindingRow, StateRow
from inspector_app.display import formats
from inspector_app.display.json_view import JsonLines
from inspector_app.display.lines import DocumentLines, LineSource, Part, Stacked, Text
from inspector_app.display.matches import Pattern
from inspector_app.screens.facts import (
    Lines,
    connection_lines,
    exchange_facts,
    finding_lines,
    frame_facts,
    transition_lines,
)
from inspector_app.screens.lists import EXCHANGE_FRAME_COLUMNS
from inspector_app.viewer.operations import Operation
from inspector_app.viewer.state import ViewState
from inspector_app.widgets.detail_view import DetailView
from inspector_app.widgets.info_line import InfoLine
from inspector_app.widgets.row_list import RowList
from inspector_app.widgets.tab_strip import Tab, TabStrip

if TYPE_CHECKING:
    from inspector_app.display.json_tree import JsonTree
    from inspector_app.widgets.tree_view import TreeView

DETAIL_TABS = (
    Tab("data", "Data"),
    Tab("tree", "Tree"),
    Tab("frame", "Frame"),
    Tab("raw", "Raw"),
    Tab("hex", "Hex"),
    Tab("exchange", "Exchange", short="Exch"),
)

_NOTHING = "Nothing is chosen: move to a row of the list."
_NO_EXCHANGE = "This frame belongs to no exchange."
_MARGINS = 3
"""Cells of the text's view that are not for text."""
_NAME_SHOWN = 200


class Chosen(Struct, frozen=True, kw_only=True):
    """What the cursor of the list is on, where it is no frame and no exchange."""

    finding: FindingRow | None = None
    operation: Operation | None = None
    connection: ConnectionRow | None = None
    transition: tuple[StateRow, int | None] | None = None
    """With when its new state was left again; None: not yet."""


class DetailPane(Vertical):
    """The lower or right part of the main screen."""

    DEFAULT_CSS = """
    DetailPane { width: 1fr; height: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "go_to_match(1)", "Next place", show=False),
        Binding("N", "go_to_match(-1)", "Place before", show=False),
    ]

    class Made(Message):
        """A thread has made something; `take_over` gives it to the view and tells if it is wanted still."""

        def __init__(self, what: str, take_over: Callable[[], bool]) -> None:
            super().__init__()
            self.what = what
            self.take_over = take_over

    class Problem(Message):
        """Something a person should read: one sentence."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, view: ViewState, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._view = view
        self._shown: object = None
        self._chosen = Chosen()
        self._tree: JsonTree | None = None
        self._tree_view: TreeView | None = None
        self._frames: RowList | None = None
        self._goes = 0
        self._begun: tuple[int | None, str] | None = None
        """The frame, and the way to read it, of which the beginning is shown until it is read."""

    def compose(self) -> ComposeResult:
        """Give tabs, a line of facts, and the text."""
        yield TabStrip(DETAIL_TABS, id="details")
        yield InfoLine(id="facts")
        yield DetailView(hint=_NOTHING, id="text")

    async def complete(self) -> None:
        """Put in the tree, and the list of an exchange's frames, which the first paint does not need."""
        from inspector_app.widgets.tree_view import TreeView

        tree = TreeView(hint=_NOTHING, id="tree")
        frames = RowList(EXCHANGE_FRAME_COLUMNS, hint=_NO_EXCHANGE, id="exchange-frames")
        tree.display = frames.display = False
        await self.mount(tree, frames)
        frames.set_source(self._view.selection.frames)
        self._tree_view, self._frames = tree, frames
        self._shown = None
        self.refresh_chosen(self._chosen)

    @property
    def _text(self) -> DetailView:
        return self.query_one("#text", DetailView)

    @property
    def focus_target(self) -> DetailView | RowList | TreeView:
        """What takes the keys: the text, the tree, or the list of frames."""
        others = (each for each in (self._frames, self._tree_view) if each is not None)
        return next((each for each in others if each.display), self._text)

    def refresh_chosen(self, chosen: Chosen) -> None:
        """Show what is chosen now; costs little when it is shown already."""
        view = self._view
        self._chosen = chosen
        tabbed = view.view not in ("connection", "operations")
        tabs = self.query_one("#details", TabStrip)
        tabs.display = tabbed
        tabs.active = view.detail
        frames, of_exchange = self._frames, tabbed and view.detail == "exchange"
        if frames is not None:
            frames.display = of_exchange
        if of_exchange:
            if frames is not None:
                self._refresh_exchange(frames)
        elif tabbed:
            self._refresh_frame()
        else:
            self._refresh_text()
        in_tree = tabbed and view.detail == "tree" and self._tree is not None
        if self._tree_view is not None:
            self._tree_view.display = in_tree
        self._text.display = not (of_exchange or in_tree)
        self._show_facts()

    def _refresh_exchange(self, frames: RowList) -> None:
        view = self._view
        key: tuple[object, ...] = (
            "exchange",
            view.selection.exchange.id if view.selection.exchange else None,
        )
        if view.view in ("frames", "findings"):
            key = (*key, view.selection.origin)
        if key == self._shown:
            frames.refresh_rows()
            return
        self._shown = key
        frames.hint = _NO_EXCHANGE if view.selection.frame or view.selection.exchange else _NOTHING
        cursor = view.selection.frames.index_of(view.selection.frame.seq) if view.selection.frame else 0
        frames.set_source(view.selection.frames, cursor=cursor)

    # -- text that is no frame's --------------------------------------------------------------------------

    def _refresh_text(self) -> None:
        operation = self._chosen.operation
        if self._view.view == "connection":
            key, make = self._connection_text()
        elif operation is None:
            key, make = ("operation", None), lambda: None
        else:
            key, make = self._operation_text(operation)
        if key != self._shown:
            same = isinstance(self._shown, tuple) and self._shown[:2] == key[:2]
            self._shown = key
            self._view.text_search.look_at(None)
            self._text.hint = _NOTHING
            self._text.show(make(), keep_place=same)

    def _operation_text(self, operation: Operation) -> tuple[tuple[object, ...], Callable[[], LineSource]]:
        from inspector_app.screens.operation_text import operation_lines

        lessons = self._view.lessons
        if lessons.due(operation, time.monotonic_ns()):
            self._begin("learning", lessons.learn)
        learned = lessons.of(operation)
        key = ("operation", operation.calls, operation, id(learned))
        return key, partial(operation_lines, operation, learned)

    def _connection_text(self) -> tuple[tuple[object, ...], Callable[[], LineSource | None]]:
        chosen, row = self._chosen, self._chosen.connection
        if row is None:
            return ("connection", None), lambda: None
        above: Lines = []
        if chosen.transition is not None:
            state, left_ns = chosen.transition
            above = transition_lines(state, self._view.transitions.spent(state, left_ns))
        notes = tuple(self._view.notes_of(row.conn))
        place = (row.conn, chosen.transition[0].id if chosen.transition else None)
        key = ("connection", place, above, row.remote_peer, len(row.handshake), notes)
        capture = str(self._view.reader.path) if self._view.reader else ""
        return key, partial(connection_lines, above, row, notes, capture)

    @property
    def _text_is_of_frame(self) -> bool:
        """Whether text or tree show a frame by now, and not something else."""
        return self._view.view not in ("connection", "operations") and self._view.detail != "exchange"

    # -- frames -------------------------------------------------------------------------------------------

    def _refresh_frame(self) -> None:
        view = self._view
        seq = view.selection.frame.seq if view.selection.frame else None
        width = self.size.width - _MARGINS if view.detail == "hex" else 0
        key = (view.detail, seq, self._chosen.finding, width)
        if key != self._shown:
            same = isinstance(self._shown, tuple) and self._shown[:2] == key[:2]
            self._shown = key
            self._show_frame(seq, keep_place=same)

    def _show_frame(self, seq: int | None, *, keep_place: bool = False) -> None:
        view = self._view
        begun, self._begun = self._begun, None
        frame = view.reading.frame(seq, view.detail) if seq is not None else None
        if frame is None:
            self._show_beginning(seq)
            return
        keep_place = keep_place or begun == (seq, view.detail)
        text = self._frame_text(frame.bytes, frame.lines)
        tree = frame.tree if view.detail == "tree" else None
        if keep_place and tree is not None and self._tree is not None:
            tree.open_as(self._tree)
        self._show_tree(tree, keep_place=keep_place)
        if view.text_search.look_at(text):
            self._begin("search", view.text_search.run)
        self._text.show(view.text_search.marked(), keep_place=keep_place)

    def _show_beginning(self, seq: int | None) -> None:
        """Show what can be told at once of a frame that a thread reads, and have it read."""
        view = self._view
        size = view.selection.frame.size_bytes if view.selection.frame else 0
        self._text.hint = f"Reading {formats.size(size)} …" if view.reading.loading else _NOTHING
        beginning = view.reading.beginning()
        self._show_tree(beginning.tree if beginning is not None and view.detail == "tree" else None)
        view.text_search.look_at(None)
        text = None
        if beginning is not None:
            self._begun = (seq, view.detail)
            text = self._frame_text(beginning.bytes, beginning.lines, beginning.size_bytes)
        finding = self._chosen.finding
        self._text.show(text or (finding_lines(finding) if finding is not None else None))
        if view.reading.loading:
            self._begin("reading", view.reading.load)

    def _show_tree(self, tree: JsonTree | None, *, keep_place: bool = False) -> None:
        self._tree = tree
        if self._tree_view is not None:
            self._tree_view.show(tree, keep_place=keep_place)

    def _frame_text(
        self, data: bytes, lines_of: Callable[[str], DocumentLines | None], size_bytes: int = 0
    ) -> Text | None:
        if self._view.detail == "hex":
            from inspector_app.display.hex_view import HexLines

            return HexLines(data, max(0, self.size.width - _MARGINS), size_bytes)
        lines, finding = lines_of(self._view.detail), self._chosen.finding
        if self._tree_view is None and isinstance(lines, JsonLines) and not lines.reason:
            lines = DocumentLines(
                lines.document
            )  # what colours it takes longer to load than to draw all this
        return Stacked(finding_lines(finding), lines) if finding is not None and lines is not None else lines

    @property
    def reads(self) -> bool:
        """Whether only the beginning of a frame is shown, and the rest of it is being read."""
        return self._begun is not None

    def _begin(self, what: str, work: Callable[[], Callable[[], bool]]) -> None:
        def run() -> None:
            self.post_message(self.Made(what, work()))

        self.run_worker(run, thread=True, group=what)

    def on_detail_pane_made(self, event: Made) -> None:
        """Show what a thread has made, unless something else is wanted by now."""
        event.stop()
        if not event.take_over():
            return
        if event.what == "search":
            self._show_found()
        elif event.what == "learning":
            if self._view.view == "operations":
                self._refresh_text()
        elif self._text_is_of_frame:
            self._shown = None
            self.refresh_chosen(self._chosen)

    def on_resize(self) -> None:
        """Give rows of bytes as many as there is room for."""
        if self._view.detail == "hex":
            self.refresh_chosen(self._chosen)

    # -- search -------------------------------------------------------------------------------------------

    def search(self, pattern: Pattern | None) -> None:
        """Search what is shown, and go to the first place from here on; None: search no more."""
        search = self._view.text_search
        search.begin(pattern)
        self._goes = 1 if pattern else 0
        if pattern is None:
            self._show_found()
        else:
            self._begin("search", search.run)
            self._show_facts()

    def action_go_to_match(self, step: int) -> None:
        """Go to the next place, or the one before."""
        if self._view.text_search.pattern is None or not self._text.display:
            self.post_message(self.Problem("Search in Data, Frame, Raw or Hex first (s)."))
        elif self._view.text_search.matches is None:
            self._goes = step
        else:
            self._goes = 0
            self._reveal(step)

    def _show_found(self) -> None:
        step, self._goes = self._goes, 0
        found = self._view.text_search.matches
        if found is not None and found.problem:
            self.post_message(self.Problem(found.problem))
        self._reveal(step)

    def _reveal(self, step: int) -> None:
        search, text = self._view.text_search, self._text
        place = search.go(step, search.offset_of(text.top[0])) if step else None
        text.show(search.marked(), keep_place=True)
        if place is not None:
            text.reveal(*place)
        self._show_facts()

    # -- the tree -----------------------------------------------------------------------------------------

    @property
    def tree_row(self) -> tuple[JsonTree, int] | None:
        """The tree on screen, and the row that is chosen in it."""
        cursor = self._tree_view.cursor if self._tree_view is not None else None
        if self._tree is None or cursor is None or self.reads:
            return None
        return self._tree, cursor

    def on_tree_view_moved(self, event: TreeView.Moved) -> None:
        """Tell the path of the row."""
        event.stop()
        self._show_facts()

    # -- facts --------------------------------------------------------------------------------------------

    def _show_facts(self) -> None:
        self.query_one("#facts", InfoLine).show([*self._search_facts(), *self._facts()])

    def _search_facts(self) -> list[Part]:
        search = self._view.text_search
        if search.pattern is None or not self._text.display:
            return []
        if search.matches is None:
            return [("searching …  ", "muted")]
        count = len(search.matches)
        place = f"{search.current + 1} of " if search.current is not None else ""
        more = "+" if search.matches.problem else ""
        style = "emphasis bold" if count else "severity-warning"
        return [(f"{place}{count:,}{more}: {search.pattern.typed}  ", style)]

    def _facts(self) -> list[Part]:
        view, chosen = self._view, self._chosen
        if view.view == "connection":
            row = chosen.connection
            return [(f"Connection {row.conn}", "emphasis bold"), (f"  {row.address}", "muted")] if row else []
        if view.view == "operations":
            return self._operation_facts(chosen.operation) if chosen.operation else []
        if view.detail == "tree" and (place := self.tree_row) is not None:
            from inspector_app.display.json_tree import path_text

            tree, index = place
            return [(path_text(tree.node(index).path, _NAME_SHOWN), "emphasis")]
        if view.detail == "exchange":
            return exchange_facts(view.selection.exchange, view.now_ns) if view.selection.exchange else []
        reading = [("reading …  ", "muted")] if self.reads else []
        return [*reading, *frame_facts(view.selection.frame)] if view.selection.frame else []

    def _operation_facts(self, operation: Operation) -> list[Part]:
        from inspector_app.screens.operation_text import operation_facts

        rows = self._view.operations
        usage = rows.usage(operation)
        return operation_facts(operation, usage, rows.age_ns(usage) if usage is not None else 0)
