"""The home screen: what can be begun, and the captures that were made last."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static
from textual.worker import get_current_worker

from inspector_app import commands
from inspector_app.capture.errors import CaptureError
from inspector_app.capture.files import RecentCapture, recent_captures
from inspector_app.commands import Place, Situation
from inspector_app.display import formats
from inspector_app.display.table import ROOMY
from inspector_app.intents import ClientSpec, DemoSpec, ServerSpec, SourceSpec
from inspector_app.screens.base import HORIZONTAL, VERTICAL, CommandScreen, bindings, notify
from inspector_app.screens.wishes import Inspect, OpenFile
from inspector_app.settings import Settings
from inspector_app.typed_path import typed_path
from inspector_app.version import version
from inspector_app.viewer.drafts import StartDrafts
from inspector_app.widgets.info_line import InfoLine
from inspector_app.widgets.row_list import Column, RowList

RECENT_LIMIT = 100

_DATE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-")

_NO_CAPTURES = "No capture yet.\nPress d for a demo; everything that is seen is recorded, and listed here."
"""What an empty list says."""


class _RecentRows:
    def __init__(self, captures: Sequence[RecentCapture], *, wide: bool) -> None:
        self._captures = captures
        self.wide = wide

    @property
    def count(self) -> int:
        return len(self._captures)

    def rows(self, first: int, count: int) -> Sequence[Sequence[tuple[str, str]]]:
        return [
            (
                ("◆" if each.pinned else "", "primary"),
                (self._date(each.created_ns), ""),
                (f"{each.note}  {each.source}" if each.note else each.source, "emphasis"),
                (formats.short_count(each.frames), ""),
                (formats.size(each.size_bytes), "muted"),
                (self._name(each.path), "muted"),
            )
            for each in self._captures[first : first + count]
        ]

    def _date(self, time_ns: int) -> str:
        text = formats.date_and_clock(time_ns)
        return text if self.wide else text[len("2026-") : -len(":33")]

    def _name(self, path: Path) -> str:
        """Name a file, where it is narrow without the date, which stands in the row already."""
        return path.name if self.wide else _DATE.sub("…", path.stem)


class StartChoice(Static):
    """One thing to begin with, to be clicked as well."""

    DEFAULT_CSS = """
    StartChoice { height: 1; width: 1fr; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    StartChoice:hover { background: $row-cursor-resting; }
    """

    def __init__(self, command: commands.Command) -> None:
        text = Content.assemble(
            (f" {command.key}  ", "bold $primary"),
            (f"{command.title:<9}", "bold $emphasis"),
            (command.help, "$muted"),
        )
        super().__init__(text, id=f"choice-{command.name}")
        self._name_of_command = command.name

    async def on_click(self) -> None:
        """Begin it."""
        await self.run_action(f"screen.run('{self._name_of_command}')")


class HomeScreen(CommandScreen):
    """Where everything begins."""

    PLACE: ClassVar[Place] = "home"
    HORIZONTAL_BREAKPOINTS = HORIZONTAL
    VERTICAL_BREAKPOINTS = VERTICAL

    DEFAULT_CSS = """
    HomeScreen #home { width: 1fr; height: 1fr; padding: 1 2 0 2; }
    HomeScreen.-wide #home { padding: 2 8 1 8; }
    HomeScreen #name { height: 1; }
    HomeScreen #choices { height: auto; margin: 1 0; }
    HomeScreen #recent-title { height: 1; }
    HomeScreen RowList { height: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("home")

    def __init__(self, drafts: StartDrafts, settings: Callable[[], Settings]) -> None:
        super().__init__()
        self._drafts = drafts
        self._settings = settings
        self._captures: list[RecentCapture] = []
        self._problem = ""

    def compose_parts(self) -> ComposeResult:
        """Give the name, what can be begun, and the recent captures."""
        with Vertical(id="home"):
            yield InfoLine(id="name")
            with Vertical(id="choices"):
                for name in ("connect", "host", "demo", "open"):
                    yield StartChoice(commands.command(name))
            yield InfoLine(id="recent-title")
            yield RowList(
                (
                    Column("", 1),
                    Column("Recorded", 11, roomy=19),
                    Column("Source"),
                    Column("Frames", 6, "right", roomy=9),
                    Column("Size", 7, "right"),
                    Column("File", 16, roomy=52),
                ),
                hint=_NO_CAPTURES,
                id="recent",
            )

    def on_mount(self) -> None:
        """Say what this is."""
        self.query_one("#name", InfoLine).show(
            [
                ("slipstream-inspector ", "primary bold"),
                (version(), "muted"),
                ("   see, explore and mock Slipstream RPC", "muted"),
            ]
        )
        self.query_one("#recent-title", InfoLine).show([("Recent captures", "emphasis bold")])
        self.query_one("#recent").focus()
        self.show_keys()

    def complete(self) -> None:
        """Look for captures."""
        super().complete()
        self.look_for_captures()

    def on_screen_resume(self) -> None:
        """Look again: a capture may have been made meanwhile."""
        if self.seen:
            self.look_for_captures()

    def look_for_captures(self) -> None:
        """List the captures of the data folder, without holding up the screen."""
        self.run_worker(self._look, thread=True, exclusive=True, group="recent")

    def _look(self) -> None:
        try:
            found, problem = recent_captures(RECENT_LIMIT), ""
        except CaptureError as error:
            found, problem = [], str(error)
        if not get_current_worker().is_cancelled:  # or what it found may be older than what is shown
            self.app.call_from_thread(self._show_captures, found, problem)

    def _show_captures(self, found: list[RecentCapture], problem: str) -> None:
        recent = self.query_one_optional("#recent", RowList)
        if recent is None:  # the screen was left while the captures were looked for
            return
        self._captures, self._problem = found, problem
        recent.hint = problem or _NO_CAPTURES
        recent.set_source(_RecentRows(found, wide=self._wide), cursor=recent.cursor or 0)
        self.show_keys()

    @property
    def _wide(self) -> bool:
        return self.query_one("#recent").size.width >= ROOMY

    def on_resize(self) -> None:
        """Show the captures as the width allows."""
        self._show_captures(self._captures, self._problem)

    def situation(self) -> Situation:
        """Tell commands what they need to know."""
        chosen = self._chosen
        return Situation(captures=len(self._captures), pinned=chosen is not None and chosen.pinned)

    @property
    def _chosen(self) -> RecentCapture | None:
        recent = self.query_one_optional("#recent", RowList)
        cursor = recent.cursor if recent is not None else None
        return self._captures[cursor] if cursor is not None and cursor < len(self._captures) else None

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Bring the footer up to date with the chosen capture."""
        event.stop()
        self.show_keys()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Open a capture."""
        event.stop()
        self.post_message(OpenFile(self._captures[event.index].path))

    # -- commands -----------------------------------------------------------------------------------------

    def do_connect(self) -> None:
        """Ask where to connect to."""
        from inspector_app.screens.start_forms import ConnectForm

        self.app.push_screen(ConnectForm(self._drafts.connect), self._begin)

    def do_host(self) -> None:
        """Ask what to host."""
        from inspector_app.screens.start_forms import HostForm

        self.app.push_screen(HostForm(self._drafts.host), self._begin)

    def do_demo(self) -> None:
        """Begin the demo."""
        self._begin(DemoSpec())

    def do_open(self) -> None:
        """Ask which file to open."""
        from inspector_app.screens.prompts import Prompt

        prompt = Prompt(
            "Open a capture, a JSONL export or a HAR", placeholder="path of the file", check=_no_such_file
        )
        self.app.push_screen(prompt, self._open)

    def do_attach(self) -> None:
        """Ask which running engine to look at."""
        from inspector_app.screens.attach_form import attach

        attach(self)

    def do_rename_capture(self) -> None:
        """Ask for another name of the chosen capture."""
        self._manage("rename")

    def do_note_capture(self) -> None:
        """Ask for a note on the chosen capture."""
        self._manage("note")

    def do_pin_capture(self) -> None:
        """Keep the chosen capture from being removed by itself, or no more."""
        self._manage("pin")

    def do_delete_capture(self) -> None:
        """Delete the chosen capture, after asking."""
        self._manage("delete")

    def do_keep(self) -> None:
        """Ask what is to be kept."""
        from inspector_app.screens import managing

        managing.keep(self, self._settings())

    def _manage(self, what: Literal["rename", "note", "pin", "delete"]) -> None:
        from inspector_app.screens import managing

        if self._chosen is not None:
            managing.DOINGS[what](self, self._chosen)

    def _open(self, path: str | None) -> None:
        if path:
            self.post_message(OpenFile(typed_path(path)))

    def _begin(self, spec: SourceSpec | None) -> None:
        if spec is not None:
            self.post_message(Inspect(spec))

    def show_failure(self, spec: SourceSpec, problem: str) -> None:
        """Open the form again that a source came from, with what is wrong with it; the demo has none."""
        from inspector_app.screens.start_forms import ConnectForm, HostForm

        if isinstance(spec, ClientSpec):
            self.app.push_screen(ConnectForm(self._drafts.connect, problem), self._begin)
        elif isinstance(spec, ServerSpec):
            self.app.push_screen(HostForm(self._drafts.host, problem), self._begin)
        else:
            notify(self.app, problem, "error")


def _no_such_file(path: str) -> str:
    if not path:
        return "Type the path of a file."
    return "" if typed_path(path).is_file() else f"There is no file {path}: check the path."
