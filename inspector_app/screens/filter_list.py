"""The filters that are kept: those saved under a name, then those used last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from inspector_app.screens.base import Dialog
from inspector_app.screens.wishes import Remember
from inspector_app.viewer.filter_book import FilterBook
from inspector_app.viewer.state import ViewState
from inspector_app.widgets.row_list import Column, RowList


class _Kept:
    """Saved filters as name and text, then the recent ones without a name."""

    def __init__(self, book: FilterBook) -> None:
        self.filters = [*book.saved, *(("", source) for source in book.recent)]

    @property
    def count(self) -> int:
        return len(self.filters)

    def rows(self, first: int, count: int) -> Sequence[Sequence[tuple[str, str]]]:
        return [
            ((name or "used before", "emphasis" if name else "muted"), (source, ""))
            for name, source in self.filters[first : first + count]
        ]


class FilterList(Dialog[str]):
    """Gives the text of the filter that was chosen, or None."""

    CSS = """
    FilterList { align: center middle; }
    FilterList #filters-box {
        width: 90%; max-width: 90; height: 70%; max-height: 18;
        background: $background; border: round $border; border-title-color: $emphasis;
        border-subtitle-color: $text-muted; padding: 0 1;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("delete,backspace,d", "forget", "Forget", show=False),
        Binding("F,q", "leave", "Close", show=False),
    ]

    def __init__(self, view: ViewState) -> None:
        super().__init__()
        self._view = view
        self._kept = _Kept(view.book)

    def compose(self) -> ComposeResult:
        """Give the list."""
        hint = "No filter is kept yet.\nType one (/), and save it under a name (S)."
        with Vertical(id="filters-box"):
            yield RowList((Column("Name", 20), Column("Filter")), hint=hint, id="kept-filters")

    def on_mount(self) -> None:
        """Begin at the first."""
        box = self.query_one("#filters-box")
        box.border_title, box.border_subtitle = "Filters", "Enter filters, d forgets, Esc leaves"
        rows = self.query_one("#kept-filters", RowList)
        rows.set_source(self._kept, cursor=0)
        rows.focus()

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Keep it from the screen below."""
        event.stop()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Choose it."""
        event.stop()
        self.dismiss(self._kept.filters[event.index][1])

    def action_forget(self) -> None:
        """Forget the one the cursor is on."""
        rows = self.query_one("#kept-filters", RowList)
        if rows.cursor is None:
            return
        name, source = self._kept.filters[rows.cursor]
        book = self._view.book = self._view.book.without(source, name=name)
        self._kept = _Kept(book)
        rows.set_source(self._kept, cursor=rows.cursor)
        self.app.post_message(Remember(filters=book.saved, recent=book.recent))
