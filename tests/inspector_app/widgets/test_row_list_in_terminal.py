"""The list repaints no more than has changed; on a real terminal what it leaves must still be right."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end import terminal as terminals

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = 24


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[terminals.Terminal]:
    monkeypatch.setattr(terminals, "APP", (sys.executable, "-m", "tests.inspector_app.widgets.growing"))
    with terminals.Terminal(rows=ROWS, folder=Path(__file__).parents[3]) as terminal:
        terminal.wait_for("▌row 0")
        yield terminal


def thumb(screen: str) -> list[int]:
    return [number for number, line in enumerate(screen.split("\n")) if line.endswith("┃")]


def test_a_cursor_that_moved_leaves_no_trace(terminal: terminals.Terminal) -> None:
    terminal.press("down", "down", "down", "up")
    terminal.wait_for(lambda screen: "▌row 2" in screen and screen.count("▌") == 1)


def test_the_scrollbar_tells_of_rows_that_came_out_of_sight(terminal: terminals.Terminal) -> None:
    terminal.wait_for(lambda screen: thumb(screen) == [1, 2, 3, 4, 5])
    terminal.press("x")
    terminal.wait_for(lambda screen: thumb(screen) == [1])
    terminal.press("end")
    terminal.wait_for(lambda screen: thumb(screen) == [ROWS - 1])
