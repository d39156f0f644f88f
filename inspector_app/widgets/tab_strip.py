"""TabStrip: one line of tabs with a figure each, to choose by key or mouse.

Owns which tab is active; what a tab shows is not its matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from inspector_app.display.painting import Painted, Part, head, segments, width_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual import events


class _Way(Struct, frozen=True):
    """How tabs are laid out: with short titles, close together, with keys, with figures."""

    short: bool = True
    tight: bool = True
    keys: bool = True
    figures: bool = True


_WAYS = (
    _Way(short=False, tight=False),
    _Way(tight=False),
    _Way(),
    _Way(tight=False, keys=False),
    _Way(tight=False, keys=False, figures=False),
)
"""The first of them that fits is taken."""

Badge = tuple[str, str]
"""A short figure beside a tab's title, and its style name."""


class Tab(Struct, frozen=True):
    """One tab. `key` is the key that chooses it, as drawn before the title; empty: none.

    `short` takes the place of the title where there is no room for all titles; empty: the same.
    """

    name: str
    title: str
    key: str = ""
    short: str = ""


class TabStrip(Painted, can_focus=True):
    """Tabs on one line; without room for all it shortens titles, drops keys, then figures, then crops."""

    DEFAULT_CSS = """
    TabStrip { width: 1fr; height: 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "Previous tab", show=False),
        Binding("right", "step(1)", "Next tab", show=False),
    ]

    class Chosen(Message):
        """A person has chosen another tab."""

        def __init__(self, strip: TabStrip, name: str) -> None:
            super().__init__()
            self.strip = strip
            self.name = name

        @property
        def control(self) -> TabStrip:
            """The strip that sent it."""
            return self.strip

    def __init__(
        self,
        tabs: Sequence[Tab],
        *,
        active: str | None = None,
        id: str | None = None,  # noqa: A002  # the name every widget uses
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._tabs = tuple(tabs)
        self._active = active or self._tabs[0].name
        self._badges: dict[str, Badge] = {}

    # -- what a screen uses -------------------------------------------------------------------------------

    @property
    def active(self) -> str:
        """Name of the active tab. May be set, which sends no message."""
        return self._active

    @active.setter
    def active(self, name: str) -> None:
        if name != self._active:
            self._active = name
            self.refresh()

    def show(self, badges: Mapping[str, Badge]) -> None:
        """Put a figure beside each tab named; costs nothing when they are the same as before."""
        if badges != self._badges:
            self._badges = dict(badges)
            self.refresh()

    # -- choosing -----------------------------------------------------------------------------------------

    def action_step(self, step: int) -> None:
        """Choose the next or the previous tab, around the ends."""
        names = [tab.name for tab in self._tabs]
        self._choose(names[(names.index(self._active) + step) % len(names)])

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Choose the tab pressed."""
        left = 0
        for tab, parts in self._laid_out(self.size.width):
            left += width_of(parts, self.size.width)
            if event.x < left:
                self._choose(tab.name)
                return

    def _choose(self, name: str) -> None:
        if name != self._active:
            self.active = name
            self.post_message(self.Chosen(self, name))

    # -- drawing ------------------------------------------------------------------------------------------

    def _laid_out(self, width: int) -> list[tuple[Tab, list[Part]]]:
        for way in _WAYS:
            tabs = [(tab, self._parts(tab, way)) for tab in self._tabs]
            if sum(width_of(parts, width) for _, parts in tabs) <= width:
                break
        return tabs

    def _parts(self, tab: Tab, way: _Way) -> list[Part]:
        active = tab.name == self._active
        parts: list[Part] = [(" ", "")]
        if way.keys and tab.key:
            parts.append((f"{tab.key} ", "muted"))
        title = (way.short and tab.short) or tab.title
        here = "emphasis bold underline" if self.has_focus else "emphasis bold"
        parts.append((title, here if active else ""))
        if way.figures and tab.name in self._badges:
            text, style = self._badges[tab.name]
            parts += [(" ", ""), (text, style)]
        return parts if way.tight else [*parts, (" ", "")]

    def paint(self, y: int, width: int) -> Strip:
        """Return the line of tabs."""
        if y:
            return self.blank(width, "bar-background")
        drawn = []
        for tab, parts in self._laid_out(width):
            ground = "row-cursor" if tab.name == self._active else "bar-background"
            drawn += segments([(head(text, width), name) for text, name in parts], self.palette, ground)
        return Strip(drawn).adjust_cell_length(width, self.palette.style("", "bar-background"))

    def on_focus(self) -> None:
        """Show the active tab as under the keys."""
        self.refresh()

    def on_blur(self) -> None:
        """Show the active tab as resting."""
        self.refresh()
