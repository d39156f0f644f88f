import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector_app.schemas.document import Document, NotJsonError, Path

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.floats(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)
layouts = st.sampled_from([{}, {"indent": 2}, {"separators": (",", ":")}, {"ensure_ascii": False}])


def paths(value: object, path: Path = ()) -> list[Path]:
    found = [path]
    if isinstance(value, dict):
        found += [each for key, member in value.items() for each in paths(member, (*path, key))]
    elif isinstance(value, list):
        found += [each for place, member in enumerate(value) for each in paths(member, (*path, place))]
    return found


def at(value: object, path: Path) -> object:
    for step in path:
        value = value[step]  # type: ignore[index]  # the path was made of the value
    return value


@given(values, layouts)
def test_every_value_is_found_where_it_stands(value: object, layout: dict[str, object]) -> None:
    document = Document(json.dumps(value, **layout))  # type: ignore[arg-type]  # a dictionary of its options
    for path in paths(value):
        node = document.at(path)
        assert node is not None
        assert json.loads(document.source(node)) == at(value, path)


@given(values, layouts, st.data())
def test_another_value_changes_nothing_else(
    value: object, layout: dict[str, object], data: st.DataObject
) -> None:
    document = Document(json.dumps(value, **layout))  # type: ignore[arg-type]  # as above
    path = data.draw(st.sampled_from(paths(value)))
    changed = json.loads(document.with_value(path, '"new"'))
    assert at(changed, path) == "new"
    expected = json.loads(json.dumps(value))
    if path:
        at(expected, path[:-1])[path[-1]] = "new"  # type: ignore[index]  # as above
        assert changed == expected


@given(values, layouts, st.data())
def test_what_is_taken_out_is_gone_and_all_else_is_there(
    value: object, layout: dict[str, object], data: st.DataObject
) -> None:
    document = Document(json.dumps(value, **layout))  # type: ignore[arg-type]  # as above
    path = data.draw(st.sampled_from(paths(value)))
    expected = json.loads(json.dumps(value))
    if path:
        del at(expected, path[:-1])[path[-1]]  # type: ignore[attr-defined]  # as above
    assert json.loads(document.without(path)) == expected


@given(st.dictionaries(st.text(max_size=3), values, max_size=3), layouts, st.text(max_size=3))
def test_a_member_that_is_not_there_is_put_behind_the_others(
    value: dict[str, object], layout: dict[str, object], key: str
) -> None:
    value.pop(key, None)
    document = Document(json.dumps(value, **layout))  # type: ignore[arg-type]  # as above
    changed = json.loads(document.with_value((key,), "[1, 2]"))
    assert changed == {**value, key: [1, 2]}
    assert list(changed)[-1] == key


def objects(value: object, path: Path = ()) -> list[Path]:
    if not isinstance(value, (dict, list)):
        return []
    steps = value.items() if isinstance(value, dict) else enumerate(value)
    inner = [found for step, each in steps for found in objects(each, (*path, step))]
    return [path, *inner] if isinstance(value, dict) else inner


@given(st.dictionaries(st.text(max_size=3), values, max_size=3), layouts, st.data())
def test_members_are_put_into_any_of_the_objects_at_once(
    value: dict[str, object], layout: dict[str, object], data: st.DataObject
) -> None:
    document = Document(json.dumps(value, **layout))  # type: ignore[arg-type]  # as above
    chosen = data.draw(st.lists(st.sampled_from(objects(value)), unique=True))
    expected = json.loads(json.dumps(value))
    for path in chosen:
        at(expected, path).update({"new one": 1, "new two": [2]})  # type: ignore[attr-defined]  # as above
    members = {path: {"new one": "1", "new two": "[2]"} for path in chosen}
    assert json.loads(document.with_members(members)) == expected


def test_the_layout_of_its_neighbours_is_kept() -> None:
    laid_out = '{\n    "a": 1.50,\n    "b":  [ 1 ]\n}'
    assert Document(laid_out).with_value(("c",), "3") == '{\n    "a": 1.50,\n    "b":  [ 1 ],\n    "c": 3\n}'
    assert Document('{"a": 1}').with_value(("c",), "3") == '{"a": 1, "c": 3}'
    assert Document("{}").with_value(("c",), "3") == '{\n  "c": 3\n}'
    several = Document('{\n "a": {"b": 1}}').with_members({(): {"x": "1", "y": "2"}, ("a",): {"z": "3"}})
    assert several == '{\n "a": {"b": 1, "z": 3},\n "x": 1,\n "y": 2}'
    assert Document(laid_out).without(("a",)) == '{\n    "b":  [ 1 ]\n}'
    assert Document(laid_out).without(("b",)) == '{\n    "a": 1.50\n}'
    assert Document('{"a": {}}').with_value(("a", "x", "y"), "1") == '{"a": {\n  "x": {"y": 1}\n}}'


def test_of_a_key_that_is_there_twice_the_last_is_meant() -> None:
    document = Document('{"a": 1, "a": 2}')
    assert document.with_value(("a",), "3") == '{"a": 1, "a": 3}'


def test_numbers_keep_their_digits() -> None:
    text = '{"big": 12345678901234567890123, "exact": 1.10, "power": 1E400}'
    assert Document(text).with_value(("new",), "0") == text[:-1] + ', "new": 0}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1,]",
        '{"a":1,}',
        "{a:1}",
        "01",
        "NaN",
        "tru",
        '"\n"',
        "[1 2]",
        '{"a" 1}',
        "1 2",
        "[" * 300,
        '"\\x"',
    ],
)
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(NotJsonError):
        Document(text)


@pytest.mark.parametrize(
    ("text", "path"),
    [('{"a": 1}', ("a", "b")), ("[]", ("a",)), ('{"a": "x"}', ("a", 0)), ('{"a":[]}', ("a", 2, "x"))],
)
def test_nothing_is_put_where_there_can_be_none(text: str, path: Path) -> None:
    try:
        changed = Document(text).with_value(path, "1")
    except NotJsonError:
        return
    assert json.loads(changed) == {"a": [{"x": 1}]}
