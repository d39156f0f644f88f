"""What was learned of the operations that were looked at: kept, and learned anew after many new calls.

Owns when that is. `learn` is for a thread; all else for the event loop's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from inspector_app.capture.errors import CaptureError

if TYPE_CHECKING:
    from inspector_app.capture.reader import CaptureReader
    from inspector_app.capture.usage import Calls
    from inspector_app.viewer.learning import LearnedOperation, Lesson
    from inspector_app.viewer.operations import Operation

_KEPT: Final = 50
_MANY: Final = 100
"""New frames of an operation after which it is learned again at the latest."""
_EVERY_NS: Final = 1_000_000_000


class LessonsContext(Protocol):
    """What learning depends on."""

    @property
    def reader(self) -> CaptureReader | None:
        """The capture."""

    @property
    def last_seq(self) -> int:
        """Number of its newest frame."""


class _Known:
    __slots__ = ("asked_ns", "learned", "lesson", "up_to")

    def __init__(self, lesson: Lesson, learned: LearnedOperation, up_to: int) -> None:
        self.lesson, self.learned, self.up_to = lesson, learned, up_to
        self.asked_ns = 0


class Lessons:
    """What is known by operation."""

    def __init__(self, context: LessonsContext) -> None:
        self._context = context
        self._known: dict[Calls, _Known] = {}
        self._wanted: Calls | None = None
        self._running: Lesson | None = None

    def of(self, operation: Operation) -> LearnedOperation | None:
        """Give what was learned of an operation; None: nothing yet."""
        known = self._known.get(operation.calls)
        return known.learned if known is not None else None

    def due(self, operation: Operation, now_ns: int) -> bool:
        """Tell whether there is something to `learn` of the operation that is looked at now."""
        self._wanted = operation.calls
        if self._running is not None or self._context.reader is None:
            return False
        lesson, known = operation.lesson, self._known.get(operation.calls)
        if known is not None and known.lesson == lesson:
            if now_ns - known.asked_ns < _EVERY_NS:
                return False
            known.asked_ns = now_ns
            if not self._has_news(self._context.reader, known):
                return False
        self._running = lesson
        return True

    def _has_news(self, reader: CaptureReader, known: _Known) -> bool:
        from inspector_app.capture.usage import frames_since

        many = min(_MANY, 1 + known.learned.messages // 4)
        try:
            return frames_since(reader, known.lesson.calls.operation, known.up_to, most=many) >= many
        except CaptureError:
            return False  # the lists say that the capture cannot be read

    def learn(self) -> Callable[[], bool]:
        """Learn what `due` told of. What comes back takes it over, and tells if it is looked at still."""
        from inspector_app.viewer.learning import learn

        lesson, reader = self._running, self._context.reader
        up_to = self._context.last_seq
        if lesson is None or reader is None:
            return self._give_up
        calls = lesson.calls
        learned = learn(reader.path, lesson)

        def take_over() -> bool:
            self._running = None
            self._known.pop(calls, None)
            self._known[calls] = _Known(lesson, learned, up_to)
            if len(self._known) > _KEPT:
                self._known.pop(next(iter(self._known)))
            return self._wanted == calls

        return take_over

    def _give_up(self) -> bool:
        self._running = None
        return False
