"""Differences as lines: beside each other, below each other, with signs and not with colours alone."""

from __future__ import annotations

from inspector_app.comparing.changes import Change
from inspector_app.display.difference import difference_lines, summary
from inspector_app.display.lines import TextLines

CHANGES = (
    Change("changed", ("a", 0), '"old"', '"new"'),
    Change("added", ("b",), None, '{"x": 1}'),
    Change("removed", ("c",), "1", None),
    Change("moved", ("d", 3), "5", None, ("d", 0)),
)


def texts(lines: TextLines) -> list[str]:
    return ["".join(text for text, _ in lines.line(index)).rstrip() for index in range(lines.count)]


def test_in_a_narrow_view_both_sides_stand_below_each_other() -> None:
    assert texts(difference_lines(CHANGES, 70, ("data",))) == [
        "~ data.a[0]",
        '- "old"',
        '+ "new"',
        "",
        "+ data.b",
        "+ {",
        '+   "x": 1',
        "+ }",
        "",
        "- data.c",
        "- 1",
        "",
        "» data.d[3] is now data.d[0]",
        "- 5",
        "",
    ]


def test_in_a_wide_view_both_sides_stand_beside_each_other() -> None:
    lines = texts(difference_lines(CHANGES, 120, ("data",)))
    assert lines[1] == '- "old"' + " " * 51 + ' │ + "new"'
    assert lines[4].split() == ["│", "+", "{"]
    assert lines[9].split() == ["-", "1", "│"]


def test_long_values_are_folded_and_cut() -> None:
    lines = texts(difference_lines([Change("changed", (), "x" * 2_000, "中" * 300)], 80))
    assert lines[0] == "~ (all of it)"
    assert lines[1] == "- " + "x" * 78
    assert "- …" in lines
    assert len(lines) < 30
    wide = texts(difference_lines([Change("changed", (), "x" * 50, "中" * 300)], 120))
    assert all(len(line) + line.count("中") <= 120 for line in wide)


def test_hostile_values_are_inert_before_they_are_measured() -> None:
    (_, old, _, _) = texts(difference_lines([Change("changed", ("\x1b[2J",), '"\x1b]52;c;x\x07"', "1")], 80))
    assert old == '- "␛]52;c;x␇"'


def test_how_many_there_are_of_each_kind_is_told_with_their_signs() -> None:
    told = "".join(text for text, _ in summary(CHANGES, 7))
    assert told == "+ 1 added  - 1 removed  ~ 1 changed  » 1 moved  and 7 more"
    assert summary([], 0)[0][0] == "No difference"
