from hypothesis import given
from hypothesis import strategies as st
from textual.document._document import Document
from textual.document._wrapped_document import WrappedDocument
from textual.geometry import Offset

from inspector_app.display.long_text import MOST_FOLDED_LINES, FoldedLines, LineDocument, UnfoldedLines

texts = st.text(alphabet="ab\t\n中", max_size=30)


@given(st.text(max_size=40))
def test_a_text_is_put_together_as_it_was(text: str) -> None:
    assert LineDocument(text).text == text


def test_only_line_feeds_end_a_line() -> None:
    text = '{"a": "x\u2028y\x0bz\x85"}\n'
    assert LineDocument(text).lines == [text[:-1], ""]
    assert LineDocument("a\r\nb").lines == ["a", "b"]


@given(texts, texts, st.data())
def test_an_edit_does_what_the_widgets_own_document_does(text: str, put: str, data: st.DataObject) -> None:
    ours, theirs = LineDocument(text), Document(text)
    row = data.draw(st.integers(0, theirs.line_count - 1))
    end_row = data.draw(st.integers(0, theirs.line_count - 1))
    start = row, data.draw(st.integers(0, len(theirs[row])))
    end = end_row, data.draw(st.integers(0, len(theirs[end_row])))
    assert ours.replace_range(start, end, put) == theirs.replace_range(start, end, put)
    assert ours.lines == theirs.lines


@given(texts, st.integers(0, 8), st.integers(0, 8))
def test_lines_that_are_not_folded_stand_where_the_widgets_own_do(text: str, x: int, y: int) -> None:
    ours, theirs = UnfoldedLines(LineDocument(text)), WrappedDocument(Document(text), 0)
    assert ours.height == theirs.height
    assert ours.offset_to_location(Offset(x, y)) == theirs.offset_to_location(Offset(x, y))
    for row in range(theirs.document.line_count):
        assert ours.get_offsets(row) == theirs.get_offsets(row)
        assert ours.get_sections(row) == theirs.get_sections(row)
        assert list(ours.get_tab_widths(row)) == theirs.get_tab_widths(row)
        assert ours.location_to_offset((row, 0)) == theirs.location_to_offset((row, 0))


@given(texts, st.integers(1, 9))
def test_the_height_of_folded_lines_is_that_of_the_widgets_own(text: str, width: int) -> None:
    assert FoldedLines(LineDocument(text), width).height == WrappedDocument(Document(text), width).height


def test_a_text_is_long_by_its_lines_or_its_characters() -> None:
    assert not LineDocument("x\n" * (MOST_FOLDED_LINES - 1)).is_long
    assert LineDocument("x\n" * MOST_FOLDED_LINES).is_long
    assert LineDocument("x" * 300_000).is_long
