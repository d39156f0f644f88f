"""Connecting, calling and leaving, again and again: nothing stays behind on either side."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from dataclasses import dataclass

import pytest

from slipstream import connect
from tests.chaos.cells import Peer, peer_process
from tests.chaos.peer import open_files
from tests.conftest import Figure
from tests.proof.children import resident_mib

CONNECTIONS = 2000
WITHIN_S = 30.0
GROWTH_MIB = 10.0


@dataclass(frozen=True)
class Held:
    """What both processes hold, this one first."""

    tasks: tuple[int, int]
    files: tuple[int, int]
    mib: tuple[float, float]


async def held(peer: Peer, tasks: int | None = None) -> Held:
    there = await peer.rest(tasks)
    assert there["held"] == {}
    assert there["complaints"] == []
    gc.collect()
    return Held(
        (len(asyncio.all_tasks()), there["tasks"]),
        (open_files(), there["files"]),
        (resident_mib(os.getpid()), there["resident_mib"]),
    )


async def connect_use_close(url: str, times: int) -> None:
    for number in range(times):
        async with connect(url) as protocol:
            assert await protocol.request_response({"operation": "echo", "value": number}) == number
            items = await protocol.request_stream({"operation": "count", "to": 3, "every_s": 0})
            assert [item async for item in items] == [0, 1, 2]


@pytest.mark.proof
async def test_a_storm_of_connections_leaves_nothing_behind(figure: Figure) -> None:
    async with peer_process() as peer:
        before = await held(peer)
        started = time.monotonic()
        await connect_use_close(peer.child.url, CONNECTIONS // 2)
        middle = await held(peer, before.tasks[1])
        await connect_use_close(peer.child.url, CONNECTIONS // 2)
        took_s = time.monotonic() - started
        after = await held(peer, before.tasks[1])
    growth_mib = [last - first for last, first in zip(after.mib, middle.mib, strict=True)]
    figure("D14", f"{CONNECTIONS:,} times connect, use, close: s", took_s, f"<= {WITHIN_S:g}")
    for who, mib in zip(("client", "server"), growth_mib, strict=True):
        figure("D14", f"growth of the {who} in the second half: MiB", mib, f"<= {GROWTH_MIB:g}")
    assert took_s <= WITHIN_S
    assert (after.tasks, after.files) == (before.tasks, before.files)
    assert max(growth_mib) <= GROWTH_MIB
