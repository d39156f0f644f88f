"""Everything that a person sends goes through here: variables are put in, it is sent, and is kept.

Owns the order of that, and that what came of it is kept in the history, too, once the capture has it. A
history that cannot be written keeps nobody from sending.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.reader import CaptureReader
from inspector_app.intents import Done, Intent, SendItem, SendMessage, SendRaw
from inspector_app.messages.history import ANSWER_BYTES, History, HistoryError, Sent
from inspector_app.messages.variables import VariableError
from inspector_app.viewer.exchange_answers import answer_text
from inspector_app.viewer.goal import ExchangeGoal

if TYPE_CHECKING:
    from inspector_app.capture.records import ExchangeRow
    from inspector_app.viewer.session import Session
    from inspector_app.viewer.state import ViewState

MOST_AWAITED: Final = 500
"""Exchanges whose answers are waited for at a time; of more, the oldest stay pending in the history."""

Perform = Callable[[Intent], Awaitable[Done]]


@dataclass(slots=True)
class _Awaited:
    goal: ExchangeGoal
    outcome: str = "pending"


class Outbox:
    """Sends for one world. `problem` is one sentence on why the history is not kept, once, else empty."""

    def __init__(self, session: Session, history: History, perform: Perform, view: ViewState) -> None:
        self.session = session
        self.history = history
        self._perform = perform
        self._view = view
        self._awaited: dict[int, _Awaited] = {}
        self._looked: set[int] = set()
        self._under_way: set[asyncio.Task[Done]] = set()
        self._problem = ""
        self._told = False

    async def send(self, typed: Intent, variables: Mapping[str, object] | None = None) -> Done:
        """Send what was typed with its variables put in; `Done.error` says why it was not.

        `variables` are as for `Session.scope`. Cancelled, it is sent and kept all the same: it is under way.
        """
        task = asyncio.ensure_future(self._send(typed, variables))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def _send(self, typed: Intent, variables: Mapping[str, object] | None) -> Done:
        try:
            intent = self.session.expanded(typed, variables)
        except VariableError as error:
            return Done(error=str(error))
        done = await self.perform(intent)
        if done.error is None:
            self._keep(typed, done, variables)
        return done

    async def perform(self, intent: Intent) -> Done:
        """Have something done that has its values; of why it was not, secrets are masked."""
        done = await self._perform(intent)
        return done if done.error is None else replace(done, error=self.session.hide(done.error))

    def kept(self, sent: Sent, done: Done) -> None:
        """Keep something that was sent otherwise."""
        capture = self._view.reader.path if self._view.reader is not None else None
        try:
            entry = self.history.add(
                Sent(
                    **{name: getattr(sent, name) for name in _TYPED},
                    sent_ns=time.time_ns(),
                    url=self._view.world.address,
                    environment=self.session.environment,
                    outcome="pending" if done.number is not None else "sent",
                    capture=str(capture) if capture is not None else "",
                    conn=done.conn,
                    opener=done.opener or "",
                    number=done.number,
                )
            )
        except HistoryError as error:
            self._trouble(error)
            return
        if done.conn is not None and done.opener is not None and done.number is not None:
            goal = ExchangeGoal(conn=done.conn, opener=done.opener, number=done.number)
            self._awaited[entry.id] = _Awaited(goal)
            while len(self._awaited) > MOST_AWAITED:
                del self._awaited[next(iter(self._awaited))]

    def _keep(self, typed: Intent, done: Done, variables: Mapping[str, object] | None) -> None:
        match typed:
            case SendMessage():
                timeout = f"{typed.timeout_s:g}" if typed.timeout_s is not None else ""
                frozen = self.session.frozen(typed.operation + typed.data_json, variables)
                sent = Sent(
                    sent_ns=0,
                    kind=typed.kind,
                    operation=typed.operation,
                    data=typed.data_json,
                    timeout=timeout,
                    variables=frozen,
                )
            case SendRaw():
                sent = Sent(sent_ns=0, kind="raw", data=typed.text)
            case SendItem():
                frozen = self.session.frozen(typed.data_json, variables)
                sent = Sent(
                    sent_ns=0,
                    kind="item",
                    operation=self._operation_of(typed),
                    data=typed.data_json,
                    variables=frozen,
                )
            case _:
                return
        # An item has no answer of its own.
        self.kept(sent, Done(conn=done.conn) if isinstance(typed, SendItem) else done)

    def _operation_of(self, item: SendItem) -> str:
        """Name the stream that an item goes on; empty when the capture does not tell."""
        reader = self._view.reader
        try:
            stream = reader.find_exchange(item.conn, item.opener, item.number) if reader is not None else None
        except CaptureError as error:
            self._view.report(str(error))
            return ""
        return (stream.operation or "") if stream is not None else ""

    def follow(self) -> None:
        """Take note of what has been answered since."""
        reader = self._view.reader
        if reader is None or not self._awaited:
            return
        try:
            for id_, awaited in list(self._awaited.items()):
                goal = awaited.goal
                exchange = reader.find_exchange(goal.conn, goal.opener, goal.number)
                if exchange is not None and exchange.outcome != "pending":
                    del self._awaited[id_]
                    self._settle(id_, exchange, answer_text(reader, exchange, ANSWER_BYTES))
        except CaptureError:
            return  # the view says that the capture cannot be read
        except HistoryError as error:
            self._trouble(error)

    def look_again(self, sent: Sent) -> None:
        """Look in its own capture for what became of an entry that nobody waits for any more, once.

        It is pending since the program ended, or left that capture, before it had ended.
        """
        path = Path(sent.capture)
        if sent.id in self._looked or sent.id in self._awaited or sent.outcome != "pending":
            return
        self._looked.add(sent.id)
        if sent.conn is None or sent.number is None or not path.is_file():
            return
        try:
            with closing(CaptureReader(path)) as reader:
                exchange = reader.find_exchange(sent.conn, sent.opener, sent.number)
                if exchange is not None and exchange.outcome != "pending":
                    self._settle(sent.id, exchange, answer_text(reader, exchange, ANSWER_BYTES))
        except CaptureError:
            return  # opening that capture says what is wrong with it
        except HistoryError as error:
            self._trouble(error)

    def _settle(self, id_: int, exchange: ExchangeRow, answer: str) -> None:
        latency_ns = exchange.ended_ns - exchange.opened_ns if exchange.ended_ns is not None else None
        self.history.settle(
            id_,
            exchange.outcome,
            code=exchange.code or "",
            latency_ns=latency_ns,
            answer=self.session.hide(answer),
        )

    def _trouble(self, error: HistoryError) -> None:
        self._problem = str(error)

    def take_problem(self) -> str:
        """Give what is wrong with the history, the first time only."""
        problem, self._problem = self._problem, ""
        if problem and not self._told:
            self._told = True
            return problem
        return ""


_TYPED: Final = ("kind", "operation", "data", "items", "timeout", "variables", "code")
