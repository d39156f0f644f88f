"""A laid out JSON text as a tree of which only what was opened exists.

Owns what is open and the text of each row. The tree is the layout with what is closed left out: a value is
where its line is, and ends where the first line as little indented closes it. So nothing is parsed, and
neither a million members nor a value of megabytes costs more than the rows that are looked at.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from inspector_app.display.document import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inspector_app.display.lines import Part

PAGE: Final = 200
"""Members that are shown at a time; a last row brings the next."""

_INDENT: Final = 2
_HEAD_BYTES: Final = 2_000
"""As much of a line is looked at: of a long string the beginning is shown."""

_COUNTED_BYTES: Final = 32 * 1024
"""A value of more bytes than these is not counted, so that a row costs little."""

_STEP_BYTES: Final = 1024 * 1024

_NAME: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_PLAIN_NAME: Final = re.compile(r"[\w$@-]+")
_CLOSING: Final = {b"{": b"}", b"[": b"]"}

Path = tuple[str | int, ...]


class Node(Struct, frozen=True):
    """One row. `start` is the offset of its line, `value` that of its value, or of what there is more of."""

    start: int
    value: int
    path: Path
    depth: int
    kind: Literal["leaf", "closed", "open", "more"]
    label: str = ""
    """Its name as it stands in the text, or its place in an array."""


class JsonTree:
    """The rows of a text that `lay_out` laid out. `root` is the path of the whole of it.

    Of a text that goes on behind `known` bytes, how much a value holds is told only if it ends before.
    """

    def __init__(self, data: bytes, root: Path = (), *, known: int | None = None) -> None:
        self._data = data
        self._known = len(data) if known is None else known
        self._rows: list[Node] = []
        top = Node(0, 0, root, 0, self._kind(0), ".".join(map(str, root)))
        self._rows.append(top)
        self.open(0)

    @property
    def count(self) -> int:
        """How many rows there are now."""
        return len(self._rows)

    def node(self, index: int) -> Node:
        """Return row `index`."""
        return self._rows[index]

    # -- opening and closing ------------------------------------------------------------------------------

    def open(self, index: int) -> None:
        """Show the first members of what row `index` holds, or, on a row that says there are more, those."""
        node = self._rows[index]
        if node.kind == "more":
            place = node.path[-1]
            self._rows[index : index + 1] = self._members(
                node, node.start, place if isinstance(place, int) else 0
            )
        elif node.kind == "closed":
            self._rows[index] = replace(node, kind="open")
            inside = self._data.find(b"\n", node.value) + 1
            self._rows[index + 1 : index + 1] = self._members(replace(node, depth=node.depth + 1), inside, 0)

    def close(self, index: int) -> None:
        """Hide what row `index` holds."""
        node = self._rows[index]
        if node.kind == "open":
            end = index + 1
            while end < len(self._rows) and self._rows[end].depth > node.depth:
                end += 1
            del self._rows[index + 1 : end]
            self._rows[index] = replace(node, kind="closed")

    def toggle(self, index: int) -> None:
        """Open what is closed, close what is open."""
        (self.close if self._rows[index].kind == "open" else self.open)(index)

    def open_as(self, beginning: JsonTree) -> None:
        """Open what is open in the tree of a beginning of this text; its rows stand in the same places."""
        for index, node in enumerate(beginning._rows):
            if index < self.count and self._rows[index].kind == "more" and node.kind != "more":
                self.open(index)
            if index < self.count and self._rows[index].kind != node.kind:
                self.toggle(index)

    def parent(self, index: int) -> int:
        """Return the row of what holds row `index`; that of the whole is its own."""
        depth = self._rows[index].depth
        while index and self._rows[index].depth >= depth:
            index -= 1
        return index

    def _members(self, holder: Node, start: int, first: int) -> list[Node]:
        """Return up to a page of rows from the line at `start` on, which is member `first`."""
        indent = b" " * (holder.depth * _INDENT)
        closing = len(indent) - _INDENT
        path = holder.path[:-1] if holder.kind == "more" else holder.path
        named = self._data[holder.value : holder.value + 1] == b"{"
        members: list[Node] = []
        while self._data[start + closing : start + closing + 1] == b" ":
            if len(members) == PAGE:
                more = (*path, first + PAGE)
                members.append(Node(start, holder.value, more, holder.depth, "more"))
                break
            members.append(self._member(start, path, first + len(members), holder.depth, named=named))
            start = self._end(members[-1].value, indent)
        return members

    def _member(self, start: int, path: Path, place: int, depth: int, *, named: bool) -> Node:
        at = start + depth * _INDENT
        name = _NAME.match(self._data, at) if named else None
        if name is None:
            return Node(start, at, (*path, place), depth, self._kind(at), str(place))
        value = name.end() + 2
        label = text_of(name[0][:_HEAD_BYTES])
        return Node(start, value, (*path, _key(name[0])), depth, self._kind(value), label)

    def _kind(self, value: int) -> Literal["leaf", "closed"]:
        return "closed" if self._data[value : value + 2] in (b"{\n", b"[\n") else "leaf"

    def _end(self, value: int, indent: bytes) -> int:
        """Return the offset of the line behind the value at `value`, whose first line is indented so."""
        if self._kind(value) == "closed":
            closing = _CLOSING[self._data[value : value + 1]]
            value = _find(self._data, b"\n" + indent + closing, value) + 1
        newline = self._data.find(b"\n", value)
        return len(self._data) if newline < 0 else newline + 1

    # -- what a row stands for ----------------------------------------------------------------------------

    def value(self, index: int) -> bytes:
        """Return the value of row `index` as JSON, indented as it is in the layout."""
        node = self._rows[index]
        return self._data[node.value : self._behind(node)].rstrip(b"\n").removesuffix(b",")

    def size(self, index: int) -> int:
        """Return about how many bytes that is."""
        node = self._rows[index]
        return self._behind(node) - node.value

    def _behind(self, node: Node) -> int:
        return self._end(node.value, b" " * (node.depth * _INDENT))

    def plain(self, index: int) -> str | None:
        """Return a string without its quotes, anything else as it stands; None for what holds members."""
        if self._rows[index].kind != "leaf":
            return None
        value = self.value(index).decode("utf-8", "surrogatepass")
        return str(json.loads(value, strict=False)) if value.startswith('"') else value

    # -- drawing ------------------------------------------------------------------------------------------

    def parts(self, index: int) -> Sequence[Part]:
        """Return row `index` as parts."""
        node = self._rows[index]
        margin = " " * (node.depth * _INDENT)
        if node.kind == "more":
            return [(f"{margin}… ", "muted"), (f"the next {PAGE}", "emphasis"), (" (Enter)", "muted")]
        glyph = {"closed": "▸ ", "open": "▾ "}.get(node.kind, "  ")
        parts: list[Part] = [(margin + glyph, "muted")]
        if node.label:
            parts += [
                (node.label, "json-key" if isinstance(node.path[-1], str) else "muted"),
                (": ", "json-punctuation"),
            ]
        return [*parts, *self._value_parts(node)]

    def _value_parts(self, node: Node) -> list[Part]:
        if node.kind != "leaf":
            return [self._outline(node)]
        end = self._data.find(b"\n", node.value, node.value + _HEAD_BYTES)
        whole = end >= 0 or node.value + _HEAD_BYTES >= len(self._data)
        head = self._data[node.value : end if end >= 0 else node.value + _HEAD_BYTES]
        text = text_of(head)
        return [(text.removesuffix(",") if whole else text + "…", _STYLES.get(text[:1], "json-number"))]

    def _outline(self, node: Node) -> Part:
        """Tell how much a value holds, if that is quickly known."""
        opening = self._data[node.value : node.value + 1]
        indent = b" " * (node.depth * _INDENT)
        end = self._data.find(b"\n" + indent + _CLOSING[opening], node.value, node.value + _COUNTED_BYTES)
        word = "members" if opening == b"{" else "items"
        brackets = "{…}" if opening == b"{" else "[…]"
        if not 0 <= end < self._known:
            return f"{brackets} large, {word} not counted", "json-punctuation"
        inside = self._data[node.value : end]
        inner = re.escape(indent + b" " * _INDENT)
        count = sum(1 for _ in re.finditer(rb"\n" + inner + rb"(?![ \]}])", inside))
        return f"{brackets} {count} {word if count != 1 else word[:-1]}", "json-punctuation"


_STYLES: Final = {
    '"': "json-string",
    "t": "json-literal",
    "f": "json-literal",
    "n": "json-literal",
    "{": "json-punctuation",
    "[": "json-punctuation",
}


def _find(data: bytes, wanted: bytes, start: int) -> int:
    """Find as `data.find` does, in steps of which none keeps the interpreter long."""
    for place in range(start, len(data), _STEP_BYTES):
        if (found := data.find(wanted, place, place + _STEP_BYTES + len(wanted) - 1)) >= 0:
            return found
    return -1


def _key(name: bytes) -> str:
    return str(json.loads(name.decode("utf-8", "surrogatepass"), strict=False))


def path_text(path: Path, longest: int | None = None) -> str:
    """Write a path as the filter language does: `data.users[0].id`, with other names in quotes.

    Of names that are longer than `longest` the beginning is taken: they are to be seen only.
    """
    steps = (f"[{step}]" if isinstance(step, int) else f".{_name_text(step[:longest])}" for step in path)
    return "".join(steps).removeprefix(".")


def _name_text(name: str) -> str:
    if _PLAIN_NAME.fullmatch(name):
        return name
    quoted = json.dumps(name, ensure_ascii=False)
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in quoted)
