"""A whole check, in this process, against servers of every sort."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from inspector_app.check.cases import Case, load_cases
from inspector_app.check.run import Check
from inspector_app.check.verdicts import Result, Server, Verdict, select
from inspector_app.intents import ClientSpec
from inspector_app.mock.demo import Market
from inspector_app.sources.failures import SourceError
from slipstream import serve
from tests.conformance.handler import Conformance
from tests.inspector_app.check import servers
from tests.inspector_app.sources.helpers import raw_server, tcp_server
from tests.inspector_app.sources.test_failures import TLS, http, server_tls

CASES = load_cases()
SOON_S = 0.3


class Kept:
    """A report that is only kept."""

    def __init__(self) -> None:
        self.seen: Server | None = None
        self.results: list[Result] = []
        self.verdicts: Counter[Verdict] = Counter()

    def server(self, address: str, server: Server) -> None:
        self.address = address
        self.seen = server

    def result(self, result: Result) -> None:
        self.results.append(result)

    def summary(self, verdicts: Counter[Verdict]) -> None:
        self.verdicts = verdicts

    def differing(self) -> list[tuple[str, Any]]:
        return [(each.case.path, each.difference) for each in self.results if each.difference]


async def check(
    url: str, cases: Sequence[Case] = CASES, *, timeout_s: float = 5.0, **spec: Any
) -> tuple[int, Kept]:
    kept = Kept()
    code = await Check(ClientSpec(url=url, **spec), timeout_s=timeout_s).run(cases, kept)
    return code, kept


async def verdict_on(url: str, **spec: Any) -> str:
    """The sentence about a server that cannot be checked."""
    with pytest.raises(SourceError) as caught:
        await check(url, timeout_s=SOON_S, **spec)
    assert caught.value.exit_code == 1
    return caught.value.text


# -- servers that speak Slipstream ------------------------------------------------------------------------


async def test_a_server_with_the_conformance_operations_passes_all_that_can_be_played_from_outside() -> None:
    async with serve(Conformance) as server:
        code, kept = await check(server.url)
    assert kept.differing() == []
    assert code == 0
    assert kept.seen is not None
    assert kept.seen.modern
    played = [each for each in kept.results if each.verdict is Verdict.PASS]
    expected = [case for case in CASES if not case.needs_program and not case.needs.limits]
    assert [each.case for each in played] == expected
    assert len(kept.results) == kept.verdicts.total() == len(CASES)


async def test_any_other_server_passes_the_cases_that_need_no_operation() -> None:
    async with serve(Market) as server:
        code, kept = await check(server.url)
    assert kept.differing() == []
    assert code == 0
    assert kept.verdicts[Verdict.PASS] >= 100
    whys = {
        each.why for each in kept.results if each.case.name == "a_unary_exchange_is_a_request_and_a_response"
    }
    assert whys == {"needs operation conformance_echo: the server does not describe"}


async def test_a_server_that_does_not_describe_itself_is_checked_all_the_same() -> None:
    async with serve(Conformance, describe=False) as server:
        code, kept = await check(server.url, select(CASES, ["4", "10"]))
    assert (code, kept.differing()) == (0, [])
    assert kept.seen is not None
    assert kept.seen.operations is None
    assert "the server describes none" in {each.why.rpartition(": ")[2] for each in kept.results}


async def test_a_legacy_peer_is_judged_by_what_legacy_peers_must_do() -> None:
    async with raw_server(servers.legacy) as url:
        code, kept = await check(url)
    assert (code, kept.differing()) == (0, [])
    assert kept.seen == Server(modern=False)
    assert kept.verdicts[Verdict.PASS] >= 10
    assert "legacy peer: only a modern one must do this" in {each.why for each in kept.results}


async def test_what_a_server_does_otherwise_is_told_with_its_section() -> None:
    async with raw_server(servers.ModernUntil("never said")) as url:
        code, kept = await check(url, select(CASES, ["7/an_array_is_no_frame", "10/ping_echoes"]))
    assert code == 1
    (_, refused), (ping, difference) = kept.differing()
    assert "was closed with code 1011" in refused.came  # it died of it
    assert ping == "10/ping_echoes"
    assert '"response"' in difference.expected
    assert '"error"' in difference.came


async def test_a_server_that_falls_silent_for_good_ends_the_check() -> None:
    last = "7/data_that_is_a_number_is_invalid"
    cases = select(CASES, ["7/data_that_is_a_string_is_invalid", last, "10"])
    kept = Kept()
    async with raw_server(servers.ModernUntil('"data": 1,')) as url:
        with pytest.raises(SourceError) as caught:
            await Check(ClientSpec(url=url), timeout_s=SOON_S).run(cases, kept)
    assert caught.value.text == (
        f"The check ends at {last}: since then, {url} takes the connection and answers nothing."
    )
    assert [each.case.path for each in kept.results] == ["7/data_that_is_a_string_is_invalid", last]


async def test_a_server_that_goes_away_ends_the_check() -> None:
    async with AsyncExitStack() as running:
        server = await running.enter_async_context(serve(Market))

        class Leaving(Kept):
            """Hears of the first result, and then the server is gone."""

            def result(self, result: Result) -> None:
                super().result(result)
                closing.append(asyncio.ensure_future(running.aclose()))

        closing: list[asyncio.Future[None]] = []
        kept = Leaving()
        with pytest.raises(SourceError):
            await Check(ClientSpec(url=server.url), timeout_s=1).run(select(CASES, ["1"]), kept)
        await asyncio.gather(*closing)
    assert 1 <= len(kept.results) < 10


async def test_nothing_checked_is_nothing_passed() -> None:
    async with serve(Market) as server:
        code, kept = await check(server.url, select(CASES, ["6"]))
    assert kept.verdicts == {Verdict.NOT_APPLICABLE: len(kept.results)}
    assert code == 1


# -- servers that do not ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("talk", "told"),
    [
        (servers.echo, "echoes what it is sent: it is no Slipstream server."),
        (servers.mute, "takes the connection and answers nothing."),
        (
            servers.babble,
            "sends messages that are no frames, and answers nothing.",
        ),
    ],
)
async def test_a_websocket_that_is_no_slipstream_server_gets_one_verdict(talk: Any, told: str) -> None:
    async with raw_server(talk) as url:
        assert await verdict_on(url) == f"{url} {told}"


async def test_an_echo_that_writes_its_json_anew_is_one_too() -> None:
    async def anew(websocket: ServerConnection) -> None:
        async for message in websocket:
            await websocket.send(str(message).replace(": ", ":"))

    async with raw_server(anew) as url:
        assert "echoes what it is sent" in await verdict_on(url)


async def test_a_server_that_only_talks_of_itself_is_told() -> None:
    async def news(websocket: ServerConnection) -> None:
        async for _ in websocket:
            await websocket.send('{"type":"fire_and_forget","peerID":"s","data":{"operation":"news"}}')

    async with raw_server(news) as url:
        assert "sends frames, but answers neither a ping nor any other request" in await verdict_on(url)


@pytest.mark.parametrize(
    ("drop", "told"),
    [(False, "closes the connection with code 4401 (who are you)"), (True, "drops the connection")],
)
async def test_a_server_that_hangs_up_on_a_request_is_told(drop: bool, told: str) -> None:
    async def leave(websocket: ServerConnection) -> None:
        await websocket.recv()
        if drop:
            websocket.transport.abort()
        else:
            await websocket.close(4401, "who are you")

    async with raw_server(leave) as url:
        assert f"{told} when it is sent a request." in await verdict_on(url)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (http("200 OK"), "answered HTTP 200 OK: this is a web server, but no WebSocket is at this path"),
        (http("302 Found", "Location: ws://127.0.0.1:1/"), "leads to ws://127.0.0.1:1/"),
        (b"\x00\xff garbage \x1b[31m\r\n\r\n", "does not speak HTTP or WebSocket"),
        (None, "hung up without an answer"),
    ],
)
async def test_a_server_of_another_protocol_gets_one_verdict(answer: bytes | None, told: str) -> None:
    async with tcp_server(answer) as port:
        assert told in await verdict_on(f"ws://127.0.0.1:{port}/rpc")


async def test_a_server_that_never_says_a_word_gets_one_verdict() -> None:
    async with servers.holding_tcp_server() as port:
        assert "did not answer in time" in await verdict_on(f"ws://127.0.0.1:{port}")


# -- getting there ----------------------------------------------------------------------------------------


async def test_a_token_headers_and_a_subprotocol_go_with_every_connection() -> None:
    seen: list[Any] = []

    async def talk(websocket: ServerConnection) -> None:
        assert websocket.request is not None
        headers = websocket.request.headers
        seen.append((headers["Authorization"], headers["X-A"], websocket.subprotocol))
        await servers.ModernUntil("never said")(websocket)

    async with raw_server(talk, subprotocols=["slip"]) as url:
        cases = select(CASES, ["10/an_unknown_reserved_request_is_not_found"])
        code, _ = await check(url, cases, token="t", headers=(("X-A", "b"),), subprotocols=("slip",))
    assert code == 0
    assert seen == [("Bearer t", "b", "slip")] * 2


async def test_a_server_that_wants_a_token_is_told() -> None:
    async with serve(Market, token="secret") as server:
        assert "give --token" in await verdict_on(server.url)


async def test_a_server_behind_tls_is_checked() -> None:
    cases = select(CASES, ["1/text_is_answered_in_text"])
    async with serve(Market, ssl=server_tls()) as server:
        code, _ = await check(server.url, cases, ca_file=str(TLS / "cert.pem"))
        assert code == 0
        assert "is not trusted" in await verdict_on(server.url)


async def test_a_password_in_the_url_is_not_told() -> None:
    async with serve(Market) as server:
        _, kept = await check(server.url.replace("ws://", "ws://me:secret@"), [])
    assert kept.address == server.url


@pytest.mark.parametrize("spec", [{"url": "http://h"}, {"url": "ws://h", "insecure": True}])
def test_what_cannot_work_is_refused_before_anything_is_tried(spec: dict[str, Any]) -> None:
    with pytest.raises(SourceError) as caught:
        Check(ClientSpec(**spec), timeout_s=1)
    assert caught.value.exit_code == 2
