"""Operations as documents that other tools read: JSON Schema, AsyncAPI 3.

Owns the two layouts. What is learned from traffic is marked as such and carries no value that went by, unless
that is asked for by whoever made its schema.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

DEEPEST: Final = 200
"""Levels of a schema that is written; a deeper one is left out. No frame is as deep (protocol.md §11)."""

_UNNAMED: Final = re.compile(r"[^A-Za-z0-9_.-]")
_REFERENCE: Final = "#/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An operation to be told of. `kind` as protocol.md §10 names it; the schemas may be None."""

    name: str
    kind: str
    doc: str = ""
    params: object = None
    returns: object = None
    deprecated: bool = False
    learned: bool = False
    """From traffic, and not from the other side's own description."""
    items: object = None
    """The schema of the items that the caller sends, on a bidirectional stream."""
    called: bool = False
    """It is not offered by the side that the document is about, but called by it."""
    errors: tuple[str, ...] = ()
    """Codes of the errors that it was seen to end with."""


def json_schema(offers: Sequence[Offer], *, title: str) -> dict[str, object]:
    """Give one JSON Schema document: `$defs` holds `NAME.params` and `NAME.returns` of each operation.

    `NAME.items`: what the caller sends on a stream; `NAME.called.params` and so on: what the side called.
    """
    definitions: dict[str, object] = {}
    for offer in offers:
        parts = {"params": offer.params, "items": offer.items, "returns": offer.returns}
        for part, schema in parts.items():
            if _is_schema(schema):
                key = _new(f"{offer.name}{'.called' if offer.called else ''}.{part}", definitions)
                definitions[key] = _noted(_moved(schema, f"/$defs/{_escaped(key)}"), offer)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "$defs": definitions,
    }


def asyncapi(offers: Sequence[Offer], *, title: str, url: str = "") -> dict[str, object]:
    """Give an AsyncAPI 3 document of the side that offers the operations, as it sees them.

    It receives what it offers, and sends what it calls. Each operation has a channel of its own; all share
    the one WebSocket at `url`.
    """
    channels: dict[str, object] = {}
    operations: dict[str, object] = {}
    keys = _keys(offers)
    for offer, key in zip(offers, keys, strict=True):
        messages = {"request": _message(f"{offer.name} request", _payload(offer), offer)}
        if _is_schema(offer.items):
            messages["item"] = _message(f"{offer.name} item", offer.items, offer)
        if offer.kind != "fire_and_forget":
            messages["answer"] = _message(f"{offer.name} answer", offer.returns, offer)
        channels[key] = {"address": None, "title": offer.name, "messages": _placed(messages, key)}
        operations[key] = _operation(offer, key, list(messages))
    return {
        "asyncapi": "3.0.0",
        "info": {"title": title, "version": "1"},
        "defaultContentType": "application/json",
        **_servers(url),
        "channels": channels,
        "operations": operations,
    }


def _operation(offer: Offer, key: str, messages: list[str]) -> dict[str, object]:
    channel = f"#/channels/{key}"
    told: dict[str, object] = {
        "action": "send" if offer.called else "receive",
        "title": offer.name,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{name}"} for name in messages if name != "answer"],
        "x-slipstream-kind": offer.kind,
    }
    if offer.doc:
        told["description"] = offer.doc
    if offer.deprecated:
        told["tags"] = [{"name": "deprecated"}]
    if offer.learned:
        told["x-learned"] = True
    if offer.errors:
        told["x-slipstream-errors"] = list(offer.errors)
    if offer.kind != "fire_and_forget":
        told["reply"] = {
            "channel": {"$ref": channel},
            "messages": [{"$ref": f"{channel}/messages/answer"}],
        }
    return told


def _message(title: str, schema: object, offer: Offer) -> dict[str, object]:
    message: dict[str, object] = {"title": title, "contentType": "application/json"}
    if _is_schema(schema):
        message["payload"] = _noted(schema, offer)
    return message


def _placed(messages: dict[str, dict[str, object]], key: str) -> dict[str, object]:
    for name, message in messages.items():
        if "payload" in message:
            message["payload"] = _moved(message["payload"], f"/channels/{key}/messages/{name}/payload")
    return dict(messages)


def _payload(offer: Offer) -> object:
    """Give the data of the opening frame: what the schema asks for, and the name of the operation."""
    naming = {
        "type": "object",
        "properties": {"operation": {"const": offer.name}},
        "required": ["operation"],
    }
    if not isinstance(offer.params, Mapping) or not _is_schema(offer.params):
        return naming
    # The schema speaks of the data without the operation, and may forbid what it does not name.
    properties, required = offer.params.get("properties"), offer.params.get("required")
    return {
        **offer.params,
        "type": "object",
        "properties": {
            "operation": {"const": offer.name},
            **(properties if isinstance(properties, Mapping) else {}),
        },
        "required": ["operation", *(required if isinstance(required, list) else [])],
    }


def _servers(url: str) -> dict[str, object]:
    """Give the one server there is; none for what is no address, as a capture may have it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return {}
    host = parts.netloc.rpartition("@")[2]
    server = {"host": host, "pathname": parts.path or "/", "protocol": parts.scheme}
    return {"servers": {"slipstream": server}} if host else {}


def _is_schema(value: object) -> bool:
    """Whether something is a schema that can be written."""
    if isinstance(value, bool):
        return True
    level: list[object] = [value] if isinstance(value, Mapping) else []
    is_schema = bool(level)
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in _within(each)]
    return is_schema and not level


def _within(value: object) -> Iterator[object]:
    values = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return (each for each in values if isinstance(each, (Mapping, list)))


def _noted(schema: object, offer: Offer) -> object:
    if not offer.learned or not isinstance(schema, Mapping):
        return schema
    return {**schema, "$comment": "Learned from traffic: what was seen, not what is promised."}


def _moved(schema: object, place: str) -> object:
    """Give a schema whose references to places in itself are right where it stands now."""
    if isinstance(schema, Mapping):
        return {
            key: f"#{place}{value[1:]}"
            if key == "$ref" and isinstance(value, str) and (value == "#" or value.startswith(_REFERENCE))
            else _moved(value, place)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [_moved(each, place) for each in schema]
    return schema


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _keys(offers: Sequence[Offer]) -> list[str]:
    """Give each operation a name that AsyncAPI takes as a key, none twice."""
    keys: list[str] = []
    for offer in offers:
        keys.append(_new(_UNNAMED.sub("_", offer.name) or "_", keys))
    return keys


def _new(name: str, taken: Container[str]) -> str:
    """Give a name, with a number behind it if it is taken."""
    key, count = name, 1
    while key in taken:
        count += 1
        key = f"{name}_{count}"
    return key
