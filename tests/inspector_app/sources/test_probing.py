"""Each stage of a connection fails in each of its ways, on real sockets, and is told with what to do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from inspector_app.intents import ClientSpec
from inspector_app.sources.probing import find_stages
from inspector_app.sources.stages import STAGES, Stage
from inspector_app.sources.tls import tls_context
from tests.certificates import Authority, Certificate, client_context, server_context
from tests.inspector_app.check.servers import holding_tcp_server
from tests.inspector_app.sources.helpers import raw_server, tcp_server
from tests.inspector_app.sources.test_client import silent
from tests.inspector_app.sources.test_failures import http


async def stages_of(
    spec: ClientSpec | str, context: ssl.SSLContext | None = None, *, limit_s: float = 3.0
) -> dict[str, Stage]:
    spec = ClientSpec(url=spec) if isinstance(spec, str) else spec
    if context is None and spec.url.startswith("wss:"):
        context = tls_context(spec, secure=True)
    stages = await find_stages(spec, context, limit_s=limit_s)
    assert tuple(stage.name for stage in stages) == STAGES
    return {stage.name: stage for stage in stages}


def failed(stages: dict[str, Stage], name: str) -> Stage:
    """The stage that failed; all before it went well, none behind it was reached."""
    before = STAGES[: list(STAGES).index(name)]  # type: ignore[arg-type]  # one of them
    behind = STAGES[len(before) + 1 :]
    assert "failed" not in [stages[each].outcome for each in before]
    assert stages[name].outcome == "failed"
    assert [stages[each].came for each in behind] == ["not reached"] * len(behind)
    assert stages[name].advice
    return stages[name]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


# -- name -------------------------------------------------------------------------------------------------


async def test_a_name_that_nobody_knows_is_told() -> None:
    stage = failed(await stages_of("ws://no-such-host.invalid"), "name")
    assert stage.tried == "look up no-such-host.invalid"
    # Which of both is told is a matter of the name server of the machine that tests.
    assert stage.came in {"no such name", "the name server gives no answer"}


async def test_a_name_that_cannot_be_spelled_is_told() -> None:
    stage = failed(await stages_of(f"ws://{'a' * 64}.example"), "name")
    assert stage.came == "no host name can be spelled like this"


async def test_half_a_login_in_the_url_is_told_without_it() -> None:
    stage = failed(await stages_of("ws://ada@127.0.0.1"), "name")
    assert "username provided without password" in stage.came
    assert "ada" not in stage.text


async def test_a_name_that_is_known_is_told_with_its_addresses() -> None:
    stages = await stages_of(f"ws://localhost:{free_port()}")
    assert stages["name"].outcome == "ok"
    assert "127.0.0.1" in stages["name"].came or "::1" in stages["name"].came
    failed(stages, "TCP")


# -- TCP --------------------------------------------------------------------------------------------------


async def test_a_port_where_nobody_listens_is_told() -> None:
    port = free_port()
    stages = await stages_of(f"ws://127.0.0.1:{port}")
    assert stages["name"].came == "127.0.0.1 is an address"
    stage = failed(stages, "TCP")
    assert (stage.tried, stage.came) == (
        f"connect to 127.0.0.1 port {port}",
        "refused, nobody listens there",
    )


async def test_a_host_to_which_there_is_no_way_is_told() -> None:
    # No TCP connection leads to a group of hosts, on any machine.
    stage = failed(await stages_of("ws://224.0.0.1"), "TCP")
    assert stage.came == "unreachable, there is no way from here"


@contextlib.asynccontextmanager
async def full_server() -> AsyncIterator[int]:
    """A port whose queue is full, so that who connects hears nothing. Gives the port."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        loop = asyncio.get_running_loop()
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            try:
                async with asyncio.timeout(0.1):
                    await loop.sock_connect(waiting, server.getsockname())
            except TimeoutError:
                break
        yield server.getsockname()[1]


async def test_a_host_that_says_nothing_is_told_in_time() -> None:
    async with full_server() as port:
        began = asyncio.get_running_loop().time()
        stage = failed(await stages_of(f"ws://127.0.0.1:{port}", limit_s=0.2), "TCP")
        assert asyncio.get_running_loop().time() - began < 5
    assert stage.came == "no answer in time"
    assert "firewall" in stage.advice


# -- TLS --------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def openssl_server(context: ssl.SSLContext) -> AsyncIterator[str]:
    """Does handshakes as most servers do: a refusal is sent, which asyncio's own keeps to itself."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def shake_hands() -> None:
            with contextlib.suppress(OSError):  # the port is closed
                while True:
                    connection, _ = listening.accept()
                    with connection, contextlib.suppress(OSError):
                        context.wrap_socket(connection, server_side=True).close()

        shaking = asyncio.create_task(asyncio.to_thread(shake_hands))
        try:
            yield f"wss://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            await shaking


async def tls_failure(
    certificate: Certificate, trusting: ssl.SSLContext, *, host: str = "127.0.0.1"
) -> Stage:
    async with raw_server(silent, ssl=server_context(certificate)) as url:
        stages = await stages_of(url.replace("127.0.0.1", host), trusting)
    return failed(stages, "TLS")


async def test_a_certificate_of_an_unknown_authority_is_told(
    server_certificate: Certificate, other_authority: Authority
) -> None:
    stage = await tls_failure(server_certificate, client_context(other_authority))
    assert stage.came.startswith("the server's certificate is refused (")
    assert stage.advice == "Its authority is not known here: trust it with --ca-file"


async def test_a_certificate_that_is_signed_by_itself_is_told(
    authority: Authority, other_authority: Authority
) -> None:
    stage = await tls_failure(authority.certificate, client_context(other_authority))
    assert "self-signed certificate" in stage.came
    assert "--ca-file" in stage.advice
    assert "--insecure" in stage.advice


async def test_a_certificate_for_another_host_is_told(
    server_certificate: Certificate, authority: Authority
) -> None:
    stage = await tls_failure(server_certificate, client_context(authority), host="localhost")
    assert "localhost" in stage.came
    assert "It is for another host" in stage.advice


async def test_a_certificate_that_has_expired_is_told(authority: Authority) -> None:
    stage = await tls_failure(authority.issue("old", days=-1), client_context(authority))
    assert "certificate has expired" in stage.came
    assert "renewed" in stage.advice


async def test_versions_of_tls_that_do_not_meet_are_told(
    server_certificate: Certificate, authority: Authority
) -> None:
    client = client_context(authority)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    server = server_context(server_certificate)
    server.minimum_version = ssl.TLSVersion.TLSv1_3
    async with openssl_server(server) as url:
        stage = failed(await stages_of(url, client), "TLS")
    assert stage.came.startswith("no common version (")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
async def test_a_server_that_wants_a_certificate_of_ours_is_told(
    server_certificate: Certificate, authority: Authority, version: ssl.TLSVersion
) -> None:
    context = server_context(server_certificate, clients_of=authority)
    context.maximum_version = version
    async with openssl_server(context) as url:
        stage = failed(await stages_of(url, client_context(authority)), "TLS")
    assert stage.came.startswith("the server refuses this client (")
    assert "--cert" in stage.advice


async def test_a_server_that_wants_a_certificate_and_does_not_say_so_is_told_as_far_as_it_goes(
    server_certificate: Certificate, authority: Authority
) -> None:
    async with raw_server(silent, ssl=server_context(server_certificate, clients_of=authority)) as url:
        stage = failed(await stages_of(url, client_context(authority)), "TLS")
    assert stage.came == "hung up right after the handshake"
    assert "--cert" in stage.advice


async def test_a_server_with_tls_that_hangs_up_when_it_is_asked_is_not_taken_for_one_that_wants_a_certificate(
    server_certificate: Certificate, authority: Authority
) -> None:
    async with tcp_server(b"", ssl=server_context(server_certificate)) as port:
        stage = failed(await stages_of(f"wss://127.0.0.1:{port}", client_context(authority)), "HTTP")
    assert stage.came == "hung up without an answer"


async def test_a_port_that_speaks_no_tls_is_told(authority: Authority) -> None:
    async with tcp_server(http("400 Bad Request")) as port:
        stage = failed(await stages_of(f"wss://127.0.0.1:{port}", client_context(authority)), "TLS")
    assert stage.came == "the answer is no TLS"
    assert "ws://" in stage.advice


async def test_a_port_that_hangs_up_on_tls_is_told(authority: Authority) -> None:
    async with tcp_server(None) as port:
        stage = failed(await stages_of(f"wss://127.0.0.1:{port}", client_context(authority)), "TLS")
    assert stage.came == "hung up during the handshake"


async def test_a_port_that_is_silent_to_tls_is_told(authority: Authority) -> None:
    async with holding_tcp_server() as port:
        context = client_context(authority)
        stage = failed(await stages_of(f"wss://127.0.0.1:{port}", context, limit_s=0.1), "TLS")
    assert stage.came == "no answer in time"


async def test_tls_that_works_is_told_with_its_version(
    server_certificate: Certificate, authority: Authority
) -> None:
    async with raw_server(silent, ssl=server_context(server_certificate)) as url:
        stages = await stages_of(url, client_context(authority), limit_s=0.5)
    assert (stages["TLS"].outcome, stages["TLS"].came) == ("ok", "TLSv1.3")
    assert stages["HTTP"].came == "101"


# -- HTTP -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "came", "advice"),
    [
        (http("200 OK"), "200 OK, saying 'hi'", "no WebSocket is at this path"),
        (http("401 Unauthorized"), "401 Unauthorized, saying 'hi'", "Give --token"),
        (http("403 Forbidden"), "403 Forbidden, saying 'hi'", "The server refuses this client"),
        (http("404 Not Found"), "404 Not Found, saying 'hi'", "Check the path"),
        (http("426 Upgrade Required", "Upgrade: h2c"), "426 Upgrade Required", "another protocol (h2c)"),
        (http("500 Oops"), "500 Oops, saying 'hi'", "look at its log"),
        (http("503 Busy"), "503 Busy, saying 'hi'", "look at its log"),
        (
            http("302 Found", "Location: https://elsewhere.example/rpc"),
            "302 Found, to https://elsewhere.example/rpc",
            "It is elsewhere",
        ),
        (
            http("400 Bad Request").replace(b"2\r\n\r\nhi", b"19\r\n\r\nmissing subprotocol"),
            "400 Bad Request, saying 'missing subprotocol'",
            "--subprotocol",
        ),
        (http("101 Switching Protocols"), "101, but ", "does not speak WebSocket by the rules"),
        (b"HTTP/1.0 404 File not found\r\n\r\n", "HTTP/1.0 404 File not found", "A plain HTTP server"),
        (b"SSH-2.0-x\r\n", "'SSH-2.0-x', which is no HTTP", "another kind of server"),
        (b"\x15\x03\x03\x00\x02\x02\x46", "an alert of TLS", "write wss://"),
        (None, "hung up without an answer", "Check the port"),
    ],
)
async def test_an_answer_that_is_no_upgrade_is_told(answer: bytes | None, came: str, advice: str) -> None:
    async with tcp_server(answer) as port:
        stages = await stages_of(f"ws://127.0.0.1:{port}/rpc?token=x")
    stage = failed(stages, "HTTP")
    assert stages["TLS"].came == "not asked for (ws://)"
    assert stage.tried == "ask for a WebSocket at /rpc"
    assert stage.came.startswith(came)
    assert advice in stage.advice


async def test_the_body_of_a_refusal_is_told_by_its_first_line_and_cut() -> None:
    body = b"\r\n\r\n  why \x1b[2J " + b"x" * 5_000 + b"\nnot this"
    answer = b"HTTP/1.1 403 No\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    async with tcp_server(answer) as port:
        stage = failed(await stages_of(f"ws://127.0.0.1:{port}"), "HTTP")
    assert stage.came.startswith("403 No, saying 'why ")
    assert "not this" not in stage.came
    assert len(stage.came) < 200


async def test_a_port_with_tls_behind_a_url_without_is_found_out(server_certificate: Certificate) -> None:
    async with raw_server(silent, ssl=server_context(server_certificate)) as url:
        stage = failed(await stages_of(url.replace("wss:", "ws:")), "HTTP")
    assert stage.advice == "The port speaks TLS: write wss:// in place of ws://"


async def test_a_server_that_never_answers_is_told_in_time() -> None:
    async with holding_tcp_server() as port:
        stage = failed(await stages_of(f"ws://127.0.0.1:{port}", limit_s=0.1), "HTTP")
    assert stage.came == "no answer in time"


async def test_an_answer_that_may_have_no_end_is_not_read_to_its_end() -> None:
    body = 30_000 * b"a line\r\n" + 30_000 * b"another\r\n"
    answer = b"HTTP/1.1 500 Oops\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    async with tcp_server(answer) as port:
        stage = failed(await stages_of(f"ws://127.0.0.1:{port}"), "HTTP")
    assert stage.came == "HTTP/1.1 500 Oops"


async def test_an_upgrade_that_is_never_finished_is_told_in_time() -> None:
    async with holding_tcp_server(b"HTTP/1.1 101 Switching Protocols\r\nUpgr") as port:
        stage = failed(await stages_of(f"ws://127.0.0.1:{port}", limit_s=0.2), "HTTP")
    assert stage.came == "'HTTP/1.1 101 Switching Protocols', and the rest of it not in time"


async def test_a_subprotocol_that_was_not_offered_is_told() -> None:
    def choose(_: ServerConnection, __: object) -> Any:
        return "two"

    async with raw_server(silent, select_subprotocol=choose) as url:
        stage = failed(await stages_of(ClientSpec(url=url, subprotocols=("one",))), "HTTP")
    assert stage.came == "101, but unsupported subprotocol: two"
    assert "--subprotocol" in stage.advice


async def test_a_redirect_to_another_server_is_told_and_its_token_stays_here() -> None:
    called: list[ServerConnection] = []

    async def elsewhere(websocket: ServerConnection) -> None:
        called.append(websocket)

    async with raw_server(elsewhere) as url, tcp_server(http("307 Moved", f"Location: {url}/x")) as port:
        spec = ClientSpec(url=f"ws://127.0.0.1:{port}", token="t")
        stage = failed(await stages_of(spec), "HTTP")
    assert stage.came == f"307 Moved, to {url}/x"
    assert called == []


async def test_a_redirect_within_the_server_is_followed() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        moved = asked.startswith(b"GET /old ")
        writer.write(http("302 Found", "Location: /new") if moved else http("404 Gone"))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        stage = failed(await stages_of(f"ws://127.0.0.1:{port}/old"), "HTTP")
    assert stage.tried == "ask for a WebSocket at /new"
    assert stage.came.startswith("404 Gone")


async def test_redirects_that_lead_in_a_circle_are_not_followed_for_ever() -> None:
    async with tcp_server(http("302 Found", "Location: /round")) as port:
        stage = failed(await stages_of(f"ws://127.0.0.1:{port}"), "HTTP")
    assert (stage.came, stage.advice) == (
        "302 Found, to /round",
        "It leads on and on: check the path of the URL",
    )


async def test_headers_and_token_go_along() -> None:
    heard: list[Any] = []

    async def talk(websocket: ServerConnection) -> None:
        assert websocket.request is not None
        heard.append((websocket.request.headers["Authorization"], websocket.request.headers["X-A"]))

    async with raw_server(talk) as url:
        await stages_of(ClientSpec(url=url, token="t", headers=(("X-A", "b"),)))
    assert heard == [("Bearer t", "b")]


async def test_a_token_that_cannot_be_sent_is_told() -> None:
    async with raw_server(silent) as url:
        stage = failed(await stages_of(ClientSpec(url=url, token="s3cret\u20ac")), "HTTP")
    assert stage.came == "the header Authorization cannot be sent"
    assert "--token" in stage.advice


# -- the first frame --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "reason", "came", "advice"),
    [
        (1008, "no [/]", "it closed with code 1008 (no [/])", "check the token"),
        (1000, "", "it closed with code 1000", "look into its log"),
        (1011, "", "it closed with code 1011", "look at its log"),
        (4401, "", "it closed with code 4401", "documentation"),
    ],
)
async def test_a_server_that_closes_at_once_is_told(code: int, reason: str, came: str, advice: str) -> None:
    async def talk(websocket: ServerConnection) -> None:
        await websocket.close(code, reason)

    async with raw_server(talk) as url:
        stage = failed(await stages_of(url), "frame")
    assert (stage.tried, stage.came) == ("send slipstream.ping", came)
    assert advice in stage.advice


async def test_a_server_that_drops_the_connection_is_told() -> None:
    async def talk(websocket: ServerConnection) -> None:
        await websocket.recv()
        websocket.transport.abort()

    async with raw_server(talk) as url:
        stage = failed(await stages_of(url), "frame")
    assert stage.came == "the connection dropped without a closing handshake"


@pytest.mark.parametrize(
    ("message", "came"),
    [
        (b"\x00\xff\x9b2J", "a binary message that is no JSON: "),
        ("hello \x1b[2J", "text that is no JSON: "),
        ('["no", "frame"]', "text that is no JSON: "),
        ('{"type": "shrug"}', "text that is no frame: "),
    ],
)
async def test_a_server_that_sends_what_is_no_frame_is_told(message: str | bytes, came: str) -> None:
    async def talk(websocket: ServerConnection) -> None:
        await websocket.send(message)
        await silent(websocket)

    async with raw_server(talk) as url:
        stage = failed(await stages_of(url), "frame")
    assert stage.came.startswith(came)
    assert "Is it a Slipstream server?" in stage.advice


async def test_a_server_that_is_silent_is_told_not_to_be_wrong() -> None:
    async with raw_server(silent) as url:
        stages = await stages_of(url, limit_s=0.2)
    assert stages["frame"].outcome == "none"
    assert stages["frame"].came.startswith("nothing came within 0.")
    assert "legal" in stages["frame"].advice


async def test_a_server_that_answers_in_fragments_is_understood_and_told_to_work() -> None:
    async def talk(websocket: ServerConnection) -> None:
        asked = json.loads(await websocket.recv())
        answer = json.dumps({"type": "error", "requestId": asked["requestId"], "peerID": "s", "data": "no"})
        await websocket.send(iter([answer[:9], answer[9:20], answer[20:]]))
        await silent(websocket)

    async with raw_server(talk) as url:
        stages = await stages_of(url)
    assert stages["frame"].came == "text that is a frame: error"
    assert stages["frame"].advice == "This time it worked: connect again"
    assert "failed" not in [stage.outcome for stage in stages.values()]
