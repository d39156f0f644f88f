"""Answers by hand: calls of chosen operations wait at a desk until a person has written what to answer.

Owns who waits, and the way from what a person says back into the exchange. It stands between the library and
any handler, counts what a handler in Python is asked, and knows nothing of how a person is asked.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from inspector_app.mock.counting import Counts
from slipstream import HandlerError, MessageType, current_protocol
from slipstream.handlers import Endpoint, Registry, RegistryHandler
from slipstream.taps import RateLimit

if TYPE_CHECKING:
    from inspector_app.intents import MessageKind
    from inspector_app.mock.reload import Note
    from slipstream import BiStreamHandle, Protocol, ProtocolHandler

MOST_HELD: Final = 1000
"""Calls that wait together; what comes beyond is answered by what is hosted."""
MOST_HELD_CHARACTERS: Final = 64_000_000
"""Likewise of what came with them, as JSON."""
MOST_HOLDING: Final = 1000
"""Operations whose calls are held."""
MOST_WAITING: Final = 1000
"""Items that were written for a call and that its peer has not taken."""
_LONGEST_DATA: Final = 20_000
_NOTES_PER_SECOND: Final = 5

How = Literal["response", "error", "item", "end", "mock"]

KINDS: Final[dict[MessageType, MessageKind]] = {
    MessageType.REQUEST: "request",
    MessageType.STREAM_REQUEST: "stream",
    MessageType.STREAM_STREAM_REQUEST: "bidirectional",
    MessageType.FIRE_AND_FORGET: "oneway",
}
_OF_KIND: Final[dict[bool, tuple[How, ...]]] = {
    True: ("response", "error", "mock"),
    False: ("item", "end", "error", "mock"),
}


@dataclass(eq=False, slots=True)
class Held:
    """A call that waits."""

    number: int
    kind: MessageKind
    operation: str
    data_json: str
    protocol: Protocol
    since_ns: int
    items: int = 0
    _said: deque[tuple[How, Any]] = field(default_factory=deque)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, how: How, value: Any = None) -> None:
        """Answer it. Raises `ValueError` with a sentence for what does not go with its kind."""
        if how not in _OF_KIND[self.kind == "request"]:
            why = (
                "has one answer: write that, or an error" if self.kind == "request" else "has items: send one"
            )
            raise ValueError(f"A {self.kind} {why}.")
        if len(self._said) >= MOST_WAITING:
            raise ValueError(f"{MOST_WAITING} items wait for the peer to take them: go on when it has.")
        self._said.append((how, value))
        self._news.set()

    async def heard(self) -> tuple[How, Any]:
        """Wait for what comes next."""
        while not self._said:
            self._news.clear()
            await self._news.wait()
        return self._said.popleft()

    async def stream(self) -> AsyncGenerator[Any, None]:
        """Give the items of a stream until its end, or until `LetError`. Raises `HandlerError`."""
        while (said := await self.heard())[0] != "end":
            yield _value(*said)
            self.items += 1


class LetError(Exception):
    """What is hosted is to answer after all."""


def _value(how: How, value: Any) -> Any:
    if how == "mock":
        raise LetError
    if how == "error":
        code, message = value
        raise HandlerError(message, code=code)
    return value


class Desk:
    """Where calls wait. Everything belongs to one event loop."""

    def __init__(self, note: Note) -> None:
        self.holding: dict[str, None] = {}
        """Operations whose calls are held, in the order they were chosen."""
        self.held: dict[int, Held] = {}
        self.counts = Counts()
        self._note = note
        self._numbers = itertools.count(1)
        self._characters = 0
        self._limit = RateLimit(_NOTES_PER_SECOND)

    def handler(self, inner: ProtocolHandler) -> DeskHandler:
        """Put the desk before a handler."""
        return DeskHandler(self, inner)

    def hold(self, operation: str, *, on: bool) -> None:
        """Hold calls of an operation from now on; or no more, and let what is hosted answer those that wait.

        Raises `ValueError` with a sentence.
        """
        if on:
            if len(self.holding) >= MOST_HOLDING:
                raise ValueError(f"{MOST_HOLDING} operations are held already: let go of some.")
            self.holding[operation] = None
            return
        self.holding.pop(operation, None)
        for held in list(self.held.values()):
            if held.operation == operation and not held.items:
                held.say("mock")

    def holds(self, operation: str, message_type: MessageType) -> bool:
        """Whether a call is to wait. What nobody waits an answer for does not."""
        return (
            operation in self.holding
            and message_type is not MessageType.FIRE_AND_FORGET
            and len(self.held) < MOST_HELD
            and self._characters < MOST_HELD_CHARACTERS
        )

    @contextmanager
    def waiting(self, kind: MessageKind, operation: str, data: dict[str, Any]) -> Iterator[Held]:
        """Have a call wait within the block."""
        protocol = current_protocol()
        shown = {key: value for key, value in data.items() if key != "operation"}
        text = json.dumps(shown, ensure_ascii=False)
        held = Held(
            number=next(self._numbers),
            kind=kind,
            operation=operation,
            data_json=text[:_LONGEST_DATA],
            protocol=protocol,
            since_ns=time.time_ns(),
        )
        self.held[held.number] = held
        self._characters += len(text)
        if self._limit.allows(time.monotonic_ns()):
            told = f"The {kind} {operation[:200]} waits for an answer by hand: press K, Tab to it, a."
            self._note("warning", told, protocol)
        try:
            yield held
        finally:
            del self.held[held.number]
            self._characters -= len(text)


class DeskHandler(RegistryHandler):
    """A handler with the desk before it."""

    def __init__(self, desk: Desk, inner: ProtocolHandler) -> None:
        self._desk = desk
        self.inner = inner

    def operations(self) -> Registry:
        """Give what the handler offers, with calls that may be held."""
        self.inner.protocol = self.protocol
        found = Registry.of(self.inner)
        counts = not isinstance(self.inner, RegistryHandler)  # those count by themselves
        if counts:
            found = self._desk.counts.counted(found)
        return DeskRegistry(self._desk, found, counts=counts)


class DeskRegistry(Registry):
    """Operations whose calls may be held; also those that there are none of."""

    __slots__ = ("_counts", "_desk", "_inner")

    _desk: Desk
    _inner: Registry
    _counts: bool

    def __init__(self, desk: Desk, inner: Registry, *, counts: bool) -> None:
        super().__init__(inner.endpoints)
        object.__setattr__(self, "_desk", desk)
        object.__setattr__(self, "_inner", inner)
        object.__setattr__(self, "_counts", counts)

    def find(self, name: str, message_type: MessageType) -> Endpoint:
        """Give the operation of this name and kind. Raises `HandlerError`."""
        desk = self._desk
        if not desk.holding or not desk.holds(name, message_type):
            return self._found(name, message_type)
        make = {
            MessageType.REQUEST: _answered,
            MessageType.STREAM_REQUEST: _streamed,
            MessageType.STREAM_STREAM_REQUEST: _conversed,
        }[message_type]
        return Endpoint(name, message_type, make(self._desk, self._inner, name))

    def _found(self, name: str, message_type: MessageType) -> Endpoint:
        try:
            return self._inner.find(name, message_type)
        except HandlerError as error:
            if self._counts:
                self._desk.counts.missed(KINDS[message_type], name, error.message)
            raise


def _answered(desk: Desk, inner: Registry, name: str) -> Callable[..., Any]:
    async def answer(data: dict[str, Any]) -> Any:
        with suppress(LetError), desk.waiting("request", name, data) as held:
            return _value(*await held.heard())
        endpoint = inner.find(name, MessageType.REQUEST)
        result = endpoint.method(endpoint.prepare(data))
        return await result if endpoint.is_coroutine else result

    return answer


def _streamed(desk: Desk, inner: Registry, name: str) -> Callable[..., Any]:
    async def stream(data: dict[str, Any]) -> AsyncGenerator[Any, None]:
        with suppress(LetError), desk.waiting("stream", name, data) as held:
            async with aclosing(held.stream()) as items:
                async for item in items:
                    yield item
            return
        endpoint = inner.find(name, MessageType.STREAM_REQUEST)
        async with aclosing(endpoint.method(endpoint.prepare(data))) as rest:
            async for item in rest:
                yield item

    return stream


def _conversed(desk: Desk, inner: Registry, name: str) -> Callable[..., Any]:
    async def converse(data: dict[str, Any], handle: BiStreamHandle) -> None:
        with suppress(LetError), desk.waiting("bidirectional", name, data) as held:
            async with aclosing(held.stream()) as items:
                async for item in items:
                    await handle.send(item)
            return
        endpoint = inner.find(name, MessageType.STREAM_STREAM_REQUEST)
        await endpoint.method(endpoint.prepare(data), handle)

    return converse
