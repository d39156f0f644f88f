"""Times, sizes, counts and names as a person reads them."""

from __future__ import annotations

import time

import pytest
from rich.cells import cell_len

from inspector_app.display import formats

MS = 1_000_000
S = 1_000_000_000


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.mark.usefixtures("utc")
def test_a_clock_shows_milliseconds_cut_not_rounded() -> None:
    assert formats.clock(1_795_346_433_042_999_999) == "11:20:33.042"
    assert formats.date_and_clock(1_795_346_433_042_999_999) == "2026-11-22 11:20:33"


@pytest.mark.parametrize(
    ("elapsed_ns", "text"),
    [(-S, "0.000"), (12_345 * MS, "12.345"), (184_120 * MS, "3:04.120"), (3_723_400 * MS, "1:02:03.400")],
)
def test_time_since_the_start_grows_by_units(elapsed_ns: int, text: str) -> None:
    assert formats.since_start(5 * S + elapsed_ns, 5 * S) == text


@pytest.mark.parametrize(
    ("elapsed_ns", "text"),
    [
        (-5, "0 µs"),
        (840_999, "840 µs"),
        (1_250_000, "1.2 ms"),
        (12 * MS, "12 ms"),
        (999 * MS + 999_999, "999 ms"),
        (1_250 * MS, "1.2 s"),
        (59_990 * MS, "59.9 s"),
        (60 * S, "1m 00s"),
        (184 * S, "3m 04s"),
        (7_380 * S, "2h 03m"),
        (50 * 3600 * S, "2d 02h"),
    ],
)
def test_a_duration_is_said_in_the_unit_that_fits(elapsed_ns: int, text: str) -> None:
    assert formats.duration(elapsed_ns) == text


def test_a_delta_has_a_sign() -> None:
    assert formats.delta(12 * MS) == "+12 ms"
    assert formats.delta(-12 * MS) == "-12 ms"


def test_an_age_has_no_fractions() -> None:
    assert formats.age(4_999 * MS) == "4 s"


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (9_960, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (3_400_000_000, "3.4 GB"),
        (10**16, "10000 TB"),
    ],
)
def test_a_size_never_reads_a_thousand_of_a_unit_that_has_a_next_one(size_bytes: int, text: str) -> None:
    assert formats.size(size_bytes) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (9_999, "9,999"),
        (12_345, "12.3k"),
        (99_950, "100k"),
        (999_499, "999k"),
        (999_500, "1.0M"),
        (12_345_678, "12.3M"),
        (999_500_000, "1.0G"),
    ],
)
def test_a_short_count_takes_at_most_five_cells(number: int, text: str) -> None:
    assert formats.short_count(number) == text
    assert len(text) <= 5


def test_a_count_has_its_thousands_set_apart() -> None:
    assert formats.count(1_234_567) == "1,234,567"


@pytest.mark.parametrize(
    ("per_second", "text"), [(0, "0/s"), (0.42, "0.4/s"), (38.4, "38/s"), (12_345, "12.3k/s")]
)
def test_a_rate_is_fine_only_where_it_is_slow(per_second: float, text: str) -> None:
    assert formats.rate(per_second) == text


def test_an_exchange_says_who_opened_it() -> None:
    assert formats.exchange_label(12, mine=True) == "→ 12"
    assert formats.exchange_label(12, mine=False) == "← 12"
    assert formats.exchange_label(12, mine=None) == "· 12"
    assert formats.exchange_label(None, mine=True) == ""


def test_an_outcome_is_said_by_glyph_and_word_and_an_error_by_its_code() -> None:
    assert formats.outcome_label("ok") == "✓ ok"
    assert formats.outcome_label("error", "not_found") == "✗ not_found"
    assert formats.outcome_label("error") == "✗ error"
    assert formats.outcome_label("timeout", "deadline_exceeded") == "◷ timed out"


def test_a_state_keeps_its_name_of_the_protocol() -> None:
    assert formats.state_label("HALF_CLOSED_LOCAL") == "◐ HALF_CLOSED_LOCAL"
    assert formats.state_style("HALF_CLOSED_LOCAL") == "state-half-closed-local"


@pytest.mark.parametrize(
    ("state", "halves"),
    [
        ("OPEN", ("open", "open")),
        ("HALF_CLOSED_LOCAL", ("closed", "open")),
        ("HALF_CLOSED_REMOTE", ("open", "closed")),
        ("CLOSED", ("closed", "closed")),
    ],
)
def test_both_halves_follow_from_the_state(state: str, halves: tuple[str, str]) -> None:
    assert formats.halves(state) == halves


def test_an_unknown_type_gets_the_style_of_what_is_no_frame() -> None:
    assert formats.type_style("stream_stream_request") == "type-stream-stream-request"
    assert formats.type_style("gossip") == formats.type_style(None) == "type-invalid"


def test_a_peer_is_named_by_its_first_eight_characters() -> None:
    assert formats.short_peer("0123456789") == "01234567"
    assert formats.short_peer(None) == formats.short_peer("") == "-"


def test_every_glyph_takes_one_cell() -> None:
    tables = (
        formats.DIRECTION_GLYPH,
        formats.OUTCOME_GLYPH,
        formats.STATE_GLYPH,
        formats.LEVEL_GLYPH,
    )
    assert {cell_len(glyph) for table in tables for glyph in table.values()} == {1}


def test_short_types_fit_ten_cells_and_are_all_different() -> None:
    assert max(map(len, formats.TYPE_SHORT.values())) <= 10
    assert len(set(formats.TYPE_SHORT.values())) == len(formats.TYPE_SHORT) == 8


@pytest.mark.parametrize(
    ("elapsed_s", "shown"),
    [(0, "0 s"), (59, "59 s"), (60, "1m"), (754, "12m"), (3 * 3600 + 59, "3h"), (50 * 3600, "2d")],
)
def test_an_age_for_a_narrow_column_is_told_by_its_largest_unit(elapsed_s: int, shown: str) -> None:
    assert formats.short_age(elapsed_s * S) == shown


@pytest.mark.parametrize(
    "elapsed_ns", [999_000, 9_900_000, 999_000_000, 59_999_000_000, 754 * S, 90 * 86400 * S]
)
def test_durations_and_ages_fit_their_columns(elapsed_ns: int) -> None:
    assert len(formats.short_duration(elapsed_ns)) <= 6
    assert len(formats.short_age(elapsed_ns)) <= 5
    assert len(formats.duration(elapsed_ns)) <= 8
