"""What the tests of `call` and `describe` share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.inspector_app.calling.calls import Caller


@pytest.fixture
def caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Caller:
    return Caller(tmp_path, monkeypatch)
