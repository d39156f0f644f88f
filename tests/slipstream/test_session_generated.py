"""Sessions against generated peers: whatever comes, nothing is raised and what is answered is lawful."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from slipstream.events import Called
from slipstream.exchanges import Outcome
from slipstream.frames import MessageType, decode
from slipstream.limits import Limits
from slipstream.session import Session
from tests.slipstream.transcripts import BISTREAM, STREAM, UNARY
from tests.slipstream.wire import ME, PEER, call

words = st.sampled_from([*(kind.value for kind in MessageType), "STREAM_DATA", "request ", "subscribe"])
peers = st.sampled_from([PEER, ME, "third", "", None, 5, "x" * 200])
numbers = st.integers(-1, 4) | st.sampled_from([2**53, 10**30, "1", True, None, 1.5])
payloads: st.SearchStrategy[Any] = st.sampled_from(
    [None, "text", call("x"), {"operation": 1}, {"error": "x", "code": "cancelled"}, float("nan"), "x" * 3000]
)
metas = st.sampled_from(
    [None, {}, 3, *({"hello": {"version": 1, "maxFrame": limit}} for limit in (1, 150, 2000, "x"))]
)
frames = st.fixed_dictionaries(
    {"type": words, "data": payloads},
    optional={"peerID": peers, "requestId": st.tuples(peers, numbers) | numbers, "meta": metas},
).map(json.dumps)
messages = frames | st.sampled_from(["", "[1]", '"\\ud83d"', '{"type":'])


@given(coming=st.lists(messages, max_size=25), answers=st.booleans())
@settings(max_examples=300, deadline=None)
def test_whatever_comes_is_taken_and_answered_within_the_protocol(coming: list[str], answers: bool) -> None:
    me = Session(ME, Limits(in_flight=3, frame_bytes=2500))
    for kind in (UNARY, STREAM, BISTREAM):
        me.open(kind, call("mine"), timeout_s=5)
    me.outgoing.clear()
    for message in coming:
        events = me.receive(message)
        for event in events:
            if (
                answers
                and isinstance(event, Called)
                and event.kind is UNARY
                and not me.remote.max_frame_bytes
            ):
                me.respond(event.request_id, "done")
        for written in me.outgoing:
            frame = decode(written)
            assert frame.request_id is not None
            assert frame.request_id[0] != ME
            assert frame.type in (MessageType.ERROR, MessageType.RESPONSE)
            assert frame.peer_id == ME
            assert len(written) <= (me.remote.max_frame_bytes or 2500)
            assert me.table.get(frame.request_id) is None
            assert json.loads(message)["type"] != "error"
        assert len(me.outgoing) <= 1
        me.outgoing.clear()
        assert me.table.count(mine=False) <= 3
    me.tick(6)
    assert me.table.count(mine=True) == 0
    ended = {exchange.request_id for exchange in me.connection_ended(Outcome.CLOSED)}
    assert all(opener != ME for opener, _ in ended)
    assert list(me.table) == []
