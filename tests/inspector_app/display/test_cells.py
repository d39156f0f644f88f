"""Fitting, slicing and folding by terminal cells."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, get_character_cell_size

from inspector_app.display.cells import BLOCK, CellLine, fit
from inspector_app.display.inert import inert

texts = st.text(st.sampled_from("ab 中🙂é\u0301"), max_size=60).map(inert)
widths = st.integers(2, 12)


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("abc", 5, "abc  "),
        ("abcdef", 5, "abcd…"),
        ("中文字", 5, "中文…"),
        ("中文字", 4, "中 …"),
        ("中", 1, "…"),
        ("abc", 0, ""),
        ("e\u0301a", 2, "e\u0301a"),
    ],
)
def test_text_is_padded_or_cropped_to_a_width(text: str, width: int, shown: str) -> None:
    assert fit(text, width) == shown


def test_text_can_stand_at_the_right() -> None:
    assert fit("12", 4, right=True) == "  12"


@given(texts, st.integers(1, 20), st.booleans())
def test_fitted_text_takes_exactly_its_width(text: str, width: int, right: bool) -> None:
    assert cell_len(fit(text, width, right=right)) == width


@given(texts, widths)
def test_rows_hold_the_whole_text_in_order_and_none_is_too_wide(text: str, width: int) -> None:
    line = CellLine(text)
    rows: list[str] = []
    while place := line.row(len(rows), width):
        rows.append(text[place[0] : place[1]])
    assert "".join(rows) == text
    assert len(rows) == line.row_count(width)
    assert all(cell_len(row) <= width for row in rows)
    for row, following in pairwise(rows):
        assert cell_len(row) + get_character_cell_size(following[0]) > width


def test_an_empty_line_takes_one_row() -> None:
    assert (CellLine("").row(0, 5), CellLine("").row(1, 5), CellLine("").row_count(5)) == ((0, 0), None, 1)
    assert CellLine("").cells == 0


def test_rows_follow_a_change_of_width() -> None:
    line = CellLine("中文字")
    assert line.row_count(4) == 2
    assert line.row_count(2) == 3
    assert line.row(1, 4) == (2, 3)


@given(texts, st.integers(0, 90), widths)
def test_a_slice_is_what_is_seen_between_two_columns(text: str, first: int, width: int) -> None:
    start, end, blank = CellLine(text).slice(first, width)
    columns = []
    cell = 0
    for index, character in enumerate(text):
        size = get_character_cell_size(character)
        if size and cell >= first and cell + size <= first + width:
            columns.append(index)
        cell += size
    seen = [index for index in range(start, end) if get_character_cell_size(text[index])]
    assert seen == columns
    assert blank in (0, 1)
    assert blank + cell_len(text[start:end]) <= width


def test_a_far_slice_of_a_long_line_with_wide_characters_is_exact() -> None:
    text = "中" * (3 * BLOCK) + "end"
    line = CellLine(text)
    assert line.cells == 6 * BLOCK + 3
    start, end, blank = line.slice(line.cells - 5, 10)
    assert (text[start:end], blank) == ("中end", 0)
    start, end, blank = line.slice(line.cells - 4, 10)
    assert (text[start:end], blank) == ("end", 1)


def test_only_the_rows_looked_at_are_folded() -> None:
    line = CellLine("中" * 1_000_000)
    assert line.row(2, 10) == (10, 15)
    assert len(line._rows) < 10


def _folded(text: str, width: int) -> list[str]:
    line = CellLine(text, words=True)
    rows: list[str] = []
    while (found := line.row(len(rows), width)) is not None:
        rows.append(text[found[0] : found[1]])
    assert len(rows) == line.row_count(width)
    return rows


def test_prose_is_folded_between_words() -> None:
    assert _folded("the other side went away", 9) == ["the other", "side went", "away"]
    assert _folded("the other side went away", 10) == ["the other", "side went", "away"]


def test_a_word_that_is_wider_than_a_row_is_folded_anywhere() -> None:
    assert _folded("a longlonglong word", 6) == ["a", "longlo", "nglong", "word"]


def test_blanks_that_prose_begins_with_are_kept_with_their_word() -> None:
    assert _folded("    word", 6) == ["    wo", "rd"]


def test_wide_characters_are_measured_in_prose_too() -> None:
    assert _folded("日本 語 x", 6) == ["日本", "語 x"]
