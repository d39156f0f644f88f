"""A JSON text with the place of each value in it, so that one can be replaced and all else stays as typed.

Owns reading places and splicing. A number keeps its digits, a key that is there twice stays there twice, and
the layout of what is not touched is nobody's business.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, cast

from inspector_app.display.json_check import NESTING_LIMIT

NodeKind = Literal["object", "array", "string", "number", "boolean", "null"]
Path = tuple["str | int", ...]

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_SCALAR: Final = re.compile(
    r'(?P<string>"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*")'
    r"|(?P<number>-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<boolean>true|false)|(?P<null>null)"
)
_INDENT: Final = "  "


class NotJsonError(ValueError):
    """The text is no JSON."""


@dataclass(slots=True)
class Node:
    """One value: from index `start` to `end` of the text."""

    kind: NodeKind
    start: int
    end: int = 0
    keys: list[str] = field(default_factory=list)
    """Names of an object's members, in their order."""
    key_starts: list[int] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    """Values of an object's members, or an array's items."""

    def index_of(self, step: str | int) -> int | None:
        """Give the place of a member or item among `nodes`; of a key that is there twice, the last."""
        if self.kind == "array" and isinstance(step, int):
            return step if 0 <= step < len(self.nodes) else None
        if self.kind == "object" and isinstance(step, str) and step in self.keys:
            return len(self.keys) - 1 - self.keys[::-1].index(step)
        return None


class Document:
    """A JSON text that was read. Editing gives a new text. Raises `NotJsonError`."""

    def __init__(self, text: str) -> None:
        self.text = text
        end = self._space(0)
        self.root, end = self._read(end, 0)
        if self._space(end) != len(text):
            raise NotJsonError("the value has ended before the text")

    def at(self, path: Path) -> Node | None:
        """Give the value at a path; None when there is none."""
        node = self.root
        for step in path:
            place = node.index_of(step)
            if place is None:
                return None
            node = node.nodes[place]
        return node

    def source(self, node: Node) -> str:
        """Give a value as it is written."""
        return self.text[node.start : node.end]

    def string(self, node: Node) -> str:
        """Give what a string says."""
        return cast("str", json.loads(self.source(node)))

    # -- editing ------------------------------------------------------------------------------------------

    def with_value(self, path: Path, value: str) -> str:
        """Give the text with another value at a path, in JSON. Objects on the way there are put in.

        Raises `NotJsonError` where the way leads through something that is no object.
        """
        node = self.at(path)
        if node is not None:
            return self.text[: node.start] + value + self.text[node.end :]
        if not path:
            raise NotJsonError("there is nothing at the root")
        parent = self.at(path[:-1])
        step = path[-1]
        if parent is None:
            whole = (
                json.dumps({step: None})[: -len("null}")] + value + "}"
                if isinstance(step, str)
                else f"[{value}]"
            )
            return self.with_value(path[:-1], whole)
        if parent.kind not in ("object", "array") or isinstance(step, str) != (parent.kind == "object"):
            raise NotJsonError("what is there has no members")
        return self._spliced([self._insertion(parent, [_member(step, value)])])

    def with_members(self, members: Mapping[Path, Mapping[str, str]]) -> str:
        """Give the text with members put in at the end of objects, those by the objects' paths.

        Their values are JSON. Raises `NotJsonError` where there is no object.
        """
        insertions = []
        for path, inner in members.items():
            parent = self.at(path)
            if parent is None or parent.kind != "object":
                raise NotJsonError("what is there has no members")
            insertions.append(self._insertion(parent, [_member(*each) for each in inner.items()]))
        return self._spliced(insertions)

    def without(self, path: Path) -> str:
        """Give the text without the member or item at a path; as it is, when there is none."""
        parent = self.at(path[:-1]) if path else None
        place = parent.index_of(path[-1]) if parent is not None else None
        if parent is None or place is None:
            return self.text
        starts = parent.key_starts or [node.start for node in parent.nodes]
        if place + 1 < len(parent.nodes):
            start, end = starts[place], starts[place + 1]
        elif place:
            start, end = parent.nodes[place - 1].end, parent.nodes[place].end
        else:
            start, end = parent.start + 1, parent.end - 1
        return self.text[:start] + self.text[end:]

    def _insertion(self, parent: Node, written: Sequence[str]) -> tuple[int, int, str]:
        """Say what to put in at the end of an object or array, and from where to where."""
        outer = self._indent(parent.start)
        if parent.nodes:
            first = (parent.key_starts or [parent.nodes[0].start])[0]
            between = self.text[parent.start + 1 : first]
            glue = f",{between}" if "\n" in between else ", "
            at = parent.nodes[-1].end
            return at, at, "".join(glue + each for each in written)
        inner = "\n" + outer + _INDENT
        return parent.start + 1, parent.end - 1, inner + f",{inner}".join(written) + "\n" + outer

    def _spliced(self, insertions: Sequence[tuple[int, int, str]]) -> str:
        text = self.text
        for start, end, put in sorted(insertions, reverse=True):
            text = text[:start] + put + text[end:]
        return text

    def _indent(self, index: int) -> str:
        line = self.text[self.text.rfind("\n", 0, index) + 1 : index]
        return line[: len(line) - len(line.lstrip())]

    # -- reading ------------------------------------------------------------------------------------------

    def _space(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return found.end() if found else at

    def _read(self, at: int, depth: int) -> tuple[Node, int]:
        if depth > NESTING_LIMIT:
            raise NotJsonError("nested too deeply")
        if self.text.startswith("{", at):
            return self._read_object(at, depth)
        if self.text.startswith("[", at):
            return self._read_array(at, depth)
        found = _SCALAR.match(self.text, at)
        if found is None or found.lastgroup is None:
            raise NotJsonError(f"no value at {at}")
        return Node(cast("NodeKind", found.lastgroup), at, found.end()), found.end()

    def _read_object(self, at: int, depth: int) -> tuple[Node, int]:
        node = Node("object", at)
        at = self._space(at + 1)
        while not self.text.startswith("}", at):
            key = _SCALAR.match(self.text, at)
            if key is None or key.lastgroup != "string":
                raise NotJsonError(f"no name at {at}")
            node.keys.append(json.loads(key[0]))
            node.key_starts.append(at)
            at = self._after(":", self._space(key.end()))
            value, at = self._read(at, depth + 1)
            node.nodes.append(value)
            at = self._next(at, "}")
        node.end = at + 1
        return node, node.end

    def _read_array(self, at: int, depth: int) -> tuple[Node, int]:
        node = Node("array", at)
        at = self._space(at + 1)
        while not self.text.startswith("]", at):
            value, at = self._read(at, depth + 1)
            node.nodes.append(value)
            at = self._next(at, "]")
        node.end = at + 1
        return node, node.end

    def _after(self, sign: str, at: int) -> int:
        if not self.text.startswith(sign, at):
            raise NotJsonError(f"no {sign} at {at}")
        return self._space(at + 1)

    def _next(self, at: int, closing: str) -> int:
        at = self._space(at)
        if self.text.startswith(closing, at):
            return at
        at = self._after(",", at)
        if self.text.startswith(closing, at):
            raise NotJsonError(f"a comma too many at {at}")
        return at


def _member(step: str | int, value: str) -> str:
    return f"{json.dumps(step, ensure_ascii=False)}: {value}" if isinstance(step, str) else value
