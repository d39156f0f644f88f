from pathlib import Path

import pytest

from inspector_app.typed_path import here, typed_path, why_not
from inspector_app.viewer.session import usual_folder


def test_a_home_is_put_in_and_one_that_is_nobodys_stays_as_it_is() -> None:
    assert typed_path("~/x") == Path.home() / "x"
    assert typed_path("~nobody-of-that-name/x") == Path("~nobody-of-that-name/x")
    assert typed_path("a/~") == Path("a/~")


def test_where_the_folder_the_program_runs_in_was_removed_home_stands_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert here() == tmp_path
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert here() == Path.home()
    assert usual_folder("", tmp_path) == tmp_path / "collections"


def test_what_the_system_does_not_take_as_a_path_is_a_sentence() -> None:
    long = Path("x" * 5_000)
    assert why_not(lambda: "" if long.exists() else "none") == (
        "This path cannot be used (File name too long): type another one."
    )
    assert why_not(lambda: "no") == "no"
