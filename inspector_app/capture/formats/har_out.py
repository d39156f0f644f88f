"""From an excerpt to HAR 1.2, with the messages of each WebSocket as browsers write them.

Owns the mapping: a connection is an entry, a message one of its `_webSocketMessages` (`type` send or receive,
`time` in seconds, `opcode` 1 or 2, `data`; of a binary message in base64). What HAR has no place for
(findings, notes, settled exchanges) is left out. Key names are those of the specification.
"""

from __future__ import annotations

import base64
import json
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from inspector_app.capture.times import believed_ns, to_iso

if TYPE_CHECKING:
    from typing import BinaryIO

    from inspector_app.capture.excerpt import Excerpt, Frame
    from inspector_app.capture.records import ConnectionRow

VERSION = "1.2"
PAGE = "capture"

_MOST_PARAMETERS = 1000


def write(excerpt: Excerpt, out: BinaryIO) -> None:
    """Write an excerpt. Raises `CaptureError` for what cannot be read, and what `out` raises."""
    meta = excerpt.meta()
    started = to_iso(believed_ns(meta.get("created_ns")))
    head = {
        "version": VERSION,
        "creator": {"name": "slipstream-inspector", "version": str(meta.get("software") or "")},
        "pages": [
            {
                "startedDateTime": started,
                "id": PAGE,
                "title": "Slipstream capture",
                "pageTimings": {"onContentLoad": -1, "onLoad": -1},
            }
        ],
        "comment": " ".join(excerpt.told.report()[:1]) if not excerpt.told.on else "Secrets were redacted.",
    }
    text = json.dumps(head)
    out.write(f'{{"log": {text[:-1]}, "entries": ['.encode("ascii"))
    between = ""
    for introduction, portions in excerpt.by_connection():
        entry = json.dumps(_entry(introduction.row))
        out.write(f'{between}{entry[:-1]}, "_webSocketMessages": ['.encode("ascii"))
        comma = ""
        for frames in portions:
            out.write((comma + ",".join(map(_message, frames))).encode("ascii"))
            comma = ","
        out.write(b"]}")
        between = ",\n"
    out.write(b"]}}\n")


def _message(frame: Frame) -> str:
    kind = "send" if frame.direction == "out" else "receive"
    seconds, nanoseconds = divmod(frame.time_ns, 1_000_000_000)
    if isinstance(frame.raw, str):
        opcode, data = 1, frame.raw
    else:
        opcode, data = 2, base64.b64encode(frame.raw).decode("ascii")
    return (
        f'\n{{"type": "{kind}", "time": {seconds}.{nanoseconds:09d}, "opcode": {opcode}, '
        f'"data": {encode_basestring_ascii(data)}}}'
    )


def _entry(row: ConnectionRow) -> dict[str, object]:
    duration_ms = max(0, row.changed_ns - row.opened_ns) / 1e6
    shake = row.handshake
    url = row.address if "://" in row.address else f"ws://{row.address or 'unknown'}/"
    status, reason = _status(shake.get("response_line"))
    return {
        "pageref": PAGE,
        "startedDateTime": to_iso(row.opened_ns),
        "time": duration_ms,
        "_resourceType": "websocket",
        "_slipstream": {"conn": row.conn, "role": row.role, "peer": row.local_peer},
        "request": {
            "method": "GET",
            "url": url,
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _pairs(shake.get("request_headers")),
            "queryString": _query(url),
            "headersSize": -1,
            "bodySize": 0,
        },
        "response": {
            "status": status,
            "statusText": reason,
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _pairs(shake.get("response_headers")),
            "content": {"size": 0, "mimeType": "x-unknown", "text": ""},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": 0,
            "_transferSize": 0,
        },
        "cache": {},
        "timings": {
            "blocked": -1,
            "dns": -1,
            "ssl": -1,
            "connect": -1,
            "send": 0,
            "wait": duration_ms,
            "receive": 0,
        },
        "connection": str(row.conn),
    }


def _status(line: object) -> tuple[int, str]:
    parts = line.split(" ", 2) if isinstance(line, str) else []
    if len(parts) >= 2 and parts[1].isascii() and parts[1].isdigit() and len(parts[1]) == 3:
        return int(parts[1]), parts[2] if len(parts) > 2 else ""
    return 101, "Switching Protocols"


def _pairs(headers: object) -> list[dict[str, str]]:
    if not isinstance(headers, list):
        return []
    return [
        {"name": str(pair[0]), "value": str(pair[1])}
        for pair in headers
        if isinstance(pair, list) and len(pair) == 2
    ]


def _query(url: str) -> list[dict[str, str]]:
    try:
        pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return []
    return [{"name": name, "value": value} for name, value in pairs]
