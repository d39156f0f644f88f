"""A kit for testing what speaks Slipstream: websockets in memory, two wired peers, scripted transcripts.

For tests only; nothing of the library imports it. No socket is opened and nothing waits for real time, so
what a test arranges happens in the same order every time. A `fault` on an end of a pair loses, repeats or
changes what that end sends; time is the event loop's, so a loop with a clock of its own is a manual clock.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK
from websockets.frames import Close
from websockets.protocol import State

from slipstream.errors import ConnectionLostError
from slipstream.limits import DEFAULT_LIMITS, Limits
from slipstream.protocol import Protocol
from slipstream.taps import Tap
from slipstream.transport import NO_CLOSE_FRAME

Message = str | bytes
Fault = Callable[[Message], Iterable[Message]]
"""What the other end gets instead of one message: nothing, the message, several, others."""

_OK_CODES = frozenset({1000, 1001, 1005})


@dataclass(slots=True, eq=False)
class _End:
    """What one end of a pair has: its messages, and what it knows of the close."""

    inbox: deque[Message] = field(default_factory=deque)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    state: State = State.OPEN
    answers_close: bool = True
    rcvd: Close | None = None
    sent: Close | None = None
    rcvd_then_sent: bool | None = None


class MemoryWebSocket:
    """One end of a pair: the surface of a websockets connection that `Protocol` uses, without a socket.

    Messages sent before a close are received before it, and every end raises the `ConnectionClosedOK` or
    `ConnectionClosedError` that the real one would. Made by `websocket_pair`.
    """

    def __init__(self, here: _End, there: _End, capacity: int | None) -> None:
        self.fault: Fault | None = None
        """Applied to what this end sends; None delivers everything as it is."""
        self._here = here
        self._there = there
        self._capacity = capacity

    @property
    def state(self) -> State:
        """OPEN, CLOSING or CLOSED, as of the websockets library."""
        return self._here.state

    @property
    def transport(self) -> MemoryWebSocket:
        """What drops the connection without a word: this end itself, by `abort`."""
        return self

    @property
    def waiting(self) -> tuple[Message, ...]:
        """What has come and was not received yet."""
        return tuple(self._here.inbox)

    @property
    def close_code(self) -> int | None:
        """The close code that counts, 1006 without a closing handshake; None while not closed."""
        if self.state is not State.CLOSED:
            return None
        return NO_CLOSE_FRAME if self._here.rcvd is None else self._here.rcvd.code

    @property
    def close_reason(self) -> str | None:
        """The reason that came with the close code; None while not closed."""
        if self.state is not State.CLOSED:
            return None
        return "" if self._here.rcvd is None else self._here.rcvd.reason

    async def send(self, message: Message) -> None:
        """Deliver a message to the other end, waiting while that end is full. Raises `ConnectionClosed`."""
        if isinstance(message, str):
            message.encode()  # the real one refuses a lone surrogate so, too
        await self._until(lambda: self.state is not State.OPEN or self._has_room())
        if self.state is not State.OPEN:
            await self.wait_closed()
            raise self._closed()
        self._there.inbox.extend((message,) if self.fault is None else self.fault(message))
        self._tell_both()

    async def recv(self) -> Message:
        """The next message of the other end. Raises `ConnectionClosed` after the last one."""
        await self._until(lambda: bool(self._here.inbox) or self.state is State.CLOSED)
        if not self._here.inbox:
            raise self._closed()
        message = self._here.inbox.popleft()
        self._tell_both()
        return message

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Do the closing handshake; waits as long as the other end does not answer it."""
        if self.state is State.OPEN:
            close = Close(code, reason)
            close.check()
            self._here.state, self._here.sent = State.CLOSING, close
            self._there.rcvd = close
            self._there.state = State.CLOSING
            if self._there.answers_close:
                self._answer(close)
            self._tell_both()
        await self.wait_closed()

    async def wait_closed(self) -> None:
        """Wait until this end is closed."""
        await self._until(lambda: self.state is State.CLOSED)

    def abort(self) -> None:
        """Drop the connection without a closing handshake; both ends notice at once (1006)."""
        self._here.state = self._there.state = State.CLOSED
        self._tell_both()

    def never_answer_close(self) -> None:
        """From now on a closing handshake that the other end begins is left hanging."""
        self._here.answers_close = False

    def _answer(self, close: Close) -> None:
        self._there.sent, self._there.rcvd_then_sent = close, True
        self._here.rcvd, self._here.rcvd_then_sent = close, False
        self._here.state = self._there.state = State.CLOSED

    def _has_room(self) -> bool:
        return self._capacity is None or len(self._there.inbox) < self._capacity

    def _closed(self) -> ConnectionClosed:
        rcvd, sent = self._here.rcvd, self._here.sent
        normal = rcvd is not None and sent is not None and rcvd.code in _OK_CODES
        kind = ConnectionClosedOK if normal else ConnectionClosedError
        return kind(rcvd, sent, self._here.rcvd_then_sent)

    def _tell_both(self) -> None:
        self._here.changed.set()
        self._there.changed.set()

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._here.changed.clear()
            await self._here.changed.wait()


def websocket_pair(*, capacity: int | None = None) -> tuple[MemoryWebSocket, MemoryWebSocket]:
    """Two ends wired to each other. `capacity`: so many messages wait unread before `send` waits."""
    one, other = _End(), _End()
    return MemoryWebSocket(one, other, capacity), MemoryWebSocket(other, one, capacity)


@asynccontextmanager
async def listening(protocol: Protocol) -> AsyncIterator[Protocol]:
    """Let a protocol listen for the length of a block, then close it. A lost connection is no failure."""
    task = asyncio.create_task(protocol.listen())
    await asyncio.sleep(0)  # so that it listens already
    try:
        yield protocol
    finally:
        await protocol.aclose()
        task.cancel()
        with suppress(asyncio.CancelledError, ConnectionLostError):
            await task


@asynccontextmanager
async def peers(
    left: object | None = None,
    right: object | None = None,
    *,
    limits: Limits = DEFAULT_LIMITS,
    right_limits: Limits | None = None,
    left_taps: Sequence[Tap] = (),
    right_taps: Sequence[Tap] = (),
    capacity: int | None = None,
) -> AsyncIterator[tuple[Protocol, Protocol]]:
    """Two listening protocols in memory, with the handlers `left` and `right`; closed when the block ends.

    `limits` are the left one's, and the right one's too unless `right_limits` is given.
    """
    one, other = websocket_pair(capacity=capacity)
    async with (
        listening(Protocol(one, handler=left, limits=limits, taps=left_taps)) as here,
        listening(Protocol(other, handler=right, limits=right_limits or limits, taps=right_taps)) as there,
    ):
        yield here, there


class TranscriptError(AssertionError):
    """What happened is not what the script says."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A placeholder: stands for whatever comes first in its place, and for the same from then on."""

    name: str


ANYTHING = Slot("")
"""A placeholder that stands for anything, each time anew."""


@dataclass(frozen=True, slots=True)
class Out:
    """The protocol sends this next. Fields that are not named are not looked at."""

    frame: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class In:
    """The protocol gets this: a frame, with slots filled in, or a message as it is."""

    message: Mapping[str, Any] | str | bytes


@dataclass(frozen=True, slots=True)
class Ends:
    """The connection ends here: closed by the other side with this code, or dropped where it is None."""

    code: int | None = 1000
    reason: str = ""


Step = Out | In | Ends


class Transcript:
    """A script of what goes over the wire, played against one protocol.

        script = Transcript(
            Out({"type": "request", "requestId": Slot("id"), "data": {"operation": "add"}}),
            In({"type": "response", "requestId": Slot("id"), "peerID": "them", "data": 3}),
        )
        async with script.play() as protocol:
            assert await protocol.request_response({"operation": "add"}) == 3

    The block fails with `TranscriptError` at its end when a frame differed, when one was sent that is not in
    the script, or when the script was left unfinished. A difference drops the connection at once, so that
    nobody in the block waits for an answer that will not come.
    """

    def __init__(self, *steps: Step, patience_s: float = 5.0) -> None:
        self.steps = steps
        self.slots: dict[str, Any] = {}
        """What each named slot stands for, as far as it is known."""
        self._patience_s = patience_s

    @asynccontextmanager
    async def play(
        self, handler: object | None = None, *, limits: Limits = DEFAULT_LIMITS, taps: Sequence[Tap] = ()
    ) -> AsyncIterator[Protocol]:
        """Give the protocol that the script is played against, listening."""
        near, far = websocket_pair()
        player = asyncio.create_task(self._play(far))
        async with listening(Protocol(near, handler=handler, limits=limits, taps=taps)) as protocol:
            try:
                yield protocol
                await asyncio.wait([player], timeout=self._patience_s)
            finally:
                finished = await _stop(player)
        if not finished:
            raise TranscriptError("The script was left unfinished")
        if far.waiting:
            raise TranscriptError(f"The script is over, but this was sent: {far.waiting[0]!r}")

    async def _play(self, far: MemoryWebSocket) -> None:
        try:
            for number, step in enumerate(self.steps, 1):
                await self._take(number, step, far)
        except ConnectionClosed as error:
            raise TranscriptError(
                f"Step {number} of the script found the connection closed: {error}"
            ) from error
        except TranscriptError:
            far.abort()
            raise

    async def _take(self, number: int, step: Step, far: MemoryWebSocket) -> None:
        if isinstance(step, Out):
            self._compare(number, step.frame, json.loads(await far.recv()))
        elif isinstance(step, In):
            await far.send(self._fill(step.message))
        elif step.code is None:
            far.abort()
        else:
            await far.close(step.code, step.reason)

    def _compare(self, number: int, expected: Mapping[str, Any], sent: Mapping[str, Any]) -> None:
        for name, value in expected.items():
            if name not in sent or not self._matches(value, sent[name]):
                raise TranscriptError(f"Step {number} of the script says {name}={value!r}; sent was {sent!r}")

    def _matches(self, expected: Any, sent: Any) -> bool:
        match expected:
            case Slot(""):
                return True
            case Slot(name):
                return bool(self.slots.setdefault(name, sent) == sent)
            case Mapping():
                return (
                    isinstance(sent, Mapping)
                    and expected.keys() == sent.keys()
                    and all(self._matches(value, sent[key]) for key, value in expected.items())
                )
            case list() | tuple():
                return (
                    isinstance(sent, list)
                    and len(sent) == len(expected)
                    and all(map(self._matches, expected, sent))
                )
        return bool(expected == sent)

    def _fill(self, message: Mapping[str, Any] | str | bytes) -> str | bytes:
        return message if isinstance(message, str | bytes) else json.dumps(message, default=self._value_of)

    def _value_of(self, slot: Slot) -> Any:
        if slot.name not in self.slots:
            raise TranscriptError(f"Nothing has come yet for Slot({slot.name!r})")
        return self.slots[slot.name]


async def _stop(player: asyncio.Task[None]) -> bool:
    """Stop playing; tells whether the script was over, raises what was wrong with it."""
    finished = player.done()
    player.cancel()
    failure = (await asyncio.gather(player, return_exceptions=True))[0]
    if finished and isinstance(failure, Exception):
        raise failure
    return finished
