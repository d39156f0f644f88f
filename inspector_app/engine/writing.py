"""What the recorder needs of whatever writes: of a `CaptureWriter`, or of what stands for one in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inspector_app.capture.records import Batch


class Writer(Protocol):
    """What the recorder needs of a `CaptureWriter`."""

    def write(self, batch: Batch) -> None:
        """Write a whole batch or nothing; `CaptureError` when it cannot be written now."""

    def check(self) -> None:
        """Raise `CaptureError` when the file is not there any more, or may not be written."""

    def move_to(self, path: Path, meanwhile: Callable[[], object]) -> None:
        """Go on in a new capture at `path` with all that was written so far, or raise `CaptureError`.

        `meanwhile` is called now and then, and may write.
        """

    def checkpoint(self) -> None:
        """Have what was written in the file itself, should it be copied while it is recorded."""

    def close(self) -> None:
        """Leave a complete file behind."""
