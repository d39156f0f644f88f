"""First a few questions, so that what is no Slipstream server gets one clear verdict, and soon.

Owns the sentences about servers that cannot be checked. Every wait here is bounded.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, Final

from websockets.exceptions import ConnectionClosed

from inspector_app.check.driver import Wire
from inspector_app.check.messages import DESCRIBE, HELLO, PING, answers, object_in
from inspector_app.check.patterns import Names
from inspector_app.check.verdicts import Server

PATIENCE_S: Final = 3.0
"""Longest wait for the answer to a probe, which the protocol gives `slipstream.describe` too (§10)."""


class NotCheckableError(Exception):
    """The server does not speak so that cases could be played. The text is a sentence's end: what it does."""


@dataclass(slots=True)
class _Talk:
    """A short talk with a server, and what it was like."""

    wire: Wire
    names: Names = field(default_factory=Names)
    first_frame: dict[str, Any] | None = None
    frames: int = 0
    other_messages: int = 0

    async def ask(self, operation: str) -> dict[str, Any]:
        """The frame that answers a request. Raises `NotCheckableError` for an echo or a close."""
        request_id = self.names.new_id()
        request = {
            "type": "request",
            "requestId": request_id,
            "peerID": self.names.driver,
            "data": {"operation": operation},
            "meta": {"hello": dict(HELLO)},
        }
        text = json.dumps(request)
        try:
            await self.wire.send(text)
            while True:
                message = await self.wire.recv()
                frame = object_in(message)
                if message in (text, text.encode()) or (frame and frame.get("peerID") == self.names.driver):
                    raise NotCheckableError("echoes what it is sent: it is no Slipstream server")
                if frame is None:
                    self.other_messages += 1
                    continue
                self.frames += 1
                self.first_frame = self.first_frame or frame
                if answers(frame, request_id):
                    return frame
        except ConnectionClosed as error:
            raise NotCheckableError(_left(error)) from None

    def silence(self) -> str:
        """What to say of a server that has given no answer."""
        if self.other_messages:
            return "sends messages that are no frames, and answers nothing"
        if self.frames:
            return "sends frames, but answers neither a ping nor any other request"
        return "takes the connection and answers nothing"

    @property
    def hello(self) -> dict[str, Any] | None:
        """What the server says of itself in its first frame; None of a legacy peer (protocol.md §8)."""
        meta = self.first_frame.get("meta") if self.first_frame else None
        hello = meta.get("hello") if isinstance(meta, dict) else None
        return hello if isinstance(hello, dict) else None


async def look_at(wire: Wire, *, patience_s: float = PATIENCE_S) -> Server:
    """Find out what a server is. Raises `NotCheckableError` for one against which no case makes sense."""
    talk = _Talk(wire)
    try:
        async with asyncio.timeout(patience_s):
            await talk.ask(PING)
    except TimeoutError:
        raise NotCheckableError(talk.silence()) from None
    if talk.hello is None:
        return Server(modern=False)
    software = talk.hello.get("software")
    operations = await _operations(talk, patience_s)
    return Server(modern=True, software=software if isinstance(software, str) else "", operations=operations)


async def _operations(talk: _Talk, patience_s: float) -> frozenset[str] | None:
    try:
        async with asyncio.timeout(patience_s):
            data = (await talk.ask(DESCRIBE)).get("data")
    except TimeoutError:
        return None
    told = data.get("operations") if isinstance(data, dict) else None
    if not isinstance(told, list):
        return None
    names = [each.get("name") for each in told if isinstance(each, dict)]
    return frozenset(name for name in names if isinstance(name, str))


def _left(error: ConnectionClosed) -> str:
    if error.rcvd is None:
        return "drops the connection when it is sent a request"
    reason = f" ({error.rcvd.reason})" if error.rcvd.reason else ""
    return f"closes the connection with code {error.rcvd.code}{reason} when it is sent a request"
