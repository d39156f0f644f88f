"""An answer that was edited live, or one more rule, written into a mock. All else in it stays as it is."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from inspector_app.mock.script.compiling import compiled
from inspector_app.mock.script.reading import MockFileError, parsed
from inspector_app.whole_file import replace_file

if TYPE_CHECKING:
    from pathlib import Path

    from inspector_app.intents import MessageKind
    from inspector_app.mock.script.rules import Rule

Variables = Mapping[str, Iterable[str]]
"""The names of variables, of `state` and of `peer`."""

_KEYS = {
    "request": ("answer", ("answer_file", "error")),
    "stream": ("items", ("items_file", "item", "count", "repeat", "error")),
    "bidirectional": ("steps", ()),
}
"""The key that an answer goes to, and those that it takes the place of. Steps stay steps."""


def write_answer(path: Path, rule: Rule, answer: Any) -> None:
    """Write it. Raises `ValueError` with a sentence; then the file is as it was."""
    kind, place = str(rule.path[0]), int(rule.path[1])
    _check_writable(path)
    try:
        document: Any = tomlkit.parse(_read(path))
        table = document[kind][place]
        same = table["operation"] == rule.operation
        if same:
            key, others = ("steps", ()) if "steps" in table else _KEYS[rule.kind]
            _put(table, key, others, answer)
            replace_file(path, tomlkit.dumps(document).encode(), mode=path.stat().st_mode & 0o777)
    except UnicodeEncodeError:
        raise ValueError("It has half of a surrogate pair in it, which no file can hold.") from None
    except (KeyError, IndexError, TypeError, TOMLKitError, UnicodeDecodeError):
        same = False
    except OSError as error:
        raise ValueError(f"{path} cannot be written ({error.strerror or error}).") from error
    if not same:
        text = f"{path.name} is not as it was when it was read: it answers so until the file is read anew."
        raise ValueError(text)


def add_rule(path: Path, kind: MessageKind, operation: str, answer: Any, variables: Variables) -> None:
    """Write one more rule behind all others. `variables` are the names of those that the file declares.

    Raises `ValueError` with a sentence; then nothing was written.
    """
    _check_writable(path)
    rule = _rule(kind, operation, answer)
    try:
        rule.encode()
        _check_rule(path, kind, rule, variables)
        before = _read(path)
        line_break = "\r\n" if "\r\n" in before else "\n"
        text = f"{before.rstrip()}\n\n{rule}".lstrip().replace("\r\n", "\n").replace("\n", line_break)
        tomllib.loads(text)
        replace_file(path, text.encode(), mode=path.stat().st_mode & 0o777)
    except UnicodeEncodeError:
        raise ValueError("It has half of a surrogate pair in it, which no file can hold.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise ValueError(f"{path.name} cannot have one more [[{kind}]] at its end: add it by hand.") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be written ({error.strerror or error}).") from error


def _rule(kind: MessageKind, operation: str, answer: Any) -> str:
    table = tomlkit.table()
    table.add("operation", operation)
    if kind != "oneway":
        key = _KEYS[kind][0]
        table.add(key, _in_lines(answer) if key == "steps" else _item(answer))
    rules = tomlkit.aot()
    rules.append(table)
    document = tomlkit.document()
    document.add(kind, rules)
    return tomlkit.dumps(document)


def _check_rule(path: Path, kind: MessageKind, rule: str, variables: Variables) -> None:
    """Look whether a rule alone could be read; all of a file may take seconds. Raises `ValueError`."""
    declared = {where: dict.fromkeys(names, 0) for where, names in variables.items()}
    try:
        compiled(parsed(path, f"{rule}\n{tomlkit.dumps(declared)}"))
    except MockFileError as error:
        problem = error.problems[0]
        raise ValueError(problem.partition(f"{kind}[0].")[2] or problem) from None


def _check_writable(path: Path) -> None:
    if path.exists() and not os.access(path, os.W_OK):  # though another could be put in its place
        raise ValueError(f"{path} is read-only: it is left as it is.")


def _read(path: Path) -> str:
    with path.open(encoding="utf-8", newline="") as file:  # line breaks stay as they are
        return file.read()


def _put(table: Any, key: str, others: tuple[str, ...], answer: Any) -> None:
    for other in others:
        table.pop(other, None)
    table[key] = _in_lines(answer) if key == "steps" else _item(answer)


def _in_lines(steps: list[Any]) -> Any:
    return _item(steps).multiline(len(steps) > 1)


def _item(value: Any) -> Any:
    """Write a value on one line, null as the template that gives it: TOML has none."""
    if value is None:
        return tomlkit.string("{{ null }}")
    if isinstance(value, dict):
        table = tomlkit.inline_table()
        for key, each in value.items():
            table.append(key, _item(each))
        return table
    if isinstance(value, list):
        array = tomlkit.array()
        for each in value:
            array.append(_item(each))
        return array
    return tomlkit.item(value)
