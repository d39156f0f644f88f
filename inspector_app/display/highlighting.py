"""How typed text is drawn in a field of one line: inert, whatever was pasted, with a part underlined."""

from __future__ import annotations

from rich.highlighter import Highlighter
from rich.text import Text

from inspector_app.display.inert import inert


class InertHighlighter(Highlighter):
    """Makes the text of a field inert, and underlines a part of it."""

    def __init__(self) -> None:
        self.place: tuple[int, int] | None = None
        self.style = "underline"

    def __call__(self, text: str | Text) -> Text:
        """Give what is drawn for the text of a field."""
        plain = text.plain if isinstance(text, Text) else text
        shown = Text(inert(plain), no_wrap=True, overflow="ignore", end="")
        self.highlight(shown)
        return shown

    def highlight(self, text: Text) -> None:
        """Underline the marked part."""
        if self.place is not None:
            text.stylize(self.style, *self.place)
