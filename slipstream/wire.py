"""How messages move over a connection of the websockets library: what a wire is, and the public way.

`PublicWire` uses what the library documents: `recv()` and `send()`, a message at a time. `direct_wire` has
the other way, which reads and writes many at once, and chooses between the two.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from typing import Protocol as Shape

Receive = Callable[[str | bytes], bool]
"""Takes one message, text as `str`, a binary one as `bytes`; False when no more are wanted."""

# So many messages, or so long, and the reader lets the other tasks run.
_MESSAGES_A_TURN = 64
_TURN_S = 0.005


class Wire(Shape):
    """How one connection is read and written."""

    async def read(self, receive: Receive) -> None:
        """Give each message to `receive`, until the connection ends; raises what the library says of it.

        Returns where no more were wanted before that.
        """

    def write(self, messages: Sequence[str]) -> Awaitable[None] | None:
        """Write text messages, in order; None where the socket has taken them, else what to wait for."""

    def unsent_bytes(self) -> int:
        """What was written and the socket has not taken yet; 0 where it cannot be known."""


class PublicWire:
    """By the documented calls alone: works with whatever has `recv` and `send`."""

    def __init__(self, websocket: Any) -> None:
        self._websocket = websocket

    async def read(self, receive: Receive) -> None:
        """Give each message to `receive`, until the connection ends; raises what the library says of it."""
        loop = asyncio.get_running_loop()
        turn_ends, messages = loop.time() + _TURN_S, 0
        while receive(await self._websocket.recv()):
            messages += 1
            if messages >= _MESSAGES_A_TURN or loop.time() >= turn_ends:
                await asyncio.sleep(0)
                turn_ends, messages = loop.time() + _TURN_S, 0

    def write(self, messages: Sequence[str]) -> Awaitable[None] | None:
        """Write text messages, one after the other."""
        return self._send(messages)

    async def _send(self, messages: Sequence[str]) -> None:
        for message in messages:
            await self._websocket.send(message)

    def unsent_bytes(self) -> int:
        """What was written and the socket has not taken yet; 0 where it cannot be known."""
        size_of_buffer = getattr(getattr(self._websocket, "transport", None), "get_write_buffer_size", None)
        return size_of_buffer() if size_of_buffer is not None else 0
