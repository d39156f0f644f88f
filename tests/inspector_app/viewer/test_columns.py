import pytest

from inspector_app.viewer.columns import (
    KINDS,
    MOST_COLUMNS,
    USUAL,
    WIDEST,
    Shown,
    checked,
    is_path,
    kind_of,
    moved,
    resized,
    why_no_path,
)


def test_every_usual_column_is_one_there_is() -> None:
    assert {each.key for each in USUAL} <= {kind.key for kind in KINDS}


def test_a_choice_from_a_file_keeps_what_is_known_once_and_within_bounds() -> None:
    choice = [("op", 3), ("nonsense", 4), ("data.user.id", -5), ("op", 9), ("data.x", 10**9), ("data.", 1)]
    assert checked(choice) == (Shown("op", 3), Shown("data.user.id", 0), Shown("data.x", WIDEST))


def test_a_choice_that_leaves_nothing_gives_the_usual_columns() -> None:
    assert checked([]) == checked([("no such column", 1)]) == USUAL


def test_a_choice_has_so_many_columns_and_no_more() -> None:
    assert len(checked([(f"data.p{number}", 0) for number in range(100)])) == MOST_COLUMNS


@pytest.mark.parametrize("path", ["data.user.id", "data.items[0].name", 'data."a b".c', "data[2]"])
def test_a_path_into_the_payload_is_a_column_with_a_term_of_its_own(path: str) -> None:
    assert is_path(path)
    assert kind_of(path).field == path


@pytest.mark.parametrize(
    "path",
    ["data", "data.", "op", "data..x", "data.a b", "type.x", "data.[", "data." + "x" * 500, "data.\x1b"],
)
def test_what_is_no_path_says_how_one_is_written(path: str) -> None:
    assert not is_path(path)
    assert "data.user.id" in why_no_path(path, USUAL)


def test_a_path_that_is_shown_or_one_too_many_is_refused() -> None:
    assert "already" in why_no_path("data.x", (Shown("data.x"),))
    full = tuple(Shown(f"data.p{number}") for number in range(MOST_COLUMNS))
    assert "take one away" in why_no_path("data.x", full)
    assert why_no_path("data.x", USUAL) == ""


def test_a_column_moves_by_places_and_stops_at_the_ends() -> None:
    shown = (Shown("seq"), Shown("op"), Shown("data"))
    assert [each.key for each in moved(shown, 0, 1)] == ["op", "seq", "data"]
    assert [each.key for each in moved(shown, 2, -2)] == ["data", "seq", "op"]
    assert moved(shown, 0, -1) == moved(shown, 2, 5) == shown


def test_a_column_is_resized_within_bounds_and_the_others_stay() -> None:
    shown = (Shown("seq"), Shown("op"))
    assert resized(shown, 1, 30) == (Shown("seq"), Shown("op", 30))
    assert resized(shown, 0, -4)[0].width == 0
    assert resized(shown, 0, 10**6)[0].width == WIDEST
