"""What is answered on the screen of a mock: another answer of a rule, an answer by hand to a call that waits.

Owns which form asks for what, and what is said where there is nothing to ask for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspector_app.intents import AddRule, AnswerHeld, EditAnswer
from inspector_app.screens.base import notify
from inspector_app.screens.mock_forms import AnswerForm, error_prompt
from inspector_app.standing import HeldStanding, HoleStanding, RuleStanding

if TYPE_CHECKING:
    from inspector_app.screens.mock import MockScreen


_ASKED = {
    "request": ("What answers", "{}"),
    "stream": ("The items of", "[]"),
    "bidirectional": ("The steps of", '[{"send": "hello"}]'),
    "oneway": ("Nothing answers", "null"),
}
"""By kind of call: what the form asks for, and what it begins with."""


class Answering:
    """The hand of that screen for answers."""

    def __init__(self, screen: MockScreen) -> None:
        self._screen = screen

    def do_edit_answer(self) -> None:
        """Open what the rule answers with."""
        rule = self._screen.chosen
        if isinstance(rule, HoleStanding):
            self._fill(rule)
        if not isinstance(rule, RuleStanding):
            return
        if rule.place is None or not rule.answer_json:
            why = "Edit the file: that is too large for a form."
            if rule.place is None:
                why = "A handler in Python answers: edit its file."
            elif rule.kind == "oneway":
                why = "A message without an answer has none to edit: edit the file."
            notify(self._screen.app, why, "warning")
            return
        place = rule.place

        async def use(text: str, how: str) -> str:
            intent = EditAnswer(kind=rule.kind, place=place, answer_json=text, save=how == "save")  # type: ignore[arg-type]  # as the engine told it
            return await self._screen.perform(intent)

        title = f"What {rule.operation} answers" if rule.kind == "request" else f"What {rule.operation} does"
        ways = {"use": "Use", "save": "Into file"}
        said = f"It ends with the error {rule.failure}: what you use takes its place." if rule.failure else ""
        self._screen.app.push_screen(AnswerForm(title, rule.answer_json, use, ways, data=said))

    def _fill(self, hole: HoleStanding) -> None:
        """Ask for what the calls are to be answered with, and write that into the file."""
        if not self._screen.mock.standing.name.endswith(".toml"):
            notify(self._screen.app, "A handler in Python answers: edit its file.", "warning")
            return

        async def write(text: str, _: str) -> str:
            intent = AddRule(kind=hole.kind, operation=hole.operation, answer_json=text)  # type: ignore[arg-type]  # as the engine told it
            return await self._screen.perform(intent)

        title, begin = _ASKED[hole.kind]
        form = AnswerForm(
            f"{title} {hole.operation}", begin, write, {"save": "Into file"}, data=hole.data_json
        )
        self._screen.app.push_screen(form)

    def do_answer_held(self) -> None:
        """Write the answer of a request, or items of a stream one after the other."""
        held = self._screen.chosen
        if not isinstance(held, HeldStanding):
            return
        unary = held.kind == "request"
        word = "response" if unary else "item"

        async def say(text: str, how: str) -> str:
            intent = AnswerHeld(held=held.held, how=how, data_json=text)  # type: ignore[arg-type]  # one of the buttons
            return await self._screen.perform(intent)

        ways = {"response": "Answer"} if unary else {"item": "Send item", "end": "End"}
        title = f"The {word} of {held.operation}" if unary else f"Items of {held.operation}"
        self._screen.app.push_screen(AnswerForm(title, "{}", say, ways, stays=("item",), data=held.data_json))

    def do_fail_held(self) -> None:
        """Ask for an error, and answer with it."""
        held = self._screen.chosen
        if not isinstance(held, HeldStanding):
            return

        def answered(error: tuple[str, str]) -> None:
            code, message = error
            self._screen.ask(AnswerHeld(held=held.held, how="error", code=code, message=message), "Answered.")

        error_prompt(self._screen.app, f"The error of {held.operation}", answered)

    def do_end_held(self) -> None:
        """End the stream that waits."""
        if isinstance(held := self._screen.chosen, HeldStanding):
            self._screen.ask(AnswerHeld(held=held.held, how="end"), "Ended.")

    def do_let_held(self) -> None:
        """Let the mock answer."""
        if isinstance(held := self._screen.chosen, HeldStanding):
            self._screen.ask(AnswerHeld(held=held.held, how="mock"))
