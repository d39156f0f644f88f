"""A caller over a connection of the library: what a run without a screen sends its messages with."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, Final

from inspector_app.messages.answers import Answer, Outcome, Ready
from slipstream import (
    BiStreamHandle,
    ConnectionClosedError,
    ConnectionLostError,
    ExchangeCancelledError,
    RemoteError,
    RequestTimeoutError,
    SlipstreamError,
    StreamOverflowError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from slipstream import Protocol


MOST_ITEMS: Final = 100_000
"""Items of a stream that are kept; one that goes on is given up."""


class _TooManyError(Exception):
    """More items came than are kept."""


class ConnectionCaller:
    """Sends over `protocol`. A stream for which no timeout is given ends after `stream_timeout_s`."""

    def __init__(self, protocol: Protocol, *, stream_timeout_s: float = 60.0) -> None:
        self._protocol = protocol
        self._stream_timeout_s = stream_timeout_s

    async def call(self, message: Ready) -> Answer:
        """Send it and wait for its end."""
        data = {"operation": message.operation, **json.loads(message.data_json)}
        taken = _Taken()
        try:
            match message.kind:
                case "oneway":
                    await self._protocol.fire_and_forget(data)
                case "request":
                    taken.data = await self._protocol.request_response(data, timeout=message.timeout_s)
                    taken.came()
                case _:
                    async with asyncio.timeout(message.timeout_s or self._stream_timeout_s):
                        await self._stream(message, data, taken)
        except _TooManyError:
            return taken.answer("overflow", message=f"more than {MOST_ITEMS:,} items came: take fewer")
        except TimeoutError as error:
            return taken.answer("timeout", message=str(error))
        except RemoteError as error:
            taken.came()
            return taken.answer("error", code=error.code, message=error.message, details=error.details)
        except SlipstreamError as error:
            return taken.answer(_outcome_of(error), message=str(error))
        return taken.answer("ok")

    async def _stream(self, message: Ready, data: dict[str, Any], taken: _Taken) -> None:
        if message.kind == "stream":
            async with await self._protocol.request_stream(data) as items:
                await _take(items, message.take, taken)
            return
        handle: BiStreamHandle = await self._protocol.stream_stream(data)
        async with handle:
            sending = asyncio.create_task(_send_items(handle, message.items_json), name="items of a message")
            try:
                await _take(handle, message.take, taken)
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)


async def _send_items(handle: BiStreamHandle, items: tuple[str, ...]) -> None:
    for item in items:
        await handle.send(json.loads(item))
    await handle.aclose()


async def _take(items: AsyncIterator[Any], most: int | None, taken: _Taken) -> None:
    async for item in items:
        if len(taken.items) == MOST_ITEMS:
            raise _TooManyError
        taken.came()
        taken.items.append(item)
        if most is not None and len(taken.items) >= most:
            return


class _Taken:
    """What came so far, and when."""

    def __init__(self) -> None:
        self.data: Any = None
        self.items: list[Any] = []
        self._began = time.monotonic_ns()
        self._latency_ns: int | None = None

    def came(self) -> None:
        if self._latency_ns is None:
            self._latency_ns = time.monotonic_ns() - self._began

    def answer(
        self, outcome: Outcome, *, code: str = "", message: str = "", details: object = None
    ) -> Answer:
        return Answer(
            outcome=outcome,
            data=self.data,
            items=tuple(self.items),
            code=code,
            message=message,
            details=details,
            latency_ns=self._latency_ns,
            duration_ns=time.monotonic_ns() - self._began,
        )


def _outcome_of(error: SlipstreamError) -> Outcome:
    match error:
        case RequestTimeoutError():
            return "timeout"
        case ConnectionLostError():
            return "lost"
        case ConnectionClosedError():
            return "closed"
        case StreamOverflowError():
            return "overflow"
        case ExchangeCancelledError():
            return "cancelled"
        case _:
            return "error"
