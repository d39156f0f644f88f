"""A viewer whose terminal does not read: the engine and the wire must not feel it.

The same engine answers the same calls without a viewer, with one whose terminal stands still, and without one
again; each figure is a ratio of two medians of one run.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from inspector_app.engine.link import EngineLink
from inspector_app.intents import ServerSpec
from slipstream import Protocol, connect
from tests.conftest import Figure
from tests.end_to_end.terminal import Terminal
from tests.proof.measures import percentile

STALL_S = 10.0
CALM_S = 5.0
MUST = 1.5


async def round_trips(protocol: Protocol, seconds: float) -> list[float]:
    """How long calls took, one after the other, in seconds."""
    took, end = [], time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        await protocol.request_response({"operation": "get_quote", "symbol": "SALT"})
        took.append(time.perf_counter() - began)
    return took


def open_viewer(capture: Path) -> Terminal:
    terminal = Terminal("attach", str(capture), columns=160, rows=48)
    terminal.wait_for("get_quote")
    return terminal


async def measure(capture: Path, stall_s: float, calm_s: float) -> tuple[list[float], list[float], int]:
    """Round trips without a viewer and with one that stands still; bytes that waited for its terminal."""
    link = EngineLink()
    ready = await link.start(ServerSpec(port=0), capture)
    try:
        async with connect(ready.address) as protocol:
            await round_trips(protocol, 0.5)
            alone = await round_trips(protocol, calm_s)
            terminal = await asyncio.to_thread(open_viewer, capture)
            try:
                stalled = await round_trips(protocol, stall_s)
                sent = len(terminal.sent)
                await asyncio.to_thread(terminal._read)
                waiting = len(terminal.sent) - sent
            finally:
                terminal.close()
            alone += await round_trips(protocol, calm_s)
    finally:
        await link.stop()
    return alone, stalled, waiting


@pytest.mark.proof
@pytest.mark.timeout(120)
async def test_round_trips_through_the_engine_do_not_wait_for_a_terminal_that_does_not_read(
    tmp_path: Path, figure: Figure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLIPSTREAM_INSPECTOR_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SLIPSTREAM_INSPECTOR_CONFIG", str(tmp_path / "config"))
    alone, stalled, waiting = await measure(tmp_path / "one.capture", STALL_S, CALM_S)
    assert waiting >= 4000, "the terminal was not full, so nothing waited for it"
    ratio = percentile(stalled, 0.5) / percentile(alone, 0.5)
    tail = percentile(stalled, 0.99) / percentile(alone, 0.99)
    figure("4.1", "terminal not reading for 10 s: median round trip to that without one", ratio, "<= 1.5")
    figure("4.1", "the same at the 99th percentile", tail, "told")
    figure("4.1", "median round trip without a viewer, us", percentile(alone, 0.5) * 1e6, "told")
    assert ratio <= MUST
