"""`connect()`: a client's connection as a listening `Protocol`, made once or again and again."""

from __future__ import annotations

import asyncio
import logging
import ssl as tls
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import InvalidMessage, InvalidStatus
from websockets.typing import Subprotocol

from slipstream.backoff import Backoff
from slipstream.errors import ConnectionLostError
from slipstream.limits import DEFAULT_LIMITS, Limits
from slipstream.protocol import DEFAULT_SOFTWARE, Protocol
from slipstream.spelling import Spelling
from slipstream.taps import Tap

logger = logging.getLogger("slipstream")

_HANDSHAKE_ONLY = frozenset({"authorization", "cookie"})

Headers = Mapping[str, str] | Iterable[tuple[str, str]]


class connect:  # noqa: N801 - used like a function, as in `async with connect(url) as protocol`
    """A client's connection, listening: once with `async with`, again and again with `async for`.

        async with connect(url) as protocol:    # one attempt; closed at the end of the block
            await protocol.request_response({"operation": "add", "a": 1})

        async for protocol in connect(url):     # connects again when it is asked for the next one
            try:
                await work(protocol)
                break
            except ConnectionClosedError:
                continue

    `token` goes as `Authorization: Bearer`; `handler` answers what the server calls; `on_handshake` sees
    the connection, with `.request` and `.response`, before anything is read. Entering raises what the
    handshake raises: `OSError`, `TimeoutError`, `ssl.SSLError`, and the websockets library's `InvalidURI`,
    `InvalidHandshake`. Iterating waits and tries again after those that may pass (`may_pass`), as `backoff`
    says, and tells `on_retry` the error and the seconds until the next attempt. What was in flight on a
    connection that ended has failed; nothing is sent again (protocol.md §11).
    """

    def __init__(
        self,
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
        backoff: Backoff | None = None,
        on_retry: Callable[[Exception, float], None] | None = None,
    ) -> None:
        self.url = url
        sent = list(headers.items() if isinstance(headers, Mapping) else headers)
        if token is not None:
            sent.append(("Authorization", f"Bearer {token}"))
        self._websocket_options: dict[str, Any] = {
            "additional_headers": sent,
            "subprotocols": [Subprotocol(name) for name in subprotocols] or None,
            "max_size": limits.frame_bytes,
            "compression": None,
            "open_timeout": open_timeout_s,
            "ping_interval": ping_interval_s,
            "ping_timeout": ping_timeout_s,
            "close_timeout": limits.close_timeout_s,
            "proxy": None,
            **_security(url, ssl),
        }
        self._protocol_options: dict[str, Any] = {
            "handler": handler,
            "peer_id": peer_id,
            "limits": limits,
            "taps": taps,
            "software": software,
            "spelling": spelling,
        }
        self._on_handshake = on_handshake
        self._backoff = backoff or Backoff()
        self._on_retry = on_retry
        self._open: AbstractAsyncContextManager[Protocol] | None = None

    def __repr__(self) -> str:
        return f"<connect {self.url}>"

    async def __aenter__(self) -> Protocol:
        if self._open is not None:
            raise RuntimeError("One connect() is entered once at a time: make one for each connection")
        self._open = self._once()
        try:
            return await self._open.__aenter__()
        except BaseException:
            self._open = None
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._open is not None:
            opened, self._open = self._open, None
            await opened.__aexit__(kind, error, traceback)

    async def __aiter__(self) -> AsyncGenerator[Protocol]:
        failures = 0
        while True:
            began = time.monotonic()
            failure: Exception = ConnectionLostError(None, "the connection ended")
            try:
                async with self._once() as protocol:
                    yield protocol
            except Exception as error:
                if not may_pass(error):
                    raise
                failure = error
            failures = 1 if time.monotonic() - began >= self._backoff.settled_s else failures + 1
            if self._backoff.exhausted(failures):
                raise failure
            wait_s = self._backoff.wait_s(failures)
            logger.info("Connecting to %s again in %.1f s: %s", self.url, wait_s, failure)
            if self._on_retry is not None:
                self._on_retry(failure, wait_s)
            await asyncio.sleep(wait_s)

    @asynccontextmanager
    async def _once(self) -> AsyncIterator[Protocol]:
        async with _Connecting(self.url, **self._websocket_options) as websocket:
            if self._on_handshake is not None:
                self._on_handshake(websocket)
            protocol = Protocol(websocket, **self._protocol_options)
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


def may_pass(error: Exception) -> bool:
    """Whether what kept a connection from being made may be over at the next attempt.

    A refusal, a silence, an answer of a server that is starting or overloaded may; a wrong address, a
    certificate that does not fit, a missing token may not.
    """
    if isinstance(error, InvalidStatus):
        return error.response.status_code in _PASSING_STATUS
    if isinstance(error, tls.SSLError):
        return isinstance(error, tls.SSLEOFError | tls.SSLZeroReturnError)
    if isinstance(error, InvalidMessage):
        return isinstance(error.__cause__, EOFError)
    return isinstance(error, OSError | EOFError)


_PASSING_STATUS = frozenset({429, 500, 502, 503, 504})


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
