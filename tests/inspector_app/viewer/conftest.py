"""Views of captures that tests make and drop: what they read from is closed after each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector_app.capture.reader import CaptureReader


@pytest.fixture(autouse=True)
def readers_are_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    opened: list[CaptureReader] = []
    begin = CaptureReader.__init__

    def begin_and_keep(self: CaptureReader, path: Path) -> None:
        begin(self, path)
        opened.append(self)

    monkeypatch.setattr(CaptureReader, "__init__", begin_and_keep)
    yield
    for reader in opened:
        reader.close()
