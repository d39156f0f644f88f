"""A caller over the app's own connection: it sends by intents, and reads what came of it from the capture.

So all that a sequence sends is recorded like anything else, and each step leads to its exchange.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from inspector_app.capture.errors import CaptureError
from inspector_app.intents import CancelExchange, Done, EndHalf, Intent, SendItem, SendMessage
from inspector_app.messages.answers import Answer, Ready
from inspector_app.viewer.exchange_answers import answer_of
from inspector_app.viewer.goal import ExchangeGoal

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader
    from inspector_app.capture.records import ExchangeRow

LOOK_S: Final = 0.02
"""How often the capture is looked into for the end of an exchange."""
STREAM_LIMIT_S: Final = 60.0
"""Longest time for a stream for which none is given."""
_SETTLING_S: Final = 5.0
"""Longest time from the end of an exchange, or from its opening, to its being in the capture."""


class CaptureCaller:
    """Calls over connection `conn`, None being the newest. `on_sent` hears of each message that was sent."""

    def __init__(
        self,
        perform: Callable[[Intent], Awaitable[Done]],
        reader: Callable[[], CaptureReader | None],
        *,
        conn: int | None = None,
        on_sent: Callable[[Done], None] = lambda _: None,
    ) -> None:
        self._perform = perform
        self._reader = reader
        self._conn = conn
        self._on_sent = on_sent
        self.last: ExchangeGoal | None = None
        """The exchange of the last call; None where it opened none."""

    async def call(self, message: Ready) -> Answer:
        """Send it and wait for its end."""
        self.last = None
        sent = SendMessage(
            kind=message.kind,
            operation=message.operation,
            data_json=message.data_json,
            timeout_s=message.timeout_s if message.kind == "request" else None,
            conn=self._conn,
        )
        done = await self._perform(sent)
        if done.error is not None:
            return Answer(outcome="error", code="not_sent", message=done.error)
        self._on_sent(done)
        if done.conn is None or done.opener is None or done.number is None:
            return Answer(outcome="ok")
        goal = self.last = ExchangeGoal(conn=done.conn, opener=done.opener, number=done.number)
        try:
            return await self._answer(goal, message)
        except CaptureError as error:
            return Answer(outcome="error", code="unread", message=str(error))
        except asyncio.CancelledError:
            await self._cancel(goal)
            raise

    async def _answer(self, goal: ExchangeGoal, message: Ready) -> Answer:
        if message.kind == "bidirectional":
            await self._send_items(goal, message)
        limit_s = None if message.kind == "request" else message.timeout_s or STREAM_LIMIT_S
        enough = False
        try:
            async with asyncio.timeout(limit_s):
                enough = await self._until_ended(goal, message.take)
        except TimeoutError:
            pass
        ended = self._find(goal)
        if ended is None or ended.outcome != "pending":
            return self._told(ended)
        # Given up, for having enough or for having waited long enough: the capture is to say so, too.
        await self._cancel(goal)
        try:
            async with asyncio.timeout(_SETTLING_S):
                await self._until_ended(goal, None)
        except TimeoutError:
            pass
        answer = self._told(self._find(goal))
        items = answer.items[: message.take] if message.take is not None else answer.items
        return Answer(
            outcome="ok" if enough else "timeout",
            items=items,
            latency_ns=answer.latency_ns,
            duration_ns=answer.duration_ns,
        )

    async def _send_items(self, goal: ExchangeGoal, message: Ready) -> None:
        conn, opener, number = goal.conn, goal.opener, goal.number
        for item in message.items_json:
            done = await self._perform(SendItem(conn=conn, opener=opener, number=number, data_json=item))
            if done.error is not None:
                return  # it has ended meanwhile, as the answer tells
        await self._perform(EndHalf(conn=conn, opener=opener, number=number))

    async def _cancel(self, goal: ExchangeGoal) -> None:
        await self._perform(CancelExchange(conn=goal.conn, opener=goal.opener, number=goal.number))

    async def _until_ended(self, goal: ExchangeGoal, take: int | None) -> bool:
        """Wait for the end, or for enough items; tell whether it was the latter."""
        while True:
            exchange = self._find(goal)
            if exchange is not None and exchange.outcome != "pending":
                return False
            if exchange is not None and take is not None and exchange.items_in >= take:
                return True
            await asyncio.sleep(LOOK_S)

    def _find(self, goal: ExchangeGoal) -> ExchangeRow | None:
        reader = self._reader()
        return reader.find_exchange(goal.conn, goal.opener, goal.number) if reader is not None else None

    def _told(self, exchange: ExchangeRow | None) -> Answer:
        reader = self._reader()
        if reader is None or exchange is None:
            return Answer(outcome="lost", message="the capture was closed meanwhile")
        return answer_of(reader, exchange)
