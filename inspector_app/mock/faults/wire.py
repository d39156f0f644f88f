"""A wire with faults: stands between a connection and its socket, and sends what a plan makes of each frame.

Owns the order and the time of what is sent. Frames of one exchange stay in order, also behind one that waits
to be swapped with another; what one fault delays holds up nothing else. Who records is told of each frame
when it is really sent, and of each fault.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from slipstream import ExchangeKind
from slipstream.transport import DROPPED, close_reason, cut

if TYPE_CHECKING:
    from inspector_app.mock.faults.at_work import Fault
    from inspector_app.mock.faults.plan import ConnectionFaults, RequestId, Sending
    from slipstream.exchanges import Exchange
    from slipstream.wire import Receive, Wire

MOST_WAITING_BYTES: Final = 32 * 1024 * 1024
"""With more than that waiting because of faults, whoever sends waits too."""

KINDS: Final = {
    ExchangeKind.UNARY: "request",
    ExchangeKind.SERVER_STREAM: "stream",
    ExchangeKind.BIDIRECTIONAL: "bidirectional",
}
"""What rules call the kinds of exchanges."""

_STEPS_A_SECOND: Final = 10
_MOST_DELAYED: Final = 1000


class FaultyWire:
    """Made by `rewire` of `slipstream.serve`.

    `in_flight` gives the exchanges that began before there was any rule; it may be set later. `sent` hears of
    each text as it is sent, `told` of each fault. What is `untouched` passes through at no
    cost, so nobody is told: whoever observes the connection has seen it.
    """

    def __init__(
        self,
        wire: Wire,
        websocket: Any,
        faults: ConnectionFaults,
        *,
        sent: Callable[[str], None],
        told: Callable[[Sending], None],
    ) -> None:
        self._wire = wire
        self._websocket = websocket
        self._faults = faults
        self._sent = sent
        self._told = told
        self._waiting: list[tuple[float, int, Sending]] = []
        self._waiting_bytes = 0
        self._count = itertools.count()
        self._not_before: dict[RequestId, float] = {}
        self._behind: dict[RequestId, tuple[object, list[Sending]]] = {}
        """By exchange: a frame that waits to be swapped, and what comes behind it."""
        self.in_flight: Callable[[], Iterable[Exchange]] = tuple
        self._knows_all = bool(faults.faults.all)
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None
        self._ended = False

    @property
    def untouched(self) -> bool:
        """Whether what is written now goes out as it is, at once: there is no rule, and nothing waits."""
        return not self._faults.faults.all and self._sender is None

    # -- what the connection uses ---------------------------------------------------------------------------

    async def read(self, receive: Receive) -> None:
        """Read as ever, with a look at what the other side opens."""
        end_listening = self._faults.faults.when_switched(self._take_note)

        def look(message: str | bytes) -> bool:
            if self._faults.faults.all:
                self._faults.came(message)
            return receive(message)

        try:
            await self._wire.read(look)
        finally:
            self._ended = True
            end_listening()
            self._room.set()  # the sender may end before it has begun
            if self._sender is not None:
                self._sender.cancel()

    def write(self, messages: Sequence[str]) -> Awaitable[None] | None:
        """Write text messages, or what becomes of them."""
        if self.untouched:
            return self._wire.write(messages)
        for text in messages:
            for sending in self._faults.decide(text):
                self._put(sending)
        if self._waiting and self._sender is None and not self._ended:
            self._sender = asyncio.create_task(self._send_all(), name="faulty wire")
        self._news.set()
        return self._wait_for_room() if self._waiting_bytes > MOST_WAITING_BYTES else None

    def unsent_bytes(self) -> int:
        """What the socket has not taken; what a fault keeps back is not the other side's doing."""
        return self._wire.unsent_bytes()

    def _take_note(self) -> None:
        """Take note that rules are others, or other ones are on."""
        has_rules = bool(self._faults.faults.all)
        if has_rules and not self._knows_all:
            for exchange in self.in_flight():
                if not exchange.mine:
                    kind, operation = KINDS[exchange.kind], exchange.operation or ""
                    self._faults.was_opened(exchange.request_id, kind, operation, exchange.items_out)
        self._knows_all = has_rules
        self._let_go()
        self._news.set()

    def _let_go(self) -> None:
        """Have go on at once what is put off by a fault that is off by now, and what follows it."""
        now = asyncio.get_running_loop().time()
        free = {
            sending.request_id
            for _, _, sending in self._waiting
            if sending.delay_s and sending.fault is not None and not sending.fault.on
        }
        if free:
            self._waiting = [
                (now if sending.request_id in free else due, number, sending)
                for due, number, sending in self._waiting
            ]
            heapq.heapify(self._waiting)
            self._not_before = {each: due for each, due in self._not_before.items() if each not in free}

    # -- in order, and in time ------------------------------------------------------------------------------

    def _put(self, sending: Sending) -> None:
        self._waiting_bytes += len(sending.text or "")
        self._place(sending)

    def _place(self, sending: Sending) -> None:
        """Have it sent in its turn: when it is due, or behind what waits to be swapped."""
        request_id = sending.request_id
        held, behind = self._behind.get(request_id, (None, [])) if request_id is not None else (None, [])
        if held is not None and sending.resumes is not held:
            _put_behind(behind, sending)
            return
        if request_id is not None and sending.releases and sending.fault is not None:
            if not self._faults.is_held(sending.fault, sending.held):
                return
            self._behind[request_id] = sending.held, []
        self._schedule(sending)
        if held is not None and request_id is not None:
            self._resume(request_id)

    def _resume(self, request_id: RequestId) -> None:
        _, behind = self._behind.pop(request_id, (None, []))
        for each in behind:
            self._place(each)

    def _schedule(self, sending: Sending) -> None:
        due = asyncio.get_running_loop().time() + sending.delay_s
        if sending.request_id is not None:
            due = max(due, self._not_before.get(sending.request_id, 0.0))
            if sending.delay_s and not sending.releases:
                self._keep_order(sending.request_id, due)
        heapq.heappush(self._waiting, (due, next(self._count), sending))

    def _keep_order(self, request_id: RequestId, due: float) -> None:
        self._not_before[request_id] = due
        if len(self._not_before) > _MOST_DELAYED:
            now = asyncio.get_running_loop().time()
            self._not_before = {each: until for each, until in self._not_before.items() if until > now}

    async def _wait_for_room(self) -> None:
        while self._waiting_bytes > MOST_WAITING_BYTES and not self._ended:
            self._room.clear()
            await self._room.wait()

    async def _send_all(self) -> None:
        try:
            with contextlib.suppress(*DROPPED):  # the reader tells how the connection ended
                while True:
                    await self._send_due()
                    await self._wait()
        finally:
            self._room.set()

    async def _wait(self) -> None:
        """Wait until the next is due, or something has changed."""
        await self._news_until(self._waiting[0][0] if self._waiting else None)

    async def _news_until(self, until: float | None) -> None:
        self._news.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await self._news.wait()

    async def _send_due(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting and self._waiting[0][0] <= loop.time():
            _, _, sending = heapq.heappop(self._waiting)
            self._waiting_bytes -= len(sending.text or "")
            self._room.set()
            await self._send(sending)

    async def _send(self, sending: Sending) -> None:
        fault = sending.fault
        if fault is not None and sending.releases:
            for released in self._faults.released(fault, sending.held):
                await self._send(released)
                if sending.request_id is not None:
                    self._resume(sending.request_id)
            return
        if fault is not None and fault.rule.do == "stall":
            self._told(sending)
            await self._hold_back(fault)
        if sending.text is not None:
            self._sent(sending.text)
        if fault is not None and fault.rule.do != "stall":
            self._told(sending)
        if sending.text is not None:
            await self._send_text(sending.text)
        if sending.drop:
            cut(self._websocket)
        elif sending.close is not None:
            code, reason = sending.close
            await self._websocket.close(code, close_reason(reason))

    async def _send_text(self, text: str) -> None:
        if self._faults.rate is not None:
            # A message in pieces leaves room between them for pings, as a slow line would.
            await self._websocket.send(self._trickle(text))
            return
        waiting = self._wire.write([text])
        if waiting is not None:
            await waiting

    async def _hold_back(self, fault: Fault) -> None:
        """Send nothing, for as long as the rule says and the fault is on."""
        loop = asyncio.get_running_loop()
        until = None if fault.rule.by is None else loop.time() + fault.rule.by
        while fault.on and (until is None or loop.time() < until):
            await self._news_until(until)

    async def _trickle(self, text: str) -> AsyncIterator[str]:
        """Give a text in pieces, so many characters a second; all that is left once there is no limit."""
        at = 0
        while at < len(text):
            rate = self._faults.rate
            if rate is None:
                yield text[at:]
                return
            piece = max(1, rate // _STEPS_A_SECOND)
            yield text[at : at + piece]
            at += piece
            await self._pause(min(piece / rate, 1.0))

    async def _pause(self, seconds: float) -> None:
        """Wait, unless what makes it slow is switched off."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while self._faults.rate is not None and loop.time() < until:
            await self._news_until(until)


def _put_behind(behind: list[Sending], sending: Sending) -> None:
    """Put one behind the others, or in the place of what waits there itself to be swapped, and is now."""
    if sending.resumes is not None:
        for place, each in enumerate(behind):
            if each.releases and each.held is sending.resumes:
                behind[place] = sending
                return
    behind.append(sending)
