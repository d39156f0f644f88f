"""What is said of a filter that cannot be understood: where it is wrong, and what would be right."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inspector_app.capture.filter import Filter, FilterError, parse_filter
from inspector_app.capture.filter.fields import FIELDS


@pytest.mark.parametrize(
    ("source", "place", "said"),
    [
        ("typ:error", "typ", "did you mean type?"),
        ("a typ:error", "typ", "did you mean type?"),
        ("http://x", "http", "Quote text with a colon"),
        ("type:respnse", "respnse", "did you mean response?"),
        ("status:open", "open", "there is pending, ok, error"),
        ("type:x*", "x*", "type: does not know x*"),
        ("dir:up", "up", "there is in and out"),
        ("dir:>in", ">in", "leave out >"),
        ("dir:/in/", "/in/", "takes no regular expression"),
        ("size:>10xb", "10xb", "(b, kb, mb, gb, kib, mib, gib) such as 10kb"),
        ("size:", "", "A value is missing behind size:"),
        ("size:1kb..", "", "such as 10kb"),
        ("size:>1kb..2kb", ">1kb..2kb", "leave out >"),
        ('size:"1kb"', '"1kb"', "without quotes"),
        ("size:1e400", "1e400", "such as 10kb"),
        ("latency:>200", "200", "(ns, us, µs, ms, s, m, min, h, d) such as 200ms"),
        ("exchange:x", "x", "a whole number such as 12"),
        ("exchange:99999999999999999999", "99999999999999999999", "a whole number"),
        ("time:25:00", "25:00", "between 00:00 and 23:59:59"),
        ("time:2026-02-30", "2026-02-30", "that the calendar has"),
        ("time:noon", "noon", "a time such as 14:05"),
        ("time:14:05..2026-11-22", "14:05..2026-11-22", "Both ends of a range"),
        ("op:>chat", ">chat", "cannot be compared"),
        ("text:>x", ">x", "put >x in quotes"),
        ("data.a:>x", "x", "plain numbers"),
        ("data.a:>10kb", "10kb", "without a unit"),
        ('data.a:>"x"', '>"x"', "Only numbers are compared"),
        ("op.name:x", ".name", "Only data has paths"),
        ("marked:x", "x", "stands alone"),
        ("after:error", "", "within:1s"),
        ("after:error within:x", "x", "such as 1s"),
        ("after:error within:>1s", ">1s", "one duration"),
        ("within:1s", "within:", "right behind after:"),
        ("op:x within:1s", "within:1s", "right behind after:"),
        ("(a or b", "(", "not closed"),
        ("a)", ")", "No parenthesis was opened"),
        ("()", ")", "nothing between"),
        ("(a or)", ")", "A term is missing before"),
        ("(op:)", ")", "A value is missing before"),
        ("a or", "", "missing behind or"),
        ("or a", "or", "missing before or"),
        ("a or or b", "or", "missing before or"),
        ("not", "", "missing behind not"),
        ('a "b', '"b', "not closed"),
        (r'"\d"', r'"\d"', "a backslash stands before"),
        ("/(/", "/(/", "cannot be used"),
        ("/a(?=b)/", "/a(?=b)/", "cannot be used"),
        ("/a/x", "x", "only i, m, s"),
    ],
)
def test_an_error_names_the_place_and_says_what_would_be_right(source: str, place: str, said: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(source)
    error = caught.value
    assert said in error.text
    assert source[error.start : error.end] == place


def test_carets_stand_under_the_place() -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter("a typ:error")
    assert caught.value.under("a typ:error") == "  ^^^"
    with pytest.raises(FilterError) as caught:
        parse_filter("a or")
    assert caught.value.under("a or") == "    ^"


@pytest.mark.parametrize(
    "source",
    [
        "x" * 4001,
        "(" * 41 + "x" + ")" * 41,
        "x " * 201,
        "data" + ".a" * 51 + ":1",
        "(" * 2000,
        "-" * 3999 + "x",
    ],
)
def test_what_is_too_long_or_too_deep_is_refused(source: str) -> None:
    if source.endswith("-x"):
        assert parse_filter(source)  # minus signs are counted, not nested
        return
    with pytest.raises(FilterError):
        parse_filter(source)


def test_what_is_within_the_limits_is_taken() -> None:
    parse_filter("(" * 40 + "x" + ")" * 40)
    parse_filter("x " * 200)
    parse_filter("x" * 4000)


def test_a_blank_filter_takes_everything() -> None:
    assert not parse_filter("")
    assert not parse_filter(" \n ")
    assert not parse_filter("*")
    assert parse_filter("x")


def test_a_filter_knows_whether_it_asks_about_now() -> None:
    assert not parse_filter("type:error data.a:1 time:14:05").changes
    assert parse_filter("type:error -(x or status:pending)").changes
    assert parse_filter("type:error or age:>5s").ages
    assert not parse_filter("status:pending").ages


_PIECES = st.one_of(
    st.sampled_from([*FIELDS, "data.a", "data.a[0]", 'data."x y"', "within", "ws", "and", "or", "not"]),
    st.sampled_from(["(", ")", "-", " ", ":", '"', "/", "*", "..", ">", "<=", "=", "\\", "#", "?", "[", "]"]),
    st.sampled_from(["error", "10kb", "5s", "14:05", "2026-11-22", "42", "1e5", "é", "\ud800", "\0", "\n"]),
    st.text(max_size=4),
)


def tried(source: str) -> Filter | FilterError:
    try:
        return parse_filter(source)
    except FilterError as error:
        return error


@given(st.lists(_PIECES, max_size=14).map("".join))
@example("data.a:/" + "(" * 500)
@example("data.a:/" + "(?:a{900}){900}" + "/")
@example("time:9999-12-31")
@example("time:0001-01-01")
@example("size:" + "9" * 400)
@example("data.a:" + "9" * 3000)
@example("data.a:1e99999..2")
@example("\x00")
def test_reading_a_filter_raises_nothing_but_its_own_error(source: str) -> None:
    made = tried(source)
    if isinstance(made, FilterError):
        assert 0 <= made.start <= made.end <= len(source)
        assert made.text
