"""What differs between two JSON texts: each difference once, and no more than there are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from inspector_app.comparing import changes
from inspector_app.comparing.changes import compare, compare_lines
from tests.inspector_app.display.test_json_view import json_values

Told = tuple[str, tuple[str | int, ...], str | None, str | None]


def told(old: object, new: object) -> list[Told]:
    found = compare(_bytes(old), _bytes(new))
    return [(each.kind, each.path, each.old, each.new) for each in found.changes]


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def test_members_are_added_removed_and_changed() -> None:
    assert told({"a": 1, "b": {"c": "x"}, "d": None}, {"a": 1, "b": {"c": "y"}, "e": [1]}) == [
        ("changed", ("b", "c"), '"x"', '"y"'),
        ("removed", ("d",), "null", None),
        ("added", ("e",), None, "[1]"),
    ]


def test_a_value_of_another_type_is_changed() -> None:
    assert told({"a": 1, "b": True}, {"a": "1", "b": 1}) == [
        ("changed", ("a",), "1", '"1"'),
        ("changed", ("b",), "true", "1"),
    ]


def test_an_item_that_is_put_in_between_is_one_addition() -> None:
    assert told([1, 2, 3, 4], [1, 9, 2, 3, 4]) == [("added", (1,), None, "9")]
    assert told([{"id": 1}, {"id": 2}], [{"id": 2}]) == [("removed", (0,), '{"id": 1}', None)]


def test_items_are_told_apart_by_what_names_them() -> None:
    old = [{"id": number, "value": number} for number in range(50)]
    new = [dict(item) for item in old if item["id"] != 20]
    new[30]["value"] = 7
    assert told(old, new) == [
        ("changed", (30, "value"), "31", "7"),
        ("removed", (20,), '{"id": 20, "value": 20}', None),
    ]


def test_an_item_at_another_place_is_moved_and_what_changed_in_it_is_told() -> None:
    old = [{"id": "a", "v": 1}, {"id": "b", "v": 2}, {"id": "c", "v": 3}]
    new = [{"id": "c", "v": 4}, {"id": "a", "v": 1}, {"id": "b", "v": 2}]
    found = compare(_bytes(old), _bytes(new)).changes
    assert [(each.kind, each.path, each.moved_to) for each in found] == [
        ("moved", (2,), (0,)),
        ("changed", (0, "v"), ()),
    ]


def test_numbers_are_compared_as_they_are_written_and_lose_no_digit() -> None:
    huge = b"1" * 20_000
    assert told(b'{"n":1.0}', b'{"n":1.00}') == [("changed", ("n",), "1.0", "1.00")]
    assert [each[0] for each in told(b'{"n":%b}' % huge, b'{"n":%b2}' % huge)] == ["changed"]


def test_members_of_the_same_name_are_kept_apart() -> None:
    assert told(b'{"a":1,"a":2}', b'{"a":1,"a":3}') == [("changed", ("a (2)",), "2", "3")]


@given(json_values)
def test_nothing_differs_from_itself(value: Any) -> None:
    assert told(value, value) == []


@given(json_values, json_values)
def test_what_differs_is_found(old: Any, new: Any) -> None:
    assert bool(told(old, new)) == (json.dumps(old) != json.dumps(new) and not _same(old, new))


def _same(old: Any, new: Any) -> bool:
    """The same members in another order are no difference."""
    return json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)


def test_of_too_many_changes_the_first_are_told_and_the_others_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(changes, "CHANGES_LIMIT", 3)
    found = compare(_bytes([1, 2, 3, 4, 5]), _bytes(["a", "b", "c", "d", "e"]))
    assert (len(found.changes), found.more) == (3, 2 + 5)


def test_of_a_long_value_the_beginning_is_told() -> None:
    ((_, _, old, new),) = told({"a": "x" * 1_000_000}, {"a": ["y"] * 100_000})
    assert old is not None
    assert new is not None
    assert max(len(old), len(new)) <= changes.TEXT_LIMIT + 1


@pytest.mark.parametrize("text", [b"nonsense", b"NaN", b'{"a":1} x', b""])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of whatever text
        compare(text, b"1")


def test_texts_are_compared_line_by_line() -> None:
    found = compare_lines(b"a\nb\nc\xff", b"a\nx\nc\xff\nd")
    assert [(each.kind, each.path, each.old, each.new) for each in found.changes] == [
        ("changed", ("line", 2), "b", "x"),
        ("added", ("line", 4), None, "d"),
    ]
    assert found.by_lines
