import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from inspector_app.schemas.fields import ABSENT
from inspector_app.schemas.reading import DEEPEST, MOST_FIELDS, MOST_WORK, read_field


def kinds_of(schema: object) -> dict[str, str]:
    return {member.name: member.kind for member in read_field(schema).members}


def object_of(**members: object) -> dict[str, object]:
    return {"type": "object", "properties": members}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


def test_each_type_becomes_its_kind() -> None:
    schema = object_of(
        a={"type": "string"},
        b={"type": "integer"},
        c={"type": "number"},
        d={"type": "boolean"},
        e={"enum": ["x", 3, None]},
        f={"type": "array", "items": {"type": "string"}},
        g={"type": "object"},
        h={},
        i=True,
        j={"type": "null"},
        k={"const": 7},
    )
    assert kinds_of(schema) == {
        "a": "text",
        "b": "integer",
        "c": "number",
        "d": "boolean",
        "e": "choice",
        "f": "array",
        "g": "object",
        "h": "json",
        "i": "json",
        "j": "null",
        "k": "choice",
    }


def test_what_a_pydantic_model_says_is_read() -> None:
    class Address(BaseModel):
        """Where to."""

        city: str = Field(min_length=1, max_length=40)

    class Order(BaseModel):
        """One order."""

        count: int = Field(ge=1, le=9, description="How many")
        note: str | None = None
        to: Address
        tags: list[str] = []

    field = read_field(Order.model_json_schema())
    assert field.doc == "One order."
    count, note, to, tags = field.members
    assert (count.kind, count.required, count.doc, str(count.limits)) == (
        "integer",
        True,
        "How many",
        "1 to 9",
    )
    assert (note.kind, note.nullable, note.default, note.required) == ("text", True, None, False)
    assert (to.kind, to.doc, to.members[0].name) == ("object", "Where to.", "city")
    assert str(to.members[0].limits) == "1 to 40 characters"
    assert tags.default == []
    assert tags.item is not None
    assert tags.item.kind == "text"
    assert count.default is ABSENT


def test_null_among_the_types_makes_a_field_nullable() -> None:
    for schema in (
        {"type": ["string", "null"]},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        {"oneOf": [{"type": "null"}, {"type": "string"}]},
    ):
        field = read_field(schema)
        assert (field.kind, field.nullable, field.name) == ("text", True, "data")


def test_variants_are_named_by_title_constant_or_type() -> None:
    union = read_field(
        {
            "oneOf": [
                {"title": "Card", "type": "object"},
                {"type": "object", "properties": {"by": {"const": "cash"}}},
                {"type": "integer"},
                {},
            ]
        }
    )
    assert union.kind == "union"
    assert [variant.name for variant in union.variants] == ["Card", "cash", "integer", "value"]


def test_variants_that_are_all_constants_are_a_choice() -> None:
    field = read_field({"anyOf": [{"const": "a"}, {"enum": ["b", "c"]}, {"type": "null"}]})
    assert (field.kind, field.choices, field.nullable) == ("choice", ("a", "b", "c"), True)


def test_references_and_parts_are_put_together() -> None:
    schema = {
        "$defs": {
            "a/b": {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]},
            "more": {"properties": {"y": {"type": "integer"}}},
        },
        "allOf": [{"$ref": "#/$defs/a~1b"}, {"$ref": "#/$defs/more"}],
        "description": "Both",
    }
    field = read_field(schema)
    assert [(member.name, member.kind, member.required) for member in field.members] == [
        ("x", "text", True),
        ("y", "integer", False),
    ]
    assert field.doc == "Both"


def test_what_follows_from_a_reference_can_be_said_otherwise_beside_it() -> None:
    schema = {
        "$defs": {"n": {"type": "integer", "description": "of the type"}},
        **object_of(a={"$ref": "#/$defs/n", "description": "of the place"}),
    }
    assert read_field(schema).members[0].doc == "of the place"


def test_a_schema_that_contains_itself_ends_as_json() -> None:
    schema = {"$defs": {"n": object_of(next={"$ref": "#/$defs/n"})}, "$ref": "#/$defs/n"}
    field, depth = read_field(schema), 0
    while field.kind == "object":
        field, depth = field.members[0], depth + 1
    assert (field.kind, depth) == ("json", DEEPEST + 1)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/missing"},
        {"$ref": "https://example.com/schema.json"},
        {"$ref": 3},
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"anyOf": [{"$ref": "#"}]},
        "text",
        None,
        False,
        [],
        {"type": 3},
        {"type": "colour"},
        {"anyOf": []},
        {"enum": []},
    ],
)
def test_what_cannot_be_drawn_is_a_field_of_json(schema: object) -> None:
    assert read_field(schema).kind == "json"


def test_a_schema_that_grows_without_end_makes_a_bounded_number_of_fields() -> None:
    level: dict[str, object] = {"type": "string"}
    for _ in range(7):
        level = object_of(**{f"m{place}": level for place in range(10)})

    def count(field: object) -> int:
        members = getattr(field, "members", ())
        return 1 + sum(count(member) for member in members)

    assert count(read_field(level)) < MOST_FIELDS * 12


def test_others_are_told() -> None:
    closed = read_field({"type": "object", "additionalProperties": False})
    assert closed.others is None
    assert closed.member("x") is None
    typed = read_field({"type": "object", "additionalProperties": {"type": "integer"}})
    other = typed.member("x")
    assert other is not None
    assert other.kind == "integer"


class Counted(Mapping[str, object]):
    """A part of a schema that counts how often something in it is looked at."""

    def __init__(self, held: dict[str, object]) -> None:
        self.held = held
        self.looked_at = 0

    def __getitem__(self, key: str) -> object:
        self.looked_at += 1
        return self.held[key]

    def __iter__(self) -> Iterator[str]:
        for key in self.held:
            self.looked_at += 1
            yield key

    def __len__(self) -> int:
        return len(self.held)


@pytest.mark.parametrize(
    ("large", "around"),
    [
        ("the whole", lambda names: names),
        ("properties", lambda names: {"properties": names}),
        ("allOf", lambda names: {"type": "string", "allOf": [{"properties": names}] * 20}),
        ("anyOf", lambda names: {"anyOf": [{"properties": names}] * 200}),
    ],
)
def test_a_large_part_that_is_referred_to_again_and_again_is_read_in_bounds(large: str, around: Any) -> None:
    names = Counted({f"k{number}": {} for number in range(2_000)})
    read_field(
        {"$defs": {large: around(names)}, **object_of(**dict.fromkeys(map(str, range(500)), ref(large)))}
    )
    assert names.looked_at < 3 * MOST_WORK


def test_what_is_too_large_to_be_put_in_is_not_offered() -> None:
    large = ["x" * 1_000] * 100
    (default, choice) = read_field(
        object_of(a={"default": large}, b={"enum": large, "type": "string"})
    ).members
    assert default.default is ABSENT
    assert (choice.kind, choice.choices) == ("text", ())


def test_a_reference_may_lead_through_a_list() -> None:
    assert read_field({"$defs": {"a": [{"type": "string"}]}, "$ref": "#/$defs/a/0"}).kind == "text"
    assert read_field({"$defs": {"a": [{"type": "string"}]}, "$ref": "#/$defs/a/1"}).kind == "json"


def test_members_whose_names_follow_a_pattern_can_be_added() -> None:
    one = {"type": "object", "patternProperties": {"^x": {"type": "integer"}}, "additionalProperties": False}
    others = read_field(one).others
    assert others is not None
    assert others.kind == "integer"
    two = read_field({**one, "patternProperties": {"^x": {"type": "integer"}, "^y": True}}).others
    assert two is not None
    assert two.kind == "json"


def test_limits_have_all_their_digits() -> None:
    limits = read_field(
        {"type": "number", "minimum": 1234567, "maximum": 12345678.5, "multipleOf": 0.25}
    ).limits
    assert str(limits) == "1234567 to 12345678.5, in steps of 0.25"
    assert (
        str(read_field({"type": "integer", "exclusiveMaximum": 1 << 53}).limits) == "below 9007199254740992"
    )


KEYWORDS = [
    *(
        "type",
        "properties",
        "items",
        "anyOf",
        "allOf",
        "$ref",
        "enum",
        "const",
        "default",
        "required",
        "title",
    ),
    *("additionalProperties", "minimum", "minLength", "examples", "prefixItems", "deprecated", "a"),
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["object", "array", "#", "string", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYWORDS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_whatever_comes_is_read(schema: object) -> None:
    assert read_field(json.loads(json.dumps(schema))).name == "data"


def test_a_variant_is_called_by_its_own_title_and_the_union_documented_by_its_own_words() -> None:
    field = read_field(
        {
            "title": "Note",
            "description": "What to add.",
            "anyOf": [{"type": "string"}, {"type": "integer", "title": "Number of a note"}, {"type": "null"}],
        }
    )
    assert [variant.name for variant in field.variants] == ["string", "Number of a note"]
    assert (field.doc, field.nullable) == ("What to add.", True)


def test_a_default_that_no_json_can_say_is_none() -> None:
    field = read_field({"type": "number", "default": float("inf"), "examples": [float("nan"), 1]})
    assert field.default is ABSENT
    assert field.examples == (1,)
