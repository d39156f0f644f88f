"""The columns of the frame list, from the main screen: choosing, moving and resizing them.

Owns what each of these commands does, and that a choice is remembered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspector_app.screens.base import notify
from inspector_app.screens.lists import frame_columns
from inspector_app.screens.wishes import Remember
from inspector_app.viewer.columns import Shown, moved, resized

if TYPE_CHECKING:
    from inspector_app.screens.main import MainScreen
    from inspector_app.viewer.state import ViewState
    from inspector_app.widgets.row_list import Column, RowList


class Arranging:
    """Carries out the commands on columns for a main screen."""

    def __init__(self, main: MainScreen) -> None:
        self._main = main
        self._drawn: list[Column] = []

    @property
    def _view(self) -> ViewState:
        return self._main.view

    @property
    def _list(self) -> RowList:
        return self._main.list_of("frames")

    def show(self) -> None:
        """Have the list draw the columns that are chosen."""
        self._drawn = frame_columns(self._view)
        self._list.set_columns(self._drawn)

    def fit(self) -> None:
        """Give numbers that have grown the room they take by now."""
        if self._drawn != frame_columns(self._view):
            self.show()

    def use(self, columns: tuple[Shown, ...]) -> None:
        """Show other columns, and remember them."""
        if columns != self._view.columns:
            self._view.columns = columns
            self.show()
            self._main.post_message(Remember(columns=tuple((each.key, each.width) for each in columns)))

    def do_time(self) -> None:
        """Tell times another way."""
        mode = self._view.next_time_mode()
        self.show()
        self._main.post_message(Remember(time_mode=mode.value))

    def do_columns(self) -> None:
        """Choose which columns are shown, and in which order."""
        from inspector_app.screens.column_chooser import ColumnChooser

        self._main.change_view("frames")
        self._main.app.push_screen(ColumnChooser(self._view, self.use))

    def do_wider(self) -> None:
        """Give the chosen column one cell more."""
        self._resize(1)

    def do_narrower(self) -> None:
        """Give the chosen column one cell less."""
        self._resize(-1)

    def do_column_left(self) -> None:
        """Move the chosen column to the left."""
        self._move(-1)

    def do_column_right(self) -> None:
        """Move the chosen column to the right."""
        self._move(1)

    def _chosen(self) -> int | None:
        if self._list.cell is None:
            notify(self._main.app, "Choose a column with ← and → first.", "warning")
        return self._list.cell

    def _resize(self, by: int) -> None:
        cell = self._chosen()
        if cell is not None:
            self.use(resized(self._view.columns, cell, max(1, self._list.cell_width + by)))

    def _move(self, by: int) -> None:
        cell = self._chosen()
        if cell is not None:
            self.use(moved(self._view.columns, cell, by))
            self._list.choose_cell(min(max(cell + by, 0), len(self._view.columns) - 1))
