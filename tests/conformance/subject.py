"""The library as the subject of a conformance case: a protocol in memory, and the program that drives it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from inspector_app.check.cases import Case
from slipstream import (
    ConnectionClosedError,
    ConnectionLostError,
    ExchangeCancelledError,
    Finding,
    Limits,
    OverloadedError,
    Protocol,
    RemoteError,
    RequestTimeoutError,
    SlipstreamError,
    StreamClosedError,
    StreamOverflowError,
    Tap,
)
from slipstream.errors import FrameTooLargeError
from slipstream.testing import MemoryWebSocket, listening, websocket_pair
from tests.conformance.handler import Conformance

_LIMITS = {
    "frame": "frame_bytes",
    "inFlight": "in_flight",
    "streamBuffer": "stream_buffer_bytes",
    "credit": "credit",
    "badFrames": "bad_frames",
    "requestTimeout": "request_timeout_s",
    "strict": "strict",
}


class Findings(Tap):
    """Counts findings."""

    def __init__(self) -> None:
        self.count = 0

    def finding(self, finding: Finding, time_ns: int) -> None:
        self.count += 1


class LibraryProgram:
    """What a program that uses the library does, by the words of the cases (`player.Program`)."""

    def __init__(self, protocol: Protocol, findings: Findings) -> None:
        self._protocol = protocol
        self._findings = findings
        self._calls: dict[str, asyncio.Task[Any]] = {}
        self._kinds: dict[str, str] = {}
        self._writing: dict[str, asyncio.Task[None]] = {}
        self._leaving: asyncio.Task[None] | None = None

    async def call(self, name: str, kind: str, data: dict[str, Any], **timeouts: float) -> None:
        method = getattr(self._protocol, kind)
        options = {option.removesuffix("_s"): value for option, value in timeouts.items()}
        self._calls[name] = asyncio.create_task(method(data, **options))
        self._kinds[name] = kind
        await asyncio.sleep(0)  # calls are made in the order of the case

    async def notify(self, data: dict[str, Any]) -> None:
        await self._protocol.fire_and_forget(data)

    async def write(self, name: str, items: list[Any]) -> None:
        handle, before = await self._calls[name], self._writing.get(name)

        async def send() -> None:
            if before is not None:
                await before
            for item in items:
                await handle.send(item)

        self._writing[name] = asyncio.create_task(send())

    async def written(self, name: str) -> dict[str, Any]:
        try:
            await self._writing.pop(name)
        except SlipstreamError as error:
            return _ending(error)
        return {"ending": "written"}

    async def end(self, name: str) -> None:
        if name in self._writing:
            await self._writing.pop(name)
        await (await self._calls[name]).aclose()

    async def cancel(self, name: str) -> None:
        call = self._calls[name]
        if self._kinds[name] == "request_response":
            call.cancel()
            return
        stream = await call
        await (stream.abort() if hasattr(stream, "abort") else stream.aclose())

    async def read(self, name: str, count: int) -> list[Any]:
        stream = await self._calls[name]
        items: list[Any] = []
        while len(items) < count:
            try:
                items.append(await anext(stream))
            except (StopAsyncIteration, SlipstreamError):
                break
        return items

    async def outcome(self, name: str) -> dict[str, Any]:
        try:
            value = await self._calls[name]
        except (asyncio.CancelledError, SlipstreamError) as error:
            return _ending(error)
        if not hasattr(value, "__anext__"):
            return {"ending": "result", "value": value}
        items: list[Any] = []
        try:
            async for item in value:
                items.append(item)  # noqa: PERF401 - a comprehension would lose them when the stream fails
        except SlipstreamError as error:
            return {**_ending(error), "items": items}
        return {"ending": "end", "items": items}

    async def leave(self, code: int, drain_s: float) -> None:
        self._leaving = asyncio.create_task(self._protocol.aclose(code, drain_s=drain_s))
        await asyncio.sleep(0)  # it begins to close now

    def findings(self) -> int:
        return self._findings.count

    async def stop(self) -> None:
        """End what the case left running."""
        left = [*self._calls.values(), *self._writing.values()]
        if self._leaving is not None:
            left.append(self._leaving)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def _ending(error: BaseException) -> dict[str, Any]:
    match error:
        case RemoteError():
            return {"ending": "error", "code": error.code, "message": error.message, "details": error.details}
        case RequestTimeoutError():
            return {"ending": "timeout"}
        case ExchangeCancelledError() | asyncio.CancelledError():
            return {"ending": "cancelled"}
        case StreamOverflowError():
            return {"ending": "overflow"}
        case ConnectionLostError():
            return {"ending": "lost", "code": error.code}
        case ConnectionClosedError():
            return {"ending": "closed", "code": error.code}
        case FrameTooLargeError():
            return {"ending": "refused", "why": "too_large"}
        case OverloadedError():
            return {"ending": "refused", "why": "overloaded"}
        case StreamClosedError():
            return {"ending": "refused", "why": "closed"}
        case _:
            return {"ending": "refused", "why": "invalid"}


@asynccontextmanager
async def library(case: Case) -> AsyncIterator[tuple[MemoryWebSocket, LibraryProgram, Protocol]]:
    """A listening protocol, set up as the case needs it: the driver's end, its program, itself."""
    limits = {_LIMITS[name]: value for name, value in case.needs.limits.items() if name != "describe"}
    near, far = websocket_pair()
    findings = Findings()
    protocol = Protocol(
        near,
        handler=Conformance(),
        limits=Limits(**limits),
        taps=[findings],
        describe=case.needs.limits.get("describe", True),
    )
    program = LibraryProgram(protocol, findings)
    async with listening(protocol):
        try:
            yield far, program, protocol
        finally:
            await program.stop()
