"""What is asked of the engine itself from the main screen: to record elsewhere, to stay, to end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from inspector_app.intents import EndEngine, RecordElsewhere, Stay
from inspector_app.screens.prompts import Confirm, Prompt
from inspector_app.screens.wishes import GoHome, OpenFile
from inspector_app.typed_path import typed_path

if TYPE_CHECKING:
    from inspector_app.screens.main import MainScreen


def record_elsewhere(main: MainScreen) -> None:
    """Ask for a new file and go on recording there."""
    reader = main.view.reader
    if reader is None:
        return

    def answered(typed: str | None) -> None:
        if typed:
            main.asking.ask(RecordElsewhere(capture=str(typed_path(typed).absolute())))

    suggestion = Path.home() / f"{reader.path.stem}-goes-on{reader.path.suffix}"
    prompt = Prompt("Record from now on into, with all so far", value=str(suggestion), check=_new_file)
    main.app.push_screen(prompt, answered)


def _new_file(typed: str) -> str:
    path = typed_path(typed).absolute()
    if not typed or path.exists():
        return f"{path} exists already: type another name." if typed else "Type the path of a new file."
    return "" if path.parent.is_dir() else f"There is no folder {path.parent}: make it first."


def stay(main: MainScreen) -> None:
    """Have the engine stay when the viewer ends, or no more."""
    on = not main.inspection.stays
    said = "The engine stays: `slipstream-inspector attach` comes back to it." if on else "It stays no more."
    main.asking.ask(Stay(on=on), said)


def end_engine(main: MainScreen) -> None:
    """End the engine, after asking."""

    def answered(sure: bool | None) -> None:
        if sure:
            main.asking.ask(EndEngine(), "The engine ends.")

    question = "This closes its connections, also for the viewers that look at it. The capture is kept."
    main.app.push_screen(Confirm("End the engine?", question, "End it"), answered)


def go_home(main: MainScreen) -> None:
    """Leave; when that ends something live, only after asking."""
    leave(main, GoHome(), "Leave for home?")


def leave(main: MainScreen, wish: GoHome | OpenFile, title: str) -> None:
    """Leave for something else; when that ends something live, only after asking."""
    if main.view.engine != "running" or main.inspection.leaves_engine:
        main.post_message(wish)
        return

    def leave_if(sure: bool | None) -> None:
        if sure:
            main.post_message(wish)

    question = "This closes what is live. The capture is kept, and is listed at home."
    main.app.push_screen(Confirm(title, question, "Leave"), leave_if)
