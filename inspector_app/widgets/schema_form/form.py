"""SchemaForm: lines of names and values to fill in, drawn at a cost that ignores how many there are.

Owns what is open over a line, and what is said below the lines. What a line says, and what becomes of what is
done to it, is the matter of whoever shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from inspector_app.display.inert import inert
from inspector_app.display.painting import head
from inspector_app.widgets.schema_form.lines import Lines, What
from inspector_app.widgets.schema_form.over import ChoiceList, ValueInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from inspector_app.display.form_line import FormLine

MOST_LISTED: Final = 10

Ask = Callable[[What, int, str, int], object]
"""Does something to a line: what, its index, the text that was typed, a number that says how far or which."""


class SchemaForm(Vertical):
    """Lines to fill in, what is to be known of the chosen one below them, and its keys."""

    DEFAULT_CSS = """
    SchemaForm { width: 1fr; height: 1fr; layers: lines over; }
    SchemaForm > Static { height: auto; max-height: 2; padding: 0 1; color: $text-muted; }
    SchemaForm > Static.-refused { color: $text-error; }
    SchemaForm > ValueInput, SchemaForm > ValueInput:focus {
        layer: over; display: none; border: none; padding: 0; height: 1; background: $surface; min-width: 4;
    }
    SchemaForm > ChoiceList { layer: over; display: none; border: none; height: auto; background: $surface; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id, classes=classes)
        self._lines = Lines(self)
        self._edit = ValueInput(self)
        self._list = ChoiceList(self)
        self._about = Static(markup=False)
        self._keys = Static(markup=False)
        self._editing: int | None = None
        self._step = 0
        self._told = ""
        self.does: Ask | None = None
        """Does what is asked for. Called and not told by a message, which would come after the next keys."""

    def compose(self) -> ComposeResult:
        """Put what is known of the line below the lines."""
        yield self._lines
        yield self._about
        yield self._keys
        yield self._edit
        yield self._list

    # -- what a screen uses -------------------------------------------------------------------------------

    @property
    def cursor(self) -> int | None:
        """Index of the line under the cursor; None without lines."""
        return self._lines.cursor if self._lines.lines else None

    @property
    def pending(self) -> tuple[int, str] | None:
        """The line that is being edited, and what is typed so far; None: none is."""
        return None if self._editing is None else (self._editing, self._edit.value)

    def show(self, lines: Sequence[FormLine], why: str = "", *, cursor: int | None = None) -> None:
        """Draw other lines; `why` says why there are none. Nothing that is being typed is lost by it."""
        same = lines == self._lines.lines and why == self._lines.why
        self._lines.lines, self._lines.why = lines, why
        if cursor is not None or not same:
            self._lines.go(self._lines.cursor if cursor is None else cursor)

    def taken(self, cursor: int | None = None) -> None:
        """Close what is open over a line, and go to another one, or where the keys asked for."""
        step, self._step = self._step, 0
        self._close()
        self._lines.go((self._lines.cursor if cursor is None else cursor) + step)

    def refuse(self, text: str) -> None:
        """Say why something cannot be done; a field that is open stays so."""
        self._step = 0
        self._say(text)
        self._about.add_class("-refused")
        if self._editing is not None:
            self._edit.focus()

    def focus(self, scroll_visible: bool = True) -> SchemaForm:
        """Focus the lines."""
        self._lines.focus(scroll_visible)
        return self

    # -- what the parts use -------------------------------------------------------------------------------

    def ask(self, what: What, *, text: str = "", number: int = 0) -> None:
        """Ask for something to be done to the line under the cursor."""
        self._ask(what, self._lines.cursor, text, number)

    def _ask(self, what: What, index: int, text: str = "", number: int = 0) -> None:
        if self.does is not None:
            self.does(what, index, text, number)

    def tell(self) -> None:
        """Say what is to be known of the line under the cursor."""
        line = self._lines.line
        parts: list[str] = []
        if line is not None:
            parts = [f"✗ {line.problem}." if line.problem else "", line.about]
            if not self._lines.kind_width and not line.problem:
                parts.insert(1, line.kind)
        self.tell_keys()
        self._say("  ".join(part for part in parts if part))
        self._about.remove_class("-refused")

    def tell_keys(self) -> None:
        """Say which keys make sense on the line, while they come to the lines."""
        line = self._lines.line
        hint = ""
        if self._editing is not None:
            hint = "Enter takes it  Esc leaves it as it was"
        elif line is not None and self.screen.focused is self._lines:
            hint = line.hint
        self._keys.update(Content(hint))

    def _say(self, text: str) -> None:
        self._about.display = bool(text)
        self._about.update(Content(inert(text)))

    def type_on(self, character: str) -> None:
        """Take a key that was on its way to the field when that was closed."""
        self._lines.type(character)

    def begin(self, text: str, *, typed: bool = False) -> None:
        """Open the field over the value of the line under the cursor; if it is, type on."""
        if self._editing is not None:
            self._edit.insert_text_at_cursor(text)
            return
        lines = self._lines
        self._editing = lines.cursor
        left = lines.name_width
        self._edit.styles.offset = (left, lines.cursor - lines.first)
        self._edit.styles.width = max(4, lines.size.width - left - 1)
        self._told = text
        if typed:
            self._ask("typing", self._editing, text)
        self._edit.value = text
        self._edit.display = True
        # At once: the next key must not come to the lines.
        self.screen.set_focus(self._edit)
        self._edit.cursor_position = len(text)

    def open_list(self) -> None:
        """Open the list of choices below the line under the cursor, or above it."""
        lines, line = self._lines, self._lines.line
        if line is None or not line.choices:
            return
        self._list.clear_options()
        self._list.add_options([Option(Content(inert(head(each, 200)))) for each in line.choices])
        row = lines.cursor - lines.first
        below, above = lines.size.height - row - 1, row
        height = min(len(line.choices), MOST_LISTED, max(below, above, 1))
        self._list.styles.height = height
        self._list.styles.width = max(12, lines.size.width - lines.name_width - 1)
        self._list.styles.offset = (lines.name_width, row + 1 if below >= height else max(0, row - height))
        chosen = [place for place, each in enumerate(line.choices) if each in (line.typed, line.kind)]
        self._list.highlighted = chosen[0] if chosen else 0
        self._list.display = True
        self.screen.set_focus(self._list)

    def take(self, step: int, *, refocus: bool = True) -> None:
        """Ask for what was typed to be taken; then the cursor goes on by some lines."""
        if self._editing is None:
            # A key that was on its way to the field when that was closed.
            if refocus and step:
                self._lines.move(step)
            elif refocus:
                self._lines.enter()
        else:
            index = self._editing
            self._step = step
            if not refocus:
                self._editing = None
                self._edit.display = False
            self._ask("typed", index, self._edit.value)

    def leave(self) -> None:
        """Close what is open over the line, which stays as it was."""
        if self._editing is not None:
            editing, self._editing = self._editing, None
            self._ask("left", editing)
        self._close()
        self.tell()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell what is typed so far."""
        event.stop()
        if self._editing is not None and event.value != self._told:
            self._told = event.value
            self._ask("typing", self._editing, event.value)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the choice."""
        event.stop()
        self.ask("chosen", number=event.option_index)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Keep it from the screen."""
        event.stop()

    def _close(self) -> None:
        open_ = self._editing is not None or self._list.display
        self._editing = None
        self._edit.display = self._list.display = False
        if open_:
            self.screen.set_focus(self._lines)
