"""Sending a message over a connection of the library: what a run without a screen, and a repetition, do."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from inspector_app.messages.answers import NOT_SENT, Answer, Outcome, Ready
from slipstream import (
    BiStreamHandle,
    ConnectionClosedError,
    ConnectionLostError,
    ExchangeCancelledError,
    RemoteError,
    RequestTimeoutError,
    SlipstreamError,
    StreamClosedError,
    StreamOverflowError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from slipstream import Protocol


MOST_ITEMS: Final = 100_000
"""Items of a stream that are kept; one that goes on is given up."""
STREAM_LIMIT_S: Final = 60.0
"""Longest time for a stream for which none is given: one without an end would hold up the next for ever."""


class _TooManyError(Exception):
    """More items came than are kept."""


class ConnectionCaller:
    """Sends over `protocol`. A stream for which no timeout is given ends after `stream_timeout_s`."""

    def __init__(self, protocol: Protocol, *, stream_timeout_s: float = STREAM_LIMIT_S) -> None:
        self._protocol = protocol
        self._stream_timeout_s = stream_timeout_s

    async def call(self, message: Ready) -> Answer:
        """Send it and wait for its end."""
        taken = _Taken()
        if message.timeout_s is None and message.kind in ("stream", "bidirectional"):
            message = replace(message, timeout_s=self._stream_timeout_s)
        try:
            result = await send(self._protocol, message, json.loads(message.data_json), taken.item)
        except _TooManyError:
            return taken.answer("overflow", message=f"more than {MOST_ITEMS:,} items came: take fewer")
        except TimeoutError as error:
            return taken.answer("timeout", message=str(error))
        except RemoteError as error:
            taken.came()
            return taken.answer("error", code=error.code, message=error.message, details=error.details)
        except SlipstreamError as error:
            outcome = _outcome_of(error)
            code = NOT_SENT if outcome == "error" else ""
            return taken.answer(outcome, code=code, message=str(error))
        if message.kind == "request":
            taken.came()
        return taken.answer("ok", data=result)


async def send(
    protocol: Protocol,
    message: Ready,
    data: Mapping[str, Any],
    on_item: Callable[[Any], object] = lambda _: None,
) -> Any:
    """Send a message with `data` in place of its own, see it to its end, and give the result of a request.

    Raises what the library does where it does not end well, and `TimeoutError`.
    """
    typed = {"operation": message.operation, **data}
    match message.kind:
        case "oneway":
            await protocol.fire_and_forget(typed)
        case "request":
            limit_s = message.timeout_s or protocol.limits.request_timeout_s
            return await protocol.request_response(typed, timeout=limit_s)
        case "stream":
            async with (
                asyncio.timeout(message.timeout_s or STREAM_LIMIT_S),
                await protocol.request_stream(typed) as items,
            ):
                await _take(items, message.take, on_item)
        case "bidirectional":
            async with (
                asyncio.timeout(message.timeout_s or STREAM_LIMIT_S),
                await protocol.stream_stream(typed) as handle,
            ):
                await _talk(handle, message, on_item)
    return None


async def _talk(handle: BiStreamHandle, message: Ready, on_item: Callable[[Any], object]) -> None:
    """Send items and take what comes, at the same time: either may be what the other side waits for."""
    sending = asyncio.create_task(_send_items(handle, message.items_json), name="items of a message")
    taking = asyncio.create_task(_take(handle, message.take, on_item), name="answers to a message")
    try:
        await asyncio.wait({sending, taking}, return_when=asyncio.FIRST_COMPLETED)
        if not taking.done():
            await sending  # an item that cannot be sent is what it fails by
        if await taking and not handle.is_closed():
            await handle.abort()
    finally:
        for task in (sending, taking):
            task.cancel()
        await asyncio.gather(sending, taking, return_exceptions=True)


async def _send_items(handle: BiStreamHandle, items: tuple[str, ...]) -> None:
    # Of an end that came before, whoever takes the answers is told, and better.
    with suppress(StreamClosedError, ConnectionClosedError):
        for item in items:
            await handle.send(json.loads(item))
        await handle.aclose()


async def _take(items: AsyncIterator[Any], most: int | None, on_item: Callable[[Any], object]) -> bool:
    """Take items up to the end, or so many; tell whether it was enough of them."""
    count = 0
    async for item in items:
        on_item(item)
        count += 1
        if count == most:
            return True
    return False


class _Taken:
    """What came so far, and when."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._began = time.monotonic_ns()
        self._latency_ns: int | None = None

    def came(self) -> None:
        if self._latency_ns is None:
            self._latency_ns = time.monotonic_ns() - self._began

    def item(self, item: Any) -> None:
        if len(self.items) == MOST_ITEMS:
            raise _TooManyError
        self.came()
        self.items.append(item)

    def answer(
        self,
        outcome: Outcome,
        *,
        data: object = None,
        code: str = "",
        message: str = "",
        details: object = None,
    ) -> Answer:
        return Answer(
            outcome=outcome,
            data=data,
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
