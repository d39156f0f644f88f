import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from inspector_app.messages import connection
from inspector_app.messages.answers import Answer, Ready
from inspector_app.messages.connection import ConnectionCaller
from inspector_app.messages.sequence import ending_told
from slipstream import (
    BiStreamHandle,
    HandlerError,
    Limits,
    ProtocolHandler,
    connect,
    fire_and_forget,
    request_response,
    request_stream,
    serve,
    stream_stream,
)


class Peer(ProtocolHandler):
    heard: list[Any] = []  # noqa: RUF012 - what all connections of a test said

    @request_response
    async def add(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"sum": data["a"] + data["b"]}

    @request_response
    async def fail(self, data: dict[str, Any]) -> None:
        raise HandlerError("no such order", code="not_found", details={"id": data["id"]})

    @request_response
    async def never(self, data: dict[str, Any]) -> None:
        await asyncio.Event().wait()

    @request_response
    async def hang_up(self, data: dict[str, Any]) -> None:
        assert self.protocol is not None
        await self.protocol.websocket.close(4000, "enough")

    @request_stream
    async def count(self, data: dict[str, Any]) -> AsyncIterator[int]:
        for n in range(data["to"]):
            yield n
        if data.get("endless"):
            await asyncio.Event().wait()

    @stream_stream
    async def echo(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        async for item in stream:
            await stream.send({"echo": item})

    @fire_and_forget
    async def log(self, data: dict[str, Any]) -> None:
        self.heard.append(data["text"])


@pytest.fixture
async def caller() -> AsyncIterator[ConnectionCaller]:
    async with serve(Peer, "127.0.0.1", 0) as server, connect(server.url) as protocol:
        yield ConnectionCaller(protocol, stream_timeout_s=30)


async def test_a_request_has_its_result(caller: ConnectionCaller) -> None:
    answer = await caller.call(Ready(kind="request", operation="add", data_json='{"a": 1, "b": 2}'))
    assert (answer.outcome, answer.data) == ("ok", {"sum": 3})
    assert answer.latency_ns is not None
    assert answer.duration_ns is not None
    assert 0 < answer.latency_ns <= answer.duration_ns


async def test_an_error_has_its_parts(caller: ConnectionCaller) -> None:
    answer = await caller.call(Ready(kind="request", operation="fail", data_json='{"id": 3}'))
    assert (answer.outcome, answer.code, answer.message, answer.details) == (
        "error",
        "not_found",
        "no such order",
        {"id": 3},
    )


async def test_streams_have_their_items(caller: ConnectionCaller) -> None:
    whole = await caller.call(Ready(kind="stream", operation="count", data_json='{"to": 3}'))
    assert (whole.outcome, whole.items) == ("ok", (0, 1, 2))
    endless = Ready(kind="stream", operation="count", data_json='{"to": 3, "endless": true}', take=2)
    assert (await caller.call(endless)).items == (0, 1)
    both = Ready(kind="bidirectional", operation="echo", items_json=("1", '"x"', "null"))
    assert (await caller.call(both)).items == ({"echo": 1}, {"echo": "x"}, {"echo": None})


@pytest.mark.parametrize(
    "message",
    [
        Ready(kind="request", operation="never", timeout_s=0.05),
        Ready(kind="stream", operation="count", data_json='{"to": 1, "endless": true}', timeout_s=0.05),
        Ready(kind="bidirectional", operation="echo", timeout_s=0.05, items_json=("1",) * 0, take=1),
    ],
)
async def test_what_takes_too_long_is_a_timeout(caller: ConnectionCaller, message: Ready) -> None:
    answer: Answer = await caller.call(message)
    if message.kind == "bidirectional":
        assert (answer.outcome, answer.items) == ("ok", ())
    else:
        assert answer.outcome == "timeout"


async def test_a_lost_connection_is_told(caller: ConnectionCaller) -> None:
    answer = await caller.call(Ready(kind="request", operation="hang_up"))
    assert answer.outcome == "lost"
    assert "enough" in answer.message


async def test_one_way_is_sent(caller: ConnectionCaller) -> None:
    Peer.heard.clear()
    assert (
        await caller.call(Ready(kind="oneway", operation="log", data_json='{"text": "hi"}'))
    ).outcome == "ok"
    await caller.call(Ready(kind="request", operation="add", data_json='{"a": 1, "b": 2}'))
    assert Peer.heard == ["hi"]


async def test_a_stream_without_end_is_given_up(
    caller: ConnectionCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MOST_ITEMS", 3)
    message = Ready(kind="stream", operation="count", data_json='{"to": 4, "endless": true}')
    answer = await caller.call(message)
    assert (answer.outcome, answer.message) == ("overflow", "more than 3 items came: take fewer")
    assert answer.items == (0, 1, 2)


async def test_a_request_without_a_time_of_its_own_has_that_of_the_connection() -> None:
    limits = Limits(request_timeout_s=0.05)
    async with serve(Peer, "127.0.0.1", 0) as server, connect(server.url, limits=limits) as protocol:
        answer = await ConnectionCaller(protocol).call(Ready(kind="request", operation="never"))
    assert answer.outcome == "timeout"


async def test_an_item_that_cannot_be_sent_is_what_its_stream_fails_by(caller: ConnectionCaller) -> None:
    items = ("1", "1e999")
    answer = await caller.call(Ready(kind="bidirectional", operation="echo", items_json=items))
    assert (answer.outcome, answer.code) == ("error", "not_sent")
    assert "JSON" in ending_told(answer)
    assert ending_told(answer).startswith("It was not sent: ")
