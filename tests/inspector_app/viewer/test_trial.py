"""What is checked in place of what was typed: values of variables, and nothing of what is not known."""

import json

import pytest

from inspector_app.messages.variables import Scope, VariableError
from inspector_app.schemas.checking import NO_VARIANT, Problem
from inspector_app.schemas.judging import Judgement
from inspector_app.viewer.trial import Trial, trial

SECRET = "opensesame-4711"


def tried(typed: str) -> Trial:
    scope = Scope(layers=[{"qty": 3, "fast": True}], environ={"TOKEN": SECRET})
    return trial(typed, lambda: scope)


def told(made: Trial, *problems: Problem) -> list[Problem]:
    return list(made.told(Judgement(problems)).problems)


def test_a_text_without_variables_is_checked_as_it_is_typed() -> None:
    made = tried('{"a": [1,  2]}')
    assert (made.text, made.unknown) == ('{"a": [1,  2]}', frozenset())


def test_values_are_checked_in_place_of_their_variables() -> None:
    made = tried('{"n": "${qty}", "of": ["${fast}", "x${qty}"]}')
    assert json.loads(made.text) == {"n": 3, "of": [True, "x3"]}
    wrong = Problem(("n",), "is too large")
    assert told(made, wrong) == [wrong]


def test_nothing_is_told_of_a_place_whose_value_is_not_known_and_all_of_the_others() -> None:
    made = tried('{"n": "${qty}", "deep": [{"m": "${nobody}"}], "other": 1}')
    assert json.loads(made.text) == {"n": 3, "deep": [{"m": "${nobody}"}], "other": 1}
    wrong = [Problem(("n",), "x"), Problem(("deep",), "x"), Problem(("other",), "x"), Problem((), "x")]
    assert told(made, Problem(("deep", 0, "m"), "must be of type integer"), *wrong) == wrong


def test_which_variant_is_meant_is_not_told_while_a_value_in_it_is_not_known() -> None:
    made = tried('{"pay": {"by": "${nobody}"}, "other": {}}')
    other = Problem(("other",), NO_VARIANT)
    assert told(made, Problem(("pay",), NO_VARIANT), other) == [other]


def test_of_a_text_that_cannot_be_taken_apart_nothing_is_told_while_a_value_is_not_known() -> None:
    made = tried(json.dumps({"n": "${nobody}", "long": "x" * 70_000}))
    assert told(made, Problem(("n",), "must be of type integer")) == []


def test_without_the_environment_that_was_chosen_no_value_is_known() -> None:
    def scope() -> Scope:
        raise VariableError("There is no such environment.")

    made = trial('{"n": "${qty}", "u": "${uuid}"}', scope)
    assert made.unknown == {("n",)}
    assert len(json.loads(made.text)["u"]) == 36


@pytest.mark.parametrize("text", ["{SECRET} is none", '"{SECRET}"'])
def test_no_secret_is_in_what_is_told(text: str) -> None:
    made = tried('{"t": "${env:TOKEN}", "${env:TOKEN}": 1}')
    assert SECRET in made.text
    (problem,) = told(made, Problem((SECRET,), text.replace("{SECRET}", SECRET)))
    assert SECRET not in str(problem)
    assert problem.path == ("${env:TOKEN}",)
