"""FilterPane: the bar above the frame list in which a filter is typed, with what it means so far beneath.

Owns the field, the list of completions and the line that says what is wrong. What a filter finds is the view
state's matter; the pane tells what was typed, and is told what came of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from inspector_app.display.inert import inert
from inspector_app.display.lines import Part
from inspector_app.viewer.filter_book import Offer
from inspector_app.viewer.filtering import Wrong
from inspector_app.widgets.filter_input import FilterInput
from inspector_app.widgets.info_line import InfoLine
from inspector_app.widgets.row_list import Column, RowList

COMPLETION_ROWS = 5
_HINT = "Tab completes, Enter keeps the filter, Esc brings the old one back."


Complete = Callable[[str, int], Sequence[Offer]]
"""Gives what goes with a text typed so far and the place of the cursor in it."""


class _Offers:
    """Completions as rows."""

    def __init__(self) -> None:
        self.offers: Sequence[Offer] = ()

    @property
    def count(self) -> int:
        return len(self.offers)

    def rows(self, first: int, count: int) -> Sequence[Sequence[tuple[str, str]]]:
        return [
            ((each.text, "emphasis"), (each.help, "muted")) for each in self.offers[first : first + count]
        ]


class FilterPane(Vertical):
    """One line while it rests; while it is typed in, with completions and what is wrong beneath."""

    DEFAULT_CSS = """
    FilterPane { height: auto; display: none; }
    FilterPane.-open, FilterPane.-kept { display: block; }
    FilterPane #filter-line { height: 1; }
    FilterPane #filter-sign { width: 3; color: $accent; text-style: bold; }
    FilterPane #found { width: 28; }
    FilterPane #wrong { height: auto; max-height: 4; padding: 0 3; display: none; color: $text-muted; }
    FilterPane #offers { height: auto; max-height: 5; display: none; }
    FilterPane.-open #wrong { display: block; }
    FilterPane.-open.-wrong #wrong { color: $text-error; }
    FilterPane.-open.-offers #offers { display: block; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", show=False),
        Binding("escape", "leave", "Leave", show=False),
    ]

    class Typed(Message):
        """The text is another one."""

        def __init__(self, pane: FilterPane, text: str) -> None:
            super().__init__()
            self.pane = pane
            self.text = text

    class Left(Message):
        """It was left: with Enter, which keeps the filter, or with Escape."""

        def __init__(self, pane: FilterPane, text: str, *, keep: bool) -> None:
            super().__init__()
            self.pane = pane
            self.text = text
            self.keep = keep

    def __init__(self, sign: str, complete: Complete, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._sign = sign
        self._complete = complete
        self._offers = _Offers()
        self._moved = False

    def compose(self) -> ComposeResult:
        """Give the field with what was found beside it, what is wrong, and the completions."""
        with Horizontal(id="filter-line"):
            yield Static(f" {self._sign}", id="filter-sign", markup=False)
            yield FilterInput(
                placeholder="type:response  op:order.*  data.user.id:42  -op:ping  text", id="filter"
            )
            yield InfoLine(id="found")
        yield Static(id="wrong", markup=False)
        offers = RowList((Column("", 30), Column("")), header=False, id="offers")
        offers.can_focus = False
        yield offers

    def on_mount(self) -> None:
        """Show completions, of which there are none yet."""
        self._field.cursor_blink = False
        self.query_one("#offers", RowList).set_source(self._offers)

    @property
    def _field(self) -> FilterInput:
        return self.query_one("#filter", FilterInput)

    @property
    def is_open(self) -> bool:
        """Whether a filter is being typed."""
        return self.has_class("-open")

    # -- what a screen uses -------------------------------------------------------------------------------

    def open(self, text: str) -> None:
        """Have a filter typed, beginning with `text`."""
        self.add_class("-open")
        self._field.can_focus = True
        self._take_text(text)
        self._field.focus()
        self._offer()

    def rest(self, text: str) -> None:
        """Take no more typing: show the filter that is on, or nothing when it is empty."""
        self.remove_class("-open", "-wrong", "-offers")
        self.set_class(bool(text), "-kept")
        self._take_text(text)
        self._field.can_focus = False
        self._field.mark(None)

    def _take_text(self, text: str) -> None:
        with self.prevent(FilterInput.Changed):
            self._field.value = text
        self._field.cursor_position = len(text)

    def show(self, found: Sequence[Part], wrong: Wrong | None) -> None:
        """Say what was found so far, and what is wrong with the text."""
        self.query_one("#found", InfoLine).show(found)
        self._field.mark((wrong.start, wrong.end) if wrong is not None else None)
        if not self.is_open:
            return
        self.set_class(wrong is not None, "-wrong")
        self.query_one("#wrong", Static).update(Content(self._told(wrong)))

    def _told(self, wrong: Wrong | None) -> str:
        if wrong is None:
            return _HINT
        start = max(0, wrong.start - self._field.first_cell)
        room = max(1, self._field.size.width - start)
        pointer = " " * start + "^" * min(max(1, wrong.end - wrong.start), room)
        return f"{pointer}\n{inert(wrong.text)}"

    # -- typing -------------------------------------------------------------------------------------------

    def on_input_changed(self, event: FilterInput.Changed) -> None:
        """Tell what was typed."""
        event.stop()
        self._offer()
        self.post_message(self.Typed(self, event.value))

    def on_input_submitted(self, event: FilterInput.Submitted) -> None:
        """Keep the filter; a completion that was moved to is taken first."""
        event.stop()
        if self._moved:
            self.action_complete()
        else:
            self.post_message(self.Left(self, event.value, keep=True))

    def action_leave(self) -> None:
        """Bring back the filter of before."""
        self.post_message(self.Left(self, self._field.value, keep=False))

    # -- completions --------------------------------------------------------------------------------------

    def _offer(self) -> None:
        self._moved = False
        self._offers.offers = self._complete(self._field.value, self._field.cursor_position)
        offers = self.query_one("#offers", RowList)
        offers.set_source(self._offers)
        offers.styles.height = min(COMPLETION_ROWS, len(self._offers.offers))
        self.set_class(bool(self._offers.offers), "-offers")

    def on_filter_input_stepped(self, event: FilterInput.Stepped) -> None:
        """Move to another completion."""
        event.stop()
        self._moved = bool(self._offers.offers)
        self.query_one("#offers", RowList).action_move(event.step)

    def action_complete(self) -> None:
        """Take the completion that is moved to, or the first."""
        place = self.query_one("#offers", RowList).cursor
        if place is None or not self.is_open:
            return
        offer, value = self._offers.offers[place], self._field.value
        self._field.value = value[: offer.start] + offer.text + value[offer.end :]
        self._field.cursor_position = offer.start + len(offer.text)

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Keep it from those who look at frames."""
        event.stop()

    def on_row_list_follow_changed(self, event: RowList.FollowChanged) -> None:
        """Keep it from those who look at frames."""
        event.stop()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Take the completion that was clicked twice."""
        event.stop()
        self.action_complete()
