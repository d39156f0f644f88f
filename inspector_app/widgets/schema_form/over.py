"""What opens over a line of a form: a field to type in, a list to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input, OptionList

from inspector_app.display.highlighting import InertHighlighter

if TYPE_CHECKING:
    from textual import events

    from inspector_app.widgets.schema_form.form import SchemaForm


class ValueInput(Input):
    """The field over a value."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave as it was", show=False, priority=True),
        Binding("up", "take(-1)", "Take, line above", show=False),
        Binding("down", "take(1)", "Take, line below", show=False),
        Binding("tab", "take(1)", "Take, line below", show=False),
        Binding("enter", "take(0)", "Take", show=False),
    ]

    def __init__(self, form: SchemaForm) -> None:
        super().__init__(highlighter=InertHighlighter(), select_on_focus=False, compact=True)
        self._form = form

    def action_leave(self) -> None:
        """Leave the line as it was."""
        self._form.leave()

    def action_take(self, step: int) -> None:
        """Have taken what was typed, and go on by some lines."""
        self._form.take(step)

    def on_blur(self) -> None:
        """Have taken what was typed."""
        self._form.take(0, refocus=False)

    def _on_paste(self, event: events.Paste) -> None:
        # Its base takes the first line alone.
        event.stop()
        event.prevent_default()
        self.replace(event.text, *sorted(self.selection))


class ChoiceList(OptionList):
    """The choices of a line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,left", "leave", "Leave as it was", show=False, priority=True),
        Binding("space", "select", "Choose", show=False),
    ]

    def __init__(self, form: SchemaForm) -> None:
        super().__init__(compact=True)
        self._form = form

    def action_leave(self) -> None:
        """Leave the line as it was."""
        self._form.leave()

    def on_blur(self) -> None:
        """Close."""
        self.display = False
