"""Bombs: messages made to be expensive are refused at once, and stop nothing (protocol.md §1, §7, §11)."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websockets

from slipstream import ConnectionLostError, Protocol, serve
from tests.conftest import Figure
from tests.proof.bombs import BOMBS, HEAVY, MIB, Bomb, million_keys
from tests.proof.children import served
from tests.proof.measures import PeakMemory, watched_loop
from tests.proof.raw import RawCaller, raw_caller
from tests.slipstream.support import Observer, Service

ROUNDS = 3
REFUSED_MS = 20
LATE_MS = 50


class Burst(NamedTuple):
    """What one bomb did: how long its refusal took, and how late the loop of its victim was."""

    bomb: str
    refused_ms: float
    late_ms: float


async def _explode(caller: RawCaller, bomb: Bomb) -> Burst:
    await caller.ask("report")
    await caller.websocket.send(bomb.message)
    report = await caller.ask("report")
    refused_s = report["rejected_s"] if bomb.legal is None else [0.0]
    assert len(refused_s) == 1, bomb.name
    return Burst(bomb.name, refused_s[0] * 1e3, report["lateness_s"] * 1e3)


async def _best_of_rounds(url: str, bomb: Bomb) -> Burst:
    # What others do on this machine only adds: the least of some rounds is what the bomb itself costs.
    async with raw_caller(url) as caller:
        bursts = [await _explode(caller, bomb) for _ in range(ROUNDS)]
    return Burst(bomb.name, min(b.refused_ms for b in bursts), min(b.late_ms for b in bursts))


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.name)
async def test_a_bomb_is_refused_or_answered_and_the_next_request_too(bomb: Bomb) -> None:
    observer = Observer()
    async with serve(Service, taps=lambda _: [observer]) as server, raw_caller(server.url) as caller:
        await caller.websocket.send(bomb.message)
        assert await caller.ask("echo", value="after") == "after"
    assert len(observer.findings) == (bomb.legal is None)
    answered = [frame["requestId"] for frame in caller.others]
    assert answered == ([] if bomb.legal is None else [["bomber", bomb.legal]])


@pytest.mark.proof
@pytest.mark.timeout(300)
async def test_every_bomb_is_refused_within_milliseconds(figure: Figure) -> None:
    async with served("tests.proof.peers") as child:
        bursts = [await _best_of_rounds(child.url, bomb) for bomb in BOMBS]
        heavy = [await _best_of_rounds(child.url, bomb) for bomb in HEAVY]
    slowest, latest = max(bursts, key=lambda b: b.refused_ms), max(bursts, key=lambda b: b.late_ms)
    figure("B3", f"slowest refusal, ms ({slowest.bomb})", slowest.refused_ms, f"<= {REFUSED_MS}")
    figure("B3", f"latest loop, ms ({latest.bomb})", latest.late_ms, f"<= {LATE_MS}")
    for burst in heavy:
        figure("B3", f"legal but heavy: latest loop, ms ({burst.bomb})", burst.late_ms, "told only")
    assert [burst for burst in bursts if burst.refused_ms > REFUSED_MS] == []
    assert [burst for burst in bursts if burst.late_ms > LATE_MS] == []


@pytest.mark.proof
@pytest.mark.timeout(300)
async def test_a_million_keys_are_refused_within_half_a_second(figure: Figure) -> None:
    async with served("tests.proof.peers", "--frame-bytes", str(16 * MIB)) as child:
        burst = await _best_of_rounds(child.url, million_keys())
    figure("B3", "1,000,000 keys refused, ms", burst.refused_ms, "<= 500")
    assert burst.refused_ms <= 500


# -- compressed --------------------------------------------------------------------------------------------


def _deflated_frame(size_bytes: int) -> bytes:
    """A masked text frame with the bit that says it is compressed (RFC 7692 §6), of so many zeros."""
    squeeze = zlib.compressobj(9, wbits=-15)
    squeezed = [squeeze.compress(b"0" * MIB) for _ in range(size_bytes // MIB)]
    payload = b"".join([*squeezed, squeeze.flush(zlib.Z_SYNC_FLUSH)])[:-4]
    return b"\xc1\xff" + len(payload).to_bytes(8, "big") + bytes(4) + payload


class Closed(NamedTuple):
    """How a connection ended that got a compressed bomb, in what time, and how many extensions it had."""

    code: int | None
    extensions: int
    took_ms: float
    late_ms: float


async def _blow_up(url: str, size_bytes: int) -> Closed:
    bomb = _deflated_frame(size_bytes)
    async with connect(url, compression="deflate", proxy=None) as websocket, watched_loop() as lateness:
        began = time.perf_counter()
        websocket.transport.write(bomb)
        async with asyncio.timeout(5):
            await websocket.wait_closed()
        took_ms = (time.perf_counter() - began) * 1e3
        extensions = len(websocket.protocol.extensions)
        return Closed(websocket.close_code, extensions, took_ms, await lateness.take() * 1e3)


@asynccontextmanager
async def _compressing_server() -> AsyncIterator[str]:
    """A server that agrees to compression, and hands its connections to the library."""

    async def attend(websocket: ServerConnection) -> None:
        with pytest.raises(ConnectionLostError):
            await Protocol(websocket, handler=Service()).listen()

    async with serve_websockets(attend, "127.0.0.1", 0, compression="deflate", max_size=MIB) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


async def test_the_server_agrees_to_no_compression_and_closes_on_a_compressed_bomb() -> None:
    async with serve(Service) as server:
        closed = await _blow_up(server.url, 4 * MIB)
        async with raw_caller(server.url) as caller:
            assert await caller.ask("echo", value=1) == 1
    assert (closed.code, closed.extensions) == (1002, 0)


async def test_a_compressed_bomb_on_a_socket_that_was_handed_in_closes_that_connection() -> None:
    async with _compressing_server() as url:
        closed = await _blow_up(url, 4 * MIB)
    assert (closed.code, closed.extensions) == (1009, 1)


@pytest.mark.proof
async def test_compressed_bombs_are_never_blown_up(figure: Figure) -> None:
    async with serve(Service) as server, _compressing_server() as compressing:
        memory = PeakMemory()
        closed = [await _blow_up(url, 256 * MIB) for url in (server.url, compressing)]
        grown_mib = memory.grown_mib()
    for end, extension in zip(closed, ("none", "agreed"), strict=True):
        figure(
            "B3", f"deflate bomb, extension {extension}: closed after, ms", end.took_ms, f"<= {REFUSED_MS}"
        )
        figure("B3", f"deflate bomb, extension {extension}: latest loop, ms", end.late_ms, f"<= {LATE_MS}")
    figure("B3", "deflate bombs of 256 MiB: memory grown, MiB", grown_mib, "<= 16")
    assert [end.code for end in closed] == [1002, 1009]
    assert max(end.took_ms for end in closed) <= REFUSED_MS
    assert max(end.late_ms for end in closed) <= LATE_MS
    assert grown_mib <= 16
