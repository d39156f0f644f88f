"""What is hosted as rows, and what a person reads about one."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from inspector_app.standing import (
    FaultStanding,
    HeldStanding,
    HoleStanding,
    MockStanding,
    RuleStanding,
    standing_of,
    to_json,
)
from inspector_app.viewer.mocking import MockView, about

RULE = RuleStanding(
    kind="request",
    operation="quote",
    place=0,
    line=3,
    hits=4,
    errors=1,
    last_ns=1_000_000_000,
    ending="error",
    error="Sold out",
    answer_json='{"a": 1}',
)
HOLE = HoleStanding(
    kind="stream", operation="refund", why="there is no rule for it", calls=2, last_ns=0, data_json="[1]"
)
FAULT = FaultStanding(title="twice", what="send the frame twice", on=True, hits=3)
HELD = HeldStanding(
    held=1, conn=2, kind="request", operation="pay", since_ns=1_000_000_000, data_json='{"sum": 3'
)


def shown(**parts: object) -> MockView:
    view = MockView()
    view.show(MockStanding(name="/somewhere/shop.toml", **parts), 3_000_000_000)  # type: ignore[arg-type]  # by name
    return view


def texts(rows: object) -> list[list[str]]:
    return [[text for text, _ in row] for row in rows.rows(0, 9)]  # type: ignore[attr-defined]  # any of the lists


def test_rules_come_before_holes_and_both_before_what_is_only_held() -> None:
    view = shown(rules=(RULE,), holes=(HOLE,), holding=("other", "quote"))
    assert texts(view.answerers) == [
        ["request", "quote", "held", "4", "1", "2 s ago", "Sold out"],
        ["stream", "refund", "hole", "2", "-", "3 s ago", "there is no rule for it"],
        ["any", "other", "held", "0", "0", "-", ""],
    ]
    assert view.holds("other")
    assert view.answerers.row(3) is None


def test_the_headline_counts_calls_errors_and_holes() -> None:
    told = "".join(
        text
        for text, _ in shown(rules=(RULE,), holes=(HOLE,), calls=4, errors=1, unanswered=9, more=7).headline
    )
    assert told == "shop.toml  13 calls  1 error  9 calls that nothing answers  7 rows are not shown"


def test_faults_and_calls_that_wait_are_rows_too() -> None:
    view = shown(faults=(FAULT,), held=(HELD,))
    assert texts(view.faults) == [["on", "twice", "3", "send the frame twice"]]
    assert texts(view.held) == [["2 s", "2", "request", "pay", "-", '{"sum": 3']]


@pytest.mark.parametrize(
    ("row", "parts"),
    [
        (HELD, ["request pay waits: ", '{"sum": 3']),
        (HOLE, ["there is no rule for it", "  1"]),
        (FAULT, ["It is on. Space switches it."]),
        (RULE, ["The last call: Sold out", "Answers (o edits it):", '  "a": 1']),
        (RuleStanding(kind="request", operation="o"), ["its file is loaded anew"]),
        (RuleStanding(kind="bidirectional", operation="o", place=0), ["Edit the file"]),
    ],
)
def test_each_row_says_what_there_is_to_know_and_to_do(row: object, parts: list[str]) -> None:
    told = "\n".join("".join(text for text, _ in line) for line in about(row))  # type: ignore[arg-type]  # one of them
    assert all(part in told for part in parts), told


def test_what_stands_survives_the_trip_whatever_a_peer_has_sent() -> None:
    standing = MockStanding(name="n", holes=(replace(HOLE, operation="\ud83d"),))
    assert standing_of(to_json(standing), MockStanding) == standing
    assert standing_of("", MockStanding) is None
    assert standing_of('{"name": 7}', MockStanding) is None


def test_what_is_switched_or_held_is_shown_before_it_is_told() -> None:
    view = shown(rules=(RULE,), faults=(FAULT,))
    assert [view.hold("quote"), view.holds("quote"), view.hold("quote"), view.holds("quote")] == [
        True,
        True,
        False,
        False,
    ]
    off = view.switch(FAULT)
    (fault,) = view.standing.faults
    assert (off, fault.on, view.switch(fault)) == (False, False, True)
