"""The screen of what is hosted: who answers what, what goes wrong on purpose, who waits for an answer.

Owns the three lists and what commands do to operations and faults; answers are `mock_answering`'s. How it
stands is asked of the engine four times a second, while this is shown.
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
    HoldOperation,
    RemoveFault,
    SwitchFault,
    TellMock,
)
from inspector_app.screens.base import HORIZONTAL, VERTICAL, CommandScreen, bindings, notify
from inspector_app.screens.mock_answering import Answering
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
    from inspector_app.intents import MockIntent

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
        self.hands = (Answering(self),)

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
        problem = await self.perform(intent)
        if problem:
            notify(self.app, problem, "error")
        elif said:
            notify(self.app, said)

    async def perform(self, intent: MockIntent) -> str:
        """Have the engine do it, and show how it stands then; give a sentence where it was not done."""
        done = await self._inspection.perform(intent)
        await self._take_over()
        return done.error or ""

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
            self.ask(SwitchFault(title=fault.title, on=self.mock.switch(fault)))

    def do_add_fault(self) -> None:
        """Ask for a fault, and have it."""
        from inspector_app.screens.mock_forms import FaultForm

        self.app.push_screen(FaultForm(lambda rule_json: self.perform(AddFault(rule_json=rule_json))))

    def do_remove_fault(self) -> None:
        """Have the fault no more."""
        if isinstance(fault := self.chosen, FaultStanding):
            self.ask(RemoveFault(title=fault.title))

    def do_hold_operation(self) -> None:
        """Hold calls of the operation, or let go of them."""
        chosen = self.chosen
        if chosen is None or isinstance(chosen, FaultStanding):
            return
        on = self.mock.hold(chosen.operation)
        said = "Its calls wait for you from now on." if on else "The mock answers its calls again."
        self.ask(HoldOperation(operation=chosen.operation, on=on), said)
