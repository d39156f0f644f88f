"""Sessions and bad input: counted, found, answered only where a request of the sender is named (§7)."""

from __future__ import annotations

import json

import pytest

from slipstream.events import Called
from slipstream.limits import Limits
from tests.slipstream.transcripts import (
    BISTREAM,
    UNARY,
    answer,
    error,
    errors_written,
    modern,
    rules,
    session,
    written,
)
from tests.slipstream.wire import ME, PEER, call, text


@pytest.mark.parametrize(
    "message",
    [
        "nonsense",
        "[1]",
        "3",
        "null",
        b"\xff\xfe",
        "[" * 100_000,
        "1" * 5000,
        text("request", data=call("x"), peerID=None),
        text("reqest", data=call("x")),
        '{"type":"request","requestId":["peer",%s]}' % ("1" * 5000),
        text("fire_and_forget", 5, call("x"), peerID=""),
        text("response", 0, meta=3),
        text("error", 0, meta=3),
        text("stream_data", 0, meta=3),
        text("stream_end", 0, meta=3),
        text("request", None, call("x"), peerID=None, requestId=["peer", "1"]),
        text("request", None, call("x"), peerID=None, requestId=["peer", True]),
        text("request", -1, call("x"), peerID=None),
        text("request", 2**53, call("x"), peerID=None),
        text("request", 0, call("x"), peerID=None, opener="x" * 129),
        text("request", 0, call("x"), peerID=3, opener=ME),
        text("reqest", 0, call("x"), peerID=ME),
        json.dumps({"type": "response", "requestId": [ME, 0], "peerID": 3}),
    ],
    ids=lambda message: str(message)[:60],
)
def test_a_bad_frame_is_counted_found_and_not_answered(message: str | bytes) -> None:
    me = modern()
    assert rules(me.receive(message)) == ["bad_frame"]
    assert (me.bad_frames, me.findings) == (1, 1)
    assert me.outgoing == []
    assert list(me.table) == []


@pytest.mark.parametrize(
    "message",
    [
        text("request", 7, call("x"), peerID=None),
        text("STREAM-REQUEST", 7, call("x"), peerID=""),
        text("stream_stream_request", 7, call("x"), peerID="x" * 129),
        text("request", 7, call("x"), meta=[]),
        text("subscribe", 7, call("x")),
        text("request", 7, call("x"), type=None),
        text("request", 7, call("x"), type=["request"]),
        text("request", 7, call("\ud83d"), meta={"\ud83d": 1}, peerID="\ud83d"),
    ],
)
def test_a_bad_frame_that_names_a_request_of_its_sender_is_answered_once(message: str) -> None:
    me = modern()
    assert rules(me.receive(message)) == ["bad_frame"]
    assert errors_written(me) == [error(7, "invalid_request")]
    assert rules(me.receive(message)) == ["bad_frame"]
    assert written(me) == []
    assert list(me.table) == []
    assert me.receive(text("request", 8, call("x")))[0] == Called((PEER, 8), UNARY, "x", call("x"))


def test_a_bad_frame_does_not_fail_the_exchange_that_has_its_id() -> None:
    me = modern()
    me.receive(text("request", 7, call("x")))
    me.receive(text("request", 7, call("x"), peerID=None))
    assert written(me) == []
    me.respond((PEER, 7), 1)
    assert len(written(me)) == 1


@pytest.mark.parametrize("word", ["response", "stream_data"])
def test_a_frame_of_the_wrong_type_is_a_finding_and_harms_nothing(word: str) -> None:
    me = modern()
    me.receive(text("request", 0, call("x")))
    assert rules(me.receive(text(word, 0, 1))) == ["wrong_type"]
    assert written(me) == []
    me.respond((PEER, 0), 1)
    assert len(written(me)) == 1


def test_an_error_is_never_answered() -> None:
    me = modern()
    for message in (
        text("error", 0, "unknown exchange"),
        text("error", None, "no id"),
        answer("error", 99, "foreign"),
        text("error", 0, "own", peerID=ME),
        text("error", 0, "bad", peerID=3),
        text("ERROR", 0, "bad", requestId=["peer"]),
    ):
        assert len(rules(me.receive(message))) == 1
    assert written(me) == []


def test_data_for_an_unknown_stream_is_a_finding_and_not_answered() -> None:
    me = modern()
    assert rules(me.receive(text("stream_data", 3, 1))) == ["unknown_exchange"]
    assert rules(me.receive(answer("stream_data", 3, 1))) == ["foreign_id"]
    assert written(me) == []


def test_an_echo_server_learns_nothing_and_gets_no_answer() -> None:
    me = session()
    me.open(UNARY, call("x"), timeout_s=1)
    me.open(BISTREAM, call("x"))
    me.notify(call("x"))
    for message in list(me.outgoing):
        assert rules(me.receive(message)) == ["own_peer_id"]
    assert len(written(me)) == 3
    assert (me.remote.peer_id, me.remote.modern) == (None, None)
    assert me.table.count(mine=True) == 2


def test_a_message_over_my_limit_is_a_bad_frame() -> None:
    me = modern(limits=Limits(frame_bytes=1000))
    assert rules(me.receive(text("request", 0, call("x" * 2000)))) == ["bad_frame"]
    assert written(me) == []


def test_counters_tell_frames_that_are_none_findings_and_late_ones() -> None:
    me = modern()
    me.receive("nonsense")
    me.receive(text("request", 0, None))
    me.receive(text("error", 0))
    assert (me.bad_frames, me.findings, me.table.late) == (1, 2, 1)
