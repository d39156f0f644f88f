import pytest

from inspector_app.messages.answers import Answer
from inspector_app.messages.expectations import ExpectationError, read_expectation

ANSWER = Answer(
    outcome="ok",
    data={"ok": True, "id": 7, "name": "Ada L", "list": [1, None, {"a": "x"}], "a b": 1, "none": None},
    items=({"p": 1}, {"p": 2}),
    latency_ns=3_000_000,
    duration_ns=5_000_000,
)
FAILED = Answer(outcome="error", code="not_found", message="no such order", details={"id": 3}, duration_ns=10)


@pytest.mark.parametrize(
    "source",
    [
        "data.ok == true",
        "expect data.ok == true",
        "data.id == 7",
        "data.id==7.0",
        "data.id != 8",
        "data.id > 6.5",
        "data.id <= 7",
        'data.name == "Ada L"',
        'data.name > "Ada"',
        "data.name contains L",
        "data.list contains null",
        "data contains id",
        "data.name matches /^ada/i",
        "data matches /Ada/",
        'data.list[2] == {"a": "x"}',
        "data.list[-1].a == x",
        'data."a b" == 1',
        "data.none == null",
        "data.none is null",
        "data.none exists",
        "data.nope is missing",
        "data.list is array",
        "data.ok is boolean",
        "data.id is integer",
        "data.id is number",
        "data is object",
        "count == 2",
        "items[0].p == 1",
        "items[-1].p == 2",
        "latency < 200ms",
        "latency == 3ms",
        "duration >= 0.005s",
        "outcome is ok",
        "outcome == ok",
        "code is missing",
    ],
)
def test_it_is_met(source: str) -> None:
    assert read_expectation(source).judge(ANSWER).met


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("data.ok == 1", "it is true"),
        ("data.id == true", "it is 7"),
        ("data.id is boolean", "it is 7"),
        ("data.ok is integer", "it is true"),
        ("data.id > x", "it is 7"),
        ("data.nope == 1", "there is nothing"),
        ("data.nope exists", "there is nothing"),
        ("data.id is missing", "it is 7"),
        ("latency < 1ms", "it is 3 ms"),
        ("code is not_found", "there is nothing"),
        ("count == 3", "it is 2"),
        ("items[5] exists", "there is nothing"),
        ("data.name matches /^L/", 'it is "Ada L"'),
    ],
)
def test_it_is_not_met_and_what_came_is_told(source: str, told: str) -> None:
    verdict = read_expectation(source).judge(ANSWER)
    assert (verdict.met, verdict.text) == (False, told)


def test_an_error_can_be_what_is_expected() -> None:
    for source in ("outcome is error", "code is not_found", 'message contains "such"', "details.id == 3"):
        expectation = read_expectation(source)
        assert expectation.speaks_of_failure
        assert expectation.judge(FAILED).met
    assert read_expectation("latency < 1s").judge(FAILED).text == "there is nothing"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "is not finished"),
        ("data.x ==", "is not"),
        ("data.x = 1", "'= 1' is not understood"),
        ("foo == 1", "foo is nothing that an answer has: use data, items"),
        ("dat.x == 1", "dat is nothing that an answer has: did you mean data?"),
        ("latency < 200", "latency is a time: write it with its unit, such as 200ms."),
        ("latency < soon", "latency is a time"),
        ("count.x == 1", "count has no parts: take .x away."),
        ("data.id is colour", "colour is no type: use text"),
        ("data matches /(/", "This regular expression cannot be used"),
        ("data == {x", "{x is no JSON value: mend it."),
        ("data.id == 7 8", "'8' is not understood"),
        ("x" * 3000, "An expectation has at most 2000 characters"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(source: str, said: str) -> None:
    with pytest.raises(ExpectationError) as caught:
        read_expectation(source)
    assert said in str(caught.value)


def test_an_expression_over_a_huge_text_is_no_endless_work() -> None:
    answer = Answer(outcome="ok", data="a" * 3_000_000)
    expectation = read_expectation("data matches /(a{1,500}){1,2}b/")
    assert expectation.judge(answer).text == "the text is too large for this expression"


def test_a_path_that_is_too_long_is_told_in_a_sentence() -> None:
    with pytest.raises(ExpectationError, match="is no path that can be followed: make it shorter"):
        read_expectation(f"data{'.a' * 60} == 1")


@pytest.mark.parametrize(
    ("value", "wanted", "met"),
    [
        ([True], "[1]", False),
        ({"a": [1]}, '{"a": [true]}', False),
        ([0, {"b": False}], '[0, {"b": 0}]', False),
        ([1], "[1.0]", True),
        ({"a": {"b": [1, None]}}, '{"a": {"b": [1.0, null]}}', True),
        ([1, 2], "[1]", False),
        ({"a": 1}, '{"a": 1, "b": 2}', False),
    ],
)
def test_no_number_is_true_however_deep_it_is(value: object, wanted: str, met: bool) -> None:
    assert read_expectation(f"data == {wanted}").judge(Answer(outcome="ok", data=value)).met is met
    assert read_expectation(f"items contains {wanted}").judge(Answer(outcome="ok", items=(value,))).met is met
