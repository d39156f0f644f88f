"""The heads of ordinary frames, read without making objects of what they carry.

This module owns what is looked at in a request, a response or an item that are as they should be: most of all
traffic. msgspec checks all of the text and builds no more than is named here. It takes less than the protocol
library's own reader does, and means the same by it: whatever is not taken here is that one's to judge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import DecodeError, Meta, Struct
from msgspec.json import Decoder

from inspector_app.capture.summary import LONGEST_WITHOUT
from slipstream.frames import MessageType
from slipstream.limits import MAX_NESTING, MAX_PEER_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from slipstream.frames import Fields

_LONGEST = min(LONGEST_WITHOUT, 2 * MAX_NESTING)
"""Characters of a message up to which nothing in it can be nested too deep, and no summary of it is kept."""


_PeerId = Annotated[str, Meta(min_length=1, max_length=MAX_PEER_ID)]
_RequestId = tuple[Annotated[str, Meta(max_length=MAX_PEER_ID)], int]


class _Head(Struct, gc=False, tag_field="type", tag=None):
    requestId: _RequestId  # noqa: N815 - the name on the wire
    peerID: _PeerId | None = None  # noqa: N815 - likewise
    meta: dict[str, Any] | None = None


class Item(_Head, tag="stream_data", gc=False):
    """A `stream_data`."""


class Response(_Head, tag="response", gc=False):
    """A `response`."""


class End(_Head, tag="stream_end", gc=False):
    """A `stream_end`."""


class _Named(Struct, gc=False):
    operation: str


class Opening(Struct, gc=False, tag_field="type", tag=None):
    """What opens an exchange."""

    requestId: _RequestId  # noqa: N815 - as above
    peerID: _PeerId  # noqa: N815 - as above
    data: _Named
    meta: dict[str, Any] | None = None


class Request(Opening, tag="request", gc=False):
    """A `request` that says who sends it and what it calls."""


class StreamRequest(Opening, tag="stream_request", gc=False):
    """A `stream_request` likewise."""


class StreamStreamRequest(Opening, tag="stream_stream_request", gc=False):
    """A `stream_stream_request` likewise."""


Head = Item | Response | Request | End | StreamRequest | StreamStreamRequest

_decode: Callable[[str], Head] = Decoder(Head).decode


_TYPES = {
    head: (MessageType(head.__struct_config__.tag), str(head.__struct_config__.tag))
    for head in (Item, Response, Request, End, StreamRequest, StreamStreamRequest)
}


def fields_of(head: Head) -> Fields:
    """Give the fields of a frame as `read_fields` does; of its data no more than the operation it names."""
    kind, spelled = _TYPES[type(head)]
    data = {"operation": head.data.operation} if isinstance(head, Opening) else None
    return kind, head.requestId, head.peerID, data, head.meta, spelled


def head_of(message: str | bytes) -> Head | None:
    """Give what is at the head of an ordinary frame; None for whatever else a message may be."""
    if not isinstance(message, str) or len(message) > _LONGEST:
        return None
    try:
        return _decode(message)
    except (DecodeError, UnicodeEncodeError):
        return None
