"""What comes out of `inert` can be seen, and can do nothing else."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, get_character_cell_size

from inspector_app.display.inert import MARK_LIMIT, inert


def test_printable_ascii_is_returned_as_the_same_object() -> None:
    text = "".join(map(chr, range(0x20, 0x7F)))
    assert inert(text) is text


def test_every_single_character_becomes_one_printable_one_that_takes_room() -> None:
    for code in range(sys.maxunicode + 1):
        shown = inert(chr(code))
        assert len(shown) == 1, hex(code)
        assert shown.isprintable(), hex(code)
        assert get_character_cell_size(shown), hex(code)


@given(st.text(st.characters(codec=None)))
def test_any_text_becomes_printable_encodable_and_keeps_its_length(text: str) -> None:
    shown = inert(text)
    assert shown.isprintable()
    assert len(shown) == len(text)
    assert shown.encode("utf-8")[:0] == b""


@given(st.text())
def test_the_width_of_inert_text_is_the_sum_over_its_characters(text: str) -> None:
    shown = inert(text)
    assert cell_len(shown) == sum(map(get_character_cell_size, shown))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2J", "a␛[2J"),
        ("\x00\t\n\r\x07\x7f", "␀␉␊␍␇␡"),
        ("\x9b31m\x9d0;t", "�31m�0;t"),
        ("a\u202eb\u2066c", "a�b�c"),
        ("zero\u200bwidth\ufeff", "zero�width�"),
        ("\u2028\u2029", "��"),
        ("\U000e0041\U000e0100", "��"),
        ("\ud800x\udfff", "�x�"),
        ("no\u00a0break", "no␣break"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468·\U0001f469"),
        ("\u2764\ufe0f", "\u2764·"),
        ("\U0001f44d\U0001f3fd", "\U0001f44d·"),
        ("\U0001f1e9\U0001f1ea", "ⒹⒺ"),
        ("[/] [@click=app.quit]x", "[/] [@click=app.quit]x"),
        ("é 中文 🙂", "é 中文 🙂"),
    ],
)
def test_what_could_act_is_shown_as_a_mark(text: str, shown: str) -> None:
    assert inert(text) == shown


def test_newlines_are_kept_only_on_request() -> None:
    assert inert("é\n\t", keep_newlines=True) == "é\n␉"
    assert inert("é\n") == "é␊"


def test_a_stack_of_combining_marks_is_cut_off() -> None:
    shown = inert("e" + "\u0301" * 50 + "x")
    assert sum(unicodedata.combining(character) > 0 for character in shown) == MARK_LIMIT
    assert shown.endswith("�x")


def test_a_leading_combining_mark_cannot_change_what_stands_before() -> None:
    assert inert("\u0301a") == "�a"
