"""The heads of ordinary frames, read without making objects of what they carry.

This module owns what is looked at in a request, a response or an item that are as they should be: most of all
traffic. msgspec checks all of the text and builds no more than is named here. It takes less than the protocol
library's own reader does, and means the same by it: whatever is not taken here is that one's to judge.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import DecodeError, Struct
from msgspec.json import Decoder

from inspector_app.capture.summary import LONGEST_WITHOUT
from slipstream.limits import MAX_NESTING, MAX_PEER_ID

_LONGEST = min(LONGEST_WITHOUT, 2 * MAX_NESTING)
"""Characters of a message up to which nothing in it can be nested too deep, and no summary of it is kept."""


class _Head(Struct, gc=False, tag_field="type", tag=None):
    requestId: tuple[str, int]  # noqa: N815 - the name on the wire
    peerID: str | None = None  # noqa: N815 - likewise
    meta: dict[str, Any] | None = None


class Item(_Head, tag="stream_data", gc=False):
    """A `stream_data`."""


class Response(_Head, tag="response", gc=False):
    """A `response`."""


class _Named(Struct, gc=False):
    operation: str


class Request(Struct, tag_field="type", tag="request", gc=False):
    """A `request` that says who sends it and what it calls."""

    requestId: tuple[str, int]  # noqa: N815 - as above
    peerID: str  # noqa: N815 - as above
    data: _Named
    meta: dict[str, Any] | None = None


Head = Item | Response | Request

_decode: Callable[[str], Head] = Decoder(Head).decode


def head_of(message: str | bytes) -> Head | None:
    """Give what is at the head of an ordinary frame; None for whatever else a message may be."""
    if not isinstance(message, str) or len(message) > _LONGEST:
        return None
    try:
        head = _decode(message)
    except (DecodeError, UnicodeEncodeError):
        return None
    sender = head.peerID
    if len(head.requestId[0]) > MAX_PEER_ID or (sender is not None and not 0 < len(sender) <= MAX_PEER_ID):
        return None
    return head
