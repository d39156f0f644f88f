"""The compose forms: a request, a stream, a bidirectional stream, a one-way message, a raw frame, an item.

Owns the fields and what each form shows of them. What is typed is kept in `viewer.drafts`, which also judges
it; sending is a function the form is given.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Button, Input, Static, TextArea

from inspector_app.display.highlighting import InertHighlighter
from inspector_app.display.inert import inert
from inspector_app.display.lines import Part
from inspector_app.intents import Done, Intent
from inspector_app.schemas.examples import data_template
from inspector_app.screens.base import Dialog, bindings, notify
from inspector_app.screens.compose_data import DataPane
from inspector_app.screens.compose_parts import Suggestions, first_value
from inspector_app.screens.compose_target import Send, Target
from inspector_app.screens.type_ahead import hold, let_go
from inspector_app.viewer.draft_schemas import DraftSchemas
from inspector_app.viewer.drafts import DEFAULT_TIMEOUT_S, FORMS, OPENING, Draft, Drafts, Form
from inspector_app.viewer.operations import suggestions
from inspector_app.widgets.info_line import InfoLine
from inspector_app.widgets.json_editor import RawArea
from inspector_app.widgets.row_list import Column, RowList
from inspector_app.widgets.tab_strip import Tab, TabStrip

WIDE = 120
"""Width in cells from which form and JSON stand side by side."""
HIGH = 36
"""Height from which there is room for what is suggested while data is filled in."""
PAUSE_S = 0.25
"""How long no name is typed before what it names is looked for in the traffic."""

WHAT_FORMS_SEND: dict[Form, str] = {
    "request": "One answer is expected.",
    "stream": "The other side sends items until it ends the stream.",
    "bidirectional": "Both sides send items; yours on the console that opens.",
    "oneway": "Fire and forget: never answered.",
    "raw": "Sent exactly as typed, valid or not.",
    "item": "One item, any JSON value, on this stream:",
}


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
    ComposeScreen #raw { height: 1fr; border: round $border-blurred; }
    ComposeScreen #raw:focus { border: round $border; }
    ComposeScreen #verdict { height: auto; max-height: 3; color: $text-muted; padding: 0 1; }
    ComposeScreen #verdict.-refused { color: $text-error; }
    ComposeScreen #buttons { height: 1; align-horizontal: right; }
    ComposeScreen.-narrow #form { width: 100%; }
    ComposeScreen.-wide #form.-with-fields { max-width: 180; max-height: 100%; }
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
        self._suggested = Suggestions((), (), "")
        self._schemas = DraftSchemas(target.operations, target.stream, target.learn)
        self._pause: Timer | None = None

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
                yield Input(
                    id="operation", classes="field", highlighter=InertHighlighter(), select_on_focus=False
                )
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
            yield DataPane(id="pane")
            yield RawArea(id="raw", highlight_cursor_line=False)
            yield Static(id="verdict", markup=False)
            with Horizontal(id="buttons"):
                yield Button("Send  ^S", id="send", variant="primary")
                yield Button("Close  Esc", id="close")

    def on_mount(self) -> None:
        """Fill in what was typed before."""
        self.query_one("#operation").border_title = "Operation"
        self.query_one("#timeout").border_title = "Timeout, s"
        self.query_one("#data TextArea").border_title = "Data"
        self.query_one("#data TextArea").border_subtitle = "^L lays out"
        self.query_one("#raw").border_title = "The frame"
        self.query_one("#raw").border_subtitle = "F8 takes that of the form"
        self._pane.scope = self._target.scope
        form = self.query_one("#form")
        form.border_title = "Send an item" if self._target.stream else "Send"
        hint = self._target.desk.hint if self._target.desk else self._target.hint
        form.border_subtitle = Content(inert(hint))
        self._show_form(at_data=self._drafts.take_begun())
        self.watch(self, "focused", self._focus_moved)

    def _show_form(self, *, at_data: bool = False) -> None:
        draft = self._draft
        opening = draft.takes_operation
        self.query_one("#forms", TabStrip).display = self._target.stream is None
        self.query_one("#forms", TabStrip).active = self._drafts.form
        self.query_one("#call").display = opening
        self.query_one("#timeout").display = draft.takes_timeout
        raw = self.query_one("#raw", TextArea)
        self._pane.display, raw.display = draft.form != "raw", draft.form == "raw"
        what: list[Part] = [(WHAT_FORMS_SEND[draft.form], "muted"), (f"  {self._target.title}", "emphasis")]
        self.query_one("#what", InfoLine).show(what)
        if draft.form == "raw":
            raw.load_text(draft.data)
        else:
            self._pane.editor.expect = "any" if draft.form == "item" else "object"
            self._pane.text = draft.data
        if opening:
            operation = self.query_one("#operation", Input)
            operation.value = draft.operation
            self.query_one("#timeout", Input).value = draft.timeout
            operation.suggester = SuggestFromList(self._names(), case_sensitive=False)
            self._suggest()
        self._know()
        self._focus_first(at_data=at_data)
        self._focus_moved(self.focused)
        self._judge()

    @property
    def _is_whole(self) -> bool:
        """Whether nothing of it was taken apart yet, as what takes a while may find it when it is closed."""
        return self.is_open and bool(self.query("#send")) and bool(self.query("#data TextArea"))

    @property
    def _pane(self) -> DataPane:
        return self.query_one("#pane", DataPane)

    def on_resize(self) -> None:
        """Show form and JSON side by side where there is room for both."""
        self._pane.set_narrow(self.app.size.width < WIDE)
        self._focus_moved(self.focused)

    def _focus_moved(self, focused: Widget | None) -> None:
        """Give the room of the suggestions to the data while that is filled in."""
        at_data = focused is not None and self._pane in focused.ancestors
        hidden = at_data and self.app.size.height < HIGH
        self.query_one("#suggestions").display = self._draft.takes_operation and not hidden

    def _focus_first(self, *, at_data: bool) -> None:
        """Begin where there is something to type, which takes the place of what was typed before."""
        draft = self._draft
        operation = self.query_one("#operation", Input)
        area = self.query_one("#raw" if draft.form == "raw" else "#data TextArea", TextArea)
        if draft.takes_operation and not (at_data and draft.operation):
            operation.focus()
            operation.select_all()
            return
        if draft.form != "raw" and self._pane.filling.is_known:
            self._pane.focus_half("form")
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
        typed = self._draft.operation.strip()
        self._suggested = Suggestions(self._names(), self._target.operations, typed)
        rows = self.query_one("#suggestions", RowList)
        rows.set_source(self._suggested, cursor=self._suggested.exact)

    # -- typing -------------------------------------------------------------------------------------------

    def on_input_changed(self, event: Input.Changed) -> None:
        """Keep what is typed."""
        event.stop()
        if event.input.id == "timeout":
            self._draft.timeout = event.value
        elif self._draft.operation != event.value:
            self._draft.operation = event.value
            self._suggest()
            self._know()
            self._offer()
        self._judge()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on to the data."""
        event.stop()
        self._pane.focus_half("form")

    def on_data_pane_changed(self, event: DataPane.Changed) -> None:
        """Keep what is typed; of a long text only when it is needed."""
        event.stop()
        if not self._pane.editor.is_long:
            self._draft.data = self._pane.text
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
        self._draft.operation = name
        self._know()
        self._offer()
        self._show_form(at_data=True)

    def on_data_pane_judged(self, event: DataPane.Judged) -> None:
        """Let only what can be sent be sent; what was said of the last try stays."""
        event.stop()
        self._allow()

    # -- what is known of the data --------------------------------------------------------------------------

    def _know(self) -> None:
        """Show the form of the operation that is named, learning it from the traffic if nobody told it."""
        if self._pause is not None:
            self._pause.stop()
            self._pause = None
        draft = self._draft
        name = (self._target.stream.operation or "") if self._target.stream else draft.operation.strip()
        self._pane.operation = name
        self._pane.filling.opens = draft.takes_operation
        schema, is_learned = self._schemas.of(draft.form, name)
        self._pane.use(None if draft.form == "raw" else schema, learned=is_learned)
        self.query_one("#form").set_class(self._pane.filling.is_known, "-with-fields")
        if self._schemas.may_learn(draft.form, name):
            self._pause = self.set_timer(PAUSE_S, self._begin_to_learn)

    def _offer(self) -> None:
        """Fill in data to begin with, unless something was typed, of which no message may have come yet."""
        self._draft.data = self._pane.text
        if self._draft.offer(self._template()):
            self._pane.text = self._draft.data

    def _template(self) -> str:
        """Lay out the data to begin with."""
        return data_template(self._schemas.of(self._draft.form, self._draft.operation.strip())[0])

    def _begin_to_learn(self) -> None:
        self._pause = None
        self.run_worker(self._learn(self._pane.operation), group="learning", exclusive=True)

    async def _learn(self, name: str) -> None:
        take_over = await asyncio.to_thread(self._schemas.learn, self._draft.form, name)
        take_over()
        if self._is_whole and self._pane.operation == name:
            self._know()
            if self._draft.takes_operation:
                self._offer()
            # What was said of the last try stays.
            self._allow()

    # -- commands -----------------------------------------------------------------------------------------

    def on_tab_strip_chosen(self, event: TabStrip.Chosen) -> None:
        """Change the form."""
        event.stop()
        self._change_form(cast("Form", event.name))

    def _change_form(self, form: Form) -> None:
        self._keep()
        before, self._drafts.form = self._drafts.current, form
        # An operation that was typed into the wrong form should not have to be typed again.
        if self._draft.takes_operation and not self._draft.operation:
            self._draft.operation = before.operation if before.takes_operation and not self._names() else ""
        self._show_form()

    # -- sending ------------------------------------------------------------------------------------------

    def _judge(self) -> None:
        # What is wrong with the data stands below the data.
        self._say(self._draft.problem_of_call, refused=False)
        self._allow()

    def _allow(self) -> None:
        draft = self._draft
        blocked = bool(draft.problem_of_call) or (draft.form != "raw" and not self._pane.editor.valid)
        self.query_one("#send", Button).disabled = blocked or self._sending

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Send or close."""
        event.stop()
        self.action_run(event.button.id or "")

    def action_run(self, name: str) -> None:
        """Carry out one of the commands of the forms."""
        if name == "close":
            self._keep()
            self.dismiss(None)
        elif name == "next_form" and self._target.stream is None:
            forms = list(FORMS)
            self._change_form(forms[(forms.index(self._drafts.form) + 1) % len(forms)])
        elif name in ("send", "send_anyway") and not self._sending:
            self.run_worker(self._send_held(anyway=name == "send_anyway"), group="send", exclusive=True)
            hold(self.app)
        elif name == "take_frame":
            self._take_frame()
        elif self._target.desk is not None and self._target.desk.takes(name):
            self._keep()
            self._target.desk.run(name, self._draft, self)
        elif self._draft.form != "raw":
            self._do_to_data(name)

    def _do_to_data(self, name: str) -> None:
        pane = self._pane
        refused = ""
        match name:
            case "other_half":
                pane.other_half()
            case "fill_required" | "fill_all":
                refused = pane.fill(whole=name == "fill_all")
            case "lay_out":
                refused = pane.editor.lay_out()
            case "renew":
                refused = pane.renew()
        if refused:
            notify(self.app, refused, "warning")

    def _take_frame(self) -> None:
        """Put the frame that the form before would send into the raw form."""
        self._keep()
        text = self._drafts.frame(self._target.peer, self._target.number)
        if not text:
            notify(self.app, "Fill in one of the other forms first: its frame is put here.", "warning")
            return
        self._drafts.by_form["raw"].data = text
        self._drafts.form = "raw"
        self._show_form()

    def _keep(self) -> None:
        """Take over what is being typed, and a long text, which is not taken over at each key."""
        if self._draft.form != "raw":
            self._pane.take_pending()
            self._draft.data = self._pane.text

    async def _send_held(self, *, anyway: bool) -> None:
        """Send, or say why not. What is typed meanwhile waits; if this closes, for whoever opened it."""
        await self._try_to_send(anyway=anyway)
        if self.is_current:
            let_go(self.app)

    async def _try_to_send(self, *, anyway: bool) -> None:
        draft = self._draft
        if draft.form != "raw":
            if not self._pane.take_pending():
                return
            await self._pane.editor.judged()
            if not self._is_whole:
                return
        self._keep()
        if draft.problem:
            self._judge()
            if draft.problem_of_call:
                self._say(draft.problem_of_call, refused=True)
            else:
                self._pane.focus_half("json")
                self._pane.editor.go_to_error()
            return
        wrong = await self._pane.problem() if draft.form != "raw" and not anyway else ""
        if not self._is_whole:
            return
        if wrong:
            self._say(f"Not sent: {wrong}. F9 sends it anyway.", refused=True)
            self._pane.go_to_problem()
            return
        self._sending = True
        self._judge()
        await self._send_now(draft.intent(conn=self._target.conn, stream=self._target.stream))

    async def _send_now(self, intent: Intent) -> None:
        done = await self._send(intent)
        self._sending = False
        if not self._is_whole:
            if done.error is not None:
                notify(self.app, done.error, "error")
            return
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
