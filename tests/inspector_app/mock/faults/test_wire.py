"""Each fault over real sockets, as a client sees it that is no part of the library."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from inspector_app.mock.faults.at_work import Faults
from inspector_app.mock.faults.plan import ConnectionFaults, Sending
from inspector_app.mock.faults.rules import FaultRule
from inspector_app.mock.faults.wire import FaultyWire
from slipstream import ProtocolHandler, request_response, request_stream, serve

WAIT_S = 20


class Market(ProtocolHandler):
    @request_response
    async def quote(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"for": data.get("symbol")}

    @request_stream
    async def watch(self, data: dict[str, Any]) -> AsyncIterator[int]:
        for n in range(1, data.get("count", 4) + 1):
            yield n

    @request_stream
    async def tick(self, data: dict[str, Any]) -> AsyncIterator[int]:
        for n in range(1, 3):
            yield 10 * n


class Hosted:
    """A server with faults, and what its recorder was told."""

    def __init__(self, *rules: FaultRule) -> None:
        self.faults = Faults(rules)
        self.sent: list[str] = []
        self.told: list[str] = []
        self.met = asyncio.Event()
        self._connections = 0

    def rewire(self, websocket: Any, wire: Any) -> FaultyWire:
        self._connections += 1
        faults = ConnectionFaults(self.faults, self._connections)
        return FaultyWire(wire, websocket, faults, sent=self.sent.append, told=self._tell)

    def _tell(self, sending: Sending) -> None:
        self.told.append(sending.told)
        self.met.set()

    @asynccontextmanager
    async def client(self) -> AsyncIterator[ClientConnection]:
        async with serve(Market, "127.0.0.1", 0, rewire=self.rewire) as server, connect(server.url) as client:
            yield client


async def ask(client: ClientConnection, number: int, operation: str = "quote", **data: Any) -> None:
    kind = "request" if operation == "quote" else "stream_request"
    frame = {
        "type": kind,
        "requestId": ["c", number],
        "peerID": "c",
        "data": {"operation": operation, **data},
    }
    await client.send(json.dumps(frame))


async def hear(client: ClientConnection) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(await asyncio.wait_for(client.recv(), WAIT_S))
    frame.pop("meta", None)
    return frame


async def heard(client: ClientConnection, count: int) -> list[tuple[Any, ...]]:
    """Give exchange, type and data of so many frames."""
    frames = [await hear(client) for _ in range(count)]
    return [(frame["requestId"][1], frame["type"], frame.get("data")) for frame in frames]


async def test_without_rules_nothing_is_changed_and_nobody_is_told() -> None:
    hosted = Hosted()
    async with hosted.client() as client:
        await ask(client, 1, symbol="A")
        assert await heard(client, 1) == [(1, "response", {"for": "A"})]
    assert (hosted.sent, hosted.told) == ([], [])


async def test_an_answer_is_lost_and_the_next_one_comes() -> None:
    hosted = Hosted(FaultRule(do="lose", nth=(1,)))
    async with hosted.client() as client:
        await ask(client, 1)
        await ask(client, 2)
        assert await heard(client, 1) == [(2, "response", {"for": None})]
    assert len(hosted.sent) == 1
    assert hosted.told == ["The response of quote was not sent"]


async def test_an_answer_comes_twice() -> None:
    hosted = Hosted(FaultRule(do="repeat"))
    async with hosted.client() as client:
        await ask(client, 1)
        assert await heard(client, 2) == [(1, "response", {"for": None})] * 2
    assert len(hosted.sent) == 2


async def test_a_delayed_item_holds_up_its_own_stream_and_no_other() -> None:
    hosted = Hosted(FaultRule(do="delay", item=2, by="300ms"))
    async with hosted.client() as client:
        await ask(client, 1, "watch", count=3)
        assert await heard(client, 1) == [(1, "stream_data", 1)]
        await ask(client, 2)
        assert await heard(client, 4) == [
            (2, "response", {"for": None}),
            (1, "stream_data", 2),
            (1, "stream_data", 3),
            (1, "stream_end", None),
        ]


async def test_two_answers_are_swapped() -> None:
    hosted = Hosted(FaultRule(do="swap", by="20s"))
    async with hosted.client() as client:
        await ask(client, 1, symbol="A")
        await ask(client, 2, symbol="B")
        assert await heard(client, 2) == [(1, "response", {"for": "B"}), (2, "response", {"for": "A"})]


async def test_an_answer_with_none_to_swap_with_comes_late_and_whole() -> None:
    hosted = Hosted(FaultRule(do="swap", by="50ms"))
    async with hosted.client() as client:
        await ask(client, 1, symbol="A")
        assert await heard(client, 1) == [(1, "response", {"for": "A"})]


async def test_another_peer_an_unknown_type_and_a_broken_frame() -> None:
    rules = (
        FaultRule(do="change_peer", nth=(2,)),
        FaultRule(do="unknown_type", nth=(3,)),
        FaultRule(do="broken_json", nth=(4,)),
    )
    hosted = Hosted(*rules)
    async with hosted.client() as client:
        for number in range(1, 5):
            await ask(client, number)
        first, second, third = [await hear(client) for _ in range(3)]
        assert first["peerID"] != second["peerID"]
        assert third["type"] == "no_such_type"
        with pytest.raises(ValueError, match=r"."):
            json.loads(await asyncio.wait_for(client.recv(), WAIT_S))


async def test_a_stream_ends_without_its_end() -> None:
    hosted = Hosted(FaultRule(do="no_end"))
    async with hosted.client() as client:
        await ask(client, 1, "watch", count=1)
        await ask(client, 2)
        frames = sorted(await heard(client, 2))
        assert frames == [(1, "stream_data", 1), (2, "response", {"for": None})]
        assert hosted.told == ["The stream_end of watch was not sent"]


@pytest.mark.parametrize("rule", [FaultRule(do="close", item=2), FaultRule(do="drop", item=2)])
async def test_the_connection_ends_in_the_middle_of_a_stream(rule: FaultRule) -> None:
    hosted = Hosted(rule)
    async with hosted.client() as client:
        await ask(client, 1, "watch")
        assert await heard(client, 1) == [(1, "stream_data", 1)]
        with pytest.raises(ConnectionClosed) as caught:
            await asyncio.wait_for(client.recv(), WAIT_S)
    code = caught.value.rcvd.code if caught.value.rcvd is not None else None
    assert code == (1011 if rule.do == "close" else None)


async def test_nothing_comes_until_the_stall_is_switched_off() -> None:
    hosted = Hosted(FaultRule(name="hold", do="stall", item=2))
    async with hosted.client() as client:
        await ask(client, 1, "watch", count=3)
        assert await heard(client, 1) == [(1, "stream_data", 1)]
        await ask(client, 2)
        await asyncio.wait_for(hosted.met.wait(), WAIT_S)
        assert len(hosted.sent) == 1
        hosted.faults.switch("hold", False)
        assert await heard(client, 4) == [
            (1, "stream_data", 2),
            (1, "stream_data", 3),
            (1, "stream_end", None),
            (2, "response", {"for": None}),
        ]


async def test_a_stall_can_have_an_end() -> None:
    hosted = Hosted(FaultRule(do="stall", nth=(1,), by="50ms"))
    async with hosted.client() as client:
        await ask(client, 1)
        assert await heard(client, 1) == [(1, "response", {"for": None})]


async def test_a_slow_line_lets_pings_through_and_is_fast_once_switched_off() -> None:
    hosted = Hosted(FaultRule(name="drip", do="slow", bytes_per_s=1))
    async with hosted.client() as client:
        await ask(client, 1)
        pieces = client.recv_streaming()
        piece = await asyncio.wait_for(anext(pieces), WAIT_S)
        assert piece == "{"
        await asyncio.wait_for(await client.ping(), WAIT_S)
        hosted.faults.switch("drip", False)
        rest = [piece async for piece in pieces]
        assert json.loads("{" + "".join(str(each) for each in rest))["type"] == "response"
        await ask(client, 2)
        assert await heard(client, 1) == [(2, "response", {"for": None})]


async def test_what_waits_because_of_a_fault_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector_app.mock.faults.wire.MOST_WAITING_BYTES", 10_000)
    hosted = Hosted(FaultRule(name="hold", do="stall"))
    made, many = 0, asyncio.Event()

    class Endless(ProtocolHandler):
        @request_stream
        async def watch(self, data: dict[str, Any]) -> AsyncIterator[str]:
            nonlocal made
            while True:
                made += 1
                if made > 50:
                    many.set()
                yield "x" * 1000

    async with serve(Endless, "127.0.0.1", 0, rewire=hosted.rewire) as server, connect(server.url) as client:
        await ask(client, 1, "watch")
        await asyncio.wait_for(many.wait(), WAIT_S)
        before = -1
        while before != made:
            before = made
            await asyncio.wait_for(await client.ping(), WAIT_S)
        assert made < 1000
        hosted.faults.switch("hold", False)
        assert len(await heard(client, 100)) == 100
        client.transport.abort()  # it would be closed only once all was read, and there is no end to it


async def test_what_follows_an_item_that_waits_to_be_swapped_comes_behind_it() -> None:
    hosted = Hosted(FaultRule(do="swap", operation="watch", frame="item", by="50ms", nth=(4,)))
    async with hosted.client() as client:
        await ask(client, 1, "watch", count=4)
        found = await heard(client, 5)
        assert [each[2] for each in found] == [1, 2, 3, 4, None]
        assert "sent late" in hosted.told[0]


async def test_what_waits_behind_an_item_goes_on_as_soon_as_that_is_swapped() -> None:
    hosted = Hosted(
        FaultRule(do="swap", operation="watch", frame="item", by="1h", nth=(1,)),
    )
    async with hosted.client() as client:
        await ask(client, 1, "watch", count=1)
        await ask(client, 2)
        assert (await hear(client))["type"] == "response"  # the stream waits, with its end
        await ask(client, 3, "watch", count=2)
        found = [await hear(client) for _ in range(5)]
        of_first = [each["type"] for each in found if each["requestId"][1] == 1]
        assert of_first == ["stream_data", "stream_end"]
        of_second = [each["type"] for each in found if each["requestId"][1] == 3]
        assert of_second == ["stream_data", "stream_data", "stream_end"]


@pytest.mark.parametrize("do", ["swap", "delay"])
async def test_what_waits_goes_on_when_its_fault_is_switched_off(do: Any) -> None:
    hosted = Hosted(FaultRule(name="f", do=do, operation="watch", frame="item", nth=(1,), by="1h"))
    async with hosted.client() as client:
        await ask(client, 1, "watch", count=1)
        await ask(client, 2)
        assert (await hear(client))["type"] == "response"
        hosted.faults.switch("f", False)
        assert [(await hear(client))["type"] for _ in range(2)] == ["stream_data", "stream_end"]


async def test_what_two_swaps_hold_of_one_stream_stays_in_its_order() -> None:
    hosted = Hosted(
        FaultRule(name="first", do="swap", operation="watch", item=1, by="1h"),
        FaultRule(name="second", do="swap", item=2, by="1h", times=1),
    )
    async with hosted.client() as client:
        await ask(client, 1, "watch", count=2)  # all of it waits, the second item behind the first
        await ask(client, 2, "tick")
        assert await heard(client, 3) == [
            (2, "stream_data", 10),
            (2, "stream_data", 2),
            (2, "stream_end", None),
        ]
        await ask(client, 3, "watch", count=1)
        found = await heard(client, 5)
        assert [each[1:] for each in found if each[0] == 1] == [
            ("stream_data", 1),
            ("stream_data", 20),
            ("stream_end", None),
        ]
