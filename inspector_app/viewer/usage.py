"""How each operation was used, for the list of operations: asked for what is on the screen, a few at a time.

Owns the keeping: an operation is asked about again only when a newer frame of it has come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from inspector_app.capture.errors import CaptureError

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader
    from inspector_app.capture.usage import Calls, Usage

_AT_ONCE: Final = 5
"""Operations that are asked about at a time: each costs up to two milliseconds."""
_EVERY_NS: Final = 100_000_000
_MOST: Final = 2000
"""Operations that something is known of; a stranger's capture may hold any number."""


class Usages:
    """What is known of the use of operations."""

    def __init__(self) -> None:
        self._known: dict[Calls, Usage | None] = {}
        self._wanted: dict[Calls, None] = {}
        self._asked_ns = 0

    def of(self, calls: Calls) -> Usage | None:
        """Give what is known; what is not yet will be asked for."""
        self._wanted[calls] = None
        return self._known.get(calls)

    def forget(self) -> None:
        """Know nothing: another capture is looked at."""
        self._known.clear()
        self._wanted.clear()

    def refresh_if_due(self, reader: CaptureReader, now_ns: int) -> bool:
        """Refresh, if something was looked at, not more than ten times a second; tell what changed."""
        if not self._wanted or now_ns - self._asked_ns < _EVERY_NS:
            return False
        self._asked_ns = now_ns
        return self.refresh(reader)

    def refresh(self, reader: CaptureReader) -> bool:
        """Ask about some that were looked at, those that were asked longest ago first; tell what changed."""
        asked = list(self._wanted)[:_AT_ONCE]
        for each in asked:
            del self._wanted[each]
        try:
            changed = [self._ask(reader, each) for each in asked]
        except CaptureError:
            return False  # the lists say that the capture cannot be read
        return any(changed)

    def _ask(self, reader: CaptureReader, calls: Calls) -> bool:
        from inspector_app.capture.usage import last_use, usage_of

        known = self._known.get(calls)
        if known is not None and known.last_seq == last_use(reader, calls):
            return False
        found = usage_of(reader, calls)
        changed = found != known
        if len(self._known) >= _MOST:
            self._known.pop(next(iter(self._known)))
        self._known[calls] = found
        return changed
