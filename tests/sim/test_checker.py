"""The checker: a good run passes, and each thing that can be wrong with one is noticed by its rule."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from slipstream import Limits
from tests.sim.checker import violations
from tests.sim.history import History, Move, Part, Passing
from tests.sim.plan import (
    LEFT,
    RIGHT,
    SIDES,
    Answering,
    Asking,
    Call,
    Failure,
    Kind,
    Plan,
    RoadPlan,
)
from tests.sim.world import run

UNARY, STREAM, BIDI, NOTE, FAILS = range(5)


def good_plan(*, legacy: bool = False) -> Plan:
    """One call of each kind, and one that fails; nothing goes wrong with the connection."""
    calls = (
        Call(UNARY, LEFT, Kind.UNARY, 0.01, Asking(), Answering(wait_s=0.01)),
        Call(STREAM, LEFT, Kind.STREAM, 0.02, Asking(), Answering(items=6)),
        Call(BIDI, LEFT, Kind.BIDI, 0.03, Asking(sends=5), Answering(items=5)),
        Call(NOTE, LEFT, Kind.NOTE, 0.04, Asking(), Answering()),
        Call(FAILS, LEFT, Kind.STREAM, 0.05, Asking(), Answering(items=2, failure=Failure.RAISES)),
    )
    return Plan(
        seed=0,
        limits={side: Limits(credit=2) for side in SIDES},
        roads={side: RoadPlan(base_s=0.001) for side in SIDES},
        legacy=legacy,
        loses_what_is_on_its_way=False,
        listens_at_s=dict.fromkeys(SIDES, 0.0),
        calls=calls,
        faults=(),
        ends_at_s=1.0,
        ends_by=LEFT,
        drain_s=0.0,
        room_bytes=64 * 1024,
        items_a_turn=256,
    )


Tamper = Callable[[History], Any]
CASES: list[tuple[str, Tamper]] = []


def breaks(rule: str) -> Callable[[Tamper], Tamper]:
    """What is done to the history of a good run breaks the rule of this name, and no other."""

    def remember(tamper: Tamper) -> Tamper:
        CASES.append((rule, tamper))
        return tamper

    return remember


def sent(history: History, side: str, kind: str, call: int | None = None, **more: Any) -> None:
    """Put one more frame on the wire, just before the end."""
    number = {UNARY: 0, STREAM: 1, BIDI: 2, FAILS: 3}.get(-1 if call is None else call)
    frame = {"type": kind, "peerID": side, "data": None, **more}
    if number is not None:
        frame.setdefault("requestId", [LEFT, number])
    history.passings.append(Passing(0.9, side, "sent", json.dumps(frame)))
    history.tapped[side, "out"].append(history.passings[-1].text)


def the_run_of(history: History, call: int) -> Part:
    return history.answered[call][0]


@breaks("I1")
def a_call_ends_twice(history: History) -> None:
    history.asked[UNARY].endings.append("result")


@breaks("I1")
def a_call_never_ends(history: History) -> None:
    history.asked[UNARY].endings.clear()
    history.asked[UNARY].ended_s = None


@breaks("I1")
def a_call_ends_long_after_the_connection(history: History) -> None:
    history.asked[UNARY].ended_s = 5.0


@breaks("I1")
def a_handler_runs_twice(history: History) -> None:
    history.answered[NOTE].append(the_run_of(history, NOTE))


@breaks("I1")
def a_result_is_that_of_another_call(history: History) -> None:
    history.asked[UNARY].value = "answer to 7 "


@breaks("I1")
def a_result_comes_of_a_handler_that_did_not_return(history: History) -> None:
    the_run_of(history, UNARY).endings[:] = ["cancelled"]


@breaks("I1")
def a_connection_is_called_lost_that_was_closed(history: History) -> None:
    history.asked[UNARY].endings[:] = ["ConnectionLostError"]
    history.asked[UNARY].ended_s = history.moves[LEFT][-1].time_s


@breaks("I1")
def a_connection_is_called_closed_before_it_is(history: History) -> None:
    history.asked[UNARY].endings[:] = ["ConnectionClosedError"]


@breaks("I1")
def a_call_without_a_timeout_times_out(history: History) -> None:
    history.asked[UNARY].endings[:] = ["RequestTimeoutError"]


@breaks("I1")
def a_call_is_cancelled_by_nobody(history: History) -> None:
    history.asked[UNARY].endings[:] = ["cancelled"]


@breaks("I1")
def an_error_comes_that_nobody_sent(history: History) -> None:
    history.asked[UNARY].endings[:] = ["RemoteError:overloaded"]


@breaks("I1")
def an_error_comes_with_another_code(history: History) -> None:
    history.asked[FAILS].endings[:] = ["RemoteError:internal"]


@breaks("I1")
def an_ending_comes_that_there_is_not(history: History) -> None:
    history.asked[UNARY].endings[:] = ["KeyError"]


@breaks("I1")
def a_stream_overflows_with_room(history: History) -> None:
    history.asked[STREAM].endings[:] = ["StreamOverflowError"]


@breaks("I1")
def a_handler_goes_on_without_a_connection(history: History) -> None:
    the_run_of(history, UNARY).ended_s = 1.5


@breaks("I1")
def a_call_is_read_and_nobody_answers(history: History) -> None:
    del history.answered[NOTE]


@breaks("I1")
def a_close_takes_long(history: History) -> None:
    history.closings[LEFT][0] = (1.0, 9.0, 0.0)


@breaks("I1")
def a_close_never_returns(history: History) -> None:
    history.closings[LEFT][0] = (1.0, None, 0.0)


@breaks("I2")
def a_second_response(history: History) -> None:
    sent(history, RIGHT, "response", UNARY)


@breaks("I2")
def an_item_after_the_end(history: History) -> None:
    sent(history, RIGHT, "stream_data", UNARY)


@breaks("I2")
def a_half_that_ends_twice(history: History) -> None:
    sent(history, LEFT, "stream_end", BIDI)


@breaks("I2")
def an_item_after_the_end_of_its_half(history: History) -> None:
    sent(history, LEFT, "stream_data", BIDI)


@breaks("I2")
def an_answer_from_the_opener(history: History) -> None:
    sent(history, LEFT, "response", UNARY)


@breaks("I2")
def a_frame_of_an_exchange_that_nobody_opened(history: History) -> None:
    sent(history, LEFT, "stream_end", requestId=[LEFT, 77])


@breaks("I3")
def an_item_is_dropped(history: History) -> None:
    del history.asked[STREAM].received[2]


@breaks("I3")
def two_items_change_places(history: History) -> None:
    received = history.asked[STREAM].received
    received[0], received[1] = received[1], received[0]


@breaks("I3")
def the_last_item_is_missing_at_a_normal_end(history: History) -> None:
    history.asked[STREAM].received.pop()


@breaks("I3")
def an_item_before_an_error_is_not_delivered(history: History) -> None:
    history.asked[FAILS].received.pop()


@breaks("I3")
def an_item_of_the_other_direction_is_dropped(history: History) -> None:
    the_run_of(history, BIDI).received.pop(0)


@breaks("I3")
def an_item_comes_after_the_end(history: History) -> None:
    history.asked[STREAM].after_ending = "an item"


@breaks("I3")
def a_second_ending_is_another_one(history: History) -> None:
    history.asked[FAILS].after_ending = "end"


@breaks("I3")
def a_stream_ends_normally_though_its_handler_was_stopped(history: History) -> None:
    the_run_of(history, STREAM).endings[:] = ["cancelled"]


@breaks("I3")
def a_half_ends_normally_though_its_sender_did_not_get_so_far(history: History) -> None:
    part = history.asked[BIDI]
    part.sending_s.pop()
    part.sent -= 1
    the_run_of(history, BIDI).received.pop()


@breaks("I4")
def something_is_left_in_a_table(history: History) -> None:
    history.left_behind[LEFT] = {"exchanges": 1}


@breaks("I4")
def something_is_held_at_rest(history: History) -> None:
    assert history.held_at_rest == {LEFT: {}, RIGHT: {}}
    history.held_at_rest[RIGHT] = {"inlets": 1}


@breaks("I4")
def a_task_still_runs(history: History) -> None:
    history.pending.append("a task")


@breaks("I4")
def something_was_raised_and_not_heard(history: History) -> None:
    history.complaints.append("Task exception was never retrieved")


@breaks("I4")
def a_finding_is_made(history: History) -> None:
    history.findings.append("left: foreign_id")


@breaks("I6")
def a_state_is_skipped(history: History) -> None:
    del history.moves[LEFT][1]


@breaks("I6")
def a_state_follows_that_cannot(history: History) -> None:
    history.moves[RIGHT][-1:] = [
        Move(1.0, "CONNECTED", "CONNECTING", None),
        Move(1.0, "CONNECTING", "CLOSED", 1000),
    ]


@breaks("I6")
def closing_is_not_told(history: History) -> None:
    history.moves[LEFT][-2:] = [Move(1.1, "CONNECTED", "CLOSED", 1000)]


@breaks("I6")
def a_normal_close_is_called_lost(history: History) -> None:
    history.moves[RIGHT][-1] = history.moves[RIGHT][-1]._replace(new="LOST")
    history.listened[RIGHT] = "ConnectionLostError"


@breaks("I6")
def an_abnormal_end_is_called_closed(history: History) -> None:
    history.close_codes[RIGHT] = 1006


@breaks("I6")
def listening_ends_normally_though_the_connection_was_lost(history: History) -> None:
    history.listened[RIGHT] = "ConnectionLostError"


@breaks("I6")
def listening_is_cancelled_by_nobody(history: History) -> None:
    history.listened[RIGHT] = "CancelledError"


@breaks("I6")
def listening_fails(history: History) -> None:
    history.listened[RIGHT] = "RuntimeError"


@breaks("I7")
def a_tap_is_not_told_what_came_in(history: History) -> None:
    del history.tapped[RIGHT, "in"][-2:]


@breaks("I7")
def a_tap_is_not_told_what_went_out(history: History) -> None:
    del history.tapped[LEFT, "out"][0]


@breaks("I10")
def more_is_granted_than_was_consumed(history: History) -> None:
    history.asked[STREAM].ended_s = 0.95
    credit = {"operation": "slipstream.credit", "requestId": [LEFT, 1], "limit": 99}
    sent(history, LEFT, "fire_and_forget", data=credit)


@breaks("§6")
def what_was_said_before_the_close_is_not_written(history: History) -> None:
    note = next(one for one in history.passings if '"operation":"note"' in one.text)
    history.passings[:] = [one for one in history.passings if one.text != note.text]
    history.tapped[LEFT, "out"].remove(note.text)
    history.tapped[RIGHT, "in"].remove(note.text)
    del history.answered[NOTE]


@breaks("§2")
def a_counter_is_skipped(history: History) -> None:
    sent(history, LEFT, "request", requestId=[LEFT, 9])


@breaks("§8")
def a_hello_is_said_again(history: History) -> None:
    sent(history, LEFT, "fire_and_forget", meta={"hello": {}})


@breaks("§8")
def a_hello_is_not_said_at_first(history: History) -> None:
    first = next(one for one in history.passings if (one.side, one.what) == (LEFT, "sent"))
    silent = first._replace(text=json.dumps({**json.loads(first.text), "meta": {}}))
    history.passings[history.passings.index(first)] = silent
    history.tapped[LEFT, "out"][0] = silent.text


def test_a_good_run_passes() -> None:
    plan = good_plan()
    assert violations(plan, run(plan)) == []


@pytest.mark.parametrize(("rule", "tamper"), CASES, ids=[tamper.__name__ for _, tamper in CASES])
def test_it_is_noticed_that(rule: str, tamper: Tamper) -> None:
    plan = good_plan()
    history = run(plan)
    tamper(history)
    assert {violation.rule for violation in violations(plan, history)} == {rule}


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("error", {"requestId": [LEFT, 3], "data": {"error": "enough", "code": "cancelled"}}),
        (
            "fire_and_forget",
            {"data": {"operation": "slipstream.credit", "requestId": [LEFT, 1], "limit": 1}},
        ),
        ("fire_and_forget", {"data": {"operation": "note"}, "meta": {"timeout": 3}}),
    ],
)
def test_it_is_noticed_that_a_legacy_peer_is_sent_what_it_would_choke_on(
    kind: str, more: dict[str, Any]
) -> None:
    plan = good_plan(legacy=True)
    history = run(plan)
    assert violations(plan, history) == []
    sent(history, LEFT, kind, **more)
    assert "§8" in {violation.rule for violation in violations(plan, history)}


def test_it_is_noticed_that_a_call_stands_still() -> None:
    plan = good_plan()
    history = run(plan)
    part, end_s = history.asked[UNARY], history.ended_s(LEFT)
    part.endings[:], part.ended_s = ["ConnectionClosedError"], end_s
    (violation,) = violations(plan, history)
    assert "stood still" in violation.text


def test_it_is_noticed_that_an_item_is_waited_for_too_long() -> None:
    plan = good_plan()
    call = plan.call(STREAM)
    plan = replace(plan, calls=(replace(call, asking=replace(call.asking, idle_timeout_s=0.5)),))
    history = run(plan)
    assert violations(plan, history) == []
    history.asked[STREAM].in_ended_s += 0.6
    (violation,) = violations(plan, history)
    assert "waited for an item" in violation.text


def closed_early(plan: Plan, *, drain_s: float) -> Plan:
    """The left side closes while its unary call is under way."""
    calls = tuple(
        replace(call, answering=replace(call.answering, wait_s=0.1)) for call in plan.calls if not call.number
    )
    return replace(plan, calls=calls, ends_at_s=0.05, drain_s=drain_s)


def test_it_is_noticed_that_a_drain_is_cut_short() -> None:
    plan = closed_early(good_plan(), drain_s=0.0)
    history = run(plan)
    assert violations(plan, history) == []
    (violation,) = violations(replace(plan, drain_s=0.5), history)
    assert violation.rule == "§6"


def test_it_is_noticed_that_something_new_is_taken_while_closing() -> None:
    plan = closed_early(good_plan(), drain_s=0.5)
    history = run(plan)
    assert violations(plan, history) == []
    history.closings[RIGHT].insert(0, (0.005, 0.006, 0.0))
    assert "§6" in {violation.rule for violation in violations(plan, history)}


def test_it_is_noticed_that_more_is_sent_than_was_granted() -> None:
    plan = good_plan()
    history = run(plan)
    narrower = replace(plan, limits={side: Limits(credit=1) for side in SIDES})
    assert {violation.rule for violation in violations(narrower, history)} == {"I10"}


def test_it_is_noticed_that_a_handler_goes_on_though_its_opener_has_left() -> None:
    plan = good_plan()
    history = run(plan)
    history.asked[STREAM].ended_s = 0.1
    the_run_of(history, STREAM).ended_s = 0.95
    assert {violation.rule for violation in violations(plan, history)} == {"I1"}


def test_it_is_noticed_that_a_timeout_began_to_count_late() -> None:
    plan = good_plan()
    calls = tuple(replace(call, asking=replace(call.asking, timeout_s=0.5)) for call in plan.calls)
    plan = replace(plan, calls=calls)
    history = run(plan)
    assert violations(plan, history) == []
    history.settled[LEFT].append((0.7, (LEFT, 1), "timeout"))
    assert {violation.rule for violation in violations(plan, history)} == {"I1"}
