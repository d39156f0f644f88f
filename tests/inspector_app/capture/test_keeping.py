"""Renaming, deleting, noting, pinning captures; removing old ones, and never one that is used or pinned."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.files import RecentCapture, data_folder, describe_capture, recent_captures
from inspector_app.capture.in_use import InUseError, use
from inspector_app.capture.keeping import (
    DAY_NS,
    Keep,
    delete_capture,
    not_kept,
    remove_old,
    rename_capture,
    set_note,
    set_pinned,
)
from inspector_app.capture.reader import CaptureReader
from tests.inspector_app.recordings import Recording

NOW_NS = 1_795_400_000_000_000_000


def made(name: str = "a.capture", *, age_days: int = 0) -> Path:
    path = Recording(data_folder(), name).connect().calls(2).close()
    when = NOW_NS - age_days * DAY_NS
    os.utime(path, ns=(when, when))
    return path


def told(path: Path) -> RecentCapture:
    capture = describe_capture(path)
    assert capture is not None
    return capture


def names() -> list[str]:
    return sorted(path.name for path in data_folder().iterdir())


# -- one capture ------------------------------------------------------------------------------------------


def test_a_capture_gets_another_name_and_keeps_its_frames() -> None:
    path = made()
    new = rename_capture(path, "the bug of tuesday")
    assert names() == ["the bug of tuesday.capture"]
    assert told(new).frames == 4


def test_renaming_takes_along_what_a_killed_writer_left_in_the_log(tmp_path: Path) -> None:
    recording = Recording(data_folder(), "a.capture").connect().calls(2).commit()
    copy = data_folder() / "b.capture"
    for end in ("", "-wal"):
        copy.with_name(copy.name + end).write_bytes(
            recording.path.with_name(recording.path.name + end).read_bytes()
        )
    recording.close()
    assert told(rename_capture(copy, "c")).frames == 4
    assert names() == ["a.capture", "c.capture"]


@pytest.mark.parametrize("name", ["", "  ", "a/b", "../x", ".hidden"])
def test_what_is_no_name_is_refused(name: str) -> None:
    path = made()
    with pytest.raises(CaptureError, match="type another one"):
        rename_capture(path, name)


def test_a_capture_takes_the_place_of_no_other() -> None:
    path, other = made("a.capture"), made("b.capture")
    with pytest.raises(CaptureError, match="exists already"):
        rename_capture(path, "b")
    assert path.exists()
    assert other.exists()


def test_a_capture_in_use_is_neither_renamed_nor_deleted() -> None:
    path = made()
    held = use(path)
    with pytest.raises(InUseError):
        rename_capture(path, "b")
    with pytest.raises(InUseError):
        delete_capture(path)
    held.end()
    assert names() == ["a.capture"]


def test_a_deleted_capture_leaves_nothing_behind() -> None:
    path = made()
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).touch()
    delete_capture(path)
    assert names() == []


def test_a_note_and_a_pin_are_kept_in_the_capture_and_make_it_no_younger() -> None:
    path = made(age_days=9)
    set_note(path, "  shows the\nbug ")
    set_pinned(path, True)
    assert (told(path).note, told(path).pinned) == ("shows the bug", True)
    assert told(path).changed_ns == NOW_NS - 9 * DAY_NS
    set_note(path, "")
    set_pinned(path, False)
    assert (told(path).note, told(path).pinned) == ("", False)


def test_a_capture_is_noted_while_it_is_recorded() -> None:
    recording = Recording(data_folder(), "a.capture").connect().commit()
    reader = CaptureReader(recording.path)
    set_note(recording.path, "now")
    recording.calls(2).commit()
    assert (reader.meta()["note"], reader.totals().frames) == ("now", 4)
    reader.close()
    assert told(recording.close()).note == "now"


def test_a_trigger_in_a_strangers_capture_cannot_go_on_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector_app.capture.keeping._WRITING_S", 0.1)
    path = made()
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TRIGGER t AFTER INSERT ON meta BEGIN"
        " DELETE FROM notes WHERE id IN (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT i FROM n); END"
    )
    connection.close()
    with pytest.raises(CaptureError):
        set_note(path, "x")


# -- retention --------------------------------------------------------------------------------------------


def listed(name: str, *, age_days: float = 0, size_bytes: int = 10, pinned: bool = False) -> RecentCapture:
    return RecentCapture(
        path=Path(name),
        created_ns=0,
        source="demo",
        frames=1,
        size_bytes=size_bytes,
        changed_ns=NOW_NS - int(age_days * DAY_NS),
        pinned=pinned,
    )


def chosen(keep: Keep, *captures: RecentCapture) -> list[str]:
    return [each.path.name for each in not_kept(captures, keep, NOW_NS)]


def test_what_is_older_than_the_limit_goes() -> None:
    captures = (listed("new", age_days=6.9), listed("old", age_days=7.1), listed("older", age_days=30))
    assert chosen(Keep(days=7), *captures) == ["older", "old"]


def test_the_oldest_go_until_the_rest_is_small_enough() -> None:
    captures = [listed(f"{age}", age_days=age) for age in (1, 2, 3, 4)]
    assert chosen(Keep(size_bytes=25), *captures) == ["4", "3"]


def test_what_is_pinned_stays_and_counts() -> None:
    captures = (listed("pinned", age_days=9, pinned=True), listed("a", age_days=3), listed("b", age_days=2))
    assert chosen(Keep(days=5), *captures) == []
    assert chosen(Keep(size_bytes=20), *captures) == ["a"]


def test_without_a_limit_everything_stays() -> None:
    assert chosen(Keep(), listed("old", age_days=10_000, size_bytes=10**15)) == []
    made(age_days=10_000)
    assert remove_old(Keep(), NOW_NS).captures == ()


def test_old_captures_are_removed_and_told() -> None:
    made("a.capture", age_days=20)
    made("b.capture", age_days=10)
    made("c.capture", age_days=1)
    removed = remove_old(Keep(days=7), NOW_NS)
    assert [each.path.name for each in removed.captures] == ["a.capture", "b.capture"]
    assert removed.told.startswith("Removed 2 old captures (")
    assert removed.problem == ""
    assert names() == ["c.capture"]


def test_what_is_recorded_or_shown_or_no_capture_is_never_removed() -> None:
    held = use(made("shown.capture", age_days=20))
    (data_folder() / "damaged.capture").write_text("mine")
    (data_folder() / "letter.txt").write_text("mine")
    os.utime(data_folder() / "damaged.capture", ns=(1, 1))
    assert remove_old(Keep(days=7), NOW_NS).captures == ()
    held.end()
    assert names() == ["damaged.capture", "letter.txt", "shown.capture"]


def test_what_was_pinned_after_it_was_looked_at_is_not_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(age_days=20)
    before = recent_captures(None)
    set_pinned(path, True)
    monkeypatch.setattr("inspector_app.capture.keeping.recent_captures", lambda _limit: before)
    assert remove_old(Keep(days=7), NOW_NS).captures == ()
    assert path.exists()
