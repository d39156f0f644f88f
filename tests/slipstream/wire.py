"""Frames as they stand on the wire, written and read with `json` alone: nothing here is the library's."""

from __future__ import annotations

import json
from typing import Any

ME = "me"
PEER = "peer"

HELLO = {"version": 1, "credit": 256, "maxFrame": 1024 * 1024, "software": "a modern peer"}


def text(kind: str, number: int | None = None, data: Any = None, *, opener: str = PEER, **more: Any) -> str:
    """One frame of the peer's. `opener` is whose exchange it is; `more` overrides or adds fields."""
    fields: dict[str, Any] = {"type": kind, "peerID": PEER, "data": data}
    if number is not None:
        fields["requestId"] = [opener, number]
    return json.dumps({**fields, **more})


def call(operation: str, **more: Any) -> dict[str, Any]:
    """The data of an opening frame."""
    return {"operation": operation, **more}


def nested(depth: int, opening: str, innermost: str) -> str:
    """JSON text of `depth` containers around `innermost`; `opening` is `[` or `{`."""
    if opening == "[":
        return "[" * depth + innermost + "]" * depth
    return '{"a":' * depth + innermost + "}" * depth
