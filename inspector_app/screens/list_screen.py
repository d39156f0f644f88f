"""What screens with a list of messages have in common: a heading, a field to search, the list, a detail.

Owns their layout and the search: every word that is typed must be in what a row says, or its letters be
there in order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Input

from inspector_app.commands import Situation
from inspector_app.display.highlighting import InertHighlighter
from inspector_app.screens.base import HORIZONTAL, VERTICAL, CommandScreen
from inspector_app.viewer.words import in_order
from inspector_app.widgets.detail_view import DetailView
from inspector_app.widgets.info_line import InfoLine
from inspector_app.widgets.row_list import Column, RowList

if TYPE_CHECKING:
    from textual import events

    from inspector_app.display.lines import LineSource, Part
    from inspector_app.screens.message_desk import MessageDesk

_FUZZY_CHARACTERS = 80
"""Characters at the beginning in which letters may be strewn: longer texts have any letters in any order."""


def fits(typed: str) -> Callable[[str], bool] | None:
    """Give what tells whether a text has all words that are typed; None: nothing is typed."""
    words = typed.casefold().split()
    if not words:
        return None

    def told(text: str) -> bool:
        folded = text.casefold()
        head = folded[:_FUZZY_CHARACTERS]
        return all(word in folded or (len(word) > 2 and in_order(head, word)) for word in words)

    return told


class ListScreen(CommandScreen):
    """A list of something with the detail of what is chosen beside it, or below where it is narrow."""

    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = HORIZONTAL
    VERTICAL_BREAKPOINTS = VERTICAL

    DEFAULT_CSS = """
    ListScreen #list-body { layout: vertical; width: 1fr; height: 1fr; }
    ListScreen #entries { height: 1fr; }
    ListScreen #entry-box { height: 45%; border-top: hkey $bar-track; padding: 0 1; }
    ListScreen.-wide #list-body { layout: horizontal; }
    ListScreen.-wide #entries { width: 55%; }
    ListScreen.-wide #entry-box { width: 45%; height: 1fr; border-top: none; border-left: vkey $bar-track; }
    ListScreen #search { display: none; border: none; height: 1; padding: 0 1; background: $surface; }
    ListScreen #search.-on { display: block; }
    """

    COLUMNS: ClassVar[Sequence[Column]] = ()

    def __init__(self, desk: MessageDesk) -> None:
        super().__init__()
        self.desk = desk
        self.main = desk.main

    def compose_parts(self) -> ComposeResult:
        """Give heading, field, list and detail."""
        yield InfoLine(id="heading")
        yield Input(
            placeholder="Words to search for; Enter goes to the list, Esc shows all",
            highlighter=InertHighlighter(),
            select_on_focus=False,
            id="search",
        )
        with Container(id="list-body"):
            yield RowList(self.COLUMNS, id="entries")
            with Container(id="entry-box"):
                yield DetailView(id="entry")

    def on_mount(self) -> None:
        """Begin in the list."""
        self.set_focus(self.entries)

    # -- what is asked of a screen of this kind -----------------------------------------------------------

    def narrow(self) -> None:
        """Show what fits what is typed."""
        raise NotImplementedError

    def detail(self, index: int | None) -> LineSource | None:
        """Give the detail of a row."""
        raise NotImplementedError

    def heading(self) -> Sequence[Part]:
        """Say what this is."""
        raise NotImplementedError

    # -- what they have in common -------------------------------------------------------------------------

    @property
    def entries(self) -> RowList:
        """The list."""
        return self.query_one("#entries", RowList)

    @property
    def fits(self) -> Callable[[str], bool] | None:
        """What tells what fits; None: all does."""
        return fits(self.query_one("#search", Input).value)

    def show_heading(self) -> None:
        """Bring the heading up to date."""
        self.query_one("#heading", InfoLine).show([(" ", ""), *self.heading()])

    def show_detail(self, *, keep_place: bool = False) -> None:
        """Bring the detail up to date."""
        lines = self.detail(self.entries.cursor)
        self.query_one("#entry", DetailView).show(lines, keep_place=keep_place)

    def search(self) -> None:
        """Go to the field."""
        field = self.query_one("#search", Input)
        field.add_class("-on")
        self.set_focus(field)  # at once: what is typed next is for it

    def leave(self) -> None:
        """Show all again where a part is shown, else leave the screen."""
        field = self.query_one("#search", Input)
        if field.has_class("-on"):
            field.remove_class("-on")
            field.value = ""
            self.set_focus(self.entries)
            self.narrow()
        else:
            self.dismiss(None)

    def base_situation(self, **more: bool) -> Situation:
        """Tell commands what they need to know of the world, and more."""
        return replace(self.main.situation(), **more)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search as it is typed."""
        event.stop()
        self.narrow()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to what was found."""
        event.stop()
        self.set_focus(self.entries)

    def on_key(self, event: events.Key) -> None:
        """Go from the field down to the list."""
        if event.key == "down" and self.focused is self.query_one("#search"):
            event.stop()
            self.set_focus(self.entries)

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Show the detail of what the cursor is on."""
        event.stop()
        self.show_detail()
        self.show_keys()
