"""The compose forms: a request, a stream, a bidirectional stream, a one-way message, a raw frame, an item.

Owns the fields and what each form shows of them. What is typed is kept in `viewer.drafts`, which also judges
it; sending is a function the form is given.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Button, Input, Static, TextArea

from inspector_app.capture.records import ExchangeRow
from inspector_app.display.inert import inert
from inspector_app.display.lines import Part
from inspector_app.intents import Done, Intent
from inspector_app.screens.base import Dialog, bindings
from inspector_app.viewer.drafts import DEFAULT_TIMEOUT_S, FORMS, OPENING, Draft, Drafts, Form
from inspector_app.viewer.operations import MESSAGE_KINDS, Operation, suggestions
from inspector_app.widgets.info_line import InfoLine
from inspector_app.widgets.json_editor import JsonEditor
from inspector_app.widgets.row_list import Column, RowList
from inspector_app.widgets.tab_strip import Tab, TabStrip

Send = Callable[[Intent], Awaitable[Done]]

SUGGESTED_ROWS = 4

WHAT_FORMS_SEND: dict[Form, str] = {
    "request": "One answer is expected.",
    "stream": "The other side sends items until it ends the stream.",
    "bidirectional": "Both sides send items; send yours from Streams (3).",
    "oneway": "Fire and forget: never answered.",
    "raw": "Sent exactly as typed, valid or not.",
    "item": "One item, any JSON value, on this stream:",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where what is written goes: to a connection, or on a stream."""

    operations: Sequence[Operation] = ()
    conn: int | None = None
    stream: ExchangeRow | None = None
    title: str = ""
    hint: str = ""
    """What to do to reach another target; empty: there is none."""


class _Suggestions:
    """The operations that go with what was typed so far, as rows."""

    def __init__(self, names: Sequence[str], operations: Sequence[Operation]) -> None:
        self.names = names
        self._docs = {each.name: each.doc.strip().partition("\n")[0] for each in operations}

    @property
    def count(self) -> int:
        return len(self.names)

    def rows(self, first: int, count: int) -> Sequence[Sequence[tuple[str, str]]]:
        return [
            ((name, "emphasis"), (self._docs.get(name, ""), "muted"))
            for name in self.names[first : first + count]
        ]


_FIRST_VALUE = re.compile(
    r'"(?:[^"\\]|\\.)*"\s*:\s*(?:"(?P<text>(?:[^"\\]|\\.)*)"|(?P<empty>\{\s*\}|\[\s*\])|(?P<plain>[^\s"{}\[\],]+))'
)

Place = tuple[int, int]


def first_value(data: str) -> tuple[Place, Place]:
    """Find what is typed first in laid out data: from and to as line and column, from 0.

    A text without its quotation marks, any other value whole; in an empty object or array the place inside.
    """
    found = _FIRST_VALUE.search(data)
    if found is None:
        start = end = 1 if data.strip() == "{}" else len(data)
    elif found["empty"] is not None:
        start = end = found.start("empty") + 1
    else:
        start, end = found.span("plain" if found["text"] is None else "text")
    return _place(data, start), _place(data, end)


def _place(text: str, index: int) -> Place:
    return text.count("\n", 0, index), index - (text.rfind("\n", 0, index) + 1)


class ComposeScreen(Dialog[tuple[Intent, Done]]):
    """A form over the main screen. Gives the intent and what became of it, or None when it was left."""

    CSS = """
    ComposeScreen { align: center middle; }
    ComposeScreen #form {
        width: 96%; max-width: 110; height: 100%; max-height: 40;
        background: $background; border: round $border; border-title-color: $emphasis; padding: 0 1;
    }
    ComposeScreen .field {
        border: round $border-blurred; border-title-color: $text-muted; height: 3; padding: 0 1;
    }
    ComposeScreen .field:focus { border: round $border; }
    ComposeScreen #operation { width: 1fr; }
    ComposeScreen #timeout { width: 18; }
    ComposeScreen #call { height: 3; }
    ComposeScreen #suggestions { height: 4; }
    ComposeScreen #what { margin: 0 0 0 0; }
    ComposeScreen #data { height: 1fr; min-height: 4; }
    ComposeScreen #raw { height: 1fr; border: round $border-blurred; }
    ComposeScreen #raw:focus { border: round $border; }
    ComposeScreen #verdict { height: auto; max-height: 3; color: $text-muted; padding: 0 1; }
    ComposeScreen #verdict.-refused { color: $text-error; }
    ComposeScreen #buttons { height: 1; align-horizontal: right; }
    ComposeScreen.-narrow #form { width: 100%; }
    ComposeScreen.-low #suggestions { height: 3; }
    ComposeScreen TextArea { border-title-color: $text-muted; }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("compose")

    def __init__(self, drafts: Drafts, target: Target, send: Send) -> None:
        super().__init__()
        self._drafts = drafts
        self._target = target
        self._send = send
        self._sending = False
        self._suggested = _Suggestions((), ())

    # -- fields -------------------------------------------------------------------------------------------

    @property
    def _draft(self) -> Draft:
        return self._drafts.by_form["item"] if self._target.stream else self._drafts.current

    def compose(self) -> ComposeResult:
        """Give every field; which of them are seen depends on the form."""
        tabs = tuple(Tab(form, title) for form, title in FORMS.items())
        with Vertical(id="form"):
            yield TabStrip(tabs, active=self._drafts.form, id="forms")
            yield InfoLine(id="what")
            with Horizontal(id="call"):
                yield Input(id="operation", classes="field", select_on_focus=False)
                yield Input(
                    id="timeout",
                    classes="field",
                    placeholder=str(DEFAULT_TIMEOUT_S),
                    select_on_focus=False,
                )
            yield RowList(
                (Column("Name", 30), Column("Documentation")),
                hint="No operation of this kind is known: type any name.",
                header=False,
                id="suggestions",
            )
            yield JsonEditor(id="data")
            yield TextArea(id="raw", show_line_numbers=False, tab_behavior="focus")
            yield Static(id="verdict", markup=False)
            with Horizontal(id="buttons"):
                yield Button("Send  ^S", id="send", variant="primary")
                yield Button("Close  Esc", id="close")

    def on_mount(self) -> None:
        """Fill in what was typed before."""
        self.query_one("#operation").border_title = "Operation"
        self.query_one("#timeout").border_title = "Timeout, s"
        self.query_one("#data TextArea").border_title = "Data"
        self.query_one("#raw").border_title = "The frame"
        form = self.query_one("#form")
        form.border_title = "Send an item" if self._target.stream else "Send"
        form.border_subtitle = inert(self._target.hint)
        self._show_form(at_data=self._drafts.take_begun())

    def _show_form(self, *, at_data: bool = False) -> None:
        draft = self._draft
        opening = draft.takes_operation
        self.query_one("#forms", TabStrip).display = self._target.stream is None
        self.query_one("#forms", TabStrip).active = self._drafts.form
        self.query_one("#call").display = opening
        self.query_one("#suggestions").display = opening
        self.query_one("#timeout").display = draft.takes_timeout
        editor, raw = self.query_one("#data", JsonEditor), self.query_one("#raw", TextArea)
        editor.display, raw.display = draft.form != "raw", draft.form == "raw"
        what: list[Part] = [(WHAT_FORMS_SEND[draft.form], "muted"), (f"  {self._target.title}", "emphasis")]
        self.query_one("#what", InfoLine).show(what)
        if draft.form == "raw":
            raw.load_text(draft.data)
        else:
            editor.expect = "any" if draft.form == "item" else "object"
            editor.text = draft.data
        if opening:
            operation = self.query_one("#operation", Input)
            operation.value = draft.operation
            self.query_one("#timeout", Input).value = draft.timeout
            operation.suggester = SuggestFromList(self._names(), case_sensitive=False)
            self._suggest()
        self._focus_first(at_data=at_data)
        self._judge()

    def _focus_first(self, *, at_data: bool) -> None:
        """Begin where there is something to type, which takes the place of what was typed before."""
        draft = self._draft
        operation = self.query_one("#operation", Input)
        area = self.query_one("#raw" if draft.form == "raw" else "#data TextArea", TextArea)
        if draft.takes_operation and not (at_data and draft.operation):
            operation.focus()
            operation.select_all()
            return
        area.focus()
        if draft.takes_operation:
            start, end = first_value(draft.data)
            area.move_cursor(start)
            area.move_cursor(end, select=True)
        else:
            area.select_all()

    def _names(self) -> list[str]:
        names = suggestions(self._target.operations, OPENING[self._draft.form])
        # A name that cannot be shown as it is cannot be typed either.
        return [name for name in names if inert(name) == name]

    def _suggest(self) -> None:
        typed = self._draft.operation.strip().casefold()
        names = [name for name in self._names() if typed in name.casefold()]
        self._suggested = _Suggestions(names or self._names(), self._target.operations)
        rows = self.query_one("#suggestions", RowList)
        exact = next(
            (place for place, name in enumerate(self._suggested.names) if name.casefold() == typed), 0
        )
        rows.set_source(self._suggested, cursor=exact)

    # -- typing -------------------------------------------------------------------------------------------

    def on_input_changed(self, event: Input.Changed) -> None:
        """Keep what is typed."""
        event.stop()
        if event.input.id == "timeout":
            self._draft.timeout = event.value
        elif self._draft.operation != event.value:
            self._draft.operation = event.value
            self._suggest()
        self._judge()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on to the data."""
        event.stop()
        self.query_one("#data", JsonEditor).focus()

    def on_json_editor_changed(self, event: JsonEditor.Changed) -> None:
        """Keep what is typed."""
        event.stop()
        self._draft.data = event.editor.text
        self._judge()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Keep what is typed."""
        event.stop()
        if self._draft.form == "raw":
            self._draft.data = event.text_area.text

    def on_key(self, event: events.Key) -> None:
        """Go from the operation down to what is suggested."""
        if event.key == "down" and self.focused is self.query_one("#operation") and self._suggested.count:
            event.stop()
            self.query_one("#suggestions").focus()

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Keep it from the screen below."""
        event.stop()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Take a suggestion."""
        event.stop()
        name = self._suggested.names[event.index]
        known = next(
            (
                each
                for each in self._target.operations
                if each.name == name and MESSAGE_KINDS.get(each.kind) == self._draft.form
            ),
            None,
        )
        if known is not None and self._draft.data.strip() in ("", "{}"):
            self._draft.operation = ""
            self._drafts.begin(known, OPENING[self._draft.form])
            self._drafts.take_begun()
        self._draft.operation = name
        self._show_form(at_data=True)

    def on_tab_strip_chosen(self, event: TabStrip.Chosen) -> None:
        """Change the form."""
        event.stop()
        self._change_form(cast("Form", event.name))

    def _change_form(self, form: Form) -> None:
        before, self._drafts.form = self._drafts.current, form
        # An operation that was typed into the wrong form should not have to be typed again.
        if self._draft.takes_operation and not self._draft.operation:
            self._draft.operation = before.operation if before.takes_operation and not self._names() else ""
        self._show_form()

    # -- sending ------------------------------------------------------------------------------------------

    def _judge(self) -> None:
        problem = self._draft.problem
        # What is wrong with the data stands below the data.
        shown = "" if problem.startswith("Data ") else problem
        self._say(shown, refused=False)
        self.query_one("#send", Button).disabled = bool(problem) or self._sending

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Send or close."""
        event.stop()
        self.action_run(event.button.id or "")

    def action_run(self, name: str) -> None:
        """Carry out one of the commands of the forms."""
        if name == "close":
            self.dismiss(None)
        elif name == "next_form" and self._target.stream is None:
            forms = list(FORMS)
            self._change_form(forms[(forms.index(self._drafts.form) + 1) % len(forms)])
        elif name == "send" and not self._sending:
            self._try_to_send()

    def _try_to_send(self) -> None:
        draft = self._draft
        if draft.problem:
            self._judge()
            if draft.problem.startswith("Data "):
                self.query_one("#data", JsonEditor).go_to_error()
            else:
                self._say(draft.problem, refused=True)
            return
        self._sending = True
        self._judge()
        self.run_worker(self._send_now(draft.intent(conn=self._target.conn, stream=self._target.stream)))

    async def _send_now(self, intent: Intent) -> None:
        done = await self._send(intent)
        self._sending = False
        if done.error is None:
            self.dismiss((intent, done))
            return
        self._judge()
        self._say(done.error, refused=True)

    def _say(self, text: str, *, refused: bool) -> None:
        verdict = self.query_one("#verdict", Static)
        verdict.display = bool(text)
        verdict.update(Content(inert(text)))
        verdict.set_class(refused, "-refused")
