"""Which cases apply to which server, and which of them were asked for."""

from __future__ import annotations

import pytest

from inspector_app.check.cases import Case, CaseError, Needs, Step, load_cases
from inspector_app.check.verdicts import Server, not_applicable, select

MODERN = Server(modern=True, operations=frozenset({"conformance_echo"}))
PROGRAM_STEP = Step("leave", 1000, {}, "program")


def case(**changes: object) -> Case:
    fields = {"name": "a", "section": "§7", "role": "responder", "about": "x", "steps": (), **changes}
    return Case(**fields)  # type: ignore[arg-type]  # a case in one line


@pytest.mark.parametrize(
    ("of", "server", "why"),
    [
        (case(), MODERN, None),
        (case(needs=Needs(("conformance_echo",))), MODERN, None),
        (case(role="opener"), MODERN, "opener role"),
        (case(steps=(PROGRAM_STEP,)), MODERN, "needs the server's own program to act"),
        (case(needs=Needs(limits={"inFlight": 2})), MODERN, "needs a server that is set up so: inFlight 2"),
        (
            case(needs=Needs(("conformance_echo", "conformance_hang"))),
            MODERN,
            "needs operation conformance_hang: the server does not describe",
        ),
        (
            case(needs=Needs(("conformance_echo", "conformance_hang"))),
            Server(modern=True),
            "needs operations conformance_echo, conformance_hang: the server describes none",
        ),
        (case(), Server(modern=False), "legacy peer: only a modern one must do this"),
        (case(of_legacy=True), Server(modern=False), None),
    ],
)
def test_a_case_applies_or_it_is_said_why_not(of: Case, server: Server, why: str | None) -> None:
    told = not_applicable(of, server)
    if why is None:
        assert told is None
    else:
        assert told is not None
        assert told.startswith(why)


@pytest.mark.parametrize(
    ("only", "chosen"),
    [
        ([], {"7/an_array_is_no_frame", "1/text_is_answered_in_text"}),
        (["7"], {"7/an_array_is_no_frame"}),
        (["§7"], {"7/an_array_is_no_frame"}),
        (["7/an_array_is_no_frame"], {"7/an_array_is_no_frame"}),
        (["text_is_answered_in_text"], {"1/text_is_answered_in_text"}),
        (["1", "an_array_is_no_frame"], {"7/an_array_is_no_frame", "1/text_is_answered_in_text"}),
    ],
)
def test_cases_are_chosen_by_section_or_by_name(only: list[str], chosen: set[str]) -> None:
    two = {"7/an_array_is_no_frame", "1/text_is_answered_in_text"}
    assert {each.path for each in select(load_cases(), only)} & two == chosen


@pytest.mark.parametrize("wrong", ["12", "7/nothing", "", "array"])
def test_a_choice_that_names_nothing_is_refused(wrong: str) -> None:
    with pytest.raises(CaseError, match="is no section and no case: write --only 7"):
        select(load_cases(), [wrong])
