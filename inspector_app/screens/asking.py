"""What the main screen asks of the engine: exchanges given up or ended, connections made and closed, forms.

Owns what each of these commands does. Intents are carried out elsewhere; what came of them is told here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from inspector_app.intents import CancelExchange, Disconnect, EndHalf, EngineIntent, Intent, Reconnect
from inspector_app.screens.base import notify
from inspector_app.screens.type_ahead import let_go
from inspector_app.viewer.operations import MESSAGE_KINDS, Operation

if TYPE_CHECKING:
    from inspector_app.screens.main import MainScreen


class Asking:
    """Carries out the commands that need an engine for a main screen."""

    def __init__(self, main: MainScreen) -> None:
        self._main = main
        self.to_talk_on = False
        """Whether the stream that is looked out for was opened to be talked on."""

    def ask(self, intent: Intent | EngineIntent, done: str = "") -> None:
        """Have the engine carry out an intent, and say how that went."""
        self._main.run_worker(self._ask(intent, done), group="intents")

    async def _ask(self, intent: Intent | EngineIntent, done: str) -> None:
        main = self._main
        answer = await main.inspection.perform(intent)
        if answer.error:
            notify(main.app, answer.error, "error")
            return
        if isinstance(intent, Reconnect):
            main.view.listens_again(time.time_ns())
        if done:
            notify(main.app, done)

    def _of_exchange(self, make: Callable[..., Intent], question: str, yes: str, done: str) -> None:
        """Act on the exchange of this moment; in a list that moves by itself, only after naming it."""
        from inspector_app.screens.prompts import Confirm

        main, view = self._main, self._main.view
        exchange = view.target
        if exchange is None:
            return
        intent = make(conn=exchange.conn, opener=exchange.opener, number=exchange.number)
        if not main.list_of(view.view).follow:
            self.ask(intent, done)
            return
        main.hold()
        label = view.label(exchange.conn, exchange.opener, exchange.number)
        named = f"{exchange.operation or '(no operation)'} ({label})"

        def answered(sure: bool | None) -> None:
            if sure:
                self.ask(intent, done)

        main.app.push_screen(Confirm(f"{yes}?", question.format(named), yes), answered)

    def do_cancel(self) -> None:
        """Give up the chosen exchange."""
        self._of_exchange(CancelExchange, "Give up {}?", "Give up", "Cancelled.")

    def do_end_half(self) -> None:
        """End this side's half of the chosen stream."""
        self._of_exchange(EndHalf, "End this side's half of {}?", "End half", "This side's half is ended.")

    def do_reconnect(self) -> None:
        """Make a new connection; a server listens anew."""
        server = self._main.view.world.role == "SERVER"
        self.ask(Reconnect(), "Listening again." if server else "Connecting again.")

    def do_disconnect(self) -> None:
        """Close the connection."""
        self.ask(Disconnect(), "Closing the connection.")

    def do_record_elsewhere(self) -> None:
        """Record into another file from now on."""
        from inspector_app.screens.steering import record_elsewhere

        record_elsewhere(self._main)

    def do_stay(self) -> None:
        """Have the engine stay when this viewer ends, or no more."""
        from inspector_app.screens.steering import stay

        stay(self._main)

    def do_end_engine(self) -> None:
        """End the engine that this viewer is attached to."""
        from inspector_app.screens.steering import end_engine

        end_engine(self._main)

    def do_compose(self) -> None:
        """Open the form that was used last."""
        from inspector_app.screens.sending import open_compose

        open_compose(self._main)

    def do_send_item(self) -> None:
        """Open the form of an item for the chosen stream."""
        from inspector_app.screens.sending import open_item

        stream = self._main.view.target
        if stream is not None:
            self._main.hold()
            open_item(self._main, stream)

    def do_mock(self) -> None:
        """Show what is hosted."""
        from inspector_app.screens.mock import MockScreen

        self._main.app.push_screen(MockScreen(self._main.inspection))

    def do_console(self) -> None:
        """Open the console of the chosen stream."""
        from inspector_app.screens.console import ConsoleScreen

        stream = self._main.view.target
        if stream is not None:
            self._main.hold()
            outbox = self._main.messages.outbox
            self._main.app.push_screen(ConsoleScreen(self._main.inspection, stream.id, outbox))

    def talk(self) -> None:
        """Open the console of a stream that was just opened here."""
        if self.to_talk_on and self._main.is_current:
            self.to_talk_on = False
            self.do_console()
            let_go(self._main.app)

    def do_ready_url(self) -> None:
        """Copy and show the URL that clients of what is hosted come in by."""
        from inspector_app.screens.ready_url import show_url

        show_url(self._main, self._main.inspection)

    def do_send_to(self) -> None:
        """Choose the peer to send to, then open the form."""
        from inspector_app.screens.peers import choose_peer

        choose_peer(self._main)

    def call(self, operation: Operation | None) -> None:
        """Open the form to call an operation."""
        if operation is not None and operation.direction == "in":
            notify(self._main.app, "The other side calls this one here: + shows its frames.", "warning")
            return
        kind = MESSAGE_KINDS.get(operation.kind) if operation else None
        if operation is None or kind is None:
            why = "This kind of operation is not known: it cannot be called from a form."
            notify(self._main.app, why, "warning")
            return
        self._main.drafts.begin(operation, kind)
        self._main.action_run("compose")
