"""The app: which screen is on, which world is inspected, which theme is worn. Wiring only.

Owns the passing of wishes from screens to what carries them out. Nothing here imports websockets, pydantic or
the engine before the first paint.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import App, ScreenStackError
from textual.binding import BindingType
from textual.css.query import NoMatches
from textual.filter import LineFilter
from textual.notifications import Notify
from textual.screen import Screen
from textual.widget import MountError
from textual.worker import WorkerFailed, get_current_worker

from inspector_app import settings as stored
from inspector_app.capture.errors import CaptureError
from inspector_app.display.inert import inert
from inspector_app.display.inert_filter import InertFilter
from inspector_app.display.theme import (
    DEFAULT_THEME,
    LoadedTheme,
    ThemeError,
    find_theme,
    find_themes,
    variable_defaults,
)
from inspector_app.intents import SourceSpec
from inspector_app.screens.base import CommandScreen, bindings, notify
from inspector_app.screens.type_ahead import TypingApp
from inspector_app.screens.wishes import Attach, GoHome, Inspect, OpenFile, Remember, Restart
from inspector_app.viewer.columns import checked
from inspector_app.viewer.drafts import Drafts, StartDrafts
from inspector_app.viewer.filter_book import FilterBook
from inspector_app.viewer.frames import TimeMode

if TYPE_CHECKING:
    from textual.command import Provider

    from inspector_app.capture.keeping import Removed
    from inspector_app.engine.running import RunningEngine
    from inspector_app.inspection import Inspection, InspectionFailed
    from inspector_app.screens.bench import Bench
    from inspector_app.screens.home import HomeScreen
    from inspector_app.screens.toasts import Toasts
    from inspector_app.viewer.goal import ExchangeGoal

FAILED = 1
COUNTED_S = 0.25
"""How long a toast goes on showing how often it was told before."""


def _command_provider() -> type[Provider]:
    """Give what fills the command palette; it is imported when the palette is opened first."""
    from inspector_app.screens.palette import CommandProvider

    return CommandProvider


class InspectorApp(TypingApp):
    """The inspector on a terminal. `spec` or `capture` is looked at from the start; without either, home is.

    `record` is the file that the first recording goes into; its engine may be asked to `stay` when the app
    ends. With `attach`, a running engine is looked at, and with `control` asked for things too. The result is
    the exit code.
    """

    TITLE = "slipstream-inspector"
    COMMANDS = {_command_provider}  # noqa: RUF012  # Textual declares it as it is

    CSS = """
    * { scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1; }
    Input { scrollbar-size-horizontal: 0; }
    .too-small { display: none; width: 1fr; height: 1fr; content-align: center middle; text-align: center; }
    Screen.-tiny > *, Screen.-flat > * { display: none; }
    Screen.-tiny > .too-small, Screen.-flat > .too-small { display: block; }
    Toast { width: 60; max-width: 90%; }
    Dialog Button { border: none; height: 1; min-width: 14; margin: 0 0 0 1; }
    Dialog Button:focus { text-style: bold reverse; }
    Dialog Checkbox { border: none; background: $background; padding: 0; margin: 0 1; height: 1; }
    Dialog Checkbox > .toggle--button { color: $panel; background: $panel; }
    Dialog Checkbox.-on > .toggle--button { color: $success; background: $panel; }
    Dialog Checkbox:focus > .toggle--label { background: $row-cursor; color: $emphasis; }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("everywhere")

    def __init__(
        self,
        spec: SourceSpec | None = None,
        capture: Path | None = None,
        record: Path | None = None,
        *,
        stay: bool = False,
        attach: RunningEngine | None = None,
        control: bool = False,
    ) -> None:
        self._inert_filter = InertFilter()
        self._themes: dict[str, LoadedTheme] = {}
        super().__init__()
        self._spec = spec
        self._capture = capture
        self._record = record
        self._stay = stay
        self._engine_to_attach = attach
        self._with_control = control
        self._config = stored.config_folder()
        loaded = stored.load(self._config)
        self._settings, self._notice = loaded.settings, loaded.notice
        # Before anything is styled: a change of theme styles everything anew.
        self._wear_theme()
        self._inspection: Inspection | None = None
        self._once_seen: list[Callable[[], object]] = [
            self._tell_refused,
            self._remove_old,
            _collect_garbage_again,
        ]
        self._drafts = Drafts()
        self._start_drafts = StartDrafts()
        self._toasts: Toasts | None = None
        self._made_bench: Bench | None = None
        self._counts = False
        self.too_late: list[Exception] = []
        """What was looked for on screens that were being taken apart because the app ends."""
        self.failure = ""
        """Why the program ended without having begun, as one sentence; empty otherwise."""

    # -- what Textual asks for ----------------------------------------------------------------------------

    def get_css_variables(self) -> dict[str, str]:
        """Give the variables of the theme that is worn; none before it is known which one that is."""
        return super().get_css_variables() if self._themes else {}

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give a colour to every style name, also under a theme that is not ours."""
        return {} if self.theme in self._themes else variable_defaults(dark=self.current_theme.dark)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Drop from every drawn line whatever could act on the terminal."""
        return [*super().get_line_filters(), self._inert_filter]

    def _handle_exception(self, error: Exception) -> None:
        """Take a widget that is not there for a defect, unless nothing is put together any more."""
        cause = error.error if isinstance(error, WorkerFailed) else error
        if self._exit and isinstance(cause, NoMatches | ScreenStackError | MountError):
            self.too_late.append(error)
        else:
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """End after a defect, without the local variables that Textual shows: they hold wire text."""
        import traceback

        kind, error, trace = sys.exc_info()
        places = "".join(traceback.format_tb(trace)).rstrip()
        name = kind.__name__ if kind else "an unknown error"
        message = inert(str(error))[:300] if error is not None else ""
        told = f"{places}\n\nslipstream-inspector ended by a defect: {name}: {message}\nThe capture is kept."
        self.bell()
        self._exit_renderables.append(Text(inert(told, keep_newlines=True)))
        self._close_messages_no_wait()

    def get_default_screen(self) -> Screen[Any]:
        """Give the first screen, in place of an empty one to put it on, which would be drawn as well."""
        first = self._first_screen()
        # `switch_screen` takes from the old screen what `push_screen` gave it; nobody pushed this one.
        first._push_result_callback(self, None)  # noqa: SLF001  # there is no public way
        return first

    def _first_screen(self) -> Screen[None]:
        """Give the world to look at, or home; an empty screen where there is no world to show, or not yet."""
        mode = _time_mode(self._settings.time_mode)
        if self._capture is None and self._engine_to_attach is None and self._spec is None:
            return self._home()
        from inspector_app.inspection import Inspection

        if self._capture is not None:
            from inspector_app.sources.opening import looks_like_text

            try:
                if not looks_like_text(self._capture):
                    return self._screen_of(Inspection.of_file(self._capture, time_mode=mode))
                self._open(self._capture)
            except CaptureError as error:
                self.failure = str(error)
            return Screen()
        self._once_seen.insert(0, partial(self._start_engine, at_start=True))
        if self._spec is not None:
            inspection = Inspection.of(self._spec, record=self._record, stay=self._stay, time_mode=mode)
        elif self._engine_to_attach is not None:
            control = self._with_control
            inspection = Inspection.of_engine(self._engine_to_attach, control=control, time_mode=mode)
        return self._screen_of(inspection)

    def on_mount(self) -> None:
        """Say what is to be said of the settings."""
        if self.failure:
            self.exit(FAILED)
            return
        self._heed_signals()
        if self._notice:
            notify(self, self._notice, "warning")

    def post_display_hook(self) -> None:
        """Do what is to wait until a screen is seen. `call_after_refresh` does not wait for that.

        Textual lays out and draws a screen several times while it is put together, and shows nothing of it.
        """
        if self._batch_count or not self._running or not self.screen_stack:
            return
        screen = self.screen
        if isinstance(screen, CommandScreen) and screen.is_mounted and not screen.seen:
            screen.seen = True
            self.call_later(self._complete, screen)

    def _complete(self, screen: CommandScreen) -> None:
        screen.complete()
        waiting, self._once_seen = self._once_seen, []
        for each in waiting:
            each()

    async def on_unmount(self) -> None:
        """End the engine however the app ends."""
        if self._inspection is not None:
            await self._inspection.close()
        if self._made_bench is not None:
            self._made_bench.history.close()

    def _heed_signals(self) -> None:
        """Leave in good order when told to end; go on after a stop that was not of this program's making."""
        # Without them a terminal would be left raw. There are none on Windows, or off the main thread.
        with suppress(AttributeError, NotImplementedError, RuntimeError, ValueError):
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(number, self.do_quit)
            resume = signal.getsignal(signal.SIGCONT)
            if callable(resume):
                signal.signal(signal.SIGCONT, partial(self._resume_if_suspended, resume))

    def _resume_if_suspended(self, resume: Callable[[int, FrameType | None], object], *told: Any) -> None:
        # The driver starts its threads anew at every SIGCONT; twice would be once too many.
        if getattr(self._driver, "_must_signal_resume", True):
            resume(*told)

    def _wear_theme(self) -> None:
        """Wear the theme of the settings, else the default one. The others are not looked at yet."""
        folder = self._config / "themes"
        worn = find_theme(self._settings.theme, folder) or find_theme(DEFAULT_THEME, folder)
        if worn is not None:
            self._themes = {worn.name: worn}
            self.register_theme(worn.theme)
            self.set_reactive(App.theme, worn.name)
        self.stylesheet.set_variables(self.get_css_variables())
        self.set_class(self.current_theme.dark, "-dark-mode", update=False)
        self.set_class(not self.current_theme.dark, "-light-mode", update=False)

    def _find_themes(self) -> list[ThemeError]:
        """Register all themes; give what is wrong with those that are refused."""
        self._themes, refused = find_themes(self._config / "themes")
        for each in self._themes.values():
            self.register_theme(each.theme)
        return refused

    def _tell_refused(self) -> None:
        for error in self._find_themes():
            notify(self, f"Theme refused: {error}", "warning")

    def _show(self, screen: Screen[None]) -> None:
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.switch_screen(screen)

    # -- worlds -------------------------------------------------------------------------------------------

    def _inspect(self, spec: SourceSpec, *, stay: bool = False) -> None:
        from inspector_app.inspection import Inspection

        self._begin(Inspection.of(spec, stay=stay, time_mode=_time_mode(self._settings.time_mode)))

    def _look_in(self, engine: RunningEngine, *, control: bool) -> None:
        from inspector_app.inspection import Inspection

        mode = _time_mode(self._settings.time_mode)
        self._begin(Inspection.of_engine(engine, control=control, time_mode=mode))

    def _begin(self, inspection: Inspection) -> None:
        self._look_at(inspection)
        # The first paint does not wait for what an engine needs.
        self._once_seen.append(partial(self._start_engine, at_start=False))

    def _look_at(self, inspection: Inspection) -> None:
        before = self._inspection
        self._show(self._screen_of(inspection))
        if before is not None:
            self.run_worker(before.close(), group="closing")

    def _screen_of(self, inspection: Inspection) -> Screen[None]:
        from inspector_app.screens.main import MainScreen

        self._inspection = inspection
        inspection.view.columns = checked(self._settings.columns)
        inspection.view.book = FilterBook.of(self._settings.filters, self._settings.recent)
        return MainScreen(inspection, self._drafts, self._bench)

    def _bench(self) -> Bench:
        """Give what there is for sending, the same for every world."""
        if self._made_bench is None:
            from inspector_app.screens.bench import Bench

            self._made_bench = Bench(self._settings, self._config)
        return self._made_bench

    def _start_engine(self, *, at_start: bool) -> None:
        if self._inspection is not None:
            self.run_worker(self._start(self._inspection, at_start=at_start), group="starting")

    async def _start(self, inspection: Inspection, *, at_start: bool) -> None:
        from inspector_app.inspection import InspectionFailed

        try:
            await inspection.start()
        except InspectionFailed as failure:
            if inspection is self._inspection:
                self._could_not_start(inspection, failure, at_start=at_start)
            return
        if inspection is not self._inspection:
            await inspection.close()

    def _could_not_start(self, inspection: Inspection, failure: InspectionFailed, *, at_start: bool) -> None:
        if at_start:
            self.failure = failure.text
            self.exit(failure.exit_code)
            return
        home = self._go_home()
        spec = inspection.view.world.spec
        if spec is not None:
            self.call_after_refresh(home.show_failure, spec, failure.text)
        else:
            notify(self, failure.text, "error")

    def _home(self) -> HomeScreen:
        from inspector_app.screens.home import HomeScreen

        return HomeScreen(self._start_drafts, lambda: self._settings)

    def _go_home(self) -> HomeScreen:
        before, self._inspection = self._inspection, None
        home = self._home()
        self._show(home)
        if before is not None:
            self.run_worker(before.close(), group="closing")
        return home

    def _open(self, path: Path, goal: ExchangeGoal | None = None) -> None:
        self.run_worker(lambda: self._import(path, goal), thread=True, group="opening")

    def _import(self, path: Path, goal: ExchangeGoal | None) -> None:
        from inspector_app.capture.taking import Cancelled
        from inspector_app.screens.importing import Importing
        from inspector_app.sources.opening import capture_from

        importing, worker = Importing(path), get_current_worker()

        def progress(done: int, total: int) -> None:
            if worker.is_cancelled:  # the app ends, and with it what is made of the file
                raise Cancelled
            if importing.heard(done, total):
                self.call_from_thread(self.push_screen, importing)

        try:
            capture = capture_from(path, progress)
        except CaptureError as error:
            self.call_from_thread(importing.end)
            self.call_from_thread(self._could_not_open, str(error))
        except Cancelled:
            if worker.is_cancelled:
                return
            self.call_from_thread(importing.end)
            self.call_from_thread(self._could_not_open, f"{path} was not imported.")
        else:
            self.call_from_thread(importing.end)
            self.call_from_thread(self._look_at_file, capture, goal)

    def _look_at_file(self, capture: Path, goal: ExchangeGoal | None) -> None:
        from inspector_app.inspection import Inspection

        try:
            inspection = Inspection.of_file(capture, time_mode=_time_mode(self._settings.time_mode))
        except CaptureError as error:
            self._could_not_open(str(error))
        else:
            if goal is not None:
                inspection.view.look_out(goal, time.time_ns())
            self._look_at(inspection)

    def _could_not_open(self, text: str) -> None:
        if any(isinstance(each, CommandScreen) for each in self.screen_stack):
            notify(self, text, "error")
        else:
            self.failure = text
            self.exit(FAILED)

    async def _leave(self) -> None:
        # Without a world there is none that could fail to start while it is being closed.
        inspection, self._inspection = self._inspection, None
        if inspection is not None:
            await inspection.close()
        self.exit(0)

    # -- wishes of screens --------------------------------------------------------------------------------

    def on_inspect(self, wish: Inspect) -> None:
        """Start a source and look at it."""
        self._inspect(wish.spec)

    def on_attach(self, wish: Attach) -> None:
        """Look at what a running engine inspects."""
        self._look_in(wish.engine, control=wish.with_control)

    def on_open_file(self, wish: OpenFile) -> None:
        """Look at a capture."""
        self._open(wish.path, wish.goal)

    def on_restart(self, _wish: Restart) -> None:
        """Start the same source again, with a new engine and a new capture."""
        spec = self._inspection.view.world.spec if self._inspection else None
        if spec is not None:
            self._inspect(spec, stay=self._stay and spec == self._spec)

    def on_go_home(self, _wish: GoHome) -> None:
        """Leave this world."""
        self._go_home()

    def on_remember(self, wish: Remember) -> None:
        """Keep a setting for the next run."""
        self._settings = stored.changed(self._settings, wish.changes)
        if {"keep_days", "keep_megabytes"} <= wish.changes.keys():
            self._remove_old()
        problem = stored.save(self._config, self._settings)
        if problem:
            notify(self, problem, "warning")

    # -- toasts -------------------------------------------------------------------------------------------

    def on_notify(self, event: Notify) -> None:
        """Show what repeats once, with a count."""
        if self._toasts is None:
            from inspector_app.screens.toasts import Toasts

            self._toasts = Toasts()
        if self._toasts.repeats(event.notification):
            event.prevent_default()
            if not self._counts:  # counting lays out the screen, and thousands may come in a second
                self._counts = True
                self.set_timer(COUNTED_S, self._show_counts)

    def clear_notifications(self) -> None:
        """Take the toasts away; what was told is told anew when it comes again."""
        self._toasts = None
        super().clear_notifications()

    def _show_counts(self) -> None:
        self._counts = False
        for screen in self.screen_stack[-1:]:  # there is none when the app ends
            for toast in screen.query("Toast"):
                toast.refresh(layout=True)

    # -- old captures -------------------------------------------------------------------------------------

    def _remove_old(self) -> None:
        if not self._settings.keep_days and not self._settings.keep_megabytes:
            return
        settings = self._settings
        self.run_worker(lambda: self._remove(settings), thread=True, exclusive=True, group="removing")

    def _remove(self, settings: stored.Settings) -> None:
        from inspector_app.capture.keeping import keep_of, remove_old

        removed = remove_old(keep_of(settings))
        self.call_from_thread(self._removed, removed)

    def _removed(self, removed: Removed) -> None:
        from inspector_app.screens.home import HomeScreen

        for text in (removed.told, removed.problem):
            if text:
                notify(self, text, "warning")
        if isinstance(self.screen, HomeScreen):
            self.screen.look_for_captures()

    # -- commands that every screen has -------------------------------------------------------------------

    def action_run(self, name: str) -> None:
        """Carry out a command that every screen has."""
        if isinstance(self.screen, CommandScreen):
            self.screen.action_run(name)

    def do_help(self) -> None:
        """List all keys."""
        from inspector_app.screens.help import HelpScreen

        screen = self.screen
        if isinstance(screen, CommandScreen):
            self.push_screen(HelpScreen(screen.PLACE, screen.situation()))
        else:
            self.push_screen(HelpScreen("everywhere"))

    def do_palette(self) -> None:
        """Open the command palette."""
        self.action_command_palette()

    def do_theme(self) -> None:
        """Choose a theme; files are read again, so one that was mended is there."""
        from inspector_app.screens.theme_picker import ThemePicker

        refused = self._find_themes()
        self.push_screen(ThemePicker(list(self._themes.values()), refused))

    def do_quit(self) -> None:
        """End, with the capture closed in good order."""
        self.run_worker(self._leave(), exclusive=True, group="leaving")

    async def action_quit(self) -> None:
        """End from anywhere, forms and dialogs included."""
        self.do_quit()


def _collect_garbage_again() -> None:
    # What has been imported by now stays; there is no need to look through it ever again.
    gc.freeze()
    gc.enable()


def _time_mode(name: str) -> TimeMode:
    return TimeMode(name) if name in {mode.value for mode in TimeMode} else TimeMode.CLOCK


def run_app(
    spec: SourceSpec | None = None,
    capture: Path | None = None,
    record: Path | None = None,
    *,
    stay: bool = False,
    attach: RunningEngine | None = None,
    control: bool = False,
) -> int:
    """Show the app until it is quit. Give the exit code; a sentence on stderr says why it did not begin."""
    app = InspectorApp(spec, capture, record, stay=stay, attach=attach, control=control)
    code = app.run()
    if app.failure:
        for line in app.failure.splitlines():
            sys.stderr.write(f"slipstream-inspector: {inert(line)}\n")
    if code is None:
        return app.return_code or 0
    return code
