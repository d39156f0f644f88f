"""What the driving side knows of messages, with `json` alone: reading them, its hello, what answers what."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn

HELLO: Final[Mapping[str, Any]] = {
    "version": 1,
    "credit": 256,
    "maxFrame": 1_048_576,
    "software": "conformance driver",
}
"""What a modern driver says of itself in its first frame (protocol.md §8)."""

PING: Final = "slipstream.ping"
DESCRIBE: Final = "slipstream.describe"
CREDIT: Final = "slipstream.credit"

OPENING_TYPES: Final = ("request", "streamrequest", "streamstreamrequest", "fireandforget")
"""The folded types that open an exchange, or stand alone."""

_SHOWN_CHARACTERS = 2_000


def fold(name: object) -> object:
    """A type without what a reader does not regard: case, `_` and `-` (protocol.md §2)."""
    return name.replace("_", "").replace("-", "").lower() if isinstance(name, str) else name


def object_in(message: str | bytes) -> dict[str, Any] | None:
    """The JSON object that a message is; None where it is none. NaN and infinities are not JSON."""
    try:
        value = json.loads(message, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def answers(frame: Mapping[str, Any], request_id: list[Any]) -> bool:
    """Whether a frame is the answer of a unary exchange."""
    return fold(frame.get("type")) in ("response", "error") and frame.get("requestId") == request_id


def shown(message: str | bytes) -> str:
    """A message as text, or as much of it as is worth showing. It is not inert yet."""
    text = message if isinstance(message, str) else f"a binary message, {message[:_SHOWN_CHARACTERS]!r}"
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    return f"{text[:_SHOWN_CHARACTERS]} ... ({len(text)} characters)"
