"""Templates in values: types, texts, where something is wrong, how large it may get."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector_app.mock.script.expressions import EVERYWHERE
from inspector_app.mock.script.scope import Scope
from inspector_app.mock.script.templates import TemplateError, expression, literal, template
from inspector_app.mock.script.values import MOST_MADE
from inspector_app.toml_lines import Place


def made(source: Any, **names: Any) -> Any:
    return template(source, ("answer",), EVERYWHERE, _fail)(Scope(dict(names)))


def _fail(path: Place, text: str) -> None:
    raise AssertionError((path, text))


def problems(source: Any) -> list[tuple[Place, str]]:
    found: list[tuple[Place, str]] = []
    template(source, ("answer",), EVERYWHERE, lambda path, text: found.append((path, text)))
    return found


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("plain", "plain"),
        ("{{ data.n }}", 7),
        ("  {{ data.n }}", "  7"),
        ("{{data.n}}{{data.n}}", "77"),
        ("{{ data.none }}", None),
        ("{{ data }}", {"n": 7, "none": None, "name": "Ada"}),
        ("x {{ data.none }} {{ [1, true] }}", "x null [1, true]"),
        ("{{ '}}' }} and {{ \"{{\" }}", "}} and {{"),
        ({"a": ["{{ data.n }}", {"b": "{{ data.name }}!"}], "c": 1.5}, {"a": [7, {"b": "Ada!"}], "c": 1.5}),
        ({"{{ data.n }}": 1}, {"{{ data.n }}": 1}),
        ("a } b {c}", "a } b {c}"),
    ],
)
def test_a_template_that_is_all_of_a_text_keeps_its_type(source: Any, wanted: Any) -> None:
    assert made(source, data={"n": 7, "none": None, "name": "Ada"}) == wanted


def test_a_template_without_a_value_says_where_it_stands() -> None:
    with pytest.raises(TemplateError) as caught:
        made({"a": [1, "x {{ data.nope }}"]}, data={})
    assert (caught.value.path, caught.value.text) == (("answer", "a", 1), "there is no data.nope")


def test_all_that_is_wrong_is_told_with_its_place() -> None:
    assert problems({"a": "{{ uper(1) }}", "b": ["{{ 1", "{{ 2 + }}"], "c": "{{ }}"}) == [
        (("answer", "a"), "there is no function uper: did you mean upper?"),
        (("answer", "b", 0), "a {{ has no }} behind it"),
        (("answer", "b", 1), "'2 +' is not finished"),
        (("answer", "c"), "'' is not finished"),
    ]


def test_values_may_not_be_nested_without_end() -> None:
    deep: Any = "x"
    for _ in range(150):
        deep = [deep]
    assert [text for _, text in problems(deep)] == ["values are nested deeper than 100"]


def test_an_expression_alone_can_be_wrong_too() -> None:
    found: list[tuple[Place, str]] = []
    value = expression("1 +", ("when",), EVERYWHERE, lambda path, text: found.append((path, text)))
    assert found == [(("when",), "'1 +' is not finished")]
    assert value(Scope()) is None


def test_one_answer_is_bounded_however_many_templates_it_has() -> None:
    text = "x" * 900_000
    few, many = ["{{ data }}"] * 10, ["{{ data }}"] * 20
    assert len(made(few, data=text)) == 10
    for source in (many, ["{{ data }} "] * 20, ["{{ [data, data] }}"] * 20):
        with pytest.raises(TemplateError, match=f"longer than {MOST_MADE:,} characters"):
            made(source, data=text)


def test_what_is_nested_too_deeply_to_be_worked_out_is_a_sentence() -> None:
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(TemplateError, match="nested too deeply"):
        made("{{ data == data2 }}".replace("data2", "item"), data=deep, item=[*deep])


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("a{}\" \\'"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab{}", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON)
def test_any_value_can_be_written_so_that_a_mock_gives_it_back(value: Any) -> None:
    assert made(literal(value)) == value


def test_what_is_written_has_no_null_which_toml_lacks() -> None:
    assert tomllib.loads(f"a = {json.dumps(literal([None]))}") == {"a": ["{{ null }}"]}
