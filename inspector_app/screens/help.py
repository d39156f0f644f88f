"""The help screen: every command with its keys, as they are declared."""

from __future__ import annotations

import textwrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from inspector_app import commands
from inspector_app.commands import Place, Situation
from inspector_app.commands.program import FORM_KEYS
from inspector_app.display.lines import Part, TextLines
from inspector_app.screens.base import Dialog
from inspector_app.widgets.detail_view import DetailView

_TITLES: dict[Place, str] = {
    "everywhere": "Everywhere",
    "home": "Home screen",
    "main": "Main screen",
    "compose": "Forms",
    "mock": "Mock",
    "console": "Stream console",
    "history": "History",
    "collections": "Collections",
    "sequence": "Run of a collection",
    "repetition": "Repetition",
}
_KEY_CELLS = 12
_TITLE_CELLS = 13
_MARGIN_CELLS = 8
"""What frame, padding and scrollbar take of the width."""

_LIST_KEYS = (
    ("↑ ↓  j k", "Move", "Move the cursor; the frame list stops following when it moves up."),
    ("PgUp PgDn", "Page", "Move by a screen."),
    ("Home End", "Ends", "Go to the first or the last row; End makes the frame list follow again."),
    ("← →", "Cell", "Choose a cell of a frame's row, for + and - and to move or resize its column."),
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

    def __init__(self, place: Place, now: Situation | None = None) -> None:
        super().__init__()
        self._place = place
        self._now = now or Situation()

    def compose(self) -> ComposeResult:
        """Give one scrollable text."""
        with Vertical(id="help"):
            yield DetailView(id="help-text")

    def on_mount(self) -> None:
        """Write it."""
        box = self.query_one("#help")
        box.border_title, box.border_subtitle = "Keys", "Esc closes"
        self.query_one(DetailView).focus()

    def on_resize(self) -> None:
        """Break the lines at the width there is."""
        width = min(100, self.size.width * 96 // 100) - _MARGIN_CELLS
        self.query_one(DetailView).show(TextLines(help_lines(self._place, width, self._now)), keep_place=True)


def help_lines(place: Place, width: int, now: Situation | None = None) -> list[list[Part]]:
    """Lay out all commands, those of `place` first, in lines of at most `width` cells."""
    order: list[Place] = [place, "everywhere", "main", "compose", "mock", "console", "history", "collections"]
    order += ["sequence", "repetition", "home"]
    lines: list[list[Part]] = []
    for each in dict.fromkeys(order):
        for group, declared in commands.grouped(each).items():
            members = [member for member in declared if commands.offered(member, now or Situation())]
            if not members:
                continue
            named = group not in ("Program", "Start", "Compose", "Mock", "Stream")
            named = named and (each == "main" or group != "Messages")
            lines.append([(f"{_TITLES[each]}: {group}" if named else _TITLES[each], "emphasis bold")])
            for member in members:
                keys = " ".join(commands.key_label(key) for key in member.keys)
                lines += _entry(keys, member.title, member.help, width)
            lines.append([])
        if each == "compose":
            lines.append([("On a line of a form", "emphasis bold")])
            for row in FORM_KEYS:
                lines += _entry(*row, width)
            lines.append([])
        if each == "main":
            lines.append([("Lists", "emphasis bold")])
            for row in _LIST_KEYS:
                lines += _entry(*row, width)
            lines.append([])
    return lines[:-1]


def _entry(keys: str, title: str, text: str, width: int) -> list[list[Part]]:
    left = 2 + _KEY_CELLS + _TITLE_CELLS + 1
    first, *more = textwrap.wrap(text, max(20, width - left))
    head: list[Part] = [
        (f"  {keys:<{_KEY_CELLS}}", "primary bold"),
        (f"{title:<{_TITLE_CELLS}} ", ""),
        (first, "muted"),
    ]
    return [head, *([(" " * left + line, "muted")] for line in more)]
