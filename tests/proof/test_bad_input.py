"""Bad input: whatever comes, only a `ProtocolError`; and a live peer goes on answering (protocol.md §7)."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from websockets.exceptions import ConnectionClosed

from slipstream import Limits, ProtocolError, serve, validate_incoming_frame
from slipstream.frames import decode
from slipstream.session import Session
from tests.conftest import Figure
from tests.proof.children import served
from tests.proof.measures import PeakMemory
from tests.proof.mutants import Message, Mutants
from tests.proof.raw import RawCaller, raw_caller
from tests.slipstream.generated import fields, mutants, values
from tests.slipstream.support import Service

EXAMPLES = 20_000
MUTANTS = 100_000
GOOD_EVERY = 1_000
FATAL_EVERY = 20_000
NEVER = 10**9
ALLOWED_CODES = {1002, 1007, 1008, 1009, 4400, 4429}

# -- B1: generated frames ----------------------------------------------------------------------------------


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_nothing_but_a_protocol_error_comes_of_generated_frames(figure: Figure) -> None:
    seen: Counter[str] = Counter()

    @given(written=fields | mutants | values)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def every(written: Any) -> None:
        message = json.dumps(written)
        Session("me").receive(message)  # raises nothing at all
        try:
            validate_incoming_frame(message)
        except ProtocolError:
            seen["refused"] += 1
            with pytest.raises(ProtocolError):
                decode(message)
        else:
            seen["taken"] += 1
            decode(message)

    every()
    figure("B1", "generated frames", dict(seen), "20,000; only ProtocolError")
    assert seen["taken"] + seen["refused"] >= EXAMPLES
    assert min(seen.values()) > EXAMPLES / 50, "the examples are lopsided"


# -- B2: mutants into a live peer --------------------------------------------------------------------------


@dataclass(slots=True)
class Fuzzing:
    """What became of a peer that was sent mutants."""

    answered_s: list[float] = field(default_factory=list)
    closes: Counter[int | None] = field(default_factory=Counter)


# Nothing survives these: no UTF-8 in a text message, over the size limit, reserved bits of RFC 6455 §5.2.
FATAL = (Message(b'{"a":"\xff"}', text=True), Message(b"x" * 1_100_000, text=False), None)


async def _fuzz(url: str, messages: int, *, seed: int, fatal_every: int) -> Fuzzing:
    """Send mutants, and after every thousand a good request; a new connection when one was closed."""
    done, supply, sent = Fuzzing(), iter(Mutants(seed)), 0
    while sent < messages:
        async with raw_caller(url) as caller:
            try:
                while sent < messages:
                    sent += 1
                    await _send(caller, next(supply))
                    if sent % GOOD_EVERY == 0:
                        began = time.perf_counter()
                        assert await caller.ask("echo", value=sent) == sent
                        done.answered_s.append(time.perf_counter() - began)
                    if sent % fatal_every == 0:
                        await _send(caller, FATAL[sent // fatal_every % len(FATAL)])
                        await caller.websocket.wait_closed()
            except ConnectionClosed:
                pass
            if caller.websocket.close_code is not None:
                done.closes[caller.websocket.close_code] += 1
    return done


async def _send(caller: RawCaller, message: Message | None) -> None:
    if message is None:
        caller.websocket.transport.write(b"\xf1\x80\x00\x00\x00\x00")
    else:
        await caller.websocket.send(message.payload, text=message.text)


async def test_a_live_peer_answers_between_mutants() -> None:
    async with serve(Service, limits=Limits(bad_frames=None)) as server:
        done = await _fuzz(server.url, 3 * GOOD_EVERY, seed=7, fatal_every=GOOD_EVERY)
    assert len(done.answered_s) == 3
    assert done.closes == {1007: 1, 1009: 1, 1002: 1}


@pytest.mark.proof
@pytest.mark.timeout(300)
async def test_with_the_default_limits_a_flood_of_mutants_is_closed(figure: Figure) -> None:
    async with served("tests.proof.peers") as child:
        done = await _fuzz(child.url, 10 * GOOD_EVERY, seed=3, fatal_every=NEVER)
        async with raw_caller(child.url) as caller:
            assert await caller.ask("echo", value=1) == 1
    figure("B2", "close codes with the default limits", dict(done.closes), "only 4429")
    assert set(done.closes) == {4429}


@pytest.mark.proof
@pytest.mark.timeout(600)
async def test_a_live_peer_answers_between_a_hundred_thousand_mutants(figure: Figure) -> None:
    async with served("tests.proof.peers", "--bad-frames", "0") as child:
        await _fuzz(child.url, 5_000, seed=1, fatal_every=NEVER)
        memory = PeakMemory(child.pid)
        done = await _fuzz(child.url, MUTANTS, seed=2, fatal_every=FATAL_EVERY)
        grown_mib = memory.grown_mib()
        async with raw_caller(child.url) as caller:
            report = await caller.ask("report")
    figure("B2", "good requests answered", len(done.answered_s), "100")
    figure("B2", "slowest of them, ms", max(done.answered_s) * 1e3, "<= 100")
    figure("B2", "close codes", dict(done.closes), f"only {sorted(ALLOWED_CODES)}")
    figure("B2", "memory grown, MiB", grown_mib, "<= 20")
    figure("B2", "most log lines in a second", report["log_lines_a_second"], "<= 10")
    assert len(done.answered_s) == MUTANTS // GOOD_EVERY
    assert max(done.answered_s) <= 0.1
    assert set(done.closes) <= ALLOWED_CODES
    assert grown_mib <= 20
    assert report["log_lines_a_second"] <= 10


async def test_a_flood_of_bad_frames_is_closed_and_the_next_connection_served() -> None:
    async with serve(Service) as server:
        async with raw_caller(server.url) as caller:
            assert await caller.ask("echo", value=1) == 1
            for _ in range(1024 - 1):
                await caller.websocket.send("no frame")
            assert await caller.ask("echo", value=2) == 2
            await caller.websocket.send("no frame")
            async with asyncio.timeout(5):
                await caller.websocket.wait_closed()
        assert caller.websocket.close_code == 4429
        async with raw_caller(server.url) as caller:
            assert await caller.ask("echo", value=3) == 3
