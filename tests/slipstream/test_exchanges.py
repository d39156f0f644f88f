"""Exchanges: the legal sequences of protocol.md §4 from both sides, every finding, nothing left behind.

Frames are given as words: `O request` is the opener's request, `R data` the responder's item. Two tables,
one on each side, see the same words, one going out and the other coming in.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from slipstream.errors import ProtocolError
from slipstream.exchanges import (
    Effect,
    Exchange,
    ExchangeKind,
    ExchangeTable,
    Finding,
    Outcome,
    Step,
    bad_frame,
    error_facts,
    operation_of,
)
from slipstream.frames import Frame, MessageType
from slipstream.lifecycle import StreamState

OPENER = "opener"
RESPONDER = "responder"
ID = (OPENER, 0)
WORDS = {
    "request": MessageType.REQUEST,
    "stream": MessageType.STREAM_REQUEST,
    "bistream": MessageType.STREAM_STREAM_REQUEST,
    "response": MessageType.RESPONSE,
    "data": MessageType.STREAM_DATA,
    "end": MessageType.STREAM_END,
    "error": MessageType.ERROR,
    "cancel": MessageType.ERROR,
}
KINDS = {
    "request": ExchangeKind.UNARY,
    "stream": ExchangeKind.SERVER_STREAM,
    "bistream": ExchangeKind.BIDIRECTIONAL,
}


def frame_of(words: str, number: int = 0) -> Frame:
    side, word = words.split()
    data: Any = None
    if word in KINDS:
        data = {"operation": "add"}
    elif word == "error":
        data = {"error": "it broke", "code": "internal"}
    elif word == "cancel":
        data = {"error": "enough", "code": "cancelled"}
    return Frame(WORDS[word], (OPENER, number), OPENER if side == "O" else RESPONDER, data)


class Pair(NamedTuple):
    """Both sides of one connection."""

    opener: ExchangeTable
    responder: ExchangeTable

    def pass_on(self, words: str, number: int = 0, size: int = 10) -> tuple[Step, Step]:
        """One frame goes out on its sender's side and comes in on the other; the opener's step first."""
        frame = frame_of(words, number)
        if words.startswith("O"):
            return self.opener.sent(frame, size), self.responder.received(frame, size)
        out = self.responder.sent(frame, size)
        return self.opener.received(frame, size), out

    def play(self, script: str) -> tuple[Step, Step]:
        """Frames separated by commas; the steps of the last one."""
        steps = [self.pass_on(words.strip()) for words in script.split(",")]
        return steps[-1]


@pytest.fixture
def pair() -> Pair:
    return Pair(ExchangeTable(OPENER), ExchangeTable(RESPONDER))


def is_empty(pair: Pair) -> bool:
    return not list(pair.opener) and not list(pair.responder)


# -- legal sequences ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "outcome", "code"),
    [
        ("O request, R response", Outcome.OK, None),
        ("O request, R error", Outcome.ERROR, "internal"),
        ("O request, R cancel", Outcome.ERROR, "cancelled"),
        ("O request, O cancel", Outcome.CANCELLED, "cancelled"),
        ("O request, O end", Outcome.CANCELLED, None),
        ("O request, O error", Outcome.ERROR, "internal"),
        ("O stream, R end", Outcome.OK, None),
        ("O stream, R data, R data, R end", Outcome.OK, None),
        ("O stream, R error", Outcome.ERROR, "internal"),
        ("O stream, R data, R error", Outcome.ERROR, "internal"),
        ("O stream, R data, O end", Outcome.CANCELLED, None),
        ("O stream, R data, O cancel", Outcome.CANCELLED, "cancelled"),
        ("O bistream, O end, R end", Outcome.OK, None),
        ("O bistream, R end, O end", Outcome.OK, None),
        ("O bistream, O data, R data, O end, R data, R end", Outcome.OK, None),
        ("O bistream, O data, O data, R end, O data, O end", Outcome.OK, None),
        ("O bistream, O data, O error", Outcome.ERROR, "internal"),
        ("O bistream, O data, R error", Outcome.ERROR, "internal"),
        ("O bistream, O end, R data, O cancel", Outcome.CANCELLED, "cancelled"),
        ("O bistream, R end, O cancel", Outcome.CANCELLED, "cancelled"),
        ("O bistream, O end, R error", Outcome.ERROR, "internal"),
    ],
)
def test_a_legal_sequence_ends_the_same_on_both_sides_and_leaves_nothing(
    pair: Pair, script: str, outcome: Outcome, code: str | None
) -> None:
    for step in pair.play(script):
        assert step.findings == ()
        assert step.exchange is not None
        assert (step.exchange.outcome, step.exchange.code) == (outcome, code)
        assert step.exchange.state is StreamState.CLOSED
        assert step.exchange.ended
    assert is_empty(pair)


@pytest.mark.parametrize(
    ("script", "mine", "theirs"),
    [
        ("O request", StreamState.HALF_CLOSED_LOCAL, StreamState.HALF_CLOSED_REMOTE),
        ("O stream", StreamState.HALF_CLOSED_LOCAL, StreamState.HALF_CLOSED_REMOTE),
        ("O stream, R data", StreamState.HALF_CLOSED_LOCAL, StreamState.HALF_CLOSED_REMOTE),
        ("O bistream", StreamState.OPEN, StreamState.OPEN),
        ("O bistream, O data, R data", StreamState.OPEN, StreamState.OPEN),
        ("O bistream, O end", StreamState.HALF_CLOSED_LOCAL, StreamState.HALF_CLOSED_REMOTE),
        ("O bistream, R end", StreamState.HALF_CLOSED_REMOTE, StreamState.HALF_CLOSED_LOCAL),
        ("O bistream, R end, O data", StreamState.HALF_CLOSED_REMOTE, StreamState.HALF_CLOSED_LOCAL),
    ],
)
def test_each_side_sees_both_halves(pair: Pair, script: str, mine: StreamState, theirs: StreamState) -> None:
    for step, state in zip(pair.play(script), (mine, theirs), strict=True):
        assert step.exchange is not None
        assert step.exchange.state is state
        assert not step.exchange.ended


@pytest.mark.parametrize(
    ("script", "effect"),
    [
        ("O request", Effect.OPENED),
        ("O request, R response", Effect.RESULT),
        ("O stream, R data", Effect.ITEM),
        ("O stream, R end", Effect.END),
        ("O bistream, O end", Effect.END),
        ("O request, R error", Effect.ERROR),
        ("O request, O end", Effect.CANCEL),
        ("O stream, O end", Effect.CANCEL),
    ],
)
def test_a_frame_means_the_same_to_both_sides(pair: Pair, script: str, effect: Effect) -> None:
    for step in pair.play(script):
        assert step.effect is effect


def test_an_exchange_knows_its_kind_its_operation_and_whose_it_is(pair: Pair) -> None:
    for word, kind in KINDS.items():
        mine, theirs = pair.pass_on(f"O {word}", list(KINDS).index(word))
        for step, is_mine in ((mine, True), (theirs, False)):
            assert step.exchange is not None
            assert (step.exchange.kind, step.exchange.operation) == (kind, "add")
            assert step.exchange.mine is is_mine


def test_items_and_their_bytes_are_counted_each_way(pair: Pair) -> None:
    pair.pass_on("O bistream", size=1000)
    pair.pass_on("O data", size=1)
    pair.pass_on("O data", size=2)
    mine, theirs = pair.pass_on("R data", size=4)

    def counts(exchange: Exchange | None) -> tuple[int, ...]:
        assert exchange is not None
        return exchange.items_in, exchange.bytes_in, exchange.items_out, exchange.bytes_out

    assert counts(mine.exchange) == (1, 4, 2, 3)
    assert counts(theirs.exchange) == (2, 3, 1, 4)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("cancelled", Outcome.CANCELLED),
        ("deadline_exceeded", Outcome.TIMEOUT),
        ("overflow", Outcome.OVERFLOW),
        ("application", Outcome.ERROR),
        ("banana", Outcome.ERROR),
    ],
)
def test_the_openers_error_is_told_by_its_code_how_it_gave_up(
    pair: Pair, code: str, outcome: Outcome
) -> None:
    pair.play("O bistream")
    goodbye = Frame(MessageType.ERROR, ID, OPENER, {"error": "x", "code": code})
    assert (mine := pair.opener.sent(goodbye, 1).exchange)
    assert (theirs := pair.responder.received(goodbye, 1).exchange)
    assert mine.outcome is theirs.outcome is outcome


def test_both_sides_number_their_own(pair: Pair) -> None:
    pair.play("O request")
    back = Frame(MessageType.REQUEST, (RESPONDER, 0), RESPONDER, {"operation": "add"})
    assert pair.responder.sent(back, 1).effect is Effect.OPENED
    assert pair.opener.received(back, 1).effect is Effect.OPENED
    for table in pair:
        assert (table.count(mine=True), table.count(mine=False)) == (1, 1)
        assert [exchange.mine for exchange in table] == [True, False]


def test_a_notice_opens_nothing(pair: Pair) -> None:
    notice = Frame(MessageType.FIRE_AND_FORGET, None, OPENER, {"operation": "note"})
    assert pair.opener.sent(notice, 1) == Step(Effect.NOTICE)
    assert pair.responder.received(notice, 1) == Step(Effect.NOTICE)
    assert is_empty(pair)


# -- findings ----------------------------------------------------------------------------------------------


def found(step: Step) -> Finding:
    assert step.effect is Effect.REFUSED
    (finding,) = step.findings
    assert finding.section.startswith("§")
    assert finding.text
    return finding


@pytest.mark.parametrize(
    ("script", "rule"),
    [
        ("O request, O data", "wrong_type"),
        ("O request, O response", "wrong_type"),
        ("O request, R data", "wrong_type"),
        ("O request, R end", "wrong_type"),
        ("O stream, O data", "wrong_type"),
        ("O stream, O response", "wrong_type"),
        ("O stream, R response", "wrong_type"),
        ("O bistream, O response", "wrong_type"),
        ("O bistream, R response", "wrong_type"),
        ("O bistream, O end, O data", "data_after_end"),
        ("O bistream, R end, R data", "data_after_end"),
        ("O bistream, O end, O end", "end_after_end"),
        ("O bistream, R end, R end", "end_after_end"),
        ("O bistream, O bistream", "duplicate_open"),
        ("O request, O stream", "duplicate_open"),
    ],
)
def test_what_is_illegal_in_an_exchange_is_a_finding_on_both_sides_and_changes_nothing(
    pair: Pair, script: str, rule: str
) -> None:
    lawful = script.rsplit(",", 1)[0]
    before = [step.exchange for step in pair.play(lawful)]
    states = [exchange.state for exchange in before if exchange]
    for step in pair.pass_on(script.rsplit(",", 1)[1].strip()):
        assert found(step).rule == rule
        assert found(step).request_id == ID
    assert [exchange.state for exchange in before if exchange] == states
    assert pair.opener.count(mine=True) == pair.responder.count(mine=False) == 1


@pytest.mark.parametrize("kind", [kind for kind in MessageType if kind is not MessageType.FIRE_AND_FORGET])
def test_a_frame_without_a_request_id_is_a_finding(pair: Pair, kind: MessageType) -> None:
    step = pair.responder.received(Frame(kind, None, OPENER, {"operation": "add"}), 1)
    assert found(step).rule == "no_request_id"


@pytest.mark.parametrize("kind", MessageType)
def test_a_frame_that_bears_my_own_peer_id_is_a_finding_whatever_it_is(pair: Pair, kind: MessageType) -> None:
    pair.play("O request")
    step = pair.opener.received(Frame(kind, ID, OPENER, {"operation": "add"}), 1)
    assert found(step).rule == "own_peer_id"
    assert pair.opener.count(mine=True) == 1


def test_an_exchange_opened_in_my_name_is_a_finding(pair: Pair) -> None:
    step = pair.opener.received(Frame(MessageType.REQUEST, ID, RESPONDER, {"operation": "add"}), 1)
    assert found(step).rule == "wrong_opener"
    assert is_empty(pair)


def test_an_exchange_is_not_opened_in_another_peers_name(pair: Pair) -> None:
    step = pair.opener.sent(Frame(MessageType.REQUEST, (RESPONDER, 0), OPENER, {"operation": "add"}), 1)
    assert found(step).rule == "wrong_opener"
    assert is_empty(pair)


def rules_of_opening(table: ExchangeTable, frame: Frame) -> list[str]:
    step = table.received(frame, 1)
    assert step.effect is Effect.OPENED
    return [finding.rule for finding in step.findings]


def test_an_exchange_in_a_third_ones_name_is_opened_with_a_finding(pair: Pair) -> None:
    frame = Frame(MessageType.REQUEST, ("third", 0), OPENER, {"operation": "add"})
    assert rules_of_opening(pair.responder, frame) == ["wrong_opener"]
    assert pair.responder.get(("third", 0)) is not None


@pytest.mark.parametrize(
    "data", [None, "add", [], {}, {"operation": None}, {"operation": 3}, {"Operation": "x"}]
)
def test_an_opening_frame_that_names_no_operation_is_a_finding(pair: Pair, data: object) -> None:
    assert rules_of_opening(pair.responder, Frame(MessageType.REQUEST, ID, OPENER, data)) == ["no_operation"]
    notice = pair.responder.received(Frame(MessageType.FIRE_AND_FORGET, None, OPENER, data), 1)
    assert notice.effect is Effect.NOTICE
    assert [finding.rule for finding in notice.findings] == ["no_operation"]


@pytest.mark.parametrize("number", [-1, 2**53, 10**4299])
def test_a_counter_out_of_range_is_a_finding_and_spoils_no_later_one(pair: Pair, number: int) -> None:
    opening = frame_of("O request", number)
    assert rules_of_opening(pair.responder, opening) == ["counter_range"]
    assert [finding.rule for finding in pair.opener.sent(opening, 1).findings] == ["counter_range"]
    assert pair.opener.next_number == 0
    for step in pair.pass_on("O request", 0):
        assert step.findings == ()


def test_the_last_counter_is_one_below_2_to_the_53(pair: Pair) -> None:
    assert rules_of_opening(pair.responder, frame_of("O request", 2**53 - 1)) == []


def test_a_counter_used_twice_is_a_finding_on_both_sides(pair: Pair) -> None:
    pair.play("O request, R response")
    for step in pair.pass_on("O request"):
        assert step.effect is Effect.OPENED
        assert [finding.rule for finding in step.findings] == ["counter_reused"]


def test_a_counter_that_goes_back_is_a_finding(pair: Pair) -> None:
    pair.pass_on("O request", 5)
    for step in pair.pass_on("O request", 3):
        assert [finding.rule for finding in step.findings] == ["counter_reused"]


@pytest.mark.parametrize("word", ["response", "data", "end", "error"])
def test_a_frame_for_an_exchange_that_was_never_opened_is_a_finding(pair: Pair, word: str) -> None:
    mine = pair.opener.received(frame_of(f"R {word}", 7), 1)
    assert found(mine).rule == "foreign_id"
    theirs = pair.responder.received(frame_of(f"O {word}", 7), 1)
    assert found(theirs).rule == "unknown_exchange"
    assert found(pair.opener.received(frame_of(f"R {word}", 0), 1)).rule == "foreign_id"
    assert found(pair.opener.received(frame_of(f"R {word}", -1), 1)).rule == "foreign_id"
    assert found(pair.responder.received(frame_of(f"O {word}", -1), 1)).rule == "unknown_exchange"


def test_a_bad_frame_is_a_finding_with_the_text_of_its_error() -> None:
    assert bad_frame(ProtocolError("no such thing")) == Finding("bad_frame", "§7", "no such thing")


# -- late frames -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["response", "data", "end", "error"])
@pytest.mark.parametrize("script", ["O request, R response", "O stream, O end", "O bistream, O error"])
def test_what_comes_after_the_end_is_late_on_either_side(pair: Pair, script: str, word: str) -> None:
    pair.play(script)
    assert pair.opener.received(frame_of(f"R {word}"), 1) == Step(Effect.LATE)
    assert pair.responder.received(frame_of(f"O {word}"), 1) == Step(Effect.LATE)
    assert (pair.opener.late, pair.responder.late) == (1, 1)
    assert is_empty(pair)


@pytest.mark.parametrize("word", ["response", "data"])
def test_nothing_is_sent_after_the_end(pair: Pair, word: str) -> None:
    pair.play("O stream, R end")
    assert found(pair.opener.sent(frame_of(f"O {word}"), 1)).rule == "sent_after_end"
    assert found(pair.responder.sent(frame_of(f"R {word}"), 1)).rule == "sent_after_end"


@pytest.mark.parametrize("goodbye", ["end", "error"])
def test_what_was_on_its_way_when_the_other_side_gave_up_is_no_finding(pair: Pair, goodbye: str) -> None:
    pair.play(f"O stream, O {goodbye}")
    assert pair.responder.sent(frame_of("R data"), 1) == Step(Effect.LATE)
    assert found(pair.opener.sent(frame_of("O data"), 1)).rule == "sent_after_end"


def test_only_the_opener_may_say_goodbye_to_what_it_has_settled(pair: Pair) -> None:
    pair.play("O bistream")
    assert pair.opener.settle(ID, Outcome.TIMEOUT, "too slow")
    assert pair.opener.sent(frame_of("O cancel"), 1) == Step(Effect.LATE)
    assert pair.opener.sent(frame_of("O end"), 1) == Step(Effect.LATE)
    assert pair.opener.late == 0
    pair.responder.settle(ID, Outcome.ERROR)
    assert found(pair.responder.sent(frame_of("R error"), 1)).rule == "sent_after_end"


def test_crossing_errors_end_it_once_on_each_side(pair: Pair) -> None:
    pair.play("O bistream")
    assert pair.opener.sent(frame_of("O cancel"), 1).effect is Effect.ERROR
    assert pair.responder.sent(frame_of("R error"), 1).effect is Effect.ERROR
    assert pair.opener.received(frame_of("R error"), 1).effect is Effect.LATE
    assert pair.responder.received(frame_of("O cancel"), 1).effect is Effect.LATE
    assert is_empty(pair)


# -- ending without a frame --------------------------------------------------------------------------------


def test_settling_ends_an_exchange_once(pair: Pair) -> None:
    pair.play("O request")
    settled = pair.opener.settle(ID, Outcome.TIMEOUT, "too slow")
    assert settled is not None
    assert (settled.outcome, settled.message, settled.state) == (
        Outcome.TIMEOUT,
        "too slow",
        StreamState.CLOSED,
    )
    assert pair.opener.settle(ID, Outcome.CANCELLED) is None
    assert settled.outcome is Outcome.TIMEOUT
    assert pair.opener.get(ID) is None


@pytest.mark.parametrize("outcome", [Outcome.CLOSED, Outcome.LOST])
def test_the_end_of_the_connection_ends_everything_in_order(pair: Pair, outcome: Outcome) -> None:
    for number, word in enumerate(KINDS):
        pair.pass_on(f"O {word}", number)
    for table in pair:
        ended = table.connection_ended(outcome)
        assert [exchange.request_id[1] for exchange in ended] == [0, 1, 2]
        assert {exchange.outcome for exchange in ended} == {outcome}
        assert {exchange.state for exchange in ended} == {StreamState.CLOSED}
        assert table.connection_ended(outcome) == []
    assert is_empty(pair)


def test_an_id_that_is_skipped_counts_as_used(pair: Pair) -> None:
    assert pair.responder.skip((OPENER, 3))
    assert not pair.responder.skip((OPENER, 3))
    assert not pair.responder.skip((OPENER, 2))
    assert pair.responder.received(frame_of("O data", 3), 1).effect is Effect.LATE
    assert pair.responder.received(frame_of("O request", 4), 1).findings == ()


@pytest.mark.parametrize("request_id", [(RESPONDER, 0), (OPENER, -1), (OPENER, 2**53)])
def test_an_id_that_nobody_can_use_is_not_skipped(pair: Pair, request_id: tuple[str, int]) -> None:
    assert not pair.responder.skip(request_id)
    assert pair.responder.received(frame_of("O request"), 1).findings == ()


def test_a_peer_of_many_names_gets_no_memory_for_them(pair: Pair) -> None:
    for number in range(1000):
        name = f"name {number}"
        pair.responder.received(Frame(MessageType.REQUEST, (name, 0), name, {"operation": "add"}), 1)
        pair.responder.settle((name, 0), Outcome.OK)
    assert len(pair.responder._highest) < 100
    assert is_empty(pair)


def test_a_peer_is_remembered_whatever_other_names_it_claims_later(pair: Pair) -> None:
    pair.pass_on("O request", 0)
    for number in range(100):
        pair.responder.skip((f"name {number}", 0))
    pair.pass_on("O request", 1)
    pair.pass_on("O end", 1)
    assert pair.responder.received(frame_of("O error", 1), 1).effect is Effect.LATE


# -- reading data ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "message", "code"),
    [
        ("it broke", "it broke", "application"),
        ({"error": "it broke", "code": "internal"}, "it broke", "internal"),
        ({"message": "it broke"}, "it broke", "application"),
        ({"detail": "it broke"}, "it broke", "application"),
        ({"detail": "c", "message": "b", "error": "a"}, "a", "application"),
        ({"error": {"nested": 1}, "message": "b"}, "b", "application"),
        ({"error": "x", "code": "banana"}, "x", "application"),
        ({"error": "x", "code": ""}, "x", "application"),
        ({"error": "x", "code": 404}, "x", "application"),
        ({"error": "x", "code": ["internal"]}, "x", "application"),
        ({"error": 5, "code": "overloaded"}, "", "overloaded"),
        ({}, "", "application"),
        (None, "", "application"),
        (5, "", "application"),
        (["it broke"], "", "application"),
    ],
)
def test_an_error_is_read_whatever_its_shape(data: object, message: str, code: str) -> None:
    assert error_facts(data) == (message, code)


@pytest.mark.parametrize(
    "code",
    [
        "invalid_request",
        "not_found",
        "wrong_kind",
        "overloaded",
        "unavailable",
        "application",
        "internal",
        "too_large",
        "deadline_exceeded",
        "cancelled",
        "overflow",
    ],
)
def test_every_code_of_the_protocol_is_known(code: str) -> None:
    assert error_facts({"error": "x", "code": code}) == ("x", code)


@pytest.mark.parametrize("kind", MessageType)
def test_only_opening_frames_name_an_operation(kind: MessageType) -> None:
    opening = kind in (*(WORDS[word] for word in KINDS), MessageType.FIRE_AND_FORGET)
    assert operation_of(Frame(kind, ID, OPENER, {"operation": "add"})) == ("add" if opening else None)
