"""What is printed of verdicts: lines for people, lines for programs, nothing that drives a terminal."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from inspector_app.check.cases import Case
from inspector_app.check.driver import Line
from inspector_app.check.player import Difference
from inspector_app.check.report import JsonReport, TextReport, summary_of
from inspector_app.check.verdicts import Result, Server, Verdict

CASE = Case("a_rule", "§7", "responder", "Thus it shall be.", ())
DIFFERENCE = Difference(
    2,
    '{"type": "error"}',
    '{"type": "\x1b[31mresponse\x9b\x7f"}',
    (Line("sent", '{"type": "request"}'), Line("came", "x")),
)
HOSTILE = Server(modern=True, software="\x1b]0;owned\x07", operations=frozenset({"a"}))


def text_of(*results: Result, server: Server | None = None, colour: bool = False) -> list[str]:
    lines: list[str] = []
    report = TextReport(lines.append, colour=colour)
    if server is not None:
        report.server("ws://h", server)
    for result in results:
        report.result(result)
    return lines


def test_the_server_is_told_first_and_made_inert() -> None:
    assert text_of(server=HOSTILE) == ["ws://h: a modern peer (␛]0;owned␇); it describes 1 operation."]
    assert text_of(server=Server(modern=False)) == ["ws://h: a legacy peer; it does not say what it offers."]


def test_cases_stand_under_their_section() -> None:
    lines = text_of(
        Result(CASE, Verdict.PASS),
        Result(CASE, Verdict.NOT_APPLICABLE, "needs what is not there"),
        Result(Case("other", "§8", "responder", "x", ()), Verdict.PASS),
    )
    assert lines == [
        "",
        "§7 Errors and bad input",
        "  pass    a_rule",
        "  n/a     a_rule: needs what is not there",
        "",
        "§8 meta",
        "  pass    other",
    ]


def test_a_difference_tells_what_was_sent_expected_and_came_and_the_section() -> None:
    assert text_of(Result(CASE, Verdict.DIFFERS, difference=DIFFERENCE))[2:] == [
        "  DIFFERS a_rule",
        "          §7: Thus it shall be.",
        '          sent      {"type": "request"}',
        '          expected  {"type": "error"}',
        '          came      {"type": "␛[31mresponse�␡"}',
    ]


def test_verdicts_are_coloured_where_that_can_be_seen() -> None:
    assert text_of(Result(CASE, Verdict.PASS), colour=True)[2] == "  \x1b[32mpass    \x1b[0ma_rule"


def test_long_texts_are_cut() -> None:
    long = Difference(1, "x" * 5000, "y", ())
    assert max(map(len, text_of(Result(CASE, Verdict.DIFFERS, difference=long)))) < 700


def json_of(result: Result) -> Any:
    lines: list[str] = []
    JsonReport(lines.append, lines.append).result(result)
    (line,) = lines
    assert line.isascii()
    assert line.isprintable()
    return json.loads(line)


def test_a_case_is_one_json_object() -> None:
    told = {"section": "§7", "name": "a_rule", "role": "responder", "about": "Thus it shall be."}
    assert json_of(Result(CASE, Verdict.PASS)) == {**told, "verdict": "pass"}
    assert json_of(Result(CASE, Verdict.NOT_APPLICABLE, "why")) == {
        **told,
        "verdict": "not applicable",
        "why": "why",
    }
    assert json_of(Result(CASE, Verdict.DIFFERS, difference=DIFFERENCE)) == {
        **told,
        "verdict": "differs",
        "step": 2,
        "sent": ['{"type": "request"}'],
        "expected": DIFFERENCE.expected,
        "came": DIFFERENCE.came,
        "transcript": [["sent", '{"type": "request"}'], ["came", "x"]],
    }


def test_json_lines_are_about_cases_and_the_summary_is_said_beside_them() -> None:
    written: list[str] = []
    said: list[str] = []
    report = JsonReport(written.append, said.append)
    report.server("ws://h", HOSTILE)
    report.summary(Counter({Verdict.PASS: 1}))
    assert written == []
    assert said == [
        "It conforms, as far as can be seen from outside: 1 case, 1 passed, 0 differed, 0 not applicable."
    ]


def test_the_summary_says_how_it_came_out() -> None:
    differing = summary_of(Counter({Verdict.PASS: 3, Verdict.DIFFERS: 2, Verdict.NOT_APPLICABLE: 1}))
    assert differing == "It does not conform: 6 cases, 3 passed, 2 differed, 1 not applicable."
    assert summary_of(Counter({Verdict.NOT_APPLICABLE: 2})).startswith("Nothing could be checked: 2 cases")
