import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector_app.schemas.document import Document
from inspector_app.schemas.fields import Field
from inspector_app.schemas.reading import read_field
from inspector_app.schemas.rows import (
    MOST_BYTES,
    MOST_ROWS,
    NotTakenError,
    Row,
    beginning,
    json_of,
    next_choice,
    next_variant,
    readable,
    rows_of,
    shown,
)

ORDER = read_field(
    {
        "type": "object",
        "properties": {
            "symbol": {"type": "string", "minLength": 1},
            "count": {"type": "integer", "minimum": 1},
            "fast": {"type": "boolean"},
            "side": {"enum": ["buy", "sell", 3]},
            "to": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "additionalProperties": False,
            },
            "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
            "pay": {
                "oneOf": [
                    {
                        "title": "Card",
                        "type": "object",
                        "properties": {"by": {"const": "card"}, "no": {"type": "string"}},
                    },
                    {"title": "Cash", "type": "object", "properties": {"by": {"const": "cash"}}},
                ]
            },
            "any": {},
        },
        "required": ["symbol"],
    }
)


def lines(data: object, field: Field = ORDER, **more: object) -> list[tuple[str, str]]:
    rows = rows_of(field, Document(json.dumps(data)), **more)  # type: ignore[arg-type]  # what rows_of takes
    return [("  " * row.depth + row.name, shown(row) if row.present else "-") for row in rows]


def row_at(data: object, *path: str | int) -> Row:
    return next(
        row for row in rows_of(ORDER, Document(json.dumps(data))) if row.path == path and not row.adds
    )


def test_each_member_of_the_schema_has_a_row_also_where_it_is_missing() -> None:
    assert lines({"symbol": "BEAN", "to": {"city": "Ulm"}}) == [
        ("symbol", "BEAN"),
        ("count", "-"),
        ("fast", "-"),
        ("side", "-"),
        ("to", "1 member"),
        ("  city", "Ulm"),
        ("tags", "-"),
        ("pay", "-"),
        ("any", "-"),
    ]


def test_items_and_others_have_rows_and_places_to_add_some() -> None:
    assert lines({"tags": ["a"], "extra": {"x": None}})[5:] == [
        ("tags", "1 item"),
        ("  [0]", "a"),
        ("  add an item", "-"),
        ("pay", "-"),
        ("any", "-"),
        ("extra", "1 member"),
        ("  x", "null"),
        ("  add a member", "-"),
    ]
    assert ("  add an item", "-") not in lines({"tags": ["a", "b"]})
    assert lines({"tags": ["a", "b"]}, folded={("tags",)})[5:7] == [("tags", "2 items"), ("pay", "-")]


def test_a_union_is_taken_for_the_variant_whose_constant_it_has() -> None:
    assert row_at({"pay": {"by": "cash", "no": "1"}}, "pay").variant == "Cash"
    assert row_at({"pay": {"by": "card"}}, "pay").variant == "Card"
    assert ("  no", "-") in lines({"pay": {"by": "card"}})
    assert ("  no", "-") not in lines({"pay": {"by": "cash"}})


def test_a_text_is_taken_as_it_is_typed() -> None:
    row = row_at({"symbol": "x"}, "symbol")
    for typed in ('say "hi"', "C:\\new", "null", "7", "{", " ", "a\nb", ""):
        assert json.loads(json_of(row, typed)) == typed


@pytest.mark.parametrize(
    ("name", "typed", "written"),
    [
        ("count", " 42 ", "42"),
        ("count", "-7", "-7"),
        ("count", "123456789012345678901234567890", "123456789012345678901234567890"),
        ("fast", "TRUE", "true"),
        ("side", "sell", '"sell"'),
        ("side", "3", "3"),
        ("any", ' {"a": [1]} ', '{"a": [1]}'),
        ("tags", '["a"]', '["a"]'),
        ("count", " ${qty} ", '"${qty}"'),
        ("fast", "${f[0].x}", '"${f[0].x}"'),
        ("side", "${side}", '"${side}"'),
        ("any", "${all}", '"${all}"'),
        ("pay", "${how}", '"${how}"'),
        ("symbol", " ${s} ", '" ${s} "'),
    ],
)
def test_what_is_typed_becomes_json(name: str, typed: str, written: str) -> None:
    assert json_of(row_at({}, name), typed) == written


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("count", "2.5", "2.5 is no whole number."),
        ("count", "many", "Type a whole number, such as 42."),
        ("count", "", "Type a whole number, such as 42."),
        ("count", "null", "Type a whole number, such as 42."),
        ("fast", "yes", "Type true or false."),
        ("side", "hold", "Choose one of buy, sell, 3."),
        ("any", "{", "This takes JSON: a name in double quotes is expected here."),
        ("any", "NaN", "This takes JSON: JSON has no NaN."),
        ("count", "${qty", "A variable is written ${name}."),
        ("count", "${qty}0", "A variable is written ${name}."),
        ("count", "$${qty}", "A variable is written ${name}."),
        ("side", "$", "A variable is written ${name}."),
    ],
)
def test_what_cannot_stand_there_is_refused_in_a_sentence(name: str, typed: str, said: str) -> None:
    with pytest.raises(NotTakenError) as caught:
        json_of(row_at({}, name), typed)
    assert str(caught.value) == said


def test_a_choice_may_begin_with_a_dollar_sign() -> None:
    field = read_field({"properties": {"price": {"enum": ["$5", "${a}"]}}})
    (row,) = rows_of(field, Document("{}"))
    assert [json_of(row, choice) for choice in ("$5", "${a}")] == ['"$5"', '"${a}"']


def test_choices_booleans_and_variants_go_round() -> None:
    assert next_choice(row_at({}, "fast")) == "true"
    assert next_choice(row_at({"fast": True}, "fast")) == "false"
    assert next_choice(row_at({"fast": True}, "fast"), -1) == "false"
    assert next_choice(row_at({"side": "sell"}, "side")) == "3"
    assert next_choice(row_at({"side": 3}, "side")) == '"buy"'
    assert next_choice(row_at({}, "symbol")) is None
    assert next_variant(row_at({"pay": {"by": "card"}}, "pay")) == "{}"
    assert next_variant(row_at({}, "symbol")) is None
    nullable = rows_of(
        read_field({"properties": {"b": {"type": ["boolean", "null"]}}}), Document('{"b": false}')
    )
    assert next_choice(nullable[0]) == "null"


def test_a_place_begins_with_an_example() -> None:
    assert beginning(row_at({}, "symbol").field) == '"x"'
    assert beginning(row_at({}, "count").field) == "1"


def test_a_text_that_is_no_object_or_too_long_has_no_rows() -> None:
    assert readable("[]") is None
    assert readable("{") is None
    assert readable('{"a": "' + "x" * MOST_BYTES + '"}') is None
    assert readable("{}") is not None


def test_the_number_of_rows_is_bounded() -> None:
    assert len(lines({f"k{n}": n for n in range(MOST_ROWS + 5)})) == MOST_ROWS


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["symbol", "count", "to", "tags", "pay", "by", "city", "x"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)


@given(
    st.dictionaries(
        st.sampled_from(["symbol", "count", "to", "tags", "pay", "x", "side"]), values, max_size=5
    )
)
def test_whatever_is_there_is_in_a_row(data: dict[str, object]) -> None:
    document = Document(json.dumps(data))
    rows = rows_of(ORDER, document)
    there = [row.path for row in rows if row.present]
    assert len(set(there)) == len(there)

    def places(value: object, path: tuple[str | int, ...]) -> set[tuple[str | int, ...]]:
        found = {path} if path else set()
        if isinstance(value, dict):
            found |= {each for key, member in value.items() for each in places(member, (*path, key))}
        elif isinstance(value, list):
            found |= {each for place, member in enumerate(value) for each in places(member, (*path, place))}
        return found

    assert set(there) == places(data, ())
