"""Frames that are well formed and mean nothing here: counted, never answered, never a reason to close.

Each claim is checked over a socket (protocol.md §2, §5, §7): a good request behind the stray frames is
answered, and nothing else comes before its answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websockets

from slipstream import ConnectionState, Protocol, RequestTimeoutError, connect, serve
from tests.proof.raw import CALLER, RawCaller, raw_caller
from tests.slipstream.support import PATIENCE_S, Observer, Service, emptied

LATE, FOUND = "late", "finding"
ANSWERS = ("response", "stream_data", "stream_end", "error")


@dataclass(slots=True)
class Pair:
    """A raw caller, and the peer that it talks to."""

    caller: RawCaller
    protocol: Protocol
    observer: Observer

    @property
    def counted(self) -> tuple[int, int]:
        """Late frames, and findings, so far."""
        return self.protocol.stats().late_frames, len(self.observer.findings)

    async def nothing_but(self, late: int, findings: int, before: tuple[int, int]) -> None:
        """So much was counted since, and nothing was said: the next frame answers the next request."""
        assert await self.caller.ask("echo", value="still here") == "still here"
        assert self.caller.others == []
        now = self.counted
        assert (now[0] - before[0], now[1] - before[1]) == (late, findings)
        assert self.protocol.state is ConnectionState.CONNECTED


@asynccontextmanager
async def _pair() -> AsyncIterator[Pair]:
    observer = Observer()
    connected: asyncio.Future[Protocol] = asyncio.get_running_loop().create_future()
    async with (
        serve(Service, taps=lambda _: [observer], on_connect=connected.set_result) as server,
        raw_caller(server.url) as caller,
    ):
        assert await caller.ask("echo", value=1) == 1
        yield Pair(caller, await connected, observer)


async def _answered_by_caller(pair: Pair) -> list[Any]:
    """An exchange of the library's own that has had its answer; gives its ID."""
    asking = asyncio.create_task(pair.protocol.request_response({"operation": "anything"}))
    await pair.observer.until(lambda: len(pair.observer.messages("out")) == 2)
    request_id = [pair.protocol.peer_id, 0]
    await pair.caller.send("response", request_id, data="done")
    async with asyncio.timeout(PATIENCE_S):
        assert await asking == "done"
    pair.caller.others.clear()
    return request_id


async def _answered_by_library(pair: Pair) -> list[Any]:
    return [CALLER, 0]


async def _never_opened(pair: Pair) -> list[Any]:
    return [CALLER, 10**6]


async def _never_opened_here(pair: Pair) -> list[Any]:
    return [pair.protocol.peer_id, 10**6]


async def _of_a_third_peer(pair: Pair) -> list[Any]:
    return ["third", 5]


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize(
    ("exchange", "counted"),
    [
        (_answered_by_caller, LATE),
        (_answered_by_library, LATE),
        (_never_opened, FOUND),
        (_never_opened_here, FOUND),
        (_of_a_third_peer, FOUND),
    ],
    ids=["mine, finished", "theirs, finished", "theirs, unknown", "mine, foreign", "of a third peer"],
)
async def test_a_stray_frame_is_counted_and_nothing_else(exchange: Any, counted: str, kind: str) -> None:
    async with _pair() as pair:
        request_id = await exchange(pair)
        before = pair.counted
        for _ in range(3):
            await pair.caller.send(kind, request_id, data={"error": "stray", "code": "cancelled"})
        late, findings = (3, 0) if counted is LATE else (0, 3)
        await pair.nothing_but(late, findings, before)
        await emptied(pair.protocol)


@pytest.mark.parametrize("kind", [*ANSWERS, "request", "stream_request", "stream_stream_request"])
async def test_a_frame_with_the_readers_own_peer_id_is_a_finding_and_nothing_else(kind: str) -> None:
    async with _pair() as pair:
        mine, before = pair.protocol.peer_id, pair.counted
        for number in range(3):
            await pair.caller.send(kind, [mine, number], peerID=mine, data={"operation": "echo"})
        await pair.nothing_but(0, 3, before)
        assert [finding.rule for finding in pair.observer.findings] == ["own_peer_id"] * 3
        await emptied(pair.protocol)


@pytest.mark.parametrize("second", ["request", "stream_request", "stream_stream_request"])
@pytest.mark.parametrize(
    ("first", "operation"),
    [("request", "hang"), ("stream_request", "pausing"), ("stream_stream_request", "mute")],
)
async def test_a_second_opening_of_an_exchange_leaves_the_first_alone(
    first: str, operation: str, second: str
) -> None:
    async with _pair() as pair:
        request_id: list[Any] = [CALLER, pair.caller.fresh_number()]
        before = pair.counted
        await pair.caller.send(first, request_id, data={"operation": operation, "items": []})
        await pair.caller.send(second, request_id, data={"operation": "items", "items": [1]})
        await pair.nothing_but(0, 1, before)
        assert pair.protocol.in_flight((CALLER, request_id[1]))


@pytest.mark.parametrize("kind", ["stream_data", "stream_end"])
async def test_what_comes_behind_the_end_of_a_half_is_a_finding_and_the_other_half_goes_on(kind: str) -> None:
    async with _pair() as pair:
        request_id: list[Any] = [CALLER, pair.caller.fresh_number()]
        before = pair.counted
        await pair.caller.send("stream_stream_request", request_id, data={"operation": "mute"})
        await pair.caller.send("stream_end", request_id)
        await pair.caller.send(kind, request_id, data=1)
        await pair.nothing_but(0, 1, before)
        assert pair.protocol.in_flight((CALLER, request_id[1]))


# -- an echo server ----------------------------------------------------------------------------------------


async def test_a_server_that_echoes_is_never_answered_and_never_left() -> None:
    got: list[str | bytes] = []

    async def echo(websocket: ServerConnection) -> None:
        async for message in websocket:
            got.append(message)
            await websocket.send(message)

    observer = Observer()
    async with serve_websockets(echo, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        async with connect(url, handler=Service(), taps=[observer]) as protocol:
            for _ in range(20):
                await protocol.fire_and_forget({"operation": "note", "value": 1})
                with pytest.raises(RequestTimeoutError):
                    await protocol.request_response({"operation": "echo"}, timeout=0.01)
            items = await protocol.request_stream({"operation": "items", "items": []})
            handle = await protocol.stream_stream({"operation": "chat"})
            await handle.send(1)
            sent = 43
            await observer.until(lambda: len(observer.messages("in")) == sent)
            state, stats = protocol.state, protocol.stats()
            assert (state, len(got), len(observer.findings)) == (ConnectionState.CONNECTED, sent, sent)
            assert stats.frames_out == sent
            await handle.abort()
            await items.aclose()
