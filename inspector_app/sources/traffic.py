"""The demo's traffic: what its client does, over and over, in a calm pace.

Owns the scenario: which calls are made, how often, with what data. Choices come from the seed; only the
network and the clock are left to chance. Every kind of exchange and every kind of ending comes up within
the first ten seconds. Nothing is recorded or drawn here.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING, Any

from inspector_app.mock.demo import PRICES
from slipstream import ConnectionState, RemoteError, RequestTimeoutError, SlipstreamError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine

    from slipstream import Protocol

_CUSTOMERS = ("Ada", "Bo", "Carmen", "Dilip", "Esi")
_QUESTIONS = (
    "Where is my order A1002?",
    "Can I change the address?",
    "The parcel was damaged.",
    "Do you ship to Norway?",
    "That helps, thank you!",
)
_EVENTS = (
    ("info", "page_viewed"),
    ("info", "cart_updated"),
    ("warning", "payment_retried"),
    ("info", "search_submitted"),
    ("error", "image_missing"),
)


class Traffic:
    """Calls over one connection until it ends. `pace` 2 is twice as fast as normal."""

    def __init__(self, protocol: Protocol, *, seed: int = 1, pace: float = 1.0) -> None:
        self._protocol = protocol
        self._seed = seed
        self._pace = pace

    async def run(self) -> None:
        """Go on until cancelled, or until the connection has ended."""
        loops = (self._quotes, self._orders, self._prices, self._chats, self._events, self._rarities)
        tasks = [asyncio.create_task(self._repeat(loop), name=f"demo {loop.__name__}") for loop in loops]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _repeat(self, loop: Callable[[random.Random], Awaitable[None]]) -> None:
        # A generator of its own for each loop: how they interleave does not change what each one chooses.
        choose = random.Random(f"{self._seed} {loop.__name__}")  # noqa: S311 - made-up data, not secrets
        while self._protocol.state is ConnectionState.CONNECTED:
            try:
                await loop(choose)
            except SlipstreamError:
                await self._wait(0.5)  # a person may have ended the exchange from the screen: go on

    async def _wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._pace)

    async def _call(self, operation: str, timeout_s: float | None = None, **data: Any) -> None:
        """Make a unary call; an error or a timeout is part of the show."""
        try:
            await self._protocol.request_response(
                {"operation": operation, **data}, timeout=timeout_s and timeout_s / self._pace
            )
        except (RemoteError, RequestTimeoutError):
            return

    # -- all the time -------------------------------------------------------------------------------------

    async def _quotes(self, choose: random.Random) -> None:
        await self._call("get_quote", symbol=choose.choice(list(PRICES)))
        await self._wait(choose.uniform(0.9, 1.6))

    async def _orders(self, choose: random.Random) -> None:
        """Orders in every way they can go: fine, large enough to be asked back, refused, invalid, unknown."""
        await self._wait(choose.uniform(0.4, 0.9))
        await self._call(
            "create_order", symbol="BEAN", quantity=choose.randint(2, 40), note="leave at the door"
        )
        await self._wait(choose.uniform(0.5, 1.0))
        await self._call("get_order", order_id="A1001")
        await self._wait(choose.uniform(0.5, 1.0))
        await self._call("create_order", symbol="LEAF", quantity=choose.randint(300, 900))
        await self._wait(choose.uniform(0.5, 1.0))
        failing: list[tuple[str, dict[str, Any]]] = [
            ("create_order", {"symbol": "CORK", "quantity": choose.randint(1, 5)}),
            ("create_order", {"symbol": "SALT", "quantity": "a few"}),
            ("get_order", {"order_id": "B7"}),
            ("ship_order", {"order_id": "A1001"}),
        ]
        choose.shuffle(failing)
        for operation, data in failing:
            await self._call(operation, **data)
            await self._wait(choose.uniform(0.8, 1.4))

    async def _prices(self, choose: random.Random) -> None:
        watch = {"symbol": choose.choice(list(PRICES)), "count": choose.randint(7, 12)}
        await self._drain("watch_prices", **watch, every_s=0.5 / self._pace)
        await self._wait(choose.uniform(0.5, 1.5))

    async def _drain(self, operation: str, **data: Any) -> None:
        with contextlib.suppress(RemoteError):
            async for _ in await self._protocol.request_stream({"operation": operation, **data}):
                pass

    async def _chats(self, choose: random.Random) -> None:
        chat = await self._protocol.stream_stream({"operation": "chat", "name": choose.choice(_CUSTOMERS)})
        async with chat:
            await chat.receive()
            for question in choose.sample(_QUESTIONS, 4):
                await self._wait(choose.uniform(0.8, 1.4))
                await chat.send({"from": "customer", "text": question})
                await chat.receive()
        await self._wait(choose.uniform(1.0, 2.0))

    async def _events(self, choose: random.Random) -> None:
        level, event = choose.choice(_EVENTS)
        await self._protocol.fire_and_forget(
            {"operation": "log_event", "level": level, "event": event, "user": choose.choice(_CUSTOMERS)}
        )
        await self._wait(choose.uniform(1.2, 2.4))

    # -- now and then -------------------------------------------------------------------------------------

    async def _rarities(self, choose: random.Random) -> None:
        """What goes slow, fails or breaks the rules, one after the other: eight seconds, then a rest."""
        async with _beside(self._call("run_report", month="2026-10", seconds=5 / self._pace)) as report:
            await self._wait(0.3)
            await self._drain("replay_day", fail_after=3, every_s=0.3 / self._pace)
            async with _beside(self._call("run_report", month="2026-09", seconds=60)):
                await self._wait(1.0)  # leaving the block gives the call up
            await self._left_early()
            await self._call("run_report", timeout_s=1.5, month="2026-08", seconds=30)
            await self._faulty()
            await report
        await self._wait(choose.uniform(3.0, 6.0))

    async def _left_early(self) -> None:
        """Walk away from a stream after three items."""
        watch = {"operation": "watch_prices", "symbol": "CANE", "count": 500, "every_s": 0.3 / self._pace}
        seen = 0
        async with await self._protocol.request_stream(watch) as prices:
            async for _ in prices:
                seen += 1
                if seen == 3:
                    break

    async def _faulty(self) -> None:
        feed = await self._protocol.stream_stream({"operation": "faulty_feed", "sensor": 7})
        async with feed:
            async for _ in feed:
                pass
            await self._wait(0.5)


@contextlib.asynccontextmanager
async def _beside(call: Coroutine[None, None, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Run a call beside the block; what is left of it at the end of the block is given up."""
    task = asyncio.create_task(call)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
