"""The text area of the JSON editor: coloured, inert, and quick in a text of a megabyte."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, cast

from rich.text import Text
from textual.document._document_navigator import DocumentNavigator
from textual.geometry import Size
from textual.widgets import TextArea

from inspector_app.display.inert import inert
from inspector_app.display.json_layout import lay_out
from inspector_app.display.json_view import LEX_LIMIT, lexed
from inspector_app.display.long_text import (
    MOST_FOLDED,
    MOST_FOLDED_LINES,
    FoldedLines,
    LineDocument,
    UnfoldedLines,
)
from inspector_app.display.painting import Palette

if TYPE_CHECKING:
    from textual import events
    from textual.document._document import EditResult, Location
    from textual.document._edit import Edit
    from textual.strip import Strip
    from textual.theme import Theme

LONGEST_LINE: Final = 20_000
"""Characters of a line that can be edited at all; a text with a longer one is laid out when it comes in."""


class Area(TextArea):
    """A text area that draws inert, coloured lines, and takes no longer for a key when it holds a megabyte.

    Never given a `language`: that needs native parsers.
    """

    lays_out: ClassVar[bool] = True
    """Whether a text with a line that is too long to be edited is laid out when it is pasted."""
    _palette: Palette | None = None
    _widest = 0

    def on_mount(self) -> None:
        """Follow the theme."""
        self.set_reactive(TextArea.soft_wrap, not self.is_long)
        self.match_cursor_bracket = False
        self.app.theme_changed_signal.subscribe(self, self._recolour)

    def _recolour(self, _theme: Theme) -> None:
        self._palette = None
        self.notify_style_update()
        self.refresh()

    def on_focus(self) -> None:
        """Mark pairs of brackets."""
        self.match_cursor_bracket = True

    def on_blur(self) -> None:
        """Mark no brackets."""
        # Without the cursor a marked pair of brackets looks like a selection.
        self.match_cursor_bracket = False

    # -- a long text ---------------------------------------------------------------------------------------

    @property
    def is_long(self) -> bool:
        """Whether it is treated as a long text: no line is folded, and it is judged beside the keys."""
        return isinstance(self.wrapped_document, UnfoldedLines)

    def _set_document(self, text: str, language: str | None) -> None:  # noqa: ARG002  # as its base has it
        self._highlight_query = None
        self._take(LineDocument(text))

    def _take(self, document: LineDocument) -> None:
        """Stand on a document, in the way that suits its length."""
        self.document = document
        long = document.is_long
        self._widest = max(map(len, document.lines)) if long else 0
        self.wrapped_document = UnfoldedLines(document) if long else FoldedLines(document)
        self.navigator = DocumentNavigator(self.wrapped_document)
        self.set_reactive(TextArea.soft_wrap, not long)
        self._build_highlight_map()
        self.move_cursor((0, 0))
        self._rewrap_and_refresh_virtual_size()

    async def _on_paste(self, event: events.Paste) -> None:
        # What its base does with it comes next: Textual asks each class, so to call it would put it in twice.
        if self.lays_out:
            event.text = editable(event.text)

    def _recompute_cursor_offset(self) -> None:
        # In the midst of an undo the cursor is where it was, which may be behind the end.
        if self.cursor_location[0] < self.document.line_count:
            super()._recompute_cursor_offset()  # type: ignore[no-untyped-call]  # its base names no types

    def edit(self, edit: Edit) -> EditResult:
        """Edit the text, and fold its lines no longer, once it has become long."""
        if not self.is_long and (len(edit.text) > MOST_FOLDED or edit.text.count("\n") > MOST_FOLDED_LINES):
            self._unfold()
        result = super().edit(edit)
        if self.is_long:
            row = result.end_location[0]
            touched = self.document.lines[edit.top[0] : row + 1]
            self._widest = max(self._widest, *map(len, touched), 0)
            self._refresh_size()
        elif isinstance(self.document, LineDocument) and self.document.is_long:
            self._unfold()
        return result

    def _unfold(self) -> None:
        document = cast("LineDocument", self.document)
        self._widest = max(map(len, document.lines))
        self.wrapped_document = UnfoldedLines(document)
        self.navigator = DocumentNavigator(self.wrapped_document)
        self.set_reactive(TextArea.soft_wrap, False)  # Textual's way
        self._refresh_size()

    def _refresh_size(self) -> None:
        if self.is_long:
            self.virtual_size = Size(self._widest + self.gutter_width + 1, self.document.line_count)
            self._refresh_scrollbars()
        else:
            super()._refresh_size()

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        # To see whether it is empty, its base puts the whole text together, line by line of the screen.
        return self._render_line(y) if self.is_long else super().render_line(y)

    def find_matching_bracket(self, bracket: str, search_from: Location) -> Location | None:
        """Find what closes a bracket, or opens it; in a long text nothing does."""
        return None if self.is_long else super().find_matching_bracket(bracket, search_from)

    # -- drawing -------------------------------------------------------------------------------------------

    def get_line(self, line_index: int) -> Text:
        """Give a line as it is drawn."""
        if self._palette is None:
            self._palette = Palette(self.app.theme_variables)
        line = self.document.get_line(line_index)
        # Tabs are laid out by the text area itself, which measures them in the text as typed.
        shown = Text("\t".join(inert(part) for part in line.split("\t")), end="", no_wrap=True)
        if len(line) <= LEX_LIMIT:
            at = 0
            for text, name in lexed(line):
                if name.startswith("json-"):
                    shown.stylize(self._palette.ink(name), at, at + len(text))
                at += len(text)
        return shown


class RawArea(Area):
    """The same for a text that is to stay exactly as it comes, whatever it is."""

    lays_out = False


def editable(text: str) -> str:
    """Lay out a text with a line that is too long to be edited; as it is, where that cannot be."""
    if len(text) <= LONGEST_LINE or max(map(len, text.split("\n"))) <= LONGEST_LINE:
        return text
    layout = lay_out(text)
    return text if layout.reason else layout.text.decode("utf-8", "surrogatepass")
