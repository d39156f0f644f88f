"""The operations that conformance cases ask for, as `tests/vectors/README.md` describes them.

Host it (`slipstream-inspector host tests/conformance/handler.py`) to see `check` play all that can be played
from outside.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel

from slipstream import (
    BiStreamHandle,
    HandlerError,
    ProtocolHandler,
    fire_and_forget,
    request_response,
    request_stream,
    stream_stream,
)


class Sum(BaseModel):
    """Two whole numbers."""

    a: int
    b: int = 0


class Conformance(ProtocolHandler):
    """One of these answers one connection: notes and stopped handlers are counted for each alone."""

    def __init__(self) -> None:
        self._notes: list[Any] = []
        self._stopped = 0
        self._changed = asyncio.Event()

    @request_response
    async def conformance_echo(self, data: dict[str, Any]) -> Any:
        """Answer with `value`."""
        return data.get("value")

    @request_response
    async def conformance_typed(self, data: Sum) -> int:
        """Answer with the sum of `a` and `b`."""
        return data.a + data.b

    @request_response
    async def conformance_fail(self, data: dict[str, Any]) -> None:
        """Fail with `message`, `code` and `details`."""
        raise _failure(data)

    @request_response
    async def conformance_raise(self, data: dict[str, Any]) -> None:
        """Fail in a way that nobody foresaw, with `message` for its text."""
        raise RuntimeError(data["message"])

    @request_response
    async def conformance_unsayable(self, data: dict[str, Any]) -> object:
        """Answer with what JSON cannot say."""
        return object()

    @request_response
    async def conformance_hang(self, data: dict[str, Any]) -> None:
        """Never answer."""
        with self._counting():
            await _for_ever()

    @request_response
    async def conformance_notes(self, data: dict[str, Any]) -> list[Any]:
        """Answer with all notes, once there are `count` of them."""
        await self._until(lambda: len(self._notes) >= data["count"])
        return self._notes

    @request_response
    async def conformance_stopped(self, data: dict[str, Any]) -> int:
        """Answer how many handlers were stopped before they ended, once there are `count` of them."""
        await self._until(lambda: self._stopped >= data["count"])
        return self._stopped

    @fire_and_forget
    async def conformance_note(self, data: dict[str, Any]) -> None:
        """Note `value`."""
        self._note(data["value"])

    @request_stream
    async def conformance_items(self, data: dict[str, Any]) -> AsyncIterator[Any]:
        """Send each of `items`; then end, or hang (`then` is "hang"), or fail (`then` is an object)."""
        with self._counting():
            for item in data["items"]:
                yield item
            then = data.get("then")
            if then == "hang":
                await _for_ever()
            if then is not None:
                raise _failure(then)

    @request_stream
    async def conformance_count(self, data: dict[str, Any]) -> AsyncIterator[int]:
        """Send 0, 1, 2 … below `to`, or without end where it is null."""
        with self._counting():
            number = 0
            while data["to"] is None or number < data["to"]:
                yield number
                number += 1

    @request_stream
    async def conformance_watch(self, data: dict[str, Any]) -> AsyncIterator[Any]:
        """Send the first `count` notes, each as soon as it is there."""
        for number in range(data["count"]):
            await self._until(lambda: len(self._notes) > number)  # noqa: B023 - it is waited for right here
            yield self._notes[number]

    @stream_stream
    async def conformance_chat(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        """Send every item back; behind the other side's end send `farewell`, if there is one, and end."""
        async for item in stream:
            await stream.send(item)
        if "farewell" in data:
            await stream.send(data["farewell"])

    @stream_stream
    async def conformance_hold(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        """Note every item; never end."""
        with self._counting():
            async for item in stream:
                self._note(item)
            await _for_ever()

    @stream_stream
    async def conformance_collect(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        """End this half at once; then note every item."""
        with self._counting():
            await stream.aclose()
            async for item in stream:
                self._note(item)

    @stream_stream
    async def conformance_refuse(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        """Fail with `message` and `code` at the first item."""
        await stream.receive()
        raise _failure(data)

    @stream_stream
    async def conformance_deaf(self, data: dict[str, Any], stream: BiStreamHandle) -> None:
        """Read nothing and send nothing, for ever."""
        with self._counting():
            await _for_ever()

    def _note(self, value: Any) -> None:
        self._notes.append(value)
        self._changed.set()

    @contextmanager
    def _counting(self) -> Iterator[None]:
        try:
            yield
        except (asyncio.CancelledError, GeneratorExit):
            self._stopped += 1
            self._changed.set()
            raise

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()


def _failure(told: dict[str, Any]) -> HandlerError:
    return HandlerError(told["message"], told["code"], told.get("details"))


async def _for_ever() -> None:
    await asyncio.Event().wait()
