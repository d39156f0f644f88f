"""How a connection is closed, and what all who wait on it are told: type, code, reason exactly (§6, §11)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect as connect_websocket
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import serve as serve_websockets
from websockets.protocol import State

from slipstream import ConnectionClosedError, ConnectionLostError, Protocol
from tests.slipstream.support import PATIENCE_S, Observer, Service, emptied, leftovers, soon

NORMAL = [1000, 1001]
ABNORMAL = [1002, 1008, 1009, 1011, 1012, 1013, 4400]

every_code = pytest.mark.parametrize("code", [*NORMAL, *ABNORMAL])
both_roles = pytest.mark.parametrize("as_server", [False, True], ids=["as client", "as server"])


@asynccontextmanager
async def wired(*, as_server: bool) -> AsyncIterator[tuple[Connection, Connection]]:
    """Both ends of a connection, the library's first."""
    accepted: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()

    async def attend(websocket: Connection) -> None:
        accepted.set_result(websocket)
        await websocket.wait_closed()

    async with serve_websockets(attend, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with connect_websocket(f"ws://127.0.0.1:{port}", proxy=None) as client:
            there = await accepted
            yield (there, client) if as_server else (client, there)


def story(code: int, reason: str | None) -> str:
    if code in NORMAL:
        return f"Connection closed: {reason or 'no reason given'} (code={code})"
    return f"Connection lost: {reason or 'unknown reason'} (code={code})"


async def how(waiter: asyncio.Task[object]) -> ConnectionClosedError:
    await asyncio.wait([waiter])
    error = waiter.exception()
    assert isinstance(error, ConnectionClosedError)
    return error


@both_roles
@every_code
@pytest.mark.parametrize("reason", ["going", "é" * 61, ""], ids=["reason", "long reason", "no reason"])
async def test_everyone_who_waits_is_told_type_code_and_reason(
    code: int, reason: str, as_server: bool
) -> None:
    observer, service = Observer(), Service()
    async with wired(as_server=as_server) as (ours, theirs):
        protocol = Protocol(ours, handler=service, taps=[observer])
        listening = asyncio.create_task(protocol.listen())
        stream = await protocol.request_stream({"operation": "items"})
        handle = await protocol.stream_stream({"operation": "chat"})
        waiters: list[asyncio.Task[object]] = [
            asyncio.create_task(protocol.request_response({"operation": "add"})),
            asyncio.create_task(anext(stream)),
            asyncio.create_task(handle.receive()),
        ]
        opened = '{"type": "request", "requestId": ["x", 0], "peerID": "x", "data": {"operation": "hang"}}'
        await theirs.send(opened)
        await soon(service.started)

        await theirs.close(code, reason)

        kind = ConnectionClosedError if code in NORMAL else ConnectionLostError
        expected = (kind, code, reason or None, story(code, reason))
        for waiter in waiters:
            error = await how(waiter)
            assert (type(error), error.code, error.reason, str(error)) == expected
        if code in NORMAL:
            await listening
        else:
            error = await how(listening)
            assert (type(error), error.code, error.reason, str(error)) == expected
        await soon(service.stopped)
        last = observer.transitions[-1]
        state = "CLOSED" if code in NORMAL else "LOST"
        assert (last.new.name, last.code, last.reason) == (state, code, reason or None)
        assert protocol.state.name == state
        await emptied(protocol)


@both_roles
@every_code
async def test_a_call_after_the_end_is_told_the_same(code: int, as_server: bool) -> None:
    async with wired(as_server=as_server) as (ours, theirs):
        protocol = Protocol(ours)
        listening = asyncio.create_task(protocol.listen())
        await theirs.close(code, "going")
        await asyncio.wait([listening])
        kind = ConnectionClosedError if code in NORMAL else ConnectionLostError
        for call in (protocol.request_response, protocol.request_stream, protocol.stream_stream):
            with pytest.raises(ConnectionClosedError, match=r"WebSocket is closed.*going") as caught:
                await call({"operation": "add"})
            assert (type(caught.value), caught.value.code) == (kind, code)
        await asyncio.gather(listening, return_exceptions=True)


@both_roles
@every_code
async def test_closing_on_this_side_is_a_normal_end_here_and_the_code_is_told_there(
    code: int, as_server: bool
) -> None:
    async with wired(as_server=as_server) as (ours, theirs):
        protocol = Protocol(ours)
        listening = asyncio.create_task(protocol.listen())
        waiting: asyncio.Task[object] = asyncio.create_task(protocol.request_response({"operation": "add"}))
        await asyncio.sleep(0)
        await protocol.aclose(code, "enough")
        error = await how(waiting)
        assert (type(error), error.code, error.reason) == (ConnectionClosedError, code, "enough")
        await listening
        await theirs.wait_closed()
        assert (theirs.close_code, theirs.close_reason) == (code, "enough")
        assert protocol.state.name == "CLOSED"
        assert leftovers(protocol) == {}


@both_roles
async def test_a_connection_that_drops_without_a_close_frame_is_lost_with_1006(as_server: bool) -> None:
    async with wired(as_server=as_server) as (ours, theirs):
        protocol = Protocol(ours)
        listening = asyncio.create_task(protocol.listen())
        waiting: asyncio.Task[object] = asyncio.create_task(protocol.request_response({"operation": "add"}))
        await asyncio.sleep(0)
        theirs.transport.abort()
        for waiter in (waiting, listening):
            error = await how(waiter)
            assert (type(error), error.code) == (ConnectionLostError, 1006)


@both_roles
@pytest.mark.parametrize("direct", [True, False], ids=["direct", "public"])
async def test_a_call_while_the_connection_fails_is_told_that_it_is_lost(
    as_server: bool, direct: bool
) -> None:
    async with wired(as_server=as_server) as (ours, theirs):
        protocol = Protocol(ours, direct=direct)
        listening = asyncio.create_task(protocol.listen())
        await asyncio.sleep(0)
        no_text = b"\x81\x81\0\0\0\0\xff" if as_server else b"\x81\x01\xff"
        theirs.transport.write(no_text)
        async with asyncio.timeout(PATIENCE_S):
            while ours.state is State.OPEN:  # noqa: ASYNC110 - the library tells nobody; this yields
                await asyncio.sleep(0)
        calls = (protocol.request_response, protocol.request_stream, protocol.stream_stream)
        told = await asyncio.gather(*(call({"operation": "add"}) for call in calls), return_exceptions=True)
        error = await how(listening)
        assert [type(error) for error in told] == [ConnectionLostError] * len(calls)
        assert (type(error), error.code) == (ConnectionLostError, 1007)
