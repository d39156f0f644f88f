"""Captures for the tests of the viewer, made by the real fold and the real writer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from inspector_app.capture.records import (
    ConnectionOpened,
    ExchangeSettled,
    FrameSeen,
    HandshakeSeen,
    Noted,
    OperationsDescribed,
    Outcome,
    Record,
    StateChanged,
)
from inspector_app.capture.store import CaptureWriter
from inspector_app.model.fold import Fold

START_NS = 1_795_346_400_000_000_000
MS = 1_000_000
S = 1_000_000_000

ME = "0f8a1c52-aaaa-4bbb-8ccc-000000000001"
PEER = "7be2d940-dddd-4eee-8fff-000000000002"


class Recording:
    """A capture being written. Each record is 10 ms after the one before, unless time is moved on."""

    def __init__(
        self, folder: Path, name: str = "test.capture", *, role: str = "client", **source: object
    ) -> None:
        self.path = folder / name
        about = source or {"kind": "client", "url": "ws://127.0.0.1:8765"}
        self._writer = CaptureWriter(self.path, source=about, software="tests", created_ns=START_NS)
        self._fold = Fold()
        self._role: Any = role
        self._counters: dict[tuple[int, str], int] = {}
        self.now_ns = START_NS

    def at(self, ms: int) -> Recording:
        """Move on to so many milliseconds after the start."""
        self.now_ns = START_NS + ms * MS
        return self

    def add(self, record: Record) -> None:
        self._fold.apply(record)

    def commit(self) -> Recording:
        self._writer.write(self._fold.take())
        return self

    def close(self) -> Path:
        self.commit()
        self._writer.close()
        return self.path

    def _next(self) -> int:
        self.now_ns += 10 * MS
        return self.now_ns

    # -- connections --------------------------------------------------------------------------------------

    def connect(self, conn: int = 1, *, me: str = ME, address: str = "ws://127.0.0.1:8765") -> Recording:
        self.add(
            ConnectionOpened(conn=conn, time_ns=self._next(), role=self._role, address=address, local_peer=me)
        )
        handshake: dict[str, object] = {
            "request_line": "GET / HTTP/1.1",
            "request_headers": [["Host", "127.0.0.1:8765"], ["User-Agent", "slipstream"]],
            "response_line": "HTTP/1.1 101 Switching Protocols",
            "response_headers": [["Upgrade", "websocket"], ["Server", "market/2"]],
            "subprotocol": None,
            "remote": "127.0.0.1:8765",
        }
        self.add(HandshakeSeen(conn=conn, time_ns=self._next(), handshake=handshake))
        return self.state("CONNECTING", "CONNECTED", conn=conn)

    def state(
        self, old: str, new: str, *, code: int | None = None, reason: str = "", conn: int = 1
    ) -> Recording:
        self.add(StateChanged(conn=conn, time_ns=self._next(), old=old, new=new, code=code, reason=reason))
        return self

    def note(self, text: str, level: Any = "problem", conn: int | None = None) -> Recording:
        self.add(Noted(time_ns=self._next(), level=level, text=text, conn=conn))
        return self

    def describe(self, *operations: tuple[str, str, str], conn: int = 1) -> Recording:
        rows: tuple[dict[str, object], ...] = tuple(
            {"name": name, "kind": kind, "doc": doc, "params": SCHEMA, "returns": None, "deprecated": False}
            for name, kind, doc in operations
        )
        self.add(OperationsDescribed(conn=conn, time_ns=self._next(), operations=rows))
        return self

    # -- frames -------------------------------------------------------------------------------------------

    def raw(self, direction: Any, raw: str | bytes, *, conn: int = 1) -> Recording:
        self.add(FrameSeen(conn=conn, time_ns=self._next(), direction=direction, raw=raw))
        return self

    def frame(
        self, direction: Any, type_: str, number: int | None = None, data: object = None, **more: Any
    ) -> Recording:
        """`opener` names who opened the exchange; by default who sends an opening frame, else me."""
        sender = ME if direction == "out" else PEER
        frame: dict[str, object] = {"type": type_}
        if number is not None:
            frame["requestId"] = [more.get("opener", ME), number]
        frame |= {"peerID": sender, "data": data}
        return self.raw(direction, json.dumps(frame), conn=more.get("conn", 1))

    def request(self, number: int, operation: str = "get_quote", **data: object) -> Recording:
        return self.frame("out", "request", number, {"operation": operation, **data})

    def respond(self, number: int, data: object = None) -> Recording:
        return self.frame("in", "response", number, data)

    def fail(self, number: int, text: str, code: str = "application") -> Recording:
        return self.frame("in", "error", number, {"error": text, "code": code})

    def settle(self, number: int, outcome: Outcome, message: str = "", *, opener: str = ME) -> Recording:
        self.add(
            ExchangeSettled(
                conn=1, time_ns=self._next(), request_id=(opener, number), outcome=outcome, message=message
            )
        )
        return self

    def calls(self, count: int, first: int = 0) -> Recording:
        """So many requests, each answered at once: two frames a call."""
        for number in range(first, first + count):
            self.request(number, symbol="BEAN").respond(number, {"price_cents": 400 + number})
        return self


SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"symbol": {"type": "string"}, "count": {"type": "integer", "default": 10}},
    "required": ["symbol"],
}
