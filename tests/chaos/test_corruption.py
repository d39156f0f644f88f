"""Every byte of a request and of its response, spoilt one at a time: nothing spoilt is taken for whole."""

from __future__ import annotations

import pytest

from slipstream import Limits, connect, serve
from tests.chaos.caller import Log
from tests.chaos.cells import keep_tapes
from tests.chaos.history import violations
from tests.chaos.peer import Service, Watch
from tests.chaos.proxy import ChaosProxy, Corruption, proxied
from tests.chaos.tape import FrameWalker
from tests.conftest import Figure
from tests.slipstream.support import leftovers

LIMITS = Limits(close_timeout_s=0.2)
# A request that is longer than any control frame, so that it is never taken for one.
VALUE = "x" * 200
UNTOLD_S = 0.3
"""What makes a frame look longer than it is cannot be noticed: the call ends by its own deadline."""
TOLD_S = 10.0
"""Corrupt text is noticed: the deadline is not to matter."""


async def call_through(
    proxy: ChaosProxy, corruption: Corruption | None, *, to_server: bool, timeout_s: float = TOLD_S
) -> Log:
    log = Log()
    async with connect(proxy.url, limits=LIMITS, taps=[log], ping_interval_s=None) as protocol:
        (proxy.to_server if to_server else proxy.to_client).corrupt = corruption
        with log.call("unary") as call:
            data = {"operation": "echo", "call": call.number, "value": VALUE}
            log.take(call, await protocol.request_response(data, timeout=timeout_s))
        log.history.closed_here = call.endings[0].how != "lost"
    proxy.clear()
    keep_tapes(log, proxy.connections.pop())
    assert leftovers(protocol) == {}
    return log


def header_and_whole(log: Log, *, to_server: bool) -> tuple[int, int]:
    wire = log.history.wire
    span = FrameWalker().feed((wire.sent_by_client if to_server else wire.sent_by_server).data)[0]
    return span.header_bytes, span.end - span.start


@pytest.mark.proof
@pytest.mark.parametrize("to_server", [True, False], ids=["request", "response"])
async def test_a_call_of_which_one_bit_is_wrong_never_looks_whole(to_server: bool, figure: Figure) -> None:
    watch = Watch()
    async with (
        serve(lambda: Service(watch), limits=LIMITS, on_connect=watch.connected) as server,
        proxied(server.url) as proxy,
    ):
        log = await call_through(proxy, None, to_server=to_server)
        assert [ending.how for call in log.history.calls for ending in call.endings] == ["normal"]
        header, whole = header_and_whole(log, to_server=to_server)
        # Of text and of its mask the top bit; of what says of which kind and how long it is, every one.
        text = header - 4 if to_server else header
        bits = [(byte, bit) for byte in range(whole) for bit in (range(8) if byte < text else [7])]
        wrong = {}
        for byte, bit in bits:
            timeout_s = TOLD_S if byte >= text else UNTOLD_S
            spoilt = Corruption(byte, bit)
            log = await call_through(proxy, spoilt, to_server=to_server, timeout_s=timeout_s)
            history = log.history
            (ending,) = history.calls[0].endings
            broken = violations(history)
            if broken or ending.how not in ({"lost"} if byte >= text else {"lost", "timeout"}):
                wrong[byte, bit] = ending.how, broken
        for protocol in watch.protocols:
            await protocol.wait_closed()
            assert leftovers(protocol) == {}
    name = "request" if to_server else "response"
    figure(
        "D", f"{name} with one of {len(bits)} bits wrong: calls that looked whole or hung", len(wrong), "0"
    )
    assert wrong == {}
