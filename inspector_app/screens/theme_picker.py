"""The theme picker: what it is on is shown at once; Enter keeps it, Escape brings the old one back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from inspector_app.display.lines import Part, TextLines
from inspector_app.display.theme import LoadedTheme, ThemeError
from inspector_app.screens.base import Dialog
from inspector_app.screens.wishes import Remember
from inspector_app.widgets.detail_view import DetailView
from inspector_app.widgets.row_list import Column, RowList


class _ThemeRows:
    def __init__(self, themes: Sequence[LoadedTheme]) -> None:
        self._themes = themes

    @property
    def count(self) -> int:
        return len(self._themes)

    def rows(self, first: int, count: int) -> Sequence[Sequence[tuple[str, str]]]:
        return [
            (
                (each.title, "emphasis"),
                ("dark" if each.theme.dark else "light", "muted"),
                (each.path.name, "muted"),
            )
            for each in self._themes[first : first + count]
        ]


class ThemePicker(Dialog[None]):
    """The themes that were found, and the files that were refused, with file, line and key."""

    CSS = """
    ThemePicker { align: center bottom; background: transparent; }
    ThemePicker #picker {
        width: 96%; max-width: 90; height: 14; margin-bottom: 1;
        background: $background; border: round $border; border-title-color: $emphasis;
        border-subtitle-color: $text-muted; padding: 0 1;
    }
    ThemePicker #refused { height: 1fr; display: none; }
    ThemePicker #refused.-some { display: block; }
    """

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, themes: Sequence[LoadedTheme], refused: Sequence[ThemeError]) -> None:
        super().__init__()
        self._themes = sorted(themes, key=lambda each: (not each.theme.dark, each.title))
        self._refused = refused
        self._before = ""

    def compose(self) -> ComposeResult:
        """Give the list, and below it what was refused."""
        with Vertical(id="picker"):
            yield RowList((Column("Theme"), Column("Ground", 6), Column("File", 22)), id="themes")
            yield DetailView(id="refused", classes="-some" if self._refused else "")

    def on_mount(self) -> None:
        """Begin at the theme that is on."""
        self._before = self.app.theme
        box = self.query_one("#picker")
        box.border_title, box.border_subtitle = "Theme", "Enter keeps, Esc brings the old one back"
        names = [each.name for each in self._themes]
        cursor = names.index(self._before) if self._before in names else 0
        rows = self.query_one("#themes", RowList)
        rows.set_source(_ThemeRows(self._themes), cursor=cursor)
        rows.focus()
        self.query_one("#refused", DetailView).show(TextLines(refused_lines(self._refused)))

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Show it at once."""
        event.stop()
        if event.index is not None:
            self.app.theme = self._themes[event.index].name

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Keep it."""
        event.stop()
        self.app.post_message(Remember(theme=self._themes[event.index].name))
        self.dismiss(None)

    def action_leave(self) -> None:
        """Bring the old one back."""
        self.app.theme = self._before
        self.dismiss(None)


def refused_lines(refused: Sequence[ThemeError]) -> list[list[Part]]:
    """Lay out what was refused, and why."""
    lines: list[list[Part]] = [[("Refused:", "severity-problem bold")]] if refused else []
    for error in refused:
        lines.append(
            [(f"{error.file.name}:{error.line}", "emphasis"), (f"  {error.key}", "severity-warning")]
        )
        lines.append([(f"  {error.text}", "")])
        lines.append([(f"  in {error.file.parent}", "muted")])
    return lines
