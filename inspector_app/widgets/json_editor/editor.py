"""JsonEditor: a field for JSON that says while typing what is wrong with it, and where.

Owns the text and the judgement on it; whether and where it is sent is not its matter.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Literal, Self

from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static, TextArea

from inspector_app.display.inert import inert
from inspector_app.display.json_check import JsonProblem, json_problem
from inspector_app.display.json_layout import lay_out
from inspector_app.widgets.json_editor.area import Area, editable

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.document._document import Location
    from textual.timer import Timer

PAUSE_S: Final = 0.2
"""How long nothing is typed into a long text before it is judged."""


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
    JsonEditor > Static { height: auto; max-height: 3; padding: 0 1; color: $text-muted; }
    JsonEditor.-invalid > Static { color: $text-error; }
    JsonEditor.-warned > Static { color: $text-warning; }
    """

    class Changed(Message):
        """The text has changed, and was checked unless it is a long one."""

        def __init__(self, editor: JsonEditor) -> None:
            super().__init__()
            self.editor = editor

        @property
        def control(self) -> JsonEditor:
            """The editor that sent it."""
            return self.editor

    class Judged(Message):
        """A long text has been checked, a while after it was typed."""

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
        self._area = Area(text, highlight_cursor_line=False)
        self._verdict = Static(markup=False)
        self._problem: JsonProblem | None = None
        self._advice: tuple[str, int | None] = ("", None)
        self._pause: Timer | None = None
        self._judging: asyncio.Task[None] | None = None
        self._check()

    def compose(self) -> ComposeResult:
        """Put the verdict below the text."""
        yield self._area
        yield self._verdict

    # -- what a screen uses -------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The text as typed. May be set, which checks it. Of a megabyte it takes a few ms."""
        return self._area.text

    @text.setter
    def text(self, text: str) -> None:
        self._area.load_text(editable(text))
        self._check()

    @property
    def is_long(self) -> bool:
        """Whether the text is so long that it is judged only when nothing was typed for a while."""
        return self._area.is_long

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
        """Whether nothing is known that keeps the text from being sent; of a long one ask `judged`."""
        return self._problem is None

    @property
    def error(self) -> str:
        """What is wrong, as `line:column reason`; empty when nothing is."""
        return str(self._problem) if self._problem else ""

    async def judged(self) -> bool:
        """Tell whether the text may be sent, after checking it if that was put off."""
        while self._pause is not None or self._judging is not None:
            if self._judging is None:
                self._begin_judging()
            if self._judging is not None:
                # One that is given up, since more was typed, is followed by another.
                await asyncio.wait([self._judging])
        return self.valid

    def advise(self, text: str, index: int | None = None) -> None:
        """Show below a text that is valid JSON what else is wrong with it, and where; empty: nothing is."""
        self._advice = text, index
        self._tell()

    def focus(self, scroll_visible: bool = True) -> Self:
        """Focus the text."""
        self._area.focus(scroll_visible)
        return self

    def go_to_error(self) -> None:
        """Put the cursor where the error is, else where the advice leads."""
        if self._problem:
            self._area.move_cursor((self._problem.line - 1, self._problem.column - 1))
        elif self._advice[1] is not None:
            self._area.move_cursor(self._location(self.text, self._advice[1]))
        self.focus()

    def select(self, start: int, end: int) -> None:
        """Select what stands between two indices of the text."""
        text = self.text
        self._area.move_cursor(self._location(text, start))
        self._area.move_cursor(self._location(text, end), select=True)

    @property
    def index(self) -> int:
        """Where in the text the cursor is."""
        row, column = self._area.cursor_location
        lines = self._area.document.lines[:row]
        return sum(map(len, lines)) + row * len(self._area.document.newline) + column

    def change(self, text: str) -> None:
        """Make the text another one, as one edit that can be undone; what both share stays untouched."""
        old = self.text
        start = _shared(old, text)
        tail = min(_shared(old[start:][::-1], text[start:][::-1]), len(old) - start, len(text) - start)
        if start == len(old) == len(text):
            return
        self._area.history.checkpoint()
        self._area.replace(
            text[start : len(text) - tail],
            self._location(old, start),
            self._location(old, len(old) - tail),
        )
        self._area.history.checkpoint()

    def lay_out(self) -> str:
        """Lay the text out, a member a line, which can be undone. Gives why not, or an empty text."""
        text = self.text
        layout = lay_out(text)
        if layout.reason:
            return f"This cannot be laid out: {json_problem(text, self._expect) or layout.reason}"
        self.change(layout.text.decode("utf-8", "surrogatepass"))
        return ""

    def undo(self) -> None:
        """Take the last edit back."""
        self._area.undo()

    def redo(self) -> None:
        """Do again what was taken back."""
        self._area.redo()

    @staticmethod
    def _location(text: str, index: int) -> Location:
        return text.count("\n", 0, index), index - (text.rfind("\n", 0, index) + 1)

    # -- judging ------------------------------------------------------------------------------------------

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Judge the text as it is typed."""
        event.stop()
        self._check()
        self.post_message(self.Changed(self))

    def on_click(self, event: events.Click) -> None:
        """Go where the verdict leads."""
        if event.widget is self._verdict:
            event.stop()
            self.go_to_error()

    def _check(self) -> None:
        self._advice = "", None
        if self.is_mounted and self._area.is_long:
            self._put_off()
            return
        self._stop_waiting()
        self._problem = json_problem(self._area.text, self._expect)
        self._tell()

    def _put_off(self) -> None:
        self._stop_waiting()
        self._pause = self.set_timer(PAUSE_S, self._begin_judging)
        self._tell()

    def _stop_waiting(self) -> None:
        if self._pause is not None:
            self._pause.stop()
            self._pause = None
        if self._judging is not None:
            self._judging.cancel()
            self._judging = None

    def _begin_judging(self) -> None:
        self._stop_waiting()
        self._judging = asyncio.create_task(self._judge(self._area.text))

    async def _judge(self, text: str) -> None:
        self._problem = await asyncio.to_thread(json_problem, text, self._expect)
        self._judging = None
        self._tell()
        self.post_message(self.Judged(self))

    def on_unmount(self) -> None:
        """Judge no more."""
        self._stop_waiting()

    def _tell(self) -> None:
        waiting = self._pause is not None or self._judging is not None
        advice = self._advice[0]
        self.set_class(self._problem is not None and not waiting, "-invalid")
        self.set_class(bool(advice) and self._problem is None, "-warned")
        verdict = f"✗ {self._problem}" if self._problem else f"! {advice}" if advice else "✓ valid JSON"
        self._verdict.update(Content("… being checked" if waiting else inert(verdict)))


def _shared(one: str, other: str) -> int:
    """Tell with how many of the same characters both texts begin."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
