import asyncio

import pytest

from slipstream.outbox import Outbox


class Socket:
    """Takes messages while `open`; breaks with `error`."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.open = asyncio.Event()
        self.open.set()
        self.one_at_a_time = False
        self.error: Exception | None = None

    async def send(self, message: str) -> None:
        await self.open.wait()
        if self.error is not None:
            raise self.error
        self.taken.append(message)
        if self.one_at_a_time:
            self.open.clear()


def outbox(socket: Socket) -> tuple[Outbox, list[str], list[BaseException]]:
    written: list[str] = []
    broken: list[BaseException] = []
    return Outbox(socket, written=written.append, broken=broken.append), written, broken


async def test_messages_are_written_in_order_and_told_before() -> None:
    socket = Socket()
    box, written, _ = outbox(socket)
    for text in "abc":
        box.post(text)
    await box.flushed()
    assert socket.taken == written == ["a", "b", "c"]


async def test_an_empty_one_is_flushed_at_once() -> None:
    box, _, _ = outbox(Socket())
    await box.flushed()


async def test_flushing_waits_for_what_was_posted_before_it_only() -> None:
    socket = Socket()
    socket.one_at_a_time = True
    box, _, _ = outbox(socket)
    box.post("before")
    flushed = asyncio.ensure_future(box.flushed())
    box.post("after")
    await flushed
    assert socket.taken == ["before"]


async def test_posting_never_waits_and_bytes_are_counted() -> None:
    socket = Socket()
    socket.open.clear()
    box, written, _ = outbox(socket)
    box.post("12345")
    box.post("123", caused=False)
    await asyncio.sleep(0)
    assert (box.pending_bytes, box.caused_bytes, written) == (8, 5, ["12345"])
    waiting = asyncio.ensure_future(box.flushed())
    socket.open.set()
    await waiting
    assert (box.pending_bytes, box.caused_bytes) == (0, 0)


@pytest.mark.parametrize("error", [OSError("broken"), EOFError(), RuntimeError("gone")])
async def test_a_socket_that_breaks_is_told_and_writes_no_more(error: Exception) -> None:
    socket = Socket()
    socket.error = error
    box, written, broken = outbox(socket)
    box.post("a")
    box.post("b")
    waiting = asyncio.ensure_future(box.flushed())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (written, broken) == (["a"], [error])
    box.close(ConnectionError("closed"))
    with pytest.raises(ConnectionError, match="closed"):
        await waiting


async def test_after_closing_nothing_is_written_and_waiting_fails() -> None:
    socket = Socket()
    box, written, _ = outbox(socket)
    box.close(ConnectionError("first"))
    box.close(ConnectionError("second"))
    box.post("late")
    with pytest.raises(ConnectionError, match="first"):
        await box.flushed()
    assert (written, box.pending_bytes) == ([], 0)


async def test_a_waiter_that_was_cancelled_is_passed_over() -> None:
    socket = Socket()
    socket.open.clear()
    box, _, _ = outbox(socket)
    box.post("a")
    cancelled = asyncio.ensure_future(box.flushed())
    cancelled.cancel()
    waiting = asyncio.ensure_future(box.flushed())
    socket.open.set()
    await waiting


async def test_closing_passes_over_a_waiter_that_was_cancelled() -> None:
    socket = Socket()
    socket.open.clear()
    box, _, _ = outbox(socket)
    box.post("a")
    cancelled = asyncio.ensure_future(box.flushed())
    await asyncio.sleep(0)
    cancelled.cancel()
    box.close(ConnectionError("closed"))
    assert cancelled.cancelled()
