"""What can be called: the operations that either side described or that were called, told apart.

Owns the rows of the Operations list and the suggestions of the compose form.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

from inspector_app.display import formats
from inspector_app.intents import MessageKind
from inspector_app.viewer.cells import EMPTY, CaptureRows, Cell
from inspector_app.viewer.usage import Usages

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader
    from inspector_app.capture.usage import Calls, Usage
    from inspector_app.viewer.learning import Lesson

MESSAGE_KINDS: dict[str, MessageKind] = {
    "request_response": "request",
    "request_stream": "stream",
    "stream_stream": "bidirectional",
    "fire_and_forget": "oneway",
}
"""The form for each kind of operation."""

KIND_OF: dict[str, str] = {form: kind for kind, form in MESSAGE_KINDS.items()}
"""The kind of operation for each form."""


class Operation(Struct, frozen=True, kw_only=True):
    """Something that can be called. `described` is false for what was only called.

    `direction`: `out` when the inspected side calls it, `in` when the other side does.
    """

    name: str
    kind: str
    doc: str = ""
    params: object = None
    returns: object = None
    deprecated: bool = False
    described: bool = True
    direction: Literal["out", "in"] = "out"

    @property
    def summary(self) -> str:
        """The first line of its documentation."""
        return self.doc.strip().partition("\n")[0]

    @property
    def kept_name(self) -> str:
        """Its name as the rows of a capture have it, which may be cut off."""
        from inspector_app.capture.summary import NAME_LENGTH, cut

        return cut(self.name, NAME_LENGTH)

    @property
    def calls(self) -> Calls:
        """The calls of it, which tell it from all others."""
        from inspector_app.capture.usage import Calls

        return Calls(self.name, self.direction, self.kind)

    @property
    def lesson(self) -> Lesson:
        """What is to be learned of it."""
        from inspector_app.viewer.learning import Lesson

        return Lesson(self.calls, params=self.params, returns=self.returns)


def known_operations(reader: CaptureReader) -> list[Operation]:
    """Give what the newest peer that described itself offers, then what was called besides.

    What this side called comes first, then what the other side called here. Raises `CaptureError`.
    """
    described = operations_of(reader)
    named = {each.kept_name for each in described}
    called = [
        Operation(name=name, kind=kind, described=False)
        for name, kind in reader.seen_operations("out")
        if name not in named
    ]
    ours = [
        Operation(name=name, kind=kind, described=False, direction="in")
        for name, kind in reader.seen_operations("in")
    ]
    return [*described, *called, *ours]


def operations_of(reader: CaptureReader, conn: int | None = None) -> list[Operation]:
    """Give what the peer of a connection offers, as it told; None: the newest that told."""
    return [
        Operation(
            name=row.name,
            kind=row.kind,
            doc=row.doc,
            params=row.params,
            returns=row.returns,
            deprecated=row.deprecated,
        )
        for row in reader.operations(conn)
    ]


def suggestions(operations: Sequence[Operation], kind: MessageKind) -> list[str]:
    """Name what to suggest for a form: the other side's operations of its kind, the reserved ones last."""
    names = {
        each.name for each in operations if each.direction == "out" and MESSAGE_KINDS.get(each.kind) == kind
    }
    return sorted(names, key=lambda name: (name.startswith("slipstream."), name))


class OperationsContext(Protocol):
    """What the list of operations depends on."""

    @property
    def now_ns(self) -> int:
        """The time that ages are counted to."""


class OperationRows(CaptureRows[Operation]):
    """The operations as a list."""

    columns = 6

    def __init__(self, context: OperationsContext) -> None:
        self._context = context
        self._operations: list[Operation] = []
        self.usages = Usages()

    @property
    def operations(self) -> Sequence[Operation]:
        """All of them."""
        return self._operations

    def show(self, operations: list[Operation]) -> None:
        """Take over what is known; what is as it was stays the same list."""
        if operations != self._operations:
            self._operations = operations

    @property
    def count(self) -> int:
        """How many are known."""
        return len(self._operations)

    def index_of(self, operation: Operation) -> int | None:
        """Tell where an operation stands; None: it is not known any more."""
        calls = (each.calls for each in self._operations)
        return next((place for place, each in enumerate(calls) if each == operation.calls), None)

    def usage(self, operation: Operation) -> Usage | None:
        """Give what is known of the use of an operation; what is not will be asked for."""
        return self.usages.of(operation.calls)

    def age_ns(self, usage: Usage) -> int:
        """Tell how long ago something was used."""
        return max(0, self._context.now_ns - usage.last_ns)

    def fetch(self, first: int, count: int) -> Sequence[Operation]:
        """Give some of them."""
        return self._operations[first : first + count]

    def cells(self, row: Operation) -> Sequence[Cell]:
        """Draw an operation: who calls it, kind, name, last use, typical time, documentation."""
        usage = self.usage(row)
        style = "severity-warning" if row.deprecated else "muted" if not row.described else ""
        return (
            (formats.DIRECTION_GLYPH[row.direction], formats.direction_style(row.direction)),
            (formats.KIND_WORD.get(row.kind, row.kind), "muted"),
            (row.name, "emphasis"),
            (formats.short_age(self.age_ns(usage)), "") if usage is not None else EMPTY,
            _typical(usage),
            (f"{'deprecated. ' if row.deprecated else ''}{_about(row)}", style),
        )


def _typical(usage: Usage | None) -> Cell:
    if usage is None or usage.typical_ns is None:
        return EMPTY
    return formats.short_duration(usage.typical_ns), ""


def _about(operation: Operation) -> str:
    if operation.described:
        return operation.summary
    return "not described, learned" if operation.direction == "out" else "called here, learned"
