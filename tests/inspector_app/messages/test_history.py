"""The history: what is kept of what was sent, for whom, and how much."""

from __future__ import annotations

import sqlite3
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest

from inspector_app.messages import history as store
from inspector_app.messages.history import ANSWER_BYTES, DATA_BYTES, History, HistoryError, Sent


def sent(operation: str = "get_quote", **more: object) -> Sent:
    made = Sent(sent_ns=time.time_ns(), kind="request", operation=operation, data='{"a": "${env:TOKEN}"}')
    return replace(made, **more)  # type: ignore[arg-type]  # fields by their names


def test_what_is_kept_is_there_in_another_run_the_newest_first(tmp_path: Path) -> None:
    history = History(tmp_path / "new" / "history.sqlite")
    assert history.entries() == []
    assert not history.path.exists()
    first = history.add(
        sent("first", environment="local", variables='{"a": 1}', conn=1, opener="p", number=3)
    )
    second = history.add(sent("second"))
    history.settle(first.id, "error", code="not_found", latency_ns=12, answer='{"error": "no"}')
    history.close()
    again = History(history.path).entries()
    assert [each.operation for each in again] == ["second", "first"]
    assert again[0] == second
    expected = replace(first, outcome="error", code="not_found", latency_ns=12, answer='{"error": "no"}')
    assert again[1] == expected


def test_the_file_and_its_log_are_for_the_user_alone(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite")
    history.add(sent())
    files = [each for each in tmp_path.iterdir() if each.name.startswith("history.sqlite")]
    assert len(files) == 3
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}


def test_it_is_bounded_in_number_in_bytes_and_in_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_ENTRIES", 5)
    history = History(tmp_path / "history.sqlite")
    for number in range(8):
        history.add(sent(f"op{number}"))
    assert [each.operation for each in history.entries()] == ["op7", "op6", "op5", "op4", "op3"]
    history.add(sent("old", sent_ns=1))
    assert "old" not in [each.operation for each in history.entries()]
    monkeypatch.setattr(store, "MOST_BYTES", 2500)
    for number in range(3):
        history.add(sent(f"large{number}", data="x" * 1000))
    assert [each.operation for each in history.entries()] == ["large2", "large1"]


def test_how_much_there_is_is_added_up_only_when_it_may_be_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_BYTES", 20_000)
    totals: list[int] = []
    real = History._total

    def total(history: History) -> int:
        totals.append(real(history))
        return totals[-1]

    monkeypatch.setattr(History, "_total", total)
    history = History(tmp_path / "history.sqlite")
    for number in range(40):
        history.settle(history.add(sent(data="x" * 500)).id, "ok", answer="y" * 500)
        assert sum(len(each.data + each.answer) for each in history.entries()) <= 20_000, number
    assert len(totals) < 15


def test_what_is_too_large_is_cut_and_says_so(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite")
    kept = history.add(sent(data="é" * DATA_BYTES, answer="y" * (2 * ANSWER_BYTES)))
    (read,) = history.entries()
    assert (read.cut, kept.cut) == (True, True)
    assert len(read.data.encode()) <= DATA_BYTES
    assert len(read.answer) == ANSWER_BYTES


def test_one_is_forgotten_or_all_and_nothing_of_it_stays_in_the_file(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite")
    one = history.add(sent("one"))
    history.add(sent("two", data='{"note": "marmalade"}'))
    before = history.version
    history.remove(one.id)
    assert [each.operation for each in history.entries()] == ["two"]
    history.clear()
    assert history.version > before
    assert history.entries() == []
    history.close()
    assert not [each for each in tmp_path.iterdir() if b"marmalade" in each.read_bytes()]


def test_half_a_surrogate_pair_is_no_reason_not_to_keep_the_rest(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite")
    history.add(sent("a\ud83d", data="{}", answer="\ud83d"))
    assert history.entries()[0].operation == "a?"


@pytest.mark.parametrize("content", [b"no database, but long enough to be looked at as one" * 50, None])
def test_a_file_that_is_no_history_is_told_in_a_sentence(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "history.sqlite"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    history = History(path)
    for act in (history.entries, lambda: history.add(sent())):
        with pytest.raises(HistoryError, match=r"cannot be used .*: delete it"):
            act()


def test_the_history_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(HistoryError, match="newer version"):
        History(path).add(sent())


def test_values_that_nobody_would_write_are_read_as_nothing(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite")
    history.add(sent())
    with sqlite3.connect(history.path) as connection:
        connection.execute("UPDATE sent SET sent_ns = 1 << 62, data = x'00', conn = 'a', code = x'01'")
    connection.close()
    (read,) = history.entries()
    assert (read.sent_ns, read.data, read.conn, read.code) == (0, "", None, "")


def test_a_history_that_another_program_holds_is_not_said_to_be_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_BUSY_S", 0.01)
    first, second = History(tmp_path / "history.sqlite"), History(tmp_path / "history.sqlite")
    first.add(sent())
    second.entries()
    first._run("BEGIN IMMEDIATE", ())
    with pytest.raises(HistoryError, match=r"is locked\): another program holds it"):
        second.add(sent())
    first._run("ROLLBACK", ())
    assert second.add(sent()).id == 2
    first.close()
    second.close()
