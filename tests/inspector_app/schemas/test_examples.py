import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector_app.schemas.examples import data_template, example
from inspector_app.schemas.reading import read_field

small = st.integers(-30, 30)
scalar_schemas = st.one_of(
    st.builds(
        lambda low, more: {"type": "integer", "minimum": low, "maximum": low + more}, small, st.integers(0, 9)
    ),
    st.builds(lambda low: {"type": "integer", "exclusiveMinimum": low}, small),
    st.builds(lambda high: {"type": "integer", "exclusiveMaximum": high}, small),
    st.builds(lambda low: {"type": "number", "exclusiveMinimum": low, "exclusiveMaximum": low + 1}, small),
    st.builds(
        lambda step, low: {"type": "integer", "multipleOf": step, "minimum": low}, st.integers(1, 7), small
    ),
    st.builds(lambda least: {"type": "string", "minLength": least}, st.integers(0, 9)),
    st.sampled_from(["date-time", "date", "email", "uuid", "uri", "ipv4", "ipv6", "hostname"]).map(
        lambda name: {"type": "string", "format": name}
    ),
    st.lists(st.integers() | st.text(max_size=3), min_size=1, max_size=3).map(lambda each: {"enum": each}),
    st.sampled_from(
        [{"type": "boolean"}, {"type": "null"}, {}, {"const": [1]}, {"type": "integer", "default": 4}]
    ),
)


def _objects(inner: Any) -> Any:
    return st.dictionaries(st.sampled_from("abcd"), inner, max_size=3).flatmap(
        lambda members: st.lists(st.sampled_from([*members, *"a"]), unique=True).map(
            lambda needed: {
                "type": "object",
                "properties": members,
                "required": [each for each in needed if each in members],
                "additionalProperties": False,
            }
        )
    )


schemas = st.recursive(
    scalar_schemas,
    lambda inner: (
        _objects(inner)
        | st.builds(
            lambda item, least: {"type": "array", "items": item, "minItems": least}, inner, st.integers(0, 3)
        )
        | st.lists(inner, min_size=1, max_size=2).map(lambda each: {"anyOf": each})
    ),
    max_leaves=6,
)


@given(schemas, st.booleans())
def test_an_example_is_what_the_schema_asks_for(schema: dict[str, object], whole: bool) -> None:
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    value = example(read_field(schema), whole=whole)
    assert validator.is_valid(value), value


def test_what_the_schema_gives_goes_first() -> None:
    schema = {
        "properties": {
            "operation": {"const": "x"},
            "a": {"type": "string", "default": "d", "examples": ["e"]},
            "b": {"type": "string", "examples": ["e"]},
            "c": {"type": "integer"},
            "o": {"type": "integer"},
        },
        "required": ["b", "c", "operation"],
    }
    assert json.loads(data_template(schema)) == {"a": "d", "b": "e", "c": 0}
    assert json.loads(data_template(schema, whole=True)) == {"a": "d", "b": "e", "c": 0, "o": 0}
    assert data_template(None) == "{}"
    assert data_template({"type": "integer"}) == "{}"


def test_arrays_within_arrays_that_ask_for_many_items_do_not_take_all_memory() -> None:
    schema: dict[str, object] = {"type": "string"}
    for _ in range(7):
        schema = {"type": "array", "minItems": 20, "items": schema}
    assert len(data_template({"type": "object", "properties": {"a": schema}, "required": ["a"]})) < 100_000


@pytest.mark.parametrize("kind", ["integer", "number"])
@pytest.mark.parametrize(
    "limits",
    [
        {"minimum": 10**400},
        {"maximum": -(10**400)},
        {"minimum": float("inf")},
        {"minimum": float("nan")},
        {"minimum": 1, "multipleOf": 1e-320},
        {"minimum": 1e299, "multipleOf": 1e-5},
    ],
)
def test_limits_beyond_all_numbers_are_none(kind: str, limits: dict[str, float]) -> None:
    schema = {"type": "object", "properties": {"a": {"type": kind, **limits}}, "required": ["a"]}
    assert isinstance(json.loads(data_template(schema))["a"], (int, float))
    assert "inf" not in str(read_field(schema).members[0].limits)
