"""The forms over the screen of a mock: an answer as JSON, an error, a fault."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, Final, get_args

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Button, Input, Static, TextArea

from inspector_app.display.inert import inert
from inspector_app.display.json_check import json_problem
from inspector_app.mock.faults.rules import WHAT, FrameSort
from inspector_app.screens.base import Dialog, notify
from inspector_app.screens.prompts import Prompt
from inspector_app.widgets.json_editor import JsonEditor

if TYPE_CHECKING:
    from textual.app import App

Use = Callable[[str, str], Awaitable[str]]
"""Takes a text as JSON and which button it was; gives a sentence when that failed, else nothing."""

_CODES = ("application", "not_found", "invalid_request", "internal", "deadline_exceeded", "cancelled")


def error_prompt(app: App[int], title: str, use: Callable[[tuple[str, str]], None]) -> None:
    """Ask for an error: its code, then what people read."""

    def answered(typed: str | None) -> None:
        if typed:
            code, _, message = typed.partition(" ")
            use((code.rstrip(":"), message.strip()))

    prompt = Prompt(title, value="application ", placeholder="code and message", suggestions=_CODES)
    app.push_screen(prompt, answered)


class AnswerForm(Dialog[None]):
    """A value as JSON, with a button for each thing that may be done with it.

    Ctrl+S does the first, Ctrl+W the second; those of `stays` leave the form open for the next one.
    """

    CSS = """
    AnswerForm { align: center middle; }
    AnswerForm #answer-form {
        width: 96%; max-width: 100; height: 90%; max-height: 30; background: $background;
        border: round $border; border-title-color: $emphasis; border-subtitle-color: $text-muted;
        padding: 0 1;
    }
    AnswerForm #asked { height: auto; max-height: 4; color: $text-muted; }
    AnswerForm #why { height: auto; max-height: 3; color: $text-error; }
    AnswerForm #ways { height: 1; align-horizontal: right; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "use(0)", "Use", show=False, priority=True),
        Binding("ctrl+w", "use(1)", "Other", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        text: str,
        use: Use,
        ways: Mapping[str, str],
        *,
        stays: tuple[str, ...] = (),
        data: str = "",
    ) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._use = use
        self._ways = dict(ways)
        self._stays = stays
        self._data = data
        self._done = 0
        self._turn = asyncio.Lock()
        """One after the other, in the order in which they were asked for."""
        self._closes = False

    def compose(self) -> ComposeResult:
        """Give what was asked, the editor, the buttons."""
        with Vertical(id="answer-form"):
            yield Static(Content(inert(self._data[:500])), id="asked")
            yield JsonEditor(_laid_out(self._text), expect="any", id="answer")
            yield Static(id="why", markup=False)
            with Horizontal(id="ways"):
                for (name, title), key in zip(self._ways.items(), ("^S", "^W"), strict=False):
                    yield Button(f"{title}  {key}", id=name)
                yield Button("Close  Esc", id="close")

    def on_mount(self) -> None:
        """Begin in the text."""
        self.query_one("#answer-form").border_title = Content(inert(self._title))
        self.query_one("#asked").display = bool(self._data)
        self.query_one("#why").display = False
        self._select_all()

    def _select_all(self) -> None:
        """Have what is typed next take the place of what is there."""
        area = self.query_one("#answer TextArea", TextArea)
        self.set_focus(area)
        area.select_all()

    def action_use(self, place: int) -> None:
        """Do what the button of this place does."""
        names = list(self._ways)
        if place < len(names):
            self._do(names[place])

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do it, or close."""
        event.stop()
        if event.button.id == "close":
            self.dismiss(None)
        else:
            self._do(event.button.id or "")

    def _do(self, name: str) -> None:
        text = self.query_one(JsonEditor).text
        if name != "end" and json_problem(text, "any") is not None:
            self.query_one(JsonEditor).go_to_error()  # what is wrong stands below the text
            return
        if name in self._stays:
            self._select_all()  # at once: the next one may be typed already
        elif self._closes:
            return  # it is being done, and once is enough
        else:
            self._closes = True
        # Of the app: what is asked goes on, and is told, also when the form is left.
        self.app.run_worker(self._do_now(name, text), group="answering")

    async def _do_now(self, name: str, text: str) -> None:
        async with self._turn:
            problem = await self._use(text, name)
        if not self.is_open:
            if problem:
                notify(self.app, problem, "error")
        elif problem:
            self._closes = False
            self._say(problem)
        elif name in self._stays:
            self._done += 1
            self.query_one("#answer-form").border_title = Content(inert(f"{self._title}: {self._done} sent"))
            self._say("")
        else:
            self.dismiss(None)

    def _say(self, text: str) -> None:
        why = self.query_one("#why", Static)
        why.display = bool(text)
        why.update(Content(inert(text)))


def _laid_out(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


_FIELDS: Final = {
    "do": ("What it does (→ completes)", "lose, repeat, delay, swap, close, stall, slow, …"),
    "operation": ("To which operation", "*; or a glob such as order.*"),
    "frame": ("Which frames", "answer, response, item, end, error, any; empty: as fits"),
    "which": ("Which of them", "nth 1, 3 · every 5 · chance 0.2 · item 3 · times 2 · peer 1; empty: each"),
    "by": ("How long", "200ms, 2s; of delay, stall, swap"),
    "name": ("Its name", "none"),
}
_SUGGESTED: Final[dict[str, tuple[str, ...]]] = {"do": tuple(WHAT), "frame": get_args(FrameSort)}

_WHICH: Final[dict[str, Callable[[str], object]]] = {
    "nth": lambda rest: [int(each) for each in rest.split(",")],
    "every": int,
    "item": int,
    "chance": float,
    "times": int,
    "peer": int,
}
_HOW: Final = (
    "Which of them: write nth 1, 3 or every 5 or chance 0.2 or item 3; several with and: item 3 and times 2."
)


def rule_of(values: Mapping[str, str]) -> dict[str, object]:
    """Make of what was typed what a `[[fault]]` table says. Raises `ValueError` with a sentence."""
    rule: dict[str, object] = {
        name: values[name].strip()
        for name in ("do", "operation", "frame", "by", "name")
        if values.get(name, "").strip()
    }
    do = values.get("do", "").strip()
    if do not in WHAT:
        raise ValueError(f"What it does must be one of {', '.join(WHAT)}.")
    which = values.get("which", "").strip()
    for part in which.split(" and ") if which else ():
        word, _, rest = part.strip().partition(" ")
        try:
            rule[word] = _WHICH[word](rest)
        except (KeyError, ValueError):
            raise ValueError(_HOW) from None
    return rule


class FaultForm(Dialog[None]):
    """A fault. `add` takes it as JSON, and gives a sentence when it will not do."""

    CSS = """
    FaultForm { align: center middle; }
    FaultForm #fault-form {
        width: 96%; max-width: 76; height: auto; max-height: 100%; background: $background;
        border: round $border; border-title-color: $emphasis; border-subtitle-color: $text-muted;
        padding: 0 1;
    }
    FaultForm .label { height: 1; color: $text-muted; }
    FaultForm Input { border: none; height: 1; padding: 0; background: $surface; }
    FaultForm #why { height: auto; min-height: 1; color: $text-error; }
    """

    def __init__(self, add: Callable[[str], Awaitable[str]]) -> None:
        super().__init__()
        self._add = add
        self._is_adding = False

    def compose(self) -> ComposeResult:
        """Give the fields."""
        with Vertical(id="fault-form"):
            for name, (title, placeholder) in _FIELDS.items():
                yield Static(title, classes="label")
                suggested = _SUGGESTED.get(name)
                suggester = SuggestFromList(suggested) if suggested else None
                yield Input(placeholder=placeholder, suggester=suggester, id=name)
            yield Static(id="why", markup=False)

    def on_mount(self) -> None:
        """Begin with what it does."""
        box = self.query_one("#fault-form")
        box.border_title, box.border_subtitle = "Add a fault", "Enter adds it, Tab goes on, Esc leaves"
        self.set_focus(self.query_one("#do"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Add it."""
        event.stop()
        values = {name: self.query_one(f"#{name}", Input).value for name in _FIELDS}
        try:
            rule = rule_of(values)
        except ValueError as error:
            self._say(str(error))
            return
        if not self._is_adding:
            self._is_adding = True
            self.app.run_worker(self._add_now(json.dumps(rule)), group="answering")

    async def _add_now(self, rule_json: str) -> None:
        problem = await self._add(rule_json)
        if not self.is_open:
            if problem:
                notify(self.app, problem, "error")
        elif problem:
            self._is_adding = False
            self._say(problem)
        else:
            self.dismiss(None)

    def _say(self, text: str) -> None:
        self.query_one("#why", Static).update(Content(inert(text)))
