"""JsonEditor: a field for JSON that says while typing what is wrong with it, and where.

Owns the text and the judgement on it; whether and where it is sent is not its matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from rich.text import Text
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static, TextArea

from inspector_app.display.inert import inert
from inspector_app.display.json_check import JsonProblem, json_problem
from inspector_app.display.json_view import LEX_LIMIT, lexed
from inspector_app.display.painting import Palette

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.theme import Theme


class _Area(TextArea):
    """A text area that draws inert, coloured lines. Never given a `language`: that needs native parsers."""

    _palette: Palette | None = None

    def on_mount(self) -> None:
        self.match_cursor_bracket = False
        self.app.theme_changed_signal.subscribe(self, self._recolour)

    def _recolour(self, _theme: Theme) -> None:
        self._palette = None
        self.notify_style_update()
        self.refresh()

    def on_focus(self) -> None:
        self.match_cursor_bracket = True

    def on_blur(self) -> None:
        # Without the cursor a marked pair of brackets looks like a selection.
        self.match_cursor_bracket = False

    def get_line(self, line_index: int) -> Text:
        if self._palette is None:
            self._palette = Palette(self.app.theme_variables)
        line = self.document.get_line(line_index)
        # Tabs are laid out by the text area itself, which measures them in the text as typed.
        shown = Text("\t".join(inert(part) for part in line.split("\t")), end="", no_wrap=True)
        if len(line) <= LEX_LIMIT:
            at = 0
            for text, name in lexed(line):
                if name.startswith("json-"):
                    shown.stylize(self._palette.ink(name), at, at + len(text))
                at += len(text)
        return shown


class JsonEditor(Vertical):
    """A JSON text field with a line below it for the error and its place.

    `expect` "object" takes nothing but an object, as `data` of an opening frame must be (protocol.md §2).
    """

    DEFAULT_CSS = """
    JsonEditor { width: 1fr; height: 1fr; }
    JsonEditor > TextArea {
        border: round $border-blurred;
        background: $background;
        & .text-area--placeholder { color: $text-muted; }
        &:focus { border: round $border; }
    }
    JsonEditor.-invalid > TextArea:focus { border: round $error; }
    JsonEditor > Static { height: 1; padding: 0 1; color: $text-muted; text-wrap: nowrap; }
    JsonEditor.-invalid > Static { color: $text-error; }
    """

    class Changed(Message):
        """The text has changed and was checked."""

        def __init__(self, editor: JsonEditor) -> None:
            super().__init__()
            self.editor = editor

        @property
        def control(self) -> JsonEditor:
            """The editor that sent it."""
            return self.editor

    def __init__(
        self,
        text: str = "{}",
        *,
        expect: Literal["any", "object"] = "object",
        id: str | None = None,  # noqa: A002  # the name every widget uses
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._expect = expect
        self._area = _Area(text, highlight_cursor_line=False)
        self._verdict = Static(markup=False)
        self._problem: JsonProblem | None = None
        self._check()

    def compose(self) -> ComposeResult:
        """Put the verdict below the text."""
        yield self._area
        yield self._verdict

    # -- what a screen uses -------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The text as typed. May be set, which checks it."""
        return self._area.text

    @text.setter
    def text(self, text: str) -> None:
        self._area.load_text(text)
        self._check()

    @property
    def expect(self) -> Literal["any", "object"]:
        """What is taken. May be set, which checks the text again."""
        return self._expect

    @expect.setter
    def expect(self, expect: Literal["any", "object"]) -> None:
        self._expect = expect
        self._check()

    @property
    def valid(self) -> bool:
        """Whether the text may be sent."""
        return self._problem is None

    @property
    def error(self) -> str:
        """What is wrong, as `line:column reason`; empty when nothing is."""
        return str(self._problem) if self._problem else ""

    def focus(self, scroll_visible: bool = True) -> Self:
        """Focus the text."""
        self._area.focus(scroll_visible)
        return self

    def go_to_error(self) -> None:
        """Put the cursor where the error is."""
        if self._problem:
            self._area.move_cursor((self._problem.line - 1, self._problem.column - 1))
        self.focus()

    # -- judging ------------------------------------------------------------------------------------------

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Judge the text as it is typed."""
        event.stop()
        self._check()
        self.post_message(self.Changed(self))

    def _check(self) -> None:
        self._problem = json_problem(self._area.text, self._expect)
        self.set_class(self._problem is not None, "-invalid")
        verdict = f"✗ {self._problem}" if self._problem else "✓ valid JSON"
        self._verdict.update(Content(inert(verdict)))
