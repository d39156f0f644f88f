"""From HAR, as browsers and this program write it, to records: the WebSockets in it and their messages.

Owns what of a HAR is believed. It comes from a stranger: it is read as data of known types and in bounds,
nothing in it is followed, and entries that are no WebSocket are passed over.
"""

from __future__ import annotations

import base64
import heapq
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import msgspec

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.formats.jsonl_in import Header
from inspector_app.capture.records import ConnectionOpened, FrameSeen, HandshakeSeen, StateChanged
from inspector_app.capture.times import from_iso

if TYPE_CHECKING:
    from inspector_app.capture.records import Record

_LATEST_S = 9_000_000_000
_BINARY = 2


class _Pair(msgspec.Struct):
    name: str = ""
    value: str = ""


class _Request(msgspec.Struct):
    url: str = ""
    headers: list[_Pair] = []


class _Response(msgspec.Struct):
    status: int = 101
    statusText: str = ""  # noqa: N815 - HAR's name
    headers: list[_Pair] = []


class _Message(msgspec.Struct):
    type: str
    time: Decimal
    data: str
    opcode: Annotated[int, msgspec.Meta(ge=-1, le=15)] = 1


class _Told(msgspec.Struct):
    role: str = "client"
    peer: str = ""


class _Entry(msgspec.Struct):
    startedDateTime: str = ""  # noqa: N815 - HAR's name
    request: _Request = msgspec.field(default_factory=_Request)
    response: _Response = msgspec.field(default_factory=_Response)
    messages: list[_Message] | None = msgspec.field(default=None, name="_webSocketMessages")
    told: _Told = msgspec.field(default_factory=_Told, name="_slipstream")


class _Creator(msgspec.Struct):
    name: str = ""
    version: str = ""


class _Log(msgspec.Struct):
    entries: list[_Entry]
    creator: _Creator = msgspec.field(default_factory=_Creator)


class _Har(msgspec.Struct):
    log: _Log


def looks_like(start: bytes) -> bool:
    """Tell whether a file that begins so is a HAR and no export in lines."""
    head = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head:
        return False
    return head.startswith(b"{") and (b'"log"' in head[:200] or head.rstrip() == b"{")


def read(data: bytes) -> tuple[Header, Iterator[Record]]:
    """Give what a HAR tells of the recording, and its records in the order of their times.

    Raises `CaptureError` for what is no HAR, and for one without a WebSocket.
    """
    try:
        har = _parsed(data.removeprefix(b"\xef\xbb\xbf"))
        sockets = [entry for entry in har.log.entries if entry.messages is not None]
        opened = [_opening_ns(entry) for entry in sockets]
    except (ValueError, RecursionError, OverflowError) as error:
        raise CaptureError(
            f"This is no HAR that can be read ({str(error)[:200]}): save it again in the browser."
        ) from error
    if not sockets:
        raise CaptureError(
            "This HAR holds no WebSocket messages: open the network panel before the connection is made, "
            "and save it with content."
        )
    header = Header(
        software=f"{har.log.creator.name} {har.log.creator.version}".strip(),
        created_ns=min(opened),
        source={"kind": "import", "format": "har"},
    )
    return header, heapq.merge(
        *(_records(conn, entry, opened[conn - 1]) for conn, entry in enumerate(sockets, 1)),
        key=lambda record: record.time_ns,
    )


def _parsed(data: bytes) -> _Har:
    try:
        return msgspec.json.decode(data, type=_Har)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        # Lone surrogates are JSON, and may be what a person looks for.
        return msgspec.convert(json.loads(data), _Har, strict=False)


def _opening_ns(entry: _Entry) -> int:
    try:
        told_ns = max(0, from_iso(entry.startedDateTime))
    except ValueError:
        messages = entry.messages or []
        return _time_ns(messages[0].time) if messages else 0
    if told_ns > _LATEST_S * 1_000_000_000:
        raise ValueError("an entry has no time between 1970 and 2255")
    return told_ns


def _time_ns(seconds: Decimal) -> int:
    if not (seconds.is_finite() and 0 <= seconds <= _LATEST_S):
        raise ValueError("a message has no time between 1970 and 2255")
    return int(seconds * 1_000_000_000)


def _records(conn: int, entry: _Entry, opened_ns: int) -> Iterator[Record]:
    yield ConnectionOpened(
        conn=conn,
        time_ns=opened_ns,
        role="server" if entry.told.role == "server" else "client",
        address=entry.request.url,
        local_peer=entry.told.peer,
    )
    yield HandshakeSeen(
        conn=conn,
        time_ns=opened_ns,
        handshake={
            "request_headers": [[pair.name, pair.value] for pair in entry.request.headers],
            "response_line": f"HTTP/1.1 {entry.response.status} {entry.response.statusText}",
            "response_headers": [[pair.name, pair.value] for pair in entry.response.headers],
        },
    )
    yield StateChanged(conn=conn, time_ns=opened_ns, old="CONNECTING", new="CONNECTED")
    for number, message in enumerate(entry.messages or (), 1):
        if message.type in ("send", "receive"):  # an error that a browser noted is no message
            yield _frame(conn, number, message)


def _frame(conn: int, number: int, message: _Message) -> FrameSeen:
    raw: str | bytes = message.data
    try:
        time_ns = _time_ns(message.time)
        if message.opcode == _BINARY:
            raw = base64.b64decode(message.data, validate=True)
    except ValueError as error:
        raise CaptureError(
            f"Message {number} of WebSocket {conn} in the HAR is none ({error}): "
            "save it again in the browser."
        ) from error
    return FrameSeen(conn=conn, time_ns=time_ns, direction="out" if message.type == "send" else "in", raw=raw)
