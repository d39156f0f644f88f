"""How each operation was used, for the list of operations: asked for what is on the screen, a few at a tick.

Owns the keeping: an operation is asked about again only when a newer frame of it has come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.usage import Usage, last_use, usage_of

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader

_AT_ONCE: Final = 5
"""Operations that are asked about at a time: each costs up to two milliseconds."""


class Usages:
    """What is known of the use of operations."""

    def __init__(self) -> None:
        self._known: dict[str, Usage | None] = {}
        self._wanted: list[str] = []

    def of(self, operation: str) -> Usage | None:
        """Give what is known; what is not yet will be asked for."""
        if operation not in self._wanted:
            self._wanted.append(operation)
        return self._known.get(operation)

    def forget(self) -> None:
        """Know nothing: another capture is looked at."""
        self._known.clear()
        self._wanted.clear()

    def refresh(self, reader: CaptureReader) -> bool:
        """Ask about some that were looked at, those that were asked longest ago first; tell what changed."""
        asked, self._wanted = self._wanted[:_AT_ONCE], self._wanted[_AT_ONCE:]
        try:
            changed = [self._ask(reader, operation) for operation in asked]
        except CaptureError:
            return False  # the lists say that the capture cannot be read
        return any(changed)

    def _ask(self, reader: CaptureReader, operation: str) -> bool:
        known = self._known.get(operation)
        if known is not None and known.last_seq == last_use(reader, operation):
            return False
        found = usage_of(reader, operation)
        changed = found != known
        self._known[operation] = found
        return changed
