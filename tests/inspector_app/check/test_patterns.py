"""Placeholders: what matches what, what a name stands for, what is filled in."""

from __future__ import annotations

from typing import Any

import pytest

from inspector_app.check.cases import CaseError
from inspector_app.check.patterns import Names


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": 1}, {"b": 2}, False),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}, True),
        ({}, [], False),
        ([1, 2], [1, 2], True),
        ([1, 2], [1, 2, 3], False),
        ([1], 1, False),
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (True, 1, False),
        (None, None, True),
        (None, 0, False),
        ("x", "x", True),
        ({"a": None}, {}, False),
        ("$any", None, True),
        ({"a": "$any"}, {}, False),
        ({"a": "$absent"}, {}, True),
        ({"a": "$absent"}, {"a": None}, False),
        ("$string", "", True),
        ("$text", " ", False),
        ("$text", "x", True),
        ("$text", 7, False),
        ("$integer", 7, True),
        ("$integer", True, False),
        ("$integer", 7.5, False),
        ("$number", 7.5, True),
        ("$number", True, False),
        ("$object", {}, True),
        ("$object", [], False),
        ("$array", [], True),
        ("$array", {}, False),
        ("$uuid4", "4e5a1a1c-9d0e-4bb0-8a52-0f5b6f3f6d11", True),
        ("$uuid4", "4e5a1a1c-9d0e-1bb0-8a52-0f5b6f3f6d11", False),
        ("$uuid4", "x", False),
        ("$uuid4", 4, False),
        ({"$either": [1, "$string"]}, "x", True),
        ({"$either": [1, "$string"]}, 2, False),
        ({"$each": "$integer"}, [1, 2], True),
        ({"$each": "$integer"}, [1, "x"], False),
        ({"$each": "$integer"}, {}, False),
        ({"$includes": {"a": 1}}, [{"a": 2}, {"a": 1, "b": 1}], True),
        ({"$includes": 1}, [2], False),
        ({"$sorted_by": "n"}, [{"n": "a"}, {"n": "b"}], True),
        ({"$sorted_by": "n"}, [{"n": "b"}, {"n": "a"}], False),
        ({"$sorted_by": "n"}, [{"n": "a"}, 7], False),
        ({"$has": "ell"}, "hello", True),
        ({"$has": "ell"}, "hallo", False),
        ({"$at_least": 3}, 3, True),
        ({"$at_least": 3}, 2, False),
        ({"$at_least": 1}, True, False),
        ({"$at_most_long": 3}, "abc", True),
        ({"$at_most_long": 3}, "abcd", False),
        ({"$repeat": ["ab", 2]}, "abab", True),
        ({"$repeat": ["ab", 2]}, "ab", False),
    ],
)
def test_a_pattern_matches_what_it_should(pattern: Any, value: Any, matches: bool) -> None:
    assert Names().match(pattern, value) is matches


def test_a_name_stands_for_the_same_from_its_first_match_on() -> None:
    names = Names()
    assert names.match(["$a", "$a"], [[1], [1]])
    assert not names.match("$a", [2])
    assert names.match("$a", [1])


def test_a_name_is_not_bound_by_a_pattern_that_does_not_match() -> None:
    names = Names()
    assert not names.match({"x": "$a", "y": 1}, {"x": 1, "y": 2})
    assert names.match("$a", 2)


def test_a_name_does_not_match_what_is_not_there() -> None:
    assert not Names().match({"x": "$a"}, {})


def test_a_type_is_compared_as_readers_do_unless_its_spelling_is_asked_for() -> None:
    names = Names()
    assert names.match({"type": "stream_data"}, {"type": "Stream-DATA"})
    assert not names.match({"type": "stream_data"}, {"type": "stream_end"})
    assert not names.match({"type": "stream_data"}, {})
    assert not names.match({"type": "stream_data"}, {"type": "STREAM_DATA"}, spelled=True)
    assert names.match({"data": {"type": "x"}}, {"type": 7, "data": {"type": "x"}})
    assert not names.match({"data": {"type": "x"}}, {"data": {"type": "X"}})


def test_a_request_id_that_is_sent_for_the_first_time_is_the_drivers_next() -> None:
    names = Names()
    assert names.fill({"requestId": "$a"}) == {"requestId": [names.driver, 0]}
    assert names.new_id() == [names.driver, 1]
    assert names.fill({"requestId": "$b", "data": ["$a"]}) == {
        "requestId": [names.driver, 2],
        "data": [[names.driver, 0]],
    }


def test_what_is_sent_is_filled_in() -> None:
    names = Names()
    names.bound["index"] = 7
    filled = names.fill({"a": "$absent", "b": "$driver", "c": ["$index", None], "d": {"$repeat": ["xy", 2]}})
    assert filled == {"b": names.driver, "c": [7, None], "d": "xyxy"}


def test_raw_text_is_put_together_with_names_in_it() -> None:
    names = Names()
    text = names.fill_text(['{"id":$a,"peer":"$driver","x":"', {"$repeat": ["é", 3]}, '"}'])
    assert text == f'{{"id":["{names.driver}", 0],"peer":"{names.driver}","x":"ééé"}}'


@pytest.mark.parametrize("value", ["$subject", {"data": "$nobody"}])
def test_a_name_that_stands_for_nothing_cannot_be_sent(value: Any) -> None:
    with pytest.raises(CaseError, match=r"nothing is known yet for \$"):
        Names().fill(value)


def test_an_operator_that_nobody_knows_is_refused() -> None:
    with pytest.raises(CaseError, match=r"\$some is no operator"):
        Names().match({"$some": 1}, 1)


def test_a_pattern_is_told_with_what_its_names_stand_for() -> None:
    names = Names()
    names.match("$a", [1])
    assert names.told({"x": ["$a", "$b", 1]}) == '{"x": [[1], "$b", 1]}'
