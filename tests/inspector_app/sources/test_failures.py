"""Every way in which no connection comes about is told in one sentence that says what to do."""

from __future__ import annotations

import ssl
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from inspector_app.intents import ClientSpec
from inspector_app.sources.client import ClientSource
from inspector_app.sources.failures import connect_failure, listen_failure
from tests.inspector_app.sources.helpers import Records, raw_server, tcp_server
from tests.inspector_app.sources.test_client import silent

TLS = Path(__file__).parent / "tls"


def http(status: str, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "Content-Length: 2", "", "hi"]).encode()


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
    return context


async def sentence_of(spec: ClientSpec) -> str:
    """The reason with which an attempt is lost."""
    source, records = ClientSource(spec), Records()
    await source.start(records)
    try:
        return (await records.until_state("LOST")).reason
    finally:
        await source.stop()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (http("200 OK"), "answered HTTP 200 OK: this is a web server, but no WebSocket is at this path"),
        (http("404 Not Found"), "answered HTTP 404 Not Found: check the path of the URL."),
        (http("401 Unauthorized"), "answered HTTP 401 Unauthorized: give --token"),
        (http("403 Forbidden"), "answered HTTP 403 Forbidden: the server refuses this client"),
        (http("500 Oops"), "answered HTTP 500 Oops: the server has a fault of its own"),
        (http("599 Odd"), "answered HTTP 599 Odd"),
        (
            http("302 Found", "Location: http://127.0.0.1/"),
            "leads to 'http://127.0.0.1/', which is no WebSocket",
        ),
        (http("101 Switching Protocols"), "did not complete the WebSocket handshake"),
        (
            b"HTTP/1.0 404 File not found\r\nContent-Length: 0\r\n\r\n",
            "answered as a plain HTTP server, and no WebSocket is there: check port and path.",
        ),
        (b"SSH-2.0-x\r\n\r\n", "does not speak HTTP or WebSocket: check the port"),
        (None, "hung up without an answer: check the port, or try wss://"),
    ],
)
async def test_a_server_that_is_no_websocket_server_is_told(answer: bytes | None, told: str) -> None:
    async with tcp_server(answer) as port:
        assert told in await sentence_of(ClientSpec(url=f"ws://127.0.0.1:{port}/rpc"))


async def test_a_port_without_tls_is_told() -> None:
    async with tcp_server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        sentence = await sentence_of(ClientSpec(url=f"wss://127.0.0.1:{port}"))
    assert sentence == f"wss://127.0.0.1:{port} does not speak TLS: try ws:// in place of wss://."


async def test_a_port_with_tls_is_told() -> None:
    async with tcp_server(http("200 OK"), ssl=server_tls()) as port:
        sentence = await sentence_of(ClientSpec(url=f"ws://127.0.0.1:{port}"))
    assert "wss://" in sentence


async def test_a_certificate_that_is_not_trusted_is_told() -> None:
    async with raw_server(silent, ssl=server_tls()) as url:
        sentence = await sentence_of(ClientSpec(url=url))
    assert sentence.startswith(f"The TLS certificate of {url} is not trusted (")
    assert sentence.endswith("give its authority with --ca-file, or --insecure to go without checking.")


@pytest.mark.parametrize(
    "options", [{"ca_file": str(TLS / "cert.pem")}, {"insecure": True}], ids=["trusted", "insecure"]
)
async def test_with_its_authority_or_without_checking_the_connection_comes_about(
    options: dict[str, object],
) -> None:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(raw_server(silent, ssl=server_tls()))
        source, records = ClientSource(ClientSpec(url=url, **options)), Records()  # type: ignore[arg-type]  # any field
        await source.start(records)
        await records.until_state("CONNECTED")
        await source.stop()


async def test_a_server_that_wants_a_certificate_of_ours_is_told_and_satisfied() -> None:
    context = server_tls()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(TLS / "cert.pem")
    async with raw_server(silent, ssl=context) as url:
        told = await sentence_of(ClientSpec(url=url, insecure=True))
        assert "give --cert and --key if it wants a certificate of yours" in told
        spec = ClientSpec(
            url=url, insecure=True, cert_file=str(TLS / "cert.pem"), key_file=str(TLS / "key.pem")
        )
        source, records = ClientSource(spec), Records()
        await source.start(records)
        await records.until_state("CONNECTED")
        await source.stop()


async def test_a_token_that_http_cannot_carry_is_told_without_it() -> None:
    async with raw_server(silent) as url:
        sentence = await sentence_of(ClientSpec(url=url, token="s3cret\u20ac"))
    assert (
        sentence == "The header Authorization cannot be sent: take out what HTTP cannot carry (-H, --token)."
    )


async def test_a_host_that_nobody_knows_is_told() -> None:
    assert await sentence_of(ClientSpec(url="ws://no-such-host.invalid")) == (
        "The host of ws://no-such-host.invalid is unknown: check its spelling and your network."
    )


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (TimeoutError("timed out during opening handshake"), "did not answer in time"),
        (
            ConnectionResetError(104, "Connection reset by peer"),
            "dropped the connection during the handshake",
        ),
        (OSError("Multiple exceptions: [Errno 111] refused, [Errno 111] refused"), "Nobody is listening"),
        (OSError(113, "No route to host"), "There is no way to"),
        (ExceptionGroup("two", [ConnectionRefusedError(), ConnectionRefusedError()]), "Nobody is listening"),
        (ValueError("odd\n  thing."), "Cannot connect to ws://h: odd thing."),
        (KeyError(), "Cannot connect to ws://h: KeyError."),
    ],
)
def test_other_failures_are_told(error: Exception, told: str) -> None:
    assert told in connect_failure(error, "ws://h")


def test_what_caused_a_failure_counts_as_the_failure() -> None:
    outer = RuntimeError("wrapped")
    outer.__cause__ = ConnectionRefusedError(111, "refused")
    assert connect_failure(outer, "ws://h").startswith("Nobody is listening at ws://h")


def test_an_address_of_another_machine_is_told_also_where_asyncio_gives_no_number() -> None:
    error = OSError("could not bind on any address out of [('192.0.2.1', 8765)]")
    assert listen_failure(error, "192.0.2.1", 8765).startswith("This machine has no address 192.0.2.1")
