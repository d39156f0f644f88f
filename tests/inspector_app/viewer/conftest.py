"""Captures that tests of the view state make and look at are closed after each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from inspector_app.capture.reader import CaptureReader
from inspector_app.capture.writer import CaptureWriter


@pytest.fixture(autouse=True)
def captures_are_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    opened: list[Any] = []
    for kind in (CaptureReader, CaptureWriter):
        begin: Any = kind.__init__

        def begin_and_keep(self: Any, *given: Any, begin: Any = begin, **named: Any) -> None:
            begin(self, *given, **named)
            opened.append(self)

        monkeypatch.setattr(kind, "__init__", begin_and_keep)
    yield
    for each in opened:
        each.close()
