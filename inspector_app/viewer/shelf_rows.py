"""The collections of a folder as rows of a list, and what there is to say of each.

Owns the cells of a file and of a message, and the lines of their detail. What is listed is `shelf`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from inspector_app.viewer.history_rows import laid_out
from inspector_app.viewer.steps import step_lines

if TYPE_CHECKING:
    from inspector_app.display.lines import Part
    from inspector_app.messages.sequence import Step
    from inspector_app.viewer.shelf import Entry

Key = tuple[Path, str | None]
"""A file, or a message of it by its name."""


class ShelfRows:
    """Entries as rows."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.entries)

    def rows(self, first: int, count: int) -> Sequence[Sequence[tuple[str, str]]]:
        """Give the cells of some rows."""
        return [_cells(each) for each in self.entries[first : first + count]]


def _cells(entry: Entry) -> Sequence[tuple[str, str]]:
    message, collection = entry.message, entry.collection
    if message is not None:
        return ((f"  {message.name}", ""), (message.kind, "muted"), (message.operation, "emphasis"))
    if collection is None:
        problem = entry.problems[0]
        where = f"{problem.line}  {problem.key}".strip()
        return ((f"{entry.path.name}:{where}", "error"), ("", ""), (problem.text, "error"))
    told = f"{len(collection.message)} messages" if len(collection.message) != 1 else "1 message"
    return ((entry.path.name, "primary bold"), ("", ""), (f"{collection.name}  {told}".strip(), "muted"))


def key_of(entry: Entry | None) -> Key | None:
    """Give by what a row is found again when files are read anew."""
    if entry is None:
        return None
    return entry.path, entry.message.name if entry.message is not None else None


def lines_of(entry: Entry, step: Step | None, hide: Callable[[str], str]) -> list[list[Part]]:
    """Lay out a file or a message, and what came of it when sent last; `hide` masks secrets in that."""
    message, collection = entry.message, entry.collection
    if message is None and collection is None:
        return [
            [
                (f"{each.path.name}:{each.line}  ", "emphasis"),
                (each.key, "severity-warning"),
                (f"  {each.text}", ""),
            ]
            for each in entry.problems
        ]
    if message is None:
        return _collection_lines(entry)
    lines: list[list[Part]] = [[(message.name, "emphasis bold")]]
    lines += [[(line, "muted")] for line in message.doc.splitlines()]
    lines.append([(f"{message.kind} ", "muted"), (message.operation, "emphasis")])
    lines += laid_out(message.data.strip())
    for item in message.items:
        lines.append([("item ", "muted"), (item, "")])
    lines += [[("save ", "muted"), (f"{name} = {path}", "")] for name, path in message.save.items()]
    lines += [[("expect ", "muted"), (each, "")] for each in message.expect]
    if step is not None:
        lines += [[], [("Sent last", "emphasis bold")], *step_lines(step, hide)]
    return lines


def _collection_lines(entry: Entry) -> list[list[Part]]:
    collection = entry.collection
    if collection is None:
        return []
    lines: list[list[Part]] = [[(collection.name or entry.path.stem, "emphasis bold")]]
    lines += [[(line, "muted")] for line in collection.doc.splitlines()]
    if collection.url:
        lines.append([("for ", "muted"), (collection.url, "")])
    lines += [
        [(name, "json-key"), (" = ", "muted"), (repr(value), "")]
        for name, value in collection.variables.items()
    ]
    return [*lines, [(str(entry.path), "muted")]]
