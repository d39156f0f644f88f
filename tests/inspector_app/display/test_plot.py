"""Values as columns of block characters."""

from inspector_app.display.plot import columns


def text(low: list[float | None], high: list[float | None], height: int) -> list[str]:
    lines = columns(low, high, height, label=lambda value: f"{value:.0f}")
    return ["".join(part for part, _ in line) for line in lines]


def test_the_largest_value_fills_the_height_and_none_is_an_empty_column() -> None:
    assert text([8, 16, None], [8, 16, None], 2) == ["16 ┤ █ ", " 0 ┤██ "]


def test_what_is_above_the_lower_value_has_the_second_style() -> None:
    lines = columns([8.0], [16.0], 2, label=str)
    assert [line[1] for line in lines] == [("█", "muted"), ("█", "accent")]


def test_there_is_no_gap_where_the_lower_value_ends_within_a_cell() -> None:
    lines = columns([12.0, 10.0], [24.0, 24.0], 3, label=str)
    assert lines[1][1:] == [("█", "accent"), ("█", "muted")]


def test_what_there_is_shows_be_it_ever_so_small() -> None:
    assert text([1, 1_000_000], [1, 1_000_000], 1)[0].endswith("▁█")


def test_without_any_value_there_is_an_empty_plot() -> None:
    assert text([None, None], [None, None], 2) == [" │  ", " │  "]
