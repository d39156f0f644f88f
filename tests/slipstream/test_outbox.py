"""The outbox over a wire that the test opens and shuts."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Sequence

import pytest

from slipstream.outbox import _ROOM_BYTES, Outbox


class Socket:
    """A wire that takes what is written while it is `open`, and breaks with `error`."""

    def __init__(self) -> None:
        self.writes: list[list[str]] = []
        self.stuck: asyncio.Future[None] | None = None
        self.open = True
        self.error: Exception | None = None
        self.unsent = 0

    def write(self, messages: Sequence[str]) -> Awaitable[None] | None:
        if self.error is not None:
            raise self.error
        self.writes.append(list(messages))
        if self.open:
            return None
        self.stuck = asyncio.get_running_loop().create_future()
        return self.stuck

    def take(self) -> None:
        """Take what was written, and everything from now on."""
        self.open = True
        assert self.stuck is not None
        self.stuck.set_result(None)

    async def read(self, receive: object) -> None:
        raise NotImplementedError

    def unsent_bytes(self) -> int:
        return self.unsent


class Told:
    """An outbox over a socket, and what it tells."""

    def __init__(self, send_timeout_s: float | None = None) -> None:
        self.socket = Socket()
        self.written: list[list[str]] = []
        self.broken: list[BaseException] = []
        self.failed = asyncio.Event()
        self.box = Outbox(self.socket, written=self._note, broken=self._broke, send_timeout_s=send_timeout_s)

    def _note(self, direction: str, texts: Sequence[str]) -> None:
        assert direction == "out"
        assert len(self.socket.writes) == len(self.written), "told before it is written"
        self.written.append(list(texts))

    def _broke(self, error: BaseException) -> None:
        self.broken.append(error)
        self.failed.set()


async def a_pass() -> None:
    """Let the event loop go round once."""
    await asyncio.sleep(0)


async def stuck(told: Told, *texts: str) -> None:
    """Post messages that the socket does not take."""
    told.socket.open = False
    for text in texts:
        told.box.post(text)
    await a_pass()
    assert told.socket.writes == [list(texts)]


# -- order ------------------------------------------------------------------------------------------------


async def test_what_is_posted_in_one_pass_is_written_at_once_in_order() -> None:
    told = Told()
    for text in ("a", "bc", "d"):
        told.box.post(text)
    assert told.socket.writes == []
    await a_pass()
    assert told.socket.writes == [["a", "bc", "d"]]
    assert told.written == [["a", "bc", "d"]]
    assert (told.box.messages_written, told.box.bytes_written) == (3, 4)


async def test_what_is_posted_in_the_next_pass_is_written_in_the_next() -> None:
    told = Told()
    told.box.post("a")
    await a_pass()
    told.box.post("b")
    await a_pass()
    assert told.socket.writes == [["a"], ["b"]]


async def test_what_comes_while_the_socket_is_full_waits_for_its_turn_together() -> None:
    told = Told()
    await stuck(told, "a")
    told.box.post("b")
    await a_pass()
    told.box.post("c")
    await a_pass()
    assert told.socket.writes == [["a"]]
    told.socket.take()
    await told.box.flushed()
    assert told.socket.writes == [["a"], ["b", "c"]]


async def test_after_a_wait_that_left_nothing_the_next_message_is_written() -> None:
    told = Told()
    await stuck(told, "a")
    told.socket.take()
    await told.box.flushed()
    told.box.post("b")
    await told.box.flushed()
    assert told.socket.writes == [["a"], ["b"]]


# -- alone ------------------------------------------------------------------------------------------------


async def test_one_that_is_alone_is_written_before_post_returns() -> None:
    told = Told()
    told.box.post("a", alone=True)
    assert told.socket.writes == [["a"]]
    told.box.post("b", alone=True)
    assert told.socket.writes == [["a"], ["b"]]


async def test_one_that_is_alone_waits_for_what_is_about_to_run_and_may_post_too() -> None:
    told = Told()
    asyncio.get_running_loop().call_soon(told.box.post, "second")
    told.box.post("first", alone=True)
    assert told.socket.writes == []
    await a_pass()
    assert told.socket.writes == [["first", "second"]]


async def test_one_that_is_alone_comes_behind_what_was_posted_before_it() -> None:
    told = Told()
    told.box.post("first")
    told.box.post("second", alone=True)
    await a_pass()
    assert told.socket.writes == [["first", "second"]]


async def test_where_the_loop_does_not_say_what_is_about_to_run_nothing_is_written_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Silent:
        """A loop of another make."""

        def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
            self.call_soon = loop.call_soon

    told, loop = Told(), asyncio.get_running_loop()
    with monkeypatch.context() as patch:
        patch.setattr("slipstream.outbox.asyncio.get_running_loop", lambda: Silent(loop))
        told.box.post("a", alone=True)
    assert told.socket.writes == []
    await a_pass()
    assert told.socket.writes == [["a"]]


# -- bytes and room ---------------------------------------------------------------------------------------


async def test_bytes_are_counted_until_the_socket_has_taken_them() -> None:
    told = Told()
    told.socket.open = False
    told.box.post("12345")
    told.box.post("123", caused=False)
    assert (told.box.pending_bytes, told.box.caused_bytes) == (8, 5)
    await a_pass()
    assert (told.box.pending_bytes, told.box.caused_bytes) == (8, 5)
    told.box.post("12", caused=True)
    assert (told.box.pending_bytes, told.box.caused_bytes) == (10, 7)
    assert told.socket.stuck is not None
    told.socket.stuck.set_result(None)
    await a_pass()
    assert (told.box.pending_bytes, told.box.caused_bytes) == (2, 2)
    told.socket.take()
    await told.box.flushed()
    assert (told.box.pending_bytes, told.box.caused_bytes) == (0, 0)


async def test_there_is_room_up_to_a_bound_and_then_whoever_sends_waits_for_the_socket() -> None:
    told = Told()
    await stuck(told, "x" * (_ROOM_BYTES - 1))
    room = [told.box.has_room]
    await told.box.room()
    told.box.post("y")
    room.append(told.box.has_room)
    assert room == [True, False]
    waiting = asyncio.ensure_future(told.box.room())
    await a_pass()
    assert not waiting.done()
    told.socket.take()
    await waiting
    assert told.box.has_room


async def test_room_that_another_takes_first_is_waited_for_again() -> None:
    told = Told()
    await stuck(told, "x" * _ROOM_BYTES)
    waiting = asyncio.ensure_future(told.box.room())
    await a_pass()
    first = told.socket.stuck
    assert first is not None
    first.set_result(None)
    # The one waiting is told in the pass after the write; by then there is no room again.
    await a_pass()
    told.box.post("y" * _ROOM_BYTES)
    await a_pass()
    await a_pass()
    assert not waiting.done()
    told.socket.take()
    await waiting


async def test_who_waits_for_room_is_let_in_one_after_the_other_as_far_as_it_goes() -> None:
    told, let_in = Told(), []
    await stuck(told, "x" * _ROOM_BYTES)

    async def send(number: int) -> None:
        await told.box.room()
        let_in.append(number)
        told.box.post("y" * (_ROOM_BYTES // 2))

    waiting = [asyncio.create_task(send(number)) for number in range(4)]
    await a_pass()
    first = told.socket.stuck
    assert first is not None
    first.set_result(None)
    for _ in range(10):
        await a_pass()
    assert let_in == [0, 1]
    told.socket.take()
    await asyncio.gather(*waiting)
    assert let_in == [0, 1, 2, 3]


async def test_who_gives_up_waiting_for_room_holds_up_nobody() -> None:
    told = Told()
    await stuck(told, "x" * _ROOM_BYTES)
    early, late, last = (asyncio.create_task(told.box.room()) for _ in range(3))
    await a_pass()
    early.cancel()
    await asyncio.wait([early])
    told.socket.take()
    late.cancel()  # it is still in line when there is room
    await last
    assert early.cancelled()
    assert late.cancelled()


async def test_who_waits_for_room_is_told_that_the_outbox_is_closed() -> None:
    told = Told()
    await stuck(told, "x" * _ROOM_BYTES)
    waiting = asyncio.create_task(told.box.room())
    await a_pass()
    told.box.close(OSError("gone"))
    with pytest.raises(OSError, match="gone"):
        await waiting
    with pytest.raises(OSError, match="gone"):
        await told.box.room()


# -- flushed ----------------------------------------------------------------------------------------------


async def test_an_empty_one_is_flushed_at_once() -> None:
    flushed = Told().box.flushed()
    assert isinstance(flushed, asyncio.Future)
    assert flushed.done()
    await flushed


async def test_flushed_waits_until_the_socket_has_taken_what_was_posted() -> None:
    told = Told()
    await stuck(told, "a")
    waiting = asyncio.ensure_future(told.box.flushed())
    await a_pass()
    assert not waiting.done()
    told.socket.take()
    await waiting


async def test_flushed_waits_also_for_what_was_posted_behind_a_write_under_way() -> None:
    told = Told()
    await stuck(told, "a")
    told.box.post("b")
    waiting = asyncio.ensure_future(told.box.flushed())
    first = told.socket.stuck
    assert first is not None
    first.set_result(None)
    for _ in range(3):
        await a_pass()
    assert told.socket.writes == [["a"], ["b"]]
    assert not waiting.done()
    told.socket.take()
    await waiting


async def test_a_waiter_that_was_cancelled_is_passed_over() -> None:
    told = Told()
    await stuck(told, "a")
    cancelled, waiting = told.box.flushed(), told.box.flushed()
    assert isinstance(cancelled, asyncio.Future)
    cancelled.cancel()
    told.socket.take()
    await waiting


# -- ending -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [OSError("broken"), EOFError(), RuntimeError("gone")])
async def test_a_socket_that_breaks_at_once_is_told_and_written_no_more(error: Exception) -> None:
    told = Told()
    told.socket.error = error
    told.box.post("a")
    await a_pass()
    assert told.broken == [error]
    told.socket.error = None
    told.box.post("b")
    await a_pass()
    assert told.socket.writes == []


async def test_a_socket_that_breaks_while_it_is_waited_for_is_told_and_written_no_more() -> None:
    told = Told()
    await stuck(told, "a")
    error = OSError("broken")
    assert told.socket.stuck is not None
    told.socket.stuck.set_exception(error)
    told.box.post("b")
    for _ in range(3):
        await a_pass()
    assert told.broken == [error]
    assert told.socket.writes == [["a"]]


async def test_after_closing_nothing_is_written_and_waiting_fails_with_the_first_reason() -> None:
    told = Told()
    told.box.post("a")
    told.box.close(ConnectionError("first"))
    told.box.close(ConnectionError("second"))
    told.box.post("late")
    await a_pass()
    assert (told.socket.writes, told.written) == ([], [])
    assert (told.box.pending_bytes, told.box.caused_bytes, told.box.has_room) == (0, 0, False)
    with pytest.raises(ConnectionError, match="first"):
        await told.box.flushed()
    with pytest.raises(ConnectionError, match="first"):
        await told.box.room()


async def test_closing_tells_everyone_who_waits_with_an_error_of_its_own() -> None:
    told = Told()
    await stuck(told, "a")
    one, other, cancelled = told.box.flushed(), told.box.flushed(), told.box.flushed()
    assert isinstance(cancelled, asyncio.Future)
    cancelled.cancel()
    closed_by = ConnectionError("closed")
    told.box.close(closed_by)
    errors = await asyncio.gather(one, other, return_exceptions=True)
    assert [str(error) for error in errors] == ["closed", "closed"]
    assert len({id(error) for error in (*errors, closed_by)}) == 3


async def test_a_waiter_that_nobody_awaits_leaves_no_error_unseen() -> None:
    unseen: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unseen.append(context))
    told = Told()
    await stuck(told, "a")
    told.box.flushed()
    told.box.close(ConnectionError("closed"))
    gc.collect()
    assert unseen == []


@pytest.mark.parametrize("late", ["cancelled", "taken", "broken"])
async def test_after_closing_nothing_is_subtracted_and_nobody_is_told(late: str) -> None:
    told = Told()
    await stuck(told, "abc")
    write = told.socket.stuck
    assert write is not None
    if late == "taken":
        write.set_result(None)
    elif late == "broken":
        write.set_exception(OSError("late"))
    told.box.close(ConnectionError("closed"))
    for _ in range(3):
        await a_pass()
    assert (told.box.pending_bytes, told.box.caused_bytes, told.broken) == (0, 0, [])
    assert write.cancelled() is (late == "cancelled")


# -- observers that act ------------------------------------------------------------------------------------


async def test_what_is_posted_by_whoever_is_told_of_a_write_is_written_after_it() -> None:
    socket = Socket()
    further = ["second"]

    def post(direction: str, texts: Sequence[str]) -> None:
        while further:
            box.post(further.pop())

    box = Outbox(socket, written=post, broken=lambda error: None)
    box.post("first")
    async with asyncio.timeout(5):
        await box.flushed()
    assert socket.writes == [["first"], ["second"]]


async def test_whoever_is_told_of_a_write_may_close_the_outbox_before_it() -> None:
    told = Told()

    def close(direction: str, texts: Sequence[str]) -> None:
        box.close(ConnectionError("closed"))

    box = Outbox(told.socket, written=close, broken=told.broken.append)
    box.post("abc")
    await a_pass()
    assert (box.pending_bytes, box.caused_bytes, told.broken) == (0, 0, [])
    assert told.socket.writes == []


# -- a socket without progress ----------------------------------------------------------------------------


async def test_a_socket_that_takes_nothing_for_the_time_given_is_broken() -> None:
    told = Told(send_timeout_s=0.02)
    told.socket.unsent = 100
    await stuck(told, "a")
    async with asyncio.timeout(5):
        await told.failed.wait()
    assert [type(error) for error in told.broken] == [TimeoutError]
    assert str(told.broken[0]) == "the peer read nothing for 0.02 s"


async def test_a_socket_that_takes_a_little_each_time_goes_on() -> None:
    told = Told(send_timeout_s=0.01)
    looks = iter(range(8, 0, -1))
    seen = asyncio.Event()

    def less_each_time() -> int:
        left = next(looks)
        if left == 2:
            seen.set()
        return left

    told.socket.unsent_bytes = less_each_time  # type: ignore[method-assign] # a socket that empties
    await stuck(told, "a")
    async with asyncio.timeout(5):
        await seen.wait()
    assert told.broken == []
    told.socket.take()
    await told.box.flushed()


async def test_once_the_socket_has_taken_all_nobody_looks_at_it() -> None:
    told = Told(send_timeout_s=0.02)
    told.socket.unsent = 100
    await stuck(told, "a")
    told.socket.take()
    await told.box.flushed()
    timer = told.box._timer
    assert timer is not None
    assert timer.cancelled()


async def test_without_a_time_given_nobody_looks_at_a_socket() -> None:
    told = Told()
    await stuck(told, "a")
    assert told.box._timer is None


@pytest.mark.parametrize(("wanted", "given"), [(2**20, 2**20), (2**30, 2**20), (1000, 1000)])
async def test_it_is_full_at_a_mebibyte_or_before(wanted: int, given: int) -> None:
    assert Outbox(Socket(), written=print, broken=print, full_bytes=wanted).full_bytes == given


async def test_whoever_waits_for_room_when_it_closes_is_kept_by_nobody() -> None:
    class Caller:
        """Whom the frame of a waiting call refers to."""

    told, caller = Told(), Caller()
    await stuck(told, "x" * 100_000)

    async def send(kept: object) -> None:
        assert kept
        await told.box.room()

    gone = weakref.ref(caller)
    waiting = asyncio.create_task(send(caller))
    del caller
    await a_pass()
    told.box.close(ConnectionError("closed"))
    gc.disable()
    try:
        await asyncio.wait([waiting])
        assert isinstance(waiting.exception(), ConnectionError)
        del waiting
        await a_pass()
        assert gone() is None
    finally:
        gc.enable()
