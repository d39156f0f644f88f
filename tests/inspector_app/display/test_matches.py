"""Searching a text: what is found, where it is seen, and that no pattern takes for ever."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector_app.display import matches
from inspector_app.display.document import Document, bytes_of
from inspector_app.display.hex_view import HexLines
from inspector_app.display.lines import DocumentLines, Stacked, TextLines
from inspector_app.display.matches import Marked, Matches, Pattern, PatternError, search


def found(text: str, typed: str) -> list[str]:
    data = bytes_of(text)
    places = search(data, Pattern(typed))
    return [data[start:end].decode() for start, end in zip(places.starts, places.ends, strict=True)]


def test_words_are_found_whatever_their_case_and_as_they_are() -> None:
    assert found("Ada [x] ADA ada.", "ada") == ["Ada", "ADA", "ada"]
    assert found("a.c abc (a.c)", "a.c") == ["a.c", "a.c"]
    assert found("ÄRGER ärger", "Är") == ["ÄR", "är"]


def test_between_slashes_stands_a_regular_expression() -> None:
    assert found("time out Timeout TIME  OUT", "/time ?out/i") == ["time out", "Timeout"]
    assert found("b1\nb22", "/^b[0-9]+$/") == ["b1", "b22"]
    assert found("a/b", "a/b") == ["a/b"]
    assert found("//", "//") == ["//"]
    assert found("aaa", "/x*/") == []


@pytest.mark.parametrize("typed", ["", "x" * 501, "/[/", "/(?R)/", "/(a{1000}){1000}/", r"/(a)\1/", "\ud800"])
def test_what_cannot_be_searched_for_is_refused_in_a_sentence(typed: str) -> None:
    with pytest.raises(PatternError, match=r"\.$"):
        Pattern(typed)


@given(st.text(alphabet="abcé\n", max_size=300), st.integers(1, 30), st.integers(0, 30))
def test_windows_miss_nothing_that_is_no_longer_than_they_overlap(text: str, more: int, overlap: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matches, "_WINDOW_BYTES", overlap + 8 + more)
        patch.setattr(matches, "_LEAST_WINDOW_BYTES", 1)
        patch.setattr(matches, "_OVERLAP_BYTES", overlap + 8)
        assert found(text, "abc") == re.findall("abc", text)
        assert found(text, "/é/") == re.findall("é", text)
        runs = re.sub("b{9,}", "b", text)
        assert found(runs, "/b+/") == re.findall("b+", runs)


@pytest.mark.parametrize("before", range(25))
def test_a_place_at_the_end_of_a_window_is_found_whole(before: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matches, "_WINDOW_BYTES", 20)
    monkeypatch.setattr(matches, "_LEAST_WINDOW_BYTES", 1)
    monkeypatch.setattr(matches, "_OVERLAP_BYTES", 10)
    assert found("a" * before + "bbb" + "a" * 30, "/b+/") == ["bbb"]


def test_in_bytes_digits_are_values_too() -> None:
    data = b"\x00\xff\x1bff"
    places = search(data, Pattern("ff"), in_bytes=True)
    assert list(places.starts) == [1, 3]
    assert list(search(data, Pattern("00 FF"), in_bytes=True).ends) == [2]
    assert list(search("xé".encode(), Pattern("é"), in_bytes=True).starts) == [1]


def test_what_is_no_text_can_be_searched() -> None:
    assert list(search(b"\xff\xfeneedle\x80", Pattern("needle")).starts) == [2]


def test_no_more_places_are_kept_than_can_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matches, "PLACES_LIMIT", 5)
    places = search(b"a" * 100, Pattern("a"))
    assert len(places) == 5
    assert places.problem.startswith("Only the first 5 places")


def test_a_search_that_takes_too_long_is_ended_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matches, "TIME_LIMIT_S", 0.0)
    places = search(b"x" * 3_000_000, Pattern("/(?:.{1,20}x){1,10}q/"))
    assert places.problem.startswith("The search was stopped after")


def test_a_search_that_is_not_wanted_any_more_ends_at_once() -> None:
    asked = iter([True, False])
    places = search(b"a" * 1_000_000, Pattern("aaa"), wanted=lambda: next(asked))
    assert 0 < len(places) < 100_000
    assert not places.problem


def test_the_next_match_is_the_first_behind_a_place_and_then_the_first_of_all() -> None:
    places = Matches([10, 20, 30], [12, 22, 32])
    assert [places.after(offset) for offset in (0, 10, 11, 31)] == [0, 0, 1, 0]
    assert Matches().after(3) is None
    assert list(places.within(11, 20)) == [0]
    assert list(places.within(12, 21)) == [1]


def styles(line: object) -> dict[str, str]:
    return {text: style for text, style in line if style}  # type: ignore[attr-defined]  # parts of a line


def test_matches_are_marked_and_the_current_one_is_marked_otherwise() -> None:
    lines = DocumentLines(Document(b"one two\ntwo"))
    marked = Marked(lines, search(lines.data, Pattern("two")), 1)
    assert styles(marked.line(0)) == {"two": " underline bold"}
    assert styles(marked.line(1)) == {"two": " reverse bold"}
    assert "".join(text for text, _ in marked.line(0)) == "one two"


def test_matches_in_lines_below_others_and_in_bytes_are_marked_where_they_are() -> None:
    lines = Stacked(
        TextLines.plain("two\ntwo"), DocumentLines(Document("é two".encode()), head=("why two", ""))
    )
    marked = Marked(lines, search(lines.data, Pattern("two")), None)
    assert [styles(marked.line(index)) for index in range(3)] == [{}, {}, {}]
    assert styles(marked.line(3)) == {"two": " underline bold"}
    assert lines.line_at(3) == 3
    rows = HexLines(b"....two.", 40)
    row = Marked(rows, search(rows.data, Pattern("two"), in_bytes=True), None).line(0)
    assert [text for text, style in row if "underline" in style] == ["74 77 6f", "two"]


def test_a_match_that_is_seen_in_two_lines_is_marked_in_both() -> None:
    rows = HexLines(b"0123456789", 40)
    marked = Marked(rows, search(rows.data, Pattern("789"), in_bytes=True), None)
    assert [[text for text, style in marked.line(line) if "underline" in style] for line in (0, 1)] == [
        ["37", "7"],
        ["38 39", "89"],
    ]


@given(
    st.lists(st.text(alphabet="abé", max_size=6), max_size=6),
    st.text(alphabet="abé", min_size=1, max_size=2),
)
def test_marks_change_no_character_and_mark_each_match(texts: list[str], needle: str) -> None:
    class Parts(DocumentLines):
        def parts(self, index: int) -> list[tuple[str, str]]:
            return [(text, f"part-{place}") for place, text in enumerate(texts)]

    lines = Parts(Document("".join(texts).encode()))
    marked = Marked(lines, search(lines.data, Pattern(f"/{needle}/")), None).line(0)
    assert "".join(text for text, _ in marked) == "".join(texts)
    seen = "".join(f"<{text}>" if "underline" in style else text for text, style in marked).replace("><", "")
    expected = re.sub(needle, r"<\g<0>>", "".join(texts)).replace("><", "")
    assert seen == expected


def test_of_very_many_matches_in_a_line_those_around_the_current_one_are_marked() -> None:
    lines = DocumentLines(Document(b"x" * 10_000))
    found = search(lines.data, Pattern("x"))
    for current, first in ((None, 0), (5_000, 5_000 - matches.MARKED_LIMIT // 2)):
        marked = Marked(lines, found, current).line(0)
        plain = next((len(text) for text, style in marked if not style), 0)
        assert plain == (first or 10_000 - matches.MARKED_LIMIT)
        assert sum(bool(style) for _, style in marked) == matches.MARKED_LIMIT
