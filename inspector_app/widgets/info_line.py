"""InfoLine: one line of styled text, cropped at the end of the widget."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.strip import Strip

from inspector_app.display.cells import fit
from inspector_app.display.inert import inert
from inspector_app.display.painting import Painted, Part, segments


class InfoLine(Painted):
    """Draws parts on one line; of a text that is too long the end is left out, with a mark."""

    DEFAULT_CSS = """
    InfoLine { width: 1fr; height: 1; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id, classes=classes)
        self._parts: tuple[Part, ...] = ()

    def show(self, parts: Sequence[Part]) -> None:
        """Draw these parts; costs nothing when they are drawn already."""
        if tuple(parts) != self._parts:
            self._parts = tuple(parts)
            self.refresh()

    def paint(self, y: int, width: int) -> Strip:
        """Return the line."""
        if y or width < 2:
            return self.blank(width)
        room = width - 1
        shown: list[Part] = [(" ", "")]
        for text, style in self._parts:
            # Only so much of a huge text is looked at as could be drawn.
            drawn = inert(text[: room + 1])
            if cell_len(drawn) > room:
                drawn = fit(drawn, room)
            shown.append((drawn, style))
            room -= cell_len(drawn)
            if room <= 0:
                break
        strip = Strip(segments(shown, self.palette))
        return strip.adjust_cell_length(width, self.palette.style(""))
