"""Recording goes on while all that was recorded is copied elsewhere: nothing is lost, nothing waits."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from inspector_app.capture.store import CaptureWriter
from tests.inspector_app.engine.test_disk import WAIT_S, Recorded, notes, numbers, recorded


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector_app.capture.writer._PORTION_PAGES", 10)


class Visited(CaptureWriter):
    """Does something between two portions of a copy, before anything is written there."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.between: Callable[[], object] = int

    def move_to(self, path: Path, meanwhile: Callable[[], object]) -> None:
        def both() -> None:
            self.between()
            meanwhile()

        super().move_to(path, both)


def do_between(it: Recorded, what: Callable[[], object]) -> None:
    assert isinstance(it.writer, Visited)
    it.writer.between = what


def is_sound(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_what_comes_while_all_is_copied_is_written_then_and_is_in_the_new_capture(tmp_path: Path) -> None:
    path, after = tmp_path / "one.capture", tmp_path / "two.capture"
    unsaved: list[int] = []
    with recorded(path, writer=Visited) as it:
        it.send(50)
        assert it.recorder.flush(WAIT_S)

        def three_more() -> None:
            unsaved.append(it.recorder.unsaved)
            it.send(3)

        do_between(it, three_more)
        it.recorder.move_to(after, "Moved.")
        it.send(5)
        assert it.recorder.flush(WAIT_S)
    assert len(unsaved) > 10
    assert max(unsaved) <= 3  # each three are on disk before the next ones come
    assert numbers(after) == list(range(1, it.sent + 1))
    assert len(numbers(path)) >= 50 + 3 * (len(unsaved) - 1)
    assert notes(path) == notes(after) == ["Moved."]
    assert is_sound(after)


def test_a_capture_that_goes_while_it_is_copied_costs_nothing(tmp_path: Path) -> None:
    path, after = tmp_path / "one.capture", tmp_path / "two.capture"
    with recorded(path, writer=Visited) as it:
        it.send(50)
        assert it.recorder.flush(WAIT_S)

        def remove() -> None:
            path.unlink(missing_ok=True)
            it.send(3)

        do_between(it, remove)
        it.recorder.move_to(after, "Moved.")
        it.send(5)
        assert it.recorder.flush(WAIT_S)
    assert numbers(after) == list(range(1, it.sent + 1))
    assert is_sound(after)
