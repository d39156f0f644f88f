"""Every test of the inspector has its own folders for captures and settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.inspector_app import idle


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPSTREAM_INSPECTOR_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SLIPSTREAM_INSPECTOR_CONFIG", str(tmp_path / "config"))


@pytest.fixture(autouse=True)
def pilots_wait_for_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    idle.use(monkeypatch)
