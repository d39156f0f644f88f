"""The form that asks how a message is to be repeated: how often, how fast, how many at a time."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from inspector_app.display.inert import inert
from inspector_app.messages.repeat import Pace
from inspector_app.screens.base import Dialog


class RepeatForm(Dialog[Pace]):
    """Asks how often, how fast, how many at a time."""

    CSS = """
    RepeatForm { align: center middle; }
    RepeatForm #repeat {
        width: 90%; max-width: 70; height: auto; background: $background; border: round $border;
        border-title-color: $emphasis; border-subtitle-color: $text-muted; padding: 0 1;
    }
    RepeatForm Input {
        border: round $border-blurred; border-title-color: $text-muted; height: 3; padding: 0 1; width: 1fr;
    }
    RepeatForm Input:focus { border: round $border; }
    RepeatForm #fields { height: 3; }
    RepeatForm #why { height: auto; color: $text-error; margin: 0 1; }
    RepeatForm #buttons { height: 1; align-horizontal: right; }
    """

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, operation: str) -> None:
        super().__init__()
        self._operation = operation

    def compose(self) -> ComposeResult:
        """Give three fields."""
        with Vertical(id="repeat"):
            with Horizontal(id="fields"):
                yield Input("100", id="times", select_on_focus=True)
                yield Input("", placeholder="as fast as it goes", id="rate", select_on_focus=True)
                yield Input("1", id="in-flight", select_on_focus=True)
            yield Static(id="why", markup=False)
            with Horizontal(id="buttons"):
                yield Button("Repeat", id="go", variant="primary")

    def on_mount(self) -> None:
        """Begin at how often."""
        box = self.query_one("#repeat")
        box.border_title = Content(inert(f"Repeat {self._operation}"))
        box.border_subtitle = "Enter begins, Esc leaves"
        for name, title in (("times", "Times"), ("rate", "At most a second"), ("in-flight", "In flight")):
            self.query_one(f"#{name}").border_title = Content(title)
        self.query_one("#times").focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Begin."""
        event.stop()
        self._go()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Begin."""
        event.stop()
        self._go()

    def _go(self) -> None:
        typed = {
            name: self.query_one(f"#{name}", Input).value.strip() for name in ("times", "rate", "in-flight")
        }
        try:
            pace = Pace(
                times=int(typed["times"]),
                per_second=float(typed["rate"]) if typed["rate"] else None,
                in_flight=int(typed["in-flight"]),
            )
            why = pace.problem
        except ValueError:
            pace, why = None, "Type numbers: how often, how many a second or nothing, how many in flight."
        if why or pace is None:
            self.query_one("#why", Static).update(Content(inert(why)))
        else:
            self.dismiss(pace)
