"""The safety net below `inert`: drops from drawn lines whatever could still act on the terminal.

For `App.get_line_filters`; widgets that draw their own lines apply the filters of their app, so it covers
them as well. It is no substitute for `inert`: it sees segments, after their width was measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.filter import LineFilter

from inspector_app.display.inert import inert

if TYPE_CHECKING:
    from textual.color import Color


class InertFilter(LineFilter):
    """Makes the text of every segment inert; returns the very same list when there is nothing to do."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002  # the base's signature
        """Return `segments` with unprintable text made visible; control segments stay as they are."""
        if all(segment.text.isprintable() for segment in segments):
            return segments
        return [
            segment if segment.control else Segment(inert(segment.text), segment.style)
            for segment in segments
        ]
