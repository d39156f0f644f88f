"""Terms that are written for a person: "only this" and "not this"."""

from __future__ import annotations

import pytest

from inspector_app.capture.filter import FilterError, only, path_field
from inspector_app.capture.filter.fields import TYPES
from tests.inspector_app.capture.filter.worlds import World


@pytest.mark.parametrize(
    ("field", "value", "term"),
    [
        ("type", "error", "type:error"),
        ("type", "data", 'type:"data"'),
        ("type", None, "type:invalid"),
        ("op", "order.make", "op:order.make"),
        ("op", "a b", 'op:"a b"'),
        ("op", "a*", 'op:"a*"'),
        ("op", "/x/", 'op:"/x/"'),
        ("op", "", 'op:""'),
        ("op", None, "-op:*"),
        ("size", "512", "size:512"),
        ("latency", "1200", "latency:1200ns"),
        ("exchange", "412", "exchange:412"),
        ("exchange", None, "-exchange:*"),
        ("state", "HALF_CLOSED_LOCAL", "state:HALF_CLOSED_LOCAL"),
        ("kind", "fire_and_forget", "kind:fire_and_forget"),
        ("peer", "7be2d940-dddd", "peer:7be2d940-dddd"),
        ("time", "2026-11-22T11:20:33.123456789Z", "time:2026-11-22T11:20:33.123456789Z"),
        ("data.a", "1..2", 'data.a:"1..2"'),
        ("data.a", "null", "data.a:null"),
        ("text", "Refund", 'text:"Refund"'),
        ("op", "\x1b]0;x\x07\u202e", r'op:"\u001b]0;x\u0007\u202e"'),
    ],
)
def test_a_value_is_quoted_where_that_is_needed(field: str, value: str | None, term: str) -> None:
    assert only(field, value) == term
    assert only(field, value, negate=True) == (term[1:] if term.startswith("-") else f"-{term}")


def test_of_a_long_text_the_beginning_is_taken() -> None:
    term = only("data.a", "x" * 5000)
    assert len(term) < 400
    assert World().frame(data={"a": "x" * 5000}).frame(data={"a": "x"}).fit(term) == [1]


def test_every_type_is_found_by_its_name() -> None:
    for name in TYPES:
        assert World().frame(type=name).frame(type=None).fit(only("type", name)) == [1]


def test_a_path_is_written_as_it_is_read() -> None:
    assert path_field("items", 0, "name") == "data.items[0].name"
    assert path_field("a b", 'c"', "") == r'data."a b"."c\"".""'
    assert path_field() == "data"


@pytest.mark.parametrize(("field", "value"), [("tipe", "x"), ("size", "x"), ("exchange", "-1")])
def test_what_is_no_term_is_refused(field: str, value: str) -> None:
    with pytest.raises(FilterError):
        only(field, value)
