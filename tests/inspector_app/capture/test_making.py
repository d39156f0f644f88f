"""A capture file appears whole or not at all, and never in the place of another."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from inspector_app.capture.errors import CaptureError
from inspector_app.capture.making import make_capture


def fill(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE t (x)")


def tables(path: Path) -> list[tuple[str]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT name FROM sqlite_master").fetchall()
    finally:
        connection.close()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_has_its_name_only_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "one.capture"

    def look(connection: sqlite3.Connection) -> None:
        fill(connection)
        assert not path.exists()

    make_capture(path, look)
    assert tables(path) == [("t",)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(tmp_path) == ["one.capture"]


@pytest.mark.parametrize("ending", ["-wal", "-journal"])
def test_the_log_of_a_capture_that_is_gone_never_becomes_part_of_another(tmp_path: Path, ending: str) -> None:
    log = tmp_path / f"one.capture{ending}"
    log.write_bytes(b"of another")
    with pytest.raises(CaptureError, match="remove it, or choose another name"):
        make_capture(tmp_path / "one.capture", fill)
    assert names(tmp_path) == [log.name]
    make_capture(tmp_path / "two.capture", fill)


def test_of_two_that_make_the_same_file_at_once_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one.capture"

    def be_late(connection: sqlite3.Connection) -> None:
        fill(connection)
        path.write_text("the other")

    with pytest.raises(FileExistsError):
        make_capture(path, be_late)
    assert path.read_text() == "the other"
    assert names(tmp_path) == ["one.capture"]


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("nonsense")

    with pytest.raises(sqlite3.OperationalError):
        make_capture(tmp_path / "one.capture", fail)
    assert names(tmp_path) == []


def test_where_a_file_system_knows_no_links_it_gets_its_name_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    make_capture(tmp_path / "one.capture", fill)
    assert names(tmp_path) == ["one.capture"]
    assert tables(tmp_path / "one.capture") == [("t",)]
