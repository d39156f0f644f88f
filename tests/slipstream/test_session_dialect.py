"""Sessions towards modern and legacy peers: hello, spelling, giving up, deadlines (§2, §8)."""

from __future__ import annotations

from typing import Any

import pytest

from slipstream.errors import ProtocolError
from slipstream.events import Settled
from slipstream.exchanges import ExchangeKind, Outcome
from slipstream.limits import Limits
from slipstream.spelling import Spelling
from tests.slipstream.transcripts import (
    BISTREAM,
    STREAM,
    UNARY,
    answer,
    error,
    errors_written,
    legacy,
    modern,
    session,
    written,
)
from tests.slipstream.wire import HELLO, ME, PEER, call, text

# -- hello and dialect -------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["open", "notify", "refuse", "answer bad frame"])
def test_the_first_frame_says_hello_and_no_other_does(first: str) -> None:
    me = session(software="mine 1.0", limits=Limits(credit=7, frame_bytes=5000))
    match first:
        case "open":
            me.open(UNARY, call("x"))
        case "notify":
            me.notify(call("x"))
        case "refuse":
            me.receive(text("request", 0, None))
        case _:
            me.receive(text("request", 0, call("x"), peerID=None))
    me.notify(call("x"))
    opening, second = written(me)
    assert opening["meta"] == {"hello": {"version": 1, "credit": 7, "maxFrame": 5000, "software": "mine 1.0"}}
    assert "meta" not in second


def test_a_frame_that_was_not_sent_takes_no_hello_with_it() -> None:
    me = session()
    with pytest.raises(ProtocolError):
        me.notify(call("x", value=object()))
    me.notify(call("x"))
    assert "hello" in written(me)[0]["meta"]


def test_the_first_frame_of_the_other_side_tells_what_it_is() -> None:
    me = session()
    assert me.remote.modern is None
    hello = {"version": 1, "credit": 10, "maxFrame": 2000, "software": "other " + "x" * 500}
    me.receive(text("request", 0, call("x"), meta={"hello": hello}))
    remote = me.remote
    assert (remote.peer_id, remote.modern, remote.version) == (PEER, True, 1)
    assert (remote.credit, remote.max_frame_bytes) == (10, 2000)
    assert remote.software == hello["software"][:200]  # type: ignore[index] # a str


@pytest.mark.parametrize("meta", [None, {}, {"hello": None}, {"hello": 1}, {"trace": {}}])
def test_a_side_whose_first_frame_has_no_hello_is_legacy_and_stays_so(meta: object) -> None:
    me = session()
    me.receive(text("request", 0, call("x"), meta=meta))
    me.receive(text("request", 1, call("x"), meta={"hello": HELLO}))
    assert me.remote.modern is False
    assert me.remote.max_frame_bytes is None


def test_a_message_that_is_no_frame_is_not_the_first_one() -> None:
    me = session()
    me.receive("nonsense")
    me.receive(text("request", 0, call("x"), meta={"hello": HELLO}))
    assert me.remote.modern is True


def test_a_peer_that_names_itself_late_is_known_all_the_same() -> None:
    me = session()
    me.open(UNARY, call("x"))
    me.receive(answer("response", 0, peerID=None))
    me.receive(text("request", 0, call("x")))
    assert me.remote.peer_id == PEER
    me.receive(text("error", 0, peerID="third"))
    assert me.remote.peer_id == PEER


@pytest.mark.parametrize("wrong", [True, "1", -1, 1.5, None, [], 0])
def test_a_hello_of_the_wrong_types_is_read_as_far_as_it_goes(wrong: object) -> None:
    me = session()
    hello = {"version": wrong, "credit": wrong, "maxFrame": wrong, "software": wrong}
    me.receive(text("request", 0, call("x"), meta={"hello": hello}))
    remote = me.remote
    assert (remote.modern, remote.version, remote.max_frame_bytes) == (True, 1, None)
    assert remote.credit == (0 if type(wrong) is int and wrong == 0 else None)
    assert remote.software == (wrong if isinstance(wrong, str) else "")


def test_the_lower_version_rules() -> None:
    me = session()
    me.receive(text("request", 0, call("x"), meta={"hello": {"version": 9}}))
    assert me.remote.version == 1


def test_a_partner_is_answered_in_its_spelling() -> None:
    me = modern()
    me.receive(text("STREAM-STREAM-REQUEST", 0, call("x")))
    me.receive(text("REQUEST", 1, call("x")))
    me.send_item((PEER, 0), 1)
    me.respond((PEER, 1), 1)
    assert [frame["type"] for frame in written(me)] == ["STREAM-DATA", "RESPONSE"]


def test_a_spelling_that_was_told_is_used_from_the_start_and_for_good() -> None:
    me = session(spelling=Spelling("camel", ""))
    me.open(STREAM, call("x"))
    me.receive(text("REQUEST", 1, call("x")))
    me.fail((PEER, 1), "internal", "x")
    assert [frame["type"] for frame in written(me)] == ["streamRequest", "error"]


def test_an_echo_does_not_change_the_spelling() -> None:
    me = modern()
    me.receive(text("REQUEST", 1, call("x"), peerID=ME))
    me.notify(call("x"))
    assert written(me)[0]["type"] == "fire_and_forget"


# -- giving up ---------------------------------------------------------------------------------------------

GIVE_UPS = [
    (Outcome.CANCELLED, "cancelled"),
    (Outcome.TIMEOUT, "deadline_exceeded"),
    (Outcome.OVERFLOW, "overflow"),
    (Outcome.LOST, "cancelled"),
]


@pytest.mark.parametrize("kind", ExchangeKind)
@pytest.mark.parametrize(("outcome", "code"), GIVE_UPS)
def test_a_modern_peer_is_told_by_an_error_with_the_code(
    kind: ExchangeKind, outcome: Outcome, code: str
) -> None:
    me = modern()
    request_id = me.open(kind, call("x"))
    written(me)
    assert me.give_up(request_id, outcome, "enough") == Settled(request_id, outcome, "enough")
    assert errors_written(me) == [error(0, code, ME)]
    assert list(me.table) == []
    assert me.receive(answer("response", 0)) == []
    assert me.give_up(request_id, outcome) is None
    assert written(me) == []


@pytest.mark.parametrize(("message", "told"), [("enough", "enough"), ("", "overflow")])
def test_a_modern_peer_is_told_why(message: str, told: str) -> None:
    me = modern()
    request_id = me.open(STREAM, call("x"))
    written(me)
    me.give_up(request_id, Outcome.OVERFLOW, message)
    assert [frame["data"]["error"] for frame in written(me)] == [told]


@pytest.mark.parametrize("make", [legacy, session])
@pytest.mark.parametrize(
    ("kind", "goodbye"), [(UNARY, []), (STREAM, ["stream_end"]), (BISTREAM, ["stream_end"])]
)
def test_a_legacy_or_unknown_peer_is_told_by_a_stream_end_or_nothing(
    make: Any, kind: ExchangeKind, goodbye: list[str]
) -> None:
    me = make()
    request_id = me.open(kind, call("x"))
    written(me)
    me.give_up(request_id, Outcome.CANCELLED)
    assert [frame["type"] for frame in written(me)] == goodbye
    assert me.receive(answer("stream_data", 0, 1)) == []
    assert me.receive(answer("stream_end", 0)) == []
    assert me.table.late == 2


def test_a_legacy_peer_gets_no_second_end_of_the_same_half() -> None:
    me = legacy()
    chat = me.open(BISTREAM, call("x"))
    me.end(chat)
    written(me)
    assert me.give_up(chat, Outcome.CANCELLED) is not None
    assert written(me) == []


@pytest.mark.parametrize(("meta", "told"), [({"hello": HELLO}, ["ERROR", "ERROR"]), (None, [])])
def test_who_turns_out_to_be_modern_is_told_what_was_given_up_before(
    meta: dict[str, Any] | None, told: list[str]
) -> None:
    me = session()
    given_up = [me.open(UNARY, call("x")) for _ in range(3)]
    for request_id in given_up:
        me.give_up(request_id, Outcome.CANCELLED)
    written(me)
    me.receive(answer("RESPONSE", 1, meta=meta))
    frames = written(me)
    assert [frame["type"] for frame in frames] == told
    assert [frame["requestId"][1] for frame in frames] == [0, 2][: len(told)]
    me.receive(answer("RESPONSE", 1, meta=meta))
    assert written(me) == []


def test_a_stream_given_up_before_its_first_item_said_hello_is_told_so() -> None:
    me = session()
    request_id = me.open(BISTREAM, call("x"))
    me.give_up(request_id, Outcome.CANCELLED)
    assert [frame["type"] for frame in written(me)][1:] == ["stream_end"]
    me.receive(answer("stream_data", 0, 1, meta={"hello": HELLO}))
    (told,) = written(me)
    assert (told["type"], told["requestId"], told["data"]["code"]) == ("error", [ME, 0], "cancelled")


def test_only_an_exchange_of_mine_is_given_up() -> None:
    me = modern()
    me.receive(text("request", 0, call("x")))
    assert me.give_up((PEER, 0), Outcome.CANCELLED) is None
    assert me.table.get((PEER, 0)) is not None


# -- deadlines ---------------------------------------------------------------------------------------------


def test_a_deadline_is_asked_for_and_kept() -> None:
    me = modern()
    late = me.open(UNARY, call("slow"), now=100, timeout_s=5)
    early = me.open(UNARY, call("slower"), now=100, timeout_s=2)
    me.open(UNARY, call("patient"), now=100)
    written(me)
    assert me.deadlines.next == 102
    assert me.tick(101.9) == []
    (event,) = me.tick(102)
    assert isinstance(event, Settled)
    assert (event.request_id, event.outcome) == (early, Outcome.TIMEOUT)
    assert "'slower'" in event.message
    assert errors_written(me) == [error(1, "deadline_exceeded", ME)]
    assert me.deadlines.next == 105
    assert [event.request_id for event in me.tick(1000) if isinstance(event, Settled)] == [late]
    assert me.table.count(mine=True) == 1


def test_an_exchange_that_has_ended_has_no_deadline() -> None:
    me = modern()
    me.open(UNARY, call("x"), timeout_s=5)
    me.receive(answer("response", 0))
    assert me.deadlines.next is None
    me.open(UNARY, call("x"), timeout_s=5)
    me.receive(answer("response", 1))
    assert me.tick(10) == []


def test_one_that_waits_long_does_not_keep_the_deadlines_of_the_others() -> None:
    me = modern()
    me.open(UNARY, call("stuck"), timeout_s=1)
    for number in range(1, 2000):
        me.open(UNARY, call("quick"), timeout_s=600)
        me.receive(answer("response", number))
    assert len(me.deadlines._heap) < 100
    assert me.deadlines.next == 1


def test_deadlines_stay_in_order_however_many_have_gone() -> None:
    me = modern()
    for number in range(500):
        me.open(UNARY, call("x"), timeout_s=1000 - number)
        if number % 3:
            me.receive(answer("response", number))
    gone = [event.request_id[1] for event in me.tick(2000) if isinstance(event, Settled)]
    assert gone == sorted(gone, reverse=True)
    assert len(gone) == 167


def test_a_modern_peer_is_told_how_long_its_answer_matters() -> None:
    me = modern()
    me.open(UNARY, call("x"), timeout_s=2.5)
    me.open(UNARY, call("x"))
    assert [frame.get("meta") for frame in written(me)] == [{"timeout": 2.5}, None]


@pytest.mark.parametrize("make", [legacy, session])
def test_any_other_peer_is_not(make: Any) -> None:
    me = make()
    me.open(UNARY, call("x"), timeout_s=2.5)
    assert "timeout" not in (written(me)[0].get("meta") or {})


def test_a_first_frame_carries_hello_and_timeout_together() -> None:
    me = session()
    me.receive(text("request", 0, call("x"), meta={"hello": HELLO}))
    me.open(UNARY, call("x"), timeout_s=2.5)
    meta = written(me)[0]["meta"]
    assert set(meta) == {"hello", "timeout"}


@pytest.mark.parametrize("make", [legacy, modern])
@pytest.mark.parametrize("timeout_s", [float("nan"), float("inf"), -float("inf")])
def test_a_timeout_is_a_number_of_seconds(make: Any, timeout_s: float) -> None:
    me = make()
    with pytest.raises(ValueError, match="timeout is a number of seconds"):
        me.open(UNARY, call("x"), timeout_s=timeout_s)
    assert (list(me.table), me.outgoing, me.deadlines.next) == ([], [], None)


def test_a_long_operation_does_not_keep_the_deadline_from_being_told() -> None:
    me = modern(limits=Limits(frame_bytes=100_000))
    me.open(UNARY, call("x" * 90_000), timeout_s=1)
    written(me)
    me.tick(2)
    assert errors_written(me) == [error(0, "deadline_exceeded", ME)]


def test_a_call_without_an_operation_has_its_deadline_too() -> None:
    me = modern()
    me.open(UNARY, {}, timeout_s=1)
    assert len(me.tick(2)) == 1
