import re
import time

import pytest

from inspector_app.schemas.checking import MOST_PROBLEMS, Checker


@pytest.mark.parametrize(
    ("schema", "value", "said"),
    [
        ({"required": ["id"]}, {}, "data.id: must be there"),
        ({"properties": {"a b": {"type": "string"}}}, {"a b": 1}, 'data."a b": must be of type string'),
        ({"items": {"type": ["string", "null"]}}, ["x", 2], "data[1]: must be of type null or string"),
        ({"properties": {"n": {"minimum": 3}}}, {"n": 1}, "data.n: is less than the minimum of 3"),
        ({"properties": {"n": {"minLength": 3}}}, {"n": "a"}, "data.n: is shorter than 3 characters"),
        ({"properties": {"n": {"enum": ["a", 2]}}}, {"n": "x"}, 'data.n: must be one of "a", 2'),
        ({"properties": {"n": {"const": "a"}}}, {"n": "x"}, 'data.n: must be "a"'),
        ({"properties": {"a": {}}, "additionalProperties": False}, {"n": "x"}, 'data: must not have "n"'),
        ({"additionalProperties": False}, {"n": "x"}, "data: must have no members"),
        ({"properties": {"n": False}}, {"n": "x"}, "data.n: must not be there"),
        (
            {"anyOf": [{"type": "string"}, {"type": "null"}]},
            3,
            "data: must be one of the variants of the schema",
        ),
        ({"oneOf": [{"minimum": 1}, {"maximum": 5}]}, 3, "data: must be one of the variants of the schema"),
        ({"properties": {"t": {"format": "date-time"}}}, {"t": "noon"}, 'data.t: is not a "date-time"'),
    ],
)
def test_what_is_wrong_is_said_with_its_path(schema: object, value: object, said: str) -> None:
    (problem,) = Checker(schema).problems(value)
    assert str(problem) == said


def test_what_is_right_has_no_problem() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    assert Checker(schema).problems({"n": 3, "other": None}) == []
    assert Checker(None).problems("anything") == []
    assert Checker(True).problems("anything") == []
    assert len(Checker(False).problems("anything")) == 1


def test_only_the_first_problems_are_told() -> None:
    assert len(Checker({"items": {"type": "string"}}).problems([0] * 10_000)) == MOST_PROBLEMS


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "colour"},
        {"$ref": "https://example.com/x.json"},
        {"$ref": "file:///etc/passwd"},
        {"pattern": "(?=a)b"},
        {"pattern": "("},
        "text",
        ["list"],
        {"description": "x" * 2_000_000},
    ],
)
def test_a_schema_that_cannot_be_used_says_so_and_forbids_nothing(schema: object) -> None:
    checker = Checker(schema)
    assert re.fullmatch(r"The schema of this operation .*: data is not checked\.", checker.unusable)
    assert checker.problems({"a": 1}) == []


def test_a_pattern_that_makes_others_hang_is_matched_at_once() -> None:
    checker = Checker({"pattern": "^(a+)+$"})
    began = time.process_time()
    assert len(checker.problems("a" * 5000 + "b")) == 1
    # A backtracking engine would need longer than the universe is old; this is no measurement.
    assert time.process_time() - began < 60


def test_of_a_union_it_is_said_what_is_wrong_with_the_variant_that_is_meant() -> None:
    card = {"properties": {"by": {"const": "card"}, "no": {"pattern": r"^\d+$"}}, "required": ["no"]}
    cash = {"properties": {"by": {"const": "cash"}}}
    checker = Checker({"properties": {"pay": {"oneOf": [card, cash]}}})
    assert [str(each) for each in checker.problems({"pay": {"by": "card", "no": "x"}})] == [
        'data.pay.no: does not match "^\\d+$"'
    ]
    assert [str(each) for each in checker.problems({"pay": {"by": "card"}})] == ["data.pay.no: must be there"]
    assert [str(each) for each in checker.problems({"pay": {"by": "barter"}})] == [
        "data.pay: must be one of the variants of the schema"
    ]


def test_a_schema_nested_without_end_is_no_schema_that_can_be_used() -> None:
    schema: dict[str, object] = {}
    for _ in range(5000):
        schema = {"not": schema}
    assert Checker(schema).unusable.startswith("The schema of this operation")
