"""A text in lines: none is lost, none is long, and every place in it is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector_app.display import document
from inspector_app.display.document import BLOCK_BYTES, Document, bytes_of, text_of

texts = st.text(alphabet=st.sampled_from("ab\né中🙂\ud800"), max_size=200)


def lines_of(made: Document) -> list[str]:
    """The lines of the text, with pieces of one line put together."""
    lines: list[str] = []
    for index in range(made.count):
        if made.is_continued(index):
            lines[-1] += made.line(index)
        else:
            lines.append(made.line(index))
    return lines


@given(texts, st.integers(4, 40))
def test_the_lines_are_those_of_the_text_however_it_is_divided(text: str, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document, "BLOCK_BYTES", block)
        made = Document(bytes_of(text))
        assert lines_of(made) == text.split("\n")
        assert all(len(made.line_bytes(index)) <= block for index in range(made.count))
        assert all(made.line_bytes(index) for index in range(made.count) if made.is_continued(index))


@given(texts, st.integers(4, 40))
def test_every_place_is_in_the_line_that_it_is_found_in(text: str, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document, "BLOCK_BYTES", block)
        made = Document(bytes_of(text))
        offset = 0
        for character in text:
            line = made.line_at(offset)
            column = made.column(line, offset)
            assert made.start(line) <= offset
            assert made.line(line)[column : column + 1] == ("" if character == "\n" else character)
            offset += len(bytes_of(character))


def test_a_long_line_is_cut_into_pieces_between_characters() -> None:
    made = Document(bytes_of("中" * BLOCK_BYTES + "\nend"))
    assert lines_of(made) == ["中" * BLOCK_BYTES, "end"]
    assert made.count > 3
    assert made.line(made.count - 1) == "end"
    assert [made.is_continued(index) for index in (0, 1, made.count - 1)] == [False, True, False]


@pytest.mark.parametrize("text", ["", "\n", "a\n", "\n\n", "x" * BLOCK_BYTES, "x" * BLOCK_BYTES + "\n"])
def test_ends_of_lines_at_the_ends_of_blocks(text: str) -> None:
    assert lines_of(Document(bytes_of(text))) == text.split("\n")


def test_what_is_no_text_is_shown_by_its_values() -> None:
    made = Document(b"a\xff\nb\x80")
    assert [made.line(0), made.line(1)] == ["a\\xff", "b\\x80"]
    assert Document(b"\x80" * 3 * BLOCK_BYTES).line(1).startswith("\\x80")


def test_lone_surrogates_come_back() -> None:
    assert text_of(bytes_of("\ud800x")) == "\ud800x"
