"""How a command ends that cannot go on: its sentences on stderr, and the exit code that goes with them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from inspector_app.stderr import say


@contextmanager
def sentences() -> Iterator[None]:
    """End the program with one sentence for every failure that a user can do something about."""
    try:
        yield
    except Exception as error:
        from inspector_app.capture.errors import CaptureError
        from inspector_app.sources.failures import FAILED, SourceError

        if not isinstance(error, SourceError | CaptureError):
            raise
        for line in (error.text if isinstance(error, SourceError) else str(error)).splitlines():
            say(line)
        sys.exit(error.exit_code if isinstance(error, SourceError) else FAILED)
