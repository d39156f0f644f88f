"""`describe`: operations for people, the answer as it came, and servers that do not say."""

from __future__ import annotations

import json
from typing import Any, Literal

import click
import pytest
from pydantic import BaseModel, Field

from inspector_app.calling.catalogue import read_catalogue
from inspector_app.calling.describing import FORMATS, text_lines
from inspector_app.calling.options import describe
from inspector_app.mock.demo import Market
from inspector_app.schemas.schema_text import parameter_lines, returned
from slipstream import serve
from tests.inspector_app.calling.calls import Caller
from tests.inspector_app.check import servers
from tests.inspector_app.sources.helpers import raw_server


async def test_operations_are_listed_with_kind_documentation_and_parameters(caller: Caller) -> None:
    async with serve(Market) as server:
        ended = await caller.describe(server.url)
    assert (ended.code, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    assert lines[0].startswith(f"{server.url}: slipstream ")
    assert lines[0].endswith(", protocol version 1, 9 operations")
    at = lines.index("create_order  (request)")
    assert lines[at + 1 : at + 6] == [
        "    Place an order. A large one asks the caller back first, with `approve_order`.",
        "    symbol: string, required",
        "    quantity: integer, required, at most 100000, above 0",
        '    note: string, default ""',
        "    returns: object (order_id, symbol, quantity, total_cents, approved_by_caller)",
    ]
    assert "chat  (bidirectional)" in lines
    assert "log_event  (oneway)" in lines
    assert lines[-1] == "and of the protocol itself: slipstream.credit, slipstream.describe, slipstream.ping"


async def test_the_answer_is_printed_as_it_came(caller: Caller) -> None:
    async with serve(Market) as server:
        ended = await caller.describe(server.url, "json")
    assert ended.stdout.count("\n") == 1
    told = json.loads(ended.stdout)
    assert {"version", "software", "peerID", "operations", "limits", "extensions"} == set(told)
    assert "slipstream.ping" in [each["name"] for each in told["operations"]]


async def test_operations_are_exported_for_other_tools(caller: Caller) -> None:
    async with serve(Market) as server:
        schemas = json.loads((await caller.describe(server.url, "json-schema")).stdout)
        api = json.loads((await caller.describe(server.url, "asyncapi")).stdout)
    assert schemas["$defs"]["create_order.params"]["properties"]["quantity"]["exclusiveMinimum"] == 0
    assert api["asyncapi"] == "3.0.0"
    assert set(api["operations"]) == {
        "chat",
        "create_order",
        "faulty_feed",
        "get_order",
        "get_quote",
        "log_event",
        "replay_day",
        "run_report",
        "watch_prices",
    }


def test_every_format_can_be_asked_for() -> None:
    (option,) = (each for each in describe.params if each.name == "format_")
    assert isinstance(option.type, click.Choice)
    assert list(option.type.choices) == list(FORMATS)


async def test_a_server_that_does_not_describe_itself_is_one_sentence(caller: Caller) -> None:
    async with serve(Market, describe=False) as server:
        ended = await caller.describe(server.url)
    assert (ended.code, ended.stdout) == (1, "")
    assert ended.said == [f"{server.url} does not describe itself: it answers no `slipstream.describe`."]


async def test_an_answer_that_is_no_description_is_one_sentence(caller: Caller) -> None:
    async def talk(websocket: Any) -> None:
        asked = json.loads(await websocket.recv())
        await websocket.send(servers.frame_text("response", asked["requestId"], {"operations": "many"}))

    async with raw_server(talk) as url:
        ended = await caller.describe(url)
    assert (ended.code, len(ended.said)) == (1, 1)


async def test_no_connection_is_told_in_stages(caller: Caller) -> None:
    async with raw_server(servers.mute) as url:
        pass
    ended = await caller.describe(url)
    assert (ended.code, ended.stdout) == (1, "")
    assert len(ended.said) == 6


async def test_a_hostile_description_is_printed_inert_and_in_bounds(caller: Caller) -> None:
    hostile = "\x1b]0;x\x07\u202e"
    schema: dict[str, Any] = {"properties": {f"{hostile}{n}": {"type": hostile} for n in range(1_000)}}
    schema["properties"]["deep"] = {"$ref": "#"}
    operation = {
        "name": f"{hostile}\nforged  (request)",
        "kind": "request_stream",
        "doc": f"{hostile}\n" * 1_000,
        "params": schema,
    }
    odd = [None, {"name": 1}, {"name": "x", "kind": "dance"}, {"name": "y", "kind": ["request_stream"]}]

    async def talk(websocket: Any) -> None:
        asked = json.loads(await websocket.recv())
        data = {"software": hostile, "version": hostile, "operations": [operation, *odd]}
        await websocket.send(servers.frame_text("response", asked["requestId"], data))

    async with raw_server(talk) as url:
        ended = await caller.describe(url)
    assert ended.code == 0
    assert ended.stdout.replace("\n", "").isprintable()
    assert "1 operation" in ended.stdout
    assert not any(line.startswith("forged") for line in ended.stdout.splitlines())
    assert len(ended.stdout.splitlines()) < 200


# -- schemas in words -------------------------------------------------------------------------------------


class Item(BaseModel):
    sku: str = Field(pattern="^[A-Z]+$")
    count: int = 1


class Order(BaseModel):
    items: list[Item] = Field(min_length=1, description="What to\nsend")
    speed: Literal["slow", "fast"] = "slow"
    note: str | None = None
    also: Item | None = None
    extra: dict[str, int] = {}


def test_a_schema_is_told_field_by_field() -> None:
    assert list(parameter_lines(Order.model_json_schema())) == [
        "items: array of object, required, at least 1 items - What to send",
        "  sku: string, required, matches ^[A-Z]+$",
        "  count: integer, default 1",
        'speed: "slow" | "fast", default "slow"',
        "note: string or null, default null",
        "also: object or null, default null - Item",
        "  sku: string, required, matches ^[A-Z]+$",
        "  count: integer, default 1",
        "extra: object, default {}",
    ]
    assert returned(Order.model_json_schema()) == "object (items, speed, note, also, extra)"
    assert returned({"type": "array", "items": {"type": ["integer", "null"]}}) == "array of integer or null"
    assert returned(None) is None


@pytest.mark.parametrize(
    "schema",
    [
        None,
        True,
        [],
        {},
        {"properties": []},
        {"properties": {"a": None, "b": True, "c": {"type": {}}, "d": {"enum": []}, "e": {"anyOf": [1, {}]}}},
        {"properties": {"a": {"$ref": "#/nowhere"}, "b": {"$ref": "http://x"}, "c": {"$ref": "#/a/b~1"}}},
        {"$ref": "#"},
        {"required": 7, "properties": {"a": {"minimum": {}, "description": 7, "items": 3}}},
    ],
)
def test_whatever_is_no_schema_breaks_nothing(schema: Any) -> None:
    assert len(list(parameter_lines(schema))) <= 100
    returned(schema)


def test_a_schema_that_holds_itself_is_told_in_bounds() -> None:
    tree: dict[str, Any] = {"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}}
    lines = list(parameter_lines(tree))
    assert 10 < len(lines) <= 110
    wide = {"anyOf": [{"$ref": "#"}] * 12}
    assert returned(wide) is not None


def test_a_description_that_says_little_is_shown_all_the_same() -> None:
    catalogue = read_catalogue({"operations": [{"name": "x", "kind": "request_response"}]})
    assert catalogue is not None
    assert list(text_lines("ws://h", catalogue)) == ["ws://h: 1 operation", "", "x  (request)"]
