"""What is offered while a filter is typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector_app.capture.filter import Known, complete, parse_filter
from inspector_app.capture.filter.complete import MOST
from inspector_app.capture.filter.fields import FIELDS

KNOWN = Known(
    operations=("order.make", "order cancel", "chat"),
    types=("stream_data", "weird"),
    codes=("not_found",),
    paths=("data.user.id", "data.items"),
    rules=("data_after_end",),
    peers=("7be2d940-dddd",),
    conns=("1", "2"),
)


def offered(text: str) -> list[str]:
    return [each.text for each in complete(text, len(text), KNOWN)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("ty", ["type:"]),
        ("-ty", ["type:"]),
        ("(ty", ["type:"]),
        ("a ty", ["type:"]),
        ("un", ["unanswered"]),
        ("note", ["note", "note:"]),
        ("type:stream_d", ["stream_data"]),
        ("type:", ["stream_data", "request"]),
        ("TYPE:ERR", ["error"]),
        ("op:", ["order.make", '"order cancel"', "chat"]),
        ("op:or", ["order.make", '"order cancel"']),
        ('op:"order c', ['"order cancel"']),
        ("code:", ["not_found"]),
        ("finding:d", ["data_after_end"]),
        ("peer:7", ["7be2d940-dddd"]),
        ("conn:", ["1", "2"]),
        ("data.u", ["data.user.id:"]),
        ("size:>10", [">10b", ">10kb"]),
        ("size:>10k", [">10kb", ">10kib"]),
        ("age:>5m", [">5ms", ">5m", ">5min"]),
        ("after:error within:1", ["1ns"]),
        ("status:p", ["pending"]),
        ("nothing_such:", []),
        ('"in quotes ty', []),
    ],
)
def test_what_may_stand_at_the_cursor_is_offered(text: str, first: list[str]) -> None:
    assert offered(text)[: len(first)] == first
    assert first or not offered(text)


def test_every_field_is_offered_with_a_help() -> None:
    names = {each.text.rstrip(":.") for each in complete("", 0, Known())}
    assert names >= set(FIELDS)
    assert all(each.help for each in complete("", 0, KNOWN))


def test_a_completion_says_what_it_replaces() -> None:
    (found,) = complete("dir:in type:erro op:x", 16, KNOWN)
    assert (found.text, found.start, found.end) == ("error", 12, 16)


@given(st.text(alphabet='ab:"\\()-/ .dt*', max_size=12), st.integers(-2, 20))
def test_anything_may_be_completed(text: str, cursor: int) -> None:
    for each in complete(text, cursor, KNOWN):
        assert 0 <= each.start <= each.end <= len(text)


@given(st.lists(st.text(max_size=8).filter(bool), max_size=4).map(tuple), st.integers(0, 60))
def test_names_of_strangers_are_offered_as_terms_that_can_be_read(names: tuple[str, ...], more: int) -> None:
    known = Known(operations=(*names, *(f"x{number}" for number in range(more))))
    found = complete("op:", 3, known)
    assert len(found) <= MOST
    for each in found:
        assert each.text.isprintable()
        parse_filter(f"op:{each.text}")
