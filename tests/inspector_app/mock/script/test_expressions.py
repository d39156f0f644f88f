"""Expressions: what they give, what they refuse, and that none of them gets out of hand."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector_app.mock.script import fakes, functions, values
from inspector_app.mock.script.expressions import EVERYWHERE, LONGEST, compiled
from inspector_app.mock.script.scope import Scope
from inspector_app.mock.script.values import ExpressionError

WHOLE_NUMBERS = "fake.int takes the smallest and the largest whole number, such as fake.int(1, 6)"
DATA = {
    "name": "Ada",
    "n": 3,
    "items": [{"x": 1}, {"x": 2}, {}],
    "a b": {"c": 5},
    "from": "q",
    "first-name": "z",
    "none": None,
    "yes": True,
    "tags": {"p": 1, "q": 2},
}


def scope(**names: Any) -> Scope:
    counters: dict[str, int] = {}

    def counter(name: str, start: int) -> int:
        counters[name] = counters.get(name, start - 1) + 1
        return counters[name]

    return Scope({"data": DATA, "index": 0, **names}, "seed", counter)


def value(text: str, **names: Any) -> Any:
    return compiled(text, EVERYWHERE)(scope(**names))


def condition(text: str) -> Any:
    return compiled(text, EVERYWHERE, lenient=True)(scope())


def why(text: str) -> str:
    with pytest.raises(ExpressionError) as caught:
        value(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("data.name", "Ada"),
        ("data", DATA),
        ("data.items[1].x", 2),
        ("data.items[-2].x", 2),
        ("data.items[*].x", [1, 2]),
        ("data.tags[*]", [1, 2]),
        ('data."a b".c', 5),
        ("data.'a b'.c", 5),
        ("data.from", "q"),
        ("data.first-name", "z"),
        ("data.n - 1", 2),
        ("data.n -1", 2),
        ('data["name"]', "Ada"),
        ("data.items[index].x", 1),
        ("data.items[data.n - 2].x", 2),
        ("1 + 2 * 3 - 4 / 2", 5.0),
        ("(1 + 2) * 3", 9),
        ("7 // 2 + 7 % 4", 6),
        ("-data.n + 1", -2),
        ("1.5e2", 150.0),
        ("'a' + \"b\" + 'c\\'d'", "abc'd"),
        ("[1] + [2, 'x']", [1, 2, "x"]),
        ("[]", []),
        ("null", None),
        ("true and false or not false", True),
        ("data.name or 'x'", "Ada"),
        ("data.none or 'x'", "x"),
        ("1 == 1.0", True),
        ("true == 1", False),
        ("[1, [2]] == [1, [2.0]]", True),
        ("data.tags == data.tags", True),
        ("data.n != 3", False),
        ("data.n >= 3 and data.n <= 3 and not data.n < 3 and not data.n > 3", True),
        ("'a' < 'b'", True),
        ("2 in data.items[*].x", True),
        ("'x' not in data.items[0]", False),
        ("'Ad' in data.name", True),
        ("true in [1]", False),
        ("'big' if data.n > 2 else 'small'", "big"),
        ("1 if false else 2 if false else 3", 3),
        ("data.name | upper | replace('A', 'O')", "ODO"),
        ("'x' + data.name | lower", "xada"),
        ("default(data.nope.deep, 'you')", "you"),
        ("data.nope | default('you') | upper", "YOU"),
        ("data.none | default(1)", 1),
        ("has(data.name) and not has(data.nope) and not has(data.none)", True),
        ("matches(data.name, '^a', 'i')", True),
        ("matches(data.name, 'x')", False),
        ("counter('c') + counter('c') * 10", 21),
        ("counter('d', 100)", 100),
        ("length(data.items) + length('ab') + length(data.tags)", 7),
        ("title('a b') + trim('  x ') + cut('hello', 2)", "A Bxhe"),
        ("join(split('a b'), '-')", "a-b"),
        ("join([1, 'x', null])", "1, x, null"),
        ("starts('abc', 'ab') and ends('abc', 'bc')", True),
        ("text(data.tags)", '{"p": 1, "q": 2}'),
        ("number('12') + number('1.5') + number(2)", 15.5),
        ("int('-1.5')", -2),
        ("round(2.567, 1)", 2.6),
        ("round(2.567)", 3),
        ("abs(-2) + min(1, 2) + max([3, 4]) + sum([5, 6])", 18),
        ("first([1, 2]) + last([1, 2])", 3),
        ("keys(data.tags) + values(data.tags)", ["p", "q", 1, 2]),
        ("range(3)", [0, 1, 2]),
        ("put(data.tags, 'r', 3)", {"p": 1, "q": 2, "r": 3}),
        ("put(data.tags, 7, 3)", {"p": 1, "q": 2, "7": 3}),
        ("append([1], 2)", [1, 2]),
        ("remove(data.tags, 'p')", {"q": 2}),
        ("remove([1, 2, 1], 1)", [2]),
        ("length(now()) + length(today())", 34),
        ("timestamp() > 1600000000000", True),
    ],
)
def test_it_gives(text: str, wanted: Any) -> None:
    found = value(text)
    assert found == wanted
    assert type(found) is type(wanted)


def test_what_is_changed_is_a_new_value() -> None:
    for text in ("put(data.tags, 'r', 1)", "remove(data.tags, 'p')", "append(data.items, 1)"):
        value(text)
    assert DATA["tags"] == {"p": 1, "q": 2}
    assert DATA["items"] == [{"x": 1}, {"x": 2}, {}]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("data.nope", "there is no data.nope"),
        ("data.items[7].x", "there is no data.items[7]"),
        ("data.items[2].x", "there is no data.items[2].x"),
        ("data.name.x", "there is no data.name.x"),
        ("data.items[true]", "there is no data.items.True"),
        ("item.x", "there is no item yet"),
        ("order", "there is no order here: there is data, item, index, call, state and peer"),
        ("dato.name", "there is no dato here: did you mean data?"),
        ("data.name | upp", "there is no function upp: did you mean upper?"),
        ("frobnicate(1)", "there is no function frobnicate: see docs/mock.md for those that there are"),
        ("fake.mial", "there is no fake.mial: did you mean mail?"),
        ("upper(1)", "upper takes a text, not a number"),
        ("upper(true)", "upper takes a text, not true or false"),
        ("upper()", "upper does not take so many values"),
        ("upper('a', 'b')", "upper does not take so many values"),
        ("default(1)", "default takes a value and what to take in its place"),
        ("1 + 'a'", "+ does not work with a number and a text"),
        ("'a' * 3", "* does not work with a text and a number"),
        ("null - 1", "- does not work with null and a number"),
        ("true + 1", "+ does not work with true or false and a number"),
        ("1 / 0", "nothing can be divided by 0"),
        ("1 % 0", "nothing can be divided by 0"),
        ("1 < 'a'", "< compares numbers or texts, not a number and a text"),
        ("1 in 2", "in looks into a list, an object or a text, not a number"),
        ("number('x')", "'x' is no number"),
        ("first([])", "first takes one item at least"),
        ("min([])", "min takes one number at least"),
        ("split('a', '')", "split takes a text to split at"),
        ("matches(data.name)", "matches takes a value and a regular expression in quotes"),
        ("matches(data.name, data.name)", "matches takes a value and a regular expression in quotes"),
        ("matches(data.name, 'a', 'x')", "the flags of a regular expression are i, m and s"),
        ("matches(data.n, 'a')", "matches takes a text, not a number"),
        ("counter(data.name)", 'counter takes a name in quotes, and where to begin: counter("orders", 1000)'),
        ("fake.int('a')", "fake.int takes the smallest and the largest whole number, such as fake.int(1, 6)"),
        (
            "fake.int(2, 1)",
            "fake.int takes the smallest and the largest whole number, such as fake.int(1, 6)",
        ),
        ("fake.number(0, 1, 99)", "fake.number takes bounds, and digits, such as fake.number(0, 100, 2)"),
        ("fake.pick([])", "fake.pick takes a list with something in it"),
        ("", "'' is not finished"),
        ("(1", "'(1' is not finished"),
        ("1 2", "'1 2' cannot be understood at '2'"),
        ("a; b", "'a; b' cannot be understood at '; b'"),
        ("data.n ** 2", "'data.n ** 2' cannot be understood at '* 2'"),
        ("1 > not (true)", "not cannot stand here: put parentheses around what belongs together"),
        ("1 + if", "if cannot stand here: put parentheses around what belongs together"),
        ("'\\x'", "the backslashes in '\\x' are none of JSON"),
    ],
)
def test_it_refuses(text: str, told: str) -> None:
    assert why(text) == told


def test_a_regular_expression_that_is_none_is_told() -> None:
    assert why("matches(data.name, '(')").startswith("this regular expression cannot be used (")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("data.nope > 1", False),
        ("not (data.nope > 1)", True),
        ("data.nope == null", True),
        ("data.nope == 1 or data.n == 3", True),
        ("data.name > 1", False),
        ("matches(data.nope, 'a')", False),
        ("'x' in data.nope", False),
        ("item.x == 1", False),
    ],
)
def test_in_a_condition_what_is_not_there_is_null(text: str, wanted: bool) -> None:
    assert bool(condition(text)) is wanted


def test_names_that_have_known_parts_are_checked_before_anything_runs() -> None:
    with pytest.raises(ExpressionError, match=r"there is no state\.ordrs: did you mean orders\?"):
        compiled("state.ordrs", {"state": {"orders"}})
    with pytest.raises(ExpressionError, match=r"there is no peer\.user: declare it in \[peer\]"):
        compiled("peer.user", {"peer": set[str]()})


@pytest.mark.parametrize(
    "text",
    [
        "data.x" * 500,
        "not " * 490 + "true",
        "-" * 1500 + "1",
        "(" * 900 + "1" + ")" * 900,
        "[" * 900 + "]" * 900,
        "data" + ".x" * 60,
        "1" * 400,
        "1e400",
        "9" * 18 + "*" + "9" * 18,
        "1 if " * 300,
        "range(100000000)",
        "sum(range(100001))",
    ],
)
def test_what_is_too_much_ends_at_once(text: str) -> None:
    began = time.thread_time()
    try:
        value(text)
    except ExpressionError:
        pass
    except RecursionError:
        assert len(text) <= LONGEST  # told as a sentence by the template around it
    assert time.thread_time() - began < 5


@pytest.mark.parametrize(
    "text", ["round(data)", "int(data)", "cut('abc', data)", "fake.number(0, data)", "data + 1"]
)
@pytest.mark.parametrize("data", [float("inf"), 10**400])
def test_numbers_from_the_wire_may_be_of_any_size(text: str, data: Any) -> None:
    try:
        assert value(text, data=data) == "abc"
    except ExpressionError as error:
        refused = str(error)
        assert "too large" in refused or "bounds" in refused


def test_texts_and_lists_are_bounded() -> None:
    half, list_ = "x" * (values.LONGEST_TEXT // 2 + 1), [0] * values.LARGEST_LIST
    for text in ("data + data", "replace(data, 'x', 'yy')", "join([data, data])", "data + text([data])"):
        with pytest.raises(ExpressionError, match="longer than"):
            value(text, data=half)
    with pytest.raises(ExpressionError, match="matches takes a text of up to 1,000,000 characters"):
        value("matches(data, 'x')", data=half + half)
    for text in ("append(data, 1)", "data + [1]"):
        with pytest.raises(ExpressionError, match="more than 100,000 items"):
            value(text, data=list_)
    with pytest.raises(ExpressionError, match="longer than"):
        value("text(data)", data=["x" * 1000] * 2000)


@pytest.mark.parametrize("name", sorted(fakes.FAKES))
def test_what_is_made_up_is_the_same_for_the_same_seed_and_another_for_another(name: str) -> None:
    call = f"fake.{name}([1, 2, 3, 4])" if name == "pick" else f"fake.{name}"
    make = compiled(f"[{', '.join([call] * 12)}]", EVERYWHERE)
    assert make(Scope({}, "a")) == make(Scope({}, "a"))
    assert make(Scope({}, "a")) != make(Scope({}, "b"))


def test_what_is_made_up_looks_as_it_should() -> None:
    assert value("matches(fake.mail, '^[a-z]+[.][a-z]+[0-9]+@[a-z]+[.]example$')")
    assert value(
        "matches(fake.uuid, '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$')"
    )
    assert value("matches(fake.date, '^20[0-9]{2}-[0-9]{2}-[0-9]{2}$')")
    assert value("matches(fake.time, '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$')")
    assert value("fake.int(3, 3) + fake.number(2, 2)") == 5.0


@given(st.text(alphabet="data.[]()\"'+-*/%<>=!|,0123456789 notandorifelsetruefakenull$@\\", max_size=60))
def test_any_text_is_an_expression_or_refused_with_a_sentence(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        value(text)


def test_what_is_joined_is_not_made_before_it_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    def text_of(each: Any) -> str:
        made.append(each)
        return "x" * 600_000

    monkeypatch.setattr(functions, "text_of", text_of)
    with pytest.raises(ExpressionError, match="longer than 1,000,000 characters"):
        value("join([1, 2, 3, 4, 5, 6])")
    assert made == [1, 2]


@pytest.mark.parametrize("text", ["round(data)", "cut('abc', data)", "round(1.5, data)"])
def test_what_is_no_number_on_the_wire_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        value(text, data=float("nan"))


@pytest.mark.parametrize(("step", "told"), [(None, "None"), (True, "True"), ({}, "{}")])
def test_a_step_that_is_no_key_leads_nowhere(step: object, told: str) -> None:
    with pytest.raises(ExpressionError, match=rf"there is no data\.{told}$"):
        value("data[item]", data=[1, 2], item=step)


def test_a_place_of_many_digits_is_told_in_bounds() -> None:
    with pytest.raises(ExpressionError) as caught:
        value("data[item]", data=[1], item=10**300)
    assert len(str(caught.value)) < 100
