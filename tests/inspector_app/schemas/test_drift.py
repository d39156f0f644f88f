from hypothesis import given
from hypothesis import strategies as st

from inspector_app.schemas.drift import MOST_COMPARED, MOST_COMPARED_IN_ALL, MOST_DIFFERENCES, Drift
from inspector_app.schemas.learning import Learned

ORDER = {
    "type": "object",
    "properties": {
        "symbol": {"type": "string"},
        "quantity": {"type": "integer"},
        "side": {"enum": ["buy", "sell"]},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "legs": {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "integer"}}}},
        "tags": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["symbol"],
}


def drifted(schema: object, *values: object) -> list[tuple[str, str, int, int]]:
    drift = Drift(schema)
    for seq, value in zip(range(len(values) * 10, 0, -10), values, strict=True):  # newest first
        drift.compare(value, seq)
    return [(each.path, each.what, each.count, each.first_seq) for each in drift.differences]


def test_what_is_as_described_does_not_differ() -> None:
    fine = {
        "symbol": "BEAN",
        "quantity": 3.0,
        "side": "buy",
        "note": None,
        "legs": [{"id": 1}],
        "tags": {"any name": "x"},
    }
    assert drifted(ORDER, fine, {"symbol": "CORK", "note": "x"}) == []


def test_each_difference_has_its_place_its_count_and_its_first_frame() -> None:
    found = drifted(
        ORDER,
        {"symbol": "BEAN", "extra": 1, "legs": [{"id": "a"}, {"id": "b"}]},
        {"quantity": "7", "side": "hold", "extra": 2},
        {"symbol": 7, "note": 5, "tags": {"first name": 1}},
    )
    assert found == [
        ("data.extra", "is not described", 2, 20),
        ("data.legs[*].id", "is a string, not an integer", 1, 30),
        ("data.note", "is an integer, not a string", 1, 10),
        ("data.quantity", "is a string, not an integer", 1, 20),
        ("data.side", "is none of the choices", 1, 20),
        ("data.symbol", "is an integer, not a string", 1, 10),
        ("data.symbol", "is missing", 1, 20),
        ('data.tags."first name"', "is an integer, not a string", 1, 10),
    ]


def test_of_a_union_the_variant_counts_that_fits_best() -> None:
    schema = {"anyOf": [{"type": "integer"}, {"type": "object", "properties": {"id": {"type": "integer"}}}]}
    assert drifted(schema, 4, {"id": 1}) == []
    assert drifted(schema, {"id": "x"}) == [("data.id", "is a string, not an integer", 1, 10)]
    assert drifted(schema, [1]) == [("data", "is an array, which is not described", 1, 10)]


def test_a_schema_that_says_nothing_is_never_departed_from() -> None:
    for schema in (True, {}, {"type": "object"}, {"$ref": "https://elsewhere/x"}):
        assert drifted(schema, {"a": 1}) == []


def test_a_peer_that_sends_ever_other_names_fills_no_memory() -> None:
    values = [{"symbol": "x", **{f"{n}-{m}": 1 for m in range(200)}} for n in range(20)]
    assert len(drifted(ORDER, *values)) == MOST_DIFFERENCES


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(values, min_size=1, max_size=5))
def test_nothing_differs_from_what_was_learned_from_it(seen: list[object]) -> None:
    learned = Learned()
    for value in seen:
        learned.add(value)
    assert drifted(learned.schema(), *seen) == []


def test_a_schema_of_unions_within_unions_costs_no_more_than_so_many_comparisons() -> None:
    schema: dict[str, object] = {"type": "integer"}
    value: object = "x"
    for _ in range(3):
        schema = {
            "anyOf": [{"type": "object", "title": name, "additionalProperties": schema} for name in "abcd"]
        }
        value = {str(number): value for number in range(12)}
    drift = Drift(schema)
    drift.compare(value, 1)
    assert drift.differences == []
    drift.compare([], 2)
    assert [(each.path, each.count) for each in drift.differences] == [("data", 1)]
    for seq in range(MOST_COMPARED_IN_ALL // MOST_COMPARED):
        drift.compare(value, seq)
    drift.compare([], 3)
    assert [each.count for each in drift.differences] == [1]
