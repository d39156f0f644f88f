"""The market, called as any client may call it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from inspector_app.mock.demo import Customer, Market
from slipstream import Protocol, ProtocolHandler, RemoteError, connect, describe, request_response, serve

LARGE = {"operation": "create_order", "symbol": "LEAF", "quantity": 1000}


class Refusing(ProtocolHandler):
    """A caller that approves nothing."""

    @request_response
    async def approve_order(self, data: dict[str, object]) -> dict[str, object]:
        return {"approved": False, "order_id": data["order_id"]}


@pytest.fixture
async def market() -> AsyncIterator[Protocol]:
    async with serve(Market) as server, connect(server.url, handler=Customer()) as protocol:
        yield protocol


async def refusal(market: Protocol, **data: object) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        await market.request_response(data)
    return caught.value


async def test_every_operation_is_documented_and_most_tell_their_parameters(market: Protocol) -> None:
    described = {each["name"]: each for each in await describe(market) or []}
    ours = {name: each for name, each in described.items() if not name.startswith("slipstream.")}
    assert {each["kind"] for each in ours.values()} == {
        "request_response",
        "request_stream",
        "stream_stream",
        "fire_and_forget",
    }
    assert all(each["doc"] for each in ours.values())
    assert ours["create_order"]["params"]["required"] == ["symbol", "quantity"]


async def test_an_order_is_placed_and_can_be_looked_up(market: Protocol) -> None:
    order = await market.request_response({"operation": "create_order", "symbol": "BEAN", "quantity": 3})
    assert order["total_cents"] == 3 * 412
    assert await market.request_response({"operation": "get_order", "order_id": order["order_id"]}) == order


async def test_a_large_order_asks_the_caller_back(market: Protocol) -> None:
    order = await market.request_response(LARGE)
    assert order["approved_by_caller"] is True


async def test_a_large_order_that_the_caller_refuses_is_not_placed() -> None:
    async with serve(Market) as server, connect(server.url, handler=Refusing()) as market:
        assert "did not approve" in (await refusal(market, **LARGE)).message


async def test_a_caller_that_cannot_be_asked_has_nothing_against_it() -> None:
    async with serve(Market) as server, connect(server.url) as market:
        assert (await market.request_response(LARGE))["approved_by_caller"] is False


async def test_each_way_to_fail_has_its_code(market: Protocol) -> None:
    assert (await refusal(market, operation="get_quote", symbol="GOLD")).code == "not_found"
    assert (await refusal(market, operation="get_order", order_id="B7")).code == "not_found"
    assert (await refusal(market, operation="create_order", symbol="BEAN")).code == "invalid_request"
    no_stock = await refusal(market, operation="create_order", symbol="CORK", quantity=1)
    assert (no_stock.code, no_stock.details) == ("application", {"available_from": "2026-11-30"})


async def test_prices_come_as_many_as_were_asked_for(market: Protocol) -> None:
    watch = {"operation": "watch_prices", "symbol": "SALT", "count": 4, "every_s": 0}
    prices = [item async for item in await market.request_stream(watch)]
    assert [item["symbol"] for item in prices] == ["SALT"] * 4


async def test_a_replay_fails_behind_the_trades_it_has(market: Protocol) -> None:
    trades = await market.request_stream({"operation": "replay_day", "fail_after": 2, "every_s": 0})
    assert [(await anext(trades))["trade"] for _ in range(2)] == [1, 2]
    with pytest.raises(RemoteError, match="damaged behind trade 2"):
        await anext(trades)


async def test_support_answers_every_item_until_the_caller_ends(market: Protocol) -> None:
    chat = await market.stream_stream({"operation": "chat", "name": "Ada"})
    assert (await chat.receive())["text"] == "Hello Ada, how can I help?"
    await chat.send({"text": "Where is my order?"})
    assert (await chat.receive())["from"] == "support"
    await chat.aclose()
    assert [item async for item in chat] == []
