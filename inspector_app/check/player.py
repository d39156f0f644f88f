"""Plays one case: drives a subject over a websocket, frame by frame, and tells where it differs.

Owns what each step means. It knows neither where the connection comes from nor who is at the other end; the
subject's own program, which acts in some steps, is behind `Program`, and is there only in a test of one's own.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from websockets.exceptions import ConnectionClosed

from inspector_app.check.cases import Case, CaseError, Step
from inspector_app.check.patterns import INDEX, SUBJECT, Names, fold

HELLO: Final[Mapping[str, Any]] = {
    "version": 1,
    "credit": 256,
    "maxFrame": 1_048_576,
    "software": "conformance driver",
}
"""What a modern driver says of itself in its first frame (protocol.md §8)."""

_PROBES = 2
"""A wrong answer may take another way through the subject than a right one: one probe could overtake it."""

_TRANSCRIPT_LINES = 200
_LINE_CHARACTERS = 2_000
_NO_CLOSE_FRAME = 1006
_ANSWERS = ("response", "error")
_CREDIT = "slipstream.credit"
_OPENING_TYPES = frozenset({"request", "streamrequest", "streamstreamrequest", "fireandforget"})


class Wire(Protocol):
    """What the player needs of a websocket of the websockets library."""

    async def send(self, message: str | bytes) -> None:
        """Send one message."""

    async def recv(self) -> str | bytes:
        """The next message; raises `ConnectionClosed`."""

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Do the closing handshake."""

    @property
    def transport(self) -> Any:
        """What `abort()` drops the connection."""


class Program(Protocol):
    """The subject's own program, which a test of one's own drives. Names are those that the case gives.

    An ending is an object with `ending`: `result` (`value`), `end`, `error` (`code`, `message`, `details`),
    `timeout`, `cancelled`, `overflow`, `closed` or `lost` (`code`), `refused` (`why`).
    """

    async def call(self, name: str, kind: str, data: dict[str, Any], **timeouts: float) -> None:
        """Begin a call of this kind, without waiting for what becomes of it."""

    async def notify(self, data: dict[str, Any]) -> None:
        """Send a fire-and-forget."""

    async def write(self, name: str, items: list[Any]) -> None:
        """Begin to send items on a bidirectional stream, behind those that were begun before."""

    async def written(self, name: str) -> dict[str, Any]:
        """How the last `write` ended; `{"ending": "written"}` when all went well."""

    async def end(self, name: str) -> None:
        """End the program's half of a bidirectional stream, behind what was begun before."""

    async def cancel(self, name: str) -> None:
        """Give a call up."""

    async def read(self, name: str, count: int) -> list[Any]:
        """The next so many items of a stream, or fewer if it ends before."""

    async def outcome(self, name: str) -> dict[str, Any]:
        """How a call ended; of a stream, what came after the items that were read."""

    async def leave(self, code: int, drain_s: float) -> None:
        """Begin to close the connection, giving what is in flight so long to end."""

    def findings(self) -> int:
        """How many findings this side has reported."""


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a case that was played, or the end of the connection."""

    way: Literal["sent", "came"]
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a subject did not do what a case says. `step` counts from 1."""

    step: int
    expected: str
    came: str
    transcript: tuple[Line, ...] = ()

    @property
    def sent(self) -> str:
        """The last message that was sent before; empty if none was."""
        return next((line.text for line in reversed(self.transcript) if line.way == "sent"), "")


class _DifferenceError(Exception):
    def __init__(self, came: str) -> None:
        super().__init__(came)
        self.came = cut(came)


class _ClosedError(Exception):
    """The connection has ended."""

    def __init__(self, error: ConnectionClosed) -> None:
        self.code = _NO_CLOSE_FRAME if error.rcvd is None else error.rcvd.code
        reason = f" ({error.rcvd.reason})" if error.rcvd is not None and error.rcvd.reason else ""
        told = "was dropped" if error.rcvd is None else f"was closed with code {self.code}{reason}"
        super().__init__(f"the connection {told}")


async def play(
    case: Case, wire: Wire, *, program: Program | None = None, timeout_s: float = 5.0
) -> Difference | None:
    """Play a case on a connection that is open and new; None if the subject did what the case says.

    Raises `CaseError` for a case that cannot be played, such as one that needs a program where there is none.
    """
    return await _Player(case, wire, program, timeout_s).play()


@dataclass(slots=True)
class _Player:
    case: Case
    wire: Wire
    program: Program | None
    timeout_s: float
    names: Names = field(default_factory=Names)
    transcript: deque[Line] = field(default_factory=lambda: deque(maxlen=_TRANSCRIPT_LINES))
    greeted: bool = False
    first_frame: dict[str, Any] | None = None
    expected: str = ""

    async def play(self) -> Difference | None:
        number = 0
        try:
            async with asyncio.timeout(self.timeout_s):
                for number, step in enumerate(self.case.steps, 1):
                    self.expected = f"what step {number} says"
                    await self._take(step)
        except _DifferenceError as difference:
            return self._difference(number, difference.came)
        except _ClosedError as error:
            return self._difference(number, str(error))
        except TimeoutError:
            return self._difference(number, f"nothing more within {self.timeout_s:g} s")
        except CaseError as error:
            raise CaseError(f"{self.case.path}, step {number}: {error}") from error
        return None

    def _difference(self, step: int, came: str) -> Difference:
        return Difference(step, self.expected, came, tuple(self.transcript))

    async def _take(self, step: Step) -> None:
        take: Callable[[Step], Awaitable[None]] = getattr(self, f"_do_{step.verb}")
        await take(step)

    def _times(self, step: Step) -> Iterator[int]:
        for index in range(step.option("times", 1)):
            self.names.bound[INDEX] = index
            yield index

    # -- the driver sends -----------------------------------------------------------------------------------

    async def _do_send(self, step: Step) -> None:
        for _ in self._times(step):
            await self._send_frame(step.value, step.option("binary"))

    async def _do_send_text(self, step: Step) -> None:
        for _ in self._times(step):
            text = self.names.fill_text(step.value)
            await self._send(text, text)

    async def _do_send_bytes(self, step: Step) -> None:
        await self._send(bytes.fromhex(step.value), f"the bytes {step.value or '(none)'}")

    async def _send_frame(self, frame: Mapping[str, Any], encoding: str | None = None) -> None:
        """Send a frame, with what goes without saying: who sends it, and the hello in the first one."""
        completed = {**frame}
        completed.setdefault("peerID", "$driver")
        if not self.greeted and self.case.peer == "modern":
            completed.setdefault("meta", {"hello": {**HELLO, **(self.case.hello or {})}})
        self.greeted = True
        text = json.dumps(self.names.fill(completed))
        await self._send(text if encoding is None else text.encode(encoding), text)

    async def _send(self, message: str | bytes, shown: str) -> None:
        self._note("sent", shown)
        with suppress(ConnectionClosed):  # who looks next sees it, and knows whether it was expected
            await self.wire.send(message)

    async def _do_close(self, step: Step) -> None:
        self._note("sent", f"the close of the connection, code {step.value}")
        await self.wire.close(step.value, step.option("reason", ""))

    async def _do_drop(self, _: Step) -> None:
        self._note("sent", "nothing: the connection was dropped")
        self.wire.transport.abort()

    # -- the driver looks -----------------------------------------------------------------------------------

    async def _do_expect(self, step: Step) -> None:
        for _ in self._times(step):
            self.expected = self._told(step)
            while True:
                message, frame = await self._frame()
                if self.names.match(step.value, frame, spelled=step.option("spelled", False)):
                    break
                if not any(self.names.match(each, frame) for each in step.option("passing", [])):
                    self._pass_over(frame)
            self._look_at_text(step, message)

    async def _do_expect_all(self, step: Step) -> None:
        missing = list(step.value)
        while missing:
            self.expected = "in any order: " + ", ".join(map(self.names.told, missing))
            _, frame = await self._frame()
            found = next((each for each in missing if self.names.match(each, frame)), None)
            if found is None:
                self._pass_over(frame)
            else:
                missing.remove(found)

    async def _do_silent(self, _: Step) -> None:
        for _ in range(_PROBES):
            probe = await self._probe()
            self.expected = f"nothing but the answer to a probe, {json.dumps(probe)}"
            while not _answers(frame := (await self._frame())[1], probe):
                self._pass_over(frame)

    async def _do_alive(self, _: Step) -> None:
        probe = await self._probe()
        self.expected = f"an answer to a probe, {json.dumps(probe)}"
        while not _answers((await self._frame())[1], probe):
            pass

    async def _probe(self) -> list[Any]:
        probe = self.names.new_id()
        await self._send_frame({"type": "request", "requestId": probe, "data": {"operation": "slipstream.ping"}})
        return probe

    async def _do_hello(self, step: Step) -> None:
        self.expected = f"in the first frame, a meta.hello like {self.names.told(step.value)}"
        if self.first_frame is None:
            await self._frame()
        assert self.first_frame is not None  # noqa: S101 - a frame has come
        meta = self.first_frame.get("meta")
        if not self.names.match(step.value, meta.get("hello") if isinstance(meta, dict) else None):
            raise _DifferenceError(json.dumps(self.first_frame))

    async def _do_closed(self, step: Step) -> None:
        codes = " or ".join(map(str, step.value)) or "any code"
        self.expected = f"the connection closed with {codes}"
        try:
            while True:
                await self._frame()
        except _ClosedError as closed:
            if step.value and closed.code not in step.value:
                raise _DifferenceError(str(closed)) from None

    async def _frame(self) -> tuple[str | bytes, dict[str, Any]]:
        """The next message, and the object in it, which every message of a subject must be (§1)."""
        try:
            message = await self.wire.recv()
        except ConnectionClosed as error:
            raise _ClosedError(error) from None
        shown = message if isinstance(message, str) else repr(message)
        self._note("came", shown)
        try:
            frame = json.loads(message)
        except (ValueError, RecursionError):
            frame = None
        if not isinstance(frame, dict):
            raise _DifferenceError(f"a message that is no frame: {shown}")
        self.first_frame = self.first_frame or frame
        if isinstance(peer := frame.get("peerID"), str):
            self.names.bound.setdefault(SUBJECT, peer)
        return message, frame

    def _pass_over(self, frame: dict[str, Any]) -> None:
        """Let pass what a subject may send at any time: credit, and what it asks on its own account."""
        data, request_id = frame.get("data"), frame.get("requestId")
        if fold(frame.get("type")) in _OPENING_TYPES:
            if isinstance(data, dict) and data.get("operation") == _CREDIT:
                return
            by_driver = isinstance(request_id, list) and request_id[:1] == [self.names.driver]
            if self.case.role == "responder" and not by_driver:
                return
        raise _DifferenceError(json.dumps(frame))

    def _told(self, step: Step) -> str:
        told = self.names.told(step.value)
        wanted = {
            "spelled": "its type spelled so",
            "as_text": "in a text message",
            "ascii": "in ASCII alone",
            "contains": f"containing {step.option('contains')}",
            "lacks": f"without {step.option('lacks')}",
        }
        return ", ".join([told, *(text for name, text in wanted.items() if step.option(name))])

    def _look_at_text(self, step: Step, message: str | bytes) -> None:
        if step.option("as_text") and not isinstance(message, str):
            raise _DifferenceError(f"a binary message: {message!r}")
        text = message if isinstance(message, str) else message.decode(errors="replace")
        fits = (
            (text.isascii() or not step.option("ascii"))
            and step.option("contains", "") in text
            and not ("lacks" in step.options and step.options["lacks"] in text)
        )
        if not fits:
            raise _DifferenceError(text)

    def _note(self, way: Literal["sent", "came"], text: str) -> None:
        self.transcript.append(Line(way, cut(text)))

    # -- the subject's program acts -------------------------------------------------------------------------

    async def _do_call(self, step: Step) -> None:
        timeouts = {
            f"{name}_s": step.options[name] for name in ("timeout", "idle_timeout") if name in step.options
        }
        kind, data = step.options["kind"], self.names.fill(step.options["data"])
        await self._acting.call(step.value, kind, data, **timeouts)

    async def _do_notify(self, step: Step) -> None:
        await self._acting.notify(self.names.fill(step.value))

    async def _do_write(self, step: Step) -> None:
        await self._acting.write(step.value, self.names.fill(step.options["items"]))
        if "fails" in step.options:
            await self._compare({"ending": "refused", "why": step.options["fails"]}, self._acting.written(step.value))

    async def _do_end(self, step: Step) -> None:
        await self._acting.end(step.value)

    async def _do_cancel(self, step: Step) -> None:
        await self._acting.cancel(step.value)

    async def _do_read(self, step: Step) -> None:
        items = step.options["items"]
        await self._compare(items, self._acting.read(step.value, len(items)))

    async def _do_outcome(self, step: Step) -> None:
        await self._compare(step.options["is"], self._acting.outcome(step.value))

    async def _do_leave(self, step: Step) -> None:
        await self._acting.leave(step.value, step.option("drain", 0.0))

    async def _do_findings(self, step: Step) -> None:
        if self.program is None:
            return
        self.expected = f"{step.value} findings reported so far"
        if (found := self.program.findings()) != step.value:
            raise _DifferenceError(f"{found} findings")

    @property
    def _acting(self) -> Program:
        if self.program is None:
            raise CaseError("this step is the subject's own program's, which is not at hand")
        return self.program

    async def _compare(self, pattern: Any, happening: Awaitable[Any]) -> None:
        self.expected = f"in the program, {self.names.told(pattern)}"
        happened = await happening
        if not self.names.match(pattern, happened):
            raise _DifferenceError(f"in the program, {json.dumps(happened)}")


def cut(text: str) -> str:
    """A text, or as much of it as is worth showing."""
    if len(text) <= _LINE_CHARACTERS:
        return text
    return f"{text[:_LINE_CHARACTERS]} ... ({len(text)} characters)"


def _answers(frame: dict[str, Any], probe: list[Any]) -> bool:
    return fold(frame.get("type")) in _ANSWERS and frame.get("requestId") == probe
