"""Running a collection: its messages in order, each held against what is expected of it.

Owns the order, what is saved on the way, and what counts as failed. How a message is sent is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from inspector_app.messages.answers import NOT_SENT, Answer, Caller, Ready
from inspector_app.messages.expectations import Verdict, read_expectation
from inspector_app.messages.variables import VariableError
from inspector_app.payload_path import follow, steps_of

if TYPE_CHECKING:
    from inspector_app.messages.collection import Message
    from inspector_app.messages.variables import Scope

Result = Literal["passed", "failed", "skipped"]

_LONGEST_TOLD = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What became of one message of a sequence."""

    message: Message
    result: Result
    verdicts: tuple[Verdict, ...] = ()
    answer: Answer | None = None
    problem: str = ""
    """Why it failed beside its expectations, in one sentence; empty: it did not."""

    @property
    def reasons(self) -> list[str]:
        """Say why it failed, a sentence each."""
        told = [f"{each.expected}: {each.text}" for each in self.verdicts if not each.met]
        return [self.problem, *told] if self.problem else told


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a run."""

    steps: tuple[Step, ...]

    def count(self, result: Result) -> int:
        """Count the steps that ended so."""
        return sum(step.result == result for step in self.steps)

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.count("failed")


async def run_sequence(
    messages: Sequence[Message],
    scope: Scope,
    caller: Caller,
    *,
    keep_going: bool = False,
    on_step: Callable[[Step], None] = lambda _: None,
    on_begin: Callable[[Message], None] = lambda _: None,
) -> Report:
    """Send the messages one after the other. After a failure the others are skipped, unless to keep going.

    `on_begin` hears of each message before it is sent, `on_step` of what came of it.
    """
    steps: list[Step] = []
    stopped = False
    for message in messages:
        if stopped:
            step = Step(message=message, result="skipped")
        else:
            on_begin(message)
            step = await run_message(message, scope, caller)
        stopped = stopped or (step.result == "failed" and not keep_going)
        steps.append(step)
        on_step(step)
    return Report(tuple(steps))


async def run_message(message: Message, scope: Scope, caller: Caller) -> Step:
    """Send one message, judge its answer, and save of it what is to be saved."""
    try:
        ready = make_ready(message, scope)
        expected = [read_expectation(scope.json(source)) for source in message.expect]
    except (VariableError, ValueError) as error:
        return Step(message=message, result="failed", problem=str(error))
    answer = await caller.call(ready)
    verdicts = tuple(each.judge(answer) for each in expected)
    problem = ""
    if answer.outcome != "ok" and not any(each.speaks_of_failure for each in expected):
        problem = ending_told(answer)
    problem = problem or _save(message, answer, scope)
    met = all(verdict.met for verdict in verdicts)
    return Step(
        message=message,
        result="passed" if met and not problem else "failed",
        verdicts=verdicts,
        answer=answer,
        problem=problem,
    )


def make_ready(message: Message, scope: Scope) -> Ready:
    """Put the values of its variables into a message. Raises `VariableError`."""
    return Ready(
        kind=message.kind,
        operation=scope.text(message.operation),
        data_json=scope.json(message.data),
        items_json=tuple(scope.json(item) for item in message.items),
        take=message.take,
        timeout_s=message.timeout,
    )


def ending_told(answer: Answer) -> str:
    """Say in a sentence how an exchange ended that did not end well."""
    message = answer.message
    if len(message) > _LONGEST_TOLD:
        message = f"{message[: _LONGEST_TOLD - 1]}…"
    match answer.outcome:
        case "error" if answer.code == NOT_SENT:
            return f"It was not sent: {message}"
        case "error":
            return f"It ended with the error {answer.code}: {message or 'no text'}."
        case "timeout":
            return "No answer came in time."
        case "closed" | "lost":
            return f"The connection ended before the answer{f': {message}' if message else ''}."
        case other:
            return f"It was {other}{f': {message}' if message else ''}."


def _save(message: Message, answer: Answer, scope: Scope) -> str:
    whole = {"data": answer.data, "items": list(answer.items), "details": answer.details}
    for name, path in message.save.items():
        try:
            scope.saved[name] = follow(whole, steps_of(path))
        except LookupError:
            return f"{path} cannot be saved as {name}: the answer has none."
    return ""
