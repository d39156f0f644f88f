"""A message sent many times over a connection: begun and stopped, seen by taps like all else.

Owns what is being repeated on which connection, and how that stands: how many were sent, how long it took to
write them, why it ended. What became of each exchange is in the capture.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from inspector_app.messages.answers import Ready
from inspector_app.messages.connection import send
from inspector_app.messages.repeat import Figures, Pace, keep_pace
from inspector_app.messages.variables import fresh_values
from inspector_app.standing import RepetitionStanding, to_json
from slipstream import ConnectionClosedError, OverloadedError, ProtocolError, SlipstreamError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inspector_app.intents import RepeatMessage
    from slipstream import Protocol

MOST_KEPT: Final = 64
"""Connections of which is known how their last repetition stands."""

_LOG = logging.getLogger(__name__)


class Repeater:
    """What is repeated over the connections of a source, by their numbers: one message at a time on each."""

    def __init__(self) -> None:
        self._by_conn: dict[int, _Repetition] = {}

    def begin(self, conn: int, protocol: Protocol, asked: RepeatMessage) -> bool:
        """Begin; tell whether it was, which it is not while something is being repeated there already."""
        running = self._by_conn.pop(conn, None)
        if running is not None and not running.over:
            self._by_conn[conn] = running
            return False
        ended = [each for each, repetition in self._by_conn.items() if repetition.over]
        for each in ended[: max(0, len(self._by_conn) - MOST_KEPT + 1)]:
            del self._by_conn[each]
        self._by_conn[conn] = _Repetition(protocol, asked)
        return True

    async def stop(self, conn: int) -> bool:
        """Stop, and give up what is in flight; tell whether there was anything to stop."""
        running = self._by_conn.get(conn)
        if running is None or running.over:
            return False
        await running.stop()
        return True

    def told(self, conn: int) -> str:
        """Tell how the last one on a connection stands, also when that has ended; empty: there was none."""
        repetition = self._by_conn.get(conn)
        return to_json(repetition.standing) if repetition is not None else ""


class _Repetition:
    """One that runs, or ran."""

    def __init__(self, protocol: Protocol, asked: RepeatMessage) -> None:
        self._mark = asked.mark
        message = asked.message
        self._message = Ready(
            kind=message.kind,
            operation=message.operation,
            data_json=message.data_json,
            items_json=asked.items_json,
            take=asked.take,
            timeout_s=message.timeout_s,
        )
        self._data: Mapping[str, Any] = json.loads(message.data_json)
        self._pace = Pace(times=asked.times, per_second=asked.per_second, in_flight=asked.in_flight)
        self._written = Figures()
        self._sent = 0
        self._why = ""
        self._began_ns = self._last_ns = time.time_ns()
        self._task = asyncio.create_task(self._run(protocol), name="repetition")

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self._task.done()

    async def stop(self) -> None:
        """Begin no more, and give up what is in flight."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._why = self._why or "It was stopped."

    @property
    def standing(self) -> RepetitionStanding:
        """How it stands."""
        return RepetitionStanding(
            over=self.over,
            sent=self._sent,
            why=self._why,
            began_ns=self._began_ns,
            last_ns=self._last_ns,
            write_ns=self._written.percentiles(),
        )

    async def _run(self, protocol: Protocol) -> None:
        try:
            await keep_pace(lambda _: self._once(protocol), self._pace)
        except (ConnectionClosedError, OverloadedError, ProtocolError) as error:
            self._why = f"{str(error).rstrip('.')}."
        except Exception:  # noqa: BLE001 - whatever it was, whoever watches it must hear of it
            self._why = "It failed by a defect, as the log tells."
            _LOG.exception("a repetition failed")

    async def _once(self, protocol: Protocol) -> None:
        message, data = self._message, self._data
        if self._mark:
            data = json.loads(fresh_values(message.data_json, self._mark))
            items = tuple(fresh_values(item, self._mark) for item in message.items_json)
            message = replace(message, items_json=items)
        began_ns = time.monotonic_ns()
        try:
            await send(protocol, message, data)
        except (ConnectionClosedError, OverloadedError, ProtocolError):
            raise  # nothing was sent, and nothing would be
        except (SlipstreamError, TimeoutError):
            pass  # how an exchange failed is recorded with it
        self._sent += 1
        self._last_ns = time.time_ns()
        if message.kind == "oneway":
            self._written.took(time.monotonic_ns() - began_ns, well=True)
