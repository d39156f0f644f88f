"""A message sent many times over a connection: begun and stopped, seen by taps like all else.

Owns what is being repeated on which connection. It keeps no figures: those are in the capture.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from inspector_app.messages.repeat import Pace, keep_pace
from slipstream import ConnectionClosedError, OverloadedError, ProtocolError, SlipstreamError

if TYPE_CHECKING:
    from inspector_app.intents import MessageKind
    from slipstream import Protocol

STREAM_LIMIT_S = 60.0
"""Longest time for a stream of a repetition that names none: one without an end would hold it up for ever."""

_running: WeakKeyDictionary[Protocol, asyncio.Task[None]] = WeakKeyDictionary()


def begin_to_repeat(
    protocol: Protocol, kind: MessageKind, data: dict[str, Any], timeout_s: float | None, pace: Pace
) -> bool:
    """Begin; tell whether it was, which it is not while something is being repeated there already."""
    if protocol in _running and not _running[protocol].done():
        return False
    repetition = _repeat(protocol, kind, data, timeout_s, pace)
    _running[protocol] = asyncio.create_task(repetition, name="repetition")
    return True


async def stop_repeating(protocol: Protocol) -> bool:
    """Stop, and give up what is in flight; tell whether there was anything to stop."""
    task = _running.pop(protocol, None)
    if task is None or task.done():
        return False
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return True


async def _repeat(
    protocol: Protocol, kind: MessageKind, data: dict[str, Any], timeout_s: float | None, pace: Pace
) -> None:
    async def once(_: int) -> None:
        try:
            async with asyncio.timeout(
                None if kind in ("request", "oneway") else timeout_s or STREAM_LIMIT_S
            ):
                await _call(protocol, kind, data, timeout_s)
        except (ConnectionClosedError, OverloadedError, ProtocolError):
            raise  # nothing was sent, and nothing would be
        except (SlipstreamError, TimeoutError):
            pass  # how an exchange failed is recorded with it

    # The end of the connection is told by its own record, and ends this.
    with suppress(ConnectionClosedError, OverloadedError, ProtocolError):
        await keep_pace(once, pace)


async def _call(protocol: Protocol, kind: MessageKind, data: dict[str, Any], timeout_s: float | None) -> None:
    match kind:
        case "oneway":
            await protocol.fire_and_forget(data)
        case "request" if timeout_s is None:
            await protocol.request_response(data)
        case "request":
            await protocol.request_response(data, timeout=timeout_s)
        case "stream":
            async with await protocol.request_stream(data) as items:
                async for _ in items:
                    pass
        case "bidirectional":
            async with await protocol.stream_stream(data) as stream:
                await stream.aclose()
                async for _ in stream:
                    pass
