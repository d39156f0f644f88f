"""Connecting again: what is tried again, how often, and what of it is new (protocol.md §11)."""

from __future__ import annotations

import asyncio
import http
import ssl
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websockets
from websockets.exceptions import InvalidMessage, InvalidStatus, InvalidURI
from websockets.http11 import Request, Response

from slipstream import Backoff, ConnectionClosedError, ConnectionLostError, connect, serve
from slipstream.client import may_pass
from tests.slipstream.support import Service

AT_ONCE = Backoff(first_s=0.0, longest_s=0.0, attempts=3)


def status(code: int) -> InvalidStatus:
    return InvalidStatus(Response(code, http.HTTPStatus(code).phrase, Request("/", {}).headers))  # type: ignore[arg-type]  # no header matters


def cut_short() -> InvalidMessage:
    error = InvalidMessage("did not receive a valid HTTP response")
    error.__cause__ = EOFError()
    return error


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (ConnectionRefusedError(), True),
        (TimeoutError(), True),
        (EOFError(), True),
        (cut_short(), True),
        (InvalidMessage("no HTTP"), False),
        (status(503), True),
        (status(429), True),
        (status(401), False),
        (status(404), False),
        (ssl.SSLCertVerificationError(), False),
        (ssl.SSLEOFError(), True),
        (InvalidURI("x", "no"), False),
        (ValueError(), False),
    ],
)
def test_what_may_pass_is_tried_again(error: Exception, passing: bool) -> None:
    assert may_pass(error) is passing


async def free_port() -> int:
    async with serve(Service) as server:
        return server.port


async def test_a_server_that_comes_later_is_found() -> None:
    port, told = await free_port(), asyncio.Queue[tuple[Exception, float]]()
    backoff = Backoff(first_s=0.0, longest_s=0.0)
    connecting = connect(
        f"ws://127.0.0.1:{port}", backoff=backoff, on_retry=lambda *what: told.put_nowait(what)
    )
    async with aclosing(aiter(connecting)) as protocols:
        first = asyncio.ensure_future(anext(protocols))
        error, wait_s = await told.get()
        assert (type(error), wait_s) == (ConnectionRefusedError, 0.0)
        async with serve(Service, port=port):
            protocol = await asyncio.wait_for(first, 5)
            assert await protocol.request_response({"operation": "echo", "value": 42}) == 42


async def test_after_so_many_failures_the_last_one_is_raised() -> None:
    port, told = await free_port(), list[Exception]()
    connecting = connect(
        f"ws://127.0.0.1:{port}", backoff=AT_ONCE, on_retry=lambda error, _: told.append(error)
    )
    with pytest.raises(ConnectionRefusedError):
        await anext(aiter(connecting))
    assert len(told) == 2


async def test_what_cannot_pass_is_raised_at_once() -> None:
    told = list[Exception]()
    async with serve(Service, token="right") as server:
        connecting = connect(
            server.url, token="wrong", backoff=AT_ONCE, on_retry=lambda error, _: told.append(error)
        )
        with pytest.raises(InvalidStatus):
            await anext(aiter(connecting))
    assert told == []


async def outlive_each(connecting: connect) -> None:
    async for protocol in connecting:
        await protocol.wait_closed()


async def test_a_connection_that_was_lost_is_made_anew_and_nothing_is_sent_again() -> None:
    service = Service()
    peers, requests = set[str](), 0
    async with serve(lambda: service) as server:
        async with aclosing(
            aiter(connect(server.url, backoff=Backoff(first_s=0, longest_s=0)))
        ) as connections:
            async for protocol in connections:
                peers.add(protocol.peer_id)
                requests += 1
                if requests == 3:
                    break
                asking = asyncio.create_task(protocol.request_response({"operation": "hang"}))
                await service.started.wait()
                service.started.clear()
                next(iter(server.protocols)).websocket.transport.abort()
                with pytest.raises(ConnectionLostError):
                    await asking
                with pytest.raises(ConnectionClosedError):
                    await protocol.request_response({"operation": "echo"})
        assert len(peers) == 3


@asynccontextmanager
async def revolving_door() -> AsyncIterator[str]:
    """A server that lets everyone in and drops them at once."""

    async def attend(websocket: ServerConnection) -> None:
        websocket.transport.abort()

    async with serve_websockets(attend, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}"


async def test_a_server_that_drops_everyone_at_once_is_given_up_too() -> None:
    async with revolving_door() as url:
        with pytest.raises(ConnectionLostError):
            await outlive_each(connect(url, backoff=AT_ONCE))


async def test_a_connection_that_lasted_begins_anew() -> None:
    lasting = Backoff(first_s=0.0, longest_s=0.0, settled_s=0.0, attempts=2)
    connections = 0
    async with revolving_door() as url, aclosing(aiter(connect(url, backoff=lasting))) as protocols:
        async for protocol in protocols:
            await protocol.wait_closed()
            connections += 1
            if connections == 10:
                break
    assert connections == 10


async def test_one_connect_is_entered_once_at_a_time() -> None:
    async with serve(Service) as server:
        connecting = connect(server.url)
        async with connecting:
            with pytest.raises(RuntimeError, match="make one for each"):
                await connecting.__aenter__()
        async with connecting as again:
            assert await again.request_response({"operation": "echo", "value": 1}) == 1


async def test_one_that_could_not_be_entered_can_be_tried_again() -> None:
    port = await free_port()
    connecting = connect(f"ws://127.0.0.1:{port}")
    with pytest.raises(ConnectionRefusedError):
        await connecting.__aenter__()
    async with serve(Service, port=port), connecting as protocol:
        assert await protocol.request_response({"operation": "echo", "value": 1}) == 1
    assert repr(connecting) == f"<connect ws://127.0.0.1:{port}>"


async def test_one_that_was_not_entered_is_left_without_a_word() -> None:
    assert await connect("ws://127.0.0.1:1").__aexit__(None, None, None) is None  # type: ignore[func-returns-value]
