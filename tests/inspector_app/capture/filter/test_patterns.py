"""Regular expressions that a stranger wrote, over payloads that a stranger sent: none of them takes long."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector_app.capture.errors import from_sqlite
from inspector_app.capture.filter import FilterError, parse_filter
from inspector_app.capture.filter.patterns import (
    MOST_WORK,
    TooMuchWorkError,
    compiled,
    matcher,
    problem_of,
    text_in_all,
)
from tests.inspector_app.capture.filter.worlds import World, message


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+$", "a" * 100_000 + "b"),
        ("(a|aa)+$", "a" * 100_000 + "b"),
        ("(.*)*x", "y" * 100_000),
        (r"(\w+\s?)*!", "aaa " * 30_000),
        ("(?:a?){50}a{50}b", "a" * 1000),
    ],
)
def test_an_expression_that_makes_others_hang_is_answered(pattern: str, text: str) -> None:
    world = World().frame(data={"a": text}).frame(data={"a": "other"})
    # The suite's own limit on a test is what would end this one.
    assert 2 not in world.fit(f"data.a:/{pattern}/ or /{pattern}/")


@pytest.mark.parametrize(
    "pattern",
    [
        "(?:(?:a{1000}){1000}){1000}",
        "(?:x{500}){500}",
        r"\pL{100}",
        "(?<=a)b",
        "(?=a)",
        r"(a)\1",
        "(",
        "[",
        "a**",
    ],
)
def test_an_expression_that_takes_all_memory_or_cannot_be_bounded_is_refused(pattern: str) -> None:
    for source in (f"/{pattern}/", f"op:/{pattern}/", f"data.a:/{pattern}/i"):
        with pytest.raises(FilterError, match="cannot be used"):
            parse_filter(source)


def test_the_work_for_one_text_is_bounded() -> None:
    pattern = "a[ab]{900}c"
    most = MOST_WORK // compiled(pattern, "").programsize
    matches = matcher(pattern, "")
    assert not matches(b"x" * 1000)
    with pytest.raises(TooMuchWorkError):
        matches(b"x" * (most + 1))


def test_a_text_that_is_too_large_for_an_expression_is_told_in_a_sentence() -> None:
    pattern = "a[ab]{900}c"
    size = MOST_WORK // compiled(pattern, "").programsize
    world = World().frame(raw=message({"a": "x" * (size + 1)}))
    with pytest.raises(sqlite3.OperationalError) as caught:
        world.fit(f"data.a:/{pattern}/")
    told = str(from_sqlite(caught.value, Path("night.capture")))
    assert told.startswith("A regular expression is too large for a frame")


def test_flags_mean_what_they_say() -> None:
    world = World().frame(data={"a": "x\ny"}).frame(data={"a": "X"})
    assert world.fit("data.a:/^y$/") == []
    assert world.fit("data.a:/^y$/m") == [1]
    assert world.fit("data.a:/x.y/") == []
    assert world.fit("data.a:/x.y/s") == [1]
    assert world.fit("data.a:/X.Y/is") == [1]
    assert world.fit(r"data.a:/\n/") == [1]


def test_globs_with_many_stars_over_long_texts_are_answered() -> None:
    world = World().frame(data={"a": "a" * 50_000}, operation="a" * 50_000)
    glob = "*a" * 40 + "b"
    assert world.fit(f"op:{glob}") == []
    assert world.fit(f"data.a:{glob}") == []
    assert world.fit(f"data[*]:{glob}") == []
    assert world.fit(f"data[*]:{glob[:-1]}") == [1]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("needle", "needle"),
        ("nee.le", "nee"),
        ("need+les?", "nee"),
        ("a{2}bcd", "bcd"),
        (r"time ?out\.", "time"),
        (r"^\d+ms$", "ms"),
        ("[xyz]bc[^]z]de[[:digit:]]f", "bc"),
        (r"[\]abc]x", "x"),
        (r'"id":\s*42', '"id":'),
        ("...", ""),
        ("a|b", None),
        ("(abc)d", None),
        ("(?i)abc", None),
        (r"\x41bcd", None),
        (r"\pLbcd", None),
        (r"\Qa.b\E", None),
        (r"\101bcd", None),
    ],
)
def test_the_longest_text_that_is_in_whatever_fits_is_known(pattern: str, text: str | None) -> None:
    assert text_in_all(pattern) == text


_PIECES = st.sampled_from(
    [
        "a",
        "b",
        "ab",
        "1",
        " ",
        ".",
        "[ab]",
        "[^a]",
        r"\d",
        r"\w",
        r"\s",
        r"\.",
        r"\x61",
        r"\141",
        r"\pL",
        r"[\]a]",
    ]
)
_PATTERNS = st.lists(
    st.tuples(_PIECES, st.sampled_from(["", "", "", "*", "+", "?", "{2}", "{0,1}", "*?"])).map("".join),
    min_size=1,
    max_size=6,
).map("".join)


@given(
    _PATTERNS, st.lists(st.sampled_from(["a", "b", "ab", "1", " ", ".", "]", "é"]), max_size=12).map("".join)
)
def test_what_an_expression_fits_has_that_text_in_it(pattern: str, text: str) -> None:
    needed = text_in_all(pattern)
    if needed and problem_of(pattern, "") is None and matcher(pattern, "")(text.encode()):
        assert needed in text


def test_an_expression_is_looked_for_behind_a_nul_and_across_escapes() -> None:
    world = World().frame(raw="x\0needle", type=None).frame(data={"a": "needle"}).frame(data={"a": "hay"})
    world.frame(raw='{"data": {"a": "\\u006eeedle"}}').frame(raw='{"d\\u0061ta": {"a": "needle"}}')
    assert world.fit("/needl./") == [1, 2, 5]
    assert world.fit("data.a:/needl./") == [2, 4, 5]
    assert world.fit("data.a:*eedl*") == [2, 4, 5]
