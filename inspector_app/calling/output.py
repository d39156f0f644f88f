"""JSON on standard output: for a person at a terminal, or byte for byte for a program.

Owns the form of it and the thread that writes. Who reads slowly holds up the exchange, by `write` that waits,
and never the event loop: pings are answered all the same.
"""

from __future__ import annotations

import asyncio
import os
import re
import select
import sys
import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import Final, Self

from inspector_app.display.inert import inert
from inspector_app.display.json_layout import in_one_line, lay_out
from inspector_app.sources.failures import FAILED, SourceError

_LAST_WORDS_S: Final = 0.5
_FULL_BYTES: Final = 256 * 1024
"""What may wait for a reader of stdout before the exchange waits too."""

_NOT_ASCII: Final = re.compile(r"[^\x20-\x7e]")
_ESCAPED: Final = re.compile(
    r"(\\\\)|\\u[dD][89abAB]([0-9a-fA-F]{2})\\u[dD][c-fC-F]([0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})"
)


class ReaderGoneError(Exception):
    """Who read stdout does so no more: all that it wanted was written."""


class Output:
    """Standard output, with `async with`: at the end of the block all is written, or after an error what can
    be within a moment. All methods raise `ReaderGoneError`, or `SourceError` where it cannot be written.
    """

    def __init__(self) -> None:
        if sys.stdout is None:
            raise SourceError("Stdout is closed, so there is nowhere to print: let it go to a file.")
        self._fd = sys.stdout.fileno()
        self.is_terminal = os.isatty(self._fd)
        self._encoding = (sys.stdout.encoding or "ascii") if self.is_terminal else "ascii"
        self._waiting = bytearray()
        self._portions: SimpleQueue[bytes] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._written = asyncio.Event()
        self._busy = False
        self._failure: OSError | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            await self.finish()
            return
        with suppress(TimeoutError, ReaderGoneError, SourceError):  # what ended the block is the one to tell
            async with asyncio.timeout(_LAST_WORDS_S):
                await self.finish()

    async def document(self, json_text: bytes) -> None:
        """Write an answer: laid out on a terminal, on one line elsewhere."""
        if self.is_terminal:
            text = lay_out(json_text).text.decode(errors="replace")
            await self.text(readable(text))
        else:
            await self.item(json_text)

    async def item(self, json_text: bytes) -> None:
        """Write an item on one line."""
        text = in_one_line(json_text).decode(errors="replace")
        await self.text(readable(text) if self.is_terminal else ascii_only(text))

    async def line(self, line: str) -> None:
        """Write one line, made inert: a newline in it, as a name may have, makes no other."""
        await self.text(inert(line))

    async def text(self, text: str) -> None:
        """Write lines, made inert; waits while a slow reader has much to read yet."""
        self._raise_failure()
        shown = inert(text, keep_newlines=True)
        self._waiting += f"{shown}\n".encode(self._encoding, errors="backslashreplace")
        if not self._busy:
            self._begin()
        while self._busy and len(self._waiting) > _FULL_BYTES:
            await self._written.wait()
        self._raise_failure()

    async def finish(self) -> None:
        """Wait until all is written."""
        while self._busy:
            await self._written.wait()
        self._raise_failure()

    def _raise_failure(self) -> None:
        if isinstance(self._failure, BrokenPipeError):
            raise ReaderGoneError from self._failure
        if self._failure is not None:
            raise SourceError(f"Cannot write to stdout: {self._failure.strerror}.", FAILED) from self._failure

    def _begin(self) -> None:
        if self._thread is None:
            loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._write, args=(loop,), name="stdout", daemon=True)
            self._thread.start()
        portion, self._waiting = bytes(self._waiting), bytearray()
        self._busy = True
        self._written.clear()
        self._portions.put(portion)

    def _done(self, failure: OSError | None) -> None:
        self._failure, self._busy = failure, False
        if self._waiting and failure is None:
            self._written.set()
            self._begin()
        else:
            self._written.set()

    # -- the thread ---------------------------------------------------------------------------------------

    def _write(self, loop: asyncio.AbstractEventLoop) -> None:
        failure: OSError | None = None
        while failure is None:
            failure = _write_all(self._fd, self._portions.get())
            with suppress(RuntimeError):  # the loop has ended: nobody waits any more
                loop.call_soon_threadsafe(self._done, failure)


def _write_all(fd: int, data: bytes) -> OSError | None:
    """Write past the buffer of `sys.stdout`, whose lock a thread that hangs here would keep at the end."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(fd, rest) :]
        except BlockingIOError:
            select.select([], [fd], [])  # someone else has made it so
        except OSError as error:
            return error
    return None


def ascii_only(json_text: str) -> str:
    """Give a JSON text on one line with all that is not printable ASCII as escapes, which mean the same."""
    return _NOT_ASCII.sub(lambda found: _escape(found[0]), json_text)


def readable(json_text: str) -> str:
    """Give a JSON text with those escapes resolved that stand for something that can be seen."""
    return _ESCAPED.sub(_resolved, json_text) if "\\u" in json_text else json_text


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def _resolved(found: re.Match[str]) -> str:
    whole = found[0]
    if found[1]:
        return whole
    units = bytes.fromhex(whole.replace("\\u", ""))
    character = units.decode("utf-16-be", "replace")
    harmless = character.isprintable() and inert(character) == character and character not in '"\\\ufffd'
    return character if harmless else whole
