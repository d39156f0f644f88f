"""Trying once more to connect, by hand and stage by stage, to find out which of them fails.

Owns that attempt and its time. It sends what a connection sends, the handshake and a `slipstream.ping`
(protocol.md §10), and nothing else. What the outcomes mean is told by `stage_words`.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

import msgspec
from websockets.exceptions import InvalidStatus, InvalidURI, WebSocketException
from websockets.uri import parse_uri

from inspector_app.sources import stage_words as words
from inspector_app.sources.first_frame import judge, tls_stage
from inspector_app.sources.stages import Stage, StageName, complete
from inspector_app.sources.talking import Talk

if TYPE_CHECKING:
    from inspector_app.intents import ClientSpec

LIMIT_S: Final = 3.0
"""Longest time that the whole attempt takes."""

PATIENCE_S: Final = 1.0
"""How long a first frame is waited for."""

_MOMENT_S = 0.2
"""For looking once more at what TLS does, also when the time is over."""
_MOST_ADDRESSES = 4
_MOST_REDIRECTS = 5
_REDIRECTS: Final = frozenset({300, 301, 302, 303, 307, 308})
_WORKS = "This time it worked: connect again"
_UNASKED = "That is legal for a server that speaks only when spoken to, but it does not answer a ping either"

Address = tuple[Any, Any, int, str, tuple[Any, ...]]
"""As `socket.getaddrinfo` gives them."""


async def find_stages(
    spec: ClientSpec, context: ssl.SSLContext | None, *, limit_s: float = LIMIT_S
) -> tuple[Stage, ...]:
    """Try to connect as `spec` says, and tell all five stages; takes no longer than `limit_s`, by a moment.

    `context` is None for `ws://`. Follows a redirect where `connect()` does: to the same origin.
    """
    deadline = asyncio.get_running_loop().time() + limit_s
    url = spec.url.strip()
    for _ in range(_MOST_REDIRECTS):
        try:
            attempt = _Attempt(url, spec, context, deadline)
        except InvalidURI as error:
            return complete([_no_address(error)])
        await attempt.run()
        if attempt.redirect is None:
            break
        url = attempt.redirect
    else:
        last = attempt.stages[-1]
        attempt.stages[-1] = msgspec.structs.replace(
            last, advice="It leads on and on: check the path of the URL"
        )
    return complete(attempt.stages)


class _FailedError(Exception):
    """A stage failed, and has been told."""


class _Attempt:
    """One attempt. `redirect` is where it has to be tried instead, if anywhere."""

    def __init__(self, url: str, spec: ClientSpec, context: ssl.SSLContext | None, deadline: float) -> None:
        self._url = url
        self._uri = parse_uri(url)
        self._spec = spec
        self._context = context
        self._deadline = deadline
        self.stages: list[Stage] = []
        self.redirect: str | None = None

    async def run(self) -> None:
        """Go through the stages up to the first that fails."""
        with suppress(_FailedError):
            talk = await self._tls(await self._tcp(await self._name()))
            try:
                await self._http(talk)
                await self._frame(talk)
            finally:
                await talk.close()

    def _ok(self, name: StageName, tried: str, came: str) -> None:
        self.stages.append(Stage(name=name, outcome="ok", tried=tried, came=came))

    def _failed(self, name: StageName, tried: str, told: words.Told) -> _FailedError:
        came, advice = told
        self.stages.append(Stage(name=name, outcome="failed", tried=tried, came=came, advice=advice))
        return _FailedError(came)

    # -- name and TCP -------------------------------------------------------------------------------------

    async def _name(self) -> list[Address]:
        host = self._uri.host
        tried = f"look up {host}"
        try:
            async with asyncio.timeout_at(self._deadline):
                addresses = await _look_up(host, self._uri.port)
        except (OSError, UnicodeError) as error:
            raise self._failed("name", tried, words.name_told(error)) from error
        if _is_address(host):
            self._ok("name", "", f"{host} is an address")
        else:
            found = dict.fromkeys(str(address[4][0]) for address in addresses)
            self._ok("name", tried, ", ".join(list(found)[:_MOST_ADDRESSES]))
        return addresses[:_MOST_ADDRESSES]

    async def _tcp(self, addresses: list[Address]) -> socket.socket:
        failures: dict[str, words.Told] = {}
        for index, address in enumerate(addresses):
            host = str(address[4][0])
            try:
                async with asyncio.timeout_at(self._share_of(len(addresses) - index)):
                    made = await _connect(address)
            except OSError as error:
                failures[host] = words.tcp_told(error)
            else:
                self._ok("TCP", f"connect to {host} port {self._uri.port}", "connected")
                return made
        came = "; ".join(dict.fromkeys(came for came, _ in failures.values()))
        tried = f"connect to {' and '.join(failures)} port {self._uri.port}"
        raise self._failed("TCP", tried, (came, next(iter(failures.values()))[1]))

    def _share_of(self, attempts: int) -> float:
        now = asyncio.get_running_loop().time()
        return now + max(0.0, self._deadline - now) / attempts

    # -- TLS ----------------------------------------------------------------------------------------------

    async def _tls(self, connected: socket.socket) -> Talk:
        host = self._uri.host if self._context is not None else None
        try:
            async with asyncio.timeout_at(self._deadline):
                reader, writer = await asyncio.open_connection(
                    sock=connected, ssl=self._context, server_hostname=host
                )
        except OSError as error:
            raise self._tls_failed(error) from error
        except BaseException:
            connected.close()
            raise
        talk = Talk(reader, writer, self._uri, self._spec)
        self.stages.append(tls_stage(talk.tls_version))
        return talk

    def _tls_failed(self, error: OSError) -> _FailedError:
        return self._failed("TLS", f"TLS handshake for {self._uri.host}", words.tls_told(error))

    async def _refused_unasked(self) -> OSError | None:
        """Whether the server ends a connection right behind the TLS handshake, before it is asked anything.

        TLS 1.3 tells only then that a certificate of this side is missing or refused, and not at all where
        what was sent meanwhile crosses it.
        """
        try:
            async with asyncio.timeout_at(self._share_of(1) + _MOMENT_S):
                reader, writer = await asyncio.open_connection(
                    self._uri.host, self._uri.port, ssl=self._context
                )
        except OSError:
            return None  # the first attempt got further, and is the one to tell
        try:
            async with asyncio.timeout(_MOMENT_S):
                return None if await reader.read(1) else ConnectionResetError(words.HUNG_UP_UNASKED)
        except TimeoutError:
            return None
        except OSError as refusal:
            return refusal
        finally:
            writer.transport.abort()

    async def _speaks_tls(self) -> bool:
        """Whether TLS can be spoken where it was not asked for."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # nothing is sent over it
        with suppress(OSError):
            async with asyncio.timeout_at(self._share_of(1) + _MOMENT_S):
                _, writer = await asyncio.open_connection(self._uri.host, self._uri.port, ssl=context)
            writer.transport.abort()
            return True
        return False

    # -- HTTP ---------------------------------------------------------------------------------------------

    async def _http(self, talk: Talk) -> None:
        tried = f"ask for a WebSocket at {self._uri.resource_name.partition('?')[0]}"
        try:
            async with asyncio.timeout_at(self._deadline):
                await talk.upgrade()
        except (OSError, WebSocketException) as error:
            refusal: OSError | None = error if isinstance(error, ssl.SSLError) else None
            if not talk.raw and self._context is not None and not isinstance(error, TimeoutError):
                refusal = refusal or await self._refused_unasked()
            if refusal is not None:
                self.stages.pop()
                raise self._tls_failed(refusal) from error
            self._redirect_to(error)
            told = words.http_told(error, talk.raw, secure=self._uri.secure)
            if not talk.raw and not self._uri.secure and await self._speaks_tls():
                told = told[0], words.MAYBE_TLS
            raise self._failed("HTTP", tried, told) from error
        chosen = talk.subprotocol
        extra = f", subprotocol {chosen}" if chosen else ", no subprotocol" if self._spec.subprotocols else ""
        self._ok("HTTP", tried, f"101{extra}")

    def _redirect_to(self, error: Exception) -> None:
        if not isinstance(error, InvalidStatus) or error.response.status_code not in _REDIRECTS:
            return
        with suppress(KeyError, ValueError, WebSocketException):
            target = urljoin(self._url, error.response.headers["Location"])
            parse_uri(target)
            if _origin(target) == _origin(self._url):
                self.redirect = target

    # -- the first frame ----------------------------------------------------------------------------------

    async def _frame(self, talk: Talk) -> None:
        tried = "send slipstream.ping"
        left_s = self._deadline - asyncio.get_running_loop().time()
        patience_s = min(PATIENCE_S, max(0.0, left_s))
        message: str | bytes | None = None
        try:
            async with asyncio.timeout(patience_s):
                message = await talk.ask()
        except TimeoutError:
            came = words.silence_told(round(patience_s, 1))
            self.stages.append(Stage(name="frame", outcome="none", tried=tried, came=came, advice=_UNASKED))
            return
        except OSError:
            pass  # it has dropped, which `message` says
        if message is None:
            raise self._failed("frame", tried, words.close_told(talk.close_code, talk.close_reason))
        stage = judge(message, tried)
        if stage.outcome == "ok":
            stage = msgspec.structs.replace(stage, advice=_WORKS)
        self.stages.append(stage)


async def _connect(address: Address) -> socket.socket:
    family, kind, number, _, place = address
    made = socket.socket(family, kind, number)
    try:
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, place)
    except BaseException:
        made.close()
        raise
    return made


async def _look_up(host: str, port: int) -> list[Address]:
    """The addresses of a host. In a thread that nobody waits for: a name server may take half a minute."""
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[Address]] = loop.create_future()

    def settle(result: list[Address] | Exception) -> None:
        if found.done():
            return
        if isinstance(result, Exception):
            found.set_exception(result)
        else:
            found.set_result(result)

    def ask() -> None:
        result: list[Address] | Exception
        try:
            result = list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            result = error
        with suppress(RuntimeError):  # the loop has ended: nobody wants to know any more
            loop.call_soon_threadsafe(settle, result)

    threading.Thread(target=ask, name="look-up", daemon=True).start()
    return await found


def _no_address(error: InvalidURI) -> Stage:
    advice = "Give user name and password, or neither" if "password" in error.msg else "Check the URL"
    return Stage(name="name", outcome="failed", tried="read the URL", came=error.msg, advice=advice)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port
