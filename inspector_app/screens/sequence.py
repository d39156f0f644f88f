"""A collection that is run against the connection of now: each step with its verdicts as they come."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from inspector_app.commands import Place, Situation
from inspector_app.display import formats
from inspector_app.display.lines import LineSource, TextLines
from inspector_app.intents import Done
from inspector_app.messages.collection import Collection, Message
from inspector_app.messages.history import Sent
from inspector_app.messages.sequence import run_sequence
from inspector_app.messages.variables import VariableError
from inspector_app.screens.base import bindings, notify
from inspector_app.screens.list_screen import ListScreen
from inspector_app.viewer.calling import CaptureCaller
from inspector_app.viewer.steps import SIGNS, STYLES, step_lines
from inspector_app.widgets.row_list import Column, RowList

if TYPE_CHECKING:
    from textual.worker import Worker

    from inspector_app.display.lines import Part
    from inspector_app.messages.sequence import Step
    from inspector_app.messages.variables import Scope
    from inspector_app.screens.message_desk import MessageDesk
    from inspector_app.viewer.goal import ExchangeGoal


class SavedCaller(CaptureCaller):
    """Sends saved messages over the connection of now, and has them in the history as they are saved."""

    def __init__(self, desk: MessageDesk, variables: Mapping[str, object]) -> None:
        view = desk.main.view
        super().__init__(
            desk.main.inspection.perform, lambda: view.reader, conn=desk.conn, on_sent=self._keep
        )
        self._desk = desk
        self._variables = variables
        self._message: Message | None = None

    def begins(self, message: Message) -> None:
        """Hear which message is sent next."""
        self._message = message

    def _keep(self, done: Done) -> None:
        message = self._message
        if message is None:
            return
        texts = message.operation + message.data + "".join(message.items)
        sent = Sent(
            sent_ns=0,
            kind=message.kind,
            operation=message.operation,
            data=message.data.strip(),
            items=json.dumps(list(message.items)),
            timeout=f"{message.timeout:g}" if message.timeout is not None else "",
            variables=self._desk.session.frozen(texts, self._variables),
        )
        self._desk.outbox.kept(sent, done)


class _Steps:
    """The messages of a run as rows, with what came of each so far."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self.messages = messages
        self.steps: list[Step] = []
        self.goals: list[ExchangeGoal | None] = []
        self.running = False

    @property
    def count(self) -> int:
        return len(self.messages)

    def state(self, index: int) -> str:
        if index < len(self.steps):
            return self.steps[index].result
        return "running" if self.running and index == len(self.steps) else "waiting"

    def rows(self, first: int, count: int) -> Sequence[Sequence[tuple[str, str]]]:
        return [self._cells(index) for index in range(first, min(first + count, self.count))]

    def _cells(self, index: int) -> Sequence[tuple[str, str]]:
        message, state = self.messages[index], self.state(index)
        step = self.steps[index] if index < len(self.steps) else None
        took = step.answer.duration_ns if step is not None and step.answer is not None else None
        reason = step.reasons[0] if step is not None and step.reasons else ""
        return (
            (SIGNS[state], STYLES[state]),
            (message.name, "emphasis"),
            (formats.short_duration(took) if took is not None else "", ""),
            (reason or message.operation, "error" if reason else "muted"),
        )


class SequenceScreen(ListScreen):
    """One run of a collection."""

    PLACE: ClassVar[Place] = "sequence"
    BINDINGS: ClassVar[list[BindingType]] = bindings("sequence")
    COLUMNS = (Column("", 1), Column("Message", 24, roomy=32), Column("Took", 8, "right"), Column("What"))

    def __init__(self, desk: MessageDesk, path: Path, collection: Collection) -> None:
        super().__init__(desk)
        self._path = path
        self._collection = collection
        self._keep_going = False
        self._rows = _Steps(collection.message)
        self._worker: Worker[None] | None = None

    def on_mount(self) -> None:
        """Begin."""
        self.do_run_again()

    def do_run_again(self) -> None:
        """Run it from its first message."""
        try:
            scope = self.desk.session.scope(self._collection.variables)
        except VariableError as error:
            notify(self.app, str(error), "error")
            return
        self._rows = _Steps(self._collection.message)
        self._rows.running = True
        self.entries.set_source(self._rows, cursor=0)
        self._worker = self.run_worker(self._run(scope), group="sequence", exclusive=True)
        self._show()

    async def _run(self, scope: Scope) -> None:
        rows = self._rows
        caller = SavedCaller(self.desk, self._collection.variables)

        def came(step: Step) -> None:
            rows.goals.append(caller.last if step.answer is not None else None)
            rows.steps.append(step)
            self._show()

        try:
            await run_sequence(
                rows.messages,
                scope,
                caller,
                keep_going=self._keep_going,
                on_step=came,
                on_begin=caller.begins,
            )
        finally:
            rows.running = False
            self._show()

    def _show(self) -> None:
        if not self.is_open:
            return
        self.entries.refresh_rows()
        self.show_heading()
        self.show_detail(keep_place=True)
        self.show_keys()

    def narrow(self) -> None:
        """All steps are shown."""

    def heading(self) -> Sequence[Part]:
        """Say how it goes."""
        parts: list[Part] = [(f"Run of {self._path.name}  ", "emphasis bold")]
        for result in ("passed", "failed", "skipped"):
            count = sum(each.result == result for each in self._rows.steps)
            if count:
                parts.append((f"{count} {result}  ", STYLES[result]))
        if self._rows.running:
            parts.append((f"{len(self._rows.steps)} of {self._rows.count} done  ", "muted"))
        if self._keep_going:
            parts.append(("goes on after failures", "muted"))
        return parts

    def detail(self, index: int | None) -> LineSource | None:
        """Show the verdicts and the answer of a step."""
        if index is None or index >= self._rows.count:
            return None
        message = self._rows.messages[index]
        lines: list[list[Part]] = [[(message.name, "emphasis bold"), (f"  {message.operation}", "muted")]]
        if index < len(self._rows.steps):
            lines += step_lines(self._rows.steps[index], self.desk.session.hide)
        else:
            lines += [[("expect ", "muted"), (each, "")] for each in message.expect]
        return TextLines.prose(lines)

    def situation(self) -> Situation:
        """Tell commands what they need to know."""
        return self.base_situation(entry=self._rows.count > 0, busy=self._rows.running)

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Go to its exchange."""
        event.stop()
        self.action_run("go_to_step")

    def do_go_to_step(self) -> None:
        """Go to the exchange of a step."""
        cursor = self.entries.cursor
        goals = self._rows.goals
        goal = goals[cursor] if cursor is not None and cursor < len(goals) else None
        if goal is None:
            notify(self.app, "This step has no exchange to go to.", "warning")
        else:
            self.desk.go_to(goal)

    def do_stop_sequence(self) -> None:
        """Send no more."""
        if self._worker is not None:
            self._worker.cancel()

    def do_keep_going(self) -> None:
        """Go on after a failure, or not."""
        self._keep_going = not self._keep_going
        self.show_heading()

    def do_leave_sequence(self) -> None:
        """Go back."""
        self.do_stop_sequence()
        self.leave()
