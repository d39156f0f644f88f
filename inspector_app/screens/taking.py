"""Taking a capture, or a part of it, away from the main screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from inspector_app.capture.excerpt import Selection

if TYPE_CHECKING:
    from inspector_app.screens.main import MainScreen


def export_from(main: MainScreen, capture: Path) -> None:
    """Ask what of a capture to export, and how; and do it."""
    from inspector_app.screens.export_form import Choice, ExportForm

    chosen = main.view.selection
    choices = [Choice("Everything", Selection())]
    if chosen.exchange is not None:
        choices.append(Choice(f"Exchange #{chosen.exchange.id}", Selection(exchanges=(chosen.exchange.id,))))
    if chosen.frame is not None:
        choices.append(Choice(f"Frame {chosen.frame.seq}", Selection(frames=(chosen.frame.seq,))))
    main.app.push_screen(ExportForm(capture, choices, main.view.filtering.filter.source))
