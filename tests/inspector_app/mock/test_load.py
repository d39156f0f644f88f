"""From the name a person typed to a handler, and a sentence with its place for everything that is wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector_app.mock.load import HandlerFileError, load_handler
from slipstream import ProtocolHandler

ONE = "from slipstream import ProtocolHandler\nclass One(ProtocolHandler):\n    name = 'one'\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to work in; what is imported from it is forgotten again."""
    modules = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def refusal(name: str) -> str:
    with pytest.raises(HandlerFileError) as caught:
        load_handler(name)
    text = str(caught.value)
    assert text.endswith(".")
    assert "\n" not in text
    return text


def test_the_only_handler_of_a_file_is_taken(folder: Path) -> None:
    (folder / "one.py").write_text(ONE)
    handler = load_handler("one.py")()
    assert isinstance(handler, ProtocolHandler)
    assert handler.name == "one"  # type: ignore[attr-defined]  # the class is not known here


def test_a_class_is_taken_by_its_name(folder: Path) -> None:
    (folder / "two.py").write_text(ONE + "class Two(One):\n    name = 'two'\n")
    assert load_handler("two.py:Two")().name == "two"  # type: ignore[attr-defined]  # as above
    assert load_handler(f"{folder}/two.py:One")().name == "one"  # type: ignore[attr-defined]  # as above


def test_a_class_is_taken_from_a_module(folder: Path) -> None:
    (folder / "shop").mkdir()
    (folder / "shop" / "rpc.py").write_text(ONE)
    assert load_handler("shop.rpc:One")().name == "one"  # type: ignore[attr-defined]  # as above


def test_a_file_can_import_its_neighbours_and_its_classes_know_their_module(folder: Path) -> None:
    (folder / "inner").mkdir()
    (folder / "inner" / "neighbour.py").write_text("VALUE = 7\n")
    (folder / "inner" / "main.py").write_text(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "from neighbour import VALUE\n"
        "@dataclass\nclass Point:\n    x: int = VALUE\n" + ONE.replace("'one'", "Point().x")
    )
    assert load_handler("inner/main.py")().name == 7  # type: ignore[attr-defined]  # as above


def test_a_file_is_read_anew_each_time(folder: Path) -> None:
    (folder / "one.py").write_text(ONE)
    load_handler("one.py")
    (folder / "one.py").write_text(ONE.replace("'one'", "'changed'"))
    assert load_handler("one.py")().name == "changed"  # type: ignore[attr-defined]  # as above


def test_a_missing_file_is_told() -> None:
    assert refusal("missing.py") == "There is no file missing.py: check the path of the handler."


def test_a_folder_is_told(folder: Path) -> None:
    (folder / "x.py").mkdir()
    assert refusal("x.py").startswith("x.py is a folder, not a Python file")


def test_a_syntax_error_is_told_with_its_line(folder: Path) -> None:
    (folder / "broken.py").write_text("x = 1\nclass Broken(:\n")
    assert refusal("broken.py") == "broken.py:2: not valid Python: invalid syntax."


@pytest.mark.parametrize("source", [b"\xff\xfe\x00x", b"x = 1\x00\n"])
def test_a_file_that_is_no_text_is_told(folder: Path, source: bytes) -> None:
    (folder / "binary.py").write_bytes(source)
    assert "not valid Python" in refusal("binary.py")


def test_an_error_while_loading_is_told_with_the_line_of_the_file(folder: Path) -> None:
    (folder / "fails.py").write_text("import json\n\njson.loads('{')\n")
    assert refusal("fails.py").startswith("fails.py:3: failed while it was loaded: JSONDecodeError: ")


def test_a_file_that_exits_is_told(folder: Path) -> None:
    (folder / "exits.py").write_text("raise SystemExit(3)\n")
    assert refusal("exits.py") == "exits.py:1: failed while it was loaded: SystemExit: 3."


def test_a_syntax_error_in_an_imported_module_is_told_with_its_place(folder: Path) -> None:
    (folder / "neighbour.py").write_text("def f(:\n")
    (folder / "main.py").write_text("import neighbour\n")
    assert refusal("main.py").endswith("neighbour.py:1: not valid Python: invalid syntax.")


def test_a_file_without_a_handler_is_told(folder: Path) -> None:
    (folder / "empty.py").write_text("class Plain: pass\n")
    assert refusal("empty.py") == (
        "empty.py has no handler: write a class derived from slipstream.ProtocolHandler in it."
    )


def test_a_handler_that_was_only_imported_does_not_count(folder: Path) -> None:
    (folder / "neighbour.py").write_text(ONE)
    (folder / "main.py").write_text("from neighbour import One\n")
    assert refusal("main.py").startswith("main.py has no handler")


def test_several_handlers_are_told_with_how_to_choose(folder: Path) -> None:
    (folder / "two.py").write_text(ONE + "class Two(ProtocolHandler): pass\n")
    assert refusal("two.py") == "two.py has several handlers (One, Two): say which, as in two.py:One."


def test_a_missing_class_is_told_with_those_that_are_there(folder: Path) -> None:
    (folder / "one.py").write_text(ONE)
    assert refusal("one.py:Won") == "one.py has no class Won: it has One."


def test_a_class_that_is_no_handler_is_told(folder: Path) -> None:
    (folder / "plain.py").write_text("class Plain: pass\nvalue = 3\n")
    for name in ("Plain", "value"):
        assert refusal(f"plain.py:{name}") == (
            f"{name} in plain.py is no handler: derive it from slipstream.ProtocolHandler."
        )


def test_a_class_that_wants_arguments_is_told(folder: Path) -> None:
    (folder / "needy.py").write_text(ONE + "    def __init__(self, database):\n        pass\n")
    assert "One in needy.py cannot be made without arguments (missing a required argument: 'database')" in (
        refusal("needy.py")
    )


def test_a_missing_module_is_told(folder: Path) -> None:
    assert refusal("no.such.module:X").startswith("There is no module no.such.module: write FILE.py")
    (folder / "here.py").write_text(ONE)
    assert refusal("nowhere") == (
        "There is no module nowhere: write FILE.py, FILE.py:Class or package.module:Class."
    )


@pytest.mark.parametrize("name", ["", "a b", "one.py:", "x:y:z", "-"])
def test_a_name_that_is_none_is_told(name: str) -> None:
    assert refusal(name)


@pytest.mark.parametrize("source", ["x = " + "-" * 100_000 + "1", "x = " + "[" * 10_000])
def test_a_file_that_is_nested_too_deeply_is_told(folder: Path, source: str) -> None:
    (folder / "deep.py").write_text(source)
    assert "deep.py:" in refusal("deep.py")
    assert "not valid Python: " in refusal("deep.py")
