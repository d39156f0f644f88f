import json
import re
from dataclasses import replace
from typing import Any

import jsonschema_rs
import pytest

from inspector_app.schemas.exporting import Offer, asyncapi, json_schema

QUOTE = {
    "type": "object",
    "properties": {"symbol": {"$ref": "#/$defs/Symbol"}},
    "required": ["symbol"],
    "additionalProperties": False,
    "$defs": {"Symbol": {"type": "string", "minLength": 1}},
}

OFFERS = [
    Offer(
        name="get/quote", kind="request_response", doc="A price.", params=QUOTE, returns={"type": "integer"}
    ),
    Offer(name="get quote", kind="request_stream", params=None, returns=QUOTE, deprecated=True),
    Offer(name="get_quote", kind="fire_and_forget", learned=True, params={"type": "object"}),
]


def resolved(document: object, reference: str) -> object:
    found = document
    for step in reference.removeprefix("#/").split("/"):
        assert isinstance(found, dict)
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found


def references(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [each for value in part.values() for each in references(value)]
    if isinstance(part, list):
        return [each for value in part for each in references(value)]
    return []


def test_json_schema_holds_every_schema_under_its_operation() -> None:
    document = json_schema(OFFERS, title="Market")
    validator = jsonschema_rs.validator_for({**document, "$ref": "#/$defs/get~1quote.params"})
    assert validator.is_valid({"symbol": "BEAN"})
    assert not validator.is_valid({"symbol": ""})
    definitions = document["$defs"]
    assert isinstance(definitions, dict)
    assert sorted(definitions) == [
        "get quote.returns",
        "get/quote.params",
        "get/quote.returns",
        "get_quote.params",
    ]
    assert "Learned from traffic" in definitions["get_quote.params"]["$comment"]


def test_every_reference_of_asyncapi_leads_somewhere() -> None:
    document = asyncapi(OFFERS, title="Market", url="ws://user:secret@127.0.0.1:8765/rpc")
    found = references(document)
    assert len(found) > 6
    for reference in found:
        resolved(document, reference)
    assert document["servers"] == {
        "slipstream": {"host": "127.0.0.1:8765", "pathname": "/rpc", "protocol": "ws"}
    }
    assert "secret" not in json.dumps(document)


def test_asyncapi_tells_kind_direction_and_answer_of_each_operation() -> None:
    document = asyncapi(OFFERS, title="Market")
    operations = document["operations"]
    assert isinstance(operations, dict)
    assert list(operations) == ["get_quote", "get_quote_2", "get_quote_3"]
    first, second, third = operations.values()
    assert (first["action"], first["x-slipstream-kind"], first["description"]) == (
        "receive",
        "request_response",
        "A price.",
    )
    assert second["tags"] == [{"name": "deprecated"}]
    assert "reply" in second
    assert third["x-learned"] is True
    assert "reply" not in third


def test_the_payload_of_a_request_is_the_data_with_its_operation() -> None:
    document = asyncapi(OFFERS, title="Market")
    payload = resolved(document, "#/channels/get_quote/messages/request/payload")
    assert isinstance(payload, dict)
    validator = jsonschema_rs.validator_for({**document, **payload})
    assert validator.is_valid({"operation": "get/quote", "symbol": "BEAN"})
    assert not validator.is_valid({"operation": "other", "symbol": "BEAN"})
    assert not validator.is_valid({"operation": "get/quote", "symbol": ""})


CALLED = Offer(
    name="chat",
    kind="stream_stream",
    called=True,
    learned=True,
    params={"type": "object"},
    items={"type": "string"},
    returns={"type": "integer"},
    errors=("not_found",),
)


def test_asyncapi_has_what_version_3_asks_for_and_nothing_else() -> None:
    """As the official schema of AsyncAPI 3.0.0 has it, by which the same document was checked."""
    document: Any = asyncapi([*OFFERS, CALLED], title="Market", url="wss://market.example:8765/rpc")
    assert list(document) == ["asyncapi", "info", "defaultContentType", "servers", "channels", "operations"]
    assert document["asyncapi"] == "3.0.0"
    assert document["servers"]["slipstream"] == {
        "host": "market.example:8765",
        "pathname": "/rpc",
        "protocol": "wss",
    }
    key = re.compile(r"^[A-Za-z0-9_.\-]+$")
    for name, channel in document["channels"].items():
        assert key.match(name)
        assert set(channel) == {"address", "title", "messages"}
        for message in channel["messages"].values():
            assert set(message) <= {"title", "contentType", "payload"}
    allowed = {"action", "title", "description", "channel", "messages", "reply", "tags"}
    for name, operation in document["operations"].items():
        assert {"action", "channel"} <= set(operation)
        assert {each for each in operation if not each.startswith("x-")} <= allowed
        own = f"#/channels/{name}"
        assert operation["channel"] == {"$ref": own}
        replies = operation["reply"]["messages"] if "reply" in operation else []
        for reference in (*operation["messages"], *replies):
            assert reference["$ref"].startswith(f"{own}/messages/")


def test_what_the_side_calls_it_sends_and_items_are_messages_of_their_own() -> None:
    document: Any = asyncapi([*OFFERS, CALLED], title="Market")
    chat = document["operations"]["chat"]
    assert (chat["action"], chat["x-slipstream-errors"], chat["x-learned"]) == ("send", ["not_found"], True)
    assert [each["$ref"].rpartition("/")[2] for each in chat["messages"]] == ["request", "item"]
    assert document["channels"]["chat"]["messages"]["item"]["payload"]["type"] == "string"
    assert document["operations"]["get_quote"]["action"] == "receive"


def test_definitions_of_one_name_are_kept_apart() -> None:
    document: Any = json_schema([CALLED, CALLED, replace(CALLED, called=False)], title="x")
    assert [name for name in sorted(document["$defs"]) if "params" in name] == [
        "chat.called.params",
        "chat.called.params_2",
        "chat.params",
    ]


@pytest.mark.parametrize("url", ["ws://[::1", "", "\ud800", "nowhere"])
def test_what_is_no_address_is_no_server(url: str) -> None:
    assert "servers" not in asyncapi([], title="shop", url=url)


def test_a_schema_that_is_too_deep_is_left_out_and_the_others_are_told() -> None:
    deep: dict[str, object] = {}
    for _ in range(2_000):
        deep = {"items": [deep]}
    offers = [
        Offer(name="deep", kind="stream_stream", params=deep, items=deep, returns=deep),
        Offer(name="flat", kind="request_response", params={"type": "object"}),
    ]
    assert list(json_schema(offers, title="x")["$defs"]) == ["flat.params"]  # type: ignore[call-overload]  # a dict
    whole = json.dumps(asyncapi(offers, title="x"))
    assert '"deep"' in whole
    assert len(whole) < 4_000
