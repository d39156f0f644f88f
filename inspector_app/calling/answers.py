"""The answers to one exchange as they stood in their frames: no digit, escape or double key is lost."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import Any, Final

from inspector_app.display.json_layout import data_of
from slipstream import ConnectionState, Finding, ProtocolError
from slipstream.frames import MessageType, decode
from slipstream.taps import FrameTap, Tap, Transition

_ENDED: Final = frozenset({ConnectionState.CLOSED, ConnectionState.LOST})
_ANSWERS: Final = frozenset({MessageType.RESPONSE, MessageType.STREAM_DATA})


class Answers(Tap):
    """Keeps the JSON text of each answer until it is taken, in the order of the items that a consumer gets.

    Keeps the first finding of the connection too, and counts them.
    """

    def __init__(self) -> None:
        self._watched: tuple[str, int] | None = None
        self._texts: deque[bytes | None] = deque()
        self.over = asyncio.Event()
        """Set when the exchange is ended by an error, or with its connection."""
        self.findings = 0
        self.first_finding: Finding | None = None

    def watch(self, request_id: tuple[str, int]) -> None:
        """Keep the answers of this exchange, of which none has come yet."""
        self._watched = request_id

    def take(self, value: Any) -> bytes:
        """The text of the next answer, which was read as `value`."""
        text = self._texts.popleft() if self._texts else None
        return text if text is not None else json.dumps(value).encode()

    def frame(self, seen: FrameTap) -> None:
        """Keep the text of an answer; what the library takes for one is one."""
        if seen.direction == "out" or self._watched is None:
            return
        try:
            frame = decode(seen.message)
        except ProtocolError:
            return  # a finding, which has a place of its own
        if frame.request_id != self._watched:
            return
        if frame.type in _ANSWERS:
            self._texts.append(data_of(seen.message))
        elif frame.type is MessageType.ERROR:
            self.over.set()

    def transition(self, transition: Transition) -> None:
        """Take note of the connection's end."""
        if transition.new in _ENDED:
            self.over.set()

    def finding(self, finding: Finding, time_ns: int) -> None:  # noqa: ARG002 - as a tap is called
        """Count it."""
        self.findings += 1
        self.first_finding = self.first_finding or finding
