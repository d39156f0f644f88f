"""A search in its thread: newest first, growing with the capture, and gone at once when it is closed."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from inspector_app.capture import matching, search
from inspector_app.capture.filter import parse_filter
from inspector_app.capture.search import Search
from tests.inspector_app.capture.filter.worlds import EXCHANGE, NOW_NS, S
from tests.inspector_app.capture.searched import add, made

WAIT_S = 30.0


@contextmanager
def searching(path: Path, source: str, now_ns: Callable[[], int] = lambda: NOW_NS) -> Iterator[Search]:
    made_ = Search(path, parse_filter(source), now_ns=now_ns)
    try:
        yield made_
    finally:
        made_.close()
        assert made_.wait_closed(WAIT_S)


def until(found: Search, what: Callable[[], bool]) -> None:
    assert found.wait_for(what, WAIT_S), (found.count, found.share, found.problem)


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("search"), 5000)


def test_all_matches_are_found_and_kept_in_order(capture: Path) -> None:
    with searching(capture, "needle") as found:
        until(found, lambda: found.done)
        assert found.count == 50
        assert found.seqs(0, 100) == list(range(100, 5001, 100))
        assert found.seqs(48, 10) == [4900, 5000]
        assert found.index_of(4900) == 48
        assert found.density(5, 5000) == [10] * 5
        assert found.share == 1.0
        assert not found.problem


def test_the_newest_are_known_before_the_oldest_are_looked_at(
    capture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, go_on = threading.Event(), threading.Event()
    find = matching.Finder.find

    def hesitating(
        self: matching.Finder, first: int, last: int, *, newest_first: bool = False
    ) -> Iterator[int]:
        if last < 4000:
            held.set()
            assert go_on.wait(WAIT_S)
        return find(self, first, last, newest_first=newest_first)

    monkeypatch.setattr(matching.Finder, "find", hesitating)
    with searching(capture, "needle") as found:
        assert held.wait(WAIT_S)
        known = found.seqs(0, 100)
        assert known
        assert known[-1] == 5000
        assert not found.done
        assert 0 < found.share < 1
        assert found.reached(5000)
        assert not found.reached(1)
        before = found.generation
        go_on.set()
        until(found, lambda: found.done)
        assert found.reached(1)
        assert found.seqs(0, 100)[-len(known) :] == known
        assert found.generation > before


def test_new_frames_are_looked_at_as_they_come(tmp_path: Path) -> None:
    path = made(tmp_path, 1000)
    with searching(path, "needle") as found:
        until(found, lambda: found.done)
        add(path, 1000)
        found.grow(2000)
        assert not found.done or found.count == 20
        until(found, lambda: found.done and found.count == 20)
        assert found.seqs(8, 4) == [900, 1000, 1100, 1200]
        found.grow(1500)
        assert found.done


def test_how_far_it_has_looked_is_of_the_frames_there_were_at_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made(tmp_path, 1000)
    held, go_on = threading.Event(), threading.Event()
    find = matching.Finder.find

    def hesitating(
        self: matching.Finder, first: int, last: int, *, newest_first: bool = False
    ) -> Iterator[int]:
        if first > 1000:
            held.set()
            assert go_on.wait(WAIT_S)
        return find(self, first, last, newest_first=newest_first)

    monkeypatch.setattr(matching.Finder, "find", hesitating)
    with searching(path, "needle") as found:
        until(found, lambda: found.done)
        add(path, 1000)
        found.grow(2000)
        assert held.wait(WAIT_S)
        assert (found.done, found.share) == (False, 1.0)
        go_on.set()
        until(found, lambda: found.done and found.count == 20)


def test_an_empty_capture_is_done_at_once_and_grows(tmp_path: Path) -> None:
    path = made(tmp_path, 0)
    with searching(path, "needle") as found:
        until(found, lambda: found.done)
        assert (found.count, found.share, found.seqs(0, 5), found.density(3, 0)) == (0, 1.0, [], [0, 0, 0])
        add(path, 200)
        found.grow(200)
        until(found, lambda: found.count == 2)


def test_what_asks_about_now_is_asked_again_when_the_capture_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_AGAIN_S", 0.01)
    path = made(tmp_path, 20, exchange=1)
    outcome(path, "pending")
    with searching(path, "status:pending seq:>10") as found:
        until(found, lambda: found.done)
        assert found.count == 10
        outcome(path, "ok")
        until(found, lambda: found.count == 0)
        assert found.done
        outcome(path, "pending")
        until(found, lambda: found.count == 10)
        assert found.seqs(0, 20) == list(range(11, 21))


def test_ages_are_counted_from_the_time_at_which_they_are_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_AGAIN_S", 0.01)
    path = made(tmp_path, 5)
    now_ns = NOW_NS
    with searching(path, "age:>5s", lambda: now_ns) as found:
        until(found, lambda: found.done)
        assert found.count == 0
        now_ns += 6 * S
        until(found, lambda: found.count == 5)


def test_matches_that_are_shown_stay_until_they_are_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_AGAIN_S", 0.01)
    path = made(tmp_path, 20, exchange=1)
    outcome(path, "pending")
    again, go_on = threading.Event(), threading.Event()
    with searching(path, "status:pending") as found:
        until(found, lambda: found.done)
        find = matching.Finder.find

        def hesitating(self: matching.Finder, *bounds: int, newest_first: bool = False) -> Iterator[int]:
            if newest_first:
                again.set()
                assert go_on.wait(WAIT_S)
            return find(self, *bounds, newest_first=newest_first)

        monkeypatch.setattr(matching.Finder, "find", hesitating)
        outcome(path, "ok")
        assert again.wait(WAIT_S)
        assert found.count == 20
        assert found.done
        go_on.set()
        until(found, lambda: found.count == 0)


def test_closing_ends_a_query_that_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # One query over all frames, which a filter makes as slow as their square.
    monkeypatch.setattr(matching, "_FIRST_PORTION", 1 << 20)
    path = made(tmp_path, 3000, type=None)
    asked = threading.Event()
    find = matching.Finder.find

    def telling(self: matching.Finder, first: int, last: int, *, newest_first: bool = False) -> Iterator[int]:
        asked.set()
        return find(self, first, last, newest_first=newest_first)

    monkeypatch.setattr(matching.Finder, "find", telling)
    slow = " ".join(f"-data.a{number}:1" for number in range(150))
    found = Search(path, parse_filter(f"({slow}) x"), now_ns=lambda: NOW_NS)
    assert asked.wait(WAIT_S)
    found.close()
    found.close()
    assert found.wait_closed(WAIT_S)
    assert not found.done
    assert not found.problem


def test_what_goes_wrong_is_told_in_a_sentence(tmp_path: Path) -> None:
    with searching(tmp_path / "none.capture", "x") as found:
        until(found, lambda: bool(found.problem))
        assert found.problem.startswith("There is no file")
        assert (found.done, found.count, found.share) == (False, 0, 0.0)


def outcome(path: Path, outcome: str) -> None:
    values = {"id": 1, **EXCHANGE, "outcome": outcome}
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        columns, places = ", ".join(values), ", ".join("?" * len(values))
        connection.execute(f"REPLACE INTO exchanges ({columns}) VALUES ({places})", tuple(values.values()))  # noqa: S608 - of the test
