"""Several threads look through a capture, and what they find is handed on as if it were one."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from inspector_app.capture import matching
from inspector_app.capture.errors import CaptureError
from inspector_app.capture.filter import parse_filter
from inspector_app.capture.matching import Finder
from inspector_app.capture.sweep import sweep
from tests.inspector_app.capture.filter.worlds import EXCHANGE, NOW_NS
from tests.inspector_app.capture.searched import made

WAIT_S = 30.0
FRAMES = 3000
SOURCES = [
    "needle",
    "-needle",
    "op:login",
    "op:log* -needle",
    "data.n:>=1500",
    "data.text:needle",
    "data.nothing:*",
    "status:pending",
    "status:ok",
    "status:pending needle or data.n:7",
    "type:error or finding:*",
    "data[*]:42",
    "",
]


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = made(tmp_path_factory.mktemp("sweep"), FRAMES)
    values = {"id": 1, **EXCHANGE}
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        columns, places = ", ".join(values), ", ".join("?" * len(values))
        connection.execute(f"INSERT INTO exchanges ({columns}) VALUES ({places})", tuple(values.values()))  # noqa: S608 - of the test
        connection.execute("UPDATE frames SET exchange = 1 WHERE seq % 700 = 0")
    return path


class Found:
    """What was handed on, as it came."""

    def __init__(self) -> None:
        self.seqs: list[int] = []
        self.firsts: list[int] = []

    def __call__(self, first: int, seqs: Sequence[int]) -> None:
        self.firsts.append(first)
        self.seqs += seqs


def finder(path: Path, source: str) -> Callable[[], Finder]:
    return lambda: Finder(path, parse_filter(source), now_ns=lambda: NOW_NS)


def expected(path: Path, source: str) -> list[int]:
    """Give what one statement over the whole capture finds, the newest first."""
    with closing(finder(path, source)()) as one:
        return list(one.find(1, FRAMES, newest_first=True))


@pytest.mark.parametrize("helpers", [0, 1, 3])
@pytest.mark.parametrize("alone_s", [0.0, 1000.0])
@pytest.mark.parametrize("source", SOURCES)
def test_every_match_is_handed_on_once_and_newest_first(
    capture: Path, source: str, alone_s: float, helpers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "_MOST_PORTION", 128)
    monkeypatch.setattr(matching, "_FIRST_PORTION", 64)
    found = Found()
    with closing(finder(capture, source)()) as own:
        sweep(own, FRAMES, found, helpers=[finder(capture, source)] * helpers, alone_s=alone_s)
    assert found.seqs == expected(capture, source)
    assert found.firsts == sorted(found.firsts, reverse=True)
    assert found.firsts[-1] == 1


def test_what_was_found_early_waits_for_what_is_newer(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "_FIRST_PORTION", 1000)
    older = threading.Event()
    find = Finder.find

    def hesitating(self: Finder, first: int, last: int, *, newest_first: bool = False) -> Iterator[int]:
        if last == FRAMES:
            assert older.wait(WAIT_S)
        found = find(self, first, last, newest_first=newest_first)
        if first == 1:
            older.set()
        return found

    monkeypatch.setattr(Finder, "find", hesitating)
    found = Found()
    with closing(finder(capture, "needle")()) as own:
        sweep(own, FRAMES, found, helpers=[finder(capture, "needle")])
    assert found.seqs == list(range(3000, 0, -100))


def test_of_what_an_index_lists_nothing_else_is_looked_at(
    capture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    numbers = Finder._numbers

    def telling(self: Finder, statement: str, parameters: Sequence[object]) -> list[int]:
        asked.append(statement)
        return numbers(self, statement, parameters)

    monkeypatch.setattr(Finder, "_numbers", telling)
    found = Found()
    with closing(finder(capture, "status:pending")()) as own:
        sweep(own, FRAMES, found)
    assert found.seqs == [2800, 2100, 1400, 700]
    assert not any("BETWEEN" in each for each in asked)


def test_frames_that_came_since_are_not_hidden_by_what_an_index_listed(capture: Path) -> None:
    with closing(finder(capture, "status:pending")()) as own:
        own.candidates = own.candidates_up_to(1000)
        assert own.candidates is not None
        assert list(own.candidates.seqs) == [700]
        assert list(own.find(1, 1000)) == [700]
        assert list(own.find(1001, 2000)) == [1400]


def test_where_most_frames_may_fit_they_are_not_listed(capture: Path) -> None:
    with closing(finder(capture, "op:chat")()) as own:
        assert own.candidates_up_to(FRAMES) is None


def test_a_list_that_takes_too_long_is_left(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "_LISTING_S", -1.0)
    monkeypatch.setattr(matching, "_INSTRUCTIONS", 1)
    with closing(finder(capture, "status:pending")()) as own:
        assert own.candidates_up_to(FRAMES) is None
        assert list(own.find(1, 1000)) == [700]


def test_a_helper_that_cannot_read_on_ends_the_sweep_with_its_sentence(
    capture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "_FIRST_PORTION", 100)
    broke = threading.Event()
    find = Finder.find

    def breaking(self: Finder, first: int, last: int, *, newest_first: bool = False) -> Iterator[int]:
        if threading.current_thread().name == "search-helper":
            broke.set()
            raise CaptureError("The disk is gone.")
        assert broke.wait(WAIT_S)
        return find(self, first, last, newest_first=newest_first)

    monkeypatch.setattr(Finder, "find", breaking)
    found = Found()
    with closing(finder(capture, "-needle")()) as own, pytest.raises(CaptureError, match="disk is gone"):
        sweep(own, FRAMES, found, helpers=[finder(capture, "-needle")])
    assert 1 not in found.firsts


def test_a_sweep_that_fails_leaves_no_thread_behind(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(self: Finder, first: int, last: int, *, newest_first: bool = False) -> Iterator[int]:
        raise CaptureError("The disk is gone.")

    monkeypatch.setattr(Finder, "find", failing)
    with closing(finder(capture, "-needle")()) as own, pytest.raises(CaptureError):
        sweep(own, FRAMES, Found(), helpers=[finder(capture, "-needle")] * 3)
    assert not [thread for thread in threading.enumerate() if thread.name == "search-helper"]
