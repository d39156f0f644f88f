"""What a person asks of something hosted: faults, answers, calls that wait; and how all of it stands.

Owns the sentences when it cannot be done. What a fault, a rule or a desk is, they know themselves.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, Never

from pydantic import ValidationError

from inspector_app.intents import (
    AddFault,
    AnswerHeld,
    Done,
    EditAnswer,
    HoldOperation,
    MockIntent,
    RemoveFault,
    SwitchFault,
    TellMock,
    TellUrl,
)
from inspector_app.mock.by_hand import KINDS
from inspector_app.mock.faults.beside import WithFaults
from inspector_app.mock.faults.rules import WHAT, FaultRule
from inspector_app.standing import (
    FaultStanding,
    HeldStanding,
    HoleStanding,
    MockStanding,
    RuleStanding,
    to_json,
)

if TYPE_CHECKING:
    from inspector_app.mock.by_hand import Desk
    from inspector_app.mock.faults.plan import Faults
    from inspector_app.mock.reload import Reloader
    from inspector_app.mock.script.mock import Mock
    from inspector_app.mock.script.rules import Rule
    from slipstream import Protocol

MOST_TOLD: Final = 1000
"""Rules, faults, holes or calls that are told at once."""
_LONGEST_ANSWER: Final = 20_000
_MOST_ANSWERS: Final = 300_000
_LONGEST_TEXT: Final = 500
_LONGEST_PROBLEM: Final = 2000


class Mocking:
    """Carries out intents about what is hosted.

    `conn_of` gives the number of a connection, `url` what clients come in by.
    """

    def __init__(
        self,
        reloader: Reloader,
        faults: Faults,
        desk: Desk,
        conn_of: Callable[[Protocol | None], int | None],
        url: Callable[[], str],
    ) -> None:
        self._reloader = reloader
        self._faults = faults
        self._desk = desk
        self._conn_of = conn_of
        self._url = url

    def perform(self, intent: MockIntent) -> Done:
        """Carry it out, or say in `Done.error` why not."""
        try:
            match intent:
                case TellMock():
                    return Done(told=to_json(self.standing()))
                case TellUrl():
                    return Done(told=self._url())
                case SwitchFault():
                    self._switch(intent)
                case AddFault():
                    self._faults.add(_rule_of(intent.rule_json))
                case RemoveFault():
                    self._faults.remove(intent.title)
                case EditAnswer():
                    self._edit(intent)
                case HoldOperation():
                    self._desk.hold(intent.operation, on=intent.on)
                case AnswerHeld():
                    self._answer(intent)
        except ValueError as error:
            return Done(error=str(error))
        return Done()

    @property
    def _mock(self) -> Mock | None:
        # Who hosts a handler of Python needs nothing of it.
        from inspector_app.mock.script.mock import Mock

        hosted = self._reloader.hosted
        if isinstance(hosted, WithFaults):
            hosted = hosted.hosted
        return hosted if isinstance(hosted, Mock) else None

    # -- doing --------------------------------------------------------------------------------------------

    def _switch(self, intent: SwitchFault) -> None:
        if not self._faults.switch(intent.title, intent.on):
            raise ValueError(f"There is no fault {intent.title[:200]} any more.")

    def _edit(self, intent: EditAnswer) -> None:
        mock = self._mock
        if mock is None:
            raise ValueError("A handler in Python answers: edit its file, which is loaded anew.")
        path = (intent.kind, intent.place)
        rule = next((each for each in mock.rules if each.path == path), None)
        if rule is None:
            raise ValueError("The file was read anew, and that rule is gone: look again.")
        answer = _json_of(intent.answer_json, "The answer")
        rule.replace_answer(answer)
        if intent.save:
            from inspector_app.mock.script.rewriting import write_answer

            write_answer(mock.path, rule, answer)

    def _answer(self, intent: AnswerHeld) -> None:
        held = self._desk.held.get(intent.held)
        if held is None:
            raise ValueError("That call does not wait any more: it was answered, or its caller gave up.")
        value: Any = None
        if intent.how in ("response", "item"):
            value = _json_of(intent.data_json, "The answer")
        elif intent.how == "error":
            if not intent.code:
                raise ValueError("An error needs a code, such as not_found.")
            value = (intent.code, intent.message)
        held.say(intent.how, value)

    # -- telling ------------------------------------------------------------------------------------------

    def standing(self) -> MockStanding:
        """Tell how all of it stands."""
        mock, desk = self._mock, self._desk
        rules = list(_rules(mock)) if mock is not None else list(self._counted())
        held, faults = list(desk.held.values()), self._faults.all
        return MockStanding(
            name=self._reloader.hosted.name,
            problem=self._reloader.problem[:_LONGEST_PROBLEM],
            rules=tuple(rules[:MOST_TOLD]),
            holes=tuple(_holes(mock) if mock is not None else self._missed()),
            unanswered=mock.unanswered if mock is not None else desk.counts.unanswered,
            faults=tuple(
                FaultStanding(
                    title=fault.title,
                    what=told_rule(fault.rule),
                    on=fault.on,
                    hits=fault.hits,
                    is_added=fault.is_added,
                )
                for fault in faults[:MOST_TOLD]
            ),
            held=tuple(
                HeldStanding(
                    held=each.number,
                    conn=self._conn_of(each.protocol),
                    kind=each.kind,
                    operation=each.operation[:_LONGEST_TEXT],
                    since_ns=each.since_ns,
                    data_json=each.data_json if len(held) < 50 else each.data_json[:_LONGEST_TEXT],
                    items=each.items,
                )
                for each in held
            ),
            holding=tuple(desk.holding),
            more=max(0, len(rules) - MOST_TOLD) + max(0, len(faults) - MOST_TOLD),
        )

    def _missed(self) -> Iterator[HoleStanding]:
        for each in self._desk.counts.holes.values():
            yield HoleStanding(
                kind=each.kind,
                operation=each.operation,
                why=each.why,
                calls=each.calls,
                last_ns=each.last_ns,
            )

    def _counted(self) -> Iterator[RuleStanding]:
        for name, count in self._desk.counts.by_name.items():
            yield RuleStanding(
                kind=KINDS[count.message_type],
                operation=name,
                hits=count.hits,
                errors=count.errors,
                last_ns=count.last_ns,
                ending=count.ending,
                error=count.error,
            )


def _holes(mock: Mock) -> Iterator[HoleStanding]:
    for each in mock.holes.values():
        yield HoleStanding(
            kind=each.kind,
            operation=each.operation,
            why=each.why,
            calls=each.calls,
            last_ns=each.last_ns,
            data_json=_text_of(each.data, _LONGEST_ANSWER),
        )


def _rules(mock: Mock) -> Iterator[RuleStanding]:
    left = _MOST_ANSWERS
    for rule in mock.rules:
        answer = _answer_of(rule) if left > 0 else ""
        left -= len(answer)
        last = rule.last
        yield RuleStanding(
            kind=rule.kind,
            operation=rule.operation,
            place=int(rule.path[1]),
            line=rule.line,
            hits=rule.hits,
            errors=rule.errors,
            last_ns=None if last is None else last.time_ns,
            ending="" if last is None else last.ending,
            error="" if last is None else last.text[:_LONGEST_TEXT],
            answer_json=answer,
            failure=_failure_of(rule),
            edited=rule.edited,
        )


def _answer_of(rule: Rule) -> str:
    answer = rule.answer
    if rule.kind == "request":
        return "null" if answer.failure is not None else _text_of(answer.source, _LONGEST_ANSWER)
    if rule.kind == "oneway":
        return ""
    return "[]" if answer.source is None else _text_of(answer.source, _LONGEST_ANSWER)


def _failure_of(rule: Rule) -> str:
    from inspector_app.mock.script.steps import Fail

    if rule.answer.failure is not None:
        return rule.answer.failure.code
    last = rule.answer.steps[-1] if rule.kind == "stream" and rule.answer.steps else None
    return last.failure.code if isinstance(last, Fail) else ""


def _text_of(value: Any, longest: int) -> str:
    """Write a value as JSON; one that is too long, or none, is no text."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return ""
    return text if len(text) <= longest else ""


def told_rule(rule: FaultRule) -> str:
    """Say in words what a fault does, and to what."""
    which = [
        f"nth {', '.join(map(str, rule.nth))}" if rule.nth else "",
        f"every {rule.every}" if rule.every is not None else "",
        f"chance {rule.chance:g}" if rule.chance is not None else "",
        f"{rule.times} times" if rule.times is not None else "",
        f"by {rule.by:g} s" if rule.by is not None else "",
        f"peer {rule.peer}" if rule.peer is not None else "",
    ]
    frames = f"item {rule.item}" if rule.item is not None else rule.frames
    said = ", ".join(each for each in which if each)
    return f"{WHAT[rule.do]}: {frames} of {rule.operation}{f' ({said})' if said else ''}"


def _rule_of(text: str) -> FaultRule:
    try:
        return FaultRule.model_validate(_json_of(text, "The fault"))
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in found["loc"])
        message = str(found["ctx"]["error"]) if found["type"] == "value_error" else found["msg"]
        raise ValueError(f"{key}: {message}" if key else message) from None


def _json_of(text: str, what: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except ValueError as error:
        raise ValueError(f"{what} is no JSON: {error}.") from None
    except RecursionError:
        raise ValueError(f"{what} is nested too deeply.") from None


def _no_constant(name: str) -> Never:
    raise ValueError(f"{name} is no JSON value")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is too large a number")
    return number
