from pathlib import Path

from inspector_app.typed_path import typed_path


def test_a_tilde_is_a_home_folder_where_there_is_such_a_user_and_else_part_of_a_name() -> None:
    assert typed_path("~/a.toml") == Path.home() / "a.toml"
    assert typed_path("~nobody-is-called-so/a.toml") == Path("~nobody-is-called-so/a.toml")
    assert typed_path("a/~") == Path("a/~")
