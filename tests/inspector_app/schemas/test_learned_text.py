from inspector_app.schemas.learned_text import MOST_ROWS, percent, seen, table
from inspector_app.schemas.learning import MOST_MEMBERS, Learned


def learned_from(*values: object) -> Learned:
    learned = Learned()
    for value in values:
        learned.add(value)
    return learned


def test_each_place_has_a_row_with_types_share_and_what_it_was_like() -> None:
    orders = [
        {"id": n, "side": "buy" if n % 2 else "sell", "legs": [{"first name": "x"}], "ok": True}
        for n in range(19)
    ]
    rows = table(seen(learned_from(*orders, {"id": "A-7", "side": "buy"})))
    assert rows == [
        "data.id                    integer or string  100%  0 to 18  0, 1, 2",
        "data.legs                  array               95%",
        "data.legs[*]               object             100%",
        'data.legs[*]."first name"  string             100%  "x"',
        "data.ok                    boolean             95%",
        'data.side                  string             100%  one of "buy", "sell"',
    ]


def test_without_values_nothing_is_told_that_went_by() -> None:
    told = "\n".join(table(seen(learned_from(*[{"token": "hunter2", "n": 41}] * 30), values=False)))
    assert "data.token" in told
    assert "hunter2" not in told
    assert "41" not in told


def test_data_that_is_no_object_has_a_row_of_its_own() -> None:
    assert table(seen(learned_from("2026-01-02", "2026-01-03"))) == [
        'data  string  100%  date  "2026-01-02", "2026-01-03"'
    ]
    assert table(seen(learned_from(4, None, 4))) == ["data  integer or null  100%  4"]


def test_a_map_is_told_by_what_its_values_are() -> None:
    rows = table(seen(learned_from(*[{f"key{n}": n} for n in range(MOST_MEMBERS + 1)])))
    assert rows == [f"data[*]  integer  100%  0 to {MOST_MEMBERS}"]


def test_what_was_there_at_times_is_neither_never_nor_always() -> None:
    assert [percent(share) for share in (0.0, 0.001, 0.5, 0.999, 1.0)] == ["0%", "<1%", "50%", ">99%", "100%"]


def test_there_are_never_more_rows_than_one_can_scroll_through() -> None:
    wide = {f"a{n}": {f"b{m}": 1 for m in range(50)} for n in range(50)}
    assert len(seen(learned_from(wide))) == MOST_ROWS
