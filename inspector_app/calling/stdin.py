"""Standard input as a program streams it: no further ahead than one portion, and given up at any moment.

Owns the thread that reads. It is one that nobody waits for, because reading a terminal or a pipe cannot be
called off.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from queue import SimpleQueue
from typing import Final

from inspector_app.calling.data import MOST_BYTES
from inspector_app.sources.failures import FAILED, SourceError

_PORTION_BYTES: Final = 64 * 1024


class Stdin:
    """Standard input of this process; closed, it is empty. For the event loop's thread."""

    def __init__(self) -> None:
        self._fd = sys.stdin.fileno() if sys.stdin is not None else None
        self._wanted: SimpleQueue[asyncio.Future[bytes]] = SimpleQueue()
        self._thread: threading.Thread | None = None

    @property
    def is_terminal(self) -> bool:
        """Whether a person types it."""
        return self._fd is not None and os.isatty(self._fd)

    async def portion(self) -> bytes:
        """What comes next; b"" at the end. Raises `SourceError`."""
        if self._fd is None:
            return b""
        loop = asyncio.get_running_loop()
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._read, args=(self._fd, loop), name="stdin", daemon=True
            )
            self._thread.start()
        wanted: asyncio.Future[bytes] = loop.create_future()
        self._wanted.put(wanted)
        try:
            return await wanted
        except OSError as error:
            raise SourceError(f"Cannot read stdin: {error.strerror or error}.", FAILED) from error

    async def all(self) -> bytes:
        """All there is, up to one byte more than can be sent."""
        parts: list[bytes] = []
        while sum(map(len, parts)) <= MOST_BYTES and (portion := await self.portion()):
            parts.append(portion)
        return b"".join(parts)[: MOST_BYTES + 1]

    async def lines(self) -> AsyncIterator[tuple[int, bytes]]:
        """Each line that is not blank, with its number from 1; one that is too long is cut, and the last."""
        number, parts, length = 1, list[bytes](), 0
        while portion := await self.portion():
            *ends, rest = portion.split(b"\n")
            for end in ends:
                if line := b"".join([*parts, end]).strip():
                    yield number, line
                number, parts, length = number + 1, [], 0
            if length <= MOST_BYTES:
                parts.append(rest)
                length += len(rest)
            if length > MOST_BYTES:
                yield number, b"".join(parts)
                return
        if line := b"".join(parts).strip():
            yield number, line

    def _read(self, fd: int, loop: asyncio.AbstractEventLoop) -> None:
        while True:
            wanted = self._wanted.get()
            result: bytes | OSError
            try:
                result = os.read(fd, _PORTION_BYTES)
            except OSError as error:
                result = error
            with suppress(RuntimeError):  # the loop has ended: nobody wants it any more
                loop.call_soon_threadsafe(_settle, wanted, result)


def _settle(wanted: asyncio.Future[bytes], result: bytes | OSError) -> None:
    if wanted.done():
        return
    if isinstance(result, OSError):
        wanted.set_exception(result)
    else:
        wanted.set_result(result)
