"""The URL that clients of what is hosted come in by: copied, and shown without its token until asked for.

Owns that a token is on the screen only while somebody looks at it: nothing of it stays on a screen, in a
capture or in a log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from inspector_app.display.inert import inert
from inspector_app.intents import TellUrl
from inspector_app.screens.base import Dialog, notify
from inspector_app.sources.address import without_token

if TYPE_CHECKING:
    from textual.screen import Screen

    from inspector_app.inspection import Inspection


def show_url(screen: Screen[None], inspection: Inspection) -> None:
    """Ask the engine for the URL, copy it, and show it."""

    async def ask() -> None:
        done = await inspection.perform(TellUrl())
        if done.error:
            notify(screen.app, done.error, "error")
            return
        screen.app.copy_to_clipboard(done.told)
        screen.app.push_screen(ReadyUrl(done.told))

    screen.run_worker(ask(), group="url")


class ReadyUrl(Dialog[None]):
    """Shows a URL, which was copied already."""

    CSS = """
    ReadyUrl { align: center middle; }
    ReadyUrl #url-box {
        width: 90%; max-width: 100; height: auto; background: $background; border: round $border;
        border-title-color: $emphasis; border-subtitle-color: $text-muted; padding: 0 1;
    }
    ReadyUrl #url { margin: 1 0; color: $emphasis; }
    ReadyUrl #said { color: $text-muted; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "show_token", "Show the token", show=False),
        Binding("enter,u,q", "leave", "Close", show=False),
    ]

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._is_shown = False

    def compose(self) -> ComposeResult:
        """Give the URL, and what became of it."""
        with Vertical(id="url-box"):
            yield Static(id="url", markup=False)
            yield Static(id="said", markup=False)

    def on_mount(self) -> None:
        """Say what it is."""
        box = self.query_one("#url-box")
        box.border_title, box.border_subtitle = "Clients come in by", "Space shows the token, Esc leaves"
        if not self._has_token:
            box.border_subtitle = "Esc leaves"
        self._show()

    @property
    def _has_token(self) -> bool:
        return without_token(self._url) != self._url

    def action_show_token(self) -> None:
        """Show the token, or hide it again."""
        self._is_shown = not self._is_shown
        self._show()

    def _show(self) -> None:
        shown = self._url if self._is_shown else without_token(self._url)
        self.query_one("#url", Static).update(Content(inert(shown)))
        said = "It was copied to the terminal's clipboard, if that takes any."
        if self._has_token:
            said += (
                " Whoever knows the token may connect; programs may send it as Authorization: Bearer, too."
            )
        self.query_one("#said", Static).update(Content(said))
