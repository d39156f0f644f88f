"""The demo's two sides: a small market to call, and a client that can be called back.

`Market` is also what `slipstream-inspector host` offers when no handler is named, so everything it does is
driven by what the caller sends: it has every kind of operation, documented, with quick, slow and failing
ways through. Data is made up; nothing is stored and nothing leaves the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from pydantic import BaseModel, Field

from slipstream import (
    BiStreamHandle,
    HandlerError,
    ProtocolHandler,
    SlipstreamError,
    fire_and_forget,
    request_response,
    request_stream,
    stream_stream,
)

PRICES = {"BEAN": 412, "LEAF": 1890, "CANE": 233, "SALT": 64, "CORK": 758}
"""What the market trades, with the price to start from, in cents."""

APPROVAL_CENTS = 500_000
"""An order above this is not accepted before the caller has approved it."""

_CHAT_REPLIES = (
    "Thank you, I am looking into it.",
    "That order left the warehouse this morning.",
    "Would a replacement be all right for you?",
    "I have noted that down.",
    "Is there anything else?",
)


class QuoteRequest(BaseModel):
    """What to quote."""

    symbol: str = Field(description="One of " + ", ".join(PRICES))


class Quote(BaseModel):
    """A price, in cents."""

    symbol: str
    price_cents: int


class OrderRequest(BaseModel):
    """An order to place."""

    symbol: str
    quantity: int = Field(gt=0, le=100_000)
    note: str = ""


class Order(BaseModel):
    """An order as the market keeps it."""

    order_id: str
    symbol: str
    quantity: int
    total_cents: int
    approved_by_caller: bool


class OrderKey(BaseModel):
    """Which order."""

    order_id: str


class ReportRequest(BaseModel):
    """What to report on, and how long that takes."""

    month: str = "2026-10"
    seconds: float = Field(default=4.0, ge=0, le=600)


class PriceWatch(BaseModel):
    """Which prices to send, how many and how often."""

    symbol: str = "BEAN"
    count: int = Field(default=10, ge=1, le=100_000)
    every_s: float = Field(default=0.5, ge=0, le=60)


class ReplayRequest(BaseModel):
    """Which day to replay."""

    day: str = "2026-10-14"
    fail_after: int = Field(default=3, ge=0, description="Trades before the archive turns out damaged")
    every_s: float = Field(default=0.3, ge=0, le=60)


class Market(ProtocolHandler):
    """A small market: quotes, orders, price streams and a support chat."""

    def __init__(self) -> None:
        super().__init__()
        self._orders: dict[str, Order] = {}

    @request_response
    async def get_quote(self, data: QuoteRequest) -> Quote:
        """Give the price of one symbol."""
        return Quote(symbol=data.symbol, price_cents=_price_of(data.symbol))

    @request_response
    async def create_order(self, data: OrderRequest) -> Order:
        """Place an order. A large one asks the caller back first, with `approve_order`."""
        total = _price_of(data.symbol) * data.quantity
        if data.symbol == "CORK":
            raise HandlerError("CORK is out of stock until Monday", details={"available_from": "2026-11-30"})
        number = f"A{1001 + len(self._orders)}"
        approved = total > APPROVAL_CENTS and await self._ask_caller(number, total)
        order = Order(
            order_id=number,
            symbol=data.symbol,
            quantity=data.quantity,
            total_cents=total,
            approved_by_caller=approved,
        )
        self._orders[number] = order
        return order

    async def _ask_caller(self, number: str, total_cents: int) -> bool:
        """Call back; a caller that does not know `approve_order` has nothing against it."""
        if self.protocol is None:
            return False
        question = {"operation": "approve_order", "order_id": number, "total_cents": total_cents}
        try:
            answer = await self.protocol.request_response(question, timeout=5)
        except SlipstreamError:
            return False
        if isinstance(answer, dict) and answer.get("approved") is False:
            raise HandlerError(f"The caller did not approve order {number}")
        return True

    @request_response
    async def get_order(self, data: OrderKey) -> Order:
        """Look up an order of this connection."""
        if data.order_id not in self._orders:
            raise HandlerError(f"There is no order {data.order_id}", code="not_found")
        return self._orders[data.order_id]

    @request_response
    async def run_report(self, data: ReportRequest) -> dict[str, Any]:
        """Work for `seconds`, then answer with the figures of a month. Good for pending requests."""
        await asyncio.sleep(data.seconds)
        return {"month": data.month, "orders": 1284, "revenue_cents": 96_120_455, "best_seller": "BEAN"}

    @request_stream
    async def watch_prices(self, data: PriceWatch) -> AsyncIterator[Quote]:
        """Send the price of a symbol `count` times, every `every_s` seconds."""
        price = _price_of(data.symbol)
        for tick in range(data.count):
            await asyncio.sleep(data.every_s)
            price += (tick * 7919 + len(data.symbol)) % 9 - 4
            yield Quote(symbol=data.symbol, price_cents=price)

    @request_stream
    async def replay_day(self, data: ReplayRequest) -> AsyncIterator[dict[str, Any]]:
        """Replay the trades of a day from an archive that is damaged: the stream ends with an error."""
        for number in range(data.fail_after):
            await asyncio.sleep(data.every_s)
            yield {
                "trade": number + 1,
                "at": f"{data.day}T10:4{number % 10}:00Z",
                "symbol": "LEAF",
                "quantity": 12,
            }
        raise HandlerError(
            f"The archive of {data.day} is damaged behind trade {data.fail_after}", code="internal"
        )

    @stream_stream
    async def chat(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        """Talk to support: every item is answered, until the caller ends its half."""
        await stream.send({"from": "support", "text": f"Hello {data.get('name', 'there')}, how can I help?"})
        answered = 0
        async for _ in stream:
            await stream.send({"from": "support", "text": _CHAT_REPLIES[answered % len(_CHAT_REPLIES)]})
            answered += 1

    @stream_stream
    async def faulty_feed(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        """Break the protocol on purpose: one more item after the end of the stream, to be found."""
        del data
        await stream.send({"sensor": 7, "celsius": 21.4})
        await stream.aclose()
        if self.protocol is not None:
            late = {
                "type": "stream_data",
                "requestId": list(stream.request_id),
                "peerID": self.protocol.peer_id,
                "data": {"sensor": 7, "celsius": 21.5, "late": True},
            }
            await self.protocol.send_raw(json.dumps(late))
        async for _ in stream:
            pass

    @fire_and_forget
    async def log_event(self, data: dict[str, Any]) -> None:
        """Note an event. One of level `warning` or worse makes the market send `market_notice` back."""
        if self.protocol is not None and data.get("level") in {"warning", "error"}:
            notice = {"operation": "market_notice", "text": f"Seen: {data.get('event', 'something')}"}
            with contextlib.suppress(SlipstreamError):
                await self.protocol.fire_and_forget(notice)


class Customer(ProtocolHandler):
    """The demo's client as the market can call it back."""

    @request_response
    async def approve_order(self, data: dict[str, Any]) -> dict[str, Any]:
        """Say yes to a large order, after a moment."""
        await asyncio.sleep(0.2)
        return {"approved": True, "order_id": data.get("order_id")}

    @fire_and_forget
    async def market_notice(self, data: dict[str, Any]) -> None:
        """Take note of what the market says."""


def _price_of(symbol: str) -> int:
    try:
        return PRICES[symbol]
    except KeyError:
        raise HandlerError(f"Nothing named {symbol} is traded here", code="not_found") from None
