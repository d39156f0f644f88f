"""A text laid out in portions is what it is when it is laid out at once, or is not laid out."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inspector_app.display import json_portions
from inspector_app.display.json_layout import lay_out
from inspector_app.display.json_portions import CannotCutError, in_portions
from tests.inspector_app.display.test_json_view import json_values


def at_once(text: bytes) -> bytes:
    return msgspec.json.format(text, indent=2)


def portioned(text: bytes, size: int) -> tuple[bytes | None, int]:
    """What comes of it, and in how many portions."""
    calls: list[int] = []

    def count(piece: bytes) -> bytes:
        calls.append(len(piece))
        return at_once(piece)

    try:
        return in_portions(text, count, size), len(calls)
    except (CannotCutError, msgspec.DecodeError):
        return None, len(calls)


@given(st.lists(json_values, min_size=3), st.booleans(), st.integers(8, 60))
@example([{"a": {"b": [1, '\\"],', 2]}, "c": "}{"}] * 9, True, 40)
def test_portions_together_are_the_whole(value: object, ascii_only: bool, size: int) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only).encode()
    laid_out, _ = portioned(text, size)
    assert laid_out in (None, at_once(text))


@given(st.lists(json_values, min_size=3), st.integers(8, 60), st.integers(0), st.binary(max_size=2))
def test_what_is_no_json_is_never_laid_out(value: object, size: int, place: int, put: bytes) -> None:
    text = json.dumps(value).encode()
    place %= len(text)
    text = text[:place] + put + text[place + 1 :]
    try:
        whole: bytes | None = at_once(text)
    except msgspec.DecodeError:
        whole = None
    laid_out, _ = portioned(text, size)
    assert laid_out is None or laid_out == whole


@pytest.mark.parametrize(
    "text", [b'{"a":1},{"b":2},{"c":3}', b"[1,2,3,4,5,6,7],[1]", b"[1,2,3,4,]", b"[1,,2,3,4,5,6]"]
)
@pytest.mark.parametrize("size", range(4, 12))
def test_commas_between_texts_and_commas_too_many_are_no_cuts(text: bytes, size: int) -> None:
    assert portioned(text, size)[0] is None


def test_an_ordinary_text_is_cut_as_often_as_its_size_asks_for() -> None:
    value = {"first": True, "items": [{"id": index, "at": {"x": [1, "a, ]", 2]}} for index in range(2_000)]}
    text = json.dumps(value).encode()
    laid_out, portions = portioned(text, 8_000)
    assert laid_out == at_once(text)
    assert portions >= len(text) // 8_000


def test_a_long_string_is_laid_out_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_portions, "PORTION_BYTES", 1_000)
    text = json.dumps({"a": 1, "long": "x" * 1_000_000, "b": 2}).encode()
    assert lay_out(text).text == at_once(text)
    assert portioned(text, 10_000)[0] is None
