import json
from datetime import UTC, datetime

import pytest

from inspector_app.schemas.checking import Problem
from inspector_app.schemas.examples import data_template
from inspector_app.schemas.judging import Judgement
from inspector_app.schemas.rows import MOST_BYTES, NotTakenError
from inspector_app.viewer.filling import Filling

SCHEMA = {
    "type": "object",
    "properties": {
        "operation": {"const": "order"},
        "name": {"type": ["string", "null"], "default": "Ada", "description": "Who\nasks."},
        "id": {"type": "string", "format": "uuid"},
        "at": {"type": "string", "format": "date-time"},
        "either": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        "list": {"type": "array", "items": {"type": "integer"}},
        "in": {"type": "object", "properties": {"deep": {"type": "object", "required": ["x"]}}},
    },
    "required": ["operation", "id"],
}


def filling(text: str, schema: object = SCHEMA) -> Filling:
    made = Filling()
    made.use(schema)
    made.read(text)
    return made


def at(form: Filling, *path: str | int) -> int:
    index = form.index_of(path)
    assert index is not None
    return index


def names(form: Filling) -> list[str]:
    return [line.name for line in form.lines]


def test_the_name_of_the_operation_has_no_line_unless_it_was_typed() -> None:
    assert "operation" not in names(filling("{}"))
    assert "operation" in names(filling('{"operation": "order"}'))


def test_a_schema_that_names_the_operation_is_checked_with_it() -> None:
    form = filling("{}")
    assert json.loads(form.to_check("{}", 'or"der')) == {"operation": 'or"der'}
    assert json.loads(form.to_check(' {"id": 1} ', "order")) == {"operation": "order", "id": 1}
    assert filling("{}", {"properties": {}}).to_check("{}", "order") == "{}"


def test_a_union_takes_what_is_typed_by_the_first_variant_that_can() -> None:
    form = filling('{"either": "a"}')
    assert json.loads(form.typed(at(form, "either"), "7")) == {"either": "7"}
    form = filling('{"either": 1}')
    assert json.loads(form.typed(at(form, "either"), "7")) == {"either": 7}
    assert json.loads(form.typed(at(form, "either"), "seven")) == {"either": "seven"}
    assert form.lines[at(form, "either")].kind == "integer"


def test_null_is_put_where_it_is_taken() -> None:
    form = filling('{"name": "x", "id": "y"}')
    assert json.loads(form.nulled(at(form, "name")) or "")["name"] is None
    assert form.nulled(at(form, "id")) is None


def test_now_and_a_new_identifier_are_put_in() -> None:
    form = filling("{}")
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert json.loads(form.renewed(at(form, "at"), noon) or "") == {"at": "2026-01-31T12:00:00.000Z"}
    assert len(json.loads(form.renewed(at(form, "id")) or "")["id"]) == 36
    assert form.renewed(at(form, "name")) is None


def test_items_change_places_with_all_else_as_it_was_typed() -> None:
    form = filling('{"list": [1 ,  2.50,3]}')
    assert form.moved(at(form, "list", 0), 1) == ('{"list": [2.50 ,  1,3]}', ("list", 1))
    assert form.moved(at(form, "list", 0), -1) is None
    assert form.moved(at(form, "list", 2), 1) is None
    assert form.moved(at(form, "list"), 1) is None


def test_a_problem_without_a_line_is_told_at_what_holds_it() -> None:
    form = filling('{"in": {"deep": {}}}')
    form.judged(Judgement((Problem(("in", "deep", "x"), "must be there"), Problem(("id",), "is missing"))))
    form.fold(at(form, "in"))
    lines = {line.name: line.problem for line in form.lines}
    assert lines["in"] == "data.in.deep.x: must be there"
    assert lines["id"] == "is missing"
    assert form.problem == "data.in.deep.x: must be there"


def test_what_is_required_is_filled_in_at_every_depth_and_nothing_else_changes() -> None:
    form = filling("{}")
    text = '{"in" : {"deep": {}},\n "extra": 1e5}'
    filled = form.filled(text, whole=False)
    assert filled.startswith('{"in" : {"deep": {}},\n "extra": 1e5')
    assert set(json.loads(filled)) == {"in", "extra", "id"}
    assert set(json.loads(form.filled(text, whole=True))) == {"in", "extra", *SCHEMA["properties"]} - {
        "operation"
    }


def test_where_a_place_stands_is_known_both_ways() -> None:
    text = '{"in": {"deep": {"x": [1, 22]}}}'
    form = filling(text)
    span = form.span(("in", "deep", "x", 1))
    assert span is not None
    assert text[slice(*span)] == "22"
    assert form.path_at(text.index("22")) == ("in", "deep", "x", 1)
    assert form.path_at(0) == ()


@pytest.mark.parametrize("text", ["", "{", "[1]", None])
def test_of_what_is_no_object_there_are_no_lines_but_a_reason(text: str | None) -> None:
    form = Filling()
    form.use(SCHEMA)
    form.read(text)
    assert form.lines == []
    assert form.why.endswith(".")


def test_a_map_takes_a_member_by_its_name_once() -> None:
    form = filling('{"a": 1}', {"type": "object", "additionalProperties": {"type": "integer"}})
    adds = len(form.rows) - 1
    assert json.loads(form.typed(adds, "b.c")) == {"a": 1, "b.c": 0}
    for name, said in (("a", "There is a member"), ("", "Type the name")):
        with pytest.raises(NotTakenError, match=said):
            form.typed(adds, name)


def test_defaults_and_documentation_are_told_of_what_is_missing() -> None:
    line = filling("{}").lines[0]
    assert (line.name, line.value, line.state) == ("name", '("Ada" if left out)', "missing")
    assert line.about == 'Who asks.  Default: "Ada".'
    assert line.kind == "text, or null"


def test_all_that_is_missing_is_filled_in_at_once_however_much_it_is() -> None:
    names = [f"n{number}" for number in range(450)]
    schema = {
        "properties": {
            "at": {"properties": {"x": {"type": "integer"}}},
            **{n: {"type": "null"} for n in names},
        }
    }
    form = filling('{"n7": 7, "at": {"y": 1}}', schema)
    filled = json.loads(form.filled('{"n7": 7, "at": {"y": 1}}', whole=True))
    assert filled == {"n7": 7, "at": {"y": 1, "x": 0}, **{name: None for name in names if name != "n7"}}


def test_what_the_schema_gives_fills_no_more_than_a_form_can_hold() -> None:
    schema = {"properties": {f"n{number}": {"default": "x" * 8_000} for number in range(100)}}
    filled = filling("{}", schema).filled('{"a": 1}', whole=True)
    assert 32_000 < len(filled) < MOST_BYTES
    assert len(data_template(schema, whole=True)) < MOST_BYTES


@pytest.mark.parametrize("text", ['{"id": ', "[1]", '"text"'])
def test_what_was_typed_is_not_lost_to_an_example(text: str) -> None:
    with pytest.raises(NotTakenError):
        filling(text).filled(text, whole=False)


def test_an_item_that_has_a_member_of_the_name_operation_is_filled_in_with_it() -> None:
    form = Filling()
    form.opens = False
    form.use({"properties": {"operation": {"type": "string"}}, "required": ["operation"]})
    assert json.loads(form.filled("{}", whole=False)) == {"operation": ""}
    assert json.loads(form.filled('{"a": 1}', whole=False)) == {"a": 1, "operation": ""}


@pytest.mark.parametrize("value", ["abc", "${a} and more", 7, None, 1.50, True])
def test_to_take_what_any_json_is_as_it_is_changes_nothing(value: object) -> None:
    text = json.dumps({"any": value, "list": value, "in": value})
    form = filling(text, {"properties": {"any": {}, "list": {"type": "array"}, "in": {"type": "object"}}})
    for name in ("any", "list", "in"):
        line = form.lines[at(form, name)]
        assert line.edit == "text"
        assert form.typed(at(form, name), line.typed or json.dumps(value)) == text


def test_a_line_says_that_a_variable_is_checked_later() -> None:
    form = filling('{"either": "${n}", "id": "x${n}", "list": "${l}"}')
    said = {line.name: "A variable: checked once its value is known." in line.about for line in form.lines}
    assert (said["either"], said["id"], said["list"]) == (True, False, True)
    assert form.lines[at(form, "list")].typed == "${l}"
