"""The list of what "only this" may mean for a frame: each of its fields, and what is in its payload."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from inspector_app.display.inert import inert
from inspector_app.screens.base import Dialog
from inspector_app.viewer.terms import Term
from inspector_app.widgets.row_list import Column, RowList


class _TermRows:
    def __init__(self, terms: Sequence[Term]) -> None:
        self._terms = terms

    @property
    def count(self) -> int:
        return len(self._terms)

    def rows(self, first: int, count: int) -> Sequence[Sequence[tuple[str, str]]]:
        return [((each.field, "emphasis"), (_value(each), "")) for each in self._terms[first : first + count]]


def _value(term: Term) -> str:
    """Write a value as the filter will have it: a time and a size with their units."""
    from inspector_app.capture.filter import FilterError, only

    try:
        return only(term.field, term.value, negate=False).removeprefix(f"{term.field}:")
    except FilterError:
        return term.value or ""


class TermList(Dialog[Term]):
    """Gives the term that was chosen, or None."""

    CSS = """
    TermList { align: center middle; }
    TermList #terms-box {
        width: 90%; max-width: 76; height: 70%; max-height: 18;
        background: $background; border: round $border; border-title-color: $emphasis;
        border-subtitle-color: $text-muted; padding: 0 1;
    }
    """

    def __init__(self, title: str, terms: Sequence[Term]) -> None:
        super().__init__()
        self._title = title
        self._terms = terms

    def compose(self) -> ComposeResult:
        """Give the list."""
        with Vertical(id="terms-box"):
            yield RowList(
                (Column("Field", 24), Column("Value")),
                hint="This frame has nothing to filter by.",
                id="terms",
            )

    def on_mount(self) -> None:
        """Begin at the first."""
        box = self.query_one("#terms-box")
        box.border_title = Content(inert(self._title))
        box.border_subtitle = "Enter chooses, Esc leaves"
        rows = self.query_one("#terms", RowList)
        rows.set_source(_TermRows(self._terms), cursor=0)
        rows.focus()

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Keep it from the screen below."""
        event.stop()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Choose it."""
        event.stop()
        self.dismiss(self._terms[event.index])
