import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector_app.messages import rewriting
from inspector_app.messages.collection import Message, read_collection, remove_message, save_message
from inspector_app.toml_file import TomlError

FIRST = '[[message]]\nname = "first"\noperation = "one"'
SECOND = '# about the second\n[[message]]\nname = "second"\noperation = "two"\n'
NEW = Message(name="new", operation="three", data='{\n  "a": "\x7f\'"\n}', timeout="50us")


@pytest.mark.parametrize(
    "written",
    [
        FIRST,
        f"{FIRST}\n",
        f"\ufeff{FIRST}\n",
        'message = [{ name = "first", operation = "one" }]\n',
        f"{FIRST}\nsave.x = 'data.y'",
        f"{FIRST}\n[message.save]\nx = 'data.y'\n",
        f"{FIRST}\n[variables]\nx = 1\n",
    ],
)
def test_a_message_is_put_behind_another_however_that_is_written(written: str, tmp_path: Path) -> None:
    path = tmp_path / "it.toml"
    path.write_text(written)
    before = read_collection(path)
    save_message(path, NEW)
    after = read_collection(path)
    assert after == before.model_copy(update={"message": (*before.message, NEW)})


@pytest.mark.parametrize("written", ["", "message = []\n", 'name = "Shop"\n'])
def test_the_first_message_of_a_file_becomes_a_table(written: str, tmp_path: Path) -> None:
    path = tmp_path / "it.toml"
    path.write_text(written)
    save_message(path, NEW)
    assert "[[message]]" in path.read_text()
    assert read_collection(path).message == (NEW,)


def test_data_of_several_lines_is_the_same_however_often_it_is_saved(tmp_path: Path) -> None:
    path = tmp_path / "it.toml"
    message = Message(name="new", operation="o", data='{\n  "a": 1\n}')
    save_message(path, message)
    save_message(path, message.model_copy(update={"doc": "x"}), replaces="new")
    save_message(path, message, replaces="new")
    assert read_collection(path).message == (message,)
    assert "data = '''\n{\n" in path.read_text()


def test_only_what_differs_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "it.toml"
    written = f"{FIRST} # why\ndata = {{ x = 1 }} # what\n[message.save] # and\ny = 'data.y' # so\n\n{SECOND}"
    path.write_text(written)
    (first, _) = read_collection(path).message
    save_message(path, first.model_copy(update={"doc": "new"}), replaces="first")
    assert path.read_text().replace('doc = "new"\n\n', "") == written


def test_what_is_said_of_the_next_message_stays_when_one_is_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "it.toml"
    path.write_text(f"# the shop\n{FIRST}\ndata = '''\n{{\n\"a\u2028\": 1\n}}'''\n\n{SECOND}")
    remove_message(path, "first")
    assert path.read_text() == f"# the shop\n\n{SECOND}"
    remove_message(path, "second")
    assert path.read_text() == "# the shop\n\n# about the second\n"


def test_a_link_goes_on_leading_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text(FIRST)
    link = tmp_path / "link.toml"
    link.symlink_to(tmp_path / "real.toml")
    save_message(link, NEW)
    assert link.is_symlink()
    assert len(read_collection(tmp_path / "real.toml").message) == 2


def test_line_ends_stay_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "it.toml"
    path.write_bytes(b"# c\r\n")
    save_message(path, NEW)
    assert path.read_bytes().count(b"\n") == path.read_bytes().count(b"\r\n")


def test_what_somebody_else_saved_meanwhile_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "it.toml"
    path.write_text(FIRST)

    def change(_: object) -> None:
        path.write_text(SECOND)

    with pytest.raises(TomlError, match="somebody else has changed this meanwhile: save again"):
        rewriting.rewrite(path, change, lambda _: None)
    assert path.read_text() == SECOND


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{'a.' * 3000}b = 1\n", "no such key|changed here"),
        (f"variables.a = 1\n{FIRST}\ndoc = '\0'", "not TOML"),
    ],
)
def test_what_cannot_be_changed_is_told_and_stays(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "it.toml"
    path.write_text(text)
    with pytest.raises(TomlError, match=said):
        save_message(path, NEW)
    assert path.read_text() == text


def test_what_no_file_can_hold_is_told(tmp_path: Path) -> None:
    with pytest.raises(TomlError, match="surrogate pair cannot be written: take it out"):
        save_message(tmp_path / "it.toml", NEW.model_copy(update={"doc": "\ud800"}))
    assert not (tmp_path / "it.toml").exists()
    with pytest.raises(TomlError, match="cannot be written"):
        save_message(Path("a\0b"), NEW)


names = st.sampled_from(["a", "b", "c", 'd"\n#', "\u2028"])
any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
messages = st.builds(
    Message,
    name=names,
    operation=any_text.filter(bool),
    doc=any_text,
    data=st.dictionaries(any_text, any_text, max_size=2).map(
        lambda data: json.dumps(data, indent=1, ensure_ascii=False)
    ),
    timeout=st.none() | st.integers(1, 10**6).map(lambda number: f"{number}us"),
    save=st.dictionaries(st.sampled_from(["x", "y"]), st.just('data."a b"'), max_size=2),
)


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(st.tuples(st.booleans(), messages), min_size=1, max_size=6))
def test_whatever_is_saved_and_taken_out_all_others_stay_what_they_are(
    steps: list[tuple[bool, Message]],
) -> None:
    wanted: dict[str, Message] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "it.toml"
        for is_taken_out, message in steps:
            if is_taken_out:
                remove_message(path, message.name)
                wanted.pop(message.name, None)
            else:
                save_message(path, message, replaces=message.name)
                wanted[message.name] = message
            if path.exists():
                assert read_collection(path).message == tuple(wanted.values())
