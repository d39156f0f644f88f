"""Handlers that end their own connection, block the loop, or outlive their caller (§6, §8, §11)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from slipstream import (
    ConnectionClosedError,
    Limits,
    Protocol,
    ProtocolHandler,
    current_protocol,
    fire_and_forget,
    request_response,
    request_stream,
)
from slipstream.testing import peers, websocket_pair
from tests.slipstream.support import Service, emptied, soon
from tests.slipstream.wire import call, text

WARN_S = 0.15


def block() -> None:
    until = time.perf_counter() + 2 * WARN_S
    while time.perf_counter() < until:
        pass


class Enders(ProtocolHandler):
    """Handlers that close the connection they answer on."""

    def __init__(self, *, for_ever: bool = False) -> None:
        self.for_ever = for_ever
        self.done: list[str] = []
        self.over = asyncio.Event()

    @request_response
    async def close(self, data: dict[str, Any]) -> None:
        await self._close("request")

    @fire_and_forget
    async def part(self, data: dict[str, Any]) -> None:
        await self._close("notice")

    @request_response
    async def wait(self, data: dict[str, Any]) -> None:
        await asyncio.Event().wait()

    async def _close(self, what: str) -> None:
        try:
            await current_protocol().aclose(1001, "from within")
            self.done.append(what)
            if self.for_ever:
                await asyncio.Event().wait()
        finally:
            self.over.set()


@pytest.mark.parametrize(("operation", "done"), [("close", "request"), ("part", "notice")])
async def test_a_handler_that_closes_its_own_connection_comes_to_its_own_end(
    operation: str, done: str
) -> None:
    handler = Enders()
    async with peers(None, handler) as (left, right):
        if operation == "close":
            with pytest.raises(ConnectionClosedError, match="from within"):
                await left.request_response({"operation": operation})
        else:
            await left.fire_and_forget({"operation": operation})
        await soon(handler.over)
        await left.wait_closed()
        await emptied(left, right)
    assert handler.done == [done]


@pytest.mark.parametrize("operation", ["close", "part"])
async def test_one_that_goes_on_after_it_has_closed_its_connection_is_stopped(operation: str) -> None:
    handler = Enders(for_ever=True)
    async with peers(None, handler, limits=Limits(handler_stop_s=0.02)) as (left, right):
        with suppress(ConnectionClosedError):
            await (left.request_response if operation == "close" else left.fire_and_forget)(
                {"operation": operation}
            )
        await soon(handler.over)
        await emptied(left, right)
    assert handler.done


@pytest.mark.parametrize(("word", "operation"), [("request", "close"), ("fire_and_forget", "part")])
async def test_a_handler_that_ends_a_connection_nobody_can_close_comes_to_its_own_end(
    word: str, operation: str
) -> None:
    handler, limits = Enders(), Limits(close_timeout_s=0.02)
    one, other = websocket_pair()
    other.never_answer_close()
    one.abort = lambda: None  # type: ignore[method-assign] # a socket that cannot even be dropped
    protocol = Protocol(one, handler=handler, limits=limits)
    listening = asyncio.create_task(protocol.listen())
    await other.send(text(word, 0, call(operation)))
    await other.send(text("request", 1, call("wait")))
    await soon(handler.over)
    await emptied(protocol)
    assert handler.done == ["request" if word == "request" else "notice"]
    listening.cancel()
    await asyncio.wait([listening])


class Blockers(ProtocolHandler):
    """Handlers that keep the event loop."""

    @request_response
    async def busy(self, data: dict[str, Any]) -> str:
        block()
        return "done"

    @request_stream
    async def rows(self, data: dict[str, Any]) -> AsyncIterator[int]:
        yield 1
        block()
        yield 2

    @fire_and_forget
    async def told(self, data: dict[str, Any]) -> None:
        block()

    @request_response
    def plain(self, data: dict[str, Any]) -> str:
        block()
        return "done"


def warnings(log: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in log.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("operation", ["busy", "rows", "told"])
async def test_a_handler_that_keeps_the_event_loop_is_named(
    operation: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with peers(None, Blockers(), limits=Limits(loop_block_warn_s=WARN_S)) as (left, right):
        match operation:
            case "busy":
                assert await left.request_response({"operation": "busy"}) == "done"
            case "rows":
                assert [item async for item in await left.request_stream({"operation": "rows"})] == [1, 2]
            case _:
                await left.fire_and_forget({"operation": "told"})
                await left.request_response({"operation": "slipstream.ping"})
        await emptied(left, right)
    (warning,) = warnings(caplog)
    assert warning.startswith(f"The handler of '{operation}' kept the event loop for ")
    assert "plain def" in warning


async def test_a_plain_handler_keeps_nobody_and_is_not_named(caplog: pytest.LogCaptureFixture) -> None:
    async with peers(None, Blockers(), limits=Limits(loop_block_warn_s=WARN_S)) as (left, _):
        assert await left.request_response({"operation": "plain"}) == "done"
    assert warnings(caplog) == []


async def test_without_a_time_given_no_handler_is_watched(caplog: pytest.LogCaptureFixture) -> None:
    async with peers(None, Blockers(), limits=Limits(loop_block_warn_s=None)) as (left, _):
        assert await left.request_response({"operation": "busy"}) == "done"
    assert warnings(caplog) == []


async def test_answers_wait_for_room_where_the_other_side_does_not_read() -> None:
    service = Service()
    async with peers(None, service, limits=Limits(close_timeout_s=0.05), capacity=1) as (left, right):
        long = "x" * 40_000
        calls = [
            asyncio.create_task(left.request_response({"operation": "echo", "value": long})) for _ in range(8)
        ]
        assert await asyncio.gather(*calls) == [long] * len(calls)
        await emptied(left, right)
