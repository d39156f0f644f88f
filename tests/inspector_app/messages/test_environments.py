from pathlib import Path

import pytest

from inspector_app.messages.environments import beside, read_environments
from inspector_app.toml_file import TomlError


def test_environments_are_read_from_beside_the_collection(tmp_path: Path) -> None:
    path = beside(tmp_path / "orders.toml")
    assert path == tmp_path / "environments.toml"
    assert read_environments(path) == {}
    path.write_text('[local]\nurl = "ws://127.0.0.1:1"\nn = 3\n\n[staging]\ntoken = "${env:STAGING}"\n')
    assert read_environments(path) == {
        "local": {"url": "ws://127.0.0.1:1", "n": 3},
        "staging": {"token": "${env:STAGING}"},
    }


@pytest.mark.parametrize("value", ["[1]", "nan", "2026-01-31", "{ a = 1 }"])
def test_what_is_no_environment_is_told_in_one_sentence_with_its_place(tmp_path: Path, value: str) -> None:
    path = tmp_path / "environments.toml"
    path.write_text(f"[local]\nok = 1\nbad = {value}\n")
    with pytest.raises(TomlError) as told:
        read_environments(path)
    assert str(told.value) == (
        f"{path}:3: local.bad: a variable is a text, a number, true or false: "
        "write anything else as text in quotes."
    )
