"""From style names to drawn strips: the ground that every own line-drawing widget stands on.

Owns how a style name becomes a style of the current theme, and `Painted`, the base of widgets that hand out
finished strips. It never sees where text comes from: what it is given is made inert here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color, ColorParseError
from textual.filter import ANSIToTruecolor
from textual.strip import Strip
from textual.widget import Widget

from inspector_app.display.cells import fit
from inspector_app.display.inert import MARK_LIMIT, inert

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Self

    from textual.geometry import Region
    from textual.theme import Theme

Part = tuple[str, str]
"""A piece of text, not yet inert, and its style name."""

ATTRIBUTES = frozenset({"bold", "dim", "italic", "underline", "strike", "reverse"})


class Palette:
    """Styles by name, for the variables of one theme.

    A style name is a variable of the theme, attributes such as `bold`, or both: `outcome-error bold`. A name
    the theme does not have draws as plain text.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._styles: dict[tuple[str, str], Style] = {}

    def style(self, name: str, background: str = "background") -> Style:
        """Return the style called `name` on the background that the variable `background` names."""
        key = name, background
        if (style := self._styles.get(key)) is None:
            style = self._styles[key] = self._make(name, background)
        return style

    def _make(self, name: str, background: str) -> Style:
        words = name.split()
        foreground = next((word for word in words if word not in ATTRIBUTES), "foreground")
        color = self.color(foreground) or self.color("foreground")
        behind = self.color(background)
        if color and behind:
            color = behind + color
        return Style(
            color=color.rich_color if color else None,
            bgcolor=behind.rich_color if behind else None,
            bold="bold" in words,
            dim="dim" in words,
            italic="italic" in words,
            underline="underline" in words,
            strike="strike" in words,
            reverse="reverse" in words,
        )

    def ink(self, name: str) -> Style:
        """Return the style called `name` without a background, to lay over what is there."""
        color = self.color(name)
        return Style(color=color.rich_color if color else None)

    def color(self, variable: str) -> Color | None:
        """Return the colour a variable of the theme holds; None when it holds none."""
        try:
            return Color.parse(self._variables[variable])
        except (KeyError, ColorParseError):
            return None


def segments(parts: Iterable[Part], palette: Palette, background: str = "background") -> list[Segment]:
    """Return segments for `parts`, made inert."""
    return [Segment(inert(text), palette.style(name, background)) for text, name in parts if text]


def strip_of(parts: Iterable[Part], width: int, palette: Palette, background: str = "background") -> Strip:
    """Return one line of exactly `width` cells, cropped or padded, with `parts` made inert."""
    strip = Strip(segments(((head(text, width), name) for text, name in parts), palette, background))
    return strip.adjust_cell_length(width, palette.style("", background))


class Painted(Widget):
    """Base of widgets that hand out finished strips, bypassing the costs of rendering by CSS.

    A subclass implements `paint`. Borders, padding and opacity have no effect on it: put them on a container.
    Colours come from the variables of the app's theme and follow it when it changes.
    """

    ALLOW_SELECT = False

    _palette: Palette | None = None
    _strips_drawn: tuple[Region, list[Strip]] | None = None

    @property
    def palette(self) -> Palette:
        """Styles of the current theme."""
        if self._palette is None:
            self._palette = Palette(self.app.theme_variables)
        return self._palette

    def on_mount(self) -> None:
        """Follow the theme."""
        self.app.theme_changed_signal.subscribe(self, self._theme_changed)

    def _theme_changed(self, _theme: Theme) -> None:
        self._palette = None
        self.forget_strips()
        self.refresh()

    def forget_strips(self) -> None:
        """Drop strips that were kept; called when the colours have changed."""

    def paint(self, y: int, width: int) -> Strip:
        """Return line `y` of the widget, exactly `width` cells wide."""
        raise NotImplementedError

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the strips in `crop`, with the line filters of the app applied."""
        # Textual asks again for the lines of all that is beside what has changed.
        if self._strips_drawn is None or self._strips_drawn[0] != crop:
            self._strips_drawn = crop, self._draw(crop)
        return self._strips_drawn[1]

    def _draw(self, crop: Region) -> list[Strip]:
        width = self.size.width
        # Every colour here is one of a theme, none is a number in the terminal's own palette.
        filters = [each for each in self.get_line_filters() if not isinstance(each, ANSIToTruecolor)]
        background = self.palette.color("background") or Color(0, 0, 0)
        strips = []
        for y in crop.line_range:
            strip = self.paint(y, width)
            for line_filter in filters:
                strip = strip.apply_filter(line_filter, background)
            strips.append(strip.crop(crop.x, crop.right))
        return strips

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Have it drawn anew."""
        self._strips_drawn = None
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def blank(self, width: int, background: str = "background") -> Strip:
        """Return an empty line."""
        return Strip.blank(width, self.palette.style("", background))


def head(text: str, width: int) -> str:
    """Return as much of the beginning of `text` as could be seen in `width` cells, and a little more."""
    return text[: (MARK_LIMIT + 1) * width + 1]


def width_of(parts: Iterable[Part], most: int) -> int:
    """Return how many cells `parts` take when drawn, up to about `most` for each."""
    return sum(cell_len(inert(head(text, most))) for text, _ in parts)


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """Return `text` made inert in exactly `width` cells; of a huge text only the beginning is looked at."""
    return fit(inert(head(text, width)), width, right=right)
