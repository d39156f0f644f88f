"""Times that a session keeps: timeouts of callers on both sides, and floods of bad frames (§8, §11)."""

from __future__ import annotations

import math

import pytest

from slipstream.events import Called, Event, Expired, Found, Violated
from slipstream.limits import Limits
from tests.slipstream.transcripts import (
    BISTREAM,
    STREAM,
    UNARY,
    error,
    errors_written,
    legacy,
    modern,
    session,
    written,
)
from tests.slipstream.wire import HELLO, ME, PEER, call, text

# -- the timeout of a caller ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [UNARY, STREAM, BISTREAM])
def test_a_modern_peer_is_told_how_long_an_answer_matters(kind: object) -> None:
    me = modern()
    for timeout_s in (5, 5, 2.5, None):
        me.open(kind, call("x"), timeout_s=timeout_s)  # type: ignore[arg-type] # one of the kinds
    assert [frame.get("meta") for frame in written(me)] == [
        {"timeout": 5},
        {"timeout": 5},
        {"timeout": 2.5},
        None,
    ]


def test_a_legacy_peer_and_one_not_heard_yet_are_told_nothing_of_time() -> None:
    for me in (legacy(), session()):
        me.open(UNARY, call("x"), timeout_s=5)
        assert "timeout" not in (written(me)[0].get("meta") or {})


def test_the_first_frame_to_a_modern_peer_says_both_who_this_is_and_how_long_it_waits() -> None:
    me = session()
    me.receive(text("fire_and_forget", data=call("x"), meta={"hello": HELLO}))
    me.open(UNARY, call("x"), timeout_s=5)
    meta = written(me)[0]["meta"]
    assert (sorted(meta), meta["timeout"]) == (["hello", "timeout"], 5)


@pytest.mark.parametrize("timeout_s", [math.nan, math.inf, -math.inf])
def test_a_timeout_that_is_no_number_of_seconds_opens_nothing(timeout_s: float) -> None:
    me = modern()
    with pytest.raises(ValueError, match="A timeout is a number of seconds, or None"):
        me.open(UNARY, call("x"), timeout_s=timeout_s)
    assert (list(me.table), me.outgoing, me.table.next_number) == ([], [], 0)


@pytest.mark.parametrize("first", [True, False], ids=["first frame", "later frame"])
@pytest.mark.parametrize("word", ["request", "stream_request", "stream_stream_request"])
def test_an_exchange_whose_caller_has_stopped_waiting_is_failed_and_expired(word: str, first: bool) -> None:
    me = session() if first else modern()
    meta = {"timeout": 5, "hello": HELLO}
    (called,) = me.receive(text(word, 0, call("slow"), meta=meta), now=100)
    assert isinstance(called, Called)
    assert (me.deadlines.next, me.tick(104.9)) == (105, [])
    why = "'slow' was not done within the time that its caller gave it"
    assert me.tick(105) == [Expired((PEER, 0), why)]
    frame = written(me)[0]
    assert (frame["type"], frame["data"]) == ("error", {"error": why, "code": "deadline_exceeded"})
    assert list(me.table) == []


def test_an_exchange_that_is_answered_in_time_does_not_expire() -> None:
    me = modern()
    me.receive(text("request", 0, call("x"), meta={"timeout": 5}))
    me.respond((PEER, 0), 1)
    written(me)
    assert me.tick(10) == []
    assert me.outgoing == []


@pytest.mark.parametrize("timeout", [None, 0, -1, True, "5", [5]])
def test_a_timeout_that_cannot_be_kept_is_none(timeout: object) -> None:
    me = modern()
    me.receive(text("request", 0, call("x"), meta={"timeout": timeout}))
    assert me.deadlines.next is None


def test_a_call_that_is_refused_has_no_deadline() -> None:
    me = modern()
    me.closing = True
    me.receive(text("request", 0, call("x"), meta={"timeout": 5}))
    assert errors_written(me) == [error(0, "unavailable")]
    assert me.deadlines.next is None


# -- floods, and strictness -------------------------------------------------------------------------------


def violations(events: list[Event]) -> list[int]:
    return [event.code for event in events if isinstance(event, Violated)]


def test_bad_frames_are_borne_below_the_limit_within_the_window() -> None:
    me = modern(limits=Limits(bad_frames=3, bad_frames_window_s=10))
    closed = [violations(me.receive("[]", now=now)) for now in (0, 5, 10, 15, 20, 24)]
    assert closed == [[], [], [], [], [], [4429]]


def test_a_flood_says_how_many_came_in_what_time() -> None:
    me = modern(limits=Limits(bad_frames=2, bad_frames_window_s=2.5))
    me.receive("[]")
    assert me.receive("[]")[-1] == Violated(4429, "2 bad frames came within 2.5 s")
    assert me.bad_frames == 2


def test_without_a_limit_no_flood_is_one() -> None:
    me = modern(limits=Limits(bad_frames=None))
    assert [violations(me.receive("[]")) for _ in range(3000)] == [[]] * 3000


def test_good_frames_are_no_flood() -> None:
    me = modern(limits=Limits(bad_frames=1))
    assert violations(me.receive(text("request", 0, call("x")))) == []
    assert violations(me.receive("[]")) == [4429]


def test_strictly_the_first_bad_frame_closes() -> None:
    me = modern(limits=Limits(strict=True))
    finding, violated = me.receive("[]")
    assert isinstance(finding, Found)
    assert violated == Violated(4400, "strict: a bad frame came")


@pytest.mark.parametrize(("strict", "codes"), [(True, [4409]), (False, [])])
def test_a_frame_in_this_sides_name_closes_strictly(strict: bool, codes: list[int]) -> None:
    me = modern(limits=Limits(strict=strict))
    assert violations(me.receive(text("request", 0, call("x"), opener=ME, peerID=ME))) == codes


def test_strictly_other_findings_close_nothing() -> None:
    me = modern(limits=Limits(strict=True))
    events = me.receive(text("response", 7, 1))
    assert [type(event) for event in events] == [Found]
