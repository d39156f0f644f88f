"""Small dialogs: one line to type, one question to answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Button, Input, Static

from inspector_app.display.highlighting import InertHighlighter
from inspector_app.display.inert import inert
from inspector_app.screens.base import Dialog
from inspector_app.typed_path import why_not

_BOX = """
    width: 90%; max-width: 76; height: auto; background: $background; border: round $border;
    border-title-color: $emphasis; border-subtitle-color: $text-muted; padding: 0 1;
"""


class Prompt(Dialog[str]):
    """Asks for one line. `check` gives one sentence when what was typed will not do, else an empty text."""

    CSS = f"""
    Prompt {{ align: center middle; }}
    Prompt #prompt {{ {_BOX} }}
    Prompt Input {{ border: none; height: 1; padding: 0; margin: 1 0; background: $surface; }}
    Prompt #why {{ height: auto; color: $text-error; }}
    """

    def __init__(
        self,
        title: str,
        *,
        value: str = "",
        placeholder: str = "",
        check: Callable[[str], str] | None = None,
        suggestions: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self._title = title
        self._value = value
        self._placeholder = placeholder
        self._check = check
        self._suggestions = suggestions

    def compose(self) -> ComposeResult:
        """Give the field and a line for what is wrong with it."""
        with Vertical(id="prompt"):
            yield Input(
                self._value,
                placeholder=inert(self._placeholder),
                highlighter=InertHighlighter(),
                suggester=SuggestFromList(self._suggestions) if self._suggestions else None,
                id="answer",
                select_on_focus=False,
            )
            yield Static(id="why", markup=False)

    def on_mount(self) -> None:
        """Say what is asked."""
        box = self.query_one("#prompt")
        box.border_title = Content(inert(self._title))
        box.border_subtitle = "Enter goes on, Esc leaves"
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give what was typed, if it will do."""
        event.stop()
        check, typed = self._check, event.value.strip()
        why = why_not(lambda: check(typed)) if check else ""
        if why:
            self.query_one("#why", Static).update(Content(inert(why)))
        else:
            self.dismiss(typed)


class Confirm(Dialog[bool]):
    """Asks a question to be answered with yes or no; Escape means no."""

    CSS = f"""
    Confirm {{ align: center middle; }}
    Confirm #confirm {{ {_BOX} }}
    Confirm #question {{ margin: 1 0; height: auto; }}
    Confirm Horizontal {{ height: 1; align-horizontal: right; }}
    """

    BINDINGS: ClassVar[list[BindingType]] = [("y", "answer(True)", "Yes"), ("n", "answer(False)", "No")]

    def __init__(self, title: str, question: str, yes: str) -> None:
        super().__init__()
        self._title = title
        self._question = question
        self._yes = yes

    def compose(self) -> ComposeResult:
        """Give the question and two buttons."""
        with Vertical(id="confirm"):
            yield Static(Content(inert(self._question)), id="question")
            with Horizontal():
                yield Button(Content(self._yes), id="yes", variant="primary")
                yield Button("No", id="no")

    def on_mount(self) -> None:
        """Begin at yes."""
        self.query_one("#confirm").border_title = Content(inert(self._title))
        self.query_one("#yes").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer."""
        event.stop()
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:
        """Answer."""
        self.dismiss(answer)
