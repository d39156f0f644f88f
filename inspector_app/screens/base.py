"""What every screen has in common: commands by key and click, and the footer that names them.

Owns the way from a key or a click to a `do_…` method. Which commands there are, and when, is `commands`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen, Screen, ScreenResultType
from textual.widgets import Static

from inspector_app import commands
from inspector_app.commands import Place, Situation
from inspector_app.display.inert import inert
from inspector_app.widgets.key_bar import KeyBar, KeyHint

if TYPE_CHECKING:
    from textual import events
    from textual.app import App

MIN_WIDTH = 60
MIN_HEIGHT = 16

QUIT_KEY = "ctrl+q"

HORIZONTAL = [(0, "-tiny"), (MIN_WIDTH, "-narrow"), (120, "-wide")]
VERTICAL = [(0, "-flat"), (MIN_HEIGHT, "-low"), (36, "-high")]


def bindings(place: Place) -> list[BindingType]:
    """Make bindings of the commands that are declared for exactly this place.

    `ctrl+q` is taken before any other binding is asked, or a dialog would keep it from the app.
    """
    made: list[BindingType] = []
    for each in commands.COMMANDS:
        if each.where != place:
            continue
        keys = [key for key in each.keys if key != QUIT_KEY]
        made.append(Binding(",".join(keys), f"run('{each.name}')", each.title, show=False))
        if QUIT_KEY in each.keys:
            made.append(Binding(QUIT_KEY, "quit", each.title, show=False, priority=True))
    return made


class TooSmall(Static):
    """Takes the place of everything else in a terminal too small to be of use."""

    def on_resize(self, _event: events.Resize) -> None:
        """Say how much there is and how much it takes."""
        width, height = self.app.size
        self.update(
            Content(
                f"This terminal has {width} x {height} cells: make it at least {MIN_WIDTH} x {MIN_HEIGHT}, "
                "or choose a smaller font. Ctrl+Q quits."
            )
        )


class _Interruptible(Screen[ScreenResultType]):
    """Base of every screen: Ctrl+C copies what is selected, else says how to quit."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "copy_or_tell", "Copy", show=False)]

    @property
    def is_open(self) -> bool:
        """Whether it was not left: then it is being taken apart, and nothing in it is to be looked at."""
        return self in self.app.screen_stack

    def action_copy_or_tell(self) -> None:
        """Copy what is selected by mouse; a field copies its own selection before this is asked."""
        selected = self.get_selected_text()
        if selected:
            self.app.copy_to_clipboard(selected)
        else:
            notify(self.app, "Nothing is selected to copy. Ctrl+Q quits.")


class CommandScreen(_Interruptible[None]):
    """A full screen that takes commands."""

    PLACE: ClassVar[Place] = "main"

    TYPES: ClassVar[bool] = False
    """Whether what is typed goes into a field, so that a letter gives no command."""

    hands: Sequence[object] = ()
    """What carries out commands besides the screen itself."""

    seen = False
    """Whether it has been drawn, all of it that it is put together from at first."""

    def complete(self) -> None:
        """Put in what could wait until the screen was seen. Called once, then."""
        self.mount(TooSmall(classes="too-small"), before=0)

    def compose(self) -> ComposeResult:
        """Put the parts of the screen above the footer."""
        yield from self.compose_parts()
        yield KeyBar()

    def compose_parts(self) -> ComposeResult:
        """Give the parts of the screen."""
        raise NotImplementedError

    def situation(self) -> Situation:
        """Tell commands what they need to know."""
        return Situation()

    def show_keys(self) -> None:
        """Bring the footer up to date."""
        bar = self.query_one_optional(KeyBar)
        if bar is None:  # the screen is being taken apart
            return
        now = self.situation()
        hints = [
            KeyHint(each.name, self._key_of(each), each.title_in(now), available=each.when(now))
            for each in commands.footer(self.PLACE, now)
        ]
        bar.show(hints, self.footer_word())

    def _key_of(self, each: commands.Command) -> str:
        return commands.key_label(each.keys[-1]) if self.TYPES else each.key

    def footer_word(self) -> tuple[str, str]:
        """Give a word for the right end of the footer, and its style."""
        return ("", "")

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        """Do what was clicked."""
        event.stop()
        self.action_run(event.name)

    def action_run(self, name: str) -> None:
        """Carry out a command by its name, or say why that makes no sense now."""
        now = self.situation()
        each = commands.command(name)
        if commands.offered(each, now) and not each.when(now):
            # One key may stand for several commands, of which one makes sense at a time.
            same_key = [other for other in commands.commands(self.PLACE) if other.keys == each.keys]
            each = next((other for other in same_key if other.when(now)), same_key[-1])
        reason = commands.why_not(each, now)
        if reason:
            notify(self.app, reason, "warning")
            return
        find_action(self, self.app, each.name)()
        if self.is_current:
            self.show_keys()


def find_action(screen: Screen[None], app: App[int], name: str) -> Callable[[], object]:
    """Find what carries out a command: a `do_…` method of the screen, one of its hands or the app."""
    for place in (screen, *getattr(screen, "hands", ()), app):
        found = getattr(place, f"do_{name}", None)
        if callable(found):
            return found  # type: ignore[no-any-return]  # getattr knows no types; a test calls every one
    raise LookupError(f"nothing carries out the command {name}")


class Dialog(ModalScreen[ScreenResultType], _Interruptible[ScreenResultType]):
    """Base of what opens over a screen and is closed with Escape."""

    # Textual takes its own style, which lets the screen below show through, from the first base alone.

    HORIZONTAL_BREAKPOINTS = HORIZONTAL
    VERTICAL_BREAKPOINTS = VERTICAL

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Close", show=False)]

    def action_leave(self) -> None:
        """Close without a result."""
        self.dismiss(None)


def notify(app: App[int], text: str, severity: str = "information") -> None:
    """Show a toast. `severity` is `information`, `warning` or `error`; the text is made inert."""
    shown = inert(text)
    if severity == "error":
        app.notify(shown, severity="error", timeout=8, markup=False)
    elif severity == "warning":
        app.notify(shown, severity="warning", timeout=6, markup=False)
    else:
        # It covers the newest lines of the list.
        app.notify(shown, timeout=2, markup=False)
