"""What can be called: the operations that the other side described, else those that this side called.

Owns the rows of the Operations list and the suggestions of the compose form.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from inspector_app.display import formats
from inspector_app.intents import MessageKind
from inspector_app.viewer.cells import CaptureRows, Cell

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader

MESSAGE_KINDS: dict[str, MessageKind] = {
    "request_response": "request",
    "request_stream": "stream",
    "stream_stream": "bidirectional",
    "fire_and_forget": "oneway",
}
"""The form for each kind of operation."""


class Operation(Struct, frozen=True, kw_only=True):
    """Something that can be called. `described` is false for what was only called."""

    name: str
    kind: str
    doc: str = ""
    params: object = None
    returns: object = None
    deprecated: bool = False
    described: bool = True


def known_operations(reader: CaptureReader) -> list[Operation]:
    """Give what the newest peer that described itself offers; when none did, what this side called there."""
    described = [
        Operation(
            name=row.name,
            kind=row.kind,
            doc=row.doc,
            params=row.params,
            returns=row.returns,
            deprecated=row.deprecated,
        )
        for row in reader.operations()
    ]
    if described:
        return described
    called = reader.seen_operations("out")
    return [Operation(name=name, kind=kind, described=False) for name, kind in called]


def suggestions(operations: Sequence[Operation], kind: MessageKind) -> list[str]:
    """Name what to suggest for a form: operations of its kind, the reserved ones last."""
    names = {each.name for each in operations if MESSAGE_KINDS.get(each.kind) == kind}
    return sorted(names, key=lambda name: (name.startswith("slipstream."), name))


class OperationRows(CaptureRows[Operation]):
    """The operations as a list."""

    columns = 3

    def __init__(self) -> None:
        self._operations: list[Operation] = []

    @property
    def operations(self) -> Sequence[Operation]:
        """All of them."""
        return self._operations

    def show(self, operations: list[Operation]) -> None:
        """Take over what is known."""
        self._operations = operations

    @property
    def count(self) -> int:
        """How many are known."""
        return len(self._operations)

    def fetch(self, first: int, count: int) -> Sequence[Operation]:
        """Give some of them."""
        return self._operations[first : first + count]

    def cells(self, row: Operation) -> Sequence[Cell]:
        """Draw an operation: kind, name, first line of its documentation."""
        doc = row.doc.strip().partition("\n")[0]
        if not row.described:
            doc = "called before; the other side does not describe itself"
        if row.deprecated:
            doc = f"deprecated. {doc}"
        style = "severity-warning" if row.deprecated else "muted" if not row.described else ""
        return ((formats.KIND_WORD.get(row.kind, row.kind), "muted"), (row.name, "emphasis"), (doc, style))
