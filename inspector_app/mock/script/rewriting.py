"""An answer that was edited live, written back into the mock's file. All else in the file stays as it is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from inspector_app.whole_file import replace_file

if TYPE_CHECKING:
    from pathlib import Path

    from inspector_app.mock.script.rules import Rule

_KEYS = {
    "request": ("answer", ("answer_file", "error")),
    "stream": ("items", ("items_file", "item", "count", "repeat", "error")),
    "bidirectional": ("steps", ()),
}
"""The key that an answer goes to, and those that it takes the place of. Steps stay steps."""


def write_answer(path: Path, rule: Rule, answer: Any) -> None:
    """Write it. Raises `ValueError` with a sentence; then the file is as it was."""
    kind, place = str(rule.path[0]), int(rule.path[1])
    if path.exists() and not os.access(path, os.W_OK):  # though another could be put in its place
        raise ValueError(f"{path} is read-only: it answers so until the file is read anew.")
    try:
        with path.open(encoding="utf-8", newline="") as file:  # line breaks stay as they are
            document: Any = tomlkit.parse(file.read())
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
