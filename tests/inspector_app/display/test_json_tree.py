"""A laid out text as a tree: what is opened is shown, and nothing else is made."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector_app.capture.filter import path_field
from inspector_app.display import json_tree
from inspector_app.display.json_layout import lay_out
from inspector_app.display.json_tree import PAGE, JsonTree, path_text
from tests.inspector_app.display.test_json_view import json_values


def tree_of(value: object, root: tuple[str, ...] = ()) -> JsonTree:
    return JsonTree(lay_out(json.dumps(value)).text, root)


def texts(tree: JsonTree) -> list[str]:
    return ["".join(text for text, _ in tree.parts(index)) for index in range(tree.count)]


def open_all(tree: JsonTree) -> None:
    index = 0
    while index < tree.count:
        tree.open(index)
        index += tree.node(index).kind != "more"


def test_the_first_level_is_open_and_the_others_are_closed() -> None:
    tree = tree_of({"a": 1, "b": {"c": [1, 2]}, "d": []}, ("data",))
    assert texts(tree) == ["▾ data: {…} 3 members", '    "a": 1', '  ▸ "b": {…} 1 member', '    "d": []']


def test_opening_shows_what_a_value_holds_and_closing_hides_it() -> None:
    tree = tree_of({"b": {"c": [1, "x"]}, "d": None})
    before = texts(tree)
    tree.open(1)
    tree.toggle(2)
    assert texts(tree)[1:] == [
        '  ▾ "b": {…} 1 member',
        '    ▾ "c": […] 2 items',
        "        0: 1",
        '        1: "x"',
        '    "d": null',
    ]
    assert tree.parent(4) == 2
    assert tree.parent(2) == 1
    assert tree.parent(0) == 0
    tree.close(1)
    assert texts(tree) == before


@given(json_values)
def test_every_value_is_found_at_its_path(value: Any) -> None:
    tree = tree_of(value)
    open_all(tree)
    for index in range(tree.count):
        node, found = tree.node(index), value
        for step in node.path:
            found = found[step]
        assert json.loads(tree.value(index)) == found
        if node.kind == "leaf":
            assert tree.plain(index) == (found if isinstance(found, str) else json.dumps(found))


@settings(max_examples=20)
@given(st.lists(st.integers(0, 3), min_size=PAGE, max_size=3 * PAGE), st.booleans())
def test_members_come_a_page_at_a_time_until_all_are_there(items: list[int], named: bool) -> None:
    value: Any = {f"k{place}": item for place, item in enumerate(items)} if named else items
    tree = tree_of({"all": value, "behind": True})
    tree.open(1)
    assert tree.count <= PAGE + 4
    while True:
        more = [index for index in range(tree.count) if tree.node(index).kind == "more"]
        if not more:
            break
        tree.open(more[0])
    steps = [tree.node(index).path[-1] for index in range(2, tree.count - 1)]
    assert steps == (list(value) if named else list(range(len(items))))
    assert texts(tree)[-1] == '    "behind": true'


def test_as_many_members_as_there_are_cost_no_more_than_a_page() -> None:
    tree = JsonTree(lay_out("{" + ",".join(f'"k{index}":{index}' for index in range(200_000)) + "}").text)
    assert tree.count == PAGE + 2
    assert texts(tree)[0] == "▾ {…} large, members not counted"
    tree.open(tree.count - 1)
    assert tree.count == 2 * PAGE + 2


def test_two_hundred_levels_can_be_opened_one_by_one() -> None:
    tree = JsonTree(lay_out("[" * 200 + "1" + "]" * 200).text)
    for depth in range(1, 200):
        tree.open(depth)
    assert tree.count == 201
    assert tree.plain(200) == "1"
    tree.close(0)
    assert tree.count == 1


def test_names_that_are_there_twice_are_both_shown() -> None:
    tree = JsonTree(lay_out('{"a":1,"a":[2]}').text)
    assert texts(tree)[1:] == ['    "a": 1', '  ▸ "a": […] 1 item']


def test_of_a_long_string_the_beginning_is_shown_and_all_of_it_is_given() -> None:
    tree = tree_of({"long": "x" * 1_000_000, "after": 1})
    assert len(texts(tree)[1]) < 3_000
    assert texts(tree)[1].endswith("…")
    assert tree.plain(1) == "x" * 1_000_000
    assert texts(tree)[2] == '    "after": 1'


@pytest.mark.parametrize("raw", ['"\\ud800"', "1" * 5_000, "-0.0e-7", "[[],{}]", '"}\\n{"', '{"]": "["}'])
def test_odd_values_are_given_as_they_stand(raw: str) -> None:
    tree = JsonTree(lay_out(raw).text)
    open_all(tree)
    assert json.loads(tree.value(0), parse_int=str) == json.loads(raw, parse_int=str)
    assert tree.size(0) >= len(raw)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("data", "user", "id"), "data.user.id"),
        (("data", "items", 0, "x-y"), "data.items[0].x-y"),
        (("data", "a b", 'say "x"'), r'data."a b"."say \"x\""'),
        (("data", "größe", ""), 'data.größe.""'),
        ((3, "a"), "[3].a"),
        ((), ""),
    ],
)
def test_a_path_is_written_as_a_filter_takes_it(path: tuple[str | int, ...], text: str) -> None:
    assert path_text(path) == text


@given(st.lists(st.text(max_size=4) | st.integers(0, 99), max_size=4))
def test_a_path_of_a_frames_data_is_the_field_of_a_filter(path: list[str | int]) -> None:
    assert path_text(("data", *path)) == path_field(*path)


def test_what_is_larger_than_a_step_of_looking_for_its_end_is_passed_as_a_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for step in range(1, 12):
        monkeypatch.setattr(json_tree, "_STEP_BYTES", step)
        tree = tree_of({"all": [[1, 2], {"a": [3]}], "behind": {"b": 4}})
        assert texts(tree)[1:] == ['  ▸ "all": […] 2 items', '  ▸ "behind": {…} 1 member']
