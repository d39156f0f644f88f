"""A search in what is read: places in order, and never those of another text."""

from __future__ import annotations

from inspector_app.display.document import Document
from inspector_app.display.lines import DocumentLines
from inspector_app.display.matches import Pattern
from inspector_app.viewer.text_search import TextSearch

ONE = DocumentLines(Document(b"a needle\nb\na needle needle"))
OTHER = DocumentLines(Document(b"no such thing"))


def searched(text: DocumentLines, typed: str = "needle") -> TextSearch:
    search = TextSearch()
    search.begin(Pattern(typed))
    assert search.look_at(text)
    assert search.run()()
    return search


def test_places_are_gone_to_in_order_and_around_the_ends() -> None:
    search = searched(ONE)
    assert [search.go(1, 0) for _ in range(4)] == [(0, 2), (2, 2), (2, 9), (0, 2)]
    assert search.go(-1, 0) == (2, 9)


def test_the_first_place_is_the_next_one_from_where_one_is() -> None:
    assert searched(ONE).go(1, ONE.span(1)[0]) == (2, 2)
    assert searched(ONE).go(-1, ONE.span(1)[0]) == (0, 2)
    assert searched(ONE).offset_of(2) == 11


def test_where_there_is_none_nothing_is_gone_to() -> None:
    search = searched(OTHER)
    assert search.go(1, 0) is None
    assert search.marked() is OTHER


def test_another_text_is_searched_for_the_same_and_keeps_no_place() -> None:
    search = searched(ONE)
    search.go(1, 0)
    assert search.look_at(OTHER)
    assert search.matches is None
    assert search.current is None
    assert not search.look_at(None)
    assert search.go(1, 0) is None


def test_what_was_found_in_another_text_or_for_another_pattern_is_not_taken() -> None:
    search = searched(ONE)
    search.begin(Pattern("b"))
    late = search.run()
    search.look_at(OTHER)
    assert not late()
    assert search.matches is None
    late = search.run()
    search.begin(None)
    assert not late()
    assert not search.run()()
    assert search.marked() is OTHER
