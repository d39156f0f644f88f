"""The data of a message: a form by its schema and the JSON it stands for, side by side or one at a time.

Owns that both are in step: the editor's text is the only state, and the form's lines are made of it anew
after each change. What each does is `viewer.filling`; whether data keeps to its schema is found out beside
the keys.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Literal

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message

from inspector_app.messages.variables import Scope
from inspector_app.schemas.judging import Judge
from inspector_app.schemas.rows import MOST_BYTES, NotTakenError
from inspector_app.screens.base import notify
from inspector_app.viewer.filling import Filling
from inspector_app.viewer.trial import trial
from inspector_app.widgets.json_editor import JsonEditor
from inspector_app.widgets.schema_form import SchemaForm
from inspector_app.widgets.tab_strip import Tab, TabStrip

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.timer import Timer

    from inspector_app.schemas.document import Path

Half = Literal["form", "json"]

READ_AT_ONCE: Final = 8 * 1024
"""Longest text whose lines are made anew with each key; those of a longer one a moment later."""
PAUSE_S: Final = 0.15
"""How long nothing changes before data is checked by its schema."""


class DataPane(Vertical):
    """The two halves. `text` is what both stand for."""

    DEFAULT_CSS = """
    DataPane { height: 1fr; min-height: 4; }
    DataPane #sides { height: 1fr; }
    DataPane #fields {
        border: round $border-blurred;
        border-title-color: $text-muted; border-subtitle-color: $text-muted; display: none;
    }
    DataPane #fields:focus-within { border: round $border; }
    DataPane #halves { display: none; }
    DataPane.-form.-narrow #halves { display: block; }
    DataPane.-form #fields { display: block; }
    DataPane.-form #fields { width: 3fr; }
    DataPane.-form #data { width: 2fr; }
    DataPane.-form.-narrow.-at-json #fields { display: none; }
    DataPane.-form.-narrow.-at-form #data { display: none; }
    """

    class Changed(Message):
        """The text has changed."""

    class Judged(Message):
        """More is known of what is wrong with the text."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self.filling = Filling()
        self.operation = ""
        self.scope: Callable[[], Scope] = Scope
        """Gives what variables stand for. Raises `VariableError`."""
        self._half: Half = "json"
        self._judge = Judge()
        self._pause: Timer | None = None
        self._checking: asyncio.Task[None] | None = None
        self._before: str | None = None

    def compose(self) -> ComposeResult:
        """Put the form before the JSON."""
        yield TabStrip((Tab("form", "Form"), Tab("json", "JSON")), id="halves")
        with Horizontal(id="sides"):
            yield SchemaForm(id="fields")
            yield JsonEditor(id="data")

    def on_mount(self) -> None:
        """Show the half that was chosen."""
        self.form.does = self._do
        self.form.border_subtitle = "F2 required  F3 all  F4 JSON"
        self.choose(self._half)

    def on_unmount(self) -> None:
        """End what runs beside."""
        self._stop()
        self._judge.close()

    @property
    def editor(self) -> JsonEditor:
        """The JSON."""
        return self.query_one("#data", JsonEditor)

    @property
    def form(self) -> SchemaForm:
        """The form."""
        return self.query_one("#fields", SchemaForm)

    # -- what the screen uses -----------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What is to be sent, as it was typed. May be set."""
        return self.editor.text

    @text.setter
    def text(self, text: str) -> None:
        self._before = None
        self.editor.text = text
        self._take_over(at_once=True)

    def use(self, schema: object, *, learned: bool = False) -> None:
        """Show a form by a schema; None: the JSON alone."""
        self.filling.use(schema, learned=learned)
        self.set_class(self.filling.is_known, "-form")
        self.form.border_title = "Form, learned from the traffic" if learned else "Form"
        self._take_over(at_once=True)

    def set_narrow(self, narrow: bool) -> None:  # as set_class has it
        """Show one half at a time, or both."""
        self.set_class(narrow, "-narrow")

    def choose(self, half: Half) -> None:
        """Show a half, where there is room for one."""
        self._half = half
        self.set_class(half == "form", "-at-form")
        self.set_class(half == "json", "-at-json")
        self.query_one("#halves", TabStrip).active = half

    def focus_half(self, half: Half) -> None:
        """Show a half and give it the keys; without a form, the JSON."""
        half = half if self.filling.is_known else "json"
        self.choose(half)
        if half == "form":
            self.form.focus()
        else:
            self.editor.focus()

    @property
    def at_form(self) -> bool:
        """Whether the form has the keys."""
        focused = self.screen.focused
        return focused is not None and self.form in focused.ancestors_with_self

    def other_half(self) -> None:
        """Go over to the other half, to the same place in it."""
        if self.at_form:
            cursor = self.form.cursor
            path = self.filling.rows[cursor].path if cursor is not None else ()
            span = self.filling.span(path) if path else None
            self.focus_half("json")
            if span is not None:
                self.editor.select(*span)
        elif self.filling.is_known:
            path = self.filling.path_at(self.editor.index) if self.filling.rows else ()
            self.focus_half("form")
            self.form.show(self.filling.lines, self.filling.why, cursor=self.filling.index_of(path))

    def fill(self, *, whole: bool) -> str:
        """Fill in an example of all that is missing, or of what is required. Gives why not, or nothing."""
        if not self.filling.is_known:
            return "Nothing is known of what the data of this operation looks like."
        text = self.editor.text
        if len(text) > MOST_BYTES:
            return self.filling.why
        try:
            self.editor.change(self.filling.filled(text, whole=whole))
        except NotTakenError as error:
            return str(error)
        self._take_over(at_once=True)
        return ""

    def renew(self) -> str:
        """Put now, or a new identifier, into the line under the cursor. Gives why not, or nothing."""
        cursor = self.form.cursor
        text = self.filling.renewed(cursor) if cursor is not None else None
        if text is None:
            return "Choose a time, a date or a UUID in the form first."
        self._before = None
        self.form.taken()
        self._changed_to(text)
        return ""

    def take_pending(self) -> bool:
        """Take what is being typed in the form. Tells whether that was possible."""
        pending = self.form.pending
        return pending is None or self._do("typed", pending[0], pending[1], 0)

    async def problem(self) -> str:
        """Check the data by its schema now, and say the first of what is wrong; empty: nothing is."""
        self._stop()
        if self.filling.is_known and await self.editor.judged():
            await self._check()
        return self.filling.problem

    def go_to_problem(self) -> None:
        """Go to the line, or in the JSON to the place, of the first that is wrong."""
        index = self.filling.index_of(self.filling.problem_path)
        if index is None or not self.filling.rows:
            self.focus_half("json")
            self.editor.go_to_error()
        else:
            self.focus_half("form")
            self.form.show(self.filling.lines, self.filling.why, cursor=index)

    def check_again(self) -> None:
        """Check the data anew: variables may have other values."""
        self._take_over(at_once=True)

    # -- in step ------------------------------------------------------------------------------------------

    def on_json_editor_changed(self, event: JsonEditor.Changed) -> None:
        """Follow what was typed as JSON."""
        event.stop()
        self._take_over()
        self.post_message(self.Changed())

    def on_json_editor_judged(self, event: JsonEditor.Judged) -> None:
        """Tell that more is known."""
        event.stop()
        self.post_message(self.Judged())

    def on_tab_strip_chosen(self, event: TabStrip.Chosen) -> None:
        """Show the other half."""
        event.stop()
        self.choose("form" if event.name == "form" else "json")

    def _do(self, what: str, index: int, typed: str, number: int) -> bool:
        """Do to the text what was done to a line. Tells whether that was possible."""
        if index >= len(self.filling.rows):
            return False
        try:
            match what:
                case "typing":
                    self._typing(index, typed)
                case "typed":
                    self._typed(index, typed)
                case "left":
                    self._left()
                case "fold":
                    self.filling.fold(index, closed=None if number < 0 else bool(number))
                    self._show()
                case "move":
                    moved = self.filling.moved(index, number)
                    if moved is not None:
                        self._changed_to(moved[0], at=moved[1])
                case _:
                    self._done(what, index, number)
        except NotTakenError as error:
            self._refuse(str(error))
            return False
        return True

    def _done(self, what: str, index: int, number: int) -> None:
        filling = self.filling
        match what:
            case "chosen":
                text: str | None = filling.chosen(index, number)
            case "turn":
                text = filling.turned(index, number)
            case "put_in":
                text = filling.put_in(index)
            case "take_out":
                text = filling.taken_out(index)
            case _:
                text = filling.nulled(index)
        if text is None and what == "null":
            if self.filling.lines[index].edit == "text":
                self.form.begin("")
        elif text is None:
            self._refuse("There is nothing to do that to.")
        if text is None:
            return
        self.form.taken()
        self._changed_to(text)

    def _typing(self, index: int, typed: str) -> None:
        """Let the JSON follow each key, as far as what is typed can stand there."""
        if self.filling.rows[index].adds:
            return
        if self._before is None:
            self._before = self.editor.text
        self._changed_to(self.filling.typed(index, typed))

    def _typed(self, index: int, typed: str) -> None:
        row = self.filling.rows[index]
        text = self.filling.typed(index, typed)
        self._before = None
        self.form.taken()
        self._changed_to(text, at=(*row.path, typed) if row.adds == "member" else None)

    def _left(self) -> None:
        before, self._before = self._before, None
        if before is not None:
            self._changed_to(before)

    def _refuse(self, text: str) -> None:
        if self.form.display and self.at_form:
            self.form.refuse(text)
        else:
            notify(self.app, text, "warning")

    def _changed_to(self, text: str, *, at: Path | None = None) -> None:
        self.editor.change(text)
        self._take_over(at_once=True)
        cursor = self.filling.index_of(at) if at is not None else None
        if cursor is not None:
            self.form.show(self.filling.lines, self.filling.why, cursor=cursor)

    # -- judging ------------------------------------------------------------------------------------------

    def _take_over(self, *, at_once: bool = False) -> None:
        """Make lines of the text, and have it checked once nothing has changed for a moment."""
        self._stop()
        if not self.filling.is_known:
            return
        if self.editor.is_long:
            self.filling.read(None)
            self._show()
        elif at_once or len(text := self.editor.text) <= READ_AT_ONCE:
            self.filling.read(self.editor.text if at_once else text)
            self._show()
        self._pause = self.set_timer(PAUSE_S, self._begin_checking)

    def _show(self) -> None:
        self.form.show(self.filling.lines, self.filling.why)

    def _stop(self) -> None:
        if self._pause is not None:
            self._pause.stop()
            self._pause = None
        if self._checking is not None:
            self._checking.cancel()
            self._checking = None

    def _begin_checking(self) -> None:
        self._pause = None
        self._checking = asyncio.create_task(self._check())

    async def _check(self) -> None:
        if not await self.editor.judged():
            return
        text = self.editor.text
        tried = trial(text, self.scope)
        judged = await self._judge.check(
            self.filling.schema, self.filling.to_check(tried.text, self.operation.strip())
        )
        if not self.is_attached:
            return
        self.filling.judged(tried.told(judged))
        if not self.editor.is_long:
            self.filling.read(text)
        self._show()
        span = self.filling.span(self.filling.problem_path) if self.filling.problem else None
        self.editor.advise(self.filling.problem or self.filling.unchecked, span[0] if span else None)
        self.post_message(self.Judged())
