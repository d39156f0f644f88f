"""The data folder and the captures in it."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest

from inspector_app.capture.files import (
    DATA_VARIABLE,
    capture_label,
    data_folder,
    new_capture_path,
    recent_captures,
)
from inspector_app.capture.store import CaptureError, CaptureWriter
from inspector_app.intents import ClientSpec, DemoSpec, ServerSpec, SourceSpec
from tests.inspector_app.capture import samples


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    chosen = tmp_path / "data"
    monkeypatch.setenv(DATA_VARIABLE, str(chosen))
    return chosen


def test_the_data_folder_is_made_for_the_user_alone(folder: Path) -> None:
    assert data_folder() == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_without_the_variable_the_platform_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(DATA_VARIABLE)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert data_folder().is_relative_to(tmp_path)
    assert data_folder().name == "slipstream-inspector"


def test_a_data_folder_that_cannot_be_made_is_told(folder: Path) -> None:
    folder.write_text("in the way")
    with pytest.raises(CaptureError, match=rf"cannot be made .*: set {DATA_VARIABLE}"):
        new_capture_path("demo")


def test_a_new_path_tells_time_and_label(folder: Path) -> None:
    path = new_capture_path("demo")
    assert path.parent == folder
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-demo\.capture", path.name)


@pytest.mark.parametrize("label", ["../../etc/passwd", "a/b", "\x1b[31m", "", "..", "x" * 500, "-rf", "ü"])
def test_no_label_leads_out_of_the_folder(folder: Path, label: str) -> None:
    path = new_capture_path(label)
    assert path.parent == folder
    assert re.fullmatch(r"[0-9T-]+-[A-Za-z0-9][A-Za-z0-9._-]{0,39}\.capture", path.name)


def test_a_new_path_is_never_one_that_is_there(folder: Path) -> None:
    paths = set()
    for _ in range(5):
        path = new_capture_path("demo")
        path.touch()
        paths.add(path)
    assert len(paths) == 5


def test_captures_are_listed_last_written_first(folder: Path) -> None:
    folder.mkdir()
    for age, name in enumerate(["old.capture", "new.capture"]):
        path = samples.capture(folder, samples.frames("x", "y"), name=name)
        os.utime(path, (age, age))
    newest, oldest = recent_captures()
    assert (newest.path.name, oldest.path.name) == ("new.capture", "old.capture")
    assert (newest.frames, newest.source, newest.created_ns) == (2, "demo", samples.NOW)
    assert newest.size_bytes == newest.path.stat().st_size


def test_the_list_is_as_long_as_asked(folder: Path) -> None:
    folder.mkdir()
    for name in "abc":
        samples.capture(folder, name=f"{name}.capture")
    assert len(recent_captures(2)) == 2


def test_what_is_no_capture_is_left_out(folder: Path) -> None:
    folder.mkdir()
    samples.capture(folder)
    (folder / "damaged.capture").write_bytes(b"SQLite format 3\0" + b"x" * 999)
    (folder / "empty.capture").touch()
    (folder / "folder.capture").mkdir()
    (folder / "lost.capture").symlink_to(folder / "nowhere")
    (folder / "other.txt").touch()
    assert [capture.path.name for capture in recent_captures()] == ["a.capture"]


@pytest.mark.parametrize(
    ("spec", "label"),
    [
        (DemoSpec(), "demo"),
        (ServerSpec(), "127.0.0.1-8765"),
        (ServerSpec(host="0.0.0.0", port=0), "0.0.0.0"),  # noqa: S104 - only named
        (ClientSpec(url="ws://user:secret@127.0.0.1:8765/rpc?token=t"), "127.0.0.1-8765"),
        (ClientSpec(url="wss://example.com/rpc"), "example.com"),
        (ClientSpec(url="ws://["), "connect"),
        (ClientSpec(url="ws://h:port"), "connect"),
    ],
)
def test_a_capture_is_named_after_host_and_port(spec: SourceSpec, label: str) -> None:
    assert capture_label(spec) == label


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"kind": "client", "url": "ws://127.0.0.1:8765"}, "client ws://127.0.0.1:8765"),
        ({"kind": "server", "host": "127.0.0.1", "port": 8765}, "server 127.0.0.1:8765"),
        ({"kind": "demo", "seed": 1}, "demo"),
        ({"kind": "client", "url": 7}, "client"),
        ({}, ""),
    ],
)
def test_a_capture_is_listed_with_role_and_address(
    folder: Path, source: dict[str, object], told: str
) -> None:
    CaptureWriter(data_folder() / "a.capture", source=source, software="tests").close()
    assert [capture.source for capture in recent_captures()] == [told]


def test_a_folder_that_is_missing_holds_no_captures() -> None:
    assert recent_captures() == []


def test_a_capture_being_recorded_is_listed(folder: Path) -> None:
    folder.mkdir()
    writer = samples.writer(folder)
    writer.write(samples.frames("x"))
    assert [capture.frames for capture in recent_captures()] == [1]
    writer.close()
