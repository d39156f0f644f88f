"""The fold: what records mean for the rows of a capture."""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector_app.capture.records import (
    ConnectionOpened,
    FrameSeen,
    HandshakeSeen,
    Noted,
    OperationsDescribed,
)
from inspector_app.model import ended
from inspector_app.model.connection import Connection
from inspector_app.model.fold import Fold
from slipstream.frames import MessageType
from tests.inspector_app.model.talk import ME, START, STEP, THEY, Talk, call, message

if TYPE_CHECKING:
    from inspector_app.capture.records import Direction, Outcome


# -- operations


def test_what_was_called_is_told_once_with_its_kind_and_who_called() -> None:
    talk = Talk()
    seen = []
    talk.out("request", 0, call())
    seen.append(talk.batch.seen)
    talk.out("request", 1, call())
    seen.append(talk.batch.seen)
    talk.into("stream_request", 0, call(), opener=THEY)
    seen.append(talk.batch.seen)
    talk.into("fire_and_forget", None, call("log"))
    seen.append(talk.batch.seen)
    talk.raw("out", "not a frame")
    seen.append(talk.batch.seen)
    assert seen == [
        {("add", "request_response", "out")},
        set(),
        {("add", "request_stream", "in")},
        {("log", "fire_and_forget", "in")},
        set(),
    ]


# -- frames


def test_frames_are_numbered_from_one_without_gaps() -> None:
    talk = Talk()
    talk.out("request", 0, call())
    talk.raw("in", "not a frame")
    talk.into("response", 0)
    assert [row.seq for row in talk.frames] == [1, 2, 3]


def test_a_row_tells_what_its_frame_is() -> None:
    row = Talk().out("stream_request", 4, call("count", to=3))
    assert (row.direction, row.type, row.opener, row.number) == ("out", "stream_request", ME, 4)
    assert (row.operation, row.exchange, row.summary) == ("count", 1, "{to: 3}")
    assert (row.latency_ns, row.findings, row.binary) == (None, 0, False)


def test_a_type_is_shown_in_lower_snake_case_however_it_was_spelled() -> None:
    assert Talk().out("STREAM-STREAM-REQUEST", 0, call()).type == "stream_stream_request"


def test_a_frame_is_kept_as_it_was_on_the_wire() -> None:
    talk = Talk()
    talk.raw("in", ' {"type" : "error"}\t')
    assert next(talk.batch.named_frames()).raw == ' {"type" : "error"}\t'


def test_the_size_is_that_of_the_utf8_text() -> None:
    assert Talk().raw("in", '"ü"').size_bytes == 4


def test_a_binary_message_is_a_frame_like_any_other() -> None:
    row = Talk().raw("out", message("request", ME, 0, ME, call()).encode())
    assert (row.type, row.exchange, row.binary) == ("request", 1, True)


def test_answers_bear_the_operation_and_the_exchange_they_belong_to() -> None:
    talk = Talk()
    talk.out("request", 0, call("add"))
    row = talk.into("response", 0, 3)
    assert (row.operation, row.exchange) == ("add", 1)


def test_an_answer_tells_the_time_since_its_request() -> None:
    talk = Talk()
    talk.out("request", 0, call())
    talk.out("request", 1, call())
    assert talk.into("response", 0).latency_ns == 2 * STEP
    assert talk.into("error", 1).latency_ns == 2 * STEP


def test_only_the_first_item_of_a_stream_is_an_answer() -> None:
    talk = Talk()
    talk.out("stream_request", 0, call())
    rows = [talk.into("stream_data", 0, n) for n in range(3)]
    assert [row.latency_ns for row in rows] == [STEP, None, None]


def test_an_item_of_the_opener_is_no_answer() -> None:
    talk = Talk()
    talk.out("stream_stream_request", 0, call())
    assert talk.out("stream_data", 0, 1).latency_ns is None
    assert talk.into("stream_data", 0, 1).latency_ns == 2 * STEP


def test_what_this_side_answers_has_its_time_too() -> None:
    talk = Talk()
    talk.into("request", 0, call(), opener=THEY)
    assert talk.out("response", 0, opener=THEY).latency_ns == STEP


def test_a_late_answer_still_belongs_to_its_exchange() -> None:
    talk = Talk()
    talk.out("request", 0, call("slow"))
    talk.settle(0, "timeout")
    row = talk.into("response", 0, "at last")
    assert (row.exchange, row.operation, row.latency_ns) == (1, "slow", 2 * STEP)
    assert talk.findings == []


def test_a_fire_and_forget_belongs_to_no_exchange() -> None:
    row = Talk().out("fire_and_forget", None, call("log", text="hi"))
    assert (row.exchange, row.operation, row.summary) == (None, "log", '{text: "hi"}')


# -- exchanges


def test_exchanges_are_numbered_over_all_connections() -> None:
    first = Talk()
    second = Talk(first.fold, conn=2)
    first.out("request", 0, call())
    second.out("request", 0, call())
    assert [*first.exchanges, *second.exchanges] == [1, 2]


def test_a_request_is_pending_until_it_is_answered() -> None:
    talk = Talk()
    talk.out("request", 0, call())
    before = talk.exchanges[1]
    talk.into("response", 0)
    after = talk.exchanges[1]
    assert (before.outcome, before.state, before.ended_ns) == ("pending", "HALF_CLOSED_LOCAL", None)
    assert (after.outcome, after.state, after.ended_ns) == ("ok", "CLOSED", START + 2 * STEP)
    assert (after.opened_seq, after.ended_seq) == (1, 2)


def test_a_row_that_was_given_never_changes() -> None:
    talk = Talk()
    talk.out("request", 0, call())
    batch = talk.batch
    talk.into("response", 0)
    assert next(batch.named_exchanges()).outcome == "pending"
    assert batch.totals.requests_pending == 1


@pytest.mark.parametrize(
    ("data", "code", "text"),
    [
        ({"error": "no such thing", "code": "not_found"}, "not_found", "no such thing"),
        ({"message": "oops"}, "application", "oops"),
        ("just text", "application", "just text"),
        ({"why": 1}, "application", "{why: 1}"),
        (None, "application", ""),
    ],
)
def test_an_error_tells_code_and_text_of_any_shape(data: object, code: str, text: str) -> None:
    talk = Talk()
    talk.out("request", 0, call())
    talk.into("error", 0, data)
    row = talk.exchanges[1]
    assert (row.outcome, row.code, row.message) == ("error", code, text)


def test_both_halves_of_a_bidirectional_stream_are_followed() -> None:
    talk = Talk()
    talk.out("stream_stream_request", 0, call())
    states = [talk.exchanges[1].state]
    for step in (talk.out, talk.into):
        step("stream_end", 0)
        states.append(talk.exchanges[1].state)
    assert states == ["OPEN", "HALF_CLOSED_LOCAL", "CLOSED"]
    assert talk.exchanges[1].outcome == "ok"


def test_items_are_counted_each_way_and_the_last_one_is_timed() -> None:
    talk = Talk()
    talk.out("stream_stream_request", 0, call())
    sent = talk.out("stream_data", 0, None).size_bytes
    received = sum(talk.into("stream_data", 0, item).size_bytes for item in (None, "two"))
    row = talk.exchanges[1]
    assert (row.items_out, row.bytes_out, row.items_in, row.bytes_in) == (1, sent, 2, received)
    assert row.last_item_ns == talk.now


@pytest.mark.parametrize("outcome", ["timeout", "cancelled", "overflow"])
def test_an_exchange_settled_here_has_its_outcome_and_no_ending_frame(outcome: Outcome) -> None:
    talk = Talk()
    talk.out("request", 0, call())
    batch = talk.settle(0, outcome, "why")
    row = talk.exchanges[1]
    assert (row.outcome, row.message, row.ended_seq, row.ended_ns) == (outcome, "why", None, talk.now)
    assert [(kept.outcome, kept.number, kept.after_seq) for kept in batch.settled] == [(outcome, 0, 1)]


def test_what_a_frame_has_ended_is_not_settled_again() -> None:
    talk = Talk()
    talk.out("request", 0, call())
    talk.out("error", 0, {"error": "", "code": "cancelled"})
    batch = talk.settle(0, "cancelled")
    assert talk.exchanges[1].ended_seq == 2
    assert not batch


@pytest.mark.parametrize(("state", "outcome"), [("closed", "closed"), ("LOST", "lost")])
def test_the_end_of_a_connection_ends_its_exchanges(state: str, outcome: str) -> None:
    talk = Talk()
    talk.out("request", 0, call())
    talk.into("stream_request", 0, call(), opener=THEY)
    batch = talk.state("connected", state, 1006, "gone")
    assert {row.outcome for row in batch.named_exchanges()} == {outcome}
    assert {row.ended_ns for row in batch.named_exchanges()} == {talk.now}
    assert (batch.totals.requests_pending, batch.totals.streams_open) == (0, 0)


def test_the_end_of_one_connection_leaves_the_others() -> None:
    talk = Talk()
    talk.out("request", 0, call())
    Talk(talk.fold, conn=2).state("connected", "lost")
    assert talk.fold.take().totals.requests_pending == 1


def test_an_exchange_opened_again_under_its_old_id_is_another_one() -> None:
    talk = Talk()
    for _ in range(2):
        talk.out("request", 0, call())
        talk.into("response", 0)
    assert [row.exchange for row in talk.frames] == [1, 1, 2, 2]
    assert [finding.rule for finding in talk.findings] == ["counter_reused"]


def test_an_exchange_opened_in_the_name_of_this_side_ends_with_its_connection() -> None:
    talk = Talk(introduced=False)
    talk.into("request", 7, call(), opener=ME)
    talk.out("fire_and_forget", None, call())
    assert next(talk.state("connected", "lost").named_exchanges()).outcome == "lost"


# -- findings


def test_a_message_that_is_no_frame_is_a_finding_and_shows_its_beginning() -> None:
    talk = Talk()
    row = talk.raw("in", "hello? " * 100)
    assert (row.type, row.exchange, row.findings) == (None, None, 1)
    assert row.summary.startswith("hello? hello? ")
    finding = talk.findings[0]
    assert (finding.id, finding.seq, finding.rule, finding.section) == (1, 1, "bad_frame", "§7")


def test_a_finding_leads_to_its_frame_and_exchange() -> None:
    talk = Talk()
    talk.out("stream_request", 0, call())
    row = talk.out("stream_data", 0, 1)
    assert row.findings == 1
    assert (talk.findings[0].seq, talk.findings[0].exchange, talk.findings[0].rule) == (2, 1, "wrong_type")


def test_the_answer_to_a_message_that_is_no_frame_is_no_finding() -> None:
    talk = Talk()
    talk.raw("in", json.dumps({"type": "request", "requestId": [THEY, 0], "data": {}}))
    row = talk.out("error", 0, {"error": "bad", "code": "invalid_request"}, opener=THEY)
    assert row.findings == 0
    assert [finding.rule for finding in talk.findings] == ["bad_frame"]


def test_the_answer_to_a_bad_message_of_this_side_is_no_finding_either() -> None:
    talk = Talk()
    talk.raw("out", json.dumps({"type": "what", "requestId": [ME, 5], "peerID": ME}))
    assert talk.into("error", 5, "unknown type").findings == 0


def test_a_second_answer_like_that_is_a_finding() -> None:
    talk = Talk()
    talk.raw("out", json.dumps({"type": "what", "requestId": [ME, 5], "peerID": ME}))
    talk.into("error", 5, "unknown type")
    assert talk.into("error", 5, "again").findings == 1


HOSTILE = [
    "",
    "[1]",
    "3",
    "\ud800",
    "[" * 100_000,
    '{"type": "request", "peerID": "x", "requestId": ["x", ' + "9" * 5000 + "]}",
    '{"type": "request", "requestId": ["x", 99999999999999999999], "peerID": "x", "data": {"operation": 1}}',
    '{"type": "request", "requestId": ["x", -99999999999999999999], "peerID": "x"}',
    message("error", "o" * 9999, 0, ME, {"code": "c" * 9999}),
    message("request", "x", 1, "x", call("o" * 9999)),
    r'{"type": "request", "requestId": ["\ud800", 1], "peerID": "\ud800", "data": {"operation": "\udfff"}}',
    '{"type": "stream_data", "requestId": ["x", 1], "data": {"a": "\\u0000\\u001b"}}',
    b"\xff\xfe",
]


@pytest.mark.parametrize("raw", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("direction", ["in", "out"])
def test_whatever_comes_makes_one_row_of_bounded_size(raw: str | bytes, direction: Direction) -> None:
    row = Talk().raw(direction, raw)
    assert len(row.summary) <= 200
    assert row.operation is None or len(row.operation) <= 256
    assert row.opener is None or len(row.opener) <= 256
    assert row.number is None or -(2**63) <= row.number < 2**63


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["in", "out"]),
            st.sampled_from([*(type_.value for type_ in MessageType), "nonsense"]),
            st.sampled_from([ME, THEY, "third"]),
            st.integers(0, 2),
            st.sampled_from([None, {"operation": "x"}, {"error": "e"}]),
        ),
        max_size=30,
    )
)
def test_any_conversation_leaves_nothing_open_after_the_connection(
    said: list[tuple[Direction, str, str, int, object]],
) -> None:
    talk = Talk()
    for direction, type_, opener, number, data in said:
        talk.raw(direction, message(type_, opener, number, ME if direction == "out" else THEY, data))
    totals = talk.state("connected", "lost").totals
    assert (totals.requests_pending, totals.streams_open) == (0, 0)
    assert totals.frames == len(said) == len(talk.frames)
    assert totals.findings == len(talk.findings) == sum(row.findings for row in talk.frames)
    assert "pending" not in {row.outcome for row in talk.exchanges.values()}
    assert list(talk.exchanges) == list(range(1, totals.exchanges + 1))


# -- connections


def test_a_connection_begins_as_connecting() -> None:
    row = Talk().batch.connections[1]
    assert (row.state, row.local_peer, row.remote_peer, row.changed_ns) == ("CONNECTING", ME, None, START)


def test_a_transition_is_a_row_and_changes_the_connection() -> None:
    talk = Talk()
    batch = talk.state("connecting", "connected")
    assert [(row.old, row.new, row.after_seq) for row in batch.states] == [("CONNECTING", "CONNECTED", 0)]
    assert (batch.connections[1].state, batch.connections[1].changed_ns) == ("CONNECTED", talk.now)


def test_a_connection_row_that_was_given_never_changes() -> None:
    talk = Talk()
    batch = talk.state("connecting", "connected")
    talk.state("connected", "closed")
    assert batch.connections[1].state == "CONNECTED"


def test_connections_that_ended_are_forgotten_after_a_while() -> None:
    fold = Fold()
    for conn in range(1, 300):
        Talk(fold, conn=conn).state("connected", "closed")
    gc.collect()
    kept = [thing for thing in gc.get_objects() if type(thing) is Connection]
    assert len(kept) < 100
    assert fold.take().totals.connections == 299


def test_an_end_tells_code_and_reason() -> None:
    row = Talk().state("connected", "lost", 1006, "no close frame").connections[1]
    assert (row.code, row.reason) == (1006, "no close frame")


def test_the_peer_is_known_from_its_first_frame() -> None:
    talk = Talk()
    talk.out("request", 0, call())
    assert talk.batch.connections == {}
    talk.into("response", 0)
    assert talk.batch.connections[1].remote_peer == THEY
    talk.into("fire_and_forget", None, call())
    assert talk.batch.connections == {}


def test_an_echo_of_this_side_is_not_taken_for_the_peer() -> None:
    talk = Talk()
    talk.raw("in", message("request", ME, 0, ME, call()))
    assert talk.fold.take().connections == {}
    assert talk.findings[0].rule == "own_peer_id"


def test_what_is_known_of_the_handshake_adds_up() -> None:
    talk = Talk()
    for part in ({"request": "GET"}, {"response": "101"}):
        talk.tell(HandshakeSeen(conn=1, time_ns=START, handshake=dict(part)))
    assert talk.batch.connections[1].handshake == {"request": "GET", "response": "101"}


def test_frames_of_a_connection_nobody_told_of_are_followed_all_the_same() -> None:
    talk = Talk(introduced=False)
    talk.into("request", 7, call(), opener=THEY)
    talk.out("request", 0, call())
    talk.out("response", 7, opener=THEY)
    talk.into("response", 0)
    assert talk.findings == []
    assert [(row.mine, row.outcome) for row in talk.exchanges.values()] == [(False, "ok"), (True, "ok")]


def test_a_connection_told_of_late_keeps_what_was_seen() -> None:
    talk = Talk(introduced=False)
    talk.into("request", 7, call(), opener=THEY)
    opened = ConnectionOpened(conn=1, time_ns=START, role="server", address="a", local_peer=ME)
    row = talk.tell(opened).connections[1]
    assert (row.role, row.address, row.local_peer, row.remote_peer) == ("server", "a", ME, THEY)
    assert talk.batch.totals.connections == 1


def test_frames_after_the_end_of_a_connection_are_rows_too() -> None:
    talk = Talk()
    talk.state("connected", "closed")
    for conn in range(2, 200):
        Talk(talk.fold, conn=conn).state("connected", "closed")
    row = talk.out("request", 0, call())
    assert row.seq == 1
    assert talk.batch.connections == {}
    assert talk.batch.totals.connections == 199


# -- the rest


def test_states_notes_and_settlements_share_one_count() -> None:
    talk = Talk()
    talk.out("request", 0, call())
    ids = [talk.state("connecting", "connected").states[0].id]
    ids.append(talk.tell(Noted(time_ns=START, level="info", text="x")).notes[0].id)
    ids.append(talk.settle(0, "timeout").settled[0].id)
    assert ids == [1, 2, 3]


def test_operations_are_taken_as_far_as_they_are_some() -> None:
    told: tuple[dict[str, object], ...] = (
        {"name": "add", "kind": "request_response", "doc": None, "params": {"type": "object"}, "more": 1},
        {"name": 5},
        {"kind": "request_stream"},
        {"name": "bare"},
    )
    batch = Talk().tell(OperationsDescribed(conn=1, time_ns=START, operations=told))
    assert [(row.name, row.kind, row.doc, row.params) for row in batch.operations[1]] == [
        ("add", "request_response", "", {"type": "object"}),
        ("bare", "", "", None),
    ]


def test_totals_count_everything() -> None:
    talk = Talk()
    out = talk.out("request", 0, call()).size_bytes
    into = talk.into("stream_request", 0, call(), opener=THEY).size_bytes
    into += talk.raw("in", "?").size_bytes
    talk.tell(Noted(time_ns=talk.now + 5, level="info", text="x"))
    totals = talk.batch.totals
    assert (totals.frames, totals.frames_in, totals.frames_out) == (3, 2, 1)
    assert (totals.bytes_in, totals.bytes_out) == (into, out)
    assert (totals.exchanges, totals.requests, totals.streams) == (2, 1, 1)
    assert (totals.requests_pending, totals.streams_open) == (1, 1)
    assert (totals.findings, totals.notes, totals.connections, totals.connections_open) == (1, 1, 1, 1)
    assert (totals.first_ns, totals.last_ns) == (START, talk.now + 5)


def test_what_was_taken_is_not_given_again() -> None:
    talk = Talk()
    talk.out("request", 0, call())
    assert not talk.fold.take()


def test_memory_does_not_grow_with_the_number_of_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ended, "KEPT", 100)
    fold = Fold()
    fold.apply(ConnectionOpened(conn=1, time_ns=1, role="client", address="", local_peer=ME))

    def run(first: int, count: int) -> int:
        for number in range(first, first + count):
            for direction, type_, sender in (("out", "request", ME), ("in", "response", THEY)):
                raw = message(type_, ME, number, sender, call())
                fold.apply(FrameSeen(conn=1, time_ns=number, direction=direction, raw=raw))  # type: ignore[arg-type]  # one of the two
            fold.take()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        full = run(0, 1_000)
        assert run(1_000, 1_000) - full < 20_000
    finally:
        tracemalloc.stop()


def test_a_peer_has_one_number_and_many_peers_take_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[Fold.__module__], "_PEERS_KEPT", 3)
    fold = Fold()
    names: dict[int, str] = {}
    told: list[int] = []
    openers = ["a", "b", "a", "c", "a", "d", "e", "a", "a"]
    for number, opener in enumerate(openers):
        raw = message("request", opener, number, opener, call())
        fold.apply(FrameSeen(conn=1, time_ns=number, direction="in", raw=raw))
        batch = fold.take()
        assert not names.keys() & batch.peers.keys()
        names |= batch.peers
        [row] = batch.named_frames()
        assert row.opener is not None
        told.append(row.opener)
    assert [names[number] for number in told] == openers
    assert len(set(told[:5])) == 3
    assert told[-1] == told[-2]
    assert len(fold._peers) <= 3


def test_the_fold_needs_neither_clock_nor_disk() -> None:
    module = sys.modules[Fold.__module__]
    assert not {"time", "os", "sqlite3", "asyncio", "datetime"} & set(vars(module))
