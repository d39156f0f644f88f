"""Pings: one that is not answered, or cannot even be written, is noticed in time."""

from __future__ import annotations

import asyncio

import pytest

from slipstream.keepalive import until_ping_missed

PING_S = 0.02


class Pinged:
    """A websocket that writes so many pings, and answers so many; `unsent` is told time after time."""

    ping_interval: float | None = PING_S
    ping_timeout: float | None = PING_S

    def __init__(self, *, answers: int = 0, writes: int = 0, unsent: tuple[int, ...] = ()) -> None:
        self.pings = 0
        self._answers = answers
        self._writes = writes
        self._unsent = list(unsent)

    async def ping(self) -> asyncio.Future[float]:
        self.pings += 1
        if self.pings > self._writes:
            await asyncio.Event().wait()
        pong: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        if self.pings <= self._answers:
            pong.set_result(0.0)
        return pong

    def unsent_bytes(self) -> int:
        return self._unsent.pop(0) if self._unsent else 0


async def missed(websocket: Pinged) -> int:
    """How many pings had been sent when one was missed."""
    async with asyncio.timeout(5):
        await until_ping_missed(websocket, websocket.unsent_bytes)
    return websocket.pings


async def test_a_ping_without_an_answer_is_missed() -> None:
    assert await missed(Pinged(answers=3, writes=9)) == 4


async def test_a_ping_that_cannot_be_written_is_missed_too() -> None:
    assert await missed(Pinged(answers=9, writes=3, unsent=(0, 0, 0, 5, 5))) == 4


async def test_a_ping_waits_while_the_socket_still_takes_something() -> None:
    websocket = Pinged(unsent=(50, 40, 30, 20, 20))
    loop = asyncio.get_running_loop()
    started = loop.time()
    assert await missed(websocket) == 1
    assert loop.time() - started >= 5 * PING_S


@pytest.mark.parametrize("missing", ["ping_interval", "ping_timeout"])
async def test_a_websocket_that_does_not_ping_is_left_alone(missing: str) -> None:
    websocket = Pinged()
    setattr(websocket, missing, None)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5 * PING_S):
            await until_ping_missed(websocket, websocket.unsent_bytes)
    assert websocket.pings == 0


async def test_a_socket_that_has_ended_is_told_by_its_own_error() -> None:
    websocket = Pinged()

    async def ping() -> asyncio.Future[float]:
        raise OSError("gone")

    websocket.ping = ping  # type: ignore[method-assign] # the one thing that differs
    with pytest.raises(OSError, match="gone"):
        await missed(websocket)
