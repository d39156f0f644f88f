"""What the library logs as notes in the capture: failures of hosted handlers, which no frame may show.

Owns how a log record is told in a sentence, which of them are notes, and how many at most. It writes nothing
itself: a note is a record like any other.
"""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from inspector_app.capture.records import Noted
from slipstream.taps import RateLimit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from inspector_app.capture.records import Record

NOTES_PER_SECOND = 5
"""Most notes within a second; a peer can make a handler fail as often as it likes."""

_TEXT_LENGTH = 500


def told(record: logging.LogRecord) -> str:
    """Give a log record as one sentence without a full stop: what happened, and the exception if any."""
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return record.getMessage()
    return f"{record.getMessage()}: {exception_told(error)}"


def exception_told(error: BaseException) -> str:
    """Give the kind of an exception and its text."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - the text of an exception is code of somebody else
        return type(error).__name__


def is_finding(record: logging.LogRecord) -> bool:
    """Whether a record of the library is about a finding, which is a row of its own already."""
    return record.name == "slipstream" and record.module == "taps"


@contextmanager
def noting_warnings(emit: Callable[[Record], None]) -> Iterator[None]:
    """Emit a note for each warning of the library's log, as long as the block runs."""
    logger, notes = logging.getLogger("slipstream"), _Notes(emit)
    logger.addHandler(notes)
    try:
        yield
    finally:
        logger.removeHandler(notes)
        notes.tell_unsaid()


class _Notes(logging.Handler):
    def __init__(self, emit: Callable[[Record], None]) -> None:
        super().__init__(logging.WARNING)
        self._emit_record = emit
        self._limit = RateLimit(NOTES_PER_SECOND)
        self._unsaid = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Emit a note, or count it."""
        if is_finding(record):
            return
        if not self._limit.allows(time.monotonic_ns()):
            self._unsaid += 1
            return
        self.tell_unsaid()
        text = " ".join(told(record).split()).rstrip(".")
        self._note(text if len(text) < _TEXT_LENGTH else text[: _TEXT_LENGTH - 1] + "…")

    def tell_unsaid(self) -> None:
        """Tell how many warnings came too fast to be noted, if any did."""
        unsaid, self._unsaid = self._unsaid, 0
        if unsaid:
            self._note(f"{unsaid} further warning{'' if unsaid == 1 else 's'} came too fast to be noted")

    def _note(self, text: str) -> None:
        self._emit_record(Noted(time_ns=time.time_ns(), level="warning", text=f"{text}."))
