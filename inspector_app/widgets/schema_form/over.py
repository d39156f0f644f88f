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

    KEYS: ClassVar[dict[str, int]] = {"up": -1, "down": 1, "tab": 1, "enter": 0}
    """The keys that take what was typed, and how far the cursor then goes on."""

    def __init__(self, form: SchemaForm) -> None:
        super().__init__(highlighter=InertHighlighter(), select_on_focus=False, compact=True)
        self._form = form

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "escape" and self._form.pending is not None:
            self._form.leave()
        elif event.key in self.KEYS:
            self._form.take(self.KEYS[event.key])
        elif self._form.pending is None and event.is_printable and event.character is not None:
            self._form.type_on(event.character)
        else:
            return  # to its base
        event.stop()
        event.prevent_default()

    def on_blur(self) -> None:
        """Have taken what was typed, unless it has the keys again already."""
        if self.screen.focused is not self:
            self._form.take(0, refocus=False)

    def _on_paste(self, event: events.Paste) -> None:
        # Its base takes the first line alone.
        event.stop()
        event.prevent_default()
        self.replace(event.text, *sorted(self.selection))


class ChoiceList(OptionList):
    """The choices of a line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,left", "leave", "Leave as it was", show=False),
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
