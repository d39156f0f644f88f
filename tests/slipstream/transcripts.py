"""Sessions for transcripts: made, greeted, and what they write read back with `json` alone."""

from __future__ import annotations

import json
from typing import Any

from slipstream.events import Event, Found
from slipstream.exchanges import ExchangeKind
from slipstream.session import Session
from tests.slipstream.wire import HELLO, ME, PEER, call, text

UNARY, STREAM, BISTREAM = ExchangeKind.UNARY, ExchangeKind.SERVER_STREAM, ExchangeKind.BIDIRECTIONAL
OPENING_WORDS = {UNARY: "request", STREAM: "stream_request", BISTREAM: "stream_stream_request"}


def session(**more: Any) -> Session:
    return Session(ME, **more)


def greeted(hello: object = HELLO, **more: Any) -> Session:
    """A session that has sent its first frame and heard the other side's; nothing waits to be written."""
    fresh = session(**more)
    fresh.notify(call("x"))
    fresh.receive(text("fire_and_forget", data=call("x"), meta={"hello": hello} if hello else None))
    assert written(fresh)
    return fresh


def modern(**more: Any) -> Session:
    return greeted(**more)


def legacy(**more: Any) -> Session:
    return greeted(None, **more)


def written(of: Session) -> list[dict[str, Any]]:
    """What waits to be written, taken."""
    frames = [json.loads(message) for message in of.outgoing]
    of.outgoing.clear()
    return frames


def answer(kind: str, number: int, data: Any = None, **more: Any) -> str:
    """A frame of the peer's for an exchange of mine."""
    return text(kind, number, data, opener=ME, **more)


def rules(events: list[Event]) -> list[str]:
    return [event.finding.rule for event in events if isinstance(event, Found)]


def error(number: int, code: str, opener: str = PEER) -> dict[str, Any]:
    return {"requestId": [opener, number], "code": code}


def errors_written(of: Session) -> list[dict[str, Any]]:
    frames = written(of)
    assert all(frame["type"] == "error" and frame["peerID"] == ME for frame in frames)
    assert all(isinstance(frame["data"]["error"], str) and frame["data"]["error"] for frame in frames)
    return [{"requestId": frame["requestId"], "code": frame["data"]["code"]} for frame in frames]
