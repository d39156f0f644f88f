"""What can be done with what a form holds besides sending it: save, preview, repeat, copy, other values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.content import Content

from inspector_app.display.inert import inert
from inspector_app.intents import Intent, SendItem, SendMessage, SendRaw
from inspector_app.messages.variables import VariableError
from inspector_app.screens.base import notify
from inspector_app.screens.compose_data import DataPane

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.screen import Screen

    from inspector_app.screens.message_desk import MessageDesk
    from inspector_app.viewer.drafts import Draft

_KEYS = "^O saves  ^G previews  ^R repeats  F12 copies  ^B environment"
_NAMES = frozenset({"keep_draft", "repeat_draft", "copy_draft", "preview", "draft_environment"})


class DraftDesk:
    """Carries these commands out for a form that is open."""

    def __init__(self, desk: MessageDesk, hint: str) -> None:
        self._desk = desk
        self._hint = hint

    @property
    def hint(self) -> str:
        """What stands below the form."""
        if self._hint:
            return self._hint
        environment = self._desk.session.environment
        return f"{_KEYS}: {environment}" if environment else _KEYS

    def takes(self, name: str) -> bool:
        """Whether it carries a command out."""
        return name in _NAMES

    def run(self, name: str, draft: Draft, form: Screen[Any]) -> None:
        """Carry out a command on what is typed."""
        actions: dict[str, Callable[[], None]] = {
            "keep_draft": lambda: self._with_message(draft, self._save),
            "repeat_draft": lambda: self._with_message(draft, self._desk.repeat),
            "copy_draft": lambda: self._with_message(draft, self._copy),
            "preview": lambda: self._preview(draft),
            "draft_environment": lambda: self._desk.choose_environment(lambda: self._show_hint(form)),
        }
        actions[name]()

    def _show_hint(self, form: Screen[Any]) -> None:
        form.query_one("#form").border_subtitle = Content(inert(self.hint))
        form.query_one("#verdict").display = False  # what was wrong with a variable may be so no more
        form.query_one(DataPane).check_again()

    def _tell(self, text: str) -> None:
        notify(self._desk.main.app, text, "warning")

    def _with_message(self, draft: Draft, then: Callable[[SendMessage], None]) -> None:
        if not draft.takes_operation:
            self._tell("This is for requests, streams and one-way messages: choose another form (^N).")
            return
        if draft.problem:
            self._tell(draft.problem)
            return
        intent = draft.intent()
        if isinstance(intent, SendMessage):
            then(intent)

    def _save(self, message: SendMessage) -> None:
        from inspector_app.screens.save_form import save

        save(self._desk, message)

    def _copy(self, message: SendMessage) -> None:
        self._desk.copy_typed(message.kind, message.operation, message.data_json, timeout_s=message.timeout_s)

    def _preview(self, draft: Draft) -> None:
        from inspector_app.screens.preview import Preview

        session = self._desk.session
        typed: Intent
        if draft.form == "item":  # which stream it goes to does not matter here
            typed = SendItem(conn=0, opener="", number=0, data_json=draft.data)
        elif draft.problem:
            self._tell(draft.problem)
            return
        else:
            typed = draft.intent()
        try:
            shown = session.expanded(typed)
        except VariableError as error:
            self._tell(str(error))
            return
        operation, text = "", ""
        match shown:
            case SendMessage():
                operation, text = shown.operation, shown.data_json
            case SendItem():
                text = shown.data_json
            case SendRaw():
                text = shown.text
        self._desk.main.app.push_screen(Preview(session.hide(operation), session.hide(text)))
