"""The shipped cases are whole and in the format, and what is not in the format is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from inspector_app.check import cases as format_
from inspector_app.check.cases import CaseError, load_cases, load_file, vectors_folder
from slipstream.handlers import Registry
from tests.conformance.handler import Conformance
from tests.conftest import Figure

CASES = load_cases()
README = (vectors_folder() / "README.md").read_text()


def case(**changes: Any) -> dict[str, Any]:
    return {"name": "a", "role": "responder", "about": "x", "steps": [{"silent": True}], **changes}


def written(folder: Path, *cases: Any, section: Any = "§7", **more: Any) -> Path:
    path = folder / "some.json"
    path.write_text(json.dumps({"section": section, "cases": cases, **more}))
    return path


def test_there_are_cases_of_both_roles_for_every_section(figure: Figure) -> None:
    figure("A1", "conformance cases", len(CASES), ">= 150")
    assert len(CASES) >= 150
    assert {each.number for each in CASES} == set(range(1, 12))
    assert len([each for each in CASES if each.role == "opener"]) >= 75
    assert len([each for each in CASES if each.role == "responder"]) >= 75


def test_cases_come_by_section() -> None:
    numbers = [each.number for each in CASES]
    assert numbers == sorted(numbers)


def test_every_case_looks_at_something_and_says_in_a_sentence_what_for() -> None:
    for each in CASES:
        assert {step.verb for step in each.steps} & {
            "expect",
            "expect_all",
            "silent",
            "alive",
            "closed",
            "outcome",
        }, each.path
        assert each.about.endswith("."), each.path


def test_many_cases_need_nothing_but_a_peer() -> None:
    anywhere = [each for each in CASES if not each.needs_program and each.needs == format_.Needs()]
    assert len(anywhere) >= 100
    assert len([each for each in anywhere if each.of_legacy]) >= 10


def test_every_operation_that_a_case_needs_is_described_and_implemented() -> None:
    needed = {name for each in CASES for name in each.needs.operations}
    assert needed <= set(Registry.of(Conformance()).endpoints)
    assert not [name for name in needed if f"| `{name.removeprefix('conformance_')}` |" not in README]


def test_the_format_is_described() -> None:
    verbs = [*format_._VERBS, *(option for verb in format_._VERBS.values() for option in verb.options)]
    assert not [word for word in verbs if f'"{word}"' not in README and f"`{word}`" not in README]
    assert not [word for word in format_.LIMITS if f"`{word}`" not in README]


def test_no_name_is_given_twice(tmp_path: Path) -> None:
    written(tmp_path, case(), case())
    with pytest.raises(CaseError, match="given twice: a"):
        load_cases(tmp_path)


def test_a_folder_without_cases_is_told(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="There are no cases in"):
        load_cases(tmp_path)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (case(nmae="b"), "'nmae' is not known here"),
        (case(name="A b"), "a name is lower-case words"),
        (case(role="server"), "the role is responder or opener"),
        (case(peer="old"), "the peer is modern or legacy"),
        (case(subject="legacy"), "the subject is modern or any"),
        (case(about=7), "'about' is not what belongs there: 7"),
        (case(steps=[{}]), "a step does one thing: {}"),
        (case(steps=[{"silent": True, "alive": True}]), "a step does one thing"),
        (case(steps=[{"dance": True}]), "a step does one thing"),
        (case(steps=["silent"]), "a step is an object"),
        (case(steps=[{"silent": 1}]), "'silent' is not what belongs there: 1"),
        (case(steps=[{"expect": {}, "times": True}]), "'times' is not what belongs there: true"),
        (case(steps=[{"call": "a", "kind": "request_response"}]), "'data' is missing"),
        (case(steps=[{"call": "a", "kind": "unary", "data": {}}]), "a kind of call is one of"),
        (case(needs={"limits": {"speed": 1}}), "'speed' is not known here"),
        (7, "an object was expected: 7"),
        ({"name": "a"}, "a: 'role' is missing"),
    ],
)
def test_what_is_not_in_the_format_is_refused(tmp_path: Path, wrong: Any, told: str) -> None:
    with pytest.raises(CaseError) as caught:
        load_file(written(tmp_path, wrong))
    assert str(caught.value).startswith("some.json: ")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"section": "7"}, "'7' is no section"),
        ({"section": "§12"}, "'§12' is no section"),
        ({"title": "x"}, "'title' is not known here"),
    ],
)
def test_a_file_that_is_not_in_the_format_is_refused(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    with pytest.raises(CaseError, match=told):
        load_file(written(tmp_path, case(), **change))


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "some.json").write_text("{")
    with pytest.raises(CaseError, match=r"some\.json: Expecting property name"):
        load_file(tmp_path / "some.json")
