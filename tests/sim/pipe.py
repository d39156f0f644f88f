"""Two websockets in memory whose messages take their time, wait for room, and are lost with the connection.

A socket has the surface of a websockets connection that the library uses. Each direction keeps its order,
whatever the delays. It knows nothing of frames: what it was given and what was read of it goes to a recorder.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK
from websockets.frames import Close
from websockets.protocol import State

Delay = Callable[[], float]
"""How long the next message is on its way, in seconds."""

Recorder = Callable[[str, str], None]
"""`recorder("sent" or "read", text)`: what a socket took from its program, or gave to it."""

PING_TIMEOUT = Close(1011, "keepalive ping timeout")

_NORMAL_CODES = frozenset({1000, 1001, 1005})


def _as_it_is(text: str) -> str | None:
    return text


@dataclass(slots=True)
class Road:
    """What one direction of a pipe does to messages. `capacity`: so many wait unread before `send` waits.

    `translate` says what arrives instead of a message: another one, or None for nothing.
    """

    delay: Delay = float
    capacity: int | None = None
    translate: Callable[[str], str | None] = _as_it_is


@dataclass(frozen=True, slots=True)
class _Cut:
    """The end of the connection without a word, in its place behind the last message."""


@dataclass(slots=True, eq=False)
class _Wire:
    """One direction: what is on its way, in order, to a socket that keeps what has come and was not read."""

    road: Road
    to: Socket
    on_the_way: deque[str | Close | _Cut] = field(default_factory=deque)
    last_due: float = 0.0
    owed: int = 0
    frozen: bool = False
    silent: bool = False

    @property
    def has_room(self) -> bool:
        capacity = self.road.capacity
        return capacity is None or len(self.on_the_way) + len(self.to.inbox) < capacity

    def put(self, message: str | Close | _Cut) -> None:
        if isinstance(message, str):
            translated = self.road.translate(message)
            if translated is None:
                return
            message = translated
        if self.silent:
            return
        loop = asyncio.get_running_loop()
        self.last_due = max(self.last_due, loop.time() + self.road.delay())
        self.on_the_way.append(message)
        if self.last_due > loop.time():
            loop.call_at(self.last_due, self._arrive)
        else:
            loop.call_soon(self._arrive)

    def _arrive(self) -> None:
        if self.frozen:
            self.owed += 1
        elif self.on_the_way:  # not so after messages were lost
            self.to.take(self.on_the_way.popleft())

    def thaw(self) -> None:
        self.frozen = False
        while self.owed:
            self.owed -= 1
            self._arrive()

    def lose(self) -> None:
        self.on_the_way.clear()


class Socket:
    """One end of a pipe. Made by `pipe`; `name` is the side that reads and writes it."""

    def __init__(self, name: str, record: Recorder) -> None:
        self.name = name
        self.state = State.OPEN
        self.inbox: deque[str] = deque()
        self.loses_what_is_on_its_way = False
        """Whether dropping the connection here also loses what was sent already."""
        self.down_s: float | None = None
        """When it was no longer open."""
        self._record = record
        self._wire: _Wire
        self._far: Socket
        self._rcvd: Close | None = None
        self._sent: Close | None = None
        self._rcvd_then_sent: bool | None = None
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()
        self._closed = asyncio.Event()

    def wire_to(self, far: Socket, road: Road) -> None:
        """Let what this end sends arrive at `far`."""
        self._far = far
        self._wire = _Wire(road, far)

    # -- what a program uses ------------------------------------------------------------------------------

    @property
    def transport(self) -> Socket:
        """What drops the connection without a word, by `abort`."""
        return self

    @property
    def close_code(self) -> int | None:
        """The close code that counts, 1006 without a closing handshake; None while not closed."""
        if self.state is not State.CLOSED:
            return None
        return 1006 if self._rcvd is None else self._rcvd.code

    @property
    def close_reason(self) -> str | None:
        """The reason that came with the close code; None while not closed."""
        if self.state is not State.CLOSED:
            return None
        return "" if self._rcvd is None else self._rcvd.reason

    async def send(self, message: str) -> None:
        """Put a message on its way, waiting for room. Raises `ConnectionClosed`."""
        message.encode()
        while self.state is State.OPEN and not self._wire.has_room:
            self._writable.clear()
            await self._writable.wait()
        if self.state is not State.OPEN:
            await self._closed.wait()
            raise self._error()
        self._record("sent", message)
        self._wire.put(message)

    async def recv(self) -> str:
        """The next message that came. Raises `ConnectionClosed` after the last one."""
        while not self.inbox:
            if self.state is State.CLOSED:
                raise self._error()
            self._readable.clear()
            await self._readable.wait()
        message = self.inbox.popleft()
        self._far._writable.set()
        self._record("read", message)
        return message

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Do the closing handshake; waits as long as the other end does not answer it."""
        if self.state is State.OPEN:
            self._sent = Close(code, reason)
            self._sent.check()
            self.state = State.CLOSING
            self.down_s = asyncio.get_running_loop().time()
            self._wire.put(self._sent)
            self._writable.set()
        await self._closed.wait()

    async def wait_closed(self) -> None:
        """Wait until this end is closed."""
        await self._closed.wait()

    def abort(self) -> None:
        """Drop the connection: here at once, at the other end when the news arrives there."""
        if self.state is State.CLOSED:
            return
        if self.loses_what_is_on_its_way:
            self._wire.lose()
        self._wire.put(_Cut())
        self._end()

    # -- what happens to it -------------------------------------------------------------------------------

    def take(self, message: str | Close | _Cut) -> None:
        """Something has come from the other end."""
        if self.state is State.CLOSED:
            self._far._writable.set()
        elif isinstance(message, str):
            self.inbox.append(message)
            self._readable.set()
        elif isinstance(message, _Cut):
            self._end()
        else:
            self._rcvd = message
            self._rcvd_then_sent = self._sent is None
            if self._sent is None:
                self._sent = message
                self._wire.put(message)
            self._end()

    def freeze(self) -> None:
        """Let nothing that this end sent arrive any more, until `thaw`."""
        self._wire.frozen = True

    def thaw(self) -> None:
        """Let everything arrive that was held up."""
        self._wire.thaw()

    def silence(self) -> None:
        """From now on nothing that this end sends arrives, and neither end is told."""
        self._wire.lose()
        self._wire.silent = True

    def miss_a_ping(self) -> None:
        """End the connection as keepalive does: with a close frame that nobody answers."""
        if self.state is not State.CLOSED:
            self._sent = self._sent or PING_TIMEOUT
            self._end()

    def _end(self) -> None:
        if self.down_s is None:
            self.down_s = asyncio.get_running_loop().time()
        self.state = State.CLOSED
        for event in (self._readable, self._writable, self._closed, self._far._writable):
            event.set()

    def _error(self) -> ConnectionClosed:
        rcvd, sent = self._rcvd, self._sent
        normal = rcvd is not None and sent is not None and rcvd.code in _NORMAL_CODES
        kind = ConnectionClosedOK if normal else ConnectionClosedError
        return kind(rcvd, sent, self._rcvd_then_sent)


def pipe(
    left: Recorder, right: Recorder, *, there: Road | None = None, back: Road | None = None
) -> tuple[Socket, Socket]:
    """The left and the right end of a connection; `there` leads from left to right, `back` to left."""
    one, other = Socket("left", left), Socket("right", right)
    one.wire_to(other, there or Road())
    other.wire_to(one, back or Road())
    return one, other
