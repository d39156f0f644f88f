"""The pipe: what the simulated connection promises to the protocols at its ends."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK
from websockets.protocol import State

from tests.sim import clock
from tests.sim.pipe import Road, Socket, pipe


class Log:
    """What both sockets told of their messages, with the time."""

    def __init__(self) -> None:
        self.lines: list[tuple[float, str, str, str]] = []

    def of(self, side: str) -> Any:
        def record(what: str, text: str) -> None:
            self.lines.append((round(asyncio.get_running_loop().time(), 6), side, what, text))

        return record


def wired(*, there: Road | None = None, back: Road | None = None) -> tuple[Socket, Socket, Log]:
    log = Log()
    return *pipe(log.of("left"), log.of("right"), there=there, back=back), log


def now() -> float:
    return asyncio.get_running_loop().time()


async def ending(waiting: Coroutine[Any, Any, object]) -> ConnectionClosed:
    with pytest.raises(ConnectionClosed) as caught:
        await waiting
    return caught.value


def test_messages_keep_their_order_whatever_their_delays() -> None:
    async def main() -> None:
        delays = iter([0.3, 0.0, 0.4])
        left, right, log = wired(there=Road(lambda: next(delays)))
        for text in "abc":
            await left.send(text)
        assert [await right.recv() for _ in range(3)] == ["a", "b", "c"]
        assert [line[0] for line in log.lines if line[2] == "read"] == [0.3, 0.3, 0.4]

    clock.run(main())


def test_sending_waits_for_room_and_reading_makes_it() -> None:
    async def main() -> None:
        left, right, log = wired(there=Road(capacity=2))
        sending = asyncio.create_task(send_all(left, "abcd"))
        await asyncio.sleep(1)
        assert [line[3] for line in log.lines] == ["a", "b"]
        assert await right.recv() == "a"
        await asyncio.sleep(1)
        assert [line[3] for line in log.lines if line[2] == "sent"] == ["a", "b", "c"]
        assert [await right.recv() for _ in range(3)] == ["b", "c", "d"]
        await sending

    clock.run(main())


async def send_all(socket: Socket, texts: str) -> None:
    for text in texts:
        await socket.send(text)


def test_a_translated_message_is_told_as_it_was_sent_and_read_as_it_came() -> None:
    async def main() -> None:
        road = Road(translate=lambda text: None if text == "secret" else text.upper())
        left, right, log = wired(there=road)
        await send_all(left, "a")
        await left.send("secret")
        await send_all(left, "b")
        assert [await right.recv(), await right.recv()] == ["A", "B"]
        assert [line[3] for line in log.lines if line[2] == "sent"] == ["a", "secret", "b"]

    clock.run(main())


@pytest.mark.parametrize(("code", "kind"), [(1000, ConnectionClosedOK), (1012, ConnectionClosedError)])
def test_a_close_comes_after_the_messages_and_is_answered(code: int, kind: type[ConnectionClosed]) -> None:
    async def main() -> None:
        left, right, _ = wired(there=Road(lambda: 0.1), back=Road(lambda: 0.2))
        await left.send("last words")
        await left.close(code, "done")
        assert now() == pytest.approx(0.3)
        assert await right.recv() == "last words"
        for socket, was_first in ((left, False), (right, True)):
            error = await ending(socket.recv())
            assert type(error) is kind
            assert error.rcvd is not None
            assert error.rcvd.code == code
            assert error.rcvd_then_sent is was_first
            assert (socket.state, socket.close_code, socket.close_reason) == (State.CLOSED, code, "done")

    clock.run(main())


def test_closing_at_both_ends_at_once_ends_both() -> None:
    async def main() -> None:
        left, right, _ = wired(there=Road(lambda: 0.1), back=Road(lambda: 0.1))
        await asyncio.gather(left.close(1000), right.close(1001))
        assert (left.close_code, right.close_code) == (1001, 1000)

    clock.run(main())


@pytest.mark.parametrize(("loses", "arrives"), [(False, ["a"]), (True, [])])
def test_a_cut_is_told_at_the_other_end_when_its_news_arrive(loses: bool, arrives: list[str]) -> None:
    async def main() -> None:
        left, right, _ = wired(there=Road(lambda: 0.1))
        left.loses_what_is_on_its_way = loses
        await left.send("a")
        left.transport.abort()
        assert (left.state, right.state) == (State.CLOSED, State.OPEN)
        assert (await ending(left.recv())).rcvd is None
        assert [await right.recv() for _ in arrives] == arrives
        assert type(await ending(right.recv())) is ConnectionClosedError
        assert now() == pytest.approx(0.1)
        assert (right.close_code, right.close_reason) == (1006, "")
        await ending(right.send("too late"))

    clock.run(main())


def test_what_was_frozen_arrives_in_order_when_it_thaws() -> None:
    async def main() -> None:
        left, right, _ = wired()
        left.freeze()
        await send_all(left, "abc")
        await asyncio.sleep(5)
        assert not right.inbox
        left.thaw()
        assert [await right.recv() for _ in range(3)] == ["a", "b", "c"]
        assert now() == pytest.approx(5)

    clock.run(main())


def test_in_silence_nothing_arrives_until_a_ping_is_missed() -> None:
    async def main() -> None:
        left, right, _ = wired(there=Road(lambda: 0.1))
        await left.send("lost")
        left.silence()
        await left.send("lost too")
        asyncio.get_running_loop().call_later(9, right.miss_a_ping)
        error = await ending(right.recv())
        assert now() == pytest.approx(9)
        assert error.rcvd is None
        assert error.sent is not None
        assert error.sent.code == 1011

    clock.run(main())


@pytest.mark.parametrize("here", [True, False])
def test_a_sender_that_waits_for_room_is_told_of_the_end(here: bool) -> None:
    async def main() -> None:
        left, right, _ = wired(there=Road(capacity=1))
        await left.send("fills it")
        asyncio.get_running_loop().call_later(2, left.abort if here else right.abort)
        await ending(left.send("waits"))
        assert now() == pytest.approx(2)

    clock.run(main())


def test_it_is_known_when_a_socket_went_down() -> None:
    async def main() -> None:
        left, right, _ = wired(there=Road(lambda: 0.5))
        await asyncio.sleep(1)
        before = left.down_s
        await left.close()
        assert (before, left.down_s, right.down_s) == (None, 1.0, 1.5)

    clock.run(main())
