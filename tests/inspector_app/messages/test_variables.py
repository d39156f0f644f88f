import json
import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector_app.messages.variables import Scope, VariableError


def test_values_are_put_into_plain_text() -> None:
    scope = Scope(layers=[{"host": "localhost", "port": 8765, "path": "/rpc"}])
    assert scope.text("ws://${host}:${ port }${path}") == "ws://localhost:8765/rpc"
    assert scope.text("costs $5, $${host} and $$") == "costs $5, ${host} and $$"


def test_a_string_that_is_one_variable_takes_its_type() -> None:
    scope = Scope(layers=[{"n": 7, "yes": True, "who": {"name": "Ada", "tags": [1]}, "text": "x"}])
    assert json.loads(scope.json('{"a": "${n}", "b": "${yes}", "c": "${who}", "d": "${text}"}')) == {
        "a": 7,
        "b": True,
        "c": {"name": "Ada", "tags": [1]},
        "d": "x",
    }
    assert json.loads(scope.json('["no ${n}", "${who.name}", "${who.tags[0]}"]')) == ["no 7", "Ada", 1]


def test_the_layout_and_all_else_stay_as_typed() -> None:
    scope = Scope(layers=[{"n": 7}])
    assert (
        scope.json('{ "a" :1.50,\n"b":"\\u0041 ${n}" , "${n}": "${n}"}')
        == '{ "a" :1.50,\n"b":"A 7" , "7": 7}'
    )
    assert scope.json('{"a": "\\u0041"}') == '{"a": "\\u0041"}'


@given(st.text(max_size=20), st.text(max_size=20))
def test_whatever_a_value_is_it_stays_a_value(before: str, value: str) -> None:
    before = before.replace("$", "")
    scope = Scope(layers=[{"v": value.replace("$", "")}])
    filled = json.loads(scope.json(json.dumps({"a": before + "${v}", "b": "${v}"})))
    assert filled == {"a": before + value.replace("$", ""), "b": value.replace("$", "")}


def test_the_first_layer_that_knows_a_name_gives_its_value() -> None:
    scope = Scope(layers=[{"a": 1}, {"a": 2, "b": "${a}"}], saved={})
    assert scope.text("${a} ${b}") == "1 1"
    scope.saved["a"] = 3
    assert scope.text("${a} ${b}") == "3 3"


def test_what_an_answer_gave_is_data_and_no_reference() -> None:
    scope = Scope(environ={"TOKEN": "s3cret-value"}, saved={"name": "${env:TOKEN}"})
    assert scope.text("${name}") == "${env:TOKEN}"


def test_a_secret_of_the_environment_is_sent_and_not_shown() -> None:
    scope = Scope(layers=[{"token": "Bearer ${env:TOKEN}"}], environ={"TOKEN": 's3cret"value', "SHORT": "ab"})
    sent = scope.json('{"token": "${token}", "short": "${env:SHORT}"}')
    assert json.loads(sent) == {"token": 'Bearer s3cret"value', "short": "ab"}
    assert "s3cret" not in scope.hide(sent)
    assert scope.hide('it was s3cret"value') == "it was ${env:TOKEN}"


def test_built_in_variables_are_new_each_time() -> None:
    scope = Scope()
    one, other = json.loads(scope.json('["${uuid}", "${uuid}"]'))
    assert one != other
    assert uuid.UUID(one).version == 4
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", scope.text("${now}"))
    seconds, milliseconds = json.loads(scope.json('["${now:s}", "${now:ms}"]'))
    assert abs(milliseconds - seconds * 1000) < 60_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("${tokne}", "There is no variable tokne: did you mean token?"),
        ("${env:NOPE}", "The environment variable NOPE is not set: set it and start again."),
        ("${a}", "The variable a stands for itself (a → b → a): give it a value."),
        ("${token.x}", "The variable token has no x."),
        ("${}", "${} names no variable: write ${name}, ${env:NAME}, ${uuid}, ${now}, ${now:s}, ${now:ms}."),
    ],
)
def test_what_has_no_value_is_told_in_a_sentence(text: str, said: str) -> None:
    scope = Scope(layers=[{"token": "t", "a": "${b}", "b": "${a}"}])
    with pytest.raises(VariableError) as caught:
        scope.text(text)
    assert str(caught.value) == said


def test_values_that_make_each_other_ever_longer_are_refused() -> None:
    layer: dict[str, object] = {"v0": "x" * 1000}
    for n in range(1, 9):
        layer[f"v{n}"] = f"${{v{n - 1}}}" * 10
    with pytest.raises(VariableError, match="longer than 16 million characters"):
        Scope(layers=[layer]).text("${v8}")


@pytest.mark.parametrize("shown", ["{secret}", '"{quoted}"', '{{"token": "{cut}…', 'it is "{cut_quoted}…'])
def test_a_secret_is_hidden_in_whatever_form_it_is_shown(shown: str) -> None:
    secret = 'é-s3cret"value-of-a-token'
    quoted = json.dumps(secret, ensure_ascii=False)[1:-1]
    scope = Scope(environ={"TOKEN": secret})
    scope.text("${env:TOKEN}")
    told = scope.hide(shown.format(secret=secret, quoted=quoted, cut=secret[:9], cut_quoted=quoted[:14]))
    assert "s3cr" not in told
    assert "${env:TOKEN}" in told


def test_values_that_look_up_each_other_ever_more_often_are_refused() -> None:
    layer = {f"a{n}": f"${{a{n + 1}}}" * 100 for n in range(8)} | {"a8": ""}
    with pytest.raises(VariableError, match="more than 200,000 variables"):
        Scope(layers=[layer]).text("${a0}")
    with pytest.raises(VariableError, match="more than 200,000 variables"):
        Scope(layers=[layer]).json('["${a0}"]')


@pytest.mark.parametrize("text", ['"${big}"', '"so ${big}"', '"${all}"'])
def test_a_number_that_an_answer_made_infinite_is_told_and_not_sent(text: str) -> None:
    scope = Scope(saved={"big": float("inf"), "all": {"list": [float("nan")]}})
    with pytest.raises(VariableError, match=r"The value of (big|all) has a number that is too large"):
        scope.json(text)
