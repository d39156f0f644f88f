"""Looking through a capture in portions."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.filter import parse_filter
from inspector_app.capture.matching import Finder, Portions, matching
from tests.inspector_app.capture.filter.worlds import NOW_NS
from tests.inspector_app.capture.searched import made


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("matching"), 3000)


@pytest.mark.parametrize(
    "source", ["needle", "op:login needle", "data.text:needle", "op:login data.n:100..3000 needle"]
)
def test_all_frames_that_fit_are_given_in_order(capture: Path, source: str) -> None:
    found = list(matching(capture, parse_filter(source), now_ns=NOW_NS))
    assert found == list(range(100, 3001, 100))


def test_an_empty_filter_gives_every_frame(capture: Path) -> None:
    assert list(matching(capture, parse_filter(""), now_ns=NOW_NS)) == list(range(1, 3001))


def test_a_slice_is_given_in_either_order(capture: Path) -> None:
    finder = Finder(capture, parse_filter("needle"), now_ns=lambda: NOW_NS)
    assert list(finder.find(100, 300)) == [100, 200, 300]
    assert list(finder.find(100, 300, newest_first=True)) == [300, 200, 100]
    finder.close()


def test_what_is_running_is_broken_off(capture: Path) -> None:
    finder = Finder(capture, parse_filter("no such text"), now_ns=lambda: NOW_NS)
    finder.stop_when(lambda: True)
    with pytest.raises(CaptureError):
        list(finder.find(1, 3000))
    finder.close()


def test_a_file_that_is_no_capture_is_told(tmp_path: Path) -> None:
    with pytest.raises(CaptureError):
        list(matching(tmp_path / "none.capture", parse_filter("x"), now_ns=NOW_NS))


def test_numbers_that_are_none_are_told_as_damage(tmp_path: Path) -> None:
    path = made(tmp_path, 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (layout,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'frames'").fetchone()
        connection.execute("DROP TABLE frames")
        connection.execute(layout.replace("seq INTEGER PRIMARY KEY", "seq BLOB"))
        connection.execute(
            "INSERT INTO frames (seq, time_ns, conn, direction, size_bytes, summary, findings, binary, raw)"
            " VALUES (1.5, 1, 1, 'in', 1, '', 0, 0, 'x')"
        )
        connection.execute("UPDATE totals SET frames = 0")
    finder = Finder(path, parse_filter("x"), now_ns=lambda: NOW_NS)
    with pytest.raises(CaptureError, match="damaged"):
        list(finder.find(1, 2))
    finder.close()


def test_portions_grow_while_they_are_quick_and_shrink_when_they_are_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr("inspector_app.capture.matching.time.perf_counter", lambda: now)
    portions = Portions()
    first = portions.size
    portions.begin()
    portions.end()
    assert portions.size == 2 * first
    portions.begin()
    now += 1.0
    portions.end()
    assert portions.size == first
