"""An export under way: it always comes to an end that is told, and leaves no half file."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import pytest

from inspector_app.capture.excerpt import EVERYTHING, Excerpt
from inspector_app.capture.formats.known import FORMATS, Format
from inspector_app.viewer.taking import Taking
from tests.inspector_app.recordings import Recording


@pytest.fixture
def taking(tmp_path: Path) -> Taking:
    made = Taking(Recording(tmp_path, "one.capture").connect().calls(3).close())
    made.look(EVERYTHING, None)
    made.wait()
    assert (made.stage, made.frames) == ("ready", 6)
    return made


def test_what_was_looked_at_is_written(taking: Taking, tmp_path: Path) -> None:
    taking.write(tmp_path / "out.jsonl", FORMATS["jsonl"])
    taking.wait()
    assert taking.stage == "written"
    assert (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("name", "told"), [("a\0b", "NUL"), ("x" * 300, "too long"), ("no/x", "Cannot write")]
)
def test_a_name_that_no_file_can_have_is_told(taking: Taking, tmp_path: Path, name: str, told: str) -> None:
    taking.write(tmp_path / name, FORMATS["jsonl"])
    taking.wait()
    assert taking.stage == "failed"
    assert told in taking.problem


def test_what_nobody_thought_of_is_told_and_leaves_nothing(
    taking: Taking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(excerpt: Excerpt, out: BinaryIO) -> None:
        out.write(b"half")
        raise ZeroDivisionError("a fault of this program")

    monkeypatch.setattr(Format, "writer", lambda _: failing)
    taking.write(tmp_path / "out.jsonl", FORMATS["jsonl"])
    taking.wait()
    assert taking.stage == "failed"
    assert "ZeroDivisionError: a fault of this program" in taking.problem
    assert [each.name for each in tmp_path.iterdir()] == ["one.capture"]
