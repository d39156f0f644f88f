import os
from pathlib import Path

import pytest

from inspector_app import settings
from inspector_app.settings import Settings


def test_without_a_file_the_defaults_are_used_and_nothing_is_said(tmp_path: Path) -> None:
    loaded = settings.load(tmp_path / "none")
    assert loaded.settings == Settings()
    assert loaded.notice == ""


def test_what_is_saved_is_there_the_next_time(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "config"
    assert settings.save(folder, Settings(theme="light", time_mode="delta")) == ""
    assert settings.load(folder).settings == Settings(theme="light", time_mode="delta")


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    settings.save(tmp_path, Settings())
    assert [path.name for path in tmp_path.iterdir()] == [settings.FILE_NAME]


@pytest.mark.parametrize("damage", [b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b" " * 2_000_000 + b"{}"])
def test_a_damaged_file_means_defaults_and_a_notice(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / settings.FILE_NAME).write_bytes(damage)
    loaded = settings.load(tmp_path)
    assert loaded.settings == Settings()
    assert settings.FILE_NAME in loaded.notice


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_the_place_of_the_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / settings.FILE_NAME)
    assert settings.FILE_NAME in settings.load(tmp_path).notice


def test_a_value_of_the_wrong_kind_is_left_out(tmp_path: Path) -> None:
    (tmp_path / settings.FILE_NAME).write_text(
        '{"theme": 5, "time_mode": "delta", "new": 1}', encoding="utf-8"
    )
    assert settings.load(tmp_path).settings == Settings(time_mode="delta")


def test_a_failed_write_leaves_the_old_file_and_says_so(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder", encoding="utf-8")
    assert "cannot be written" in settings.save(blocked, Settings())
    assert blocked.read_text(encoding="utf-8") == "no folder"


def test_the_folder_can_be_named_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(settings.CONFIG_VARIABLE, str(tmp_path))
    assert settings.config_folder() == tmp_path


def test_columns_and_filters_are_remembered(tmp_path: Path) -> None:
    kept = Settings(
        columns=(("seq", 0), ("data.user.id", 12)), filters=(("mine", "op:x"),), recent=("a", "b")
    )
    assert settings.save(tmp_path, kept) == ""
    assert settings.load(tmp_path).settings == kept


def test_of_lists_only_what_has_the_right_shape_is_taken(tmp_path: Path) -> None:
    (tmp_path / settings.FILE_NAME).write_text(
        '{"columns": [["seq", 1], ["op"], "x", ["a", "b"], [1, 2], ["t", true]], "filters": {"a": "b"},'
        f' "recent": ["ok", 5, null, {", ".join(["1"] * 600)}, "too far behind"]}}',
        encoding="utf-8",
    )
    assert settings.load(tmp_path).settings == Settings(columns=(("seq", 1),), recent=("ok",))


def test_a_change_that_is_no_setting_changes_nothing() -> None:
    before = Settings(theme="light")
    assert settings.changed(before, {"theme": 5, "nonsense": "x", "recent": None}) == before
    assert settings.changed(before, {"theme": "dark"}) == Settings()
