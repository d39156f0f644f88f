"""FilterInput: the field a filter is typed in, with the place marked that is wrong.

Owns how typed text is drawn: inert, whatever was pasted, with the wrong part underlined. It knows no filter.
"""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from inspector_app.display.highlighting import InertHighlighter
from inspector_app.display.painting import Palette

MOST_CHARACTERS = 2_000


class FilterInput(Input):
    """One line for a filter."""

    DEFAULT_CSS = """
    FilterInput, FilterInput:focus {
        width: 1fr; height: 1; border: none; padding: 0; background: $surface; background-tint: transparent;
    }
    """

    # Its base scrolls by them, which one line cannot.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(-1)", "Completion before", show=False),
        Binding("down", "step(1)", "Next completion", show=False),
    ]

    class Stepped(Message):
        """Up (-1) or down (1) was pressed."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def __init__(self, *, placeholder: str = "", id: str | None = None) -> None:  # noqa: A002  # Textual's name
        self._mark = InertHighlighter()
        super().__init__(
            placeholder=placeholder,
            highlighter=self._mark,
            select_on_focus=False,
            max_length=MOST_CHARACTERS,
            id=id,
        )

    def action_step(self, step: int) -> None:
        """Tell that up or down was pressed."""
        self.post_message(self.Stepped(step))

    def mark(self, place: tuple[int, int] | None) -> None:
        """Underline the characters from `place[0]` to `place[1]`, at least one; None underlines nothing."""
        if place is not None:
            start = min(max(place[0], 0), max(len(self.value) - 1, 0))
            place = start, max(place[1], start + 1)
        if place != self._mark.place:
            color = Palette(self.app.theme_variables).color("error")
            self._mark.style = f"underline {color.hex}" if color else "underline"
            self._mark.place = place
            self.refresh()

    @property
    def first_cell(self) -> int:
        """How many cells of the text are scrolled out of sight at the left."""
        return int(self.scroll_offset.x)
