"""`serve()`: a server that gives every client a listening `Protocol` with a handler of its own."""

from __future__ import annotations

import asyncio
import hmac
import http
import logging
import ssl as tls
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websockets
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from slipstream.errors import ConnectionClosedError, ConnectionLostError
from slipstream.limits import DEFAULT_LIMITS, Limits
from slipstream.protocol import DEFAULT_SOFTWARE, Protocol
from slipstream.taps import Tap
from slipstream.wire import Wire

logger = logging.getLogger("slipstream")

_MOST_FIELDS: Final = 100

Setup = Callable[[Protocol], Awaitable[None] | None]


@dataclass(slots=True)
class Server:
    """A running server: where it listens, and the connections it has."""

    host: str
    port: int
    secure: bool = False
    protocols: set[Protocol] = field(default_factory=set)

    @property
    def url(self) -> str:
        """What a client connects to."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'wss' if self.secure else 'ws'}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Refused:
    """A handshake that was not let in: the answer it got, and the browser's origin if that was why."""

    status: http.HTTPStatus
    text: str
    origin: str | None = None


@asynccontextmanager
async def serve(
    handler_factory: Callable[[], Any],
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    limits: Limits = DEFAULT_LIMITS,
    token: str | None = None,
    allow_origins: Sequence[str] = (),
    ssl: tls.SSLContext | None = None,
    subprotocols: Sequence[str] = (),
    ping_interval_s: float | None = 20.0,
    ping_timeout_s: float | None = 20.0,
    software: str = DEFAULT_SOFTWARE,
    describe: bool = True,
    taps: Callable[[ServerConnection], Sequence[Tap]] | None = None,
    rewire: Callable[[ServerConnection, Wire], Wire] | None = None,
    on_connect: Setup | None = None,
    on_refused: Callable[[Refused], None] | None = None,
    max_connections: int | None = None,
) -> AsyncIterator[Server]:
    """Listen, and give every client a `Protocol` with `handler_factory()` attached, until the block ends.

    Loopback by default. A handshake with a browser's `Origin` is refused unless `allow_origins` lists it
    (`*` allows all); with `token`, one with neither `Authorization: Bearer <token>` nor `?token=<token>` in
    its URL, which is what a browser can do, is refused. `taps` makes the observers of a connection, `rewire`
    what is to be between it and its wire; `on_connect` gets each listening protocol, `on_refused` hears of
    each handshake that was not let in. At the end what is in flight gets `limits.drain_s` seconds. Raises
    `OSError` where it cannot listen.
    """
    server = Server(host, port, secure=ssl is not None)

    def check(connection: ServerConnection, request: Request) -> Response | None:
        full = max_connections is not None and len(server.protocols) >= max_connections
        refused = _refusal(request, allow_origins, token, full=full)
        if refused is None:
            return None
        if on_refused is not None:
            on_refused(refused)
        return connection.respond(refused.status, f"{refused.text}\n")

    async def attend(websocket: ServerConnection) -> None:
        try:
            protocol = Protocol(
                websocket,
                handler=handler_factory(),
                limits=limits,
                taps=taps(websocket) if taps else (),
                software=software,
                describe=describe,
                rewire=None if rewire is None else partial(rewire, websocket),
            )
            server.protocols.add(protocol)
            try:
                await _attend(protocol, on_connect)
            finally:
                server.protocols.discard(protocol)
        except Exception:
            logger.exception("A client could not be served")
            await websocket.close(1011, "internal error")

    async with serve_websockets(
        attend,
        host,
        port,
        process_request=check,
        ssl=ssl,
        subprotocols=[Subprotocol(name) for name in subprotocols] or None,
        max_size=limits.frame_bytes,
        compression=None,
        ping_interval=ping_interval_s,
        ping_timeout=ping_timeout_s,
        close_timeout=limits.close_timeout_s,
        logger=_quiet_logger(),
    ) as listening:
        server.port = next(iter(listening.sockets)).getsockname()[1]
        try:
            yield server
        finally:
            listening.server.close()  # nobody new comes while the others drain
            await asyncio.gather(
                *(protocol.aclose(1001, "server is shutting down") for protocol in list(server.protocols))
            )


async def _attend(protocol: Protocol, on_connect: Setup | None) -> None:
    """Listen until the connection ends; what `on_connect` still does then is stopped."""
    listening = asyncio.create_task(protocol.listen())
    greeting = asyncio.create_task(_greet(protocol, on_connect))
    tasks = [listening, greeting]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if greeting.done():
            await greeting
        await asyncio.wait([listening])
        # A client that goes away is told by taps and by the state; it is no failure of the server.
        with suppress(ConnectionLostError):
            await listening
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _greet(protocol: Protocol, on_connect: Setup | None) -> None:
    with suppress(ConnectionClosedError):  # it went away meanwhile
        ready = on_connect(protocol) if on_connect is not None else None
        if ready is not None:
            await ready


def _refusal(
    request: Request, allow_origins: Sequence[str], token: str | None, *, full: bool
) -> Refused | None:
    origin = request.headers.get("Origin")
    if origin is not None and "*" not in allow_origins and origin not in allow_origins:
        text = "A browser's page may not connect here unless its origin is allowed."
        return Refused(http.HTTPStatus.FORBIDDEN, text, origin)
    if token is not None and not _knows(token, request):
        return Refused(http.HTTPStatus.UNAUTHORIZED, "A valid bearer token is needed.")
    if full:
        return Refused(http.HTTPStatus.SERVICE_UNAVAILABLE, "Too many connections.")
    return None


def _knows(token: str, request: Request) -> bool:
    given = request.headers.get("Authorization", "")
    in_url = _token_in(request.path)
    # Both are compared, and each in constant time.
    by_header = hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    by_url = hmac.compare_digest(in_url.encode(), token.encode()) and in_url != ""
    return by_header or by_url


def _token_in(path: str) -> str:
    try:
        return parse_qs(urlsplit(path).query, max_num_fields=_MOST_FIELDS).get("token", [""])[0]
    except ValueError:
        return ""  # no query that anybody would write


def _quiet_logger() -> logging.Logger:
    # The library logs every failed handshake with a traceback; what a stranger sends is no failure of ours.
    quiet = logging.getLogger("slipstream.websockets")
    if quiet.level == logging.NOTSET:
        quiet.setLevel(logging.CRITICAL)
    return quiet
