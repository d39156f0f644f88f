"""The beginning of a JSON text: JSON of its own, laid out as it will be when all of it is there."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inspector_app.display.json_beginning import Beginning, beginning_of, whole_characters
from inspector_app.display.json_layout import data_of, lay_out
from tests.inspector_app.display.test_json_view import json_values


@given(json_values, st.booleans(), st.integers(0))
@example([["a", "é\U0001f600\\"], {"b": "\ud800"}], False, 14)
@example({"a": "\\\\", "b": ["\\", {}]}, True, 11)
def test_a_beginning_is_laid_out_as_the_whole_text_begins(value: object, ascii_only: bool, cut: int) -> None:
    whole = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    beginning = beginning_of(whole[: cut % (len(whole) + 1)])
    if beginning is not None:
        layout = lay_out(beginning.text)
        assert not layout.reason
        assert lay_out(whole).text.startswith(beginning.laid_out(layout.text))


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (b'{"a":1,"b":[2,3,"ccc', b'{"a":1,"b":[2,3,"ccc"]}'),
        (b'{"a":1,"b":[2,3,4', b'{"a":1,"b":[2,3]}'),
        (b'{"a":1,"b":[2,{"c":{"d', b'{"a":1,"b":[2]}'),
        (b'{"a":1,"key that is cu', b'{"a":1}'),
        (b'["\\n\\u00e', b'["\\n"]'),
        (b'["\\n\\u00e9\\', b'["\\n\\u00e9"]'),
        ('["aé'.encode()[:-1], b'["a"]'),
        (b'{"a":[{"b":"1, 2 ] }', b'{"a":[{"b":"1, 2 ] }"}]}'),
    ],
)
def test_it_is_cut_behind_a_whole_member_or_in_a_string(head: bytes, text: bytes) -> None:
    beginning = beginning_of(head)
    assert beginning is not None
    assert beginning.text == text


@pytest.mark.parametrize(
    "head", [b"", b"1234", b'{"a', b'{"a":1', b"[]]", b'{"a":1]', b"[1," * 300, b'"text']
)
def test_without_a_whole_member_there_is_none(head: bytes) -> None:
    assert beginning_of(head) is None


@pytest.mark.parametrize(
    ("head", "inside"),
    [
        (b'{"type":"x","data":{"a":[1,2', Beginning(b'{"a":[1', b"]}")),
        (b'{"type":"x","data":"abc', Beginning(b'"abc', b'"')),
        (b'{"data":{"a":[1,2]},"type":"abc', Beginning(b'{"a":[1,2]}', b"")),
    ],
)
def test_of_a_value_inside_it_is_known_what_closes_it(head: bytes, inside: Beginning) -> None:
    beginning = beginning_of(head)
    assert beginning is not None
    data = data_of(beginning.text)
    assert data is not None
    assert beginning.inside(data) == inside


@pytest.mark.parametrize("character", ["x", "é", "€", "\U0001f600"])
def test_a_character_that_may_be_cut_is_left_out(character: str) -> None:
    data = character.encode()
    for length in range(1, len(data) + 1):
        assert whole_characters(b"ab" + data[:length]) in (b"ab", b"abx")
    assert whole_characters(b"") == b""
    assert whole_characters(b"\x80" * 9) == b"\x80" * 9
