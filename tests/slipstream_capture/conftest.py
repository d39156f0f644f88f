"""A capture to analyse."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector_app.capture.marks import Marks
from tests.inspector_app.recordings import Recording

HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> $\\href{javascript:alert(1)}{x}$ \x1b[2J\u202e"
)


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """A call that is answered, one that is not, no frame, a binary message, a gap, a mark."""
    recording = Recording(tmp_path, "talk.capture").connect()
    recording.request(0, symbol="BEAN").respond(0, {"price": 4})
    recording.request(1, "login", name=HOSTILE).raw("in", HOSTILE).raw("in", b"\xff{}").note("a gap")
    path = recording.close()
    Marks(path).set(3, "look here")
    return path
