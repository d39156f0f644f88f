"""A bare app with the project's themes to put one widget on, and a look at what it draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App, ComposeResult
from textual.geometry import Region

from inspector_app.display.theme import find_themes, variable_defaults

if TYPE_CHECKING:
    from textual.message import Message
    from textual.strip import Strip
    from textual.widget import Widget


class Stage(App[None]):
    """Shows the widgets it is given and keeps the messages of theirs that it is asked to keep."""

    CSS = "Screen { overflow: hidden; }"

    def __init__(self, *widgets: Widget, keep: tuple[type[Message], ...] = ()) -> None:
        super().__init__()
        self.widgets = widgets
        self.keep = keep
        self.kept: list[Message] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variable_defaults()

    def compose(self) -> ComposeResult:
        yield from self.widgets

    def on_mount(self) -> None:
        for loaded in find_themes()[0].values():
            self.register_theme(loaded.theme)
        self.theme = "dark"

    async def _on_message(self, message: Message) -> None:
        if isinstance(message, self.keep):
            self.kept.append(message)
        await super()._on_message(message)


def strips(widget: Widget) -> list[Strip]:
    """Return what a widget draws, line by line."""
    return widget.render_lines(Region(0, 0, widget.size.width, widget.size.height))


def lines(widget: Widget) -> list[str]:
    """Return what a widget draws as text, without blanks at the ends."""
    return [strip.text.rstrip() for strip in strips(widget)]
