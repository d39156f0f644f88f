"""A connection that is only half there: both sides hear of it at one missed ping, whatever they wait for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest

from slipstream import ConnectionLostError, Protocol, connect, request_stream, serve
from tests.chaos.proxy import ChaosProxy, proxied
from tests.conftest import Figure
from tests.slipstream.support import Observer, Service, emptied

PING_S = 0.2
HEARD_WITHIN_S = 2 * PING_S + 0.5
LATE_S = 5.0
"""Nobody waits longer for what should be heard of sooner."""
BIG = "x" * 100_000
"""So much that a few dozen fill every buffer of a socket."""


class BigService(Service):
    """Sends more than sockets hold."""

    @request_stream
    async def big_items(self, data: dict[str, Any]) -> AsyncIterator[str]:
        while True:
            yield BIG


async def until_told(waiting: Awaitable[Any]) -> float:
    """When whoever waits has heard that the connection is lost."""
    with pytest.raises(ConnectionLostError):
        async with asyncio.timeout(LATE_S):
            await waiting
    return time.monotonic()


async def send_for_ever(protocol: Protocol) -> None:
    while True:
        await protocol.fire_and_forget({"operation": "note", "value": BIG})


async def read_for_ever(items: AsyncIterator[Any]) -> None:
    async for _ in items:
        pass


def hold(proxy: ChaosProxy, which: str) -> None:
    directions = {"to the server": [proxy.to_server], "to the client": [proxy.to_client], "both ways": []}
    proxy.hold(*directions[which])


async def seconds_until_heard(which: str, *, full: bool) -> tuple[float, float]:
    """How long until everyone at the client had heard of a black hole, and until the server had."""
    there = Observer()
    async with (
        serve(BigService, ping_interval_s=PING_S, ping_timeout_s=PING_S, taps=lambda _: [there]) as server,
        proxied(server.url) as proxy,
        connect(proxy.url, ping_interval_s=PING_S, ping_timeout_s=PING_S) as protocol,
    ):
        items = await protocol.request_stream({"operation": "pausing", "items": [1]})
        assert await anext(items) == 1
        handle = await protocol.stream_stream({"operation": "mute"})
        waiting = [protocol.request_response({"operation": "hang"}), anext(items), handle.receive()]
        if full:
            big = await protocol.request_stream({"operation": "big_items"})
            await anext(big)
            waiting += [send_for_ever(protocol), read_for_ever(big)]
        (protocol_there,) = server.protocols
        hold(proxy, which)
        struck_s = time.monotonic()
        heard_s = await asyncio.gather(*map(until_told, waiting))
        async with asyncio.timeout(LATE_S):
            await protocol_there.wait_closed()
        heard_there_s = time.monotonic()
        await emptied(protocol, protocol_there)
        assert there.transitions[-1].new.name == "LOST"
        return max(heard_s) - struck_s, heard_there_s - struck_s


proof = pytest.mark.proof


@pytest.mark.parametrize("full", [False, pytest.param(True, id="with full sockets")])
@pytest.mark.parametrize(
    "which",
    ["both ways", pytest.param("to the server", marks=proof), pytest.param("to the client", marks=proof)],
)
async def test_everyone_hears_of_a_half_open_connection_in_time(
    which: str, full: bool, figure: Figure
) -> None:
    here_s, there_s = await seconds_until_heard(which, full=full)
    loaded = ", sockets full" if full else ""
    must = f"<= {HEARD_WITHIN_S:g}"
    figure(
        "D", f"half-open {which}{loaded}, ping {PING_S}/{PING_S}: s until the client had heard", here_s, must
    )
    figure("D", f"half-open {which}{loaded}, ping {PING_S}/{PING_S}: s until the server had", there_s, must)
    assert here_s <= HEARD_WITHIN_S
    assert there_s <= HEARD_WITHIN_S
