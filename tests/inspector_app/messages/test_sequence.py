from xml.etree import ElementTree as ET

import pytest

from inspector_app.messages.answers import Answer, Ready
from inspector_app.messages.collection import Message
from inspector_app.messages.junit import junit_xml
from inspector_app.messages.sequence import Step, run_sequence
from inspector_app.messages.variables import Scope


class Script:
    """Gives answers by operation, and keeps what was sent."""

    def __init__(self, **answers: Answer) -> None:
        self.answers = answers
        self.sent: list[Ready] = []

    async def call(self, message: Ready) -> Answer:
        self.sent.append(message)
        return self.answers[message.operation]


OK = Answer(
    outcome="ok", data={"session": {"token": "t-1"}, "ok": True}, latency_ns=10**6, duration_ns=2 * 10**6
)
MISSING = Answer(outcome="error", code="not_found", message="no such thing", duration_ns=10**6)

LOGIN = Message(
    name="Log in", operation="login", save={"token": "data.session.token"}, expect=("data.ok == true",)
)
ORDER = Message(name="Order", operation="order", data='{"by": "${token}"}')


async def test_what_an_answer_gave_goes_into_the_next_message() -> None:
    script = Script(login=OK, order=OK)
    steps: list[Step] = []
    report = await run_sequence([LOGIN, ORDER], Scope(), script, on_step=steps.append)
    assert [step.result for step in report.steps] == ["passed", "passed"]
    assert script.sent[1].data_json == '{"by": "t-1"}'
    assert report.passed
    assert tuple(steps) == report.steps


async def test_after_a_failure_the_others_are_skipped() -> None:
    script = Script(login=MISSING, order=OK)
    report = await run_sequence([LOGIN, ORDER], Scope(layers=[{"token": "x"}]), script)
    assert [step.result for step in report.steps] == ["failed", "skipped"]
    assert report.steps[0].reasons == [
        "It ended with the error not_found: no such thing.",
        "data.ok == true: there is nothing",
    ]
    assert not report.passed
    assert len(script.sent) == 1


async def test_with_keep_going_they_are_not() -> None:
    script = Script(login=MISSING, order=OK)
    report = await run_sequence([LOGIN, ORDER], Scope(layers=[{"token": "x"}]), script, keep_going=True)
    assert [step.result for step in report.steps] == ["failed", "passed"]


async def test_an_error_that_is_expected_passes() -> None:
    message = Message(name="x", operation="order", expect=("code is not_found",))
    report = await run_sequence([message], Scope(), Script(order=MISSING))
    assert report.passed


@pytest.mark.parametrize(
    ("message", "answer", "reason"),
    [
        (ORDER, OK, "There is no variable token: give it a value, such as in an environment."),
        (
            LOGIN,
            Answer(outcome="ok", data={"ok": True}),
            "data.session.token cannot be saved as token: the answer has none.",
        ),
        (LOGIN, Answer(outcome="timeout", data={"ok": True}), "No answer came in time."),
        (
            LOGIN,
            Answer(outcome="lost", data={"ok": True}, message="code 1006"),
            "The connection ended before the answer: code 1006.",
        ),
        (LOGIN, Answer(outcome="overflow", data={"ok": True}), "It was overflow."),
    ],
)
async def test_why_a_message_failed_is_told(message: Message, answer: Answer, reason: str) -> None:
    report = await run_sequence([message], Scope(), Script(login=answer, order=answer))
    assert report.steps[0].result == "failed"
    assert report.steps[0].reasons[0] == reason


async def test_variables_stand_in_expectations_too() -> None:
    message = Message(name="x", operation="order", expect=('data.session.token == "${wanted}"',))
    assert (await run_sequence([message], Scope(layers=[{"wanted": "t-1"}]), Script(order=OK))).passed
    assert not (await run_sequence([message], Scope(layers=[{"wanted": "t-2"}]), Script(order=OK))).passed


async def test_a_run_is_told_as_junit_without_secrets_and_control_characters() -> None:
    scope = Scope(environ={"TOKEN": "very-secret"})
    bad = Answer(outcome="error", code="application", message="refused very-secret \x1b[31m")
    messages = [
        LOGIN,
        Message(name="Bad", operation="bad", data='{"t": "${env:TOKEN}"}'),
        Message(name="Last", operation="login"),
    ]
    report = await run_sequence(messages, scope, Script(login=OK, bad=bad))
    text = junit_xml(report, suite="Orders", hide=scope.hide)
    suite = ET.fromstring(text)[0]  # noqa: S314 - made by what is tested
    assert [suite.get(name) for name in ("name", "tests", "failures", "skipped")] == ["Orders", "3", "1", "1"]
    first, second, third = suite
    assert (first.get("name"), first.get("time")) == ("Log in", "0.002")
    assert second[0].tag == "failure"
    assert "${env:TOKEN}" in str(second[0].get("message"))
    assert third[0].tag == "skipped"
    assert "very-secret" not in text
    assert "\x1b" not in text
