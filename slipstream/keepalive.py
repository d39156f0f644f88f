"""Noticing that the other side is gone: pings that count from when they are due (protocol.md §11).

The websockets library's own keepalive waits without limit for room to write its ping, and then for a closing
handshake with a peer that does not answer. It goes on beside this one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


async def until_ping_missed(websocket: Any, unsent_bytes: Callable[[], int]) -> None:
    """Ping as often as the websocket is set to; returns once a ping was not answered in time.

    Time counts from the ping, or from the last byte that the socket took before it could be written.
    """
    interval_s: float | None = getattr(websocket, "ping_interval", None)
    timeout_s: float | None = getattr(websocket, "ping_timeout", None)
    while interval_s is not None and timeout_s is not None:
        await asyncio.sleep(interval_s)
        if not await _answered(websocket, timeout_s, unsent_bytes):
            return
    await asyncio.get_running_loop().create_future()  # it does not ping


async def _answered(websocket: Any, timeout_s: float, unsent_bytes: Callable[[], int]) -> bool:
    writing = asyncio.ensure_future(websocket.ping())
    try:
        unsent = unsent_bytes()
        while not (await asyncio.wait([writing], timeout=timeout_s))[0]:
            unsent, before = unsent_bytes(), unsent
            if unsent >= before:
                return False
        return bool((await asyncio.wait([writing.result()], timeout=timeout_s))[0])
    finally:
        writing.cancel()
