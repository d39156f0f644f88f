"""The collections of a folder: listed with what is wrong, and changed without losing what is written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from inspector_app.toml_file import TomlError
from inspector_app.viewer.shelf import MOST_FILES, Shelf, move, rename

ORDERS = """\
# ours
name = "Orders"

[[message]]
name = "quote"  # the first
operation = "get_quote"

[[message]]
name = "order"
operation = "create_order"
"""


def shelf(folder: Path) -> Shelf:
    made = Shelf(folder)
    made.read()
    return made


def test_files_are_listed_with_their_messages_and_wrong_ones_with_file_line_and_key(tmp_path: Path) -> None:
    (tmp_path / "orders.toml").write_text(ORDERS)
    (tmp_path / "bad.toml").write_text('[[message]]\nname = "a"\noperation = "b"\nknd = "x"\n')
    (tmp_path / "environments.toml").write_text("[local]\n")
    (tmp_path / "other.txt").write_text("x")
    entries = shelf(tmp_path).entries
    assert [(each.path.name, each.message.name if each.message else None) for each in entries] == [
        ("bad.toml", None),
        ("orders.toml", None),
        ("orders.toml", "quote"),
        ("orders.toml", "order"),
    ]
    (problem,) = entries[0].problems
    assert (problem.line, problem.key) == (4, "message[0].knd")
    assert "did you mean kind?" in problem.text


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")
def test_a_pipe_in_the_folder_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "orders.toml").write_text(ORDERS)
    os.mkfifo(tmp_path / "pipe.toml")
    assert [each.name for each in shelf(tmp_path).files] == ["orders.toml"]


def test_no_folder_is_an_empty_list_and_too_many_files_are_told(tmp_path: Path) -> None:
    assert shelf(tmp_path / "nowhere").entries == []
    for number in range(MOST_FILES + 1):
        (tmp_path / f"c{number:03}.toml").write_text("")
    found = shelf(tmp_path)
    assert len(found.entries) == MOST_FILES
    assert str(MOST_FILES) in found.problem


def test_narrowed_the_file_of_a_message_stays_above_it(tmp_path: Path) -> None:
    (tmp_path / "orders.toml").write_text(ORDERS)
    (tmp_path / "other.toml").write_text("")
    found = shelf(tmp_path).narrowed(lambda text: "create" in text)
    names = [each.message.name if each.message else each.path.name for each in found]
    assert names == ["orders.toml", "order"]


def test_a_message_is_renamed_and_moved_and_all_else_stays_as_written(tmp_path: Path) -> None:
    path, other = tmp_path / "orders.toml", tmp_path / "other.toml"
    path.write_text(ORDERS)
    message = shelf(tmp_path).entries[1].message
    assert message is not None
    rename(path, message, "price")
    assert path.read_text().startswith("# ours\n")
    again = shelf(tmp_path).entries[1].message
    assert again is not None
    move(path, again, other)
    assert [each.message.name for each in shelf(tmp_path).entries if each.message] == ["order", "price"]


def test_a_move_into_a_file_that_is_wrong_leaves_the_message_where_it_was(tmp_path: Path) -> None:
    path, other = tmp_path / "orders.toml", tmp_path / "other.toml"
    path.write_text(ORDERS)
    other.write_text("[[message]\n")
    message = shelf(tmp_path).entries[1].message
    assert message is not None
    with pytest.raises(TomlError):
        move(path, message, other)
    assert path.read_text() == ORDERS
    assert other.read_text() == "[[message]\n"


@pytest.mark.parametrize("name", ["", "../up", "a/b", "environments", ".hidden", "a\nb"])
def test_a_name_leads_to_no_file_outside_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="Name the collection"):
        shelf(tmp_path).path_of(name)
    assert shelf(tmp_path).path_of("orders.toml") == tmp_path / "orders.toml"
