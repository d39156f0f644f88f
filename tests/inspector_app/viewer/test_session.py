"""Variables in the app: where their values come from, and that secrets are masked."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector_app.intents import RepeatMessage, SendItem, SendMessage, SendRaw
from inspector_app.messages.variables import VariableError
from inspector_app.viewer.session import Session, usual_folder

SECRET = "opensesame-4711"


def session(folder: Path, environment: str = "local") -> Session:
    (folder / "environments.toml").write_text(
        '[local]\nsymbol = "BEAN"\ntoken = "${env:TOKEN}"\n[empty]\n', encoding="utf-8"
    )
    return Session(folder, environment=environment, environ={"TOKEN": SECRET})


def message(data: str, operation: str = "get") -> SendMessage:
    return SendMessage(kind="request", operation=operation, data_json=data)


def test_what_is_sent_has_values_and_what_is_shown_has_no_secret(tmp_path: Path) -> None:
    now = session(tmp_path)
    sent = now.expanded(message('{"s": "${symbol}", "t": "${token}"}', "get_${symbol}"))
    assert sent.operation == "get_BEAN"
    assert sent.data_json == f'{{"s": "BEAN", "t": "{SECRET}"}}'
    assert now.hide(sent.data_json) == '{"s": "BEAN", "t": "${env:TOKEN}"}'


def test_items_and_repetitions_have_values_too_and_a_raw_frame_goes_as_typed(tmp_path: Path) -> None:
    now = session(tmp_path)
    item = SendItem(conn=1, opener="p", number=1, data_json='"${symbol}"')
    assert now.expanded(item).data_json == '"BEAN"'
    repeated = RepeatMessage(message=message('{"s": "${symbol}"}'), times=3)
    assert now.expanded(repeated).message.data_json == '{"s": "BEAN"}'
    raw = SendRaw(text="${symbol}")
    assert now.expanded(raw) is raw


def test_a_value_that_an_answer_gave_comes_before_that_of_the_environment(tmp_path: Path) -> None:
    now = session(tmp_path)
    now.saved["symbol"] = "CORK"
    assert now.expanded(message('{"s": "${symbol}"}')).data_json == '{"s": "CORK"}'


@pytest.mark.parametrize(
    ("environment", "text", "word"),
    [
        ("", '{"s": "${symbol}"}', "There is no variable symbol"),
        ("gone", '{"s": "${symbol}"}', "has no environment gone"),
        ("local", '{"s": "${env:NOWHERE}"}', "NOWHERE is not set"),
    ],
)
def test_what_has_no_value_is_one_sentence(tmp_path: Path, environment: str, text: str, word: str) -> None:
    with pytest.raises(VariableError, match=word):
        session(tmp_path, environment).expanded(message(text))


def test_without_variables_no_file_is_needed(tmp_path: Path) -> None:
    now = Session(tmp_path / "nowhere", environment="local")
    typed = message('{"a": 1}')
    assert now.expanded(typed) is typed


def test_a_file_that_is_wrong_is_told_with_its_line(tmp_path: Path) -> None:
    now = session(tmp_path)
    now.environments_file.write_text("[local\n", encoding="utf-8")
    with pytest.raises(VariableError, match=r"environments.toml:1: .*this is not TOML"):
        now.expanded(message('{"s": "${symbol}"}'))


def test_values_are_kept_beside_what_was_sent_and_secrets_are_not(tmp_path: Path) -> None:
    now = session(tmp_path)
    kept = now.frozen('{"s": "${symbol}", "t": "${token}", "e": "${env:TOKEN}", "u": "${uuid}"}')
    assert kept == '{"symbol": "BEAN", "token": "${env:TOKEN}"}'
    assert now.frozen("{}") == "{}"
    now.saved |= {"session": {"token": "s-4711"}, "name": "ada"}
    assert now.frozen('{"t": "${session.token}", "n": "${name}"}') == '{"name": "ada"}'


def test_the_usual_folder_is_the_chosen_one_else_the_local_one_else_the_users_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert usual_folder("", tmp_path / "config") == tmp_path / "config" / "collections"
    (tmp_path / "slipstream").mkdir()
    assert usual_folder("", tmp_path / "config") == tmp_path / "slipstream"
    assert usual_folder("/team", tmp_path / "config") == Path("/team")
    (tmp_path / "slipstream" / "__init__.py").touch()
    assert usual_folder("", tmp_path / "config") == tmp_path / "config" / "collections"
