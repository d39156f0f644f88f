"""Taking something away from the main screen: a frame's text to the clipboard, a capture to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from inspector_app.capture.errors import CaptureError
from inspector_app.screens.base import notify
from inspector_app.screens.prompts import Prompt

if TYPE_CHECKING:
    from textual.app import App

    from inspector_app.screens.main import MainScreen

COPY_LIMIT = 100_000
"""Characters; terminals drop longer ones without a word."""


def copy_text(app: App[int], raw: str | bytes | None) -> None:
    """Copy a frame's text to the clipboard of the terminal."""
    if raw is None:
        return
    text = raw if isinstance(raw, str) else raw.decode("utf-8", "backslashreplace")
    if len(text) > COPY_LIMIT:
        notify(app, "This frame is too long for a terminal's clipboard: export the capture (w).", "warning")
        return
    # A lone surrogate cannot be encoded, and would be refused.
    app.copy_to_clipboard(text.encode("utf-8", "backslashreplace").decode())
    notify(app, "Copied, if the terminal allows it.")


def export_to(main: MainScreen, capture: Path) -> None:
    """Ask for a file and write the capture there, as JSON lines."""

    def check(typed: str) -> str:
        if not typed:
            return "Type the path of a new file."
        path = Path(typed).expanduser()
        if path.exists():
            return f"{path} exists already: type another name."
        return "" if path.absolute().parent.is_dir() else f"There is no folder {path.parent}: make it first."

    def write(typed: str | None) -> None:
        if typed:
            path = Path(typed).expanduser()
            main.run_worker(lambda: _export(main, capture, path), thread=True, group="export")

    suggestion = str(Path.cwd() / f"{capture.stem}.jsonl")
    main.app.push_screen(Prompt("Export as JSON lines to", value=suggestion, check=check), write)


def _export(main: MainScreen, capture: Path, path: Path) -> None:
    from inspector_app.sources.file import export_capture

    try:
        export_capture(capture, str(path))
    except CaptureError as error:
        main.app.call_from_thread(notify, main.app, str(error), "error")
    else:
        main.app.call_from_thread(notify, main.app, f"Written to {path}.")
