"""One line of data: readable, and as cheap for a megabyte as for a word."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector_app.capture.summary import cut, data_summary, message_summary, summary, summary_of
from slipstream.frames import MessageType


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (None, "null"),
        (True, "true"),
        (-3, "-3"),
        (0.5, "0.5"),
        ("x", '"x"'),
        ([], "[]"),
        ({}, "{}"),
        ([1, [2, "b"], None], '[1, [2, "b"], null]'),
        ({"a": 1, "b c": {"d": False}}, '{a: 1, "b c": {d: false}}'),
        ({"": 1}, '{"": 1}'),
        ("grüße", '"grüße"'),
        (10**30, str(10**30)),
        ({1}, "<set>"),
    ],
)
def test_data_is_written_on_one_line(data: object, line: str) -> None:
    assert summary(data) == line


def test_line_breaks_and_control_characters_of_strings_are_escapes() -> None:
    assert summary("a\nb\x1b[31m\0") == r'"a\nb\u001b[31m\u0000"'


def test_lone_surrogates_are_escapes() -> None:
    assert summary({"\ud800": "\udfff"}) == r'{"\ud800": "\udfff"}'


def test_what_is_too_long_is_cut_and_marked() -> None:
    assert summary("abcdefghij", 8) == '"abcdef…'
    assert summary(list(range(100)), 12) == "[0, 1, 2, 3…"


def test_what_fits_exactly_is_not_cut() -> None:
    assert summary("abcdef", 8) == '"abcdef"'


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("limit", [2, 20, 200])
@pytest.mark.parametrize(
    "data",
    [
        "x" * 1_000_000,
        "\n" * 1_000_000,
        list(range(100_000)),
        {str(number): number for number in range(100_000)},
        nested(100_000),
        {"x" * 1_000_000: 1},
        1 << 1_000_000,
        [[]] * 100_000,
        {"a": {"b" * 99: ["c" * 99]}},
    ],
    ids=range(9),
)
def test_no_data_makes_a_line_longer_than_the_limit(data: object, limit: int) -> None:
    assert len(summary(data, limit)) <= limit


@pytest.mark.parametrize(
    "data", ["x" * 50_000_000, list(range(2_000_000)), nested(100_000), 1 << 5_000_000], ids=range(4)
)
def test_huge_data_costs_no_more_than_a_line(data: object) -> None:
    began = time.process_time()
    for _ in range(100):
        summary(data)
    assert time.process_time() - began < 1


TEXT = st.text(st.characters(exclude_categories=()))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
)


@given(JSON, st.integers(2, 60))
def test_any_data_makes_a_line_within_the_limit_that_can_be_stored(data: object, limit: int) -> None:
    line = summary(data, limit)
    assert len(line) <= limit
    assert "\n" not in line
    line.encode()


def line_of(type_: MessageType, data: Any, limit: int = 200) -> str:
    return data_summary(type_.value, data, limit)


def test_an_opening_frame_leaves_its_operation_to_the_column() -> None:
    assert line_of(MessageType.REQUEST, {"operation": "add", "a": 1, "b": 2}) == "{a: 1, b: 2}"


def test_an_opening_frame_with_nothing_else_has_nothing_to_tell() -> None:
    assert line_of(MessageType.REQUEST, {"operation": "now"}) == ""


def test_an_operation_that_is_none_is_shown() -> None:
    assert line_of(MessageType.REQUEST, {"operation": 5}) == "{operation: 5}"


def test_an_operation_inside_a_result_is_data() -> None:
    assert line_of(MessageType.RESPONSE, {"operation": "add"}) == '{operation: "add"}'


def test_an_end_has_nothing_to_tell_but_a_null_item_has() -> None:
    assert line_of(MessageType.STREAM_END, None) == ""
    assert line_of(MessageType.STREAM_END, 1) == "1"
    assert line_of(MessageType.STREAM_DATA, None) == "null"


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("plain", "plain"),
        (b"bytes", "bytes"),
        (b"\xff\x00", "\\xff\0"),
        ("x" * 30, "x" * 9 + "…"),
        (b"x" * 99, "x" * 9 + "…"),
    ],
)
def test_a_message_that_is_no_frame_shows_its_beginning(message: str | bytes, line: str) -> None:
    assert message_summary(message, 10) == line


@given(TEXT, st.integers(1, 30))
def test_cut_text_is_within_the_limit_and_can_be_stored(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert len(short) <= limit
    short.encode()


@pytest.mark.parametrize(
    ("message", "kind", "line"),
    [
        ('{"type":"request","data":{"operation":"add","a":1}}', "request", "{a: 1}"),
        (b'{"type":"response","data":[1]}', "response", "[1]"),
        ('{"type":"response","data":"\\ud800"}', "response", '"\\ud800"'),
        ('{"type":"response","data":[1]}', None, '{"type":"response","data":[1]}'),
        ('{"type":"response","da', "response", '{"type":"response","da'),
        (b"\xff", "response", "\\xff"),
        ("[1]", "response", "[1]"),
    ],
)
def test_a_message_is_told_by_the_type_it_was_recorded_with(
    message: str | bytes, kind: str | None, line: str
) -> None:
    assert summary_of(message, kind) == line
