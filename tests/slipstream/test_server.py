import asyncio
import contextlib
from typing import Any

import pytest
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import InvalidHandshake, InvalidStatus

from slipstream import (
    ConnectionClosedError,
    ConnectionState,
    Limits,
    Protocol,
    Refused,
    RemoteError,
    connect,
    describe,
    serve,
)
from tests.certificates import Authority, Certificate, client_context, server_context
from tests.slipstream.support import Observer, Service, emptied, soon


async def status_of(url: str, **headers: str) -> int:
    """The HTTP status with which a handshake is refused."""
    with pytest.raises(InvalidStatus) as caught:
        await connect(
            url, headers={name.replace("_", "-"): value for name, value in headers.items()}
        ).__aenter__()
    return caught.value.response.status_code


async def test_it_listens_on_loopback_and_tells_where() -> None:
    async with serve(Service) as server:
        assert server.url == f"ws://127.0.0.1:{server.port}"
        assert server.port > 0
        assert server.protocols == set()


async def test_every_client_has_a_handler_of_its_own() -> None:
    async with serve(Service) as server, connect(server.url) as one, connect(server.url) as two:
        await one.request_response({"operation": "add", "a": 1})
        await two.request_response({"operation": "add", "a": 1})
        first, second = server.protocols
        assert first.handler is not second.handler
        assert first.handler.protocol is first


async def test_a_client_that_left_is_forgotten() -> None:
    async with serve(Service) as server:
        async with connect(server.url) as protocol:
            await protocol.request_response({"operation": "add", "a": 1})
            (there,) = server.protocols
        await there.wait_closed()
        while server.protocols:  # noqa: ASYNC110 - yields until the connection's task has ended
            await asyncio.sleep(0)


async def test_a_port_in_use_is_an_os_error() -> None:
    async with serve(Service) as server:
        with pytest.raises(OSError, match="in use"):
            await serve(Service, port=server.port).__aenter__()


async def test_a_browsers_page_is_refused() -> None:
    async with serve(Service) as server:
        assert await status_of(server.url, Origin="https://evil.example") == 403


@pytest.mark.parametrize("allowed", ["https://good.example", "*"])
async def test_an_origin_that_is_allowed_may_connect(allowed: str) -> None:
    async with serve(Service, allow_origins=[allowed]) as server:
        headers = {"Origin": "https://good.example"}
        async with connect(server.url, headers=headers) as protocol:
            assert await protocol.request_response({"operation": "add", "a": 1}) == 1


async def test_an_origin_that_is_not_listed_is_refused() -> None:
    async with serve(Service, allow_origins=["https://good.example"]) as server:
        assert await status_of(server.url, Origin="https://good.example.evil.example") == 403
        assert await status_of(server.url, Origin="null") == 403


async def test_whoever_is_refused_is_told_to_the_host() -> None:
    refused: list[Refused] = []
    async with serve(Service, token="secret", on_refused=refused.append) as server:
        assert await status_of(server.url, Origin="https://page.example") == 403
        assert await status_of(server.url) == 401
    assert [(each.status, each.origin) for each in refused] == [(403, "https://page.example"), (401, None)]


async def test_two_origins_are_not_let_in() -> None:
    async with serve(Service, allow_origins=["https://good.example"]) as server:
        headers = [("Origin", "https://good.example"), ("Origin", "https://evil.example")]
        with pytest.raises(InvalidStatus):
            await connect(server.url, headers=headers).__aenter__()


async def test_a_token_is_asked_for() -> None:
    async with serve(Service, token="secret") as server:
        assert await status_of(server.url) == 401
        assert await status_of(server.url, Authorization="Bearer wrong") == 401
        async with connect(server.url, token="secret") as protocol:
            assert await protocol.request_response({"operation": "add", "a": 1}) == 1


@pytest.mark.parametrize("query", ["?token=a%26b", "?page=2&token=a%26b&more=1"])
async def test_a_token_may_stand_in_the_url_as_a_browser_must_give_it(query: str) -> None:
    async with serve(Service, token="a&b") as server, connect(server.url + "/" + query) as protocol:
        assert await protocol.request_response({"operation": "add", "a": 1}) == 1


@pytest.mark.parametrize(
    "query", ["?token=", "?token=wrong", "?tokens=secret", "?token=x&token=secret", "?&[::"]
)
async def test_a_wrong_token_in_the_url_is_refused(query: str) -> None:
    async with serve(Service, token="secret") as server:
        assert await status_of(server.url + "/" + query) == 401


async def test_a_query_of_too_many_fields_names_no_token() -> None:
    async with serve(Service, token="secret") as server:
        assert await status_of(server.url + "/?" + "a=b&" * 200 + "token=secret") == 401


async def test_no_url_knows_an_empty_token() -> None:
    async with serve(Service, token="") as server:
        assert await status_of(server.url + "/?token=") == 401


async def test_connections_may_be_limited() -> None:
    async with serve(Service, max_connections=1) as server, connect(server.url) as protocol:
        await protocol.request_response({"operation": "add", "a": 1})
        assert await status_of(server.url) == 503


async def test_shutting_down_closes_every_connection_with_1001() -> None:
    service, observer = Service(), Observer()
    async with contextlib.AsyncExitStack() as clients:
        async with serve(lambda: service) as server:
            protocol = await clients.enter_async_context(connect(server.url, taps=[observer]))
            asking = asyncio.create_task(protocol.request_response({"operation": "hang"}))
            await soon(service.started)
        with pytest.raises(ConnectionClosedError, match="shutting down"):
            await asking
        await soon(service.stopped)
        await emptied(protocol)
        assert (observer.transitions[-1].new, observer.transitions[-1].code) == (ConnectionState.CLOSED, 1001)


async def test_shutting_down_does_not_wait_for_a_client_that_does_not_read() -> None:
    async with serve(Service, limits=Limits(close_timeout_s=0.05)) as server:
        client = await connect_websocket(server.url, proxy=None, close_timeout=0.05)
        await client.send('{"type":"fire_and_forget","peerID":"x","data":{"operation":"note","value":1}}')
        while not server.protocols:  # noqa: ASYNC110 - yields until it is attended to
            await asyncio.sleep(0)
        client.transport.pause_reading()
        (protocol,) = server.protocols
        loop = asyncio.get_running_loop()
        leaving = loop.time()
    assert loop.time() - leaving < 1.0
    assert protocol.state is ConnectionState.CLOSED
    client.transport.abort()
    await client.wait_closed()


async def test_on_connect_gets_a_listening_protocol() -> None:
    async def greet(protocol: Protocol) -> None:
        assert protocol.state is ConnectionState.CONNECTED
        greeted.append(await protocol.request_response({"operation": "add", "a": 1}))
        done.set()

    greeted: list[Any] = []
    done = asyncio.Event()
    async with serve(Service, on_connect=greet) as server, connect(server.url, handler=Service()):
        await soon(done)
    assert greeted == [1]


async def test_on_connect_may_be_plain() -> None:
    greeted: list[Protocol] = []
    async with serve(Service, on_connect=greeted.append) as server, connect(server.url) as protocol:
        await protocol.request_response({"operation": "add", "a": 1})
        assert set(greeted) == server.protocols


async def test_what_on_connect_still_does_is_stopped_when_the_connection_ends() -> None:
    started, stopped = asyncio.Event(), asyncio.Event()

    async def run_for_ever(protocol: Protocol) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    async with serve(Service, on_connect=run_for_ever) as server:
        async with connect(server.url):
            await soon(started)
        await soon(stopped)


async def test_a_client_that_leaves_while_on_connect_calls_it_is_no_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def ask(protocol: Protocol) -> None:
        started.set()
        await protocol.request_response({"operation": "hang"})

    started = asyncio.Event()
    async with serve(Service, on_connect=ask) as server, connect(server.url, handler=Service()):
        await soon(started)
    assert caplog.text == ""


@pytest.mark.parametrize("where", ["handler", "taps", "on_connect"])
async def test_a_failure_of_the_program_is_logged_and_closes_with_1011(
    where: str, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> Any:
        raise RuntimeError(f"no {where} today")

    async with serve(
        fail if where == "handler" else Service,
        taps=fail if where == "taps" else None,
        on_connect=fail if where == "on_connect" else None,
    ) as server:
        async with connect(server.url) as protocol:
            await protocol.wait_closed()
            with pytest.raises(ConnectionClosedError) as caught:
                await protocol.request_response({"operation": "add", "a": 1})
            assert caught.value.code == 1011
        assert server.protocols == set()
    assert f"no {where} today" in caplog.text


async def test_describing_may_be_switched_off() -> None:
    async with serve(Service, describe=False) as server, connect(server.url) as protocol:
        assert await describe(protocol) is None
        with pytest.raises(RemoteError) as caught:
            await protocol.request_response({"operation": "slipstream.describe"})
        assert caught.value.code == "not_found"


async def test_an_address_of_version_6_is_written_in_brackets() -> None:
    try:
        async with serve(Service, "::1") as server, connect(server.url) as protocol:
            assert server.url.startswith("ws://[::1]:")
            assert await protocol.request_response({"operation": "add", "a": 1}) == 1
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")


async def test_a_dead_client_is_noticed_by_its_missing_pong() -> None:
    limits = Limits(close_timeout_s=0.05)
    async with serve(Service, ping_interval_s=0.05, ping_timeout_s=0.05, limits=limits) as server:
        client = await connect_websocket(server.url, proxy=None, ping_interval=None)
        while not server.protocols:  # noqa: ASYNC110 - yields until it is attended to
            await asyncio.sleep(0)
        (protocol,) = server.protocols
        client.transport.pause_reading()
        async with asyncio.timeout(5):
            await protocol.wait_closed()
        assert protocol.state is ConnectionState.LOST
        client.transport.abort()
        await client.wait_closed()


@pytest.mark.parametrize(
    ("message", "code"), [(b"\xff", 1007), (b'"' + b"x" * 4000 + b'"', 1009)], ids=["no UTF-8", "too large"]
)
async def test_what_no_websocket_may_carry_ends_only_that_connection(message: bytes, code: int) -> None:
    seen = Observer()
    limits = Limits(frame_bytes=2000)
    async with (
        serve(Service, limits=limits, taps=lambda _: [seen]) as server,
        connect(server.url) as neighbour,
        connect_websocket(server.url) as websocket,
    ):
        await websocket.send(message, text=True)
        await websocket.wait_closed()
        assert websocket.close_code == code
        assert await neighbour.request_response({"operation": "add", "a": 2}) == 2
    assert (ConnectionState.LOST, code) in [(each.new, each.code) for each in seen.transitions]


# -- TLS ----------------------------------------------------------------------------------------------------


async def test_the_certificate_of_a_client_is_known_to_the_server(
    authority: Authority, server_certificate: Certificate, client_certificate: Certificate
) -> None:
    mutual = server_context(server_certificate, clients_of=authority)
    context = client_context(authority, client_certificate)
    async with serve(Service, ssl=mutual) as server, connect(server.url, ssl=context) as protocol:
        await protocol.request_response({"operation": "add", "a": 1})
        (there,) = server.protocols
        shown = there.websocket.transport.get_extra_info("peercert")
    assert shown["subjectAltName"] == (("DNS", "client.example"),)


async def test_a_client_without_a_certificate_gets_no_handler_and_harms_nobody(
    authority: Authority, server_certificate: Certificate, client_certificate: Certificate
) -> None:
    def service() -> Service:
        made.append(Service())
        return made[-1]

    made: list[Service] = []
    refused: list[Refused] = []
    mutual = server_context(server_certificate, clients_of=authority)
    async with serve(service, ssl=mutual, on_refused=refused.append) as server:
        with pytest.raises((OSError, InvalidHandshake)):
            await connect(server.url, ssl=client_context(authority)).__aenter__()
        assert (made, refused) == ([], [])
        context = client_context(authority, client_certificate)
        async with connect(server.url, ssl=context) as protocol:
            assert await protocol.request_response({"operation": "add", "a": 1}) == 1
    assert len(made) == 1


async def test_a_client_without_tls_gets_no_handler(server_certificate: Certificate) -> None:
    async with serve(Service, ssl=server_context(server_certificate)) as server:
        with pytest.raises((OSError, InvalidHandshake)):
            await connect(server.url.replace("wss", "ws")).__aenter__()
        assert server.protocols == set()
