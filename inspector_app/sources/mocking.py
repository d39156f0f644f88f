"""What a person asks of something hosted: faults, answers, calls that wait.

Owns the sentences when it cannot be done. What a fault, a rule or a desk is, they know themselves.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Never

from pydantic import ValidationError

from inspector_app.intents import (
    AddFault,
    AddRule,
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
from inspector_app.mock.faults.beside import WithFaults
from inspector_app.mock.faults.rules import FaultRule
from inspector_app.sources.mock_standing import standing_of_hosted
from inspector_app.standing import MockStanding, to_json

if TYPE_CHECKING:
    from inspector_app.mock.by_hand import Desk
    from inspector_app.mock.faults.at_work import Faults
    from inspector_app.mock.reload import Reloader
    from inspector_app.mock.script.mock import Mock
    from slipstream import Protocol


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
                case AddRule():
                    self._add_rule(intent)
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

    def _mock_to_change(self) -> Mock:
        mock = self._mock
        if mock is None:
            raise ValueError("A handler in Python answers: edit its file, which is loaded anew.")
        return mock

    def _add_rule(self, intent: AddRule) -> None:
        from inspector_app.mock.script.rewriting import add_rule

        mock = self._mock_to_change()
        there = mock.operations.get(intent.operation)
        if there is not None and there.kind != intent.kind:
            raise ValueError(f"There are rules for it as {there.kind}: an operation is of one kind.")
        answer = _json_of(intent.answer_json, "The answer")
        if intent.kind in ("stream", "bidirectional") and not isinstance(answer, list):
            what = "items" if intent.kind == "stream" else "steps"
            raise ValueError(f"A stream is answered with a list of {what}.")
        add_rule(mock.path, intent.kind, intent.operation, answer, mock.variables)

    def _edit(self, intent: EditAnswer) -> None:
        mock = self._mock_to_change()
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

    def standing(self) -> MockStanding:
        """Tell how all of it stands."""
        return standing_of_hosted(self._reloader, self._mock, self._faults, self._desk, self._conn_of)


def _rule_of(text: str) -> FaultRule:
    try:
        return FaultRule.model_validate(_json_of(text, "The fault"))
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in found["loc"])
        message = found["msg"][:1].lower() + found["msg"][1:] + "."
        message = str(found["ctx"]["error"]) if found["type"] == "value_error" else message
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
