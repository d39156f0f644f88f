"""The history: what was sent, the newest first, with the answer of what is chosen beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from inspector_app.commands import Place, Situation
from inspector_app.display import formats
from inspector_app.display.lines import LineSource, TextLines
from inspector_app.intents import Done, Intent, SendMessage, SendRaw
from inspector_app.messages.history import HistoryError, Sent
from inspector_app.messages.variables import VariableError
from inspector_app.screens.base import bindings, notify
from inspector_app.screens.list_screen import ListScreen
from inspector_app.screens.prompts import Confirm
from inspector_app.screens.steering import leave
from inspector_app.screens.wishes import OpenFile
from inspector_app.viewer.drafts import OPENING, Draft, Form
from inspector_app.viewer.goal import ExchangeGoal, why_not_in
from inspector_app.viewer.history_rows import HistoryRows, about, items_of, laid_out, values_of
from inspector_app.widgets.row_list import Column, RowList

if TYPE_CHECKING:
    from inspector_app.display.lines import Part
    from inspector_app.messages.answers import MessageKind
    from inspector_app.screens.message_desk import MessageDesk

_LOOK_S = 0.2


class HistoryScreen(ListScreen):
    """Everything that was sent from the app."""

    PLACE: ClassVar[Place] = "history"
    BINDINGS: ClassVar[list[BindingType]] = bindings("history")
    COLUMNS = (
        Column("Sent at", 8),
        Column("Kind", 8, min_width_to_show=90, roomy=13),
        Column("Operation", 18, roomy=24),
        Column("Outcome", 12, roomy=16),
        Column("Took", 7, "right"),
        Column("Env", 8, min_width_to_show=70),
        Column("Data"),
    )

    def __init__(self, desk: MessageDesk) -> None:
        super().__init__(desk)
        self._rows = HistoryRows()
        self._version = -1
        self._told = ""

    def on_mount(self) -> None:
        """Show all of it, and go on looking."""
        self.entries.hint = "Nothing was sent yet.\nEsc goes back; c there opens the form."
        self._read()
        self.entries.set_source(self._rows, cursor=0)
        self.set_interval(_LOOK_S, self._look)
        self.show_keys()

    # -- the list -----------------------------------------------------------------------------------------

    def _look(self) -> None:
        if not self.is_open:
            return
        if self._chosen is not None:
            self.desk.outbox.look_again(self._chosen)
        if self._version != self.desk.outbox.history.version:
            chosen = self._chosen
            self._read()
            newest = chosen is None or self.entries.cursor == 0
            cursor = 0 if newest else self._rows.index_of(chosen.id) if chosen is not None else None
            self.entries.refresh_rows(cursor=cursor)
            if newest and self._rows.count:
                self.entries.move_to(0)
            self.show_detail(keep_place=self._chosen is not None and chosen == self._chosen)
            self.show_keys()

    def _read(self) -> None:
        history = self.desk.outbox.history
        self._version = history.version
        try:
            found = history.entries()
        except HistoryError as error:
            found = []
            if str(error) != self._told:
                self._told = str(error)
                notify(self.app, self._told, "error")
        self._rows.take(found, self.fits)
        self.show_heading()

    def narrow(self) -> None:
        """Show what fits what is typed."""
        self._rows.take(self._rows.all, self.fits)
        self.entries.set_source(self._rows, cursor=0)
        self.show_heading()

    def heading(self) -> Sequence[Part]:
        """Say how much there is of it."""
        all_, shown = len(self._rows.all), self._rows.count
        part = f"{formats.count(shown)} of {formats.count(all_)}" if shown != all_ else formats.count(all_)
        return [("History  ", "emphasis bold"), (f"{part} sent", "muted")]

    @property
    def _chosen(self) -> Sent | None:
        cursor = self.entries.cursor
        return self._rows.entries[cursor] if cursor is not None and cursor < self._rows.count else None

    def detail(self, index: int | None) -> LineSource | None:
        """Show what was typed, and what came."""
        sent = self._rows.entries[index] if index is not None and index < self._rows.count else None
        if sent is None:
            return None
        lines = about(sent)
        items = "\n".join(items_of(sent))
        for title, text in (("Answer", sent.answer), ("Sent", sent.data), ("Items", items)):
            if text:
                lines += [[], [(title, "emphasis bold")], *laid_out(text)]
        return TextLines(lines)

    def situation(self) -> Situation:
        """Tell commands what they need to know."""
        return self.base_situation(entry=self._chosen is not None)

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Send it again."""
        event.stop()
        self.action_run("send_again")

    # -- commands -----------------------------------------------------------------------------------------

    def do_send_again(self) -> None:
        """Send what is chosen over the connection of now."""
        sent = self._chosen
        intent = self._intent(sent) if sent is not None else None
        if sent is not None and items_of(sent) and isinstance(intent, SendMessage):
            self.run_worker(self._send_whole(sent, intent), group="sending again")
        elif sent is not None and intent is not None:
            self.run_worker(self._send(intent, values_of(sent)), group="sending again")

    async def _send(self, intent: Intent, values: Mapping[str, object]) -> None:
        # What nothing else gives a value any more has the one it had.
        done: Done = await self.desk.outbox.send(intent, values)
        if done.error is not None:
            notify(self.app, done.error, "error")
        elif self.is_open:
            self.entries.move_to(0)

    async def _send_whole(self, sent: Sent, typed: SendMessage) -> None:
        """Send a bidirectional stream with its items, as it was sent from a collection."""
        from inspector_app.messages.collection import Message
        from inspector_app.messages.sequence import run_message
        from inspector_app.screens.sequence import SavedCaller

        values = values_of(sent)
        try:
            scope = self.desk.session.scope(values)
        except VariableError as error:
            notify(self.app, str(error), "error")
            return
        message = Message.model_construct(
            name=sent.operation,
            kind=typed.kind,
            operation=sent.operation,
            data=sent.data,
            items=items_of(sent),
            timeout=typed.timeout_s,
        )
        caller = SavedCaller(self.desk, values)
        caller.begins(message)
        step = await run_message(message, scope, caller)
        if step.problem:
            notify(self.app, self.desk.session.hide(step.problem), "warning")

    def _intent(self, sent: Sent) -> Intent | None:
        why = ""
        if sent.cut:
            why = "It was too large to be kept whole, so it cannot be sent again."
        elif sent.kind == "item":
            why = "An item goes on an open stream: choose one in Streams (3), and send it there (i)."
        if why:
            notify(self.app, why, "warning")
            return None
        if sent.kind == "raw":
            return SendRaw(text=sent.data, conn=self.desk.conn)
        return self._message(sent)

    def _message(self, sent: Sent) -> SendMessage | None:
        kind = _kind(sent)
        if kind is None or sent.cut:
            notify(self.app, "This is for requests, streams and one-way messages kept whole.", "warning")
            return None
        return SendMessage(
            kind=kind,
            operation=sent.operation,
            data_json=sent.data,
            timeout_s=Draft(form=kind, timeout=sent.timeout).timeout_s,
            conn=self.desk.conn,
        )

    def do_edit_sent(self) -> None:
        """Open the form with it."""
        sent = self._chosen
        if sent is None:
            return
        form: Form = "raw" if sent.kind == "raw" else _kind(sent) or "request"
        if sent.kind == "item":
            notify(self.app, "An item goes on an open stream: choose one in Streams (3).", "warning")
            return
        drafts = self.main.drafts
        drafts.form = form
        draft = drafts.by_form[form]
        draft.operation, draft.data, draft.timeout = sent.operation, sent.data, sent.timeout
        drafts.begun = bool(sent.operation)
        self.desk.session.editing = None
        self.desk.session.variables = values_of(sent)
        self.dismiss(None)
        self.main.call_later(self.main.action_run, "compose")

    def do_search_history(self) -> None:
        """Search."""
        self.search()

    def do_keep_sent(self) -> None:
        """Save it in a collection."""
        from inspector_app.screens.save_form import save

        sent = self._chosen
        message = self._message(sent) if sent is not None else None
        if sent is not None and message is not None:
            save(self.desk, message, items_json=items_of(sent))

    def do_repeat_sent(self) -> None:
        """Send it many times."""
        sent = self._chosen
        message = self._message(sent) if sent is not None else None
        if sent is not None and message is not None:
            self.desk.repeat(message, values_of(sent), items_json=items_of(sent))

    def do_copy_sent(self) -> None:
        """Copy it as a program."""
        sent = self._chosen
        message = self._message(sent) if sent is not None else None
        if sent is not None and message is not None:
            self.desk.copy_typed(
                message.kind,
                message.operation,
                message.data_json,
                items_json=items_of(sent),
                timeout_s=message.timeout_s,
                variables=values_of(sent),
            )

    def do_exchange_of_sent(self) -> None:
        """Go to its exchange, in the capture that has it."""
        sent = self._chosen
        if sent is None:
            return
        if sent.conn is None or sent.number is None or not sent.opener:
            notify(self.app, "It opened no exchange to go to.", "warning")
            return
        goal = ExchangeGoal(conn=sent.conn, opener=sent.opener, number=sent.number)
        reader, path = self.main.view.reader, Path(sent.capture)
        if reader is not None and reader.path == path:
            self.desk.go_to(goal)
            return
        why = why_not_in(path, goal)
        if why:
            notify(self.app, why, "warning")
        else:
            leave(self.main, OpenFile(path, goal), "Leave for its capture?")

    def do_forget_sent(self) -> None:
        """Take it out."""
        sent = self._chosen
        if sent is not None:
            try:
                self.desk.outbox.history.remove(sent.id)
            except HistoryError as error:
                notify(self.app, str(error), "error")
            self._look()

    def do_clear_history(self) -> None:
        """Take out all, after asking."""

        def answered(sure: bool | None) -> None:
            if sure:
                try:
                    self.desk.outbox.history.clear()
                except HistoryError as error:
                    notify(self.app, str(error), "error")
                self._look()

        question = "All that was sent is forgotten, for all captures. Captures and collections stay."
        self.app.push_screen(Confirm("Empty the history?", question, "Forget all"), answered)

    def do_leave_history(self) -> None:
        """Go back."""
        self.leave()


def _kind(sent: Sent) -> MessageKind | None:
    return OPENING.get(sent.kind)
