"""Environments: which there are, what variables have in the one the cursor is on, what answers gave."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical

from inspector_app.display.lines import TextLines
from inspector_app.messages.secrets import warning_for_variables
from inspector_app.screens.base import Dialog
from inspector_app.toml_file import TomlError
from inspector_app.widgets.detail_view import DetailView
from inspector_app.widgets.row_list import Column, RowList

if TYPE_CHECKING:
    from inspector_app.display.lines import Part
    from inspector_app.viewer.session import Session

_SHOWN = 200
"""Most characters of a value."""


class _Names:
    """None, then the environments by name."""

    def __init__(self, names: Sequence[str], chosen: str) -> None:
        self.names = ["", *names]
        self._chosen = chosen

    @property
    def count(self) -> int:
        return len(self.names)

    def rows(self, first: int, count: int) -> Sequence[Sequence[tuple[str, str]]]:
        return [
            (
                ("●" if name == self._chosen else " ", "success"),
                (name or "no environment", "emphasis" if name else ""),
            )
            for name in self.names[first : first + count]
        ]


class EnvironmentPicker(Dialog[str]):
    """Gives the name of what was chosen, empty for none; None when it was left."""

    CSS = """
    EnvironmentPicker { align: center middle; }
    EnvironmentPicker #environments {
        width: 96%; max-width: 100; height: 90%; max-height: 30; background: $background;
        border: round $border; border-title-color: $emphasis; border-subtitle-color: $text-muted;
        padding: 0 1;
    }
    EnvironmentPicker #names { height: 35%; }
    EnvironmentPicker #values-box { height: 65%; border-top: hkey $bar-track; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d,delete", "forget", "Forget what answers gave", show=False),
        Binding("q", "leave", "Close", show=False),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._problem = ""
        try:
            self._known: Mapping[str, Mapping[str, object]] = session.environments()
        except TomlError as error:
            self._known, self._problem = {}, str(error)
        self._names = _Names(sorted(self._known), session.environment)

    def compose(self) -> ComposeResult:
        """Give the names and the values."""
        with Vertical(id="environments"):
            yield RowList((Column("", 1), Column("Environment")), header=False, id="names")
            with Container(id="values-box"):
                yield DetailView(id="values")

    def on_mount(self) -> None:
        """Begin at what is chosen."""
        box = self.query_one("#environments")
        box.border_title = "Environment"
        box.border_subtitle = "Enter chooses, d forgets saved values, Esc leaves"
        names, chosen = self.query_one("#names", RowList), self._session.environment
        cursor = self._names.names.index(chosen) if chosen in self._names.names else 0
        names.set_source(self._names, cursor=cursor)
        names.focus()

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Show its values."""
        event.stop()
        self._show(event.index or 0)

    def _show(self, index: int) -> None:
        name = self._names.names[index]
        lines: list[list[Part]] = [[(line, "error")] for line in self._problem.splitlines()]
        if not self._known and not self._problem:
            lines.append([(f"There is no {self._session.environments_file} yet: write one such as", "muted")])
            lines += [[(line, "")] for line in ("[local]", 'symbol = "BEAN"', 'token = "${env:TOKEN}"')]
        elif name:
            lines += _values(self._known[name])
            warning = warning_for_variables(self._known[name])
            if warning:
                lines += [[], [(warning, "severity-warning")]]
        elif not self._problem:
            lines.append([("Variables have no values but what answers gave.", "muted")])
        if self._session.saved:
            lines += [[], [("Saved from answers, until the program ends", "emphasis bold")]]
            lines += [
                [(each, "json-key"), (" = ", "muted"), (self._session.hide(_text(value)), "")]
                for each, value in self._session.saved.items()
            ]
        self.query_one("#values", DetailView).show(TextLines.prose(lines))

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Choose it."""
        event.stop()
        self.dismiss(self._names.names[event.index])

    def action_forget(self) -> None:
        """Forget what answers gave."""
        self._session.saved.clear()
        self._show(self.query_one("#names", RowList).cursor or 0)


def _values(variables: Mapping[str, object]) -> list[list[Part]]:
    """As written: a reference to a secret says where it is, and nothing of it."""
    return [[(name, "json-key"), (" = ", "muted"), (_text(value), "")] for name, value in variables.items()]


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)[:_SHOWN]
