"""What the HTTP upgrade of a connection looked like, as a plain JSON object without secrets.

Shape: `request_line`, `request_headers` (pairs), `response_line`, `response_headers` (pairs),
`subprotocol` (str or null), `remote` (address of the other end, or null).
"""

from __future__ import annotations

from typing import Any

from inspector_app.sources.address import without_token
from inspector_app.sources.base import hide_secrets


def handshake_of(websocket: Any) -> dict[str, object]:
    """Describe the handshake of a connection of the websockets library, client or server side."""
    request, response = websocket.request, websocket.response
    told: dict[str, object] = {"subprotocol": websocket.subprotocol, "remote": _remote(websocket)}
    if request is not None:
        told["request_line"] = f"GET {without_token(request.path)} HTTP/1.1"
        told["request_headers"] = _pairs(request.headers)
    if response is not None:
        told["response_line"] = f"HTTP/1.1 {response.status_code} {response.reason_phrase}"
        told["response_headers"] = _pairs(response.headers)
    return told


def _pairs(headers: Any) -> list[list[str]]:
    return [[name, value] for name, value in hide_secrets(tuple(headers.raw_items()))]


def _remote(websocket: Any) -> str | None:
    remote = websocket.remote_address
    if not isinstance(remote, tuple) or len(remote) < 2:
        return None
    host, port = remote[:2]
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
