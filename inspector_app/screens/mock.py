"""The screen of what is hosted: who answers what, what goes wrong on purpose, who waits for an answer.

Owns the three lists and what each command does to the row the cursor is on. How it stands is asked of the
engine four times a second, while this is shown.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Static

from inspector_app.commands import Place, Situation
from inspector_app.display.inert import inert
from inspector_app.display.lines import TextLines
from inspector_app.intents import (
    AddFault,
    AnswerHeld,
    EditAnswer,
    HoldOperation,
    RemoveFault,
    SwitchFault,
    TellMock,
)
from inspector_app.screens.base import HORIZONTAL, VERTICAL, CommandScreen, bindings, notify
from inspector_app.standing import (
    FaultStanding,
    HeldStanding,
    HoleStanding,
    MockStanding,
    RuleStanding,
    standing_of,
)
from inspector_app.viewer.mocking import MockView, about
from inspector_app.widgets.detail_view import DetailView
from inspector_app.widgets.info_line import InfoLine
from inspector_app.widgets.row_list import Column, RowList

if TYPE_CHECKING:
    from inspector_app.inspection import Inspection
    from inspector_app.intents import Done, MockIntent

ASKED_S = 0.25

_ANSWERERS = (
    Column("Kind", 13),
    Column("Operation", roomy=36),
    Column("", 9),
    Column("Calls", 6, "right"),
    Column("Errors", 6, "right"),
    Column("Last", 9, "right"),
    Column("Came of it", 20, min_width_to_show=86),
)
_FAULTS = (Column("", 3), Column("Fault", 20, roomy=30), Column("Hits", 5, "right"), Column("What it does"))
_HELD = (
    Column("Waits", 8, "right"),
    Column("Conn", 4, "right"),
    Column("Kind", 13),
    Column("Operation", 20, roomy=30),
    Column("Items", 5, "right"),
    Column("Data"),
)
_ON: dict[type, str] = {
    RuleStanding: "rule",
    HoleStanding: "hole",
    FaultStanding: "fault",
    HeldStanding: "held",
}
_LISTS = ("answerers", "faults", "held")


class MockScreen(CommandScreen):
    """What is hosted."""

    PLACE: ClassVar[Place] = "mock"
    HORIZONTAL_BREAKPOINTS = HORIZONTAL
    VERTICAL_BREAKPOINTS = VERTICAL

    CSS = """
    MockScreen #mock { width: 1fr; height: 1fr; layout: vertical; }
    MockScreen #problem { display: none; height: auto; max-height: 3; padding: 0 1; color: $text-error; }
    MockScreen #mock-lists { width: 1fr; height: 1fr; }
    MockScreen #answerers { height: 2fr; }
    MockScreen #faults, MockScreen #held { height: 1fr; }
    MockScreen #about-box { height: 5; border-top: hkey $bar-track; }
    MockScreen.-wide #mock { layout: horizontal; }
    MockScreen.-wide #mock-lists { width: 68%; }
    MockScreen.-wide #about-box { width: 32%; height: 1fr; border-top: none; border-left: vkey $bar-track; }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("mock")

    def __init__(self, inspection: Inspection) -> None:
        super().__init__()
        self._inspection = inspection
        self.mock = MockView()
        self._asking = False
        self._problem = ""
        self._about: object = None

    def compose_parts(self) -> ComposeResult:
        """Give the lists, each under its title, and what there is to read about a row."""
        yield InfoLine(id="headline")
        yield Static(id="problem", markup=False)
        with Container(id="mock"):
            with Vertical(id="mock-lists"):
                yield RowList(_ANSWERERS, hint="Nothing answers anything yet.", id="answerers")
                yield InfoLine(id="faults-title")
                yield RowList(_FAULTS, hint="No faults. n adds one.", header=False, id="faults")
                yield InfoLine(id="held-title")
                yield RowList(
                    _HELD, hint="No call waits. h on an operation holds its calls.", header=False, id="held"
                )
            with Container(id="about-box"):
                yield DetailView(id="about")

    def on_mount(self) -> None:
        """Ask how it stands, and go on asking."""
        self._list("answerers").set_source(self.mock.answerers)
        self._list("faults").set_source(self.mock.faults)
        self._list("held").set_source(self.mock.held)
        self._list("answerers").focus()
        self._show()
        self._ask_how_it_stands()
        self.set_interval(ASKED_S, self._ask_how_it_stands)

    def _list(self, name: str) -> RowList:
        return self.query_one(f"#{name}", RowList)

    # -- how it stands ------------------------------------------------------------------------------------

    def _ask_how_it_stands(self) -> None:
        if not self._asking:
            self._asking = True
            self.run_worker(self._take_over(), group="standing")

    async def _take_over(self) -> None:
        try:
            done = await self._inspection.perform(TellMock())
        finally:
            self._asking = False
        standing = standing_of(done.told, MockStanding) if done.error is None else None
        self._problem = done.error or ""
        if standing is not None:
            self.mock.show(standing, time.time_ns())
        if self.is_mounted and self.is_open:
            self._show()

    def _show(self) -> None:
        for name in _LISTS:
            self._list(name).refresh_rows()
        held = self.mock.held.count
        problem = [(self._problem, "severity-problem")] if self._problem else self.mock.headline
        self.query_one("#headline", InfoLine).show(problem)
        broken = self.query_one("#problem", Static)
        broken.display = bool(self.mock.broken)
        broken.update(Content(inert(self.mock.broken)))
        self.query_one("#faults-title", InfoLine).show([("Faults", "emphasis bold")])
        self.query_one("#held-title", InfoLine).show(
            [("Waiting for you", "emphasis bold"), (f" {held}" if held else "", "severity-warning bold")]
        )
        self._show_about()
        if self.is_current:
            self.show_keys()

    def _show_about(self) -> None:
        chosen = self.chosen
        if chosen != self._about:
            self._about = chosen
            self.query_one("#about", DetailView).show(TextLines.prose(about(chosen)))

    @property
    def _focused_list(self) -> str:
        focused = self.focused.id if self.focused is not None else None
        return focused if focused in _LISTS else "answerers"

    @property
    def chosen(self) -> RuleStanding | HoleStanding | FaultStanding | HeldStanding | None:
        """What the cursor is on, in the list that has the focus."""
        name = self._focused_list
        cursor = self._list(name).cursor
        match name:
            case "faults":
                return self.mock.faults.row(cursor)
            case "held":
                return self.mock.held.row(cursor)
        return self.mock.answerers.row(cursor)

    def situation(self) -> Situation:
        """Tell commands what they need to know."""
        view, chosen = self._inspection.view, self.chosen
        return Situation(
            view=self._focused_list,
            engine=view.engine,
            looks_on=view.looks_on,
            hosting=True,
            on=_ON.get(type(chosen), ""),
            unary=isinstance(chosen, HeldStanding) and chosen.kind == "request",
        )

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Show what there is to read about it."""
        event.stop()
        self._show_about()
        self.show_keys()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Go by the list that has the focus now."""
        event.stop()
        if self.is_mounted and self.is_open and event.widget.id in _LISTS:
            self._show_about()
            self.show_keys()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Do what is done most to such a row."""
        event.stop()
        match self.chosen:
            case HeldStanding():
                self.action_run("answer_held")
            case FaultStanding():
                self.action_run("switch_fault")
            case RuleStanding(place=int()):
                self.action_run("edit_answer")
            case _:
                self.action_run("hold_operation")

    # -- commands -----------------------------------------------------------------------------------------

    def ask(self, intent: MockIntent, said: str = "") -> None:
        """Have the engine do it, and show how it stands then."""
        self.run_worker(self._ask(intent, said), group="intents")

    async def _ask(self, intent: MockIntent, said: str) -> None:
        await self.done(intent, said)

    async def done(self, intent: MockIntent, said: str = "") -> Done:
        """Have the engine do it; tell what was done, or why not."""
        done = await self._inspection.perform(intent)
        if done.error:
            notify(self.app, done.error, "error")
        elif said:
            notify(self.app, said)
        await self._take_over()
        return done

    def do_leave_mock(self) -> None:
        """Go back."""
        self.dismiss()

    def do_mock_url(self) -> None:
        """Copy and show the URL that clients come in by."""
        from inspector_app.screens.ready_url import show_url

        show_url(self, self._inspection)

    def do_switch_fault(self) -> None:
        """Switch the fault on or off."""
        if isinstance(fault := self.chosen, FaultStanding):
            self.ask(SwitchFault(title=fault.title, on=not fault.on))

    def do_add_fault(self) -> None:
        """Ask for a fault, and have it."""
        from inspector_app.screens.mock_forms import FaultForm

        async def add(rule_json: str) -> str:
            done = await self._inspection.perform(AddFault(rule_json=rule_json))
            await self._take_over()
            return done.error or ""

        self.app.push_screen(FaultForm(add))

    def do_remove_fault(self) -> None:
        """Have the fault no more."""
        if isinstance(fault := self.chosen, FaultStanding):
            self.ask(RemoveFault(title=fault.title))

    def do_hold_operation(self) -> None:
        """Hold calls of the operation, or let go of them."""
        chosen = self.chosen
        if chosen is None or isinstance(chosen, FaultStanding):
            return
        on = not self.mock.holds(chosen.operation)
        said = "Its calls wait for you from now on." if on else "The mock answers its calls again."
        self.ask(HoldOperation(operation=chosen.operation, on=on), said)

    def do_edit_answer(self) -> None:
        """Open what the rule answers with."""
        from inspector_app.screens.mock_forms import AnswerForm

        rule = self.chosen
        if not isinstance(rule, RuleStanding):
            return
        if rule.place is None or not rule.answer_json:
            why = "Edit the file: that is too large for a form."
            if rule.place is None:
                why = "A handler in Python answers: edit its file."
            elif rule.kind == "oneway":
                why = "A message without an answer has none to edit: edit the file."
            notify(self.app, why, "warning")
            return
        place = rule.place

        async def use(text: str, how: str) -> str:
            intent = EditAnswer(kind=rule.kind, place=place, answer_json=text, save=how == "save")  # type: ignore[arg-type]  # as the engine told it
            done = await self._inspection.perform(intent)
            await self._take_over()
            return done.error or ""

        title = f"What {rule.operation} answers" if rule.kind == "request" else f"What {rule.operation} does"
        ways = {"use": "Use", "save": "Into file"}
        said = f"It ends with the error {rule.failure}: what you use takes its place." if rule.failure else ""
        self.app.push_screen(AnswerForm(title, rule.answer_json, use, ways, data=said))

    def do_answer_held(self) -> None:
        """Write the answer of a request, or items of a stream one after the other."""
        from inspector_app.screens.mock_forms import AnswerForm

        held = self.chosen
        if not isinstance(held, HeldStanding):
            return
        unary = held.kind == "request"
        word = "response" if unary else "item"

        async def say(text: str, how: str) -> str:
            intent = AnswerHeld(held=held.held, how=how, data_json=text)  # type: ignore[arg-type]  # one of the buttons
            done = await self._inspection.perform(intent)
            await self._take_over()
            return done.error or ""

        ways = {"response": "Answer"} if unary else {"item": "Send item", "end": "End"}
        title = f"The {word} of {held.operation}" if unary else f"Items of {held.operation}"
        self.app.push_screen(AnswerForm(title, "{}", say, ways, stays=("item",), data=held.data_json))

    def do_fail_held(self) -> None:
        """Ask for an error, and answer with it."""
        from inspector_app.screens.mock_forms import error_prompt

        held = self.chosen
        if not isinstance(held, HeldStanding):
            return

        def answered(error: tuple[str, str]) -> None:
            code, message = error
            self.ask(AnswerHeld(held=held.held, how="error", code=code, message=message), "Answered.")

        error_prompt(self.app, f"The error of {held.operation}", answered)

    def do_end_held(self) -> None:
        """End the stream that waits."""
        if isinstance(held := self.chosen, HeldStanding):
            self.ask(AnswerHeld(held=held.held, how="end"), "Ended.")

    def do_let_held(self) -> None:
        """Let the mock answer."""
        if isinstance(held := self.chosen, HeldStanding):
            self.ask(AnswerHeld(held=held.held, how="mock"))
