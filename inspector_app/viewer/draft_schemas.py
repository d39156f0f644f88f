"""What is known of the data of a message that is being written: told by the other side, or learned.

Owns where that comes from. `learn` takes a while, and is for a thread; all else for the event loop's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from inspector_app.capture.usage import Calls
from inspector_app.viewer.drafts import Form
from inspector_app.viewer.operations import KIND_OF, MESSAGE_KINDS, Operation

if TYPE_CHECKING:
    from inspector_app.capture.records import ExchangeRow
    from inspector_app.viewer.learning import LearnedOperation

Learn = Callable[[Calls], "LearnedOperation"]


class DraftSchemas:
    """Gives the schema for a form and the name of an operation; with `stream`, that of the items on it."""

    def __init__(
        self, operations: Sequence[Operation], stream: ExchangeRow | None, learn: Learn | None
    ) -> None:
        self._operations = operations
        self._stream = stream
        self._learn = learn
        self._learned: dict[Calls, LearnedOperation] = {}

    def of(self, form: Form, name: str) -> tuple[object, bool]:
        """Give the schema of the data, and whether it was learned; None when nothing is known."""
        if self._stream is None:
            for each in self._operations:
                known = each.name == name and isinstance(each.params, dict) and each.params
                if known and MESSAGE_KINDS.get(each.kind) == form:
                    return each.params, False
        learned, stream = self._learned.get(self._calls(form, name)), self._stream
        if learned is None:
            return None, False
        seen = learned.params if stream is None else learned.sent if stream.mine else learned.returns
        return (seen.schema(), True) if seen.types else (None, False)

    def may_learn(self, form: Form, name: str) -> bool:
        """Whether nothing is known, and the traffic was not asked yet."""
        is_new = self._calls(form, name) not in self._learned
        return bool(name) and self._learn is not None and is_new and self.of(form, name)[0] is None

    def learn(self, form: Form, name: str) -> Callable[[], None]:
        """Look for it in the traffic. What comes back takes over what was found."""
        calls = self._calls(form, name)
        learned = self._learn(calls) if self._learn is not None else None

        def take_over() -> None:
            if learned is not None:
                self._learned[calls] = learned

        return take_over

    def _calls(self, form: Form, name: str) -> Calls:
        """Say which calls teach what is written here: those of this kind, or those of the stream's."""
        if self._stream is not None:
            return Calls(name, "out" if self._stream.mine else "in", self._stream.kind)
        return Calls(name, "out", KIND_OF.get(form, ""))
