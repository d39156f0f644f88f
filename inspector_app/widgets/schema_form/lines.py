"""The lines of a form, with a cursor.

Owns drawing them, and which key on a line asks for what.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Literal

from rich.segment import Segment
from textual.strip import Strip

from inspector_app.display.form_line import FormLine
from inspector_app.display.painting import Painted, fitted, head, strip_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events

    from inspector_app.widgets.schema_form.form import SchemaForm

WHEEL_ROWS: Final = 3
CURSOR_GLYPH: Final = "▌"
LONGEST_NAME: Final = 40
VARIABLE_SIGN: Final = "$"
"""What the name of a variable begins with, which may stand for a value of any type."""
KIND_FROM: Final = 56
"""Width in cells from which types and limits have a column."""

What = Literal["typing", "typed", "left", "chosen", "turn", "put_in", "take_out", "null", "move", "fold"]

_VALUE_STYLES: Final = {"missing": "muted", "null": "json-literal", "unknown": "severity-warning"}


class Lines(Painted, can_focus=True):
    """The lines, with a cursor."""

    DEFAULT_CSS = """
    Lines { width: 1fr; height: 1fr; }
    """

    KEYS: ClassVar[dict[str, tuple[str, int]]] = {
        "up": ("move", -1),
        "down": ("move", 1),
        "pageup": ("page", -1),
        "pagedown": ("page", 1),
        "home": ("move", -100_000),
        "end": ("move", 100_000),
        "enter": ("enter", 0),
        "space": ("space", 0),
        "left": ("turn", -1),
        "right": ("turn", 1),
        "insert": ("put_in", 0),
        "delete": ("take_out", 0),
        "backspace": ("null", 0),
        "shift+up": ("shift", -1),
        "shift+down": ("shift", 1),
    }
    """What each key does. No bindings: those are carried out after letters that are typed behind them."""

    def __init__(self, form: SchemaForm) -> None:
        super().__init__()
        self._form = form
        self.lines: Sequence[FormLine] = ()
        self.why = ""
        self.cursor = 0
        self.first = 0

    @property
    def line(self) -> FormLine | None:
        """The line under the cursor."""
        return self.lines[self.cursor] if self.lines else None

    # -- keys and mouse -----------------------------------------------------------------------------------

    def go(self, index: int) -> None:
        """Put the cursor on a line, or the nearest there is."""
        self.cursor = min(max(index, 0), max(0, len(self.lines) - 1))
        self.first = min(max(self.first, self.cursor - self.size.height + 1), self.cursor)
        self._scroll(self.first)
        self._form.tell()

    def _scroll(self, first: int) -> None:
        self.first = min(max(first, 0), max(0, len(self.lines) - self.size.height))
        self.refresh()

    def move(self, lines: int) -> None:
        """Move the cursor by some lines, and take what was typed."""
        if self._form.pending is not None:  # the key came before the field had the focus
            self._form.take(lines)
            return
        self.go(self.cursor + lines)

    def page(self, pages: int) -> None:
        """Move the cursor by some screens."""
        self.go(self.cursor + pages * max(1, self.size.height - 1))

    def put_in(self, _: int) -> None:
        """Put in what is missing."""
        self._ask("put_in")

    def take_out(self, _: int) -> None:
        """Take out what is there."""
        self._ask("take_out")

    def null(self, _: int) -> None:
        """Put null there."""
        self._ask("null")

    def shift(self, step: int) -> None:
        """Let an item change places with its neighbour."""
        self._ask("move", step)

    def _ask(self, what: What, number: int = 0) -> None:
        if self.lines and self._form.pending is None:
            self._form.ask(what, number=number)

    def enter(self, _: int = 0) -> None:
        """Begin what there is to do with the line, or take what was typed."""
        if self._form.pending is not None:
            self._form.take(0)
            return
        line = self.line
        if line is None:
            return
        if line.state == "adds" and line.edit == "none":
            self._form.ask("put_in")
        elif line.edit == "choices":
            self._form.open_list()
        elif line.edit in ("text", "name"):
            self._form.begin(line.typed)
        elif line.state == "missing":
            self._form.ask("put_in")
        else:
            self._form.ask("fold", number=-1)

    def space(self, _: int = 0) -> None:
        """Fold or unfold, or go on to the next choice; a blank, where something is being typed."""
        if self._form.pending is not None:
            self._form.begin(" ")
            return
        line = self.line
        if line is not None and line.fold:
            self._form.ask("fold", number=-1)
        elif line is not None and line.choices:
            self._form.ask("turn", number=1)

    def turn(self, step: int) -> None:
        """Go to a choice beside the one that is there, or fold and unfold."""
        line = self.line
        if line is None:
            return
        if line.choices:
            self._form.ask("turn", number=step)
        elif line.fold:
            self._form.ask("fold", number=int(step < 0))

    def on_key(self, event: events.Key) -> None:
        """Do what the key is for, or begin to type over the value."""
        name, number = self.KEYS.get(event.key, ("", 0))
        if name:
            getattr(self, name)(number)
        elif event.is_printable and event.character is not None:
            self.type(event.character)
        else:
            return
        event.stop()
        event.prevent_default()

    def type(self, character: str) -> None:
        """Begin to type over the value, or type on."""
        if self._takes(character):
            self._form.begin(character, typed=True)

    def on_paste(self, event: events.Paste) -> None:
        """Begin to edit with what was pasted."""
        if self._takes(event.text):
            event.stop()
            self._form.begin(event.text, typed=True)

    def _takes(self, text: str) -> bool:
        """Whether something may be typed over the value: of any, the name of a variable."""
        line = self.line
        if line is None:
            return False
        return line.edit in ("text", "name") or (text.startswith(VARIABLE_SIGN) and line.state != "adds")

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Put the cursor on the line pressed; on its glyph, fold it; on the cursor's line, edit it."""
        index = self.first + event.y
        if event.button != 1 or index >= len(self.lines):
            return
        again = index == self.cursor and self.has_focus
        self.go(index)
        line = self.lines[index]
        if line.fold and event.x < 2 * line.depth + 4:
            self._form.ask("fold", number=-1)
        elif again and event.x > self.name_width:
            self.enter()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll without moving the cursor."""
        event.stop()
        self._scroll(self.first + WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll without moving the cursor."""
        event.stop()
        self._scroll(self.first - WHEEL_ROWS)

    def on_resize(self) -> None:
        """Keep the cursor on screen."""
        self.go(self.cursor)

    def on_focus(self) -> None:
        """Show the cursor as active."""
        self._form.tell()
        self.refresh()

    def on_blur(self) -> None:
        """Show the cursor as resting."""
        self._form.tell_keys()
        self.refresh()

    # -- drawing ------------------------------------------------------------------------------------------

    @property
    def name_width(self) -> int:
        """Cells of cursor, name and the blank behind it."""
        longest = max((2 * line.depth + len(line.name[:LONGEST_NAME]) + 5 for line in self.lines), default=10)
        return min(longest, max(12, self.size.width * 2 // 5))

    @property
    def kind_width(self) -> int:
        """Cells of the column of types; 0: there is no room for one."""
        return self.size.width * 3 // 10 if self.size.width >= KIND_FROM else 0

    def paint(self, y: int, width: int) -> Strip:
        """Return line `y`."""
        index = self.first + y
        if width < 8:
            return self.blank(width)
        if not self.lines:
            return strip_of([(f"  {self.why}" if y == 1 else "", "muted")], width, self.palette)
        if index >= len(self.lines):
            return self.blank(width)
        line = self.lines[index]
        look = "background"
        if index == self.cursor:
            look = "row-cursor" if self.has_focus else "row-cursor-resting"
        names, kinds = self.name_width, self.kind_width
        room = max(1, width - names - kinds - 2)
        glyph = {"open": "▾ ", "closed": "▸ ", "": "  "}[line.fold]
        mark = "*" if line.required else "+" if line.state == "adds" else " "
        name = fitted("  " * line.depth + glyph + head(line.name, width), names - 3)
        tail, tail_style = (f"✗ {line.problem}", "severity-problem") if line.problem else (line.kind, "muted")
        name_style = "muted" if line.state in ("missing", "adds") else "json-key"
        value, value_style = line.value, _VALUE_STYLES.get(line.state, "")
        if not kinds and line.problem:
            value, value_style = f"{head(value, width)}  {tail}" if value else tail, tail_style
        parts = [
            (CURSOR_GLYPH if look != "background" else " ", "row-cursor-edge"),
            (name, name_style),
            (mark, "emphasis"),
            (" ", ""),
            (fitted(value, room), value_style),
            (" ", ""),
            (fitted(tail, kinds) if kinds else "", tail_style),
        ]
        drawn = [Segment(text, self.palette.style(style, look)) for text, style in parts if text]
        strip = Strip(drawn).adjust_cell_length(width - 1, self.palette.style("", look))
        return Strip([*strip, self._bar(y)], width)

    def _bar(self, y: int) -> Segment:
        height, count = self.size.height, len(self.lines)
        if count <= height or height < 2:
            return Segment(" ", self.palette.style(""))
        length = max(1, height * height // count)
        top = round(self.first / (count - height) * (height - length))
        thumb = top <= y < top + length
        return Segment("┃" if thumb else "│", self.palette.style("bar-thumb" if thumb else "bar-track"))
