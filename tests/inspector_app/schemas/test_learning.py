import json

import jsonschema_rs
from hypothesis import given
from hypothesis import strategies as st

from inspector_app.schemas.learning import MOST_MEMBERS, Learned


def learned_from(*values: object) -> Learned:
    learned = Learned()
    for value in values:
        learned.add(value)
    return learned


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcde"), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(values, min_size=1, max_size=6))
def test_a_learned_schema_takes_everything_it_was_learned_from(seen: list[object]) -> None:
    schema = learned_from(*seen).schema()
    validator = jsonschema_rs.validator_for(json.loads(json.dumps(schema)), validate_formats=False)
    for value in seen:
        assert validator.is_valid(value), (schema, value)


@given(st.lists(values, max_size=5), st.lists(values, max_size=5))
def test_what_is_learned_apart_and_merged_takes_both(one: list[object], other: list[object]) -> None:
    merged = learned_from(*one)
    merged.merge(learned_from(*other))
    assert merged.count == len(one) + len(other)
    validator = jsonschema_rs.validator_for(json.loads(json.dumps(merged.schema())), validate_formats=False)
    assert all(validator.is_valid(value) for value in one + other)


def test_what_is_always_there_is_required_and_the_rest_has_its_share() -> None:
    learned = learned_from({"id": 1, "note": "x"}, {"id": 2}, {"id": 3.5}, {"id": 4, "note": None})
    assert learned.schema(examples=False) == {
        "type": "object",
        "properties": {"id": {"type": "number"}, "note": {"type": ["null", "string"]}},
        "required": ["id"],
    }
    assert (learned.share_of("id"), learned.share_of("note"), learned.share_of("other")) == (1.0, 0.5, 0.0)
    assert (learned.members["id"].lowest, learned.members["id"].highest) == (1, 4)


def test_few_texts_that_come_often_are_choices() -> None:
    learned = learned_from(*["buy", "sell"] * 15)
    assert learned.schema() == {"type": "string", "enum": ["buy", "sell"]}
    assert "enum" not in learned_from(*[f"note {n}" for n in range(30)]).schema()
    assert "enum" not in learned_from("buy", "sell").schema()


def test_a_format_is_told_when_all_texts_have_it() -> None:
    assert (
        learned_from("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123+01:00").schema()["format"]
        == "date-time"
    )
    assert learned_from("a@example.com").schema()["format"] == "email"
    assert learned_from("https://example.com/x").schema()["format"] == "uri"
    assert learned_from("0f8a1c52-7be2-4d94-8000-1234567890ab").schema()["format"] == "uuid"
    assert "format" not in learned_from("2026-01-02", "tomorrow").schema()


def test_objects_with_ever_other_names_are_maps() -> None:
    learned = learned_from(*[{f"key{n}": n} for n in range(MOST_MEMBERS + 1)])
    assert learned.schema(examples=False) == {"type": "object", "additionalProperties": {"type": "integer"}}


def test_examples_are_few_short_and_left_out_on_demand() -> None:
    learned = learned_from("x" * 1000, *[f"text {n}" for n in range(100)])
    assert learned.schema()["examples"] == [f"text {n}" for n in range(5)]
    assert "examples" not in learned.schema(examples=False)


def test_what_is_learned_stays_small_whatever_comes() -> None:
    learned = Learned()
    for n in range(300):
        deep: object = "end"
        for level in range(40):
            deep = {f"{n}-{level}-{place}": place or deep for place in range(5)}
        learned.add(deep)
    assert len(json.dumps(learned.schema())) < 100_000


def test_what_is_no_value_of_json_teaches_nothing() -> None:
    learned = Learned()
    for value in (float("nan"), float("inf"), {"a": float("-inf"), "b": 1}):
        learned.add(value)
    assert learned.schema() == {
        "type": "object",
        "properties": {"a": {}, "b": {"type": "integer", "examples": [1]}},
        "required": ["b"],
    }
