from typing import Any

import pytest
from pydantic import BaseModel

from slipstream import (
    ConnectionClosedError,
    Limits,
    Protocol,
    ProtocolHandler,
    RemoteError,
    describe,
    fire_and_forget,
    request_response,
)
from slipstream.testing import In, Out, Slot, Transcript, listening, peers, websocket_pair
from tests.slipstream.support import Observer, Pair, Service

ASK = Out({"type": "request", "requestId": Slot("id"), "data": {"operation": "slipstream.describe"}})


async def test_describing_tells_every_operation_sorted_by_name() -> None:
    async with peers(None, Service()) as (left, right):
        told = await left.request_response({"operation": "slipstream.describe"})
    names = [operation["name"] for operation in told["operations"]]
    assert names == sorted(names)
    assert {"add", "items", "chat", "note"} < set(names)
    assert {"slipstream.credit", "slipstream.describe", "slipstream.ping"} < set(names)
    assert (told["version"], told["peerID"]) == (1, right.peer_id)
    assert told["software"].startswith("slipstream ")
    assert told["limits"]["frame"] == 1024 * 1024
    assert told["extensions"] == []


async def test_an_operation_is_told_with_its_kind_and_schema() -> None:
    async with peers(None, Service()) as (left, _):
        operations = await describe(left)
    assert operations is not None
    by_name = {operation["name"]: operation for operation in operations}
    assert by_name["add"]["params"] == Pair.model_json_schema()
    assert by_name["add"]["returns"] == {"type": "integer"}
    assert [by_name[name]["kind"] for name in ("add", "items", "chat", "note")] == [
        "request_response",
        "request_stream",
        "stream_stream",
        "fire_and_forget",
    ]


async def test_a_parameter_that_has_no_schema_does_not_hide_the_others() -> None:
    class Odd(BaseModel):
        model_config = {"arbitrary_types_allowed": True}
        thing: Service

    class Handler(ProtocolHandler):
        @request_response
        async def odd(self, data: Odd) -> None: ...

    async with peers(None, Handler()) as (left, _):
        operations = await describe(left)
    assert operations is not None
    assert "odd" in [operation["name"] for operation in operations]


async def test_without_a_handler_the_reserved_operations_are_told() -> None:
    async with peers() as (left, _):
        operations = await describe(left)
    assert [operation["name"] for operation in operations or []] == [
        "slipstream.credit",
        "slipstream.describe",
        "slipstream.ping",
    ]


async def test_a_side_that_does_not_describe_itself_says_not_found_and_answers_all_else() -> None:
    one, other = websocket_pair()
    async with (
        listening(Protocol(one)) as left,
        listening(Protocol(other, handler=Service(), describe=False)) as right,
    ):
        with pytest.raises(RemoteError) as caught:
            await left.request_response({"operation": "slipstream.describe"})
        assert caught.value.code == "not_found"
        assert await describe(left) is None
        assert (await left.request_response({"operation": "slipstream.ping"}))["state"] == "connected"
        assert await describe(right) is not None


async def test_ping_echoes_and_tells_the_state() -> None:
    async with peers() as (left, _):
        told = await left.request_response({"operation": "slipstream.ping", "echo": [1]})
    assert told == {"echo": [1], "state": "connected", "inFlight": 1}


async def test_reserved_names_never_reach_a_handler() -> None:
    class Handler(ProtocolHandler):
        @fire_and_forget
        async def note(self, data: dict[str, Any]) -> None:
            raise AssertionError

    setattr(Handler, "slipstream.mine", Handler.note)
    async with peers(None, Handler()) as (left, _):
        await left.fire_and_forget({"operation": "slipstream.mine"})
        for operation, code in (("slipstream.mine", "not_found"), ("slipstream.credit", "wrong_kind")):
            with pytest.raises(RemoteError) as caught:
                await left.request_response({"operation": operation})
            assert caught.value.code == code


async def test_a_reserved_operation_has_one_kind() -> None:
    async with peers() as (left, _):
        with pytest.raises(RemoteError) as caught:
            await anext(await left.request_stream({"operation": "slipstream.ping"}))
        assert caught.value.code == "wrong_kind"


@pytest.mark.parametrize(
    "answer",
    [
        {"type": "error", "data": {"error": "no", "code": "not_found"}},
        {"type": "response", "data": None},
        {"type": "response", "data": {"operations": "many"}},
    ],
)
async def test_a_peer_that_does_not_say_is_none(answer: dict[str, Any]) -> None:
    async with Transcript(ASK, In({**answer, "requestId": Slot("id"), "peerID": "them"})).play() as protocol:
        assert await describe(protocol) is None


async def test_silence_is_taken_as_not_saying() -> None:
    observer = Observer()
    limits = Limits(describe_timeout_s=0.01)
    async with Transcript(ASK).play(limits=limits, taps=[observer]) as protocol:
        assert await describe(protocol) is None


async def test_what_makes_no_sense_in_a_description_is_left_out() -> None:
    operations = [
        {"name": "good", "kind": "stream_stream"},
        {"name": 1},
        "text",
        {"name": "x", "kind": "odd"},
    ]
    answer = {
        "type": "response",
        "requestId": Slot("id"),
        "peerID": "them",
        "data": {"operations": operations},
    }
    async with Transcript(ASK, In(answer)).play() as protocol:
        assert await describe(protocol) == operations[:1]


async def test_the_end_of_the_connection_is_no_description() -> None:
    async with peers() as (left, right):
        await right.aclose()
        await left.wait_closed()
        with pytest.raises(ConnectionClosedError):
            await describe(left)
