"""What the main screen does with messages that are kept: history, collections, environments, copies.

Owns what each of these commands opens, and the outbox of this world. What that needs is imported then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from inspector_app.capture.errors import CaptureError
from inspector_app.screens.base import notify

if TYPE_CHECKING:
    from inspector_app.copying.message import CopiedMessage
    from inspector_app.intents import SendMessage
    from inspector_app.messages.answers import MessageKind
    from inspector_app.screens.bench import Bench
    from inspector_app.screens.main import MainScreen
    from inspector_app.viewer.goal import ExchangeGoal
    from inspector_app.viewer.outbox import Outbox
    from inspector_app.viewer.session import Session

FOLLOW_S = 0.2


class MessageDesk:
    """Carries out the commands about messages for a main screen."""

    def __init__(self, main: MainScreen, bench: Callable[[], Bench]) -> None:
        self.main = main
        self._bench = bench
        main.set_interval(FOLLOW_S, self._follow)

    @cached_property
    def outbox(self) -> Outbox:
        """What everything is sent through."""
        from inspector_app.viewer.outbox import Outbox

        bench = self._bench()
        return Outbox(bench.session, bench.history, self.main.inspection.perform, self.main.view)

    @property
    def session(self) -> Session:
        """The variables of now."""
        return self.outbox.session

    @property
    def conn(self) -> int | None:
        """The connection that is looked at, if it is open; else the newest is meant."""
        row = self.main.view.current_connection
        return row.conn if row is not None and row.state == "CONNECTED" else None

    def _follow(self) -> None:
        """Take note of answers that have come, if anything was sent."""
        if "outbox" in self.__dict__:
            self.outbox.follow()
            problem = self.outbox.take_problem()
            if problem:
                notify(self.main.app, problem, "warning")

    # -- commands -----------------------------------------------------------------------------------------

    def do_history(self) -> None:
        """Look through what was sent."""
        from inspector_app.screens.history import HistoryScreen

        self.main.app.push_screen(HistoryScreen(self))

    def do_collections(self) -> None:
        """Look through what is saved."""
        from inspector_app.screens.collections import CollectionsScreen

        self.main.app.push_screen(CollectionsScreen(self))

    def do_environment(self) -> None:
        """Choose the values of variables."""
        self.choose_environment(lambda: None)

    def do_copy_as(self) -> None:
        """Copy the message of what is chosen as a program."""
        from inspector_app.viewer.copied import NotCopiedError, copied_frame, without_secrets

        view = self.main.view
        frame, exchange = view.selection.frame, view.selection.exchange
        if view.reader is None:
            return
        try:
            if frame is None and exchange is not None:
                frame = view.reader.frame(exchange.opened_seq)
            if frame is not None:
                self.copy(without_secrets(copied_frame(view.reader, frame), self.session))
        except (NotCopiedError, CaptureError) as error:
            notify(self.main.app, str(error), "warning")

    # -- what other screens ask of it ---------------------------------------------------------------------

    def choose_environment(self, then: Callable[[], None]) -> None:
        """Have one chosen; it is remembered."""
        from inspector_app.screens.environments import EnvironmentPicker
        from inspector_app.screens.wishes import Remember

        def chosen(name: str | None) -> None:
            if name is not None:
                self.session.environment = name
                self.main.app.post_message(Remember(environment=name))
            then()

        self.main.app.push_screen(EnvironmentPicker(self.session), chosen)

    def copy(self, message: CopiedMessage) -> None:
        """Choose how to copy it."""
        from inspector_app.screens.copy_as import CopyAs

        self.main.app.push_screen(CopyAs(self.main, message))

    def copy_typed(
        self,
        kind: MessageKind,
        operation: str,
        data_json: str,
        *,
        items_json: tuple[str, ...] = (),
        timeout_s: float | None = None,
        variables: Mapping[str, object] | None = None,
    ) -> None:
        """Choose how to copy what is typed."""
        from inspector_app.viewer.copied import NotCopiedError, copied_typed

        try:
            self.copy(
                copied_typed(
                    self.main.view.world,
                    self.session,
                    kind=kind,
                    operation=operation,
                    data_json=data_json,
                    items_json=items_json,
                    timeout_s=timeout_s,
                    variables=variables,
                )
            )
        except NotCopiedError as error:
            notify(self.main.app, str(error), "warning")

    def repeat(
        self,
        message: SendMessage,
        variables: Mapping[str, object] | None = None,
        *,
        items_json: tuple[str, ...] = (),
        take: int | None = None,
    ) -> None:
        """Ask how often, and do it."""
        from inspector_app.intents import RepeatMessage
        from inspector_app.screens.repetition import ask_and_repeat

        asked = RepeatMessage(message=message, times=1, items_json=items_json, take=take)
        ask_and_repeat(self, asked, variables)

    def go_to(self, goal: ExchangeGoal) -> None:
        """Leave all screens above for the main screen, at an exchange."""
        import time

        app = self.main.app
        while app.screen is not self.main:
            app.pop_screen()
        self.main.view.look_out(goal, time.time_ns())
