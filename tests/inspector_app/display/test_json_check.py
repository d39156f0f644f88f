"""What may be sent as JSON, and how an error is told."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector_app.display.json_check import NESTING_LIMIT, json_problem


@pytest.mark.parametrize(
    "text", ['{"a": [1, null, "x"]}', " {} ", '{"n": ' + "9" * 6_000 + "}", '{"e": 1e999}']
)
def test_an_object_is_fine(text: str) -> None:
    assert json_problem(text, "object") is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{\n  "a": 1\n  "b": 2\n}', "3:3 a comma is missing here"),
        ('{"a" 1}', "1:6 a colon is missing here"),
        ('{"a": }', "1:7 a value is expected here"),
        ("{a: 1}", "1:2 a name in double quotes is expected here"),
        ('{"a": "x', "1:7 this text is not closed by a double quote"),
        ("{} {}", "1:4 the value has ended before this"),
        ('{"a": "x\ty"}', "1:9 a control character must be written as an escape, such as \\n"),
        ('{"a": ["NaN",\n NaN]}', "2:2 JSON has no NaN"),
        ("[-Infinity]", "1:2 JSON has no -Infinity"),
        ("", "1:1 type a JSON object, such as {}"),
        ("\n [1]", "2:2 this must be an object, in braces"),
    ],
)
def test_an_error_is_told_with_its_place(text: str, problem: str) -> None:
    assert str(json_problem(text, "object")) == problem


def test_any_value_will_do_where_none_is_asked_for() -> None:
    assert json_problem("null") is None
    assert json_problem("[1]") is None
    assert str(json_problem(" ")) == "1:1 type a JSON value"


def test_nesting_is_counted_outside_text_only() -> None:
    assert json_problem('["' + "[" * 500 + '"]') is None
    assert json_problem("[" * (NESTING_LIMIT - 1) + "]" * (NESTING_LIMIT - 1)) is None
    assert json_problem("[" + ",".join(["[]"] * 500) + "]") is None


@pytest.mark.parametrize("depth", [NESTING_LIMIT, 100_000])
def test_what_a_peer_would_refuse_for_its_depth_is_an_error_at_that_depth(depth: int) -> None:
    problem = json_problem("[" * depth + "]" * depth)
    assert problem is not None
    assert problem.column == NESTING_LIMIT
    assert "nested deeper" in problem.text


@given(st.text())
def test_only_what_python_reads_too_is_fine(text: str) -> None:
    if json_problem(text) is None:
        json.loads(text)
