"""The column chooser: which columns the frame list has, in which order, how wide. It shows that at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from inspector_app.capture.errors import CaptureError
from inspector_app.screens.base import Dialog
from inspector_app.screens.prompts import Prompt
from inspector_app.viewer.columns import KINDS, USUAL, Shown, is_path, kind_of, moved, resized, why_no_path
from inspector_app.viewer.known import known_paths
from inspector_app.viewer.state import ViewState
from inspector_app.widgets.row_list import Column, RowList

_SUGGESTED = 3


class _Choice:
    """Every column there is: those shown in their order, then the others."""

    def __init__(self) -> None:
        self.shown: tuple[Shown, ...] = ()
        self._others: list[str] = []

    def take(self, shown: tuple[Shown, ...]) -> None:
        self.shown = shown
        keys = {each.key for each in shown}
        self._others = [kind.key for kind in KINDS if kind.key not in keys]

    @property
    def keys(self) -> list[str]:
        return [*(each.key for each in self.shown), *self._others]

    @property
    def count(self) -> int:
        return len(self.shown) + len(self._others)

    def rows(self, first: int, count: int) -> Sequence[Sequence[tuple[str, str]]]:
        widths = {each.key: each.width for each in self.shown}
        return [self._row(key, widths.get(key)) for key in self.keys[first : first + count]]

    @staticmethod
    def _row(key: str, width: int | None) -> Sequence[tuple[str, str]]:
        kind = kind_of(key)
        usual = str(kind.width) if kind.width else "rest"
        return (
            ("✓" if width is not None else "", "success bold"),
            (key, "emphasis" if width is not None else "muted"),
            (str(width) if width else usual, "" if width else "muted"),
            (kind.help, "muted"),
        )


class ColumnChooser(Dialog[None]):
    """All columns; keys choose, move and resize the one the cursor is on."""

    CSS = """
    ColumnChooser { align: center bottom; background: transparent; }
    ColumnChooser #columns-box {
        width: 96%; max-width: 90; height: 70%; max-height: 21; margin-bottom: 1;
        background: $background; border: round $border; border-title-color: $emphasis;
        border-subtitle-color: $text-muted; padding: 0 1;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "show_or_hide", "Show or hide", show=False),
        Binding("left_curly_bracket", "move(-1)", "Move up", show=False),
        Binding("right_curly_bracket", "move(1)", "Move down", show=False),
        Binding("less_than_sign", "resize(-1)", "Narrower", show=False),
        Binding("greater_than_sign", "resize(1)", "Wider", show=False),
        Binding("a", "add", "Add a path", show=False),
        Binding("delete,backspace", "remove", "Remove a path", show=False),
        Binding("u", "usual", "Usual columns", show=False),
        Binding("C,q", "leave", "Close", show=False),
    ]

    def __init__(self, view: ViewState, use: Callable[[tuple[Shown, ...]], None]) -> None:
        super().__init__()
        self._view = view
        self._use = use
        self._choice = _Choice()

    def compose(self) -> ComposeResult:
        """Give the list of all columns."""
        columns = (Column("", 1), Column("Column", 22), Column("Width", 5, "right"), Column("What it shows"))
        with Vertical(id="columns-box"):
            yield RowList(columns, id="all-columns")

    def on_mount(self) -> None:
        """Begin at the first column."""
        box = self.query_one("#columns-box")
        box.border_title = "Columns"
        box.border_subtitle = "Space shows, { } move, < > resize, a adds data.…, u usual, Esc closes"
        self._choice.take(self._view.columns)
        rows = self.query_one("#all-columns", RowList)
        rows.set_source(self._choice, cursor=0)
        rows.focus()

    @property
    def _rows(self) -> RowList:
        return self.query_one("#all-columns", RowList)

    @property
    def _key(self) -> str:
        return self._choice.keys[self._rows.cursor or 0]

    def _take(self, shown: tuple[Shown, ...], at: str) -> None:
        """Use other columns, with the cursor on column `at`."""
        self._choice.take(shown)
        self._use(shown)
        keys = self._choice.keys
        self._rows.refresh_rows()
        self._rows.move_to(keys.index(at) if at in keys else 0)

    def _place(self) -> int | None:
        """Find the column of the cursor among those shown."""
        keys = [each.key for each in self._choice.shown]
        return keys.index(self._key) if self._key in keys else None

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Keep it from the screen below."""
        event.stop()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Show or hide a column."""
        event.stop()
        self.action_show_or_hide()

    def action_show_or_hide(self) -> None:
        """Show or hide a column; one always stays."""
        key, shown = self._key, self._choice.shown
        if self._place() is None:
            self._take((*shown, Shown(key)), key)
        elif len(shown) > 1:
            self._take(tuple(each for each in shown if each.key != key), key)

    def action_move(self, by: int) -> None:
        """Move a column among those that are shown."""
        place = self._place()
        if place is not None:
            self._take(moved(self._choice.shown, place, by), self._key)

    def action_resize(self, by: int) -> None:
        """Make a column wider or narrower; at no width it takes its usual one again."""
        place = self._place()
        if place is not None:
            column = self._choice.shown[place]
            width = (column.width or kind_of(column.key).width) + by
            self._take(resized(self._choice.shown, place, width), column.key)

    def action_add(self) -> None:
        """Ask for a path into the payload and show it as a column before the last."""
        seen = self._seen()

        def check(typed: str) -> str:
            return why_no_path(typed, self._choice.shown)

        def add(path: str | None) -> None:
            if path:
                shown = self._choice.shown
                self._take((*shown[:-1], Shown(path), *shown[-1:]), path)

        placeholder = f"such as {', '.join(seen[:_SUGGESTED])}" if seen else "data.user.id"
        self.app.push_screen(
            Prompt("Show the value at", placeholder=placeholder, check=check, suggestions=seen), add
        )

    def _seen(self) -> list[str]:
        reader = self._view.reader
        try:
            return known_paths(reader, self._view.frame_count) if reader is not None else []
        except CaptureError:
            return []

    def action_remove(self) -> None:
        """Take away a path; a column of the program is only hidden."""
        if is_path(self._key) or self._place() is not None:
            self.action_show_or_hide()

    def action_usual(self) -> None:
        """Show the usual columns."""
        self._take(USUAL, USUAL[0].key)
