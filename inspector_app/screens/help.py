"""The help screen: every command with its keys, as they are declared."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from inspector_app import commands
from inspector_app.commands import Command, Place
from inspector_app.display.lines import Part, TextLines
from inspector_app.screens.base import Dialog
from inspector_app.widgets.detail_view import DetailView

_TITLES: dict[Place, str] = {
    "everywhere": "Everywhere",
    "home": "Home screen",
    "main": "Main screen",
    "compose": "Forms",
}
_KEY_CELLS = 12
_TITLE_CELLS = 13

_LIST_KEYS = (
    ("↑ ↓  j k", "Move", "Move the cursor; the frame list stops following when it moves up."),
    ("PgUp PgDn", "Page", "Move by a screen."),
    ("Home End", "Ends", "Go to the first or the last row; End makes the frame list follow again."),
    ("Enter", "Go", "Go where the row leads: to its detail, its frame, its form."),
    ("Tab", "Next", "Change between tabs, list and detail."),
)


class HelpScreen(Dialog[None]):
    """All keys, those of the screen below first."""

    CSS = """
    HelpScreen { align: center middle; }
    HelpScreen #help {
        width: 96%; max-width: 100; height: 100%; max-height: 44;
        background: $background; border: round $border; border-title-color: $emphasis;
        border-subtitle-color: $text-muted; padding: 0 1;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [("question_mark,f1,q", "leave", "Close")]

    def __init__(self, place: Place) -> None:
        super().__init__()
        self._place = place

    def compose(self) -> ComposeResult:
        """Give one scrollable text."""
        with Vertical(id="help"):
            yield DetailView(id="help-text")

    def on_mount(self) -> None:
        """Write it."""
        box = self.query_one("#help")
        box.border_title, box.border_subtitle = "Keys", "Esc closes"
        self.query_one(DetailView).show(TextLines(help_lines(self._place)))
        self.query_one(DetailView).focus()


def help_lines(place: Place) -> list[list[Part]]:
    """Lay out all commands, those of `place` first."""
    order: list[Place] = [place, "everywhere", "main", "compose", "home"]
    lines: list[list[Part]] = []
    for each in dict.fromkeys(order):
        for group, members in commands.grouped(each).items():
            title = (
                f"{_TITLES[each]}: {group}" if group not in ("Program", "Start", "Compose") else _TITLES[each]
            )
            lines += [[(title, "emphasis bold")], *(_line(member) for member in members), []]
        if each == "main":
            lines += [[("Lists", "emphasis bold")], *(_parts(*row) for row in _LIST_KEYS), []]
    return lines[:-1]


def _line(each: Command) -> list[Part]:
    return _parts(" ".join(commands.key_label(key) for key in each.keys), each.title, each.help)


def _parts(keys: str, title: str, text: str) -> list[Part]:
    return [(f"  {keys:<{_KEY_CELLS}}", "primary bold"), (f"{title:<{_TITLE_CELLS}} ", ""), (text, "muted")]
