"""Every end-to-end test has data and settings folders of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.end_to_end.terminal import Terminal

Start = Callable[..., Terminal]


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def start(tmp_path: Path, data_folder: Path) -> Iterator[Start]:
    """Start the program in a terminal; it is ended after the test whatever happened."""
    folders = {
        "SLIPSTREAM_INSPECTOR_DATA": str(data_folder),
        "SLIPSTREAM_INSPECTOR_CONFIG": str(tmp_path / "config"),
    }
    with ExitStack() as stack:

        def run(*arguments: str, columns: int = 80, rows: int = 24, folder: Path | None = None) -> Terminal:
            return stack.enter_context(
                Terminal(*arguments, columns=columns, rows=rows, environment=folders, folder=folder)
            )

        yield run
