import asyncio
import json
from typing import Any

import pytest

from slipstream import ConnectionClosedError, ConnectionLostError, RemoteError, connect, serve
from tests.slipstream.raw_peer import RawPeer, raw_client, raw_server
from tests.slipstream.support import Observer, Service, emptied, soon

dialects = pytest.mark.parametrize("legacy", [False, True], ids=["modern", "legacy"])


# -- as a server against our client -------------------------------------------------------------------------


@dialects
async def test_our_client_makes_every_kind_of_call(legacy: bool) -> None:
    async with raw_server(legacy=legacy) as (url, raw), connect(url) as protocol:
        assert await protocol.request_response({"operation": "add", "a": 1, "b": 2}) == 3
        with pytest.raises(RemoteError, match="no luck"):
            await protocol.request_response({"operation": "fail"})
        items = await protocol.request_stream({"operation": "items", "items": [1, None, "é"]})
        assert [item async for item in items] == [1, None, "é"]
        async with await protocol.stream_stream({"operation": "chat"}) as handle:
            await handle.send({"n": 1})
            assert await handle.receive() == {"n": 1}
            await handle.aclose()
            assert [item async for item in handle] == []
        await protocol.fire_and_forget({"operation": "note"})
        assert protocol.remote.modern is not legacy
        await emptied(protocol)
    assert [frame["type"] for frame in raw[0].got] == [
        "request",
        "request",
        "stream_request",
        "stream_stream_request",
        "stream_data",
        "stream_end",
        "fire_and_forget",
    ]
    assert all(frame["peerID"] == protocol.peer_id for frame in raw[0].got)
    assert [frame["requestId"][1] for frame in raw[0].got[:4]] == [0, 1, 2, 3]


async def test_our_first_frame_alone_says_hello() -> None:
    async with raw_server() as (url, raw), connect(url) as protocol:
        for _ in range(2):
            await protocol.request_response({"operation": "add", "a": 1, "b": 2})
    first, second = raw[0].got
    hello = first["meta"]["hello"]
    assert (hello["version"], hello["credit"], hello["maxFrame"]) == (1, 256, 1048576)
    assert "hello" not in second.get("meta", {})


@dialects
async def test_a_deadline_is_told_to_a_modern_peer_only(legacy: bool) -> None:
    async with raw_server(legacy=legacy) as (url, raw), connect(url) as protocol:
        await protocol.request_response({"operation": "add", "a": 1, "b": 2})
        await protocol.request_response({"operation": "add", "a": 1, "b": 2}, timeout=7)
    assert raw[0].got[1].get("meta") == (None if legacy else {"timeout": 7})


@pytest.mark.parametrize(
    ("legacy", "told"), [(False, "error"), (True, "stream_end")], ids=["modern", "legacy"]
)
async def test_a_stream_that_is_given_up_is_told_in_the_peers_dialect(legacy: bool, told: str) -> None:
    async with raw_server(legacy=legacy) as (url, raw), connect(url) as protocol:
        items = await protocol.request_stream({"operation": "items", "items": [1], "open": True})
        assert await anext(items) == 1
        await items.aclose()
        await protocol.request_response({"operation": "add", "a": 1, "b": 2})
        await emptied(protocol)
    assert [frame["type"] for frame in raw[0].got] == ["stream_request", told, "request"]


@dialects
async def test_a_request_that_is_given_up_is_told_to_a_modern_peer_only(legacy: bool) -> None:
    async with raw_server(legacy=legacy) as (url, raw), connect(url) as protocol:
        await protocol.request_response({"operation": "add", "a": 1, "b": 2})
        asking = asyncio.create_task(protocol.request_response({"operation": "never"}))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        await protocol.request_response({"operation": "add", "a": 1, "b": 2})
        await emptied(protocol)
    told = [] if legacy else ["error"]
    assert [frame["type"] for frame in raw[0].got] == ["request", "request", *told, "request"]
    if not legacy:
        assert raw[0].got[2]["data"]["code"] == "cancelled"


@pytest.mark.parametrize(
    ("data", "error", "code"),
    [
        ({"operation": "leave", "code": 1000}, ConnectionClosedError, 1000),
        ({"operation": "leave", "code": 1001}, ConnectionClosedError, 1001),
        ({"operation": "leave", "code": 1011}, ConnectionLostError, 1011),
        ({"operation": "leave", "code": 4400}, ConnectionLostError, 4400),
        ({"operation": "drop"}, ConnectionLostError, 1006),
    ],
)
async def test_the_way_a_connection_ends_is_told_exactly(
    data: dict[str, Any], error: type[ConnectionClosedError], code: int
) -> None:
    async with raw_server() as (url, _), connect(url) as protocol:
        items = await protocol.request_stream({"operation": "items", "items": [1, 2], "open": True})
        with pytest.raises(ConnectionClosedError) as caught:
            await protocol.request_response(data)
        assert (type(caught.value), caught.value.code) == (error, code)
        got = [await anext(items), await anext(items)]
        with pytest.raises(error):
            await anext(items)
        assert got == [1, 2]
        await protocol.wait_closed()
        await emptied(protocol)


# -- as a client against our server -------------------------------------------------------------------------


async def ask(peer: RawPeer, number: int, kind: str = "request", **data: Any) -> list[Any]:
    request_id = ["raw", number]
    await peer.send(kind, request_id, data=data)
    return request_id


@dialects
async def test_our_server_answers_every_kind_of_call(legacy: bool) -> None:
    service = Service()
    async with serve(lambda: service) as server, raw_client(server.url, legacy=legacy) as peer:
        request_id = await ask(peer, 0, operation="add", a=1, b=2)
        answer = await peer.receive()
        assert (answer["type"], answer["requestId"], answer["data"]) == ("response", request_id, 3)
        assert answer["peerID"] == answer["peerID"].strip() != "raw"

        await ask(peer, 1, "stream_request", operation="items", items=[1, None])
        frames = [await peer.receive() for _ in range(3)]
        assert [(frame["type"], frame["data"]) for frame in frames] == [
            ("stream_data", 1),
            ("stream_data", None),
            ("stream_end", None),
        ]

        request_id = await ask(peer, 2, "stream_stream_request", operation="chat")
        await peer.send("stream_data", request_id, data="hi")
        assert (await peer.receive())["data"] == "hi"
        await peer.send("stream_end", request_id)
        assert (await peer.receive())["type"] == "stream_end"

        await peer.send("fire_and_forget", data={"operation": "note", "value": 5})
        async with asyncio.timeout(5):
            assert await service.noted.get() == 5
        await emptied(*server.protocols)


@pytest.mark.parametrize(
    ("kind", "goodbye"),
    [
        ("request", {"kind": "error", "data": {"error": "no", "code": "cancelled"}}),
        ("request", {"kind": "stream_end"}),
        ("stream_request", {"kind": "error", "data": "no"}),
        ("stream_request", {"kind": "stream_end"}),
        ("stream_stream_request", {"kind": "error", "data": None}),
    ],
)
async def test_a_peer_that_gives_up_stops_the_handler(kind: str, goodbye: dict[str, Any]) -> None:
    service = Service()
    operation = {"request": "hang", "stream_request": "pausing", "stream_stream_request": "mute"}[kind]
    async with serve(lambda: service) as server, raw_client(server.url) as peer:
        request_id = await ask(peer, 0, kind, operation=operation, items=[])
        await soon(service.started)
        await peer.send(goodbye.pop("kind"), request_id, **goodbye)
        await soon(service.stopped)
        await ask(peer, 1, operation="add", a=1)
        assert (await peer.receive())["requestId"] == ["raw", 1]
        await emptied(*server.protocols)


@pytest.mark.parametrize("drop", [True, False])
async def test_a_peer_that_goes_away_leaves_nothing_running(drop: bool) -> None:
    service = Service()
    async with serve(lambda: service) as server, raw_client(server.url) as peer:
        await ask(peer, 0, "stream_request", operation="pausing", items=[])
        await soon(service.started)
        (protocol,) = server.protocols
        if drop:
            peer.websocket.transport.abort()
        else:
            await peer.websocket.close(4400)
        await soon(service.stopped)
        await protocol.wait_closed()
        await emptied(protocol)
        assert protocol.state.name == "LOST"


@pytest.mark.parametrize(
    "hostile",
    [
        "[1]",
        "3",
        "null",
        b"\xff\xfe",
        '{"type":"request","requestId":["raw",0],"peerID":"raw","data":{"n":' + "9" * 5000 + "}}",
        "[" * 100_000,
        '{"type":"stream_data","requestId":["nobody",3],"data":1}',
        '{"type":"response","requestId":["nobody",3],"data":1}',
    ],
    ids=range(8),
)
async def test_hostile_messages_leave_the_connection_alive(hostile: str | bytes) -> None:
    async with serve(Service) as server, raw_client(server.url) as peer:
        await peer.websocket.send(hostile)
        await ask(peer, 9, operation="add", a=1, b=1)
        while (answer := await peer.receive())["requestId"] != ["raw", 9]:
            assert answer["type"] == "error"
        assert answer["data"] == 2


async def test_a_request_without_a_peer_id_is_answered_invalid() -> None:
    async with serve(Service) as server, raw_client(server.url) as peer:
        request = {"type": "request", "requestId": ["raw", 0], "data": {"operation": "add", "a": 1}}
        await peer.websocket.send(json.dumps(request))
        answer = await peer.receive()
        assert (answer["type"], answer["data"]["code"]) == ("error", "invalid_request")


async def test_a_binary_message_is_taken_and_answered_in_text() -> None:
    async with serve(Service) as server, raw_client(server.url) as peer:
        request = {"type": "request", "requestId": ["raw", 0], "peerID": "raw"}
        await peer.websocket.send(
            json.dumps({**request, "data": {"operation": "echo", "value": "é"}}).encode()
        )
        message = await peer.websocket.recv()
        assert isinstance(message, str)
        assert json.loads(message)["data"] == "é"


@pytest.mark.parametrize("spelled", ["REQUEST", "Request"])
async def test_a_peer_is_answered_in_its_own_spelling(spelled: str) -> None:
    async with serve(Service) as server, raw_client(server.url) as peer:
        await peer.send(spelled, ["raw", 0], data={"operation": "add", "a": 1})
        assert (await peer.receive())["type"] == ("RESPONSE" if spelled.isupper() else "Response")


async def test_our_server_calls_the_raw_client() -> None:
    observer = Observer()
    async with serve(Service, taps=lambda _: [observer]) as server, raw_client(server.url) as peer:
        await ask(peer, 0, operation="add", a=1)
        await peer.receive()
        (protocol,) = server.protocols
        asking = asyncio.create_task(protocol.request_response({"operation": "who"}))
        request = await peer.receive()
        await peer.send("response", request["requestId"], data="raw")
        assert await asking == "raw"
    assert observer.findings == []
