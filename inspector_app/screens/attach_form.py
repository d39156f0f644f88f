"""Choosing a running engine to look at, to look on or to take part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.files import told_source
from inspector_app.display import formats
from inspector_app.engine.running import RunningEngine, running_engines
from inspector_app.screens.base import Dialog, notify
from inspector_app.screens.start_forms import Tick
from inspector_app.screens.wishes import Attach
from inspector_app.widgets.row_list import Column, RowList

if TYPE_CHECKING:
    from inspector_app.screens.home import HomeScreen

Chosen = tuple[RunningEngine, bool]
"""An engine, and whether to take part."""


def attach(home: HomeScreen) -> None:
    """Ask which of the running engines to look at, if there is any."""
    try:
        engines = running_engines()
    except CaptureError as error:
        notify(home.app, str(error), "error")
        return
    if not engines:
        notify(home.app, "No engine is running: connect, host or run the demo, here or elsewhere.", "warning")
        return

    def chosen(what: Chosen | None) -> None:
        if what is not None:
            home.post_message(Attach(what[0], with_control=what[1]))

    home.app.push_screen(AttachForm(engines), chosen)


class _EngineRows:
    def __init__(self, engines: Sequence[RunningEngine]) -> None:
        self._engines = engines

    @property
    def count(self) -> int:
        return len(self._engines)

    def rows(self, first: int, count: int) -> Sequence[Sequence[tuple[str, str]]]:
        return [
            (
                (told_source(each.source).split(" ")[0], "emphasis"),
                (each.address, ""),
                (formats.date_and_clock(each.started_ns)[-8:], "muted"),
                (each.capture.rpartition("/")[2], "muted"),
            )
            for each in self._engines[first : first + count]
        ]


class AttachForm(Dialog[Chosen]):
    """The engines that run, the youngest first."""

    CSS = """
    AttachForm { align: center middle; }
    AttachForm #attach {
        width: 96%; max-width: 100; height: auto; background: $background; border: round $border;
        border-title-color: $emphasis; border-subtitle-color: $text-muted; padding: 0 1;
    }
    AttachForm RowList { height: 8; }
    AttachForm Horizontal { height: 1; }
    """

    def __init__(self, engines: Sequence[RunningEngine]) -> None:
        super().__init__()
        self._engines = engines

    def compose(self) -> ComposeResult:
        """Give the list, a box to tick, a button."""
        with Vertical(id="attach"):
            yield RowList(
                (Column("Role", 7), Column("Address"), Column("Since", 8), Column("File", 24)), id="engines"
            )
            with Horizontal():
                yield Tick("Take part: send, cancel, end the engine", False, id="control")
                yield Button("Attach", id="go", variant="primary")

    def on_mount(self) -> None:
        """Show what runs."""
        box = self.query_one("#attach")
        box.border_title, box.border_subtitle = "Attach to a running engine", "Enter attaches, Esc leaves"
        engines = self.query_one("#engines", RowList)
        engines.set_source(_EngineRows(self._engines), cursor=0)
        engines.focus()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Attach to the chosen one."""
        event.stop()
        self._go(event.index)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Attach to the chosen one."""
        event.stop()
        self._go(self.query_one("#engines", RowList).cursor or 0)

    def _go(self, index: int) -> None:
        self.dismiss((self._engines[index], self.query_one("#control", Tick).value))
