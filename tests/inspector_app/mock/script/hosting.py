"""A mock that is hosted over a real socket, for tests: its text, its notes, its clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from inspector_app.mock.script.mock import Mock, load_mock
from slipstream import (
    Protocol,
    ProtocolHandler,
    RemoteError,
    connect,
    fire_and_forget,
    request_response,
    serve,
)
from slipstream.server import Server

WAIT_S = 20.0


class Client(ProtocolHandler):
    """A client that can be called back: `pushed` takes messages, `ask` answers."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    @fire_and_forget
    async def pushed(self, data: dict[str, Any]) -> None:
        self.heard.put_nowait(data)

    @request_response
    async def ask(self, data: dict[str, Any]) -> str:
        self.heard.put_nowait(data)
        return "answered"


class Hosting:
    """A hosted mock. `version` takes over with another text, as a reload does."""

    def __init__(self, mock: Mock, server: Server, path: Path) -> None:
        self.mock = mock
        self.server = server
        self.path = path
        self.notes: list[tuple[str, str]] = []
        self.mock.notes_to(self._note)

    def _note(self, level: str, text: str, protocol: Protocol | None) -> None:
        self.notes.append((level, text))

    def make(self) -> ProtocolHandler:
        return self.mock.make()

    def version(self, text: str) -> None:
        self.path.write_text(text)
        self.mock = self.mock.again()
        self.mock.notes_to(self._note)
        for protocol in self.server.protocols:
            protocol.set_handler(self.mock.make())


@asynccontextmanager
async def hosting(folder: Path, text: str, seed: int | None = 1) -> AsyncIterator[Hosting]:
    path = folder / "mock.toml"
    path.write_text(text)
    mock = load_mock(path, seed=seed)
    makers: list[Callable[[], ProtocolHandler]] = []
    async with asyncio.timeout(WAIT_S), serve(lambda: makers[0]()) as server:
        hosted = Hosting(mock, server, path)
        makers.append(hosted.make)
        try:
            yield hosted
        finally:
            await hosted.mock.end()


def client(hosted: Hosting, handler: ProtocolHandler | None = None) -> Any:
    """A connection to the mock, for `async with`."""
    return connect(hosted.server.url, handler=handler or Client())


async def told(protocol: Protocol, operation: str, **data: Any) -> Any:
    """The answer to a request, or code and message of its error."""
    try:
        return await protocol.request_response({"operation": operation, **data})
    except RemoteError as error:
        return error.code, error.message


async def all_of(protocol: Protocol, operation: str, **data: Any) -> list[Any]:
    """The items of a stream, and last, if it ended with an error, that error's code and message."""
    items: list[Any] = []
    try:
        stream = await protocol.request_stream({"operation": operation, **data})
        while True:
            items.append(await anext(stream))
    except StopAsyncIteration:
        return items
    except RemoteError as error:
        items.append((error.code, error.message))
    return items
