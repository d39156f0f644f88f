"""A message to be copied as a program: rebuilt from an exchange of a capture, or made of what is typed.

Owns what of it is copied, and that no secret is: headers that prove who somebody is stay out, a value from
the environment of the process stays a reference.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from inspector_app.copying.message import CopiedMessage
from inspector_app.intents import ClientSpec, MessageKind
from inspector_app.messages.variables import VariableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from inspector_app.capture.reader import CaptureReader
    from inspector_app.capture.records import ConnectionRow, FrameRow
    from inspector_app.viewer.session import Session
    from inspector_app.viewer.world import World

MOST_ITEMS: Final = 1_000
MOST_BYTES: Final = 4 * 1024 * 1024
_PORTION: Final = 500

KIND_OF: Final[dict[str, MessageKind]] = {
    "request": "request",
    "stream_request": "stream",
    "stream_stream_request": "bidirectional",
    "fire_and_forget": "oneway",
}
"""Which frame opens which kind (protocol.md §3)."""

_HANDSHAKE: Final = frozenset(
    {
        *("host", "connection", "upgrade", "user-agent", "origin", "accept-encoding"),
        *("sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions", "sec-websocket-protocol"),
        *("authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token"),
    }
)
"""Headers that a client makes itself, or that are secret."""


class NotCopiedError(Exception):
    """There is nothing to copy as a program; the text is one sentence."""


def copied_frame(reader: CaptureReader, frame: FrameRow) -> CopiedMessage:
    """Rebuild the message that opened the exchange of a frame, or that the frame is.

    Raises `NotCopiedError`, and `CaptureError`.
    """
    opening: FrameRow | None = frame
    if frame.exchange is not None:
        exchange = reader.exchange(frame.exchange)
        opening = reader.frame(exchange.opened_seq) if exchange is not None else None
    kind = KIND_OF.get(opening.type or "") if opening is not None else None
    if opening is None or kind is None:
        raise NotCopiedError("Choose a frame of an exchange, or a one-way message, to copy it as a program.")
    if opening.size_bytes > MOST_BYTES:
        raise NotCopiedError("This is too large for a program: copy the frame itself (y).")
    data = _object(reader.raw(opening.seq))
    operation = data.get("operation")
    if not isinstance(operation, str):
        raise NotCopiedError("This names no operation, so no program can send it: copy the frame itself (y).")
    rest = {key: value for key, value in data.items() if key != "operation"}
    connection = reader.connection(opening.conn)
    return CopiedMessage(
        url=_url(connection),
        kind=kind,
        operation=operation,
        data_json=json.dumps(rest, ensure_ascii=False),
        items_json=tuple(_items(reader, opening)) if kind == "bidirectional" else (),
        headers=_headers(connection),
        needs_token=_has_token(connection),
    )


def copied_typed(
    world: World,
    session: Session,
    *,
    kind: MessageKind,
    operation: str,
    data_json: str,
    items_json: Sequence[str] = (),
    timeout_s: float | None = None,
    variables: Mapping[str, object] | None = None,
) -> CopiedMessage:
    """Make it of what is typed, with the values of its variables. Raises `NotCopiedError`."""
    try:
        scope = session.scope(variables)
        texts = [scope.text(operation), scope.json(data_json), *map(scope.json, items_json)]
    except VariableError as error:
        raise NotCopiedError(str(error)) from None
    operation, data_json, *items = map(session.hide, texts)
    spec = world.spec
    client = spec if isinstance(spec, ClientSpec) else None
    return CopiedMessage(
        url=world.address if "://" in world.address else f"ws://{world.address.partition(' ')[0]}",
        kind=kind,
        operation=operation,
        data_json=data_json,
        items_json=tuple(items),
        timeout_s=timeout_s,
        headers=_open_headers(client.headers) if client is not None else (),
        needs_token=client is not None and client.token is not None,
    )


def without_secrets(message: CopiedMessage, session: Session) -> CopiedMessage:
    """Write what stands for a secret that was put into a message, as it is in a capture."""
    return replace(
        message,
        operation=session.hide(message.operation),
        data_json=session.hide(message.data_json),
        items_json=tuple(map(session.hide, message.items_json)),
    )


def _object(raw: str | bytes) -> dict[str, Any]:
    try:
        frame = json.loads(raw)
        data = frame.get("data") if isinstance(frame, dict) else None
    except (ValueError, RecursionError):
        data = None
    return data if isinstance(data, dict) else {}


def _items(reader: CaptureReader, opening: FrameRow) -> list[str]:
    """Give what the side that opened the stream sent on it."""
    found: list[str] = []
    size = 0
    if opening.exchange is None:
        return found
    for first in range(0, reader.exchange_frame_count(opening.exchange), _PORTION):
        for frame in reader.exchange_frames(opening.exchange, first, _PORTION):
            if frame.type != "stream_data" or frame.direction != opening.direction:
                continue
            size += frame.size_bytes
            if len(found) >= MOST_ITEMS or size > MOST_BYTES:
                raise NotCopiedError("These are too many items for a program: export the exchange (w).")
            found.append(json.dumps(json.loads(reader.raw(frame.seq)).get("data"), ensure_ascii=False))
    return found


def _url(connection: ConnectionRow | None) -> str:
    address = connection.address if connection is not None else ""
    return address if "://" in address else "ws://127.0.0.1:8765"


def _headers(connection: ConnectionRow | None) -> tuple[tuple[str, str], ...]:
    return _open_headers(_sent_headers(connection))


def _open_headers(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(each for each in headers if each[0].lower() not in _HANDSHAKE)


def _has_token(connection: ConnectionRow | None) -> bool:
    return any(name.lower() == "authorization" for name, _ in _sent_headers(connection))


def _sent_headers(connection: ConnectionRow | None) -> list[tuple[str, str]]:
    pairs = connection.handshake.get("request_headers") if connection is not None else None
    if not isinstance(pairs, list):
        return []
    return [
        (pair[0], pair[1])
        for pair in pairs
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(each, str) for each in pair)
    ]
