import tomllib
from pathlib import Path

import pytest

from inspector_app.messages.collection import Message, read_collection, remove_message, save_message
from inspector_app.toml_file import TomlError

WRITTEN = '''# what the shop can do
name = "Orders"
url = "ws://${host}:8765"

[variables]
host = "127.0.0.1"   # at home

[[message]]
name = "Log in"
operation = "login"
data = """{"user": "ada", "token": "${env:TOKEN}"}"""
save = { session = "data.session.id" }
expect = ["data.ok == true", "latency < 200ms"]

# the long one
[[message]]
name = "Watch"
kind = "stream"
operation = "watch"
data = { symbol = "BEAN", deep = { n = 1 } }
take = 3
timeout = "1500ms"

[[message]]
name = "Talk"
kind = "bidirectional"
operation = "chat"
items = ['{"text": "hi"}', { text = "there" }, "null"]
'''


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "orders.toml"
    path.write_text(WRITTEN)
    return path


def test_a_collection_is_read(path: Path) -> None:
    collection = read_collection(path)
    assert (collection.name, collection.url, collection.variables) == (
        "Orders",
        "ws://${host}:8765",
        {"host": "127.0.0.1"},
    )
    login, watch, talk = collection.message
    assert (login.kind, login.save, login.expect[1]) == (
        "request",
        {"session": "data.session.id"},
        "latency < 200ms",
    )
    assert login.data == '{"user": "ada", "token": "${env:TOKEN}"}'
    assert (watch.data, watch.take, watch.timeout) == ('{"symbol": "BEAN", "deep": {"n": 1}}', 3, 1.5)
    assert talk.items == ('{"text": "hi"}', '{"text": "there"}', "null")
    assert collection.find("Talk") is talk
    assert collection.find("Nope") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[message]]\nname = 'a'\n", ":1: message[0].operation: this is missing: add it."),
        ("[[message]]\nname = 'a'\noperation = 'x'\nkind = 'rpc'\n", ":4: message[0].kind: input should be "),
        (
            "[[message]]\nname = 'a'\noperation = 'x'\ndata = '{'\n",
            ":4: message[0].data: this is no JSON (line 1, column 2)",
        ),
        (
            "[[message]]\nname = 'a'\noperation = 'x'\ndata = '[]'\n",
            ":4: message[0].data: the data of a message is an object",
        ),
        (
            "[[message]]\nname = 'a'\noperation = 'x'\ndata = { at = 2026-01-02 }\n",
            "a value that JSON has not",
        ),
        (
            "[[message]]\nname = 'a'\noperation = 'x'\ndata = '{\"operation\": \"y\"}'\n",
            "named beside the data",
        ),
        (
            "[[message]]\nname = 'a'\noperation = 'x'\ntimeout = 'soon'\n",
            ":4: message[0].timeout: this is no time",
        ),
        ("[[message]]\nname = 'a'\noperation = 'x'\ntimeout = '0s'\n", "more than nothing"),
        (
            "[[message]]\nname = 'a'\noperation = 'x'\nexpect = ['data.x =']\n",
            ":4: message[0].expect: '=' is not understood",
        ),
        (
            "[[message]]\nname = 'a'\noperation = 'x'\nsave = { n = 'latency' }\n",
            ":4: message[0].save: 'latency' is no path",
        ),
        ("[[message]]\nname = 'a'\noperation = 'x'\nsave = { 'a b' = 'data' }\n", "is no name of a variable"),
        (
            "[[message]]\nname = 'a'\noperation = 'x'\nitems = ['1']\n",
            ":1: message[0]: items are sent on a bidirectional",
        ),
        ("[[message]]\nname = 'a'\noperation = 'x'\ntake = 1\n", ":1: message[0]: take is about the items"),
        (
            "[[message]]\nname = 'a'\noperation = 'x'\nkind = 'oneway'\nexpect = ['count == 1']\n",
            "has no answer",
        ),
        (
            "[[message]]\nname = 'a'\noperation = 'x'\n[[message]]\nname = 'a'\noperation = 'x'\n",
            "two messages are called 'a'",
        ),
        ("[[message]]\nname = 'a'\noperation = 'x'\nexpct = []\n", "did you mean expect?"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(TomlError) as caught:
        read_collection(path)
    assert said in str(caught.value)


MADE = Message(
    name="New",
    operation="create",
    data='{\n  "id": "${uuid}"\n}',
    timeout=2.5,
    save={"id": "data.id"},
    expect=("data.id exists",),
)


def test_a_saved_message_is_put_behind_the_others_and_nothing_else_changes(path: Path) -> None:
    save_message(path, MADE)
    text = path.read_text()
    assert text.startswith(WRITTEN)
    saved = read_collection(path).message[-1]
    assert saved == MADE.model_copy(update={"data": saved.data})
    assert saved.data.strip() == MADE.data
    assert '"id": "${uuid}"' in text


def test_a_message_takes_the_place_of_another(path: Path) -> None:
    save_message(path, MADE, replaces="Watch")
    collection = read_collection(path)
    assert [each.name for each in collection.message] == ["Log in", "New", "Talk"]
    assert collection.message[1].kind == "request"
    text = path.read_text()
    assert "# the long one" in text
    assert "# at home" in text


def test_a_message_is_taken_out(path: Path) -> None:
    remove_message(path, "Log in")
    remove_message(path, "was never there")
    assert [each.name for each in read_collection(path).message] == ["Watch", "Talk"]


def test_a_file_that_is_not_there_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "first.toml"
    save_message(path, MADE)
    save_message(path, MADE.model_copy(update={"name": "Other", "data": '{"quotes": "\'\'\'"}'}))
    first, second = read_collection(path).message
    assert first.name == "New"
    assert second.data == '{"quotes": "\'\'\'"}'
    assert tomllib.loads(path.read_text())["message"][0]["timeout"] == "2.5s"


def test_a_file_is_not_touched_when_it_could_not_be_read_again(path: Path) -> None:
    with pytest.raises(TomlError, match="two messages are called 'Talk'"):
        save_message(path, MADE.model_copy(update={"name": "Talk"}))
    assert path.read_text() == WRITTEN
    path.write_text("= broken")
    with pytest.raises(TomlError, match="not TOML"):
        save_message(path, MADE)
    assert path.read_text() == "= broken"


def test_without_its_last_message_a_file_stays_as_written_and_takes_another_one(path: Path) -> None:
    for message in read_collection(path).message:
        remove_message(path, message.name)
    assert path.read_text().startswith("# what the shop can do\nname")
    assert read_collection(path).message == ()
    save_message(path, MADE)
    assert [each.name for each in read_collection(path).message] == [MADE.name]


def test_a_list_of_messages_that_is_written_out_empty_takes_one(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('name = "a"\nmessage = []\n')
    save_message(path, MADE)
    assert [each.name for each in read_collection(path).message] == [MADE.name]
