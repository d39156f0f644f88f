"""What an ordinary frame does at little cost is what the full rules say, for every frame in every state."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import event as note
from hypothesis import given, settings
from hypothesis import strategies as st

from slipstream.events import Called, Event
from slipstream.exchanges import Outcome
from slipstream.frames import Fields, MessageType
from slipstream.limits import Limits
from slipstream.session import Session
from tests.slipstream.transcripts import BISTREAM, STREAM, UNARY
from tests.slipstream.wire import HELLO, ME, PEER, call, text


class CarefulSession(Session):
    """One that takes every frame by the full rules."""

    def _plain(self, fields: Fields, size: int, now: float) -> Event | None:
        return None


class CountingSession(Session):
    """One that says how often the full rules were not needed."""

    def _plain(self, fields: Fields, size: int, now: float) -> Event | None:
        event = super()._plain(fields, size, now)
        note("at little cost" if event is not None else "by the full rules")
        return event


def often(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    """One value three times of four, else one of the others."""
    return st.sampled_from([usual] * 3 * len(others) + [*others])


frames = st.fixed_dictionaries(
    {
        "type": st.sampled_from([*(kind.value for kind in MessageType), "request", "response", "stream_data"])
        | st.sampled_from(["STREAM_DATA", "subscribe"]),
        "requestId": st.tuples(st.sampled_from([ME, PEER, PEER, "third"]), st.integers(0, 5)) | st.just(None),
        "peerID": often(PEER, ME, "third", None, ""),
        "data": often(call("x"), "text", None, {"operation": 1}, {"error": "x", "code": "cancelled"}),
    },
    optional={"meta": often({"timeout": 3}, {}, {"timeout": "x"}, {"hello": HELLO}, 3)},
).map(json.dumps)
credit = st.builds(
    lambda number, limit: text(
        "fire_and_forget", data=call("slipstream.credit", requestId=[ME, number], limit=limit)
    ),
    st.integers(0, 5),
    st.integers(0, 9),
)
acts = st.tuples(st.sampled_from(["open", "answer", "send", "end", "give up", "close"]), st.integers(0, 5))
ordinary = st.tuples(
    st.sampled_from(["request", "response", "stream_data", "stream_data"]),
    st.integers(0, 5),
    often(PEER, ME, "third", None),
)
steps = st.lists(frames | credit | acts | ordinary | ordinary, max_size=40)


def fitting(me: Session, kind: str, number: int, sender: str | None) -> str:
    """An ordinary frame that comes as it should, but maybe from another, where there is room for one."""
    if kind == "request":
        return text(kind, 10 + me.table.opened_by_peer, call("x", number=number), peerID=sender)
    wanted = [each for each in me.table if (each.kind is UNARY) is (kind == "response")]
    opener, counter = wanted[number % len(wanted)].request_id if wanted else (ME, number)
    return text(kind, counter, number, opener=opener, peerID=sender)


def do(me: Session, act: str, number: int, called: list[Called]) -> None:
    """Let the program of a session act, where there is something to act on."""
    match act:
        case "open" if me.table.count(mine=True) < me.limits.in_flight:
            me.open((UNARY, STREAM, BISTREAM)[number % 3], call("mine"))
        case "answer" if called:
            me.respond(called[number % len(called)].request_id, "done")
        case "send" | "end" if streams := [each for each in me.table if each.takes_items]:
            exchange = streams[number % len(streams)]
            if act == "send":
                me.send_item(exchange.request_id, number)
            else:
                me.end(exchange.request_id)
        case "give up":
            me.give_up((ME, number), Outcome.CANCELLED)
        case "close":
            me.closing = number < 4


def state_of(me: Session) -> dict[str, object]:
    """All that a frame could have changed."""
    return {
        "in flight": sorted(map(repr, me.table)),
        "remote": repr(me.remote),
        "counts": (me.table.late, me.table.opened_by_peer, me.findings, me.bad_frames),
        "deadline": me.deadlines.next,
        "written": me.outgoing,
    }


@given(steps)
@settings(max_examples=300, deadline=None)
def test_an_ordinary_frame_does_what_the_full_rules_say(taken: list[Any]) -> None:
    limits = Limits(in_flight=4, credit=2)
    quick, careful = CountingSession(ME, limits), CarefulSession(ME, limits)
    called: list[Called] = []
    for me in (quick, careful):
        for kind in (UNARY, STREAM, BISTREAM):
            me.open(kind, call("mine"))
        me.receive(text("request", 0, call("first"), meta={"hello": {**HELLO, "credit": 2}}))
    for now, step in enumerate(taken):
        if isinstance(step, tuple) and len(step) == 2:
            act, number = step
            for me in (quick, careful):
                do(me, act, number, called)
        else:
            message = step if isinstance(step, str) else fitting(careful, *step)
            events, expected = (me.receive(message, now=now) for me in (quick, careful))
            assert events == expected
            called += [event for event in events if isinstance(event, Called) and event.kind is UNARY]
        assert state_of(quick) == state_of(careful)
