"""One exchange of each kind, from its opening to its end: data in, answers out.

Owns who waits for whom. An item is taken from stdin only when the one before it was let through, and from the
connection only when stdout takes it, so credit holds both ends to the pace of the slower.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from inspector_app.calling.data import text_of, value_of
from inspector_app.messages.repeat import first_of
from inspector_app.sources.failures import SourceError
from inspector_app.stderr import say
from slipstream import (
    ConnectionClosedError,
    ConnectionLostError,
    ConnectionState,
    RequestTimeoutError,
    StreamClosedError,
)

if TYPE_CHECKING:
    from inspector_app.calling.connecting import Connection
    from inspector_app.calling.output import Output
    from inspector_app.calling.stdin import Stdin
    from inspector_app.intents import MessageKind
    from slipstream import BiStreamHandle, SlipstreamError

_HALF_ENDED: Final = "The server has ended its half; Ctrl-D ends yours."


class Exchange:
    """An exchange on an open connection. `items` counts what was printed."""

    def __init__(self, connection: Connection, output: Output, stdin: Stdin) -> None:
        self._protocol = connection.protocol
        self._answers = connection.answers
        self._output = output
        self._stdin = stdin
        self.items = 0
        self._kinds: dict[MessageKind, Callable[[dict[str, Any], float | None], Awaitable[None]]] = {
            "request": self._request,
            "stream": self._stream,
            "bidirectional": self._bidirectional,
            "oneway": self._oneway,
        }

    async def run(self, kind: MessageKind, data: dict[str, Any], timeout_s: float | None) -> None:
        """Open it and see it to its end; raises the `SlipstreamError` or `SourceError` that ended it else."""
        await self._kinds[kind](data, timeout_s)
        await self._output.finish()

    async def _request(self, data: dict[str, Any], timeout_s: float | None) -> None:
        protocol = self._protocol
        self._answers.watch((protocol.peer_id, protocol.stats().opened_here))
        limit_s = protocol.limits.request_timeout_s if timeout_s is None else timeout_s
        answer = await protocol.request_response(data, timeout=limit_s)
        await self._output.document(self._answers.take(answer))

    async def _stream(self, data: dict[str, Any], timeout_s: float | None) -> None:
        async with await self._protocol.request_stream(data, timeout=timeout_s) as stream:
            self._answers.watch(stream.request_id)
            async for item in stream:
                await self._print(item)

    async def _bidirectional(self, data: dict[str, Any], timeout_s: float | None) -> None:
        end_s = None if timeout_s is None else asyncio.get_running_loop().time() + timeout_s
        async with await self._protocol.stream_stream(data, timeout=timeout_s) as stream:
            self._answers.watch(stream.request_id)
            try:
                async with asyncio.TaskGroup() as group:
                    sending = group.create_task(self._send_items(stream))
                    async for item in stream:
                        await self._print(item)
                    await self._rest_is_sent(sending, stream, end_s)
            except BaseExceptionGroup as failures:  # both halves fail by one cause: the end of the exchange
                raise first_of(failures) from None
            if (failure := sending.result()) is not None:
                raise failure

    async def _rest_is_sent(
        self, sending: asyncio.Task[SlipstreamError | None], stream: BiStreamHandle, end_s: float | None
    ) -> None:
        """Wait for the end of stdin too, for as long as the exchange lasts, at most until `end_s`."""
        if not sending.done() and self._stdin.is_terminal:
            say(_HALF_ENDED)
        over = asyncio.create_task(self._answers.over.wait())
        try:
            async with asyncio.timeout_at(end_s):
                await asyncio.wait({sending, over}, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            raise RequestTimeoutError("Stdin did not end in time") from None
        finally:
            over.cancel()
        if not sending.done() and stream.is_closed():
            await stream.send(None)  # which it refuses, and says why

    async def _send_items(self, stream: BiStreamHandle) -> SlipstreamError | None:
        """Send the lines of stdin, each an item, and end this half where they end.

        Gives what ended the stream before: whoever receives is told of it too, and better, unless all of the
        server's items had come.
        """
        try:
            async for number, line in self._stdin.lines():
                where = f"Line {number} of stdin"
                await stream.send(value_of(text_of(line, where), where))
            await stream.aclose()
        except (ConnectionClosedError, StreamClosedError) as failure:
            return failure
        return None

    async def _oneway(self, data: dict[str, Any], timeout_s: float | None) -> None:
        protocol = self._protocol
        try:
            async with asyncio.timeout(timeout_s):
                await protocol.fire_and_forget(data)
                await protocol.aclose()
        except TimeoutError:
            raise SourceError(f"It could not be sent within {timeout_s:g} s.") from None
        if protocol.state is ConnectionState.LOST:
            raise ConnectionLostError(None, "before it was sent")

    async def _print(self, item: Any) -> None:
        await self._output.item(self._answers.take(item))
        self.items += 1
