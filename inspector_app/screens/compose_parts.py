"""What the compose forms look up: operations that go with what was typed, and where typing begins."""

from __future__ import annotations

import re
from collections.abc import Sequence

from inspector_app.viewer.operations import Operation


class Suggestions:
    """The operations that go with what was typed so far, as rows; all of them where none does."""

    def __init__(self, names: Sequence[str], operations: Sequence[Operation], typed: str) -> None:
        typed = typed.casefold()
        self.names = [name for name in names if typed in name.casefold()] or names
        self.exact = next((place for place, name in enumerate(self.names) if name.casefold() == typed), 0)
        """Index of the one that is named, else the first."""
        self._docs = {each.name: each.doc.strip().partition("\n")[0] for each in operations}

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.names)

    def rows(self, first: int, count: int) -> Sequence[Sequence[tuple[str, str]]]:
        """Give some of them: name, first line of the documentation."""
        return [
            ((name, "emphasis"), (self._docs.get(name, ""), "muted"))
            for name in self.names[first : first + count]
        ]


_FIRST_VALUE = re.compile(
    r'"(?:[^"\\]|\\.)*"\s*:\s*(?:"(?P<text>(?:[^"\\]|\\.)*)"|(?P<empty>\{\s*\}|\[\s*\])|(?P<plain>[^\s"{}\[\],]+))'
)

Place = tuple[int, int]


def first_value(data: str) -> tuple[Place, Place]:
    """Find what is typed first in laid out data: from and to as line and column, from 0.

    A text without its quotation marks, any other value whole; in an empty object or array the place inside.
    """
    found = _FIRST_VALUE.search(data)
    if found is None:
        start = end = 1 if data.strip() == "{}" else len(data)
    elif found["empty"] is not None:
        start = end = found.start("empty") + 1
    else:
        start, end = found.span("plain" if found["text"] is None else "text")
    return _place(data, start), _place(data, end)


def _place(text: str, index: int) -> Place:
    return text.count("\n", 0, index), index - (text.rfind("\n", 0, index) + 1)
