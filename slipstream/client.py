"""`connect()`: a client's connection as a listening `Protocol`."""

from __future__ import annotations

import asyncio
import logging
import ssl as tls
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websocket
from websockets.typing import Subprotocol

from slipstream.errors import ConnectionLostError
from slipstream.limits import DEFAULT_LIMITS, Limits
from slipstream.protocol import DEFAULT_SOFTWARE, Protocol
from slipstream.spelling import Spelling
from slipstream.taps import Tap

logger = logging.getLogger("slipstream")

_HANDSHAKE_ONLY = frozenset({"authorization", "cookie"})

Headers = Mapping[str, str] | Iterable[tuple[str, str]]


@asynccontextmanager
async def connect(
    url: str,
    *,
    handler: object | None = None,
    headers: Headers = (),
    token: str | None = None,
    subprotocols: Sequence[str] = (),
    ssl: tls.SSLContext | None = None,
    limits: Limits = DEFAULT_LIMITS,
    open_timeout_s: float | None = 10.0,
    ping_interval_s: float | None = 10.0,
    ping_timeout_s: float | None = 10.0,
    peer_id: str | None = None,
    software: str = DEFAULT_SOFTWARE,
    spelling: Spelling | None = None,
    taps: Sequence[Tap] = (),
    on_handshake: Callable[[ClientConnection], None] | None = None,
) -> AsyncIterator[Protocol]:
    """Connect to a server and listen; the block gets the `Protocol`, and closes it when it ends.

    `token` goes as `Authorization: Bearer`; `handler` answers what the server calls; `on_handshake` sees
    the connection, with `.request` and `.response`, before anything is read. Raises what the handshake
    raises: `OSError`, `TimeoutError`, `ssl.SSLError`, and the websockets library's `InvalidURI`,
    `InvalidHandshake`.
    """
    sent = list(headers.items() if isinstance(headers, Mapping) else headers)
    if token is not None:
        sent.append(("Authorization", f"Bearer {token}"))
    async with _Connecting(
        url,
        additional_headers=sent,
        subprotocols=[Subprotocol(name) for name in subprotocols] or None,
        max_size=limits.frame_bytes,
        compression=None,
        open_timeout=open_timeout_s,
        ping_interval=ping_interval_s,
        ping_timeout=ping_timeout_s,
        close_timeout=limits.close_timeout_s,
        proxy=None,
        **_security(url, ssl),
    ) as websocket:
        if on_handshake is not None:
            on_handshake(websocket)
        protocol = Protocol(
            websocket,
            handler=handler,
            peer_id=peer_id,
            limits=limits,
            taps=taps,
            software=software,
            spelling=spelling,
        )
        listening = asyncio.create_task(_listen(protocol), name="slipstream-listen")
        await asyncio.sleep(0)  # so that it listens already
        try:
            yield protocol
        finally:
            try:
                await protocol.aclose()
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)


class _Connecting(connect_websocket):
    """Follows a redirect only to where it was going anyway: what is sent along is meant for that server."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Refuse another origin, with the answer that named it."""
        target = super().process_redirect(exc)
        if isinstance(target, str) and _origin(target) != _origin(self.uri):
            return exc
        return target


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


async def _listen(protocol: Protocol) -> None:
    try:
        await protocol.listen()
    except ConnectionLostError:
        pass  # everyone who waits has been told how it ended, and so have the taps
    except Exception:
        logger.exception("Reading from %r failed", protocol)


def _security(url: str, context: tls.SSLContext | None) -> dict[str, Any]:
    # An `ssl` of None on wss:// would mean no TLS to the library; leaving it out means its default.
    return {"ssl": context} if context is not None and url.lower().startswith("wss:") else {}
