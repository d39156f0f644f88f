"""Taking something away from the main screen: a frame's text to the clipboard, a capture to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from inspector_app.capture.excerpt import Selection
from inspector_app.screens.base import notify

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


def export_from(main: MainScreen, capture: Path) -> None:
    """Ask what of a capture to export, and how; and do it."""
    from inspector_app.screens.export_form import Choice, ExportForm

    chosen = main.view.selection
    choices = [Choice("Everything", Selection())]
    if chosen.exchange is not None:
        choices.append(Choice(f"Exchange #{chosen.exchange.id}", Selection(exchanges=(chosen.exchange.id,))))
    if chosen.frame is not None:
        choices.append(Choice(f"Frame {chosen.frame.seq}", Selection(frames=(chosen.frame.seq,))))
    main.app.push_screen(ExportForm(capture, choices))
