import asyncio
import contextlib
import http
import socket
import ssl as tls
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websockets
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI
from websockets.http11 import Request, Response

from slipstream import ConnectionClosedError, ConnectionState, Limits, Protocol, RemoteError, connect, serve
from slipstream.backoff import Backoff
from slipstream.events import Event
from slipstream.session import Session
from tests.certificates import Authority, Certificate, client_context, server_context
from tests.slipstream.support import Observer, Service, emptied


async def test_the_block_gets_a_listening_protocol() -> None:
    async with serve(Service) as server, connect(server.url) as protocol:
        assert protocol.state is ConnectionState.CONNECTED
        assert await protocol.request_response({"operation": "add", "a": 1}) == 1
        await emptied(protocol)
    assert protocol.state.name == "CLOSED"


async def test_the_server_may_call_the_client() -> None:
    async with serve(Service) as server, connect(server.url, handler=Service()) as protocol:
        await protocol.request_response({"operation": "add", "a": 1})
        (there,) = server.protocols
        assert await there.request_response({"operation": "add", "a": 5}) == 5


async def test_nobody_listening_is_an_os_error() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(OSError, match=r"Connect call failed|refused"):
            await connect(f"ws://127.0.0.1:{port}").__aenter__()


async def test_a_wrong_address_is_told() -> None:
    with pytest.raises(InvalidURI):
        await connect("http://127.0.0.1").__aenter__()


@asynccontextmanager
async def tcp_server(answer: bytes) -> AsyncIterator[int]:
    """A server that says one thing to everyone, and keeps the line open."""
    writers = []

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)

    async with await asyncio.start_server(attend, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        for writer in writers:
            writer.close()


async def test_a_plain_web_server_is_no_handshake() -> None:
    async with tcp_server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as port:
        with pytest.raises(InvalidHandshake):
            await connect(f"ws://127.0.0.1:{port}").__aenter__()


async def test_a_server_that_never_answers_is_a_timeout() -> None:
    async with tcp_server(b"") as port:
        with pytest.raises(TimeoutError):
            await connect(f"ws://127.0.0.1:{port}", open_timeout_s=0.05).__aenter__()


async def test_headers_token_and_subprotocol_go_with_the_handshake() -> None:
    seen: list[ClientConnection] = []
    async with (
        serve(Service, token="secret", subprotocols=["slip"]) as server,
        connect(
            server.url,
            headers={"X-One": "1"},
            token="secret",
            subprotocols=["slip"],
            on_handshake=seen.append,
        ) as protocol,
    ):
        assert protocol.websocket.subprotocol == "slip"
    headers = [("X-Two", "2")]
    async with serve(Service) as server, connect(server.url, headers=headers, on_handshake=seen.append):
        pass
    connection, second = seen
    assert second.request is not None
    assert second.request.headers["X-Two"] == "2"
    assert connection.request is not None
    assert connection.request.headers["X-One"] == "1"
    assert connection.request.headers["Authorization"] == "Bearer secret"
    assert connection.response is not None
    assert connection.response.status_code == 101


async def test_a_handshake_observer_that_fails_leaves_no_connection() -> None:
    def fail(connection: ClientConnection) -> None:
        connections.append(connection)
        raise RuntimeError("observer")

    connections: list[ClientConnection] = []
    async with serve(Service) as server:
        with pytest.raises(RuntimeError, match="observer"):
            await connect(server.url, on_handshake=fail).__aenter__()
        assert connections[0].close_code is not None


async def test_leaving_with_an_error_closes_the_connection_all_the_same() -> None:
    async def use() -> None:
        async with connect(server.url) as protocol:
            protocols.append(protocol)
            raise ValueError("mine")

    protocols: list[Protocol] = []
    async with serve(Service) as server:
        with pytest.raises(ValueError, match="mine"):
            await use()
    assert protocols[0].state.name == "CLOSED"


async def test_a_cancelled_block_leaves_no_listener() -> None:
    before = asyncio.all_tasks()
    inside = asyncio.Event()

    async def use() -> None:
        async with connect(server.url):
            inside.set()
            await asyncio.Event().wait()

    async with serve(Service) as server:
        using = asyncio.create_task(use())
        await inside.wait()
        using.cancel()
        await asyncio.wait([using])
    assert asyncio.all_tasks() <= before


async def test_a_lost_connection_is_told_to_callers_not_to_the_block() -> None:
    async with serve(Service) as server, connect(server.url) as protocol:
        await protocol.request_response({"operation": "add", "a": 1})
        (there,) = server.protocols
        there.websocket.transport.abort()
        await protocol.wait_closed()
        with pytest.raises(ConnectionClosedError):
            await protocol.request_response({"operation": "add", "a": 1})
    assert protocol.state.name == "LOST"


async def test_a_defect_while_reading_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Defect(Session):
        def receive(self, message: str | bytes, now: float = 0.0) -> list[Event]:
            raise ZeroDivisionError

    async with serve(Service) as server, connect(server.url) as protocol:
        protocol._session = Defect(protocol.peer_id)
        with pytest.raises(ConnectionClosedError):
            await protocol.request_response({"operation": "add", "a": 1})
    assert "ZeroDivisionError" in caplog.text


async def test_a_server_that_answers_no_close_is_left_within_the_close_timeout() -> None:
    async with serve(Service) as server:
        async with connect(server.url, limits=Limits(close_timeout_s=0.05)) as protocol:
            await protocol.request_response({"operation": "add", "a": 1})
            (there,) = server.protocols
            there.websocket.transport.pause_reading()  # as one whose process is stopped
            loop = asyncio.get_running_loop()
            leaving = loop.time()
        assert loop.time() - leaving < 1.0
        there.websocket.transport.resume_reading()
    assert protocol.state.name == "CLOSED"


async def test_a_message_over_the_limit_ends_the_connection_with_1009() -> None:
    async with serve(Service, limits=Limits(frame_bytes=10_000)) as server, connect(server.url) as protocol:
        with pytest.raises(ConnectionClosedError) as caught:
            await protocol.request_response({"operation": "echo", "value": "x" * 20_000})
        assert caught.value.code == 1009
        assert protocol.state.name == "LOST"


async def test_a_large_but_legal_frame_goes_both_ways() -> None:
    async with serve(Service) as server, connect(server.url) as protocol:
        value = "é" * 150_000
        assert await protocol.request_response({"operation": "echo", "value": value}) == value


async def test_an_unread_stream_stops_at_the_server_when_the_client_leaves() -> None:
    service = Service()
    async with serve(lambda: service) as server, connect(server.url) as protocol:
        async for item in await protocol.request_stream({"operation": "endless"}):
            if item == 3:
                break
        async with asyncio.timeout(5):
            await service.stopped.wait()
        assert await protocol.request_response({"operation": "add", "a": 1}) == 1
        await emptied(protocol, *server.protocols)


# -- TLS ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["wss", "WSS"])
async def test_a_server_with_a_certificate_of_ones_own_authority_is_trusted(
    authority: Authority, server_certificate: Certificate, scheme: str
) -> None:
    async with serve(Service, ssl=server_context(server_certificate)) as server:
        assert server.url.startswith("wss://")
        url = server.url.replace("wss", scheme)
        async with connect(url, ssl=client_context(authority)) as protocol:
            assert await protocol.request_response({"operation": "add", "a": 1}) == 1


async def refusal(url: str, trusted: Authority, certificate: Certificate | None = None) -> tls.SSLError:
    """Why there is no secure connection; it has to be final, as trying again would not help."""
    tried_again: list[Exception] = []
    connecting = connect(
        url,
        ssl=client_context(trusted, certificate),
        on_retry=lambda error, wait_s: tried_again.append(error),
        backoff=Backoff(attempts=2, first_s=0.0),
    )
    with pytest.raises(tls.SSLError) as caught:
        await anext(aiter(connecting))
    assert tried_again == []
    return caught.value


async def test_a_server_of_another_authority_is_refused(
    other_authority: Authority, server_certificate: Certificate
) -> None:
    async with serve(Service, ssl=server_context(server_certificate)) as server:
        assert "unable to get local issuer" in str(await refusal(server.url, other_authority))


async def test_without_an_authority_of_its_own_a_client_trusts_the_systems(
    server_certificate: Certificate,
) -> None:
    async with serve(Service, ssl=server_context(server_certificate)) as server:
        with pytest.raises(tls.SSLCertVerificationError):
            await connect(server.url).__aenter__()


@pytest.mark.parametrize("name", ["DNS:another.example", "IP:192.0.2.1"])
async def test_a_certificate_for_another_host_is_refused(authority: Authority, name: str) -> None:
    elsewhere = authority.issue("elsewhere", alternative_name=name)
    async with serve(Service, ssl=server_context(elsewhere)) as server:
        assert "IP address mismatch" in str(await refusal(server.url, authority))


async def test_a_client_shows_its_certificate_to_a_server_that_wants_one(
    authority: Authority, server_certificate: Certificate, client_certificate: Certificate
) -> None:
    mutual = server_context(server_certificate, clients_of=authority)
    async with (
        serve(Service, ssl=mutual, token="secret") as server,
        connect(server.url, ssl=client_context(authority, client_certificate), token="secret") as protocol,
    ):
        assert await protocol.request_response({"operation": "add", "a": 1}) == 1


@pytest.mark.parametrize("shown", ["none", "one of another authority"])
async def test_without_the_certificate_that_a_server_wants_there_is_no_connection(
    authority: Authority, other_authority: Authority, server_certificate: Certificate, shown: str
) -> None:
    certificate = None if shown == "none" else other_authority.issue("foreigner")
    async with serve(Service, ssl=server_context(server_certificate, clients_of=authority)) as server:
        # A client has done its part of the handshake before its certificate is looked at: all it sees of
        # what comes of that is a connection that ends.
        with pytest.raises((OSError, InvalidHandshake)):
            await connect(server.url, ssl=client_context(authority, certificate)).__aenter__()
        assert server.protocols == set()


async def test_a_context_is_not_used_without_tls() -> None:
    context = tls.create_default_context()
    async with serve(Service) as server, connect(server.url, ssl=context) as protocol:
        assert await protocol.request_response({"operation": "add", "a": 1}) == 1


async def test_the_client_taps_what_the_server_taps() -> None:
    here, there = Observer(), Observer()
    async with (
        serve(Service, taps=lambda _: [there]) as server,
        connect(server.url, taps=[here]) as protocol,
    ):
        with pytest.raises(RemoteError):
            await protocol.request_response({"operation": "nothing"})
    assert here.messages("out") == there.messages("in")
    assert here.messages("in") == there.messages("out")


async def unreached(connection: ServerConnection) -> None:
    raise AssertionError("no handshake is to succeed here")


async def test_a_redirect_to_another_server_is_not_followed() -> None:
    asked: list[str] = []

    def elsewhere(connection: ServerConnection, request: Request) -> Response:
        asked.append(request.path)
        return connection.respond(http.HTTPStatus.OK, "")

    async with serve_websockets(unreached, "127.0.0.1", 0, process_request=elsewhere) as other:
        target = f"ws://127.0.0.1:{next(iter(other.sockets)).getsockname()[1]}/"

        def redirect(connection: ServerConnection, request: Request) -> Response:
            response = connection.respond(http.HTTPStatus.FOUND, "")
            response.headers["Location"] = target
            return response

        async with serve_websockets(unreached, "127.0.0.1", 0, process_request=redirect) as first:
            url = f"ws://127.0.0.1:{next(iter(first.sockets)).getsockname()[1]}/"
            with pytest.raises(InvalidStatus, match="302"):
                await connect(url, headers={"X-Secret": "mine"}).__aenter__()
    assert asked == []
