"""A peer of the original system, as far as it is documented: what it does, and what it does wrong.

It is written with `websockets` and `json` alone and knows the eight frame types and nothing of `meta`. It
never cancels on the wire, bounds no queue, applies no deadline, answers no bad frame, reads no further while
it answers a request, and dies of a message that is JSON but no object. `python -m tests.legacy_peer serve`
prints its address and serves `OPERATIONS`; `legacy_server` and `legacy_client` are for tests in this process.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import connect
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

TYPES = (
    "request",
    "response",
    "stream_request",
    "stream_stream_request",
    "stream_data",
    "stream_end",
    "fire_and_forget",
    "error",
)
RequestId = tuple[str, int]
Operations = dict[str, Callable[..., Any]]


class LegacyError(Exception):
    """Raised by a handler of a legacy peer: its argument is the data of the `error` frame, in any shape."""


class NoFrameError(Exception):
    """A message is an object, but no frame."""


@dataclass(frozen=True)
class Frame:
    """What the original makes of a message."""

    type: str
    request_id: RequestId | None
    data: Any


@dataclass(frozen=True, kw_only=True)
class Habits:
    """What is left open by the documents, so that each way is met. `spell` writes the name of a type."""

    heeds_stream_end: bool = True
    """Whether `stream_end` from the opener of a server stream stops the handler, or means nothing."""
    answers_unknown: bool = True
    """Whether an unknown operation is answered with an `error`, or not at all."""
    spell: Callable[[str], str] = str


class LegacyStream:
    """A bidirectional stream at a legacy peer: sends at once, receives from a queue without a bound."""

    def __init__(self, peer: LegacyPeer, request_id: RequestId) -> None:
        self.request_id = request_id
        self._peer = peer
        self._queue = peer.queue_of(request_id)

    async def send(self, data: Any) -> None:
        await self._peer.send("stream_data", self.request_id, data)

    async def aclose(self) -> None:
        await self._peer.send("stream_end", self.request_id)

    async def __aiter__(self) -> AsyncIterator[Any]:
        while (item := await self._queue.get()) is not None:
            yield item


class LegacyPeer:
    """One side of a connection. `got` has every frame that came, as the JSON object that it was."""

    def __init__(
        self, websocket: Connection, operations: Operations | None = None, habits: Habits | None = None
    ) -> None:
        self.websocket = websocket
        self.peer_id = str(uuid.uuid4())
        self.got: list[dict[str, Any]] = []
        self.skipped = 0
        """Messages that were no frame."""
        self.killed_by: Exception | None = None
        """What ended the listener, if it was not the end of the connection."""
        self.running: dict[RequestId, asyncio.Task[None]] = {}
        self._operations = OPERATIONS if operations is None else operations
        self._habits = habits or Habits()
        self._spelled = {self._habits.spell(name): name for name in TYPES}
        self._numbers = itertools.count()
        self._answers: dict[RequestId, asyncio.Future[Any]] = {}
        self._queues: dict[RequestId, asyncio.Queue[Any]] = {}
        self._news = asyncio.Event()

    # -- calling ------------------------------------------------------------------------------------------

    async def request_response(self, data: Any) -> Any:
        request_id = (self.peer_id, next(self._numbers))
        answer = self._answers[request_id] = asyncio.get_running_loop().create_future()
        await self.send("request", request_id, data)
        return await answer

    async def request_stream(self, data: Any) -> AsyncIterator[Any]:
        request_id = (self.peer_id, next(self._numbers))
        queue = self.queue_of(request_id)
        await self.send("stream_request", request_id, data)

        async def items() -> AsyncIterator[Any]:
            while (item := await queue.get()) is not None:
                yield item

        return items()

    async def stream_stream(self, data: Any) -> LegacyStream:
        request_id = (self.peer_id, next(self._numbers))
        stream = LegacyStream(self, request_id)
        await self.send("stream_stream_request", request_id, data)
        return stream

    async def fire_and_forget(self, data: Any) -> None:
        await self.send("fire_and_forget", None, data)

    async def send(self, name: str, request_id: RequestId | None, data: Any = None) -> None:
        frame = {"type": self._habits.spell(name), "peerID": self.peer_id, "data": data}
        if request_id is not None:
            frame["requestId"] = request_id
        await self.websocket.send(json.dumps(frame))

    def queue_of(self, request_id: RequestId) -> asyncio.Queue[Any]:
        return self._queues.setdefault(request_id, asyncio.Queue())

    # -- listening ----------------------------------------------------------------------------------------

    async def listen(self) -> None:
        try:
            async for message in self.websocket:
                try:
                    fields = json.loads(message)
                    frame = self._frame(**fields)
                except (json.JSONDecodeError, NoFrameError):
                    self.skipped += 1
                    continue
                self.got.append(fields)
                self._news.set()
                await self._take(frame)
        except ConnectionClosed:
            pass
        except Exception as error:
            self.killed_by = error
            raise
        finally:
            self._news.set()
            self._clean_up()

    async def until(self, condition: Callable[[], Any]) -> None:
        """Wait until something is true of what came."""
        async with asyncio.timeout(5):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def bury(self) -> None:
        """Stop the handlers that the original leaves behind. For tests, which must leave nothing."""
        tasks = list(self.running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _frame(self, **fields: Any) -> Frame:
        name = self._spelled.get(str(fields.get("type")))
        match name, fields.get("requestId"):
            case "fire_and_forget", None:
                return Frame("fire_and_forget", None, fields.get("data"))
            case str(), [str(opener), int(number)]:
                return Frame(name, (opener, number), fields.get("data"))
        raise NoFrameError

    async def _take(self, frame: Frame) -> None:
        match frame.type:
            case "request":
                await self._answer(frame)
            case "fire_and_forget":
                await self._notice(frame)
            case "stream_request":
                self._start(frame, self._stream)
            case "stream_stream_request":
                assert frame.request_id is not None
                self.queue_of(frame.request_id)
                self._start(frame, self._converse)
            case "stream_data" if frame.request_id in self._queues:
                self._queues[frame.request_id].put_nowait(frame.data)
            case "stream_end":
                self._end(frame)
            case "response" if frame.request_id in self._answers:
                self._answers.pop(frame.request_id).set_result(frame.data)
            case "error":
                self._fail(frame)

    def _end(self, frame: Frame) -> None:
        assert frame.request_id is not None
        if frame.request_id in self._queues:
            self._queues[frame.request_id].put_nowait(None)
        elif self._habits.heeds_stream_end and frame.request_id in self.running:
            self.running[frame.request_id].cancel()

    def _fail(self, frame: Frame) -> None:
        assert frame.request_id is not None
        if frame.request_id in self._answers:
            self._answers.pop(frame.request_id).set_exception(LegacyError(frame.data))
        elif frame.request_id in self._queues:
            self._queues[frame.request_id].put_nowait(None)

    def _clean_up(self) -> None:
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ConnectionError("Connection closed"))
        for queue in self._queues.values():
            queue.put_nowait(None)

    # -- answering ----------------------------------------------------------------------------------------

    def _start(self, frame: Frame, work: Callable[[Frame], Awaitable[None]]) -> None:
        assert frame.request_id is not None
        request_id = frame.request_id
        task = self.running[request_id] = asyncio.create_task(self._guarded(frame, work))
        task.add_done_callback(lambda _: self._finished(request_id))

    def _finished(self, request_id: RequestId) -> None:
        del self.running[request_id]
        self._news.set()

    async def _guarded(self, frame: Frame, work: Callable[[Frame], Awaitable[None]]) -> None:
        try:
            await work(frame)
        except ConnectionClosed:
            pass
        except Exception as error:  # noqa: BLE001 - whatever it is, its text is the answer
            await self.send("error", frame.request_id, _error_data(error))

    async def _answer(self, frame: Frame) -> None:
        try:
            result = await self._handler(frame)(self, frame.data)
        except ConnectionClosed:
            raise
        except Exception as error:  # noqa: BLE001 - likewise
            if self._habits.answers_unknown or not isinstance(error, LookupError):
                await self.send("error", frame.request_id, _error_data(error))
        else:
            await self.send("response", frame.request_id, result)

    async def _notice(self, frame: Frame) -> None:
        with suppress(LookupError):
            await self._handler(frame)(self, frame.data)

    async def _stream(self, frame: Frame) -> None:
        async for item in self._handler(frame)(self, frame.data):
            await self.send("stream_data", frame.request_id, item)
        await self.send("stream_end", frame.request_id)

    async def _converse(self, frame: Frame) -> None:
        assert frame.request_id is not None
        stream = LegacyStream(self, frame.request_id)
        await self._handler(frame)(self, frame.data, stream)
        await stream.aclose()

    def _handler(self, frame: Frame) -> Callable[..., Any]:
        name = frame.data.get("operation")
        if name not in self._operations:
            raise LookupError(f"Unknown operation: {name}")
        return self._operations[name]


def _error_data(error: Exception) -> Any:
    return error.args[0] if isinstance(error, LegacyError) else {"error": str(error)}


# -- what it serves ------------------------------------------------------------------------------------------


async def add(peer: LegacyPeer, data: Any) -> Any:
    return data["a"] + data["b"]


async def echo(peer: LegacyPeer, data: Any) -> Any:
    return data.get("value")


async def fail(peer: LegacyPeer, data: Any) -> None:
    raise LegacyError(data["error"])


async def hang(peer: LegacyPeer, data: Any) -> Any:
    """Answers so late that nobody waits any more; the reader waits with it."""
    await asyncio.sleep(data["delay"])
    return "late"


async def leave(peer: LegacyPeer, data: Any) -> None:
    await peer.websocket.close(data["code"], data.get("reason", ""))


async def items(peer: LegacyPeer, data: Any) -> AsyncIterator[Any]:
    for item in data["items"]:
        yield item
    if "error" in data:
        raise LegacyError(data["error"])


async def silence(peer: LegacyPeer, data: Any) -> AsyncIterator[Any]:
    await asyncio.Event().wait()
    yield


async def count(peer: LegacyPeer, data: Any) -> AsyncIterator[Any]:
    """Numbers from 0 up to `to`, each with `padding` characters, one in each pass of the event loop."""
    padding = "x" * data.get("padding", 0)
    for number in range(data["to"]):
        await asyncio.sleep(0)
        yield [number, padding] if padding else number


async def chat(peer: LegacyPeer, data: Any, stream: LegacyStream) -> None:
    async for item in stream:
        await stream.send(item)


async def pour(peer: LegacyPeer, data: Any, stream: LegacyStream) -> None:
    """Sends `to` numbers without reading any, then counts what came."""
    for number in range(data["to"]):
        await stream.send(number)
    await stream.send(len([item async for item in stream]))


async def note(peer: LegacyPeer, data: Any) -> None:
    """Takes anything; `got` has it."""


OPERATIONS: Operations = {
    method.__name__: method
    for method in (add, echo, fail, hang, leave, items, silence, count, chat, pour, note)
}


@asynccontextmanager
async def legacy_server(
    operations: Operations | None = None, habits: Habits | None = None
) -> AsyncIterator[tuple[str, list[LegacyPeer]]]:
    """Serve on loopback; gives the address, and the peers that have come."""
    peers: list[LegacyPeer] = []

    async def attend(websocket: Connection) -> None:
        peer = LegacyPeer(websocket, operations, habits)
        peers.append(peer)
        try:
            await peer.listen()
        finally:
            await peer.bury()

    async with serve(attend, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}", peers


@asynccontextmanager
async def legacy_client(
    url: str, operations: Operations | None = None, habits: Habits | None = None
) -> AsyncIterator[LegacyPeer]:
    """Connect and listen; a listener that was killed is told by `killed_by` alone, as it was."""
    async with connect(url, proxy=None) as websocket:
        peer = LegacyPeer(websocket, operations, habits)
        listening = asyncio.create_task(peer.listen())
        try:
            yield peer
        finally:
            await websocket.close()
            await asyncio.gather(listening, return_exceptions=True)
            await peer.bury()


async def _main(command: str) -> None:
    if command != "serve":
        raise SystemExit(f"usage: python -m tests.legacy_peer serve, not {command!r}")
    async with legacy_server() as (url, _):
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
