"""The chooser over all operations: typing narrows it, keys go to one, call it, or show its frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from inspector_app.display import formats
from inspector_app.screens.base import Dialog
from inspector_app.viewer.operation_search import ranked
from inspector_app.viewer.operations import Operation
from inspector_app.widgets.row_list import Column, RowList

Wanted = Literal["go", "call", "frames"]


class _Found:
    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = operations

    @property
    def count(self) -> int:
        return len(self.operations)

    def rows(self, first: int, count: int) -> Sequence[Sequence[tuple[str, str]]]:
        return [
            (
                (formats.DIRECTION_GLYPH[each.direction], formats.direction_style(each.direction)),
                (formats.KIND_WORD.get(each.kind, each.kind), "muted"),
                (each.name, "emphasis"),
                (each.summary if each.described else "learned", "" if each.described else "muted"),
            )
            for each in self.operations[first : first + count]
        ]


class OperationList(Dialog[tuple[Operation, Wanted]]):
    """Gives the operation that was chosen and what is wanted of it, or None."""

    CSS = """
    OperationList { align: center middle; }
    OperationList #operations-box {
        width: 90%; max-width: 100; height: 80%; max-height: 24;
        background: $background; border: round $border; border-title-color: $emphasis;
        border-subtitle-color: $text-muted; padding: 0 1;
    }
    OperationList Input { border: none; height: 1; padding: 0; margin: 0 0 1 0; background: $surface; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "want('call')", "Form", show=False, priority=True),
        Binding("ctrl+f", "want('frames')", "Its frames", show=False, priority=True),
    ]

    def __init__(self, operations: Sequence[Operation]) -> None:
        super().__init__()
        self._all = operations
        self._found = _Found(operations)

    def compose(self) -> ComposeResult:
        """Give the field and the list."""
        with Vertical(id="operations-box"):
            yield Input(placeholder="letters of a name, words of its documentation", id="sought")
            yield RowList(
                (Column("", 1), Column("Kind", 13), Column("Name", 26, roomy=34), Column("Documentation")),
                hint="No operation goes with that.",
                header=False,
                id="found-operations",
            )

    def on_mount(self) -> None:
        """Show all."""
        box = self.query_one("#operations-box")
        box.border_title = "Find an operation"
        box.border_subtitle = "Enter goes to it, ^S opens its form, ^F shows its frames"
        self._rows.set_source(self._found, cursor=0)
        self.query_one(Input).focus()

    @property
    def _rows(self) -> RowList:
        return self.query_one("#found-operations", RowList)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what goes with it."""
        event.stop()
        self._found = _Found(ranked(self._all, event.value))
        self._rows.set_source(self._found, cursor=0)

    def on_key(self, event: events.Key) -> None:
        """Move in the list while the field has the keys."""
        if event.key in ("down", "up", "pagedown", "pageup") and self.focused is self.query_one(Input):
            event.stop()
            step = 1 if "down" in event.key else -1
            if event.key.startswith("page"):
                self._rows.action_page(step)
            else:
                self._rows.action_move(step)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to it."""
        event.stop()
        self.action_want("go")

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Keep it from the screen below."""
        event.stop()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Go to it."""
        event.stop()
        self.action_want("go")

    def action_want(self, wanted: Wanted) -> None:
        """Give the operation that the cursor is on."""
        place = self._rows.cursor
        if place is not None and place < self._found.count:
            self.dismiss((self._found.operations[place], wanted))
