"""JSON laid out and coloured without changing a character of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector_app.display import json_layout
from inspector_app.display.json_layout import data_of
from inspector_app.display.json_view import LEX_LIMIT, JsonLines, lexed

if TYPE_CHECKING:
    from inspector_app.display.lines import Part

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def texts(lines: JsonLines) -> list[str]:
    return ["".join(text for text, _ in lines.line(index)) for index in range(lines.count)]


def styles(parts: list[Part]) -> dict[str, str]:
    return {text: style for text, style in parts if style}


def test_a_document_is_laid_out_a_member_a_line() -> None:
    assert texts(JsonLines('{"a":[1,null],"b":{}}')) == [
        "{",
        '  "a": [',
        "    1,",
        "    null",
        "  ],",
        '  "b": {}',
        "}",
    ]


def test_numbers_escapes_and_duplicate_keys_stay_as_they_were_sent() -> None:
    raw = r'{"n":1.00000000000000000001,"big":123456789012345678901234567890,"e":"\u00e9\ud800","n":2e400}'
    shown = "".join(texts(JsonLines(raw)))
    for piece in (
        "1.00000000000000000001",
        "123456789012345678901234567890",
        r'"\u00e9\ud800"',
        '"n": 2e400',
    ):
        assert piece in shown


@given(json_values, st.booleans())
def test_any_json_is_laid_out_and_means_the_same(value: object, ascii_only: bool) -> None:
    lines = JsonLines(json.dumps(value, ensure_ascii=ascii_only))
    assert lines.reason == ""
    assert json.loads("\n".join(texts(lines))) == value


@pytest.mark.parametrize("raw", [r'"\ud800"', r'"\\ud800 \\\udfff"', '"\ud800"', r'["\\", "\ud83d\ude00"]'])
def test_lone_surrogates_do_not_keep_a_document_from_being_laid_out(raw: str) -> None:
    lines = JsonLines(raw)
    assert lines.reason == ""
    assert json.loads("\n".join(texts(lines))) == json.loads(raw)


def test_bytes_are_shown_like_text() -> None:
    assert texts(JsonLines(b'["a"]')) == ["[", '  "a"', "]"]


@pytest.mark.parametrize("raw", ['{"a":\n1,}', "", "NaN", '"\x00"', "nonsense", '{"a":1} x'])
def test_what_is_no_json_is_shown_as_it_is_under_one_line_that_says_why(raw: str) -> None:
    lines = JsonLines(raw)
    assert lines.line(0)[0][1] == "severity-warning"
    assert lines.line(0)[0][0].startswith("Not JSON (")
    assert "\n".join(texts(lines)[1:]) == raw


def test_bytes_that_are_no_text_are_shown_by_their_values() -> None:
    lines = JsonLines(b"\xff\x00a")
    assert texts(lines)[1] == "\\xff\x00a"


@pytest.mark.parametrize(
    "raw",
    ["[" * 100_000 + "]" * 100_000, "[" * 900 + "1," * 300_000 + "1" + "]" * 900],
    ids=["too deep for the parser", "deep and long"],
)
def test_deep_nesting_is_not_laid_out(raw: str) -> None:
    lines = JsonLines(raw)
    assert lines.reason.startswith("Nested too deeply")
    assert "".join(texts(lines)[1:]) == raw


def depth_of(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


bracketed = st.recursive(
    st.text(alphabet='[]{}"\\a', max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='[}"', max_size=2), inner, max_size=3)
    ),
    max_leaves=30,
)


@given(bracketed, st.integers(1, 12), st.integers(1, 12))
def test_how_deep_a_text_is_nested_is_known_without_reading_it(
    value: object, portion: int, around: int
) -> None:
    for _ in range(around):
        value = [value, "["]
    marks, depth = json_layout._marks(json.dumps(value).encode()), depth_of(value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_layout, "_PORTION_BYTES", portion)
        assert json_layout.is_no_deeper(marks, depth + json_layout._PAIR_ROUNDS)
        assert not json_layout.is_no_deeper(marks, depth - 1)


def test_brackets_inside_text_are_not_nesting() -> None:
    raw = '["' + r"\"[{" * 20_000 + '"' + ",1" * 20_000 + "]"
    assert JsonLines(raw).reason == ""


def test_tokens_have_the_colours_of_their_kind() -> None:
    assert styles(lexed('  "key": "text",')) == {
        '"key"': "json-key",
        ":": "json-punctuation",
        '"text"': "json-string",
        ",": "json-punctuation",
    }
    assert styles(lexed("-1.5e3")) == {"-1.5e3": "json-number"}
    assert styles(lexed("null")) == {"null": "json-literal"}


@pytest.mark.parametrize(
    "line",
    ['"' + "x" * 3 * LEX_LIMIT + '"', "9" * 3 * LEX_LIMIT, '"k": "' + "y" * 3 * LEX_LIMIT + '",', ""],
)
def test_only_the_head_of_a_long_line_is_lexed_and_nothing_of_it_is_lost(line: str) -> None:
    parts = lexed(line)
    assert "".join(text for text, _ in parts) == line
    assert "severity-problem" not in {style for _, style in parts}


@pytest.mark.parametrize(
    ("raw", "data"),
    [
        ('{"type":"request","data": {"a": [1, 2.50]},"requestId":["p",1]}', b'{"a": [1, 2.50]}'),
        (b'{"data":"x"}', b'"x"'),
        ("{}", b"null"),
        (r'{"peerID":"\ud800","data":"\ud801"}', rb'"\ud801"'),
        (r'{"data":"\\ud800"}', rb'"\\ud800"'),
        ("[1]", None),
        ("nonsense", None),
        ('{"data":' + "[" * 100_000, None),
    ],
)
def test_the_data_of_a_frame_is_taken_as_it_stands(raw: str | bytes, data: bytes | None) -> None:
    assert data_of(raw) == data
