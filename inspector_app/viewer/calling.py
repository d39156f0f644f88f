"""A caller over the app's own connection: it sends by intents, and reads what came of it from the capture.

So all that a sequence sends is recorded like anything else, and each step leads to its exchange.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.reader import CaptureReader
from inspector_app.intents import CancelExchange, Done, EndHalf, Intent, SendItem, SendMessage
from inspector_app.messages.answers import NOT_SENT, Answer, Ready
from inspector_app.viewer.exchange_answers import answer_of
from inspector_app.viewer.goal import ExchangeGoal

if TYPE_CHECKING:
    from pathlib import Path

    from inspector_app.capture.records import ExchangeRow

LOOK_S: Final = 0.02
"""How often the capture is looked into for the end of an exchange."""
STREAM_LIMIT_S: Final = 60.0
"""Longest time for a stream for which none is given."""
AT_ONCE_ITEMS: Final = 200
AT_ONCE_BYTES: Final = 256 * 1024
"""An answer of more is read in a thread, so that it holds up no key."""
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
        sending = asyncio.ensure_future(self._perform(sent))
        try:
            done = await asyncio.shield(sending)
            if done.error is not None:
                return Answer(outcome="error", code=NOT_SENT, message=done.error)
            self._on_sent(done)
            goal = self.last = _goal_of(done)
            return await self._answer(goal, message) if goal is not None else Answer(outcome="ok")
        except CaptureError as error:
            return Answer(outcome="error", code="unread", message=str(error))
        except asyncio.CancelledError:
            # Also one whose opening was under way: nobody else would give it up.
            goal = _goal_of(await sending)
            if goal is not None:
                await self._cancel(goal)
            raise

    async def _answer(self, goal: ExchangeGoal, message: Ready) -> Answer:
        limit_s = None if message.kind == "request" else message.timeout_s or STREAM_LIMIT_S
        refusals: list[str] = []
        ended: ExchangeRow | None = None
        try:
            async with asyncio.timeout(limit_s) as limit:
                sending = asyncio.create_task(self._send_items(goal, message, limit, refusals))
                try:
                    ended = await self._until_ended(goal, message.take)
                finally:
                    sending.cancel()
        except TimeoutError:
            ended = self._find(goal)
        enough = ended is not None and message.take is not None and ended.items_in >= message.take
        if ended is None or (ended.outcome != "pending" and not enough):
            return await self._told(ended)
        if ended.outcome == "pending":
            # Given up, for having enough or for having waited long enough: the capture is to say so, too.
            await self._cancel(goal)
            with suppress(TimeoutError):
                async with asyncio.timeout(_SETTLING_S):
                    ended = await self._until_ended(goal)
        answer = await self._told(ended, message.take)
        if enough:
            return replace(answer, outcome="ok", code="", message="", details=None)
        if refusals:
            return replace(answer, outcome="error", code=NOT_SENT, message=refusals[0])
        return replace(answer, outcome="timeout", code="", message="", details=None)

    async def _send_items(
        self, goal: ExchangeGoal, message: Ready, limit: asyncio.Timeout, refusals: list[str]
    ) -> None:
        """Send its items and end this half, while what comes is waited for: it may be what gives credit.

        After a refusal the exchange has ended meanwhile, as the capture will tell, or will not end any more.
        """
        if message.kind != "bidirectional":
            return
        conn, opener, number = goal.conn, goal.opener, goal.number
        for item in message.items_json:
            done = await self._perform(SendItem(conn=conn, opener=opener, number=number, data_json=item))
            if done.error is not None:
                refusals.append(done.error)
                latest = asyncio.get_running_loop().time() + _SETTLING_S
                limit.reschedule(min(latest, limit.when() or latest))
                return
        await self._perform(EndHalf(conn=conn, opener=opener, number=number))

    async def _cancel(self, goal: ExchangeGoal) -> None:
        await self._perform(CancelExchange(conn=goal.conn, opener=goal.opener, number=goal.number))

    async def _until_ended(self, goal: ExchangeGoal, take: int | None = None) -> ExchangeRow:
        """Wait for its end, or for enough items."""
        while True:
            exchange = self._find(goal)
            if exchange is not None and exchange.outcome != "pending":
                return exchange
            if exchange is not None and take is not None and exchange.items_in >= take:
                return exchange
            await asyncio.sleep(LOOK_S)

    def _find(self, goal: ExchangeGoal) -> ExchangeRow | None:
        reader = self._reader()
        return reader.find_exchange(goal.conn, goal.opener, goal.number) if reader is not None else None

    async def _told(self, exchange: ExchangeRow | None, take: int | None = None) -> Answer:
        reader = self._reader()
        if reader is None or exchange is None:
            return Answer(outcome="lost", message="the capture was closed meanwhile")
        if exchange.items_in <= AT_ONCE_ITEMS and exchange.bytes_in <= AT_ONCE_BYTES:
            return answer_of(reader, exchange, take)
        return await asyncio.to_thread(_read, reader.path, exchange, take)


def _goal_of(done: Done) -> ExchangeGoal | None:
    if done.conn is None or done.opener is None or done.number is None:
        return None
    return ExchangeGoal(conn=done.conn, opener=done.opener, number=done.number)


def _read(path: Path, exchange: ExchangeRow, take: int | None) -> Answer:
    with closing(CaptureReader(path)) as reader:
        return answer_of(reader, exchange, take)
