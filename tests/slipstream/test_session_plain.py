"""An ordinary frame takes a shorter way through the session; what comes of it is what the long way gives."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from slipstream.errors import SlipstreamError
from slipstream.events import Event
from slipstream.exchanges import ExchangeKind, Outcome
from slipstream.frames import Fields, MessageType
from slipstream.limits import Limits
from slipstream.session import Session
from tests.slipstream.transcripts import BISTREAM, STREAM, UNARY
from tests.slipstream.wire import HELLO, ME, PEER, call, text


@dataclass(slots=True)
class LongWay(Session):
    """A session for which no frame is ordinary."""

    def _plain(self, fields: Fields, size: int, now: float) -> Event | None:
        return None


Move = Callable[[Session], object]
"""One thing that happens to a session, and what it says."""

quick = [MessageType.REQUEST, MessageType.RESPONSE, MessageType.STREAM_DATA]
words = st.sampled_from(
    [*(kind.value for kind in [*MessageType, *quick, *quick]), "STREAM_DATA", "streamData", "subscribe"]
)
openers = st.sampled_from([ME, ME, PEER, PEER, "third"])
numbers = st.sampled_from([0, 0, 1, 1, 2, 2, 3, 4, 5, 9, -1, 2**53, True, "1", None])
payloads: st.SearchStrategy[Any] = st.sampled_from(
    [
        call("x"),
        call("x"),
        None,
        "text",
        {"operation": 1},
        {"error": "x", "code": "cancelled"},
        *(call("slipstream.credit", requestId=[ME, number], limit=5) for number in (1, 2)),
        call("slipstream.credit", requestId=[PEER, 1], limit=True),
    ]
)
metas: st.SearchStrategy[Any] = st.sampled_from(
    [None, None, None, {"timeout": 2}, {"timeout": -1}, {"hello": {"credit": 2}}, [], {}]
)


def _frame(word: str, opener: str, number: Any, peer: str | None, data: Any, meta: Any) -> str:
    fields = {"type": word, "requestId": [opener, number], "peerID": peer, "data": data}
    return json.dumps(fields if meta is None else {**fields, "meta": meta})


peers = st.sampled_from([PEER, PEER, PEER, PEER, ME, "third", None, ""])
messages = st.builds(_frame, words, openers, numbers, peers, payloads, metas) | st.sampled_from(
    ["", "[1]", '{"type":', text("request", None, call("x")), "x" * 700]
)


def _receive(message: str, now: float) -> Move:
    return lambda session: session.receive(message, now=now)


def _call(method: str, *arguments: Any) -> Move:
    return lambda session: getattr(session, method)(*arguments)


request_ids = st.tuples(st.sampled_from([ME, PEER]), st.integers(0, 4))
coming = st.builds(_receive, messages, st.integers(0, 20))
own = (
    st.builds(lambda kind, s: _call("open", kind, call("mine")), st.sampled_from(ExchangeKind), st.none())
    | st.builds(lambda one, data: _call("send_item", one, data), request_ids, st.sampled_from([1, None]))
    | st.builds(lambda one: _call("respond", one, "done"), request_ids)
    | st.builds(lambda one: _call("end", one), request_ids)
    | st.builds(lambda one: _call("fail", one, "application", "x"), request_ids)
    | st.builds(lambda one: _call("give_up", one, Outcome.CANCELLED), request_ids)
    | st.builds(lambda one, items: _call("consumed", one, items), request_ids, st.integers(1, 9))
    | st.builds(lambda one: _call("patience", one), request_ids)
    | st.builds(lambda now: _call("tick", now), st.integers(0, 25))
    | st.just(lambda session: setattr(session, "closing", True))
)
moves = st.lists(coming | coming | coming | own, min_size=5, max_size=30)
hellos = st.sampled_from([None, HELLO, {**HELLO, "credit": 1}, {**HELLO, "credit": 0}, {"credit": "x"}])


def _outcome(session: Session, move: Move) -> object:
    try:
        return move(session)
    except SlipstreamError as error:
        return type(error), str(error)


@given(moves=moves, hello=hellos, strict=st.booleans())
@settings(max_examples=300, deadline=None)
def test_the_short_way_and_the_long_way_give_the_same(moves: list[Move], hello: Any, strict: bool) -> None:
    limits = Limits(in_flight=3, frame_bytes=600, credit=2, bad_frames=4, strict=strict)
    short, long = Session(ME, limits), LongWay(ME, limits)
    greeting = text("request", 0, call("first"), meta={"hello": hello} if hello else None)
    openings = [_call("open", kind, call("mine")) for kind in (UNARY, STREAM, BISTREAM)]
    for move in [*openings, _receive(greeting, 0), *moves]:
        findings = short.findings
        assert _outcome(short, move) == _outcome(long, move)
        event("a finding" if short.findings > findings else "none")
        assert short.table == long.table
        assert short.outgoing == long.outgoing
        assert short.remote == long.remote
        assert (short.findings, short.bad_frames) == (long.findings, long.bad_frames)
        assert short.deadlines.next == long.deadlines.next
    ended = [session.connection_ended(Outcome.CLOSED) for session in (short, long)]
    assert ended[0] == ended[1]


def test_a_frame_is_ordinary_only_once_the_other_side_was_heard() -> None:
    ways: list[str] = []

    @dataclass(slots=True)
    class Told(Session):
        def _plain(self, fields: Fields, size: int, now: float) -> Event | None:
            event = Session._plain(self, fields, size, now)
            ways.append("long" if event is None else "short")
            return event

    me = Told(ME)
    for kind in (UNARY, BISTREAM):
        me.open(kind, call("x"))
    me.receive(text("request", 0, call("x")))
    assert ways == []
    me.receive(text("request", 1, call("x"), meta={"timeout": 5}))
    me.receive(text("response", 0, 1, opener=ME))
    me.receive(text("stream_data", 1, 1, opener=ME))
    assert ways == ["short"] * 3
    me.receive(text("stream_end", 1, opener=ME))
    me.receive(text("response", 7, 1, opener=ME))
    me.receive(text("RESPONSE", 7, 1, opener=ME))
    assert ways[3:] == ["long", "long", "long"]
    assert me.deadlines.next == 5
    me.receive(text("request", 2, call("x")))
    assert len(ways) == 6, "one who spells types otherwise is read the long way"
