"""The driving side of a case: it sends frames, reads what comes, keeps account of both, and nothing else.

Whether what came is right is for the player to say; what no subject may ever send is said here.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from websockets.exceptions import ConnectionClosed

from inspector_app.check.cases import Case
from inspector_app.check.messages import HELLO, PING, object_in, shown
from inspector_app.check.patterns import SUBJECT, Names

NO_CLOSE_FRAME: Final = 1006
"""The code of a connection that was dropped (RFC 6455 §7.1.5)."""

_TRANSCRIPT_LINES = 200


class Wire(Protocol):
    """What is needed of a websocket of the websockets library."""

    async def send(self, message: str | bytes) -> None:
        """Send one message; raises `ConnectionClosed`."""

    async def recv(self) -> str | bytes:
        """The next message; raises `ConnectionClosed`."""

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Do the closing handshake."""

    @property
    def transport(self) -> Any:
        """What drops the connection by `abort()`."""


class DifferenceError(Exception):
    """Something came that is not what was expected. The text is what came."""

    def __init__(self, came: str | bytes) -> None:
        super().__init__(shown(came))


class ClosedError(Exception):
    """The connection has ended. The text tells how; `code` is `NO_CLOSE_FRAME` where it was dropped."""

    def __init__(self, error: ConnectionClosed) -> None:
        self.code = NO_CLOSE_FRAME if error.rcvd is None else error.rcvd.code
        reason = f" ({error.rcvd.reason})" if error.rcvd is not None and error.rcvd.reason else ""
        how = "was dropped" if error.rcvd is None else f"was closed with code {self.code}{reason}"
        super().__init__(f"the connection {how}")


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a case that was played, or the end of the connection."""

    way: Literal["sent", "came"]
    text: str


@dataclass(slots=True)
class Driver:
    """One connection to a subject, for one case."""

    case: Case
    wire: Wire
    names: Names = field(default_factory=Names)
    transcript: deque[Line] = field(default_factory=lambda: deque(maxlen=_TRANSCRIPT_LINES))
    """The last messages both ways, cut to what is worth showing."""
    first_frame: dict[str, Any] | None = None
    """The first frame that the subject sent: the one that says hello (protocol.md §8)."""
    _greeted: bool = False

    async def send_frame(self, frame: Mapping[str, Any], encoding: str | None = None) -> None:
        """Send a frame, placeholders filled in, with what goes without saying: the sender, the hello.

        With an `encoding` it is a binary message.
        """
        completed = {**frame}
        completed.setdefault("peerID", "$driver")
        if not self._greeted and self.case.peer == "modern":
            completed.setdefault("meta", {"hello": {**HELLO, **(self.case.hello or {})}})
        if encoding in (None, "utf-8"):
            self._greeted = True  # in any other encoding it is no frame
        text = json.dumps(self.names.fill(completed))
        await self.send(text if encoding is None else text.encode(encoding), told=text)

    async def send(self, message: str | bytes, *, told: str | None = None) -> None:
        """Send a message as it is; `told` is what the transcript says of it."""
        self._note("sent", message if told is None else told)
        with suppress(ConnectionClosed):  # who looks next sees it, and knows whether it was expected
            await self.wire.send(message)

    async def probe(self) -> list[Any]:
        """Send a request that every peer answers, with a result or an error; gives its ID."""
        request_id = self.names.new_id()
        await self.send_frame({"type": "request", "requestId": request_id, "data": {"operation": PING}})
        return request_id

    async def close(self, code: int, reason: str) -> None:
        """Close the connection."""
        self._note("sent", f"the close of the connection, code {code}")
        await self.wire.close(code, reason)

    def drop(self) -> None:
        """Drop the connection without a word."""
        self._note("sent", "nothing: the connection was dropped")
        self.wire.transport.abort()

    async def frame(self) -> tuple[str | bytes, dict[str, Any]]:
        """The next message, and the JSON object that every message of a subject must be (§1).

        Raises `ClosedError` and `DifferenceError`.
        """
        try:
            message = await self.wire.recv()
        except ConnectionClosed as error:
            raise ClosedError(error) from None
        self._note("came", message)
        frame = object_in(message)
        if frame is None:
            raise DifferenceError(f"a message that is no frame: {shown(message)}")
        self.first_frame = self.first_frame or frame
        if isinstance(peer := frame.get("peerID"), str):
            self.names.bound.setdefault(SUBJECT, peer)
        return message, frame

    def _note(self, way: Literal["sent", "came"], message: str | bytes) -> None:
        self.transcript.append(Line(way, shown(message)))
